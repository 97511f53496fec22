"""The history of documents: the text of old versions, what changed between two, and what goes of them.

An old version keeps its file and its text, packed in the catalog. Nothing of it is searched.
"""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rag import originals
from rag.catalog import ANSWERING, DocumentRecord, Version
from rag.diff import Change, changes
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings
from rag.sheets import texts
from rag.types import Chunk

ANOTHER_NOW = "The version cited is no longer kept; the library has another document of this name."
_MOST = 500_000_000  # bytes of a text when it is unpacked
_OF_ALL = ("document_id", "document_name", "title")  # what the passages of a version have in common


@dataclass(frozen=True)
class Comparison:
    """Two versions of a document, and what changed from one to the other; None stands for the current version."""

    before: Version
    after: Version | None
    changes: tuple[Change, ...]


def pack_passages(passages: Sequence[Chunk]) -> bytes:
    """The passages of a version, as the catalog keeps them."""
    ordered = sorted(passages, key=lambda passage: passage.position)
    shared = {name: getattr(ordered[0], name) for name in _OF_ALL} if ordered else {}
    rows = [{name: value for name, value in asdict(each).items() if name not in _OF_ALL} for each in ordered]
    return zlib.compress(json.dumps([shared, rows], ensure_ascii=False).encode())


def unpack_passages(packed: bytes) -> list[Chunk]:
    """What `pack_passages` was given.

    Raises:
        FootnoteError: it is damaged.
    """
    try:
        unpacker = zlib.decompressobj()
        shared, rows = json.loads(unpacker.decompress(packed, _MOST))
        return [_passage({**shared, **row}) for row in rows]
    except (zlib.error, ValueError, TypeError, KeyError) as exc:
        raise FootnoteError(f"The text of an old version is damaged ({exc}).") from exc


def passages_of(library: Library, version: Version) -> list[Chunk]:
    """The passages of an old version, none where they are not kept."""
    packed = library.catalog.version_passages(version.id)
    return [] if packed is None else unpack_passages(packed)


def compare(library: Library, record: DocumentRecord, before: Version, after: Version | None = None) -> Comparison:
    """What changed from an old version to a later one, or to the current one. The library's store must be open.

    Raises:
        FootnoteError: one of them is not kept any more.
    """
    for version in (before, after):
        if version is not None and not version.is_kept:
            raise FootnoteError(f"{version.name}: the text of this old version is no longer kept.")
    there = library.passages(record.id) if after is None else passages_of(library, after)
    return Comparison(before, after, tuple(changes(texts(passages_of(library, before)), texts(there))))


def compare_documents(library: Library, before: DocumentRecord, after: DocumentRecord) -> tuple[Change, ...]:
    """What one document has otherwise than another. The library's store must be open."""
    one, two = (texts(library.passages(record.id)) for record in (before, after))
    return tuple(changes(one, two))


def original_of(library: Library, version: Version) -> Path:
    """The file of an old version.

    Raises:
        FootnoteError: it is not kept any more, or missing.
    """
    file = originals.find(library.folder, version.document_id) if version.is_kept else None
    if file is None:
        raise FootnoteError(f"{version.name}: the file of this old version is no longer kept.")
    return file


def standing(library: Library, cited: Chunk) -> str:
    """What has become of a document since it was cited, for the user; "" where it is what it was."""
    record = library.catalog.document(library.collection, cited.document_id)
    if record is not None and record.state in ANSWERING:
        return ""
    version = library.catalog.version_of(library.collection, cited.document_id)
    if version is not None:
        changed = time.strftime("%Y-%m-%d", time.localtime(version.left_at))
        return f"Its document has changed since, on {changed}."
    if any(holder != library.collection for holder in library.catalog.holders(cited.document_id)):
        return "Its document is in another collection."
    return ANOTHER_NOW if has_another(library, cited) else "Its document is no longer in the library."


def has_another(library: Library, cited: Chunk) -> bool:
    """Whether another document with the name of the one that was cited answers, as after a purge of its history."""
    named = library.catalog.document_named(library.collection, cited.document_name)
    return named is not None and named.state in ANSWERING and named.id != cited.document_id


def numbered(history: Sequence[Version], number: int, name: str) -> Version:
    """The version of a number, as `python -m rag versions` counts them: from 1, the oldest.

    Raises:
        FootnoteError: there is none.
    """
    if not history:
        raise FootnoteError(f"{name} has no old versions.")
    if not 1 <= number <= len(history):
        raise FootnoteError(f"{name} has no old version {number}. There are 1 to {len(history)}.")
    return history[number - 1]


def thin(library: Library, settings: Settings) -> None:
    """Lets go of old versions that are more, or older, than the settings keep; their facts stay in the history."""
    library.catalog.thin_versions(library.collection, keep=settings.kept_versions, days=settings.version_days)
    finish_versions(library, library.collection)


def forget_history(library: Library, collection: str, current: str | None = None) -> int:
    """Deletes the old versions of a document, or of all of a collection; returns how many those were."""
    count = library.catalog.leave_versions(collection, current)
    finish_versions(library, collection)
    return count


def finish_versions(library: Library, collection: str) -> None:
    """Carries out what old versions are about to lose, also what a killed process left."""
    for version in library.catalog.versions_to_go(collection):
        if not library.catalog.is_used(version.document_id):
            originals.remove(library.folder, version.document_id)
        library.catalog.finish_version(version)


def _passage(values: dict[str, Any]) -> Chunk:
    sections = tuple((int(start), str(heading)) for start, heading in values.pop("sections", ()))
    chunk = Chunk(**values, sections=sections)
    for entry in fields(chunk):
        kinds = {"page": (int, type(None)), "sections": (tuple,)}.get(entry.name, (entry.type,))
        if type(getattr(chunk, entry.name)) not in kinds:
            raise ValueError(f"{entry.name} is of another kind")
    return chunk
