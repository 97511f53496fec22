"""ZIP archives: every readable file in one, and in archives inside it, is a document of its own.

Files are unpacked one after the other, so that an archive takes the room of its largest file and of the archives inside
it. Names inside it are only shown, never used as paths.
"""

import contextlib
import functools
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.readers import SUFFIXES
from ingest.readers.archive import DAMAGE
from rag.errors import FootnoteError, UnreadableDocument

SUFFIX = ".zip"
DEPTH = 3  # archives inside archives that are opened
# Of an archive and all that are opened inside it, together:
FILES = 10_000
UNCOMPRESSED_BYTES = 2_000_000_000
RATIO = 200  # of unpacked to packed size; text comes to 20, a bomb to 1,000
_SMALL = 50_000_000  # bytes up to which the ratio does not matter: empty pictures and logs may be packed so tightly
_LIST_BYTES = 10_000_000  # of an archive's list of its files, which is read whole
_DOCUMENTS = {"[Content_Types].xml", "META-INF/container.xml", "META-INF/manifest.xml"}  # what only these hold
_OF_OTHERS = ("node_modules", "site-packages", "__pycache__")  # folders
_UTF8 = 0x800  # a name's flag
_LOCKED = 0x1  # a file's flag
_UNPACK = "Unpack it and add what is in it."


@dataclass(frozen=True)
class Member:
    """A file of an archive.

    Attributes:
        name: its path inside the archive in which it lies.
        unpack: writes it to a path; raises UnreadableDocument where it is damaged.
        within: the archives inside the opened one that it lies in, outermost first, each by its path in the one before.
    """

    name: str
    size: int
    unpack: Callable[[Path], None]
    within: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it lies in the archive that was opened: "drafts/inner.zip/notes/a.txt"."""
        return "/".join((*self.within, self.name))


@dataclass(frozen=True)
class Unopened:
    """An archive inside an archive that could not be opened, and why; `place` as of a member."""

    place: str
    error: UnreadableDocument


@dataclass(frozen=True)
class Contents:
    """What is in an archive: its own files first, then those of each archive inside it."""

    members: tuple[Member, ...]
    unopened: tuple[Unopened, ...]


def is_passed_over(part: str) -> bool:
    """Whether a file or folder of this name is left out."""
    return part.startswith(".") or part in _OF_OTHERS


@contextlib.contextmanager
def opened(path: Path, name: str, *, folder: Path, most_bytes: int | None = None) -> Iterator[Contents]:
    """What can be read of the archive at `path`, to be unpacked while it is open.

    Args:
        name: what messages call the archive.
        folder: where archives inside it are unpacked meanwhile; made where it is needed, removed by the caller.
        most_bytes: that all files in it together may have, where that is less than otherwise.

    Raises:
        UnreadableDocument: damaged, locked, too large, or made to do harm. An archive inside it that is damaged, locked
            or has paths that lead out of it costs only itself.
    """
    with contextlib.closing(_OneOpen()) as archives:
        looking = _Looking(
            name, path.stat().st_size if path.is_file() else 0, folder, most_bytes or UNCOMPRESSED_BYTES, archives
        )
        looking.look(path, name, ())
        yield Contents(tuple(looking.members), tuple(looking.all_unopened()))


def parents(within: Sequence[str]) -> str:
    """Archives inside an archive as messages begin with them: "inner.zip: innermost.zip: "."""
    return "".join(f"{PurePosixPath(place).name}: " for place in within)


class _TooMuch(UnreadableDocument):
    """All that is in an archive together is more than is safe."""


class _OneOpen:
    """Keeps one archive open: a system allows only so many open files, and reading a list of files takes its time."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._archive: zipfile.ZipFile | None = None

    def at(self, path: Path) -> zipfile.ZipFile:
        if self._archive is None or self._path != path:
            self.close()
            self._archive, self._path = zipfile.ZipFile(path), path
        return self._archive

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
        self._archive = None


@dataclass
class _Looking:
    """Looks through an archive and those inside it, within the same limits."""

    name: str
    packed: int  # bytes
    folder: Path
    most_bytes: int
    archives: _OneOpen
    files: int = 0
    unpacked: int = 0  # bytes
    inner: int = 0  # archives that were unpacked
    members: list[Member] = field(default_factory=list)
    unopened: list[Unopened] = field(default_factory=list)
    too_deep: list[tuple[str, ...]] = field(default_factory=list)

    def look(self, path: Path, name: str, within: tuple[str, ...]) -> None:
        """Notes the files of the archive at `path`, and looks into the archives in it."""
        try:
            _refuse_long_list(path, name)
            entries = [entry for entry in self.archives.at(path).infolist() if not entry.is_dir()]
        except DAMAGE as exc:
            remedy = "Add it again from where it came from."
            raise UnreadableDocument(name, "it is a damaged ZIP archive", remedy) from exc
        _refuse(name, entries)
        self._count(entries)
        places = [(PurePosixPath(_readable(entry)), entry) for entry in entries]
        read = [(place, entry) for place, entry in places if not any(map(is_passed_over, place.parts))]
        for place, entry in read:
            if place.suffix.lower() in SUFFIXES:
                unpack = functools.partial(_unpack, self.archives, path, entry, place.name)
                self.members.append(Member(str(place), entry.file_size, unpack, within))
        for place, entry in read:
            if place.suffix.lower() == SUFFIX:
                self._look_inside(path, entry, (*within, str(place)))

    def _look_inside(self, path: Path, entry: zipfile.ZipInfo, within: tuple[str, ...]) -> None:
        if len(within) > DEPTH:
            self.too_deep.append(within)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        inside, name = self.folder / f"{self.inner}{SUFFIX}", PurePosixPath(within[-1]).name
        self.inner += 1
        try:
            _unpack(self.archives, path, entry, name, inside)
            self.look(inside, name, within)
        except _TooMuch:
            raise
        except UnreadableDocument as exc:
            self.unopened.append(Unopened("/".join(within), _inside(within[:-1], exc)))

    def _count(self, entries: Sequence[zipfile.ZipInfo]) -> None:
        self.files += len(entries)
        self.unpacked += sum(entry.file_size for entry in entries)
        if self.files > FILES:
            more = "" if not self.inner else ", with those of the archives inside it,"
            reason = f"it holds{more} {self.files:,} files and the limit is {FILES:,}"
            raise _TooMuch(self.name, reason, "Unpack it and add its folders one after the other.")
        if self.unpacked > self.most_bytes or (self.unpacked > _SMALL and self.unpacked > RATIO * self.packed):
            sizes = f"it has {self.packed / 1e6:,.1f} MB and unpacks to {self.unpacked / 1e6:,.0f} MB"
            remedy = "If you trust it, unpack it and add what is in it."
            raise _TooMuch(self.name, f"{sizes}, more than is safe to open", remedy)

    def all_unopened(self) -> Iterator[Unopened]:
        """Those that lie too deep are told as one: archives that hold themselves would be told without end."""
        yield from self.unopened
        if self.too_deep:
            first, others = self.too_deep[0], len(self.too_deep) - 1
            reason = f"it lies more than {DEPTH} archives deep" + (f", as do {others:,} others" if others else "")
            error = UnreadableDocument(PurePosixPath(first[-1]).name, reason, _UNPACK)
            yield Unopened("/".join(first), _inside(first[:-1], error))


def _inside(within: Sequence[str], error: UnreadableDocument) -> UnreadableDocument:
    return UnreadableDocument(parents(within) + error.name, error.reason, error.remedy)


def _refuse_long_list(path: Path, name: str) -> None:
    """A list of files of some hundred megabytes, which packs well, would take gigabytes of memory."""
    find_end: Any = zipfile._EndRecData  # type: ignore[attr-defined]
    with path.open("rb") as file:
        end = find_end(file)
    if end is not None and end[5] > _LIST_BYTES:
        raise UnreadableDocument(
            name, f"its list of files has {end[5] / 1e6:,.0f} MB, more than is safe to open", _UNPACK
        )


def _refuse(name: str, entries: Sequence[zipfile.ZipInfo]) -> None:
    names = {entry.filename for entry in entries}
    if names & _DOCUMENTS:
        remedy = "Rename it to the ending that it had, such as .docx or .epub, and add it again."
        raise UnreadableDocument(name, "it is no archive of files but one document", remedy)
    if any(entry.flag_bits & _LOCKED for entry in entries):
        raise UnreadableDocument(name, "it is locked with a password", _UNPACK)
    outside = next((entry for entry in sorted(names) if _leads_out(entry)), None)
    if outside is not None:
        reason = f"it holds a path that leads out of it ({outside[:60]}), as archives do that are made to do harm"
        raise UnreadableDocument(name, reason, "If you trust it, unpack it and add what is in it.")
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        raise UnreadableDocument(name, "it holds links to other files", _UNPACK)


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


def _unpack(archives: _OneOpen, archive: Path, entry: zipfile.ZipInfo, name: str, path: Path) -> None:
    try:
        with archives.at(archive).open(entry) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)  # no more than the size that was looked at: zipfile stops there
    except OSError as exc:
        raise FootnoteError(f"{name}: could not be unpacked in {path.parent}: {exc.strerror}. Make room.") from exc
    except DAMAGE as exc:
        raise UnreadableDocument(name, "it is damaged", "Add its archive again from where it came from.") from exc
