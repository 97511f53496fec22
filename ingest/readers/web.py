"""Web pages through trafilatura: the main text without menus, footers and scripts."""

import copy
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import trafilatura
from trafilatura.settings import use_config

from ingest.readers.blocks import Block, page_of, row
from ingest.readers.cleaning import clean
from ingest.readers.encoding import declared_encoding, decode
from ingest.readers.hiding import shown
from ingest.readers.hypertext import blocks_of
from ingest.readers.inner_tables import tables_in
from ingest.readers.mail import saved_page
from ingest.readers.source import Content, Source, one_line
from ingest.readers.tables import SheetTable
from ingest.readers.unshown import settle_hidden
from ingest.readers.values import decimal_in
from ingest.readers.web_tree import ready
from rag.errors import UnreadableDocument
from rag.types import Page

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_Element = Any  # lxml's element, which only passes through here from trafilatura
_SHORT = 250  # characters under which trafilatura by default does not believe a main text and takes the whole page
_STRICT = use_config()
_STRICT.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")
_ENOUGH = 0.8  # of the text that the most generous extraction finds; one that finds less has lost content
_NEARLY_ALL = 0.95  # of the text in the body; nothing worth looking for is missing then
_MAIN = ("article", "main")
_OWN_LINE = frozenset(("p", "head", "list", "item", "table", "row", "cell", "div"))
_PREFORMATTED = ("quote", "code")
_WHITE_SPACE = re.compile(r"\s+")
_REMEDY = "If a browser shows its text, print it to a PDF there and add that."


def read_web(source: Source) -> Content:
    """One page without a number; headings keep their level and place.

    Raises:
        UnreadableDocument: when no main text is found.
    """
    markup = decode(source.data, source.name, declared_encoding(source.data))
    try:
        tree = trafilatura.load_html(markup)
        if tree is None or tree.tag != "html":  # a fragment: trafilatura would lose its first heading, or all of it
            tree = trafilatura.load_html(f"<html><body>{markup}</body></html>")
        title = "" if tree is None else one_line(clean(tree.findtext(".//title") or ""))
        if tree is not None:
            settle_hidden(tree)
        page = Page(None, "") if tree is None else _main_text(tree)
        decimal = "." if tree is None else decimal_in(tree.get("lang") or "")
        tables = () if tree is None else tuple(_of_main_text(tables_in(blocks_of(tree), decimal=decimal), page))
    except (RecursionError, ValueError) as exc:
        raise UnreadableDocument(source.name, "its HTML is damaged or too deeply nested", _REMEDY) from exc
    if not page.text:
        raise UnreadableDocument(source.name, "the page holds no main text", _REMEDY)
    first = next((heading.text for heading in page.headings if heading.level == 1), "")
    return Content(title or shown(first), (page,), tables=tables)


def read_web_archive(source: Source) -> Content:
    """The page of an archive (MHTML) into which a browser saved it with its pictures, as in `read_web`.

    Raises:
        UnreadableDocument: when it holds no page, or that one no main text.
    """
    remedy = "Open it in a browser, save the page again and add that."
    damaged = UnreadableDocument(source.name, "it is damaged or not a saved web page", remedy)
    data, named = saved_page(source.data, damaged)
    markup = decode(data, source.name, named or declared_encoding(data))
    return read_web(replace(source, data=markup.encode("utf-8", errors="replace")))


def _main_text(tree: _Element) -> Page:
    """The strictest extraction that loses no text.

    Where neither <article> nor <main> says which part is the main text, trafilatura gathers paragraphs, lists and
    tables but no headings; so such a page is tried with an <article> around its body.
    """
    ready(tree)
    marked = tree if any(True for _ in tree.iter(*_MAIN)) else _marked(tree)
    strict = _extracted(marked, config=_STRICT)
    if len(strict.text) >= _NEARLY_ALL * _length(tree):
        return strict
    generous = _extracted(tree)
    for candidate in (strict, _extracted(marked) if len(strict.text) < _SHORT else strict):
        if candidate.text and len(candidate.text) >= _ENOUGH * len(generous.text):
            return candidate
    return generous


def _of_main_text(tables: Iterable[SheetTable], page: Page) -> Iterator[SheetTable]:
    """The tables whose first and last row stand in it; others belong to what is around it."""
    text = " ".join(page.text.split())
    for table in tables:
        if all(cell in text for _, cells in (table.rows[0], table.rows[-1]) for cell in cells):
            yield table


def _length(tree: _Element) -> int:
    """Characters of all text in the body, those of scripts and styles counted too."""
    return sum(len(" ".join(text.split())) for body in tree.iter("body") for text in body.itertext())


def _extracted(tree: _Element, **options: Any) -> Page:  # noqa: ANN401  options of trafilatura
    found = trafilatura.bare_extraction(copy.deepcopy(tree), include_comments=False, favor_recall=True, **options)
    return page_of(_blocks(getattr(found, "body", None)))


def _marked(tree: _Element) -> _Element:
    """A copy in which an <article> holds all of the body."""
    tree = copy.deepcopy(tree)
    body = tree if tree.tag == "body" else tree.find(".//body")
    body = tree if body is None else body
    article = body.makeelement("article", {})
    article.text, body.text = body.text, None
    article.extend(list(body))
    body.append(article)
    return tree


def _blocks(body: _Element) -> Iterator[Block]:
    """The blocks under `body`, the element in which trafilatura hands back what it kept."""
    for element in () if body is None else body:
        match element.tag:
            case "head":
                yield Block(_flow(element).rstrip("¶ "), level=_level(element))
            case "list":
                yield from _list(element, depth=0)
            case "table":
                rows = (row(_flow(cell) for cell in cells) for cells in element.iter("row"))
                yield Block("\n".join(line for line in rows if line))
            case tag if tag == "div" or (tag in _PREFORMATTED and any(child.tag in _OWN_LINE for child in element)):
                yield Block(_WHITE_SPACE.sub(" ", element.text or ""))
                yield from _blocks(element)
            case tag if tag in _PREFORMATTED:  # its line ends matter
                yield Block("".join(element.itertext()))
            case _:
                yield Block(_flow(element))
        yield Block(element.tail or "")


def _list(element: _Element, depth: int) -> Iterator[Block]:
    for count, item in enumerate(element.iter("item") if depth == 0 else ()):
        nesting = sum(1 for above in item.iterancestors("list")) - 1
        if text := _flow(item, without="list"):
            yield Block("  " * nesting + "- " + text, tight=count > 0)


def _level(element: _Element) -> int:
    rend = str(element.get("rend", "h2"))
    return int(rend[1:]) if rend[1:].isdigit() else 2


def _flow(element: _Element, without: str = "") -> str:
    """The text of an element with collapsed white space and its line breaks; children named `without` left out."""
    parts = [_WHITE_SPACE.sub(" ", element.text or "")]
    for child in element:
        if child.tag == "lb":
            parts.append("\n")
        elif child.tag in _PREFORMATTED and "\n" in (child.text or "").strip():
            parts.append("\n" + "".join(child.itertext()).strip("\n") + "\n")
        elif child.tag != without:
            text = _flow(child, without)
            parts.append(f"\n{text}\n" if child.tag in _OWN_LINE else text)
        parts.append(_WHITE_SPACE.sub(" ", child.tail or ""))
    lines = "".join(parts).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())
