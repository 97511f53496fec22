"""Questions with what is said beside them: what is asked, and in which reading it is answered."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import background, citations
from rag.answerability import Judge, Readout
from rag.assistant import Assistant
from rag.background import Alone
from rag.library import Library
from rag.prompt import REFUSAL
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Finish, Turn
from tests.fakes import HashingEmbedder, ScriptedGenerator, probe

BESIDE = "My sister visits me from abroad with both of her noisy children."
QUESTION = "How many days of leave carry over?"


@pytest.mark.parametrize(
    ("question", "asked", "beside"),
    [
        (f"{BESIDE} {QUESTION}", QUESTION, BESIDE),
        (f"{QUESTION} {BESIDE}", QUESTION, BESIDE),
        (f"{BESIDE}\n\n{QUESTION}", QUESTION, BESIDE),
        (
            "Nothing works here. After the update the screen stays black. Which key starts the recovery?",
            "Which key starts the recovery?",
            "Nothing works here. After the update the screen stays black.",
        ),
        (
            "Although I know that the station survives rain and frost, can I take the battery on a plane?",
            "Can I take the battery on a plane?",
            "",
        ),
        (
            "At Halden, where everyone may work from home, which rooms can be booked for a day?",
            "Which rooms can be booked for a day?",
            "",
        ),
        (
            "Which team, not part of the finance department or of sales, answers the press?",
            "Which team answers the press?",
            "",
        ),
        (
            "Meine Schwester besucht mich mit ihren beiden lauten Kindern. Wie viele Tage Urlaub bleiben übrig?",
            "Wie viele Tage Urlaub bleiben übrig?",
            "Meine Schwester besucht mich mit ihren beiden lauten Kindern.",
        ),
        (
            "我姐姐下个月带着两个孩子来看我。未休的年假可以结转几天？",
            "未休的年假可以结转几天？",
            "我姐姐下个月带着两个孩子来看我。",
        ),
        (f"{BESIDE} Summarize the employee handbook.", "Summarize the employee handbook", BESIDE),
    ],
)
def test_what_is_said_beside_a_question_is_told_from_it(question: str, asked: str, beside: str) -> None:
    assert background.alone(question) == Alone(asked, beside)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Hello there. How many days of leave carry over?",  # hardly anything is left out
        f"{BESIDE} What may they do?",
        f"{BESIDE} What does it cost?",
        f"{BESIDE} Why?",
        f"{BESIDE} How many days do I get then?",
        f"{QUESTION} {BESIDE} And what does a day at the sea cost?",  # two questions
        "Meine Schwester hat einen Hund und zwei Katzen mitgebracht. Was kostet das in der Woche?",
        "我姐姐下个月带着两个孩子来看我。她可以住多久？",
        "What interpretation is not accepted?",
        "Who wrote the laws that were not improved on for nearly three thousand years?",
        "In Norway, what may a hotel cost per night?",
        BESIDE,
        "",
    ],
)
def test_what_does_not_stand_alone_stays_whole(question: str) -> None:
    assert background.alone(question) is None


def test_what_a_generator_is_asked_names_what_is_said_beside() -> None:
    assert Alone(QUESTION, BESIDE).told == f"{QUESTION} (Said beside it: {BESIDE})"
    assert Alone(QUESTION, "").told == QUESTION


@pytest.mark.parametrize(
    ("beside", "line", "other", "leaves_out"),
    [
        ("I am going to Oslo.", "A hotel in Oslo costs 210 EUR.", "A hotel costs 145 EUR.", True),
        ("I am going to Oslo.", "A hotel in Oslo costs 210 EUR.", "In Oslo a hotel costs 210 EUR.", False),
        ("I am going to Oslo.", "A hotel costs 145 EUR.", "A hotel in Bergen costs 145 EUR.", False),
        ("The display says E-14.", "E-14: clean the gauge", "E-19: restart", True),
        ("We have 4 stations.", "From 4 on they are cheaper.", "A single station is dear.", True),
        ("Hotels are dear, and I'm poor.", "Hotels: I'm told 145 EUR", "145 EUR", False),  # no names
    ],
)
def test_a_name_beside_the_question_may_say_which_line_is_meant(
    beside: str, line: str, other: str, leaves_out: bool
) -> None:
    assert Alone(QUESTION, beside).leaves_out(line, other) is leaves_out


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "Your sister visits you from abroad with her noisy children [1]. Six days carry over [2].",
            "Six days carry over [2].",
        ),
        ("My sister visits me from abroad. Six days carry over [2].", "Six days carry over [2]."),
        ("Your sister visits you from abroad.", "Your sister visits you from abroad."),  # nothing else is said
        (
            "Six days of leave carry over [1]. Your sister visits you.",
            "Six days of leave carry over [1]. Your sister visits you.",
        ),
        ("Days of leave carry over [1]. At most six.", "Days of leave carry over [1]. At most six."),
    ],
)
def test_an_answer_does_not_begin_with_what_was_said_beside_the_question(text: str, left: str) -> None:
    assert citations.without_question(text, f"{BESIDE} {QUESTION}") == left


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.0, minimum_evidence=0.0, top_k=3)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "leave.txt").write_text("Six days of leave carry over. Of leave in Norway all days carry over.")
    (tmp_path / "visits.txt").write_text("Noisy children of a sister who visits staff from abroad wait outside.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([tmp_path]), library=opened, embedder=embedder, settings=settings)
        yield opened


def asked(library: Library, settings: Settings, question: str, readout: Readout) -> tuple[Answer, str]:
    """The answer, and the question in the prompt that it was written from."""
    generator = ScriptedGenerator("Six days of leave carry over.")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    answer = Assistant(retriever, generator, settings, Judge(settings, probe(readout), generator)).answer(question)
    written = generator.prompts[-1][1].content.split("Question: ")[1] if generator.prompts else ""
    return answer, written


HOLDING = Readout(np.array([8, 0], dtype=np.float32), 0.0, -4.0)  # likely where half of the question's words stand
SHORTER, LONGER = (Readout(np.array([0, weight], dtype=np.float32), 0.0, 3.0) for weight in (-0.01, 0.01))


def test_a_question_that_is_refused_as_it_is_is_answered_alone(library: Library, settings: Settings) -> None:
    answer, written = asked(library, settings, f"{BESIDE} {QUESTION}", HOLDING)
    assert (answer.text, answer.finish) == ("Six days of leave carry over. [1]", Finish.COMPLETE)
    assert (answer.question, answer.standalone) == (f"{BESIDE} {QUESTION}", QUESTION)
    assert written == f"{QUESTION} (Said beside it: {BESIDE})"
    assert answer.used[0].chunk.label == "leave.txt"


def test_what_is_refused_in_both_readings_is_refused_as_it_was_asked(library: Library, settings: Settings) -> None:
    question = f"{BESIDE} Which terns prefer herons in winter?"
    answer, written = asked(library, settings, question, HOLDING)
    assert (answer.text, answer.standalone, answer.finish, written) == (REFUSAL, question, Finish.NO_ANSWER, "")
    assert answer.used


@pytest.mark.parametrize(("readout", "alone"), [(SHORTER, True), (LONGER, False)])
def test_the_reading_counts_that_is_answered_more_likely(
    readout: Readout, alone: bool, library: Library, settings: Settings
) -> None:
    whole = f"{BESIDE} {QUESTION}"
    answer, written = asked(library, settings, whole, readout)
    assert answer.standalone == (QUESTION if alone else whole)
    assert written == (f"{QUESTION} (Said beside it: {BESIDE})" if alone else whole)


def test_the_whole_question_counts_where_it_names_what_its_line_is_of(library: Library, settings: Settings) -> None:
    question = f"My leave is for a winter in Norway, all of its days. {QUESTION}"
    answer, _ = asked(library, settings, question, SHORTER)
    assert answer.standalone == question
    named, _ = asked(library, settings, question.replace("Norway", "norway"), SHORTER)
    assert named.standalone == QUESTION


def test_an_overview_is_given_whatever_is_said_beside(library: Library, settings: Settings) -> None:
    answer, _ = asked(library, settings, f"{BESIDE} Can you summarize my documents, please?", HOLDING)
    assert "Six days of leave carry over." in answer.text
    assert "wait outside" in answer.text


@pytest.mark.parametrize(
    ("rewritten", "understood"),
    [
        (QUESTION, QUESTION),  # nothing was taken from the conversation
        ("How many days of leave carry over in Norway?", "How many days of leave carry over in Norway?"),
    ],
)
def test_a_follow_up_leans_on_what_was_asked_before_by_what_it_asks_alone(
    rewritten: str, understood: str, library: Library, settings: Settings
) -> None:
    generator = ScriptedGenerator(rewritten, "Six days of leave carry over.")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, generator, settings, Judge(settings, probe(HOLDING), generator))
    history = [Turn("Who waits outside when they visit Norway?", "Noisy children [1].")]
    story = "It is loud when they visit me, and those children of hers cry."  # points to nothing but itself
    answer = assistant.answer(f"{story} {QUESTION}", history=history)
    assert (answer.standalone, answer.text) == (understood, "Six days of leave carry over. [1]")
    assert generator.prompts[0][-1].content.endswith(f"Follow-up: {QUESTION}\nComplete question:")
    assert (story in generator.prompts[1][1].content) == (rewritten == QUESTION)
