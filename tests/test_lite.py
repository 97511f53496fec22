"""What takes the place of Milvus Lite's methods gives what those give, whatever was written, replaced and deleted."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_lite.engine import collection as engine

from rag import codes, lite, snapshots
from rag.errors import StoreError
from rag.rows import where_of
from rag.store import MilvusStore
from rag.types import Hit
from tests.fakes import chunk

DIMENSION = 16
METHODS = ("_read_snapshot", "_num_entities", "query", "get")


@contextlib.contextmanager
def unpatched() -> Iterator[None]:
    """Milvus Lite's own methods, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name in METHODS:
            patch.setattr(engine.Collection, name, getattr(engine.Collection, name).__wrapped__)
        patch.setattr(engine, "execute_search_with_index", engine.execute_search_with_index.__wrapped__)
        patch.setattr(lite, "_database", lambda uri: None)
        yield


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(params=[(10_000, 50_000), (10_000, 64), (1, 50_000)], ids=["exact", "as bytes", "HNSW"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MilvusStore]:
    assert lite.speed_up()
    exact_rows, coded = request.param
    monkeypatch.setattr(snapshots, "_CODED", coded)
    if coded < 1_000:
        monkeypatch.setattr(snapshots, "_PART", 8)
        monkeypatch.setattr(codes, "_LEAST", 4)
    opened = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=exact_rows)
    yield opened
    opened.close()


def write(store: MilvusStore, chance: np.random.Generator, documents: list[int]) -> None:
    """Twenty chunks of each document; one that is there already gets other vectors."""
    chunks = [
        chunk(f"{document} {i}", document=f"d{document}", position=i) for document in documents for i in range(20)
    ]
    store.upsert(chunks, unit(chance.standard_normal((len(chunks), DIMENSION))))


def change(store: MilvusStore, chance: np.random.Generator) -> Iterator[str]:
    """Many small segments, merged ones, rows that were replaced and rows that were deleted."""
    for start in range(0, 30, 3):
        write(store, chance, [start, start + 1, start + 2])
    yield "written"
    write(store, chance, [0, 7, 29])
    yield "replaced"
    store.delete_document("d8")
    store.delete([entry.id for entry in store.listing(["d3", "d9"])][::2])
    yield "deleted"
    write(store, chance, [8, 40])
    yield "written again"


def shown(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.chunk.id, round(hit.score, 4)) for hit in hits]


QUESTIONS: dict[str, Callable[[MilvusStore, np.ndarray], Any]] = {
    "search": lambda store, asked: shown(store.search(asked, k=10)),
    "all": lambda store, asked: sorted(shown(store.search(asked, k=1_000, hidden=["d1"]))),
    "hidden": lambda store, asked: shown(store.search(asked, k=10, hidden=["d1", "d2"])),
    "documents": lambda store, asked: shown(store.search(asked, k=30, documents=["d7", "d8", "d9"])),
    "many documents": lambda store, asked: shown(store.search(asked, k=30, documents=[f"d{i}" for i in range(20)])),
    "unknown document": lambda store, asked: shown(store.search(asked, k=5, documents=["none"])),
    "count": lambda store, asked: (store.count(), store.count(["d0", "d8"]), store.count(["none"])),
    "listing": lambda store, asked: sorted(store.listing(), key=str) + sorted(store.listing(["d9"]), key=str),
    "records": lambda store, asked: sorted((r.chunk.id, r.vector.tolist()) for r in store.records(["d7", "d9"])),
    "fetch": lambda store, asked: shown(store.fetch([entry.id for entry in store.listing(["d9"])], asked)),
}


@pytest.mark.slow
def test_it_answers_as_the_methods_it_replaces(store: MilvusStore, chance: np.random.Generator) -> None:
    for _ in change(store, chance):
        for asked in unit(chance.standard_normal((3, DIMENSION))):
            for name, ask in QUESTIONS.items():
                ours = ask(store, asked)
                with unpatched():
                    theirs = ask(store, asked)
                assert ours == theirs, name


@pytest.mark.slow
def test_every_chunk_finds_itself_and_all_that_exist_are_found(store: MilvusStore, chance: np.random.Generator) -> None:
    for _ in change(store, chance):
        records = list(store.records())
        assert len(records) == store.count() == len(store.search(records[0].vector, k=2_000))
        for record in records[::9]:
            assert store.search(record.vector, k=1)[0].chunk == record.chunk
            own = record.chunk.document_id
            assert len(store.search(record.vector, k=50, documents=[own])) == store.count([own])


def test_rows_that_are_not_flushed_yet_are_found(store: MilvusStore, chance: np.random.Generator) -> None:
    write(store, chance, [1])
    client, vector = store._client, unit(np.ones(DIMENSION))
    entry = next(iter(store._query(where_of(["d1"], []), ["*"])))
    client.upsert("library", [{**entry, "id": "unflushed", "embedding": vector}])
    client.delete("library", ids=[entry["id"]])
    assert store.count() == 20
    assert store.search(vector, k=1)[0].score == pytest.approx(1, abs=1e-5)
    assert entry["id"] not in {row.id for row in store.listing()}
    client.flush("library")
    assert store.count() == 20


def test_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [getattr(engine.Collection, name) for name in METHODS]
    monkeypatch.setattr(lite, "VERSION", "0.0.0")
    assert not lite.speed_up.__wrapped__()
    assert before == [getattr(engine.Collection, name) for name in METHODS]


def test_rows_are_found_while_milvus_is_asked_by_its_protocol(
    store: MilvusStore, chance: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, chance, [1, 2])
    vector = unit(np.ones(DIMENSION))
    ids = [entry.id for entry in store.listing(["d2"])]
    direct = shown(store.search(vector, k=7)), shown(store.fetch([*ids, "none"], vector))
    monkeypatch.setattr(lite, "_database", lambda uri: None)
    assert direct == (shown(store.search(vector, k=7)), shown(store.fetch([*ids, "none"], vector)))
    assert len(direct[1]) == len(ids)


def test_a_collection_that_is_not_loaded_is_reported_by_the_protocol(
    store: MilvusStore, chance: np.random.Generator
) -> None:
    write(store, chance, [1])
    store._client.release_collection("library")
    with pytest.raises(StoreError, match="The search failed"):
        store.search(unit(np.ones(DIMENSION)), k=3)
    with pytest.raises(StoreError, match="could not be read"):
        store.fetch(["some"], unit(np.ones(DIMENSION)))


def test_few_rows_are_ordered_without_ordering_all_and_what_two_segments_share_is_looked_up_once(
    store: MilvusStore, chance: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    older_rows = snapshots._older_rows

    def counting(one: Any, other: Any) -> tuple[list[int], list[int]]:
        compared.append((one.file_path, other.file_path))
        return older_rows(one, other)

    monkeypatch.setattr(snapshots, "_older_rows", counting)
    for start in range(0, 12, 3):
        write(store, chance, [start, start + 1, start + 2])
        listed = [entry.id for entry in store.listing([f"d{start}"])]
        assert (len(listed), listed) == (20, sorted(listed))
    assert len(compared) == len(set(compared))
    assert "order" not in lite._database(store._uri).get_collection("library")._last_snapshot.__dict__
    everything = [entry.id for entry in store.listing()]
    assert everything == sorted(everything)
    assert "order" in lite._database(store._uri).get_collection("library")._last_snapshot.__dict__


def test_where_memory_does_not_suffice_for_bytes_vectors_are_compared_as_they_are(
    store: MilvusStore, chance: np.random.Generator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(rows: np.ndarray) -> codes.Codes:
        raise MemoryError

    monkeypatch.setattr(snapshots, "Codes", full)
    assert snapshots._coded("segment", np.ones((3, DIMENSION), dtype=np.float32)) == []
    assert "no memory for bytes of 3 vectors" in caplog.text
    write(store, chance, [0, 1, 2, 3])
    asked = unit(chance.standard_normal(DIMENSION))
    first = shown(store.search(asked, k=5))
    snapshots.coder().submit(lambda: None).result(20)
    assert shown(store.search(asked, k=5)) == first


def test_vectors_are_read_by_id(store: MilvusStore, chance: np.random.Generator) -> None:
    write(store, chance, [0, 1])
    records = {record.chunk.id: record.vector for record in store.records(["d1"])}
    ids = list(records)[:3]
    found = store.vectors([*ids, "unknown"])
    assert sorted(found) == sorted(ids)
    for own, vector in found.items():
        np.testing.assert_array_equal(vector, records[own])
    assert store.vectors([]) == {}
