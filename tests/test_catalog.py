"""The catalog on its own: what is asked for is found by SQL."""

import sqlite3
import time
from pathlib import Path

import pytest

from rag.catalog import Catalog, DocumentOrder, DocumentQuery, DocumentState, Release
from rag.types import Document, Page, RecognisedLine, RecognisedPage, SetAside

COLLECTION = "library"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(tmp_path / "catalog.db")
    add(made, "Ärzte.pdf", size=5, pages=3, gaps=("page 2 is damaged",))
    add(made, "100%_sure.txt", size=9)
    add(made, "budget 2026.docx", size=7, title="Haushalt")
    add(made, "half.pdf", size=1, ready=False)
    return made


def add(
    catalog: Catalog,
    name: str,
    *,
    size: int,
    pages: int = 1,
    title: str = "",
    gaps: tuple[str, ...] = (),
    ready: bool = True,
) -> None:
    document = Document(f"id of {name}", name, title or name, (Page(1, "text"),) * pages, gaps)
    catalog.begin(COLLECTION, document, size=size)
    if ready:
        catalog.finish(COLLECTION, document.id, source=f"upload:{name}", chunks=2)


def names(
    catalog: Catalog, query: DocumentQuery, order: DocumentOrder = DocumentOrder.NAME, **screen: int
) -> list[str]:
    found = catalog.find_documents(
        COLLECTION, query, order=order, limit=screen.get("limit", 50), offset=screen.get("offset", 0)
    )
    return [record.name for record in found]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ÄRZTE", ["Ärzte.pdf"]),
        ("0%_s", ["100%_sure.txt"]),
        ("%", ["100%_sure.txt"]),
        ("haushalt 2026", ["budget 2026.docx"]),
        ("nothing", []),
        ("'; DROP TABLE documents; --", []),
    ],
    ids=["case of every letter", "signs of LIKE", "a lone sign", "name and title", "none", "injection"],
)
def test_words_are_found_in_names_and_titles(catalog: Catalog, words: str, found: list[str]) -> None:
    assert names(catalog, DocumentQuery(words)) == found


def test_documents_come_in_the_order_asked_for_and_screen_by_screen(catalog: Catalog) -> None:
    every = DocumentQuery()
    assert names(catalog, every, DocumentOrder.LARGEST)[0] == "100%_sure.txt"
    assert names(catalog, every, DocumentOrder.LONGEST)[0] == "Ärzte.pdf"
    assert names(catalog, every, DocumentOrder.NEWEST)[0] == "half.pdf"
    assert names(catalog, every, DocumentOrder.OLDEST)[0] == "Ärzte.pdf"
    assert names(catalog, every, DocumentOrder.STATE)[:2] == ["half.pdf", "Ärzte.pdf"]
    there_and_back = [
        (DocumentOrder.NAME, DocumentOrder.NAME_BACKWARDS),
        (DocumentOrder.LARGEST, DocumentOrder.SMALLEST),
        (DocumentOrder.LONGEST, DocumentOrder.SHORTEST),
        (DocumentOrder.MOST_PASSAGES, DocumentOrder.FEWEST_PASSAGES),
    ]
    for order, backwards in there_and_back:
        assert names(catalog, every, order)[0] != names(catalog, every, backwards)[0]
    in_order = names(catalog, every)
    assert names(catalog, every, limit=2) + names(catalog, every, limit=2, offset=2) == in_order


def test_states_and_gaps_are_filtered_and_summed_up(catalog: Catalog) -> None:
    ready = DocumentQuery(states=(DocumentState.READY,))
    assert names(catalog, DocumentQuery(states=(DocumentState.WRITING,))) == ["half.pdf"]
    assert names(catalog, DocumentQuery(with_gaps=True)) == ["Ärzte.pdf"]
    totals = catalog.document_totals(COLLECTION, ready)
    assert (totals.documents, totals.pages, totals.chunks, totals.size) == (3, 5, 6, 21)
    assert catalog.document_totals("another").documents == 0
    assert catalog.document(COLLECTION, "id of Ärzte.pdf").gaps == ("page 2 is damaged",)  # type: ignore[union-attr]
    assert catalog.document_names(COLLECTION, limit=2) == ["100%_sure.txt", "budget 2026.docx"]


def test_documents_are_filtered_by_the_ending_of_their_names(catalog: Catalog) -> None:
    assert catalog.document_endings(COLLECTION) == [".docx", ".pdf", ".txt"]
    assert names(catalog, DocumentQuery(ending=".txt")) == ["100%_sure.txt"]
    add(catalog, "LOUD.TXT", size=1)
    assert names(catalog, DocumentQuery(ending=".txt")) == ["100%_sure.txt", "LOUD.TXT"]


def test_ten_thousand_documents_are_searched_at_once(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db")
    add(catalog, "first.pdf", size=1)
    with sqlite3.connect(tmp_path / "catalog.db") as database:
        columns = "collection, name, title, pages, chunks, size, added_at, state, gaps"
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        database.execute(
            f"INSERT INTO documents (id, {columns}) {numbers} SELECT i, collection, 'report ' || i || '.pdf',"
            " title, pages, chunks, i, added_at + i, state, gaps FROM n, documents"
        )
    started = time.perf_counter()
    assert names(catalog, DocumentQuery("report 9990"), limit=3) == ["report 9990.pdf"]
    assert catalog.document_totals(COLLECTION).documents == 10_001
    assert catalog.document_endings(COLLECTION) == [".pdf"]
    assert time.perf_counter() - started < 1.0


def test_a_catalog_of_an_older_footnote_is_brought_up_to_date(tmp_path: Path, catalog: Catalog) -> None:
    catalog.close()
    with sqlite3.connect(tmp_path / "catalog.db") as database:
        database.execute("ALTER TABLE documents DROP COLUMN gaps")
        database.execute("PRAGMA user_version = 2")
    again = Catalog(tmp_path / "catalog.db")
    assert len(names(again, DocumentQuery())) == 4
    assert names(again, DocumentQuery(with_gaps=True)) == []


def test_the_latest_questions_are_told_with_their_last_answers(catalog: Catalog) -> None:
    conversation = catalog.start_conversation("T").id
    for question in ("one", "two", "three", "two"):
        catalog.add_answer(conversation, {"question": question, "text": "the question"})
    ids = [kept.id for kept in catalog.kept_answers(conversation)]
    assert catalog.asked_lately(2) == {"three": ids[2], "two": ids[3]}
    assert catalog.asked_lately(9) == {"one": ids[0], "two": ids[3], "three": ids[2]}


def test_what_was_thought_of_an_answer_is_kept_with_it(catalog: Catalog) -> None:
    conversation = catalog.start_conversation("Leave").id
    for number in (1, 2):
        catalog.add_answer(conversation, {"number": number})
    first, last = catalog.kept_answers(conversation)
    assert (first.values, first.good) == ({"number": 1}, None)
    catalog.rate_answer(first.id, True)
    catalog.rate_answer(last.id, True)
    catalog.rate_answer(last.id, False)
    assert [kept.good for kept in catalog.kept_answers(conversation)] == [True, False]
    catalog.replace_last_answer(conversation, {"number": 3})
    assert [(kept.values["number"], kept.good) for kept in catalog.kept_answers(conversation)] == [(1, True), (3, None)]
    catalog.rate_answer(first.id, None)
    assert [kept.good for kept in catalog.kept_answers(conversation)] == [None, None]
    catalog.rate_answer(first.id, True)
    catalog.delete_conversation(conversation)
    again = catalog.start_conversation("New").id
    catalog.add_answer(again, {})
    assert [kept.good for kept in catalog.kept_answers(again)] == [None]
    catalog.replace_last_answer("of nobody", {})


def test_passages_that_are_set_aside_are_kept_until_they_are_released(catalog: Catalog) -> None:
    document = "id of Ärzte.pdf"
    passages = [SetAside(f"p{number}", 3, "it is hidden", f"Words {number}") for number in (1, 2)]
    catalog.set_aside(COLLECTION, document, passages, released=frozenset())
    asked = DocumentQuery(with_set_aside=True)
    found = catalog.find_documents(COLLECTION, asked, order=DocumentOrder.NAME, limit=9)
    assert [record.name for record in found] == ["Ärzte.pdf"]
    catalog.release(COLLECTION, document, ["p1", "unknown"])
    assert catalog.is_release_asked(COLLECTION, document)
    assert catalog.released(COLLECTION, document) == {"p1"}
    catalog.set_aside(COLLECTION, document, passages, released={"p1"})
    assert not catalog.is_release_asked(COLLECTION, document)
    assert [(one.passage, one.release) for one in catalog.quarantined(COLLECTION, document)] == [
        (passages[0], Release.DONE),
        (passages[1], Release.HELD),
    ]


def test_what_is_released_while_its_document_is_read_stays_asked_for(catalog: Catalog) -> None:
    document, passage = "id of Ärzte.pdf", SetAside("p", None, "it is hidden", "Words")
    catalog.set_aside(COLLECTION, document, [passage], released=frozenset())
    catalog.release(COLLECTION, document, ["p"])
    catalog.set_aside(COLLECTION, document, [passage], released=frozenset())
    assert catalog.is_release_asked(COLLECTION, document)


def test_what_was_released_is_set_aside_again_once_its_document_is_read(catalog: Catalog) -> None:
    document, passage = "id of Ärzte.pdf", SetAside("p", None, "it is hidden", "Words")
    catalog.set_aside(COLLECTION, document, [passage], released={"p"})
    catalog.withdraw(COLLECTION, document, ["p"])
    assert catalog.is_release_asked(COLLECTION, document)
    assert catalog.released(COLLECTION, document) == frozenset()
    catalog.set_aside(COLLECTION, document, [passage], released={"p"})  # read with it meanwhile
    assert catalog.is_release_asked(COLLECTION, document)
    catalog.set_aside(COLLECTION, document, [passage], released=frozenset())
    assert [one.release for one in catalog.quarantined(COLLECTION, document)] == [Release.HELD]
    assert not catalog.is_release_asked(COLLECTION, document)


def test_a_document_that_is_forgotten_takes_its_passages_along(catalog: Catalog) -> None:
    document = "id of Ärzte.pdf"
    catalog.set_aside(COLLECTION, document, [SetAside("p", None, "it is hidden", "Words")], released=frozenset())
    catalog.forget(COLLECTION, document)
    assert catalog.quarantined(COLLECTION, document) == []


def test_what_is_set_aside_moves_with_its_document_and_goes_with_its_collection(catalog: Catalog) -> None:
    document = catalog.document(COLLECTION, "id of Ärzte.pdf")
    assert document is not None
    catalog.set_aside(COLLECTION, document.id, [SetAside("p", None, "it is hidden", "Words")], released=frozenset())
    catalog.move(document, COLLECTION, "other")
    assert catalog.quarantined(COLLECTION, document.id) == []
    assert [one.passage.id for one in catalog.quarantined("other", document.id)] == ["p"]
    catalog.forget_collection("other")
    assert catalog.quarantined("other", document.id) == []


def test_recognised_pages_are_kept_with_their_lines_until_the_document_goes(catalog: Catalog) -> None:
    document = "id of Ärzte.pdf"
    lines = (RecognisedLine("Grüße", 0.9, 0.1, 0.2, 0.5, 0.25), RecognisedLine("abcde", 0.7, 0.1, 0.3, 0.5, 0.35))
    catalog.set_recognised(COLLECTION, document, [RecognisedPage(3, lines), RecognisedPage(None, lines[:1])])
    assert catalog.recognised(COLLECTION, document) == pytest.approx({None: 0.9, 3: 0.8})
    assert catalog.recognised_lines(COLLECTION, document, 3) == lines
    assert catalog.recognised_lines(COLLECTION, document, 4) == ()
    catalog.set_recognised(COLLECTION, document, [RecognisedPage(1, lines)])
    assert set(catalog.recognised(COLLECTION, document)) == {1}
    catalog.forget(COLLECTION, document)
    assert catalog.recognised(COLLECTION, document) == {}
