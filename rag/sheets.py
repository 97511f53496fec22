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
        start: where the text begins on its page.
        chunks: by their position.
    """

    number: int
    start: int
    text: str
    chunks: tuple[Chunk, ...]

    def spans(self, chunk: Chunk, marks: Iterable[Span]) -> tuple[Span, ...]:
        """Stretches of a chunk's text as stretches of the sheet's."""
        moved = chunk.start - self.start
        return tuple(Span(mark.start + moved, mark.end + moved) for mark in marks)


def sheets(chunks: Iterable[Chunk]) -> dict[int, Sheet]:
    """The sheets of one document by number; a page that holds no text has none."""
    ordered = sorted(chunks, key=lambda chunk: chunk.position)
    paged = all(chunk.page is not None for chunk in ordered)
    groups = _pages(ordered) if paged else enumerate(_stretches(ordered), 1)
    return {number: _sheet(number, group) for number, group in groups}


def number_of(chunk: Chunk, found: dict[int, Sheet]) -> int:
    """The sheet on which a chunk is read, the first where it is on none."""
    return next((sheet.number for sheet in found.values() if chunk in sheet.chunks), 1)


def _pages(chunks: Iterable[Chunk]) -> Iterator[tuple[int, list[Chunk]]]:
    for number, group in groupby(chunks, key=lambda chunk: chunk.page):
        yield number or 0, list(group)


def _stretches(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    stretch: list[Chunk] = []
    for chunk in chunks:
        if stretch and chunk.end - stretch[0].start > _SHEET:
            yield stretch
            stretch = []
        stretch.append(chunk)
    if stretch:
        yield stretch


def _sheet(number: int, chunks: list[Chunk]) -> Sheet:
    """Chunks overlap; between two that do not there was white space."""
    start = end = chunks[0].start
    parts = []
    for chunk in chunks:
        parts += ["\n" * (chunk.start - end), chunk.text[max(0, end - chunk.start) :]]
        end = max(end, chunk.end)
    return Sheet(number, start, "".join(parts), tuple(chunks))
