"""What was answered before is given again, and only as long as nothing changed that it came from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import answered
from rag.answered import Answered
from rag.assistant import Assistant
from rag.deletion import delete_document
from rag.embedders import Vectors
from rag.library import Library
from rag.phrases import ENGLISH
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Finish, Scope, answer_to_json
from tests.fakes import HashingEmbedder, ScriptedGenerator

QUESTION = "How many days of leave carry over?"
EMBEDDER = HashingEmbedder(1_024)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2, top_k=3)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "leave.txt").write_text("Staff get 28 days of leave. Six days carry over until 31 March.")
    (tmp_path / "lunch.txt").write_text("Lunch in the canteen costs 3.80 EUR.")
    with Library.open(settings, holder="test") as opened:
        opened.open_store(EMBEDDER)
        add(opened, settings, tmp_path)
        yield opened


def add(library: Library, settings: Settings, folder: Path) -> None:
    ingest(find_files([folder]), library=library, embedder=EMBEDDER, settings=settings)


def answer(
    library: Library, settings: Settings, *, question: str = QUESTION, reply: str = "Six days carry over [1]."
) -> Answer:
    """Answers a question and keeps that in a conversation, as the page does."""
    retriever = Retriever.of_library(library, EMBEDDER, settings)
    given = Assistant(retriever, ScriptedGenerator(reply), settings).answer(question)
    return keep(library, replace(given, basis=answered.basis_of(question, settings)))


def keep(library: Library, given: Answer) -> Answer:
    library.catalog.add_answer(library.catalog.start_conversation("T").id, answer_to_json(given))
    return given


def find(library: Library, settings: Settings, question: str = QUESTION, scope: Scope = Scope()) -> Answer | None:
    return find_with(lambda *_: False, library, settings, question, scope)


def find_with(
    are_the_same: answered.AreTheSame, library: Library, settings: Settings, question: str, scope: Scope = Scope()
) -> Answer | None:
    retriever = Retriever.of_library(library, EMBEDDER, settings)
    return Answered(library.catalog, retriever, settings, scope).find(question, are_the_same)


def document(library: Library, name: str) -> str:
    found = library.catalog.document_named(library.collection, name)
    assert found is not None
    return found.id


@pytest.mark.parametrize("question", [QUESTION, "  how many days of  leave carry over"])
def test_the_same_question_gets_the_same_answer(library: Library, settings: Settings, question: str) -> None:
    given = answer(library, settings)
    again = find(library, settings, question)
    assert again is not None
    assert again.is_repeated
    assert (again.text, again.citations, again.used, again.dropped) == (
        given.text,
        given.citations,
        given.used,
        given.dropped,
    )
    assert again.question == question


class Literal(HashingEmbedder):
    """A question mark moves the vector, as in real models."""

    def encode_query(self, text: str) -> Vectors:
        return super().encode_query(text + 3 * " leave" * text.count("?"))


def test_a_question_mark_does_not_matter_though_it_moves_the_scores(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "EMBEDDER", Literal(1_024))
    given = answer(library, settings)
    again = find(library, settings, QUESTION.rstrip("?").lower())
    assert again is not None
    assert again.text == given.text


def test_a_refusal_of_the_generator_is_given_again_and_a_stopped_answer_never(
    library: Library, settings: Settings
) -> None:
    refusing = replace(settings, generator_refuses=True)
    assert answer(library, refusing, reply=ENGLISH.refusal).finish is Finish.NO_ANSWER
    assert find(library, refusing) is not None
    stopped = replace(answer(library, settings), finish=Finish.STOPPED)
    library.catalog.delete_conversation(library.catalog.conversations()[0].id)
    library.catalog.add_answer(library.catalog.start_conversation("T").id, answer_to_json(stopped))
    assert find(library, settings) is None


def test_another_question_or_setting_is_answered_anew(library: Library, settings: Settings) -> None:
    answer(library, settings)
    assert find(library, settings, "How many days of leave are there?") is None
    assert find(library, replace(settings, answer_tokens=50)) is None
    assert find(library, replace(settings, generator_model="another")) is None


class Comparing:
    """Says whether questions ask for the same, and keeps what it was asked."""

    def __init__(self, same: bool = True) -> None:
        self.same = same
        self.asked: list[tuple[str, str]] = []

    def __call__(self, question: str, other: str) -> bool:
        self.asked.append((question, other))
        return self.same


OTHER_WORDS, THIRD = "So how many days of leave do carry over?", "Then how many days of leave may carry over?"


def test_a_question_in_other_words_gets_the_answer_and_says_how_it_was_understood(
    library: Library, settings: Settings
) -> None:
    given, comparing = answer(library, settings), Comparing()
    again = find_with(comparing, library, settings, OTHER_WORDS)
    assert again is not None
    assert (again.question, again.standalone, again.text) == (OTHER_WORDS, QUESTION, given.text)
    assert again.is_repeated
    assert comparing.asked == [(OTHER_WORDS, QUESTION)]
    keep(library, again)
    third = find_with(comparing, library, settings, OTHER_WORDS)  # in these words it was answered now
    assert third is not None
    assert (third.question, third.standalone) == (OTHER_WORDS, QUESTION)
    assert len(comparing.asked) == 1


def test_what_was_given_in_other_words_is_no_measure_for_a_third_wording(library: Library, settings: Settings) -> None:
    answer(library, settings)
    again = find_with(Comparing(), library, settings, OTHER_WORDS)
    assert again is not None
    keep(library, again)
    comparing = Comparing()
    assert find_with(comparing, library, settings, THIRD) is not None
    assert comparing.asked == [(THIRD, QUESTION)]


def test_another_matter_is_answered_anew(library: Library, settings: Settings) -> None:
    answer(library, settings)
    comparing = Comparing(same=False)
    assert find_with(comparing, library, settings, OTHER_WORDS) is None
    assert comparing.asked


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave do not carry over?",
        "How many days of leave carry over in 2020?",
        "What does lunch in the canteen cost?",  # far from it
    ],
)
def test_questions_that_cannot_be_the_same_are_not_compared(
    library: Library, settings: Settings, question: str
) -> None:
    answer(library, settings)
    comparing = Comparing()
    assert find_with(comparing, library, settings, question) is None
    assert not comparing.asked


def test_an_answer_from_another_line_than_the_nearest_is_not_given(library: Library, settings: Settings) -> None:
    given = answer(library, settings, question=OTHER_WORDS, reply="Staff get 28 days of leave [1].")
    marked = [one.hit.chunk.text[mark.start : mark.end] for one in given.citations for mark in one.marks]
    assert marked == ["Staff get 28 days of leave."]
    comparing = Comparing()
    assert find_with(comparing, library, settings, QUESTION) is None
    assert not comparing.asked


def test_in_other_words_too_nothing_is_given_that_changed_or_was_judged_wrong(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    answer(library, settings)
    (kept,) = library.catalog.kept_answers(library.catalog.conversations()[0].id)
    library.catalog.rate_answer(kept.id, False)
    assert find_with(Comparing(), library, settings, OTHER_WORDS) is None
    library.catalog.rate_answer(kept.id, True)
    assert find_with(Comparing(), library, settings, OTHER_WORDS) is not None
    assert find_with(Comparing(), library, replace(settings, answer_tokens=50), OTHER_WORDS) is None
    (tmp_path / "more.txt").write_text("Ten days of leave carry over for those who work nights.")
    add(library, settings, tmp_path)
    assert find_with(Comparing(), library, settings, OTHER_WORDS) is None


def test_a_changed_program_answers_anew(library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(library, settings)
    monkeypatch.setattr(answered, "_program", lambda: "another")
    assert find(library, settings) is None


def test_a_changed_document_is_read_anew(library: Library, settings: Settings, tmp_path: Path) -> None:
    answer(library, settings)
    (tmp_path / "leave.txt").write_text("Staff get 28 days of leave. Five days carry over until 31 March.")
    add(library, settings, tmp_path)
    assert find(library, settings) is None


def test_another_document_that_is_as_near_is_read_as_well(library: Library, settings: Settings, tmp_path: Path) -> None:
    answer(library, settings)
    (tmp_path / "more.txt").write_text("Ten days of leave carry over for those who work nights.")
    add(library, settings, tmp_path)
    assert find(library, settings) is None


def test_only_what_was_asked_is_given_again(library: Library, settings: Settings) -> None:
    answer(library, settings)
    assert find(library, settings, scope=Scope((document(library, "lunch.txt"),))) is None


@pytest.mark.parametrize("quotes", [False, True])
def test_an_answer_from_a_deleted_document_is_gone(library: Library, settings: Settings, quotes: bool) -> None:
    answer(library, settings)
    delete_document(library, document(library, "leave.txt"), quotes=quotes)
    assert find(library, settings) is None


def test_an_answer_whose_quotes_were_taken_out_is_not_given_even_where_the_other_passages_are_those_found(
    library: Library, settings: Settings
) -> None:
    given = answer(library, settings)
    delete_document(library, given.used[0].chunk.document_id, quotes=True)
    (kept,) = library.catalog.kept_answers(library.catalog.conversations()[0].id)
    assert kept.values["basis"] == ""


def test_an_answer_that_was_judged_wrong_is_not_given_again(library: Library, settings: Settings) -> None:
    answer(library, settings)
    (kept,) = library.catalog.kept_answers(library.catalog.conversations()[0].id)
    library.catalog.rate_answer(kept.id, False)
    assert find(library, settings) is None
    library.catalog.rate_answer(kept.id, True)
    assert find(library, settings) is not None


def test_a_deleted_conversation_takes_its_answers_along(library: Library, settings: Settings) -> None:
    answer(library, settings)
    library.catalog.delete_conversation(library.catalog.conversations()[0].id)
    assert find(library, settings) is None


def test_documents_that_are_not_found_with_it_change_nothing_though_they_move_the_scores(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    only = replace(settings, top_k=1)

    def add_islands(numbers: range) -> None:
        for number in numbers:
            (tmp_path / f"{number}.txt").write_text(f"Gulls and herons nest in the reeds of island {number}.")
        add(library, only, tmp_path)

    add_islands(range(30))
    given = answer(library, only)
    add_islands(range(30, 33))
    retriever = Retriever.of_library(library, EMBEDDER, only)
    (found,) = retriever.retrieve(QUESTION, k=1, minimum_score=only.minimum_score).hits
    assert (found.chunk, found.score == given.used[0].score) == (given.used[0].chunk, False)
    again = find(library, only)
    assert again is not None
    assert again.text == given.text


def test_what_is_fitted_to_generators_belongs_to_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    answered._program.cache_clear()
    before, read = answered._program(), Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: read(file) + b"0" * (file.suffix == ".npz"))
    answered._program.cache_clear()
    assert answered._program() != before
    answered._program.cache_clear()
