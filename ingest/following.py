"""Brings a collection to what a folder holds: new and changed files are added, those that are gone leave.

Files are added before others leave, so that a file that was moved or renamed is known by its bytes and embedded no
second time. What was looked at is kept by size and time of change: a restart reads only what has changed meanwhile.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.discovery import find_files
from ingest.readers.cleaning import clean_name
from ingest.renaming import rename_by_sources
from ingest.report import IncomingFile
from rag.catalog import Catalog, DocumentRecord, DocumentState
from rag.catalog.sources import MEMBER, source_name
from rag.deletion import finish_deletions
from rag.errors import FootnoteError
from rag.library import Library

Add = Callable[[Sequence[IncomingFile]], bool]  # False where it was stopped before the last file
_ALL = 3  # files of which none stays, and none has moved, before they may be another folder's
_AT_ONCE = 50  # files added before they are noted as seen
_UNREAD = ""  # state of a file that changed or went away while it was added, so that it is looked at again


@dataclass(frozen=True)
class Followed:
    """What following a folder did.

    Attributes:
        removed: files that are no longer in the folder.
        left: names of the documents that left with them, and `left_at` when.
        problem: why nothing was removed, "" where all is well.
    """

    files: int
    added: int = 0
    removed: int = 0
    renamed: int = 0
    problem: str = ""
    stopped: bool = False
    left: tuple[str, ...] = field(default=(), compare=False)
    left_at: float = field(default=0.0, compare=False)

    def after(self, before: "Followed | None") -> "Followed":
        """With what left last, where nothing left this time."""
        return self if self.left or before is None else replace(self, left=before.left, left_at=before.left_at)


def check_folder(library: Library, folder: Path) -> Path:
    """A folder as it is kept.

    Raises:
        FootnoteError: it is no folder, or holds the library itself.
    """
    path = folder.expanduser().resolve()
    if not path.is_dir():
        raise FootnoteError(f"{folder} is no folder on this machine. Check its path.")
    if path == library.folder or path in library.folder.parents or library.folder in path.parents:
        raise FootnoteError(f"{folder} holds the library itself. Name a folder with documents only.")
    if not str(path).isprintable():
        raise FootnoteError(f"{clean_name(str(path))} has signs in its name that no one can see. Rename the folder.")
    return path


def glance(catalog: Catalog, collection: str, folder: Path) -> Followed | None:
    """What following a folder of any collection would come to, where there is nothing to do; else None."""
    if not folder.is_dir():
        return _away(folder)
    states = (DocumentState.WRITING, DocumentState.EMBEDDING, DocumentState.LEAVING)
    if any(catalog.document_ids(collection, state) for state in states):
        return None
    there = _there(folder)
    is_same = catalog.seen(collection, str(folder)) == {source: state for source, (_, state) in there.items()}
    return Followed(len(there)) if is_same else None


def has_changed_outside(catalog: Catalog, collection: str, folder: Path) -> bool:
    """Whether a file has changed that only a link in the folder leads to: whoever watches the folder is not told."""
    inside = clean_name(f"{folder}{os.sep}")
    seen = catalog.seen(collection, str(folder)).items()
    outside = [(Path(source), state) for source, state in seen if not source.startswith(inside)]
    return any(state == _UNREAD or _state(path) != state for path, state in outside)


def follow(library: Library, folder: Path, *, add: Add) -> Followed:
    """Brings the open collection to what a watched folder holds; does nothing where nothing has changed.

    A folder that is not there, or has lost all its files at once, may be a drive that is not connected: its documents
    stay.

    Args:
        add: adds files and returns when they are in the library or have failed.
    """
    unreadable: list[str] = []
    if not folder.is_dir():
        return _away(folder)
    for _ in os.walk(folder, onerror=lambda error: unreadable.append(clean_name(str(error.filename)))):
        pass
    catalog, collection, kept = library.catalog, library.collection, str(folder)
    prefix = clean_name(f"{kept}{os.sep}")  # of its files as sources
    there = _there(folder)
    seen = catalog.seen(collection, kept)
    changed = [entry for source, entry in there.items() if seen.get(source) != entry[1]]
    for start in range(0, len(changed), _AT_ONCE):
        some = changed[start : start + _AT_ONCE]
        if not add([file for file, _ in some]):
            return Followed(len(there), stopped=True)
        states = {file.source: state if _state(file.path) == state else _UNREAD for file, state in some}
        catalog.see(collection, kept, states)
    if not changed and catalog.document_ids(collection, DocumentState.EMBEDDING) and not add(()):
        return Followed(len(there), stopped=True)  # an earlier run was killed before all vectors were there
    held = catalog.sources(collection, prefix)
    files = {source: _file(source, there) for source in held} | {source: source for source in seen}
    kept_back = [*unreadable, *_away_inside(library, folder)]
    gone = [source for source, file in files.items() if file not in there and not _is_under(file, kept_back)]
    if gone and not there:
        return Followed(0, problem=f"{folder} is empty all at once; its documents stay. Delete them if they are to go.")
    if gone and not any(file.path.exists() for file, _ in there.values()):
        return _away(folder)  # it went away while it was looked through
    lost = {files[source]: held[source] for source in gone if source in held}
    staying = (
        source
        for source, document in held.items()
        if files[source] in there and (files[source] in seen or document in lost.values())
    )
    if len(lost) >= _ALL and next(staying, None) is None:
        return Followed(
            len(there),
            len(changed),
            problem=f"None of the files that were in {folder} is there any longer; their documents stay. "
            "Delete them if they are to go.",
        )
    behind_links = [catalog.sources(collection, source) for source in gone if source not in held]
    documents = {source: document for sources in (held, *behind_links) for source, document in sources.items()}
    catalog.leave_begun(collection, prefix)
    catalog.drop_sources(collection, gone, folder=kept)
    leaving = set(catalog.document_ids(collection, DocumentState.LEAVING)) if gone else set()
    left = tuple(source_name(source) for source in gone if documents.get(source) in leaving)
    finish_deletions(library)
    renamed = sum(rename_by_sources(library, record) for record in _of(library, prefix))
    removed = len({files[source] for source in gone})
    problem = f"{unreadable[0]} may not be read; what came from it stays." if unreadable else ""
    return Followed(len(there), len(changed), removed, renamed, problem, left=left, left_at=time.time())


def _away(folder: Path) -> Followed:
    return Followed(0, problem=f"{folder} is not there at the moment; its documents stay.")


def _away_inside(library: Library, folder: Path) -> list[str]:
    """Watched folders inside another that are not there, or are empty; each says so itself."""
    watched = library.catalog.watched(library.collection)
    return [inner for inner in watched if folder in Path(inner).parents and not _there(Path(inner))]


def _there(folder: Path) -> dict[str, tuple[IncomingFile, str]]:
    """The files of a folder by their source, with what tells whether they have changed."""
    return {file.source: (file, state) for file in find_files([folder]) if (state := _state(file.path))}


def _of(library: Library, prefix: str) -> list[DocumentRecord]:
    """Documents with a source that begins with a prefix."""
    documents = library.catalog.documents(library.collection)
    return [record for record in documents if any(source.startswith(prefix) for source in record.sources)]


def _state(path: Path) -> str:
    """What tells whether a file has changed; "" for one that went away meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _file(source: str, there: dict[str, tuple[IncomingFile, str]]) -> str:
    """The file of a source: itself, or the archive it is a member of."""
    match = None if source in there else MEMBER.match(source)
    return match.group(1) if match else source


def _is_under(path: str, folders: Sequence[str]) -> bool:
    return any(path.startswith(f"{folder}{os.sep}") for folder in folders)
