"""Questions with what is said beside them: what is asked, and in which reading it is answered."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import background, citations, follow_ups
from rag.answerability import Judge, Readout
from rag.assistant import Assistant
from rag.background import Alone
from rag.embedders import Vectors
from rag.generators import Additions, Message
from rag.library import Library
from rag.phrases import ENGLISH
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Finish, Turn
from tests.fakes import HashingEmbedder, ScriptedGenerator, WeighingGenerator, probe

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
            "Although I know that the housing survives rain and frost, can I take the battery on a plane?",
            "Can I take the battery on a plane?",
            "Although I know that the housing survives rain and frost",
        ),
        (
            "At Halden, where everyone may work from home, which rooms can be booked for a day?",
            "At Halden, which rooms can be booked for a day?",
            "where everyone may work from home",
        ),
        (
            "Which team, not part of the finance department or of sales, answers the press?",
            "Which team answers the press?",
            "not part of the finance department or of sales",
        ),
        (
            "Meine Schwester besucht mich mit ihren beiden lauten Kindern. Gibt es Urlaub für einen Umzug?",
            "Gibt es Urlaub für einen Umzug?",
            "Meine Schwester besucht mich mit ihren beiden lauten Kindern.",
        ),
        (
            "我姐姐下个月带着两个孩子来看我。未休的年假应该怎么结转？",
            "未休的年假应该怎么结转？",
            "我姐姐下个月带着两个孩子来看我。",
        ),
        (f"{BESIDE} Summarize the employee handbook.", "Summarize the employee handbook.", BESIDE),
        (
            "See https://example.com/a?b=c for all of her story. What is allowed in the U.S.?",
            "What is allowed in the U.S.?",
            "See https://example.com/a?b=c for all of her story.",
        ),
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
        f"{BESIDE} Which of both is cheaper to run?",
        f"{BESIDE} How are my noisy children insured at work?",
        f"{QUESTION} {BESIDE} And what does a day at the sea cost?",  # two questions
        f"{QUESTION} In Oslo, I mean, and for all who work there in shifts.",  # a part of it
        f"{BESIDE} Summarize both.",
        f"Summarize the handbook. {BESIDE}",
        "Meine Schwester hat einen Hund und zwei Katzen mitgebracht. Was kostet das in der Woche?",
        "我姐姐下个月带着两个孩子来看我。她可以住多久？",
        "我姐姐下个月带着两个孩子来看我。哪个房间更便宜一些？",
        "What interpretation is not accepted?",
        "How much land did the Lord of Pelham Manor, John Pell. own in total in North America?",  # a wrong full stop
        "Who wrote the laws that were not improved on for nearly three thousand years?",
        "In Norway, what may a hotel cost per night?",
        "Given that I have been employed for eleven years, what is my notice period in months?",
        "Which hotels are allowed for a trip, not more than 200 EUR per night or so?",
        "What does the base unit cost, not counting shipping and taxes and the deposit?",
        BESIDE,
        "",
    ],
)
def test_what_does_not_stand_alone_stays_whole(question: str) -> None:
    assert background.alone(question) is None


def test_a_generator_is_told_what_is_said_beside() -> None:
    assert background.told(QUESTION, BESIDE) == f"{QUESTION} ({BESIDE})"
    assert background.told(QUESTION, "") == QUESTION


@pytest.mark.parametrize(
    ("beside", "whole", "alone", "loses"),
    [
        ("I am going to Oslo.", "A hotel in Oslo costs 210 EUR.", "A hotel costs 145 EUR.", True),
        ("oslo is where I go", "A hotel in Oslo costs 210 EUR.", "A hotel costs 145 EUR.", True),
        ("I am going to Oslo.", "A hotel in Oslo costs 210 EUR.", "In Oslo a hotel costs 210 EUR.", False),
        ("I am going to Oslo.", "A hotel costs 145 EUR.", "A hotel in Bergen costs 145 EUR.", False),
        ("The display says E-14.", "E-14: clean the gauge", "E-19: restart", True),
        ("We have 4 stations.", "From 4 on they are cheaper.", "A single station is dear.", True),
        ("We have 4 stations.", "They cost 145 EUR.", "A single station is dear.", False),
    ],
)
def test_a_name_beside_the_question_may_say_which_line_is_meant(
    beside: str, whole: str, alone: str, loses: bool
) -> None:
    assert Alone(QUESTION, beside).loses_name(whole, alone) is loses


@pytest.mark.parametrize(
    ("question", "text", "left"),
    [
        (
            f"{BESIDE} {QUESTION}",
            "Your sister visits you from abroad with her noisy children [1]. Six days carry over [2].",
            "Six days carry over [2].",
        ),
        ("我姐姐带着孩子来看我。年假有几天？", "我姐姐带着孩子来看我。年假有28天。", "年假有28天。"),
        (
            f"{BESIDE} {QUESTION}",
            "Your sister visits you from abroad with noisy children.",
            None,
        ),  # nothing else is said
        (f"{BESIDE} {QUESTION}", "Six days carry over [1]. Your sister visits you from abroad with children.", None),
        (f"{BESIDE} {QUESTION}", "Days of leave carry over [1]. At most six.", None),
        (f"{BESIDE} {QUESTION}", "No, you may not. It is sent by road [1].", None),
        ("We asked Acme and Globex in May. Which supplier is cheaper?", "Acme [1]. Its price is lower [1].", None),
        (
            "I heard a password has 14 letters. How long must a password be?",
            "A password has 14 letters [1]. It is changed every year [1].",
            None,
        ),
    ],
)
def test_an_answer_does_not_begin_with_what_was_said_beside_the_question(
    question: str, text: str, left: str | None
) -> None:
    assert citations.without_question(text, question) == (text if left is None else left)


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
    assert written == f"{QUESTION} ({BESIDE})"
    assert answer.used[0].chunk.label == "leave.txt"


def test_what_is_refused_in_both_readings_is_refused_as_it_was_asked(library: Library, settings: Settings) -> None:
    question = f"{BESIDE} Which terns prefer herons in winter?"
    answer, written = asked(library, settings, question, HOLDING)
    assert (answer.text, answer.standalone, answer.finish, written) == (ENGLISH.refusal, question, Finish.NO_ANSWER, "")
    assert answer.used


@pytest.mark.parametrize(("readout", "alone"), [(SHORTER, True), (LONGER, False)])
def test_the_reading_counts_that_is_answered_more_likely(
    readout: Readout, alone: bool, library: Library, settings: Settings
) -> None:
    whole = f"{BESIDE} {QUESTION}"
    answer, written = asked(library, settings, whole, readout)
    assert answer.standalone == (QUESTION if alone else whole)
    assert written == (f"{QUESTION} ({BESIDE})" if alone else whole)


def test_the_whole_question_counts_where_it_names_what_its_line_is_of(library: Library, settings: Settings) -> None:
    question = f"My leave is for a winter in Norway, all of its days. {QUESTION}"
    answer, _ = asked(library, settings, question, SHORTER)
    assert answer.standalone == question
    named, _ = asked(library, settings, question.replace("Norway", "Sweden"), SHORTER)
    assert named.standalone == QUESTION


def test_a_name_beside_the_question_keeps_the_refusal_of_the_whole(library: Library, settings: Settings) -> None:
    question = "All of my leave, every single day of it, is for Norway in winter. How many days of leave carry over?"
    named, _ = asked(library, settings, question, HOLDING)
    assert (named.text, named.standalone) == (ENGLISH.refusal, question)
    answer, _ = asked(library, settings, question.replace("Norway", "Sweden"), HOLDING)
    assert answer.standalone == QUESTION


def test_where_the_generator_does_not_read_the_evidence_decides(library: Library, settings: Settings) -> None:
    settings = replace(settings, minimum_evidence=2.5)
    generator = ScriptedGenerator("Six days of leave carry over.")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, generator, settings, Judge(settings))
    assert assistant.answer(f"{BESIDE} {QUESTION}").standalone == QUESTION
    assert assistant.answer(f"{BESIDE} Which terns prefer herons in winter?").finish is Finish.NOTHING_NEAR


def test_what_is_stopped_while_it_is_read_alone_keeps_what_was_found_for_the_whole(
    library: Library, settings: Settings
) -> None:
    stop = threading.Event()

    class Stopping(ScriptedGenerator):
        def states(
            self, messages: Sequence[Message], ends: Sequence[int], *, layers: int, additions: Additions
        ) -> Vectors:
            if BESIDE not in messages[-1].content:
                stop.set()
            return super().states(messages, ends, layers=layers, additions=additions)

    generator = Stopping()
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    reply = Assistant(retriever, generator, settings, Judge(settings, probe(HOLDING), generator)).ask(
        f"{BESIDE} {QUESTION}", stop=stop
    )
    assert list(reply) == []
    assert (reply.answer.finish, reply.answer.standalone) == (Finish.STOPPED, f"{BESIDE} {QUESTION}")


@pytest.mark.parametrize("history", [(), (Turn("What does lunch cost?", "3.80 EUR [1]."),)])
def test_an_overview_is_given_whatever_is_said_beside(
    history: tuple[Turn, ...], library: Library, settings: Settings
) -> None:
    generator = ScriptedGenerator()
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, generator, settings, Judge(settings, probe(HOLDING), generator))
    answer = assistant.answer(f"{BESIDE} Can you summarize my documents, please?", history=history)
    assert "Six days of leave carry over." in answer.text
    assert "wait outside" in answer.text


def test_what_is_no_overview_after_all_is_asked_whole(library: Library, settings: Settings) -> None:
    question = f"{BESIDE} What is in the box?"
    answer, _ = asked(library, settings, question, HOLDING)
    assert (answer.finish, answer.standalone) == (Finish.NO_ANSWER, question)


HISTORY = [Turn("Who waits outside when they visit Norway?", "Noisy children [1].")]
STORY = "It is loud when they visit me, and those children of hers cry."  # points to nothing but itself


def follow_up(library: Library, settings: Settings, rewritten: str) -> tuple[Answer, ScriptedGenerator]:
    generator = ScriptedGenerator(rewritten, "Six days of leave carry over.")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, generator, settings, Judge(settings, probe(HOLDING), generator))
    answer = assistant.answer(f"{STORY} {QUESTION}", history=HISTORY)
    assert answer.text == "Six days of leave carry over. [1]"
    assert generator.prompts[0][-1].content.endswith(f"Follow-up: {QUESTION}\nComplete question:")
    return answer, generator


def test_a_follow_up_that_does_not_lean_on_what_was_asked_before_is_read_in_both_ways(
    library: Library, settings: Settings
) -> None:
    answer, generator = follow_up(library, settings, "How many days of leave carry over ?")
    assert answer.standalone == QUESTION
    assert generator.prompts[1][1].content.endswith(f"Question: {QUESTION} ({STORY})")


def test_a_follow_up_that_leans_is_rewritten_and_answered_with_what_is_said_beside(
    library: Library, settings: Settings
) -> None:
    whole = "How many days of leave carry over in Norway?"
    answer, generator = follow_up(library, settings, whole)
    assert answer.standalone == whole
    assert generator.prompts[1][1].content.endswith(f"Question: {whole} ({STORY})")


def test_what_follows_a_story_is_of_the_question_not_of_the_story(library: Library, settings: Settings) -> None:
    generator = WeighingGenerator("How many days in Norway carry over?")
    history = [Turn(f"{BESIDE} {QUESTION}", "Six days [1].")]
    found = follow_ups.understood("And in Norway?", history, generator, threading.Event())
    assert found == ("How many days in Norway carry over?",)


def test_it_in_capitals_is_no_pronoun_nor_are_diesel_and_hierarchy() -> None:
    for plain in ("How do I contact IT support?", "How much diesel is in a tank?", "Wie flach ist die Hierarchie?"):
        assert not background.leans(plain, "We work in Oslo.")
    for leaning in (
        "How do I contact it?",
        "WHAT DOES IT COST?",
        "Its price?",
        "Was kostet dieses Gerät?",
        "Was ist hierfür nötig?",
        "Was folgt hieraus?",
        "Was gilt diesbezüglich?",
    ):
        assert background.leans(leaning, "We work in Oslo.")


def test_a_number_in_words_beside_the_question_may_say_which_line_is_meant() -> None:
    beside = Alone("How many days of leave do I get?", "I only work two days a week.")
    part_time, all_staff = "Staff who work 2 days a week get 12 days.", "Staff get 28 days of leave."
    assert beside.loses_name(part_time, all_staff)
    assert not beside.loses_name(all_staff, part_time)
