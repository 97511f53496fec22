"""Several questions in one message: told apart, answered one after the other, put together."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import compound
from rag.assistant import Assistant
from rag.course import Stage
from rag.errors import GenerationError
from rag.generators import Message
from rag.library import Library
from rag.phrases import ENGLISH, GERMAN, phrases_for
from rag.retriever import Retriever
from rag.settings import Settings
from rag.several import SeveralReplies, _timings
from rag.types import Finish, Timings, Turn, answer_from_json, answer_to_json
from rag.why import Fate, explain, find_passage
from tests.fakes import HashingEmbedder, ScriptedGenerator, ScriptedStream

LEAVE, LUNCH = "How many days of leave carry over?", "What does lunch in the canteen cost?"
NOTHING = "Which terns prefer herons in winter?"


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (f"{LEAVE} {LUNCH}", (LEAVE, LUNCH)),
        (f"1. {LEAVE}\n2. {LUNCH}", (LEAVE, LUNCH)),
        (f"- {LEAVE}\n- {LUNCH}\n", (LEAVE, LUNCH)),
        (f"{LEAVE} And what does lunch in the canteen cost?", (LEAVE, LUNCH)),
        (f"{LEAVE} {LUNCH} {LEAVE}", (LEAVE, LUNCH)),
        ("未休的年假应该怎么结转？差旅住宿标准是多少？", ("未休的年假应该怎么结转？", "差旅住宿标准是多少？")),
        (
            "Wie lange ist die Garantie der Station? Und was kostet ein Ersatzteil im Laden?",
            ("Wie lange ist die Garantie der Station?", "Was kostet ein Ersatzteil im Laden?"),
        ),
        (f"(1) {LEAVE}\n(2) {LUNCH}", (LEAVE, LUNCH)),
        (
            "Dr. Weber leads which team of us? What does lunch in the canteen cost?",
            ("Dr. Weber leads which team of us?", LUNCH),
        ),
        ("1、未休的年假应该怎么结转？\n2、差旅住宿标准是多少？", ("未休的年假应该怎么结转？", "差旅住宿标准是多少？")),
        (f"My sister visits me. {LEAVE} {LUNCH}", (LEAVE, LUNCH)),
        (f"Hello! {LEAVE} {LUNCH} Thank you!", (LEAVE, LUNCH)),
        (f"Please answer:\n1. {LEAVE}\n2. {LUNCH}", (LEAVE, LUNCH)),
    ],
)
def test_questions_that_stand_alone_are_told_apart(text: str, questions: tuple[str, ...]) -> None:
    parts = compound.parts(text)
    assert tuple(part.question for part in parts) == questions
    assert not any(part.leans for part in parts)


@pytest.mark.parametrize(
    "second",
    [
        "Does it cost anything at all?",
        "And in winter?",
        "Why?",
        "And on Sundays and on public holidays?",
        "Und für Kinder unter zwölf Jahren?",
        "Which is cheaper for ten people?",
        "And what is the notice period after?",
        "When do the days of leave end?",
        "What do I have to enclose?",
        "可以结转吗？",
    ],
)
def test_a_question_that_leans_on_the_one_before_it_is_told_apart(second: str) -> None:
    first, later = compound.parts(f"{LEAVE} {second}")
    assert (first.question, first.leans, later.question, later.asked, later.leans) == (
        LEAVE,
        False,
        second,
        second,
        True,
    )


@pytest.mark.parametrize(
    "text",
    [
        LEAVE,
        f"{LEAVE} {LEAVE}",
        f"{LEAVE} If so, what are the main reasons?",
        f"{LEAVE} If not, what do workers get instead?",
        f"{LEAVE} Six days?",
        f"{LEAVE} Or how many are lost?",
        f"{LEAVE} I am new here. {LUNCH}",  # it may be told of either
        f"{LEAVE} {LUNCH} I am new here.",
        f"Hello? {LEAVE}",
        f"Summarize the manual. {LEAVE} {LUNCH}",  # a request, too
        f"List all holidays. {LEAVE} And in winter?",
        f"Can you help me? {LEAVE}",
        f"Hi! How are you? {LEAVE}",
        f"What? {LEAVE}",
        f"{LEAVE} Can you tell me?",
        f"Which of these apply? {LEAVE}",
        'The policy asks "Are you fit for work?" What does the policy want to know?',
        " ".join(f"How many days are in week {week}?" for week in range(5)),
        "",
    ],
)
def test_what_is_more_or_less_than_some_questions_stays_together(text: str) -> None:
    assert compound.parts(text, follows=True) == ()


def test_what_is_told_before_all_is_said_with_each_that_stands_alone() -> None:
    parts = compound.parts(f"My sister visits me. Her train is late. {LEAVE} Where does she get them? {LUNCH}")
    told = "My sister visits me. Her train is late."
    assert [part.asked for part in parts] == [f"{told} {LEAVE}", "Where does she get them?", f"{told} {LUNCH}"]


def test_the_first_may_lean_on_what_was_asked_before() -> None:
    text = "Does it cost anything? And where do I buy it?"
    assert compound.parts(text) == ()
    assert [part.question for part in compound.parts(text, follows=True)] == text.replace("? ", "?\n").split("\n")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2, top_k=3)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "leave.txt").write_text("Staff get 28 days of leave. Six days carry over until 31 March.")
    (tmp_path / "lunch.txt").write_text("Lunch in the canteen costs 3.80 EUR.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([tmp_path]), library=opened, embedder=embedder, settings=settings)
        yield opened


def build(library: Library, settings: Settings, *replies: str) -> tuple[Assistant, ScriptedGenerator]:
    generator = ScriptedGenerator(*replies)
    return Assistant(Retriever.of_library(library, HashingEmbedder(1_024), settings), generator, settings), generator


SIX, PRICE = "Six days carry over until 31 March [1].", "Lunch in the canteen costs 3.80 EUR [1]."


def test_each_is_answered_under_its_question_with_numbers_of_its_own(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} {LUNCH}")
    pieces = "".join(reply)
    answer = reply.answer
    assert answer.text == (
        f"**{LEAVE}**\n\nSix days carry over until 31 March. [1]\n\n"
        f"**{LUNCH}**\n\nLunch in the canteen costs 3.80 EUR. [2]"
    )
    assert pieces == f"**{LEAVE}**\n\n{SIX}\n\n**{LUNCH}**\n\n{PRICE}\n\n"
    assert [(citation.number, citation.hit.chunk.label) for citation in answer.citations] == [
        (1, "leave.txt"),
        (2, "lunch.txt"),
    ]
    assert [hit.chunk.label for hit in answer.used[:2]] == ["leave.txt", "lunch.txt"]
    assert (answer.question, answer.standalone, answer.finish) == (*[f"{LEAVE} {LUNCH}"] * 2, Finish.COMPLETE)
    assert answer_from_json(answer_to_json(answer)) == answer
    assert LUNCH not in generator.prompts[0][1].content


def test_a_passage_that_answers_both_has_one_number_and_all_marks(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, "Staff get 28 days of leave [1].")
    answer = assistant.answer(f"{LEAVE} How many days of leave do staff get?")
    assert answer.text.count("[1]") == 2
    (citation,) = answer.citations
    text = citation.hit.chunk.text
    assert [text[mark.start : mark.end] for mark in citation.marks] == [
        "Staff get 28 days of leave.",
        "Six days carry over until 31 March.",
    ]
    same, _ = build(library, settings, SIX, SIX)
    (once,) = same.answer(f"{LEAVE} How many days of leave do staff get?").citations
    assert len(once.marks) == 1


def test_what_has_no_answer_is_refused_under_its_question(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, PRICE)
    answer = assistant.answer(f"{NOTHING} {LUNCH}")
    assert (
        answer.text == f"**{NOTHING}**\n\n{ENGLISH.refusal}\n\n**{LUNCH}**\n\nLunch in the canteen costs 3.80 EUR. [1]"
    )
    assert answer.finish is Finish.COMPLETE
    refused = assistant.answer(f"{NOTHING} Where do gulls and herons sleep?")
    assert (refused.text, refused.finish.is_refusal) == (ENGLISH.refusal, True)


def test_while_they_are_written_what_is_done_stands_above(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} {LUNCH}")
    seen = {reply.text for _ in reply} | {reply.text}
    done = f"**{LEAVE}**\n\nSix days carry over until 31 March. [1]"
    assert f"**{LEAVE}**\n\nSix days " in seen
    assert done in seen
    assert f"{done}\n\n**{LUNCH}**\n\n{PRICE.replace('[1]', '[2]')}" in seen
    assert reply.progress.stage is Stage.DONE
    assert reply.text == reply.answer.text


def test_what_is_stopped_keeps_what_is_written_and_asks_no_more(library: Library, settings: Settings) -> None:
    stop = threading.Event()
    assistant, generator = build(library, settings, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} {LUNCH}", stop=stop)
    for piece in reply:
        if piece.startswith("March"):
            stop.set()
    assert len(generator.prompts) == 1
    assert (reply.answer.finish, LUNCH in reply.answer.text) == (Finish.STOPPED, False)
    assert reply.answer.text.startswith(f"**{LEAVE}**\n\nSix days")
    between = threading.Event()
    assistant, _ = build(library, settings, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} {LUNCH}", stop=between)
    for piece in reply:
        if piece == "\n\n":
            between.set()
    assert (reply.answer.finish, len(reply.answer.citations)) == (Finish.STOPPED, 1)
    with pytest.raises(RuntimeError, match="Iterate"):
        _ = assistant.ask(f"{LEAVE} {LUNCH}").answer


def test_each_follows_what_was_asked_before(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, LEAVE, SIX, LUNCH, PRICE)
    reply = assistant.ask(f"{LEAVE} {LUNCH}", history=[Turn("Is there a bonus?", ENGLISH.refusal)])
    assert isinstance(reply, SeveralReplies)
    assert "".join(reply).count("**") == 4
    assert reply.answer.standalone == f"{LEAVE} {LUNCH}"
    assert [prompt[-1].content.split("Follow-up: ")[-1] for prompt in generator.prompts[::2]] == [
        f"{LEAVE}\nComplete question:",
        f"{LUNCH}\nComplete question:",
    ]


def test_one_question_is_one_reply(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, replace(settings, top_k=2), SIX)
    assert not isinstance(assistant.ask(LEAVE), SeveralReplies)


def test_a_question_stands_above_its_answer_as_it_was_asked(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, PRICE)
    odd = "How many days of leave <b> > 5*3 # [1] carry over?"
    text = assistant.answer(f"{odd} {LUNCH}").text
    assert text.startswith(r"**How many days of leave \<b\> \> 5\*3 \# \[1\] carry over?**")


def test_what_was_misspelt_is_told_as_it_was_understood(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} What does lunch in the cantene cost?")
    assert "".join(reply)
    assert reply.answer.standalone == reply.standalone == f"{LEAVE} {LUNCH}"


def test_an_answer_that_is_cut_is_told_as_cut(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, replace(settings, answer_tokens=3), SIX, PRICE)
    assert assistant.answer(f"{LEAVE} {LUNCH}").finish is Finish.LENGTH


def test_times_are_added_up_and_the_first_word_is_the_first() -> None:
    first, second = Timings(retrieve=1.0, wait=0.5), Timings(retrieve=2.0, first_token=0.7, generate=3.0)
    assert _timings([first, second]) == Timings(retrieve=3.0, wait=0.5, first_token=0.7, generate=3.0)


def test_a_follow_up_is_of_the_last_of_several_questions(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, PRICE, SIX)
    several = assistant.answer(f"1. {LEAVE}\n2. What does lunch in the cantene cost?")
    assert several.questions == (LEAVE, LUNCH)
    assert assistant.answer(LEAVE).questions == (LEAVE,)


def test_a_question_that_leans_is_asked_as_a_follow_up(library: Library, settings: Settings) -> None:
    until = "Until when do days of leave carry over?"
    assistant, generator = build(library, settings, SIX, until, SIX, PRICE)
    reply = assistant.ask(f"{LEAVE} Until when do they? {LUNCH}")
    assert f"**Until when do they?**\n\n{SIX}" in "".join(reply)
    rewriting = generator.prompts[1][-1].content
    assert rewriting.startswith(f"User: {LEAVE}\nProgram: Six days carry over until 31 March. [1]")
    assert "Until when do they?" in rewriting
    assert len(generator.prompts) == 4  # what stands alone is not rewritten
    assert reply.answer.questions == (LEAVE, until, LUNCH)
    assert reply.answer.standalone == reply.standalone == f"{LEAVE} {until} {LUNCH}"
    assert reply.answer.text.startswith(f"**{LEAVE}**\n\nSix days carry over until 31 March. [1]\n\n**Until when do")


def test_what_is_told_first_does_not_stand_above_each_answer(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, SIX, PRICE)
    answer = assistant.answer(f"My sister visits me in summer. {LEAVE} {LUNCH}")
    assert answer.text.count("sister") == 0
    assert answer.questions == tuple(f"My sister visits me in summer. {one}" for one in (LEAVE, LUNCH))
    assert answer.standalone == answer.question
    misspelt, _ = build(library, settings, SIX, PRICE)
    told = misspelt.answer(f"My sister visits me in summer. {LEAVE} What does lunch in the cantene cost?")
    assert told.standalone == f"{LEAVE} {LUNCH}"


def test_why_a_passage_was_read_for_one_of_several_questions(library: Library, settings: Settings) -> None:
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    chunk = find_passage("Lunch in the canteen costs 3.80 EUR.", retriever)
    found = explain(f"{LEAVE} {LUNCH}", chunk, retriever=retriever, settings=replace(settings, minimum_evidence=0.0))
    assert (found.fate, found.fused_rank) == (Fate.READ, 1)
    assert found.reason.startswith(f"“{LUNCH}” ")
    one = explain([f"{LEAVE} {LUNCH}"], chunk, retriever=retriever, settings=settings)
    assert "“" not in one.reason


def test_what_was_answered_stays_where_the_generator_breaks_off_at_a_later_question(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retriever, "glance", lambda *question, **options: ())  # nothing is near to the second

    class Breaking(ScriptedGenerator):
        def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> ScriptedStream:
            if not self.replies:
                raise GenerationError("No memory left.")
            return super().stream(messages, max_new_tokens=max_new_tokens, stop=stop)

    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    answered = Assistant(retriever, Breaking(PRICE), settings).answer(f"{LUNCH} Is it difficult to change?")
    assert (answered.finish, answered.failure) == (Finish.BROKEN, "No memory left.")
    assert answered.text == f"**{LUNCH}**\n\nLunch in the canteen costs 3.80 EUR. [1]"
    assert [citation.hit.chunk.label for citation in answered.citations] == ["lunch.txt"]


def test_the_language_is_that_of_the_whole_message(library: Library, settings: Settings) -> None:
    first, second = "Störche schlafen heute wieder im Schilf?", "Wie viele Reiher und Möwen nisten auf der Insel?"
    assert (phrases_for(first), phrases_for(second)) == (ENGLISH, GERMAN)
    assistant, _ = build(library, replace(settings, minimum_evidence=9.0))
    reply = assistant.ask(f"{first} {second}")
    assert isinstance(reply, SeveralReplies)
    assert "".join(reply).count(GERMAN.refusal) == 2
    assert reply.answer.text == GERMAN.refusal
