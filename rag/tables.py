"""The tables of documents in the library folder: one file per document, named as the document is.

They are data, compressed JSON, and not a file of DuckDB, so that another version of it can take them and nothing in a
file that somebody sent is more than text. They are made of the original and can be made again.
"""

import gzip
import io
import json
import os
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rag.cells import DataTable, table_from_json
from rag.errors import FootnoteError

PATTERN = r"[0-9a-f]{64}\.v\d{1,3}\.json\.gz"  # of the names of their files
_VERSION = 1  # of how tables are found: others are made again
_BYTES = 400_000_000  # of a file when it is unpacked; a table of two million cells has some ten


class DamagedTables(FootnoteError):
    """The tables of a document cannot be read."""


def keep(library_folder: Path, document_id: str, tables: Sequence[DataTable]) -> None:
    """Writes the tables of a document in the place of those before; a reader sees all of them or those before.

    Raises:
        FootnoteError: they cannot be written.
    """
    _write(library_folder, document_id, _packed(tables))


def _packed(tables: Sequence[DataTable]) -> bytes:
    return gzip.compress(json.dumps([asdict(table) for table in tables]).encode(), compresslevel=6, mtime=0)


def take(library_folder: Path, document_id: str, name: str, data: bytes) -> None:
    """Keeps a file of another library as it is; one that another version made is left out.

    Raises:
        DamagedTables: it holds something else.
        FootnoteError: it cannot be written.
    """
    if name == _place(library_folder, document_id).name:
        _read(data, name)
        _write(library_folder, document_id, data)


def _write(library_folder: Path, document_id: str, data: bytes) -> None:
    place = _place(library_folder, document_id)
    temporary = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(place)
    except OSError as exc:
        raise FootnoteError(
            f"No tables could be kept in {place.parent}: {exc.strerror}. Make room and add it again."
        ) from exc
    finally:
        temporary.unlink(missing_ok=True)
    for older in _files(library_folder, document_id):
        if older != place:
            older.unlink(missing_ok=True)


def are_kept(library_folder: Path, document_id: str) -> bool:
    """Whether the tables of a document were looked for and kept, as this version finds them."""
    return _place(library_folder, document_id).exists()


def are_sound(library_folder: Path, document_id: str) -> bool:
    """Whether they are kept and can be read."""
    try:
        find(library_folder, document_id)
    except DamagedTables:
        return False
    return are_kept(library_folder, document_id)


def size(library_folder: Path, document_id: str) -> int:
    """Bytes of what is kept for a document; the note that it has no tables counts as nothing."""
    sizes = [path.stat().st_size for path in _files(library_folder, document_id)]
    return sum(size for size in sizes if size > len(_packed(())))


def find(library_folder: Path, document_id: str) -> tuple[DataTable, ...]:
    """The tables of a document, none where it has none or they were never kept.

    Raises:
        DamagedTables: the file holds something else.
    """
    place = _place(library_folder, document_id)
    try:
        return _read(place.read_bytes(), place.name) if place.exists() else ()
    except OSError as exc:
        raise DamagedTables(f"The tables kept in {place} cannot be read: {exc.strerror}.") from exc


def _read(data: bytes, name: str) -> tuple[DataTable, ...]:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            unpacked = packed.read(_BYTES + 1)
        if len(unpacked) > _BYTES:
            raise ValueError("they unpack to more than any table has")
        return tuple(map(table_from_json, json.loads(unpacked)))
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise DamagedTables(
            f"The tables in {name} are damaged ({exc}). `python -m ingest.doctor --repair` makes them again."
        ) from exc


def remove(library_folder: Path, document_id: str) -> None:
    """Deletes the tables of a document."""
    for place in _files(library_folder, document_id):
        place.unlink(missing_ok=True)


def every(library_folder: Path) -> list[Path]:
    """The kept files; the name of each up to its first point is the id of its document."""
    return sorted(path for path in (library_folder / "tables").glob("??/*") if not path.name.startswith("."))


def file_of(library_folder: Path, document_id: str) -> Path | None:
    """The file that keeps the tables of a document."""
    place = _place(library_folder, document_id)
    return place if place.exists() else None


def unfinished(library_folder: Path) -> list[Path]:
    """Files that a killed process left half written."""
    return sorted((library_folder / "tables").glob("??/.*.part"))


def _files(library_folder: Path, document_id: str) -> list[Path]:
    return sorted(_folder(library_folder, document_id).glob(f"{document_id}.*"))


def _place(library_folder: Path, document_id: str) -> Path:
    return _folder(library_folder, document_id) / f"{document_id}.v{_VERSION}.json.gz"


def _folder(library_folder: Path, document_id: str) -> Path:
    return library_folder / "tables" / document_id[:2]
