"""Why a passage was not read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.report import IngestReport
from rag.__main__ import main
from rag.answerability import Judge, Readout
from rag.errors import FootnoteError
from rag.generators import Message
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Chunk, Citation, Document, Finish, Hit, Scope
from rag.why import CountTokens, Explanation, Fate, explain, find_passage, with_room
from tests.fakes import HashingEmbedder, ScriptedGenerator, probe

TEXTS = [
    "The pump runs at 40 bar.",
    "The pump is blue and stands in the hall.",
    "A pump needs oil.",
    "Lunch in the canteen costs 3.80 EUR.",
]
QUESTION = "At how many bar does the pump run?"


class Desk:
    """A library of four passages and a way to ask about them."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self.library = library
        self.settings = settings
        self.embedder = HashingEmbedder(1_024)

    def ask(
        self,
        passage: str,
        question: str | Sequence[str] = QUESTION,
        *,
        scope: Scope = Scope(),
        count_tokens: CountTokens | None = None,
        judge: Judge | None = None,
        answer: Answer | None = None,
        **changes: object,
    ) -> Explanation:
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        retriever = Retriever.of_library(self.library, self.embedder, settings)
        chunk = find_passage(passage, retriever)
        return explain(
            question,
            chunk,
            retriever=retriever,
            settings=settings,
            scope=scope,
            count_tokens=count_tokens,
            judge=judge,
            answer=answer,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(home=tmp_path, minimum_score=0.0, minimum_evidence=0.2)
    with Library.open(settings, holder="test") as library:
        made = Desk(library, settings)
        store = library.open_store(made.embedder)
        chunks = [Chunk("d", "a.txt", "", None, "", 0, len(text), i, text) for i, text in enumerate(TEXTS)]
        library.lexical.add(chunks)
        store.upsert(chunks, made.embedder.encode_documents(TEXTS))
        yield made


def answered(*, used: Sequence[str] = (), cited: Sequence[str] = (), finish: Finish, sql: str = "") -> Answer:
    """An answer that read some texts and cites some."""
    hits = {text: Hit(Chunk("d", "a.txt", "", None, "", 0, len(text), i, text), 1.0) for i, text in enumerate(TEXTS)}
    citations = tuple(Citation(number, hits[text], ()) for number, text in enumerate(cited, 1))
    return Answer(QUESTION, QUESTION, "", citations, tuple(hits[text] for text in used), (), finish, sql=sql)


@pytest.mark.parametrize(
    ("answer", "fate", "reason"),
    [
        (answered(used=TEXTS[:2], cited=TEXTS[1:2], finish=Finish.COMPLETE), Fate.READ, "was read by the generator"),
        (answered(used=TEXTS[:2], cited=TEXTS[:1], finish=Finish.COMPLETE), Fate.READ, "cited, as number 1"),
        (answered(used=TEXTS[:1], finish=Finish.UNSUPPORTED), Fate.UNSUPPORTED, "no passage bears what"),
        (answered(used=TEXTS[1:], finish=Finish.UNSUPPORTED), Fate.READ, "was read by the generator"),
        (answered(used=TEXTS[1:], cited=TEXTS[1:2], finish=Finish.BROKEN), Fate.FARTHER_LINES, "generator broke off"),
        (answered(finish=Finish.COMPLETE, sql="SELECT 1"), Fate.CALCULATED, "cells of a table"),
    ],
)
def test_an_answer_knows_what_became_of_its_passages(desk: Desk, answer: Answer, fate: Fate, reason: str) -> None:
    found = desk.ask("pump runs at 40 bar", answer=answer)
    assert (found.fate, found.fused_rank) == (fate, 1)
    assert reason in found.reason


def test_a_question_is_also_followed_without_the_story_around_it(desk: Desk) -> None:
    story = "We bought a canteen and hall of blue oil for EUR 3.80 yesterday."
    beside = f"{story} At how many bar does the pump run?"
    found = desk.ask("pump runs at 40 bar", beside, minimum_score=0.75)
    assert (found.fate, found.reason) == (Fate.READ, f"“{QUESTION}” It was read by the generator.")
    assert desk.ask("pump runs at 40 bar", [beside], minimum_score=0.75).fate is not Fate.READ


def test_the_room_of_a_prompt_is_that_of_the_generator(desk: Desk) -> None:
    assert with_room(desk.settings, 100_000) == desk.settings
    assert with_room(desk.settings, 1_000).prompt_tokens == 1_000 - desk.settings.answer_tokens


def test_the_passage_that_answers_was_read(desk: Desk) -> None:
    found = desk.ask("pump runs at 40 bar")
    assert (found.fate, found.dense_rank, found.lexical_rank, found.fused_rank) == (Fate.READ, 1, 1, 1)
    assert found.chunk.text == TEXTS[0]
    assert found.of == len(TEXTS)


def test_every_way_to_be_left_out_is_told(desk: Desk) -> None:
    lunch = "Lunch in the canteen"
    assert desk.ask(lunch, top_k=2).fate is Fate.TOO_MANY
    assert "number 4" in desk.ask(lunch, top_k=2).reason
    assert desk.ask(lunch, minimum_score=0.3).fate is Fate.LOW_SCORE
    assert desk.ask(lunch, prompt_passages=1).fate is Fate.FARTHER_LINES
    assert desk.ask(lunch, minimum_evidence=4.0).fate is Fate.REFUSED
    assert "q-99" in desk.ask(lunch, question="At how many bar does the pump Q-99 run?").reason
    assert desk.ask(lunch).lexical_rank is None


def test_a_passage_whose_lines_the_generator_finds_unlikely_was_not_read(desk: Desk) -> None:
    answer, line = (Readout(np.array([6, 0], dtype=np.float32), 0.0, 0.0) for _ in range(2))
    judge = Judge(desk.settings, probe(answer, line), ScriptedGenerator())
    assert desk.ask("pump runs at 40 bar", judge=judge).fate is Fate.READ
    found = desk.ask("pump is blue", judge=judge)
    assert (found.fate, "far less likely" in found.reason) == (Fate.FARTHER_LINES, True)
    assert desk.ask("pump is blue").fate is Fate.READ


def test_a_passage_of_a_document_that_was_not_asked_keeps_its_rank(desk: Desk) -> None:
    found = desk.ask("pump runs at 40 bar", scope=Scope(("e",)))
    assert (found.fate, found.fused_rank) == (Fate.FILTERED, 1)
    assert "a.txt is not among them" in found.reason
    assert desk.ask("pump runs at 40 bar", scope=Scope(("d",))).fate is Fate.READ


def test_a_passage_without_room_in_the_prompt_is_said_to_have_none(desk: Desk) -> None:
    def count(messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    answering, lunch = "pump runs at 40 bar", "Lunch in the canteen"
    whole = dict(count_tokens=count, top_k=4, prompt_passages=4)
    assert desk.ask(lunch, **whole, prompt_tokens=1_000).fate is Fate.READ
    room = next(n for n in range(1, 1_000) if desk.ask(answering, **whole, prompt_tokens=n).fate is Fate.READ)
    assert desk.ask(lunch, **whole, prompt_tokens=room).fate is Fate.OVER_BUDGET
    assert f"prompt_tokens ({room})" in desk.ask(lunch, **whole, prompt_tokens=room).reason


def test_a_passage_whose_words_stand_in_another_is_named(desk: Desk) -> None:
    part = Chunk("e", "b.txt", "", 3, "", 0, 14, 0, "runs at 40 bar")
    desk.library.lexical.add([part])
    desk.library.store.upsert([part], desk.embedder.encode_documents([part.text]))
    found = desk.ask("runs at 40 bar")
    assert (found.chunk, found.fate) == (part, Fate.REPEATED)
    assert found.reason.startswith("a.txt holds the same words")


@pytest.fixture
def reports(desk: Desk) -> Desk:
    """Three quarterly reports beside the other passages, two passages each."""
    chunks = [
        Chunk(f"r{number}", f"2024 Q{number} Heron.txt", "", None, "", place, 0, place, text)
        for number in (1, 2, 3)
        for place, text in enumerate([f"Sales of boats were {number}00 EUR.", f"Boats are made in hall {number}."])
    ]
    for chunk in chunks[::2]:
        document = Document(chunk.document_id, chunk.document_name, "", ())
        desk.library.catalog.begin("library", document, size=1)
        desk.library.catalog.finish("library", document.id, source="", chunks=2)
    desk.library.lexical.add(chunks)
    desk.library.store.upsert(chunks, desk.embedder.encode_documents([chunk.text for chunk in chunks]))
    return desk


def test_a_passage_of_another_period_than_the_question_names_is_said_to_be(reports: Desk) -> None:
    question = "What were sales of boats in Q2 2024?"
    found = reports.ask("Sales of boats were 300 EUR", question)
    assert (found.fate, "names other documents" in found.reason) == (Fate.OTHER_PERIOD, True)
    assert reports.ask("Sales of boats were 200 EUR", question).fate is Fate.READ
    refused = reports.ask("Sales of boats were 300 EUR", question, minimum_evidence=4.0)
    assert refused.fate is Fate.REFUSED, "then all issues were searched"


def test_what_each_issue_of_a_series_says_was_quoted(reports: Desk) -> None:
    question = "How did sales of boats develop over time?"
    assert reports.ask("Sales of boats were 100 EUR", question).fate is Fate.READ
    found = reports.ask("Boats are made in hall 1", question)
    assert (found.fate, "another passage of its document" in found.reason) == (Fate.FARTHER_LINES, True)
    assert reports.ask("pump runs at 40 bar", question).fate is Fate.TOO_MANY
    assert reports.ask("Sales of boats were 100 EUR", question, minimum_evidence=4.0).fate is Fate.REFUSED


def test_words_that_stand_nowhere_are_said_to(desk: Desk) -> None:
    with pytest.raises(FootnoteError, match="not in the library"):
        desk.ask("The moon is made of cheese")
    with pytest.raises(FootnoteError, match="Paste some words"):
        desk.ask("…")


@pytest.mark.model
def test_the_command_tells_ranks(
    samples: tuple[Path, IngestReport], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_LIBRARY", str(samples[0]))
    assert main(["why", "What does error E-14 mean?", "Rain gauge blocked Remove leaves from the funnel"]) == 0
    shown = capsys.readouterr().out
    assert "skua-4-manual.pdf, p. 8: It was read by the generator." in shown
    of_manual = ["--document", "skua-4-manual.pdf"]
    assert main(["why", "What does error E-14 mean?", "--page", "skua-4-manual.pdf#8", *of_manual]) == 0
    assert "“Error codes Table of error codes" in capsys.readouterr().out
    assert main(["why", "What does error E-14 mean?", "--page", "skua-4-manual.pdf#99"]) == 1
    assert "no passage on page 99" in capsys.readouterr().err
    assert main(["why", "What does error E-14 mean?", "The moon is made of cheese"]) == 1
    assert "not in the library" in capsys.readouterr().err
