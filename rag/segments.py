"""The segments of Milvus Lite kept on the disk: mapped into memory instead of read, and merged a few rows at a time.

Milvus Lite 3.2.2 holds every row in memory, ten kilobytes each with its text and its lines, and takes five times the
rows that it merges. `keep_on_disk` puts other functions in the place of its own:

- A file of rows beyond a few megabytes is unpacked once, beside it, into what can be mapped: each column in one piece,
  as Arrow has it in memory. The system reads of it what is used, and lets go of it where memory is needed for something
  else. Without room for that the rows are read into memory as before.
- Merging looks at ids and numbers of rows only, and then copies what is left from file to file.
- An index that is only a copy of the vectors is not written.

Only `rag.lite`, which knows for which version they are made, calls it.
"""

import contextlib
import json
import logging
import mmap
import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_log = logging.getLogger(__name__)
_MAPPED = 4_000_000  # bytes of a file from which it is mapped; of smaller ones there are a few at a time
_ROWS = 512  # that are copied at once
_BUFFER = 1_000_000  # bytes of a column that are read at once
_WORD = 64  # bytes at whose multiples columns begin
_MOST = 2**31 - 1  # bytes of a column of texts
_FOLDER = "mapped"  # beside the folder of the files of rows
_COLUMNS, _PLACES, _PART = ".columns", ".places", ".part"

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_maps: "weakref.WeakValueDictionary[Path, mmap.mmap]" = weakref.WeakValueDictionary()


def keep_on_disk() -> None:
    """Replaces the functions of Milvus Lite."""
    from milvus_lite.engine import collection, compaction
    from milvus_lite.index.brute_force import BruteForceIndex
    from milvus_lite.storage import segment

    names: list[Any] = [collection.Collection, compaction.CompactionManager, BruteForceIndex]
    owner, merging, copy = names
    segment.read_data_file = read
    merging._compact_files = _compact_files
    owner._refresh_segment_cache = _refresh_segment_cache(owner._refresh_segment_cache)
    copy.save = _not_saved


def read(path: str) -> Any:
    """The rows of a file as an Arrow table."""
    import pyarrow.parquet

    file = Path(path)
    if os.name == "posix" and file.stat().st_size >= _MAPPED:  # elsewhere what is mapped cannot be deleted
        try:
            return _mapped(file)
        except (OSError, ValueError) as exc:  # also pyarrow.ArrowInvalid, of a damaged file
            _log.warning("%s is read into memory, since it could not be unpacked beside it: %s", file, exc)
            for ending in (_PLACES, _COLUMNS):
                _beside(file, ending).unlink(missing_ok=True)
    return pyarrow.parquet.read_table(path)


def _mapped(file: Path) -> Any:
    """The rows of a file, which lie on the disk until they are used; made where a run before has not."""
    import pyarrow

    columns, places = _beside(file, _COLUMNS), _beside(file, _PLACES)
    with pyarrow.parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as packed:
        schema, rows = packed.schema_arrow, packed.metadata.num_rows
        if not places.exists():  # it is the last that is written
            _unpack(packed, columns, places)
    sizes: list[list[int]] = json.loads(places.read_text())
    if columns.stat().st_size != sum(map(sum, sizes)) or len(sizes) != len(schema):
        raise ValueError(f"{columns} has another size than its rows need")
    whole, start, arrays = pyarrow.py_buffer(_map(columns)), 0, []
    for field, own in zip(schema, sizes, strict=True):
        parts = [whole.slice(start + sum(own[:place]), size) for place, size in enumerate(own)]
        arrays.append(_array(field.type, rows, parts))
        start += sum(own)
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def _array(kind: Any, rows: int, parts: Sequence[Any]) -> Any:
    """A column in one piece: what is taken from one of several pieces would be a copy of all of it."""
    import pyarrow

    if pyarrow.types.is_fixed_size_list(kind):
        flat = pyarrow.Array.from_buffers(kind.value_type, rows * kind.list_size, [None, parts[0]])
        return pyarrow.FixedSizeListArray.from_arrays(flat, type=kind)
    return pyarrow.Array.from_buffers(kind, rows, [None, *reversed(parts)])


def _beside(file: Path, ending: str) -> Path:
    return file.parents[1] / _FOLDER / f"{file.stem}{ending}"


def _map(file: Path) -> mmap.mmap:
    with file.open("rb") as opened:
        made = _maps[file] = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    return made


def let_go(path: str) -> None:
    """Takes what was read of a mapped file out of the memory of the process; it is read again where it is needed."""
    mapped = _maps.get(_beside(Path(path), _COLUMNS))
    if mapped is not None:
        mapped.madvise(mmap.MADV_DONTNEED)


def _unpack(packed: Any, columns: Path, places: Path) -> None:
    """Writes one column after the other as it lies in memory, of texts also where each ends; then how long they are."""
    columns.parent.mkdir(exist_ok=True)
    half = columns.with_name(f"{columns.name}{_PART}")
    with half.open("wb") as written:
        sizes = [_write_column(packed, field, written) for field in packed.schema_arrow]
        written.flush()
        os.fsync(written.fileno())
    half.replace(columns)
    half = places.with_name(f"{places.name}{_PART}")
    half.write_text(json.dumps(sizes))
    half.replace(places)


def _write_column(packed: Any, field: Any, written: BinaryIO) -> list[int]:
    """Returns how many bytes were written: of the values, and of the places of texts; each whole words."""
    import pyarrow

    pieces = (batch.column(0) for batch in packed.iter_batches(batch_size=_ROWS, columns=[field.name]))
    size, lengths = 0, [np.zeros(1, dtype=np.int32)]
    for piece in pieces:
        if piece.null_count:
            raise ValueError(f"{field.name} has rows without a value")
        if pyarrow.types.is_string(field.type):
            ends = np.frombuffer(piece.buffers()[1], dtype=np.int32)[piece.offset : piece.offset + len(piece) + 1]
            lengths.append(np.diff(ends))
            size += written.write(memoryview(piece.buffers()[2] or b"")[ends[0] : ends[-1]])
        elif pyarrow.types.is_fixed_size_list(field.type):
            size += written.write(np.ascontiguousarray(piece.flatten().to_numpy()).data.cast("B"))
        else:
            size += written.write(np.ascontiguousarray(piece.to_numpy()).data.cast("B"))
    if pyarrow.types.is_string(field.type) and size > _MOST:
        raise ValueError(f"{field.name} has more text than can be mapped")
    size += written.write(bytes(-size % _WORD))
    if not pyarrow.types.is_string(field.type):
        return [size]
    ends = np.cumsum(np.concatenate(lengths), dtype=np.int32)
    own = written.write(ends.data.cast("B"))
    return [size, own + written.write(bytes(-own % _WORD))]


def _compact_files(
    self: Any, partition: str, partition_dir: str, files_to_compact: list[str], manifest: Any, delta_index: Any
) -> None:
    """Merges files into new ones, without the rows that were replaced or deleted; those are named by the manifest."""
    import pyarrow
    from milvus_lite.storage.snapshots import snapshot_references

    files = [Path(partition_dir, name) for name in files_to_compact]
    masks = _left(self, files, delta_index)
    new = _write(files, masks, partial(self._pick_unique_seq_range, partition_dir))
    manifest.remove_data_files(partition, files_to_compact)
    for name in new:
        manifest.add_data_file(partition, name)
    manifest.save()
    pinned = snapshot_references(self._data_dir)[0].get(partition, set())
    for name, file in zip(files_to_compact, files, strict=True):
        if name not in pinned:
            _remove(file)
    pyarrow.default_memory_pool().release_unused()  # what merging took is not taken again soon


def _left(self: Any, files: Sequence[Path], delta_index: Any) -> list[Mask]:
    """Of each file, which rows are the newest of their id and not deleted."""
    import pyarrow.parquet

    keys = [pyarrow.parquet.read_table(file, columns=[self._pk_name, "_seq"]) for file in files]
    table = pyarrow.concat_tables(keys)
    table = table.append_column("place", pyarrow.array(np.arange(table.num_rows)))
    left = self._filter_deleted(self._dedup_max_seq(table), delta_index)
    mask = np.zeros(table.num_rows, dtype=bool)
    mask[left.column("place").to_numpy()] = True
    return np.split(mask, np.cumsum([one.num_rows for one in keys])[:-1])


def _write(files: Sequence[Path], masks: Sequence[Mask], free: Callable[[int, int], tuple[int, int]]) -> list[str]:
    """Writes the rows that are left, each file with as many as Milvus Lite allows; returns how they are called."""
    import pyarrow.parquet
    from milvus_lite.constants import DATA_FILE_TEMPLATE, MAX_SEGMENT_ROWS, SEQ_FORMAT_WIDTH

    seqs = [pyarrow.parquet.read_table(file, columns=["_seq"]).column(0).to_numpy() for file in files]
    order = sorted(range(len(files)), key=lambda place: int(seqs[place].min()))
    kept = np.concatenate([seqs[place][masks[place]] for place in order])
    batches = _batches([files[place] for place in order], [masks[place] for place in order])
    names = []
    ends = [*range(0, len(kept), MAX_SEGMENT_ROWS), len(kept)]
    rest: list[Any] = []
    for start, end in pairwise(ends):
        first, last = free(int(kept[start:end].min()), int(kept[start:end].max()))
        file = files[0].with_name(DATA_FILE_TEMPLATE.format(min=first, max=last, w=SEQ_FORMAT_WIDTH))
        rest = _fill(file, [*rest], batches, end - start)
        names.append(f"data/{file.name}")
    return names


def _fill(file: Path, begun: list[Any], batches: Iterator[Any], rows: int) -> list[Any]:
    """Writes a number of rows; returns what was read beyond them."""
    import pyarrow.parquet

    with contextlib.ExitStack() as stack:
        writer: Any = None
        while rows:
            batch = begun.pop() if begun else next(batches)
            if writer is None:
                writer = stack.enter_context(pyarrow.parquet.ParquetWriter(file, batch.schema))
            writer.write_batch(batch.slice(0, rows))
            if batch.num_rows > rows:
                return [batch.slice(rows)]
            rows -= batch.num_rows
    return []


def _batches(files: Sequence[Path], masks: Sequence[Mask]) -> Iterator[Any]:
    import pyarrow.parquet

    for file, mask in zip(files, masks, strict=True):
        start = 0
        with pyarrow.parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as opened:
            for batch in opened.iter_batches(batch_size=_ROWS):
                chosen = mask[start : start + batch.num_rows]
                start += batch.num_rows
                if chosen.any():
                    yield batch.filter(pyarrow.array(chosen))


def _refresh_segment_cache(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(original)
    def refresh_segment_cache(self: Any) -> None:
        original(self)
        for partition, names in self._manifest.get_all_data_files().items():
            stems = {Path(name).stem for name in names}
            for file in Path(self._data_dir, "partitions", partition, _FOLDER).glob("*"):
                if file.stem not in stems:  # merged with others, or half written by a process that was killed
                    _remove(file)

    return refresh_segment_cache


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as exc:
        _log.warning("%s is not needed any more and could not be deleted: %s", file, exc)


def _not_saved(self: Any, path: str) -> None:
    """The vectors lie in the segment already, and such an index is made of them in no time."""
