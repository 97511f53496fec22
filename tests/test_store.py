"""The store on the real Milvus Lite, as exact search and as HNSW."""

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.errors import ModelMismatch, StoreError
from rag.rows import where_of
from rag.store import MilvusStore
from tests.fakes import chunk

DIMENSION = 32


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=[10_000, 1], ids=["exact", "HNSW"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MilvusStore]:
    opened = MilvusStore(str(tmp_path / "vectors.db"), "library", DIMENSION, exact_rows=request.param)
    yield opened
    opened.close()


def fill(store: MilvusStore, documents: int = 3, each: int = 4) -> tuple[list, np.ndarray]:
    chunks = [chunk(f"text {d} {i}", document=f"d{d}", position=i) for d in range(documents) for i in range(each)]
    vectors = unit(np.random.default_rng(0).standard_normal((len(chunks), DIMENSION)))
    store.upsert(chunks, vectors)
    return chunks, vectors


def test_a_chunk_comes_back_whole_with_its_cosine(store: MilvusStore) -> None:
    chunks, vectors = fill(store)
    best = store.search(vectors[5], k=3)[0]
    assert best.chunk == chunks[5]
    assert best.score == pytest.approx(1.0, abs=1e-5)


def test_a_chunk_comes_back_with_the_sections_joined_in_it(store: MilvusStore) -> None:
    joined = replace(chunk("One. Two."), sections=((0, 'A › "quoted"'), (5, "A › Größe 大")))
    store.upsert([joined], unit(np.eye(DIMENSION)[:1]))
    assert store.search(np.eye(DIMENSION, dtype=np.float32)[0], k=1)[0].chunk == joined


def test_the_chunks_right_before_others_are_those_of_their_documents(store: MilvusStore) -> None:
    chunks, _ = fill(store)
    found = store.before([chunks[2], chunks[7], chunks[8]], 2)
    assert {one.text for one in found} == {"text 0 0", "text 0 1", "text 1 1", "text 1 2"}
    assert store.before([chunks[0]], 2) == store.before([], 2) == []


def test_a_hit_tells_how_near_its_nearest_line_is(store: MilvusStore) -> None:
    chunks = [chunk("lines", document="d1"), chunk("no lines", document="d2")]
    vectors = unit(np.eye(DIMENSION)[:2])
    asked = unit(np.eye(DIMENSION)[0] + np.eye(DIMENSION)[5])
    rows = unit(np.stack([np.eye(DIMENSION)[7], np.eye(DIMENSION)[0] + np.eye(DIMENSION)[5] * 0.9]))
    store.upsert(chunks, vectors, [rows, np.empty((0, DIMENSION), dtype=np.float32)])
    for found in (store.search(asked, k=2), store.fetch([item.id for item in chunks], asked)):
        whole = {hit.chunk.document_id: hit for hit in found}
        assert whole["d1"].score == pytest.approx(0.7071, abs=1e-3)
        assert whole["d1"].line == pytest.approx(float(rows[1] @ asked), abs=2e-3)
        assert whole["d2"].line == whole["d2"].score == pytest.approx(0, abs=1e-3)
    with pytest.raises(ValueError, match="1 chunks for 2"):
        store.upsert(chunks, vectors, [rows])


def test_a_collection_of_an_earlier_version_is_compared_by_whole_passages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = MilvusStore._schema

    def without(self: MilvusStore) -> Any:
        made = schema(self)
        made._fields = [field for field in made.fields if field.name not in ("lines", "sections")]
        return made

    monkeypatch.setattr(MilvusStore, "_schema", without)
    MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5).close()
    monkeypatch.undo()
    store = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5)
    vectors = unit(np.eye(DIMENSION)[:1])
    store.upsert([chunk("text")], vectors, [vectors])
    (found,) = store.search(vectors[0], k=1)
    assert found.line == found.score == pytest.approx(1.0, abs=1e-5)
    store.close()


def test_a_page_that_a_format_does_not_have_stays_none(store: MilvusStore) -> None:
    item = chunk("no pages", page=None)
    store.upsert([item], unit(np.ones((1, DIMENSION))))
    assert store.search(unit(np.ones(DIMENSION)), k=1)[0].chunk.page is None


def test_writing_twice_is_writing_once(store: MilvusStore) -> None:
    fill(store)
    fill(store)
    assert store.count() == 12


def test_only_the_named_documents_are_searched_and_hidden_ones_never(store: MilvusStore) -> None:
    _, vectors = fill(store)
    assert {hit.chunk.document_id for hit in store.search(vectors[0], k=12, documents=["d1", "d2"])} == {"d1", "d2"}
    assert {hit.chunk.document_id for hit in store.search(vectors[0], k=12, hidden=["d0"])} == {"d1", "d2"}


def test_a_deleted_document_is_gone(store: MilvusStore) -> None:
    chunks, vectors = fill(store)
    store.delete_document("d1")
    assert store.count() == 8
    assert {entry.id for entry in store.listing()} == {c.id for c in chunks if c.document_id != "d1"}
    assert all(hit.chunk.document_id != "d1" for hit in store.search(vectors[4], k=12))


def test_it_opens_again_with_everything(tmp_path: Path) -> None:
    first = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5)
    _, vectors = fill(first)
    first.close()
    again = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5)
    assert (again.count(), again.search_kind(), len(again.search(vectors[0], k=5))) == (12, "HNSW", 5)
    again.close()


def test_an_index_that_became_too_much_gives_way_to_the_exact_search(tmp_path: Path) -> None:
    first = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5)
    chunks, vectors = fill(first)
    first.close()
    again = MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=12)
    assert (again.count(), again.search_kind()) == (12, "exact")
    assert again.search(vectors[3], k=1)[0].chunk == chunks[3]
    again.close()


def test_chunks_are_fetched_with_their_score_in_the_order_asked(store: MilvusStore) -> None:
    chunks, vectors = fill(store)
    asked = [chunks[7].id, "unknown", chunks[2].id]
    found = store.fetch(asked, vectors[2])
    assert [hit.chunk for hit in found] == [chunks[7], chunks[2]]
    assert [hit.score for hit in found] == pytest.approx([float(vectors[7] @ vectors[2]), 1.0], abs=1e-5)
    assert store.fetch([], vectors[2]) == []
    assert sorted(item.id for item in store.chunks()) == sorted(item.id for item in chunks)


def test_another_dimension_is_refused(tmp_path: Path) -> None:
    MilvusStore(str(tmp_path / "v.db"), "library", DIMENSION, exact_rows=5).close()
    with pytest.raises(ModelMismatch, match="32 dimensions"):
        MilvusStore(str(tmp_path / "v.db"), "library", 8, exact_rows=5)


@pytest.mark.parametrize("name", ['a"b', "back\\slash", "new\nline", '" or document_id != "', "emoji 😀", "%_"])
def test_hostile_ids_are_only_ids(store: MilvusStore, name: str) -> None:
    fill(store)
    store.upsert([chunk("hostile", document=name)], unit(np.ones((1, DIMENSION))))
    found = store.search(unit(np.ones(DIMENSION)), k=20, documents=[name])
    assert [hit.chunk.document_id for hit in found] == [name]
    store.delete_document(name)
    assert store.count() == 12


def test_a_full_disk_is_named_with_its_remedy(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fill(store)
    with monkeypatch.context() as patched, pytest.raises(StoreError, match="Make room on the disk"):
        patched.setattr("milvus_lite.engine.flush.write_data_file", full)
        fill(store, documents=4)
    assert "Traceback" not in capfd.readouterr().err
    fill(store, documents=5)
    assert store.count() == 20


def test_no_condition_is_no_filter() -> None:
    assert where_of([], []) == ""


@pytest.mark.slow
@pytest.mark.parametrize("exact_rows", [10_000, 1_000], ids=["exact", "HNSW"])
def test_five_thousand_chunks_find_themselves_among_a_thousand_copies(tmp_path: Path, exact_rows: int) -> None:
    random = np.random.default_rng(7)
    topics = random.standard_normal((400, 40))
    mix = random.standard_normal((40, 128))
    unique = unit((topics[random.integers(0, 400, 4_000)] + 0.5 * random.standard_normal((4_000, 40))) @ mix)
    rows = [(chunk(f"unique {i}", document=f"d{i // 50}", position=i), unique[i]) for i in range(4_000)]
    rows += [(chunk("boilerplate", document=f"b{i // 50}", position=i), unique[17]) for i in range(1_000)]
    random.shuffle(rows)
    store = MilvusStore(str(tmp_path / "v.db"), "library", 128, exact_rows=exact_rows)
    for start in range(0, 5_000, 500):
        batch = rows[start : start + 500]
        store.upsert([item for item, _ in batch], np.stack([vector for _, vector in batch]))
    assert store.search_kind() == ("exact" if exact_rows > 5_000 else "HNSW")
    own = [
        item.id in {hit.chunk.id for hit in store.search(vector, k=10)}
        for item, vector in rows[::17]
        if "un" in item.text
    ]
    assert all(own)
    copies = [(item, vector) for item, vector in rows if item.text == "boilerplate"][::10]
    for item, vector in copies:  # also where its document holds others enough
        same = [other.document_id for other, _ in rows if other.position == item.position][:5]
        found = store.search(vector, k=50, documents=[item.document_id, *same])
        assert item.id in {hit.chunk.id for hit in found}
    for document in range(0, 80, 4):
        assert len(store.search(unique[3], k=20, documents=[f"d{document}"])) == 20
    store.close()


@pytest.mark.parametrize("exact_rows", [10_000, 1], ids=["exact", "HNSW"])
@pytest.mark.parametrize("kept", [0, 50], ids=["empty", "cut"])
def test_half_an_index_that_a_kill_left_is_made_anew(tmp_path: Path, exact_rows: int, kept: int) -> None:
    uri = str(tmp_path / "vectors.db")
    opened = MilvusStore(uri, "library", DIMENSION, exact_rows=exact_rows)
    chunks, vectors = fill(opened)
    opened.close()
    if exact_rows == 1:
        (index,) = Path(uri).rglob("*.idx")
        whole = index.read_bytes()
    else:  # Milvus Lite writes one, where this program does not
        (rows,) = Path(uri).rglob("*.parquet")
        index = rows.parents[1] / "indexes" / f"{rows.stem}.embedding.flat.idx"
        index.parent.mkdir(exist_ok=True)
        whole = vectors.tobytes()
    index.write_bytes(whole[:kept])
    again = MilvusStore(uri, "library", DIMENSION, exact_rows=exact_rows)
    assert again.count() == len(chunks)
    assert again.search(vectors[5], k=1)[0].chunk == chunks[5]
    again.close()
