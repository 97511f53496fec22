"""Markdown: its source is the text, so that offsets and tables stay what the author wrote."""

import re
from collections.abc import Sequence

from ingest.readers.blocks import Block, Head
from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.inner_tables import Cell, inner_table, tables_in
from ingest.readers.source import Content, Source, one_line
from ingest.readers.tables import SheetTable
from rag.markdown import headings, tables
from rag.types import Heading, Page

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)


def read_markdown(source: Source) -> Content:
    """One page without a number. Front matter gives the title and is left out of the text."""
    text = clean(decode(source.data, source.name))
    front = _FRONT_MATTER.match(text)
    title = _front_title(front[1] or "") if front else ""
    text = text[front.end() :] if front else text
    found = headings(text)
    first = next((heading.text for heading in found if heading.level == 1), "")
    return Content(one_line(title or first), (Page(None, text, found),), tables=_tables(text, found))


def _tables(text: str, headings: Sequence[Heading]) -> tuple[SheetTable, ...]:
    blocks = [(heading.start, Block(heading.text, level=heading.level)) for heading in headings]
    for offset, rows in tables(text):
        table = inner_table(([Cell(cell) for cell in cells] for cells in rows), Head.MARKED)
        blocks.append((offset, Block("", table=table)))
    return tables_in(block for _, block in sorted(blocks, key=lambda placed: placed[0]))


def _front_title(front: str) -> str:
    match = _TITLE.search(front)
    return match[1].strip().strip("\"'") if match else ""
