"""Web pages through trafilatura: the main text without menus, footers and scripts."""

import logging
from collections.abc import Iterator
from typing import Any

import trafilatura

from ingest.readers.blocks import Block, page_of, row
from ingest.readers.cleaning import clean
from ingest.readers.encoding import declared_encoding, decode
from ingest.readers.source import Content, Source, one_line
from rag.errors import UnreadableDocument

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_Element = Any  # lxml's element, which only passes through here from trafilatura
_REMEDY = "If a browser shows its text, print it to a PDF there and add that."


def read_web(source: Source) -> Content:
    """One page without a number; headings keep their level and place.

    Raises:
        UnreadableDocument: when no main text is found.
    """
    markup = decode(source.data, source.name, declared_encoding(source.data))
    try:
        tree = trafilatura.load_html(markup)
        title = "" if tree is None else one_line(clean(tree.findtext(".//title") or ""))
        found = trafilatura.bare_extraction(markup, include_comments=False, favor_recall=True)
        page = page_of(_blocks(getattr(found, "body", None)))
    except (RecursionError, ValueError) as exc:
        raise UnreadableDocument(source.name, "its HTML is damaged or too deeply nested", _REMEDY) from exc
    if not page.text:
        raise UnreadableDocument(source.name, "the page holds no main text", _REMEDY)
    first = next((heading.text for heading in page.headings if heading.level == 1), "")
    return Content(title or first, (page,))


def _blocks(body: _Element) -> Iterator[Block]:
    """The blocks under `body`, the element in which trafilatura hands back what it kept."""
    for element in () if body is None else body:
        match element.tag:
            case "head":
                yield Block(_flow(element), level=_level(element))
            case "list":
                yield from _list(element, depth=0)
            case "table":
                rows = (row(_flow(cell) for cell in cells) for cells in element.iter("row"))
                yield Block("\n".join(line for line in rows if line))
            case "quote" | "code":  # also preformatted text, whose line ends matter
                yield Block("".join(element.itertext()))
            case "div":
                yield from _blocks(element)
            case _:
                yield Block(_flow(element))
        yield Block(element.tail or "")


def _list(element: _Element, depth: int) -> Iterator[Block]:
    for count, item in enumerate(element.iter("item") if depth == 0 else ()):
        nesting = sum(1 for above in item.iterancestors("list")) - 1
        yield Block("  " * nesting + "- " + _flow(item, without="list"), tight=count > 0)


def _level(element: _Element) -> int:
    rend = str(element.get("rend", "h2"))
    return int(rend[1:]) if rend[1:].isdigit() else 2


def _flow(element: _Element, without: str = "") -> str:
    """The text of an element with collapsed white space and its line breaks; children named `without` left out."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "lb":
            parts.append("\n")
        elif child.tag != without:
            parts.append(_flow(child, without))
        parts.append(child.tail or "")
    lines = (" ".join(line.split(" ")) for line in "".join(parts).split("\n"))
    return "\n".join(line.strip() for line in lines if line.strip())
