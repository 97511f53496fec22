"""What the catalog says of documents, and how it is asked for them."""

from dataclasses import dataclass
from enum import Enum

from rag.catalog.sources import source_name


class DocumentState(str, Enum):
    """How far a document is."""

    WRITING = "writing"
    EMBEDDING = "embedding"  # found by its words, while its vectors fill in
    READY = "ready"
    LEAVING = "leaving"


ANSWERING = (DocumentState.EMBEDDING, DocumentState.READY)  # states in which questions find a document


@dataclass(frozen=True)
class DocumentRecord:
    """A document of the library.

    Attributes:
        added_at: seconds since 1970, UTC.
        sources: where it came from, one entry per path or upload with these bytes.
        gaps: what of it could not be read, for the user.
        begun_from: the source that it was last read from.
    """

    id: str
    name: str
    title: str
    pages: int
    chunks: int
    size: int  # bytes
    added_at: float
    state: DocumentState
    sources: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    begun_from: str = ""
    tags: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What it is called, and what all the files are called that it came from."""
        return frozenset([self.name, *map(source_name, self.sources)])


@dataclass(frozen=True)
class NamedDocument:
    """What a document is called, and how many chunks it has."""

    id: str
    name: str
    title: str
    chunks: int


class DocumentOrder(str, Enum):
    """By what documents are put in order."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    NAME_BACKWARDS = "name backwards"
    STATE = "state"  # what is not ready first, then what has gaps
    LARGEST = "largest"
    SMALLEST = "smallest"
    LONGEST = "longest"  # most pages
    SHORTEST = "shortest"
    MOST_PASSAGES = "most passages"
    FEWEST_PASSAGES = "fewest passages"


@dataclass(frozen=True)
class DocumentQuery:
    """Which documents are asked for.

    Attributes:
        words: all of them must stand in the name, the title or the name of a file with the same bytes, in any case.
        states: empty means every state.
        with_gaps: only those of which something could not be read.
        with_set_aside: only those of which a passage is set aside.
        is_alike: only those that are nearly the same as another one.
        tags: only those that have all of them.
        ending: only files whose name ends so, ".pdf"; "" means every one.
    """

    words: str = ""
    states: tuple[DocumentState, ...] = ()
    with_gaps: bool = False
    with_set_aside: bool = False
    is_alike: bool = False
    tags: tuple[str, ...] = ()
    ending: str = ""


@dataclass(frozen=True)
class Totals:
    """Sums over documents."""

    documents: int
    pages: int
    chunks: int
    size: int  # bytes
