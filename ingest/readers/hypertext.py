"""HTML whose whole body is text: chapters of books, e-mails. Pages with menus around the text are read by web.py."""

import re
from collections.abc import Iterable, Iterator

from ingest.readers.blocks import Block, Head, page_of, row
from ingest.readers.encoding import declared_encoding, decode
from ingest.readers.inner_tables import Cell, inner_table
from ingest.readers.source import Source
from ingest.readers.unshown import settle_hidden
from ingest.readers.xml import Element, local_name, parse_html
from rag.errors import UnreadableDocument
from rag.types import Page

_LEFT_OUT = frozenset(("head", "nav", "noscript", "script", "style", "svg", "template", "title"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt")
    + ("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "ol", "p")
    + ("pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", *_HEADINGS)
)
_WHITE_SPACE = re.compile(r"\s+")


def read_hypertext(source: Source) -> Page:
    """All text of a page, "" where there is none; what a reader would not see is marked (see hiding.py).

    Raises:
        UnreadableDocument: when it cannot be read as HTML.
    """
    return page_of(read_blocks(source))


def read_blocks(source: Source) -> tuple[Block, ...]:
    """The same as blocks, the tables among them.

    Raises:
        UnreadableDocument: when it cannot be read as HTML.
    """
    remedy = "If a browser shows its text, print it to a PDF there and add that."
    damaged = UnreadableDocument(source.name, "its HTML is damaged or too deeply nested", remedy)
    markup = decode(source.data, source.name, declared_encoding(source.data))
    if not markup.strip():
        return ()
    try:
        tree = parse_html(markup, damaged)
        settle_hidden(tree)
        return tuple(blocks_of(tree))
    except RecursionError as exc:
        raise damaged from exc


def blocks_of(element: Element) -> Iterator[Block]:
    """What is written in an element, in its order; its tables with their rows."""
    line = [_collapsed(element.text)]
    for child in element:
        name = local_name(child)
        if name not in _LEFT_OUT:
            if _is_block(child, name):
                yield _line(line)
                yield from _block(child, name)
                line = []
            else:
                line.append(_flow(child))
        line.append(_collapsed(child.tail))
    yield _line(line)


def _is_block(element: Element, name: str) -> bool:
    return name in _BLOCKS or any(local_name(inner) in _BLOCKS for inner in element.iterdescendants())


def _block(element: Element, name: str) -> Iterator[Block]:
    match name:
        case "pre":
            yield Block("".join(element.itertext()))
        case "table":
            yield from _table(element)
        case "li" | "dt" | "dd":
            inner = [block for block in blocks_of(element) if block.text]
            mark = "- " if name == "li" and inner and not inner[0].text.startswith("- ") else ""
            for count, block in enumerate(inner):
                yield Block(f"{mark if count == 0 else ''}{block.text}", block.level, tight=count == 0 or block.tight)
        case _ if name in _HEADINGS:
            yield Block(_flow(element), level=_HEADINGS[name])
        case _:
            yield from blocks_of(element)


def _table(table: Element) -> Iterator[Block]:
    """Each row is a line. Tables around tables, and rows of one cell, are layout: as if the table were not there."""
    tight = False
    blocks: list[Block] = []
    rows: list[list[Cell]] = []
    is_around = False
    for line in _rows(table):
        cells = [cell for cell in line if local_name(cell) in ("td", "th", "caption")]
        holds_tables = any(next(cell.iterdescendants("{*}table", "table"), None) is not None for cell in cells)
        is_around = is_around or holds_tables
        if len(cells) == 1 or holds_tables:
            inner = [list(blocks_of(cell)) for cell in cells]
            texts = [" ".join(block.text for block in one if block.text) for one in inner]
            blocks += [block for one in inner for block in one]
            tight = False
        else:
            texts = [_cell(cell) for cell in cells]
            blocks.append(Block(row(texts), tight=tight))
            tight = True
        if cells and local_name(cells[0]) != "caption":
            rows.append([_spread(cell, text) for cell, text in zip(cells, texts, strict=True)])
    if found := None if is_around else inner_table(rows, _head(table)):
        yield Block("", table=found)
    yield from blocks


def _spread(cell: Element, text: str) -> Cell:
    columns, rows = (value if (value := cell.get(name) or "").isdecimal() else "1" for name in ("colspan", "rowspan"))
    return Cell(text, int(columns[:6]), int(rows[:6]))


def _head(table: Element) -> Head:
    """Marked is a first row of cells that are heads; a table without one may be made for its layout."""
    lines = ([cell for cell in line if local_name(cell) in ("td", "th")] for line in _rows(table))
    first = next((line for line in lines if len(line) > 1), [])
    in_head = bool(first) and any(local_name(above) == "thead" for above in first[0].iterancestors())
    names = [local_name(cell) for cell in first]
    return Head.MARKED if in_head or (first and "td" not in names[1:]) else Head.UNKNOWN


def _rows(table: Element) -> Iterator[Iterable[Element]]:
    for child in table:
        match local_name(child):
            case "tr":
                yield child
            case "thead" | "tbody" | "tfoot":
                yield from _rows(child)
            case "caption":
                yield [child]


def _cell(cell: Element) -> str:
    return " ".join(block.text for block in blocks_of(cell))


def _flow(element: Element) -> str:
    """The text of an element in one line but for its line breaks."""
    if local_name(element) == "br":
        return "\n"
    parts = [_collapsed(element.text)]
    for child in element:
        if local_name(child) not in _LEFT_OUT:
            parts.append(_flow(child))
        parts.append(_collapsed(child.tail))
    return "".join(parts)


def _line(parts: list[str]) -> Block:
    lines = (_WHITE_SPACE.sub(" ", line).strip() for line in "".join(parts).split("\n"))
    return Block("\n".join(line for line in lines if line))


def _collapsed(text: str | None) -> str:
    return _WHITE_SPACE.sub(" ", text or "")
