"""What goes into a run of the pipeline, what it tells on its way, and what it did."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from ingest.namesakes import Namesakes
from rag.types import Document, page_label
from rag.wording import counted, fits

_TOLD = 5  # passages of a document that are named one by one
_QUOTED = 90  # characters of them


@dataclass(frozen=True)
class IncomingFile:
    """A file to add: where it lies, what it is called, and the source whose earlier version it replaces.

    Attributes:
        again: read it also where its document is whole, and compare that with what is stored.
        namesakes: of an archive, what becomes of files in it that are called like other documents.
    """

    path: Path
    name: str
    source: str
    password: str | None = None
    again: bool = False
    namesakes: Namesakes = Namesakes.AS_THEY_ARE


@dataclass(frozen=True)
class IngestProgress:
    """How far a run is.

    Attributes:
        position: 1-based place of the file among `files`.
        stage: "reading", "embedding" or "writing".
        part: of this file, 0 to 1.
        fraction: of the whole run, by bytes, 0 to 1.
        seconds_left: by the pace so far; None until there is one.
    """

    name: str
    position: int
    files: int
    stage: str
    part: float
    fraction: float
    seconds_left: float | None


@dataclass(frozen=True)
class Failure:
    """A file that was not added, and the message that says why and what to do; `locked`: a password would help."""

    name: str
    message: str
    locked: bool = False


@dataclass(frozen=True)
class IngestReport:
    """What a run did, by file name.

    Attributes:
        gaps: what could not be read of added files.
        set_aside: what of them neither search nor answer reads until it is released.
        changes: how much of each replaced file was embedded anew, and whose content another document has.
        alike: which added files are nearly the same as other documents.
        chunks: that were embedded anew.
        unfinished: id of the document that was in work when the run was stopped, "" where there was none.
        waiting: ids of the documents that had not all of their vectors when they were read.
    """

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    replaced: tuple[str, ...]
    failed: tuple[Failure, ...]
    gaps: tuple[str, ...]
    set_aside: tuple[str, ...]
    changes: tuple[str, ...]
    alike: tuple[str, ...]
    chunks: int
    seconds: float
    stopped: bool = False
    unfinished: str = ""
    waiting: tuple[str, ...] = ()


def told(document: Document, released: AbstractSet[str]) -> list[str]:
    """What of a document is set aside, a line for each of the first passages."""
    held = [passage for passage in document.set_aside if passage.id not in released]
    lines = [
        f"{page_label(document.name, passage.page)}: set aside, because {passage.reason}: “{_quoted(passage.text)}”"
        for passage in held[:_TOLD]
    ]
    if (more := len(held) - _TOLD) > 0:
        lines.append(f"{document.name}: {counted(more, 'more passage')} {fits(more, 'is', 'are')} set aside")
    return lines


def anew(name: str, embedded: int, passages: int) -> str:
    """How much of a changed file is new to the search."""
    return f"{name}: {embedded:,} of {counted(passages, 'passage')} embedded anew"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()}…"
