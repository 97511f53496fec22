"""HTML whose whole body is text: chapters of books, e-mails. Pages with menus around the text are read by web.py."""

import re
from collections.abc import Iterator

from ingest.readers.blocks import Block, page_of, row
from ingest.readers.encoding import declared_encoding, decode
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
    remedy = "If a browser shows its text, print it to a PDF there and add that."
    damaged = UnreadableDocument(source.name, "its HTML is damaged or too deeply nested", remedy)
    markup = decode(source.data, source.name, declared_encoding(source.data))
    if not markup.strip():
        return Page(None, "")
    try:
        tree = parse_html(markup, damaged)
        settle_hidden(tree)
        return page_of(_blocks(tree))
    except RecursionError as exc:
        raise damaged from exc


def _blocks(element: Element) -> Iterator[Block]:
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
            inner = [block for block in _blocks(element) if block.text]
            mark = "- " if name == "li" and inner and not inner[0].text.startswith("- ") else ""
            for count, block in enumerate(inner):
                yield Block(f"{mark if count == 0 else ''}{block.text}", block.level, tight=count == 0 or block.tight)
        case _ if name in _HEADINGS:
            yield Block(_flow(element), level=_HEADINGS[name])
        case _:
            yield from _blocks(element)


def _table(table: Element) -> Iterator[Block]:
    """Each row is a line. Tables around tables, and rows of one cell, are layout: as if the table were not there."""
    tight = False
    for line in _rows(table):
        cells = [cell for cell in line if local_name(cell) in ("td", "th")]
        if len(cells) == 1 or any(next(cell.iterdescendants("{*}table", "table"), None) is not None for cell in cells):
            for cell in cells:
                yield from _blocks(cell)
            tight = False
        else:
            yield Block(row(_cell(cell) for cell in cells), tight=tight)
            tight = True


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        match local_name(child):
            case "tr":
                yield child
            case "thead" | "tbody" | "tfoot":
                yield from _rows(child)
            case "caption":
                yield [child]


def _cell(cell: Element) -> str:
    return " ".join(block.text for block in _blocks(cell))


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
