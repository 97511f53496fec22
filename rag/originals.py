"""Originals: a copy of every document in the library folder, named by its content."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rag.errors import FootnoteError

_BLOCK = 1_000_000  # bytes


class _Changed(Exception):
    """What is copied is not what it should be."""


def keep(library_folder: Path, document_id: str, source: Path) -> bool:
    """Copies a file to its place; a reader sees all of it or nothing. What is there already is left alone.

    Returns:
        whether it is there: what changed meanwhile has another id, and is not kept.
    """
    digest = hashlib.sha256()
    with (
        contextlib.suppress(_Changed),
        source.open("rb") as read,
        writing(library_folder, document_id, source.suffix.lower()) as (_, written),
    ):
        if written is None:
            return True
        while block := read.read(_BLOCK):
            digest.update(block)
            written.write(block)
        if digest.hexdigest() != document_id:
            raise _Changed
    return digest.hexdigest() == document_id


@contextlib.contextmanager
def writing(library_folder: Path, document_id: str, suffix: str) -> Iterator[tuple[Path, BinaryIO | None]]:
    """Where the kept file of a document belongs, and what to write it to; None where it is there already.

    Raises:
        FootnoteError: it cannot be written.
    """
    place = _folder(library_folder, document_id) / f"{document_id}{suffix}"
    if place.exists():
        yield place, None
        return
    temporary = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as written:
            yield place, written
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(place)
    except OSError as exc:
        raise FootnoteError(
            f"No copy could be kept in {place.parent}: {exc.strerror}. Make room and add it again."
        ) from exc
    finally:
        temporary.unlink(missing_ok=True)


def find(library_folder: Path, document_id: str) -> Path | None:
    """The kept file of a document."""
    return next(_folder(library_folder, document_id).glob(f"{document_id}.*"), None)


def remove(library_folder: Path, document_id: str) -> None:
    """Deletes the kept file of a document."""
    for place in _folder(library_folder, document_id).glob(f"{document_id}*"):
        place.unlink(missing_ok=True)


def every(library_folder: Path) -> list[Path]:
    """The kept files; the name of each without its ending is the id of its document."""
    return sorted(path for path in (library_folder / "originals").glob("??/*") if not path.name.startswith("."))


def unfinished(library_folder: Path) -> list[Path]:
    """Copies that a killed process left half written."""
    return sorted((library_folder / "originals").glob("??/.*.part"))


def _folder(library_folder: Path, document_id: str) -> Path:
    return library_folder / "originals" / document_id[:2]
