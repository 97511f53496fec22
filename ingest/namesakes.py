"""Files whose name another document has: an old and a new version, or two documents? A person decides."""

import shutil
import time
import uuid
from collections.abc import Callable
from enum import Enum
from itertools import count
from pathlib import Path, PurePosixPath

from ingest import archives
from ingest.fetching import is_address
from ingest.hashing import document_id
from rag.catalog import QueuedFile
from rag.errors import FootnoteError
from rag.library import Library

_NAMED = 5  # files of an archive that are told


class Namesakes(str, Enum):
    """What becomes of the files of an archive that are called like other documents."""

    AS_THEY_ARE = "as they are"
    REPLACE = "replace"
    NUMBER = "number"  # they get another name


def namesakes(library: Library, path: Path, name: str) -> list[str]:
    """Names in a file that other documents have: its own, or those of an archive's files.

    What is in the library already, byte for byte, is no namesake; what cannot be read is told when it is added.
    """
    if Path(name).suffix.lower() != archives.SUFFIX:
        return [name] if is_namesake(library, path, name) else []
    folder = library.folder / f"unpacked.{uuid.uuid4().hex}.part"
    try:
        folder.mkdir()
        with archives.opened(path, name, folder=folder / "archives") as contents:
            members = contents.members
            return [own for member in members if (own := _namesake(library, member, folder / "member"))]
    except FootnoteError:
        return []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def why_it_waits(library: Library, file: QueuedFile) -> str:
    """Why an upload has to wait for a word, "" where it need not: is it another document, or a new version of one?"""
    if not file.is_copy or not file.path.is_file():
        return ""
    found = namesakes(library, file.path, file.name)
    if not found:
        return ""
    if found != [file.name]:
        named = ", ".join(found[:_NAMED]) + (" and others" if len(found) > _NAMED else "")
        return f"{file.name}: the library has other documents called like files in it: {named}."
    other = library.catalog.document_named(library.collection, file.name)
    if other is not None and is_address(file.source) and file.source in other.sources:
        return ""
    added = time.strftime("%Y-%m-%d %H:%M", time.localtime(other.added_at)) if other is not None else "before"
    return f"{file.name}: the library has another document of this name, added {added}."


def is_namesake(library: Library, path: Path, name: str) -> bool:
    """Whether another document has this name, and none these bytes."""
    if library.catalog.document_named(library.collection, name) is None:
        return False
    return library.catalog.document(library.collection, document_id(path)) is None


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """The first name that nothing has: "report (2).pdf"."""
    stem, suffix = Path(name).stem, Path(name).suffix
    return next(free for number in count(2) if not is_taken(free := f"{stem} ({number}){suffix}"))


def _namesake(library: Library, member: archives.Member, path: Path) -> str:
    """The name of a member that has one, "" else; only those are unpacked of which the name is known."""
    name = PurePosixPath(member.name).name
    if library.catalog.document_named(library.collection, name) is None:
        return ""
    try:
        member.unpack(path)
    except FootnoteError:
        return ""
    return name if is_namesake(library, path, name) else ""
