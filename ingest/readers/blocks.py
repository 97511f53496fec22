"""A page built of headings, paragraphs, lists and tables, for formats that keep them apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ingest.readers.cleaning import clean
from ingest.readers.hiding import Hiding, hide
from ingest.readers.layout import Font
from rag.types import Heading, Page

CELL_JOINT = " | "  # between the cells of a row; rag/evidence.py knows it


class Head(Enum):
    """How sure it is that the first row of a table names its columns."""

    MARKED = "marked"
    LIKELY = "likely"  # people who make such a table in this format mostly begin it with one
    UNKNOWN = "unknown"  # as in web pages, which are laid out with tables


@dataclass(frozen=True)
class InnerTable:
    """A table inside a document: its rows as they are written, equally long, merged cells in their first place."""

    rows: tuple[tuple[str, ...], ...]
    head: Head


@dataclass(frozen=True)
class Block:
    """A stretch of text. `level` is 0 for body text; `tight` puts it on the line after the block before.

    A block without text carries the table whose rows follow. `font` is that of all letters of a paragraph.
    """

    text: str
    level: int = 0
    tight: bool = False
    table: InnerTable | None = None
    font: Font | None = None


def page_of(blocks: Iterable[Block], number: int | None = None) -> Page:
    """The blocks under one another, with the offsets of the headings; empty blocks are left out."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = 0
    for block in blocks:
        text = clean(block.text).strip()
        if block.level:
            text = " ".join(text.split())
        if not text:
            continue
        gap = "" if not parts else "\n" if block.tight else "\n\n"
        start = length + len(gap)
        if block.level:
            headings.append(Heading(block.level, text, start))
        parts.append(gap + text)
        length = start + len(text)
    return Page(number, "".join(parts), tuple(headings))


def stacked(pages: Iterable[Page], number: int | None = None) -> Page:
    """The pages under one another as one; empty ones are left out."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = 0
    for page in pages:
        if page.text.strip():
            gap = "\n\n" if parts else ""
            start = length + len(gap)
            headings += (replace(heading, start=heading.start + start) for heading in page.headings)
            parts.append(gap + page.text)
            length = start + len(page.text)
    return Page(number, "".join(parts), tuple(headings))


def hidden(blocks: Iterable[Block], hiding: Hiding) -> Iterator[Block]:
    """The blocks as not seen."""
    return (
        replace(block, text=hide(block.text, hiding), table=block.table and _hidden_table(block.table, hiding))
        for block in blocks
    )


def _hidden_table(table: InnerTable, hiding: Hiding) -> InnerTable:
    return replace(table, rows=tuple(tuple(hide(cell, hiding) for cell in cells) for cells in table.rows))


def lowered(page: Page, levels: int) -> Page:
    """The page with its headings so many levels further down."""
    return replace(page, headings=tuple(replace(one, level=one.level + levels) for one in page.headings))


def row(cells: Iterable[str]) -> str:
    """A table row as one line of text, "" where every cell is empty."""
    words = [" ".join(cell.split()) for cell in cells]
    return CELL_JOINT.join(words) if any(words) else ""
