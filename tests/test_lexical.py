"""The lexical index on its real file."""

import contextlib
import math
import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag.lexical
from rag.errors import StoreError
from rag.lexical import LexicalIndex
from rag.types import Chunk
from tests.fakes import chunk

CHUNKS = [
    chunk("The battery PPR-9087 costs 89 EUR.", document="manual", position=0),
    chunk("Replace the battery every six years.", document="manual", position=1),
    chunk("Lunch costs 3.80 EUR.", document="handbook", position=2),
    chunk("打开电池盖，更换电池。", document="chinese", position=3),
]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LexicalIndex]:
    opened = LexicalIndex(tmp_path / "words.db", "library")
    opened.add(CHUNKS)
    yield opened
    opened.close()


def found(index: LexicalIndex, question: str, **options: object) -> list[Chunk]:
    by_id = {item.id: item for item in CHUNKS}
    return [by_id[chunk_id] for chunk_id, _ in index.search(question, k=10, **options)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What does PPR-9087 cost?", 0),
        ("what does ppr-9087 cost", 0),
        ("price of the 9087", 0),
        ("batteries, how many years?", 1),
        ("3.80", 2),
        ("怎样更换电池？", 3),
    ],
)
def test_the_chunk_with_the_rarest_words_comes_first(index: LexicalIndex, question: str, first: int) -> None:
    assert found(index, question)[0] == CHUNKS[first]


def test_the_score_says_how_much_of_the_question_is_held(index: LexicalIndex) -> None:
    (_, whole), *_ = index.search("lunch", k=10)
    (_, part), *_ = index.search("lunch zeppelin heliotrope", k=10)
    assert 0 < part < whole <= 1


@pytest.mark.parametrize("question", ["", "the of and", '"', "NEAR(a b)", "terms:x OR *", "zeppelin"])
def test_a_question_without_known_words_finds_nothing(index: LexicalIndex, question: str) -> None:
    assert index.search(question, k=10) == []


def test_scope_and_hidden_documents(index: LexicalIndex) -> None:
    assert found(index, "costs EUR", documents=["handbook"]) == [CHUNKS[2]]
    assert found(index, "costs EUR", hidden=["handbook"]) == [CHUNKS[0]]


def test_adding_twice_is_adding_once_and_deleted_is_deleted(index: LexicalIndex) -> None:
    index.add(CHUNKS)
    assert index.count() == 4
    index.delete_document("manual")
    assert index.count() == 2
    assert found(index, "battery") == []


def test_it_opens_again_with_everything_and_collections_are_apart(tmp_path: Path) -> None:
    first = LexicalIndex(tmp_path / "words.db", "one")
    first.add(CHUNKS)
    first.close()
    again, other = LexicalIndex(tmp_path / "words.db", "one"), LexicalIndex(tmp_path / "words.db", "two")
    assert (again.count(), other.count()) == (4, 0)
    assert other.search("battery", k=5) == []
    again.close()
    other.close()


def test_an_index_of_an_older_way_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rag.lexical, "_VERSION", 1)
    old = LexicalIndex(tmp_path / "words.db", "library")
    old.add(CHUNKS)
    old.close()
    monkeypatch.undo()
    new = LexicalIndex(tmp_path / "words.db", "library")
    assert new.count() == 0
    new.add(CHUNKS)
    new.close()
    again = LexicalIndex(tmp_path / "words.db", "library")
    assert again.count() == len(CHUNKS)
    again.close()


def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.db").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(StoreError, match=r"words\.db"):
        LexicalIndex(tmp_path / "words.db", "library")


def test_scores_are_those_of_every_chunk_compared(tmp_path: Path) -> None:
    chance = random.Random(1)
    words = [f"word{number}" for number in range(60)]
    rows = [
        chunk(" ".join(chance.choices(words, range(1, 61), k=chance.randint(3, 90))), document=f"d{i % 20}", position=i)
        for i in range(600)
    ]
    index = LexicalIndex(tmp_path / "words.db", "library")
    index.add(rows)
    index.delete([row.id for row in rows[::7]])
    left = [row for place, row in enumerate(rows) if place % 7]
    average = sum(len(row.text.split()) + 2 for row in left) / len(left)  # the title counts twice
    for documents, hidden in (((), ()), (("d3", "d4"), ("d4",)), ((), ("d5",))):
        question = chance.sample(words, 6)
        held = {word: [word in row.text.split() for row in left].count(True) for word in question}
        weights = {word: math.log1p((len(left) - count + 0.5) / (count + 0.5)) for word, count in held.items()}
        scores = {
            row.id: sum(
                weight * times / (times + 0.9 * (0.6 + 0.4 * (len(row.text.split()) + 2) / average))
                for word, weight in weights.items()
                if (times := row.text.split().count(word))
            )
            / sum(weights.values())
            for row in left
            if (not documents or row.document_id in documents) and row.document_id not in hidden
        }
        best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:10]
        found = index.search(" ".join(question), k=10, documents=documents, hidden=hidden)
        assert [chunk_id for chunk_id, _ in found] == [chunk_id for chunk_id, _ in best]
        assert [score for _, score in found] == pytest.approx([score for _, score in best])
    index.close()


def test_an_index_without_its_sizes_gets_them(tmp_path: Path, index: LexicalIndex) -> None:
    before = index.search("battery", k=10)
    index._database.executescript("DROP TRIGGER chunk_added; DROP TRIGGER chunk_removed; DROP TABLE sizes;")
    again = LexicalIndex(tmp_path / "words.db", "library")
    assert again.search("battery", k=10) == before
    again.close()


def test_it_is_searched_while_a_batch_waits_to_be_written(tmp_path: Path, index: LexicalIndex) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        batch = threading.Thread(target=index.add, args=([chunk("A new battery.", document="new")],))
        batch.start()
        searched = threading.Thread(target=index.search, args=("battery",), kwargs={"k": 10})
        searched.start()
        searched.join(timeout=10)
        is_waiting, was_found = batch.is_alive(), not searched.is_alive()
        other.execute("COMMIT")
        batch.join()
        searched.join()
    assert is_waiting
    assert was_found
    assert index.count() == len(CHUNKS) + 1
