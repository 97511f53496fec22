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
from rag.catalog import KeptAnswer
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


def before(library: Library, settings: Settings, scope: Scope = Scope()) -> Answered:
    return Answered(library.catalog, Retriever.of_library(library, EMBEDDER, settings), settings, scope)


def find(library: Library, settings: Settings, question: str = QUESTION, scope: Scope = Scope()) -> Answer | None:
    return before(library, settings, scope).find(question)


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


OTHER_WORDS, THIRD = "So how many days of leave carry over?", "Please how many days of leave carry over?"


def find_otherwise(
    library: Library, settings: Settings, comparing: Comparing, question: str = OTHER_WORDS, scope: Scope = Scope()
) -> Answer | None:
    return before(library, settings, scope).find_in_other_words(question, comparing)


def kept_of(library: Library, conversation: int = 0) -> KeptAnswer:
    (kept,) = library.catalog.kept_answers(library.catalog.conversations()[conversation].id)
    return kept


def test_a_question_in_other_words_gets_the_answer_and_says_how_it_was_understood(
    library: Library, settings: Settings
) -> None:
    given, comparing = answer(library, settings), Comparing()
    again = find_otherwise(library, settings, comparing)
    assert again is not None
    assert (again.question, again.standalone, again.text) == (OTHER_WORDS, QUESTION, given.text)
    assert again.is_repeated
    assert comparing.asked == [(QUESTION, OTHER_WORDS)]


def test_what_was_given_to_other_words_is_no_measure_for_the_next(library: Library, settings: Settings) -> None:
    first, comparing = answer(library, settings), Comparing()
    again = find_otherwise(library, settings, comparing)
    assert again is not None
    keep(library, again)
    assert find(library, settings, OTHER_WORDS) is None  # it is compared again: another line may be nearer by now
    library.catalog.delete_conversation(library.catalog.conversations()[-1].id)
    assert [kept_of(library).values["question"], first.question] == [OTHER_WORDS, QUESTION]
    assert find_otherwise(library, settings, comparing, THIRD) is None
    assert len(comparing.asked) == 1


def test_the_answer_to_the_latest_of_many_questions_is_found(library: Library, settings: Settings) -> None:
    answer(library, settings)
    for number in range(30):
        answer(library, settings, question=f"What does lunch cost in canteen {number}?", reply="It costs 3.80 EUR [1].")
    comparing = Comparing()
    assert find_otherwise(library, settings, comparing) is not None
    assert comparing.asked == [(QUESTION, OTHER_WORDS)]


def test_another_matter_is_answered_anew(library: Library, settings: Settings) -> None:
    answer(library, settings)
    comparing = Comparing(same=False)
    assert find_otherwise(library, settings, comparing) is None
    assert comparing.asked


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave do not carry over?",
        "So how many days of leave carry over? How long is the leave?",
        "How many leave days remain usable over winter?",  # farther than may be
    ],
)
def test_questions_that_cannot_be_the_same_are_not_compared(
    library: Library, settings: Settings, question: str
) -> None:
    answer(library, settings)
    comparing = Comparing()
    assert find_otherwise(library, settings, comparing, question) is None
    assert not comparing.asked


def test_an_answer_from_another_line_than_the_nearest_is_not_given(library: Library, settings: Settings) -> None:
    given = answer(library, settings, question=OTHER_WORDS, reply="Staff get 28 days of leave [1].")
    marked = [one.hit.chunk.text[mark.start : mark.end] for one in given.citations for mark in one.marks]
    assert marked == ["Staff get 28 days of leave."]
    comparing = Comparing()
    assert find_otherwise(library, settings, comparing, QUESTION) is None
    assert not comparing.asked


def test_an_answer_that_was_judged_wrong_is_not_given_to_other_words(library: Library, settings: Settings) -> None:
    answer(library, settings)
    original = kept_of(library)
    library.catalog.rate_answer(original.id, False)
    assert find_otherwise(library, settings, Comparing()) is None
    library.catalog.rate_answer(original.id, True)
    again = find_otherwise(library, settings, Comparing())
    assert again is not None
    keep(library, again)
    repeated = next(kept_of(library, place) for place in (0, 1) if kept_of(library, place).id != original.id)
    library.catalog.rate_answer(repeated.id, False)  # it was no answer to these words
    assert find_otherwise(library, settings, Comparing()) is None
    assert find(library, settings) is not None


def test_other_words_get_nothing_by_other_settings_or_of_other_documents(library: Library, settings: Settings) -> None:
    answer(library, settings)
    assert find_otherwise(library, replace(settings, answer_tokens=50), Comparing()) is None
    lunch = Scope((document(library, "lunch.txt"),))
    assert find_otherwise(library, settings, Comparing(), scope=lunch) is None


def test_other_words_get_nothing_after_a_document_came_that_is_as_near(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    answer(library, settings)
    (tmp_path / "more.txt").write_text("Leave for those who work nights: ten days. Herons carry on.")
    add(library, settings, tmp_path)
    comparing = Comparing()
    assert find_otherwise(library, settings, comparing) is None
    assert not comparing.asked
    delete_document(library, document(library, "more.txt"))
    assert find_otherwise(library, settings, comparing) is not None
    delete_document(library, document(library, "leave.txt"))
    assert find_otherwise(library, settings, comparing) is None


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
