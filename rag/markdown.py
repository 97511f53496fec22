"""Markdown through markdown-it-py: the headings and tables of a source, and safe HTML of it and of a model's answer."""

import html
import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from markdown_it import MarkdownIt

from rag.types import Heading, Span

_BLOCKS = MarkdownIt("commonmark").disable("inline")  # of long documents only the headings' words are looked into
_TABLES = MarkdownIt("commonmark").enable("table").disable("inline")
_WORDS = MarkdownIt("commonmark")
# Nothing that a document smuggled into an answer may fetch or open anything: raw HTML is shown as text, and neither
# links nor pictures are made.
_SAFE = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
_SAFE.enable(["table", "strikethrough"]).disable(
    ["link", "image", "autolink", "html_inline", "html_block", "reference"]
)
_READABLE = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})  # the same, links as words
_READABLE.enable(["table", "strikethrough"]).disable(["html_inline", "html_block", "reference"])
_READABLE.normalizeLink = str  # type: ignore[method-assign,assignment]  # as it was written: nobody can follow it

_UNDER_HEAD = re.compile(r"^[^\S\n]{0,3}[|:-][|:\s-]*-[|:\s-]*$", re.MULTILINE)  # the line under the head of a table
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARKUP = re.compile(r"[\\`*_\[\]<>&!]")
_BEGIN, _END = "\ue000", "\ue001"  # stand around marked words while their Markdown becomes HTML
_OPENING = re.compile(r"^(?:\s*(?:#{1,6}(?=\s)|[-*+>](?=\s)|\d{1,9}[.)](?=\s)|\|))*\s*")  # of a line: what is no word
_RULE = re.compile(r"[\s|:=-]*$|\s*(?:```|~~~)")  # a line without words: under a heading or around code
_TAG = re.compile(r"(<[^>]*>)")
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`).{1,500}?(?<!`)\1(?!`)")  # within a line


def headings(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown source with the offsets of their lines; `#` inside code is none."""
    starts = [0, *accumulate(len(line) for line in text.split("\n"))]
    tokens = _BLOCKS.parse(text)
    return tuple(
        Heading(int(opening.tag[1:]), words, starts[opening.map[0]] + opening.map[0])
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" and opening.map and (words := _words(inline.content))
    )


def code(text: str) -> tuple[Span, ...]:
    """Where code stands in a Markdown source, blocks with their fences and words within lines, in its order."""
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    blocks = [token.map for token in _BLOCKS.parse(text) if token.type in ("fence", "code_block") and token.map]
    found = [Span(starts[first], min(starts[end], len(text))) for first, end in blocks]
    return tuple(
        sorted([*found, *(Span(*words.span()) for words in _CODE.finditer(text))], key=lambda span: span.start)
    )


def tables(text: str) -> tuple[tuple[int, tuple[tuple[str, ...], ...]], ...]:
    """The tables of a Markdown source: the offset of each, and the words of its cells, the head first."""
    if not _UNDER_HEAD.search(text):
        return ()
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    found: list[tuple[int, list[list[str]]]] = []
    is_cell = False
    for token in _TABLES.parse(text):
        if token.type == "table_open":
            found.append((starts[token.map[0]] if token.map else 0, []))
        elif token.type == "tr_open":
            found[-1][1].append([])
        elif is_cell:
            found[-1][1][-1].append(_words(_LINE_BREAK.sub(" ", token.content)))
        is_cell = token.type in ("th_open", "td_open")
    return tuple((offset, tuple(map(tuple, rows))) for offset, rows in found)


def _words(source: str) -> str:
    """The text of a heading or a cell without its markup."""
    if not _MARKUP.search(source):
        return " ".join(source.split())
    kept = {"text", "code_inline"}
    (inline,) = _WORDS.parseInline(source)
    parts = (
        child.content if child.type in kept else " " * child.type.endswith("break") for child in inline.children or ()
    )
    return " ".join("".join(parts).split())


def render(text: str) -> str:
    """HTML of `text` in which nothing is remote, scripted or clickable; tables, lists, bold and code work."""
    return str(_SAFE.render(text))


def readable(text: str, marks: Sequence[Span] = ()) -> str:
    """HTML of a Markdown source, as safe as that of `render`, with what is marked in `<mark>`.

    A link is its words and its address, a picture the words for it; neither loads or opens anything.
    """
    found = _READABLE.render(_between_signs(text.replace(_BEGIN, "\ufffd").replace(_END, "\ufffd"), marks))
    return _marked(str(found))


def _between_signs(text: str, marks: Sequence[Span]) -> str:
    """The text with signs around the marked words of each line, so that they take no line its markup."""
    parts, offset = [], 0
    for line in text.splitlines(keepends=True):
        begin, end = len(line) - len(_OPENING.sub("", line, count=1)), len(_without_closing(line))
        cuts = [(max(mark.start - offset, begin), min(mark.end - offset, end)) for mark in marks]
        for start, stop in sorted(cuts, reverse=True):
            if start < stop and not _RULE.match(line):
                line = f"{line[:start]}{_BEGIN}{line[start:stop]}{_END}{line[stop:]}"
        parts.append(line)
        offset += len(line) - line.count(_BEGIN) - line.count(_END)
    return "".join(parts)


def _without_closing(line: str) -> str:
    """A line without the hashes after a heading or the bar after a row."""
    line = line.rstrip()
    bare = line.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else line.removesuffix("|").rstrip()


def _marked(found: str) -> str:
    """HTML whose stretches between the signs stand in `<mark>`, each within one element."""
    parts, inside = [], False
    for piece in _TAG.split(found):
        if piece.startswith("<"):
            parts.append(piece)
            continue
        for words in re.split(f"([{_BEGIN}{_END}])", piece):
            if words in (_BEGIN, _END):
                inside = words == _BEGIN
            elif words:
                parts.append(f"<mark>{words}</mark>" if inside and words.strip() else words)
    return "".join(parts)


def _no_link(_renderer: Any, _tokens: Any, _index: int, _options: Any, _env: Any) -> str:
    return ""


def _address(_renderer: Any, tokens: Any, index: int, _options: Any, _env: Any) -> str:
    """The address of a link after its words, unless it is those."""
    start = max(place for place in range(index) if tokens[place].type == "link_open")
    address = re.sub(f"[{_BEGIN}{_END}]", "", str(tokens[start].attrGet("href")))
    words = re.sub(f"[{_BEGIN}{_END}]", "", "".join(token.content for token in tokens[start:index]))
    return "" if address in (words, f"mailto:{words}") else html.escape(f" ({address})")


def _words_for_picture(_renderer: Any, tokens: Any, index: int, _options: Any, _env: Any) -> str:
    return html.escape(str(tokens[index].content))


_READABLE.add_render_rule("link_open", _no_link)
_READABLE.add_render_rule("link_close", _address)
_READABLE.add_render_rule("image", _words_for_picture)
