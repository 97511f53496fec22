"""Segments of Milvus Lite on the disk: mapped instead of read, merged piece by piece."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from rag import codes, segments, snapshots
from rag.store import MilvusStore
from tests.fakes import chunk

ROOT = Path(__file__).parents[1]
DIMENSION = 64
_POOLS: list[pyarrow.MemoryPool] = []  # each has to outlive what was taken from it
LINE = np.eye(1, DIMENSION, dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of any size are mapped, and merged a few rows at a time."""
    monkeypatch.setattr(segments, "_MAPPED", 0)
    monkeypatch.setattr(segments, "_ROWS", 50)
    return tmp_path / "v.db"


@contextlib.contextmanager
def counted() -> Iterator[pyarrow.MemoryPool]:
    """Counts what Arrow takes meanwhile."""
    before = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(before)
    _POOLS.append(pool)
    pyarrow.set_memory_pool(pool)
    try:
        yield pool
    finally:
        pyarrow.set_memory_pool(before)


def opened(folder: Path) -> MilvusStore:
    return MilvusStore(str(folder), "library", DIMENSION, exact_rows=10_000)


def vectors(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(store: MilvusStore, document: int, count: int) -> np.ndarray:
    chunks = [chunk(f"{document} {i}", document=f"d{document}", position=i) for i in range(count)]
    made = vectors(count, document)
    store.upsert(chunks, made, [np.repeat(LINE, 20, axis=0)] * count)
    return made


def mapped(folder: Path) -> list[Path]:
    return sorted(folder.rglob("mapped/*"))


def test_rows_are_found_as_they_were_written_also_after_opening_anew(folder: Path) -> None:
    store = opened(folder)
    made = {document: write(store, document, 30) for document in range(9)}
    write(store, 3, 30)
    store.delete_document("d4")
    store.close()
    for _ in range(2):
        store = opened(folder)
        assert store.count() == 240
        assert store.search(made[7][5], k=1)[0].chunk.text == "7 5"
        assert {record.chunk.document_id for record in store.records()} == {f"d{n}" for n in range(9) if n != 4}
        store.close()


def test_opening_and_searching_take_no_memory_for_all_rows(folder: Path) -> None:
    store = opened(folder)
    made = write(store, 1, 1_000)
    store.close()
    size = sum(path.stat().st_size for path in mapped(folder))
    with counted() as pool:
        again = opened(folder)
        assert len(again.search(made[5], k=50)) == 50
        held = pool.max_memory()
        again.close()
    assert held * 5 < size > 1_000_000


def in_memory(folder: Path) -> int:
    """Bytes of the columns of the folder's segments that the process holds."""
    found, counts = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            counts = str(folder) in line and line.endswith(segments._COLUMNS)
        elif counts and line.startswith("Rss:"):
            found += 1_024 * int(line.split()[1])
    return found


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what of a file is in memory")
def test_vectors_that_are_compared_as_bytes_do_not_stay_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "_LEAST", 4)  # the system brings 64 KB with each row that is read
    monkeypatch.setattr(snapshots, "_CODED", 8_000)
    monkeypatch.setattr(snapshots, "_PART", 500)
    store = opened(folder)
    made = write(store, 1, 8_000)
    held = []
    is_compared = threading.Event()  # else rows may be read as they are after their bytes were made
    snapshots.coder().submit(is_compared.wait, 60)
    for _ in range(2):  # as they are, while their bytes are made; by their bytes
        assert store.search(made[5], k=1)[0].chunk.text == "1 5"
        is_compared.set()
        snapshots.coder().submit(int).result()
        held.append(in_memory(folder))
    store.close()
    assert 0 < held[1] < made.nbytes  # the same rows as texts among it


def parquet(folder: Path, name: str, rows: int, *, first: int) -> Path:
    """A file of rows as Milvus Lite writes it."""
    flat = pyarrow.array(np.ones(rows * DIMENSION, dtype=np.float32))
    table = pyarrow.table(
        {
            "_seq": pyarrow.array(range(first, first + rows), type=pyarrow.uint64()),
            "id": [f"id {first + number}" for number in range(rows)],
            "lines": [str(number) * 600 for number in range(first, first + rows)],
            "embedding": pyarrow.FixedSizeListArray.from_arrays(flat, DIMENSION),
        }
    )
    file = folder / "data" / name
    file.parent.mkdir(exist_ok=True)
    pyarrow.parquet.write_table(table, file, row_group_size=100)
    return file


MERGE = """
import sys
from pathlib import Path
import numpy as np
import pyarrow
from rag import segments
segments._ROWS = 50
files = [Path(name) for name in sys.argv[1:]]
masks = [np.ones(1_000, dtype=bool) for _ in files]
masks[1][::2] = False
(name,) = segments._write(files, masks, lambda first, last: (first, last))
segments._mapped(files[0].parents[1] / name)
print(name, pyarrow.default_memory_pool().max_memory())
"""


def test_merging_and_unpacking_hold_a_few_rows_at_a_time(tmp_path: Path) -> None:
    """In a process of its own: what Arrow takes beside its Python objects is only told for all of a process."""
    files = [parquet(tmp_path, f"data_{n}.parquet", 1_000, first=1_000 * n) for n in range(4)]
    child = subprocess.run([sys.executable, "-c", MERGE, *files], capture_output=True, text=True, cwd=ROOT, check=True)
    name, held = child.stdout.split()
    table = pyarrow.parquet.read_table(tmp_path / name)
    assert (name, table.num_rows) == ("data/data_000000_003999.parquet", 3_500)
    assert table.column("id").to_pylist()[999:1_002] == ["id 999", "id 1001", "id 1003"]
    assert int(held) * 4 < table.nbytes


def test_what_is_merged_leaves_nothing_beside(folder: Path) -> None:
    store = opened(folder)
    for document in range(12):
        write(store, document, 10)
    store.close()
    opened(folder).close()
    stems = {path.stem for path in folder.rglob("data/*.parquet")}
    assert {path.stem for path in mapped(folder)} == stems


@pytest.mark.parametrize("ending", [".columns", ".places"])
def test_a_damaged_file_beside_the_rows_is_made_anew(folder: Path, ending: str) -> None:
    store = opened(folder)
    made = write(store, 1, 30)
    store.close()
    (file,) = [path for path in mapped(folder) if path.suffix == ending]
    file.write_bytes(file.read_bytes()[:50])
    for _ in range(2):
        store = opened(folder)
        assert store.search(made[5], k=1)[0].chunk.text == "1 5"
        store.close()
    assert file.stat().st_size > 50


def test_a_full_disk_keeps_the_rows_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "_unpack", full)
    store = opened(folder)
    made = write(store, 1, 30)
    assert store.search(made[5], k=1)[0].chunk.text == "1 5"
    assert mapped(folder) == []
    store.close()
