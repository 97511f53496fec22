"""The text of a document, sheet by sheet, put together again from its chunks. Pure functions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from rag.types import Chunk, Span

_SHEET = 4_000  # characters from which a document without pages goes on with the next sheet


@dataclass(frozen=True)
class Sheet:
    """What is read at once: a page, or a stretch of a document that has none.

    Attributes:
        number: of the page, or of the stretch, from 1.
        chunks: by their position; chunk `i` begins at `text[places[i]]`.
    """

    number: int
    text: str
    chunks: tuple[Chunk, ...]
    places: tuple[int, ...]

    def spans(self, chunk: Chunk, marks: Iterable[Span]) -> tuple[Span, ...]:
        """Stretches of a chunk's text as stretches of the sheet's, none where the chunk is not on it."""
        if chunk not in self.chunks:
            return ()
        place = self.places[self.chunks.index(chunk)]
        return tuple(Span(place + mark.start, place + mark.end) for mark in marks)


def are_pages(found: dict[int, Sheet]) -> bool:
    """Whether the sheets are the pages of a document that has some."""
    return bool(found) and all(chunk.page is not None for sheet in found.values() for chunk in sheet.chunks)


def sheets(chunks: Iterable[Chunk]) -> dict[int, Sheet]:
    """The sheets of one document by number; a page that holds no text has none."""
    ordered = sorted(chunks, key=lambda chunk: chunk.position)
    paged = all(chunk.page is not None for chunk in ordered)
    groups = _pages(ordered) if paged else enumerate(_stretches(ordered), 1)
    return {number: _sheet(number, group) for number, group in groups}


def texts(chunks: Iterable[Chunk]) -> list[tuple[int | None, str]]:
    """The text of a document page by page; as a whole, with None for its number, where it has no pages."""
    ordered = sorted(chunks, key=lambda chunk: chunk.position)
    if any(chunk.page is None for chunk in ordered):
        return [(None, _sheet(1, ordered).text)]
    return [(number, _sheet(number, group).text) for number, group in _pages(ordered)]


def number_of(chunk: Chunk, found: dict[int, Sheet]) -> int:
    """The sheet on which a chunk is read, the first where it is on none."""
    return next((sheet.number for sheet in found.values() if chunk in sheet.chunks), 1)


def _pages(chunks: Iterable[Chunk]) -> Iterator[tuple[int, list[Chunk]]]:
    for number, group in groupby(chunks, key=lambda chunk: chunk.page):
        yield number or 0, list(group)


def _stretches(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    stretch: list[Chunk] = []
    for chunk in chunks:
        if stretch and sum(len(other.text) for other in stretch) + len(chunk.text) > _SHEET:
            yield stretch
            stretch = []
        stretch.append(chunk)
    if stretch:
        yield stretch


def _sheet(number: int, chunks: list[Chunk]) -> Sheet:
    text = ""
    places = []
    for before, chunk in zip([None, *chunks], chunks, strict=False):
        shared = _shared(before, chunk)
        text += _gap(before, chunk, shared)
        places.append(len(text) - shared)
        text += chunk.text[shared:]
    return Sheet(number, text, tuple(chunks), tuple(places))


def _shared(before: Chunk | None, chunk: Chunk) -> int:
    """Characters with which a chunk repeats the end of the one before it; a new page begins anew."""
    if before is None or before.page != chunk.page or not before.start < chunk.start < before.end <= chunk.end:
        return 0
    repeated = before.end - chunk.start
    return repeated if before.text.endswith(chunk.text[:repeated]) else 0


def _gap(before: Chunk | None, chunk: Chunk, shared: int) -> str:
    """Between chunks that do not overlap there was white space, which is not kept."""
    if before is None or shared or before.page == chunk.page and before.end == chunk.start:
        return ""
    return "\n" if before.page == chunk.page and chunk.start == before.end + 1 else "\n\n"
