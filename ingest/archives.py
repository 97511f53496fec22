"""ZIP archives: every readable file in one is a document of its own.

Files are unpacked one after the other, so that an archive takes the room of its largest file. Names inside it are only
shown, never used as paths.
"""

import contextlib
import functools
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ingest.readers import SUFFIXES
from ingest.readers.archive import DAMAGE
from rag.errors import FootnoteError, UnreadableDocument

SUFFIX = ".zip"
FILES = 10_000  # in one archive
UNCOMPRESSED_BYTES = 2_000_000_000
RATIO = 200  # of unpacked to packed size; text comes to 20, a bomb to 1,000
_SMALL = 50_000_000  # bytes up to which the ratio does not matter: empty pictures and logs may be packed so tightly
_DOCUMENTS = {"[Content_Types].xml", "META-INF/container.xml", "META-INF/manifest.xml"}  # what only these hold
_UTF8 = 0x800  # a name's flag
_LOCKED = 0x1  # a file's flag


@dataclass(frozen=True)
class Member:
    """A file of an archive.

    Attributes:
        name: its path inside the archive.
        unpack: writes it to a path; raises UnreadableDocument where it is damaged.
    """

    name: str
    size: int
    unpack: Callable[[Path], None]


@contextlib.contextmanager
def opened(path: Path, name: str, *, is_passed_over: Callable[[str], bool]) -> Iterator[list[Member]]:
    """The files of the archive at `path` that can be read, in its order, to be unpacked while it is open.

    Args:
        name: what messages call the archive.
        is_passed_over: tells by one part of a path whether files under it are left out.

    Raises:
        UnreadableDocument: damaged, locked, too large, or made to do harm.
    """
    try:
        archive = zipfile.ZipFile(path)
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except DAMAGE as exc:
        raise UnreadableDocument(name, "it is a damaged ZIP archive", "Add it again from where it came from.") from exc
    with archive:
        _refuse(name, path, entries)
        paths = [(PurePosixPath(_readable(entry)), entry) for entry in entries]
        yield [
            Member(str(inside), entry.file_size, functools.partial(_unpack, archive, entry, inside.name))
            for inside, entry in paths
            if inside.suffix.lower() in (*SUFFIXES, SUFFIX) and not any(map(is_passed_over, inside.parts))
        ]


def _refuse(name: str, path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    names = {entry.filename for entry in entries}
    if names & _DOCUMENTS:
        remedy = "Rename it to the ending that it had, such as .docx or .epub, and add it again."
        raise UnreadableDocument(name, "it is no archive of files but one document", remedy)
    unpacked, packed = sum(entry.file_size for entry in entries), path.stat().st_size
    if len(entries) > FILES:
        reason = f"it holds {len(entries):,} files and the limit is {FILES:,}"
        raise UnreadableDocument(name, reason, "Unpack it and add its folders one after the other.")
    if unpacked > UNCOMPRESSED_BYTES or (unpacked > _SMALL and unpacked > RATIO * packed):
        reason = f"it has {packed / 1e6:,.1f} MB and unpacks to {unpacked / 1e6:,.0f} MB, more than is safe to open"
        raise UnreadableDocument(name, reason, "If you trust it, unpack it and add what is in it.")
    if any(entry.flag_bits & _LOCKED for entry in entries):
        raise UnreadableDocument(name, "it is locked with a password", "Unpack it and add what is in it.")
    outside = next((entry for entry in sorted(names) if _leads_out(entry)), None)
    if outside is not None:
        reason = f"it holds a path that leads out of it ({outside[:60]}), as archives do that are made to do harm"
        raise UnreadableDocument(name, reason, "If you trust it, unpack it and add what is in it.")
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        raise UnreadableDocument(name, "it holds links to other files", "Unpack it and add what is in it.")


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or parts[0].endswith(":")


def _readable(entry: zipfile.ZipInfo) -> str:
    """The name of a file; many programs write UTF-8 without saying so."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, path: Path) -> None:
    try:
        with archive.open(entry) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)  # no more than the size that was looked at: zipfile stops there
    except OSError as exc:
        raise FootnoteError(f"{name}: could not be unpacked in {path.parent}: {exc.strerror}. Make room.") from exc
    except DAMAGE as exc:
        raise UnreadableDocument(name, "it is damaged", "Add its archive again from where it came from.") from exc
