"""Markdown: its source is the text, so that offsets and tables stay what the author wrote."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ingest.readers.blocks import Block, Head
from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.hiding import Hiding, hide
from ingest.readers.inner_tables import Cell, inner_table, tables_in
from ingest.readers.source import Content, Source, one_line
from ingest.readers.tables import SheetTable
from ingest.readers.unshown import is_unseen
from rag.markdown import code, headings, tables
from rag.types import Heading, Page, Span

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TAG = re.compile(r"<([a-z]\w*)\b([^<>]{1,1000})>", re.IGNORECASE)  # with what it says of its element
_HIDDEN = re.compile(r"(?:^|\s)hidden(?=[\s=/]|$)", re.IGNORECASE)
_STYLE = re.compile(r"\bstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)


def read_markdown(source: Source) -> Content:
    """One page without a number. Front matter gives the title and is left out of the text, as comments are."""
    text = clean(decode(source.data, source.name))
    front = _FRONT_MATTER.match(text)
    title = _front_title(front[1] or "") if front else ""
    text = _seen(text[front.end() :] if front else text)
    found = headings(text)
    first = next((heading.text for heading in found if heading.level == 1), "")
    return Content(one_line(title or first), (Page(None, text, found),), tables=_tables(text, found))


def _seen(text: str) -> str:
    """Without comments, and with what its HTML hides marked; code says what it says."""
    if "<!--" in text:
        text = _replaced(text, ((span, "") for span in _comments(text)))
    if unseen := list(_unseen(text)):
        text = _replaced(text, ((span, hide(text[span.start : span.end], Hiding.HIDDEN)) for span in unseen))
    return text


def _unseen(text: str) -> Iterator[Span]:
    """Elements that a browser would not show, as far as they are closed."""
    last, unclosed = 0, set[str]()
    for tag in _TAG.finditer(text):
        style, name = _STYLE.search(tag[2]), tag[1].lower()
        is_shown = not (_HIDDEN.search(tag[2]) or (style and is_unseen(style[1] or style[2] or "")))
        if is_shown or tag.start() < last or name in unclosed:
            continue
        if end := re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, tag.end()):
            last = end.end()
            yield Span(tag.start(), last)
        else:
            unclosed.add(name)


def _comments(text: str) -> Iterator[Span]:
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield Span(start, end + 3)
        start = text.find("<!--", end)


def _replaced(text: str, changes: Iterator[tuple[Span, str]]) -> str:
    """The text with stretches of it changed, but for those that begin in code."""
    in_code = code(text)
    begins = [span.start for span in in_code]
    parts, last = [], 0
    for span, changed in changes:
        before = bisect_right(begins, span.start)
        if not (before and span.start < in_code[before - 1].end):
            parts += [text[last : span.start], changed]
            last = span.end
    return "".join([*parts, text[last:]])


def _tables(text: str, headings: Sequence[Heading]) -> tuple[SheetTable, ...]:
    blocks = [(heading.start, Block(heading.text, level=heading.level)) for heading in headings]
    for offset, rows in tables(text):
        table = inner_table(([Cell(cell) for cell in cells] for cells in rows), Head.MARKED)
        blocks.append((offset, Block("", table=table)))
    return tables_in(block for _, block in sorted(blocks, key=lambda placed: placed[0]))


def _front_title(front: str) -> str:
    match = _TITLE.search(front)
    return match[1].strip().strip("\"'") if match else ""
