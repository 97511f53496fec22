"""Markdown through markdown-it-py: where the headings of a source are, and safe HTML of a model's answer."""

import re
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt

from rag.types import Heading

_BLOCKS = MarkdownIt("commonmark").disable("inline")  # of long documents only the headings' words are looked into
_WORDS = MarkdownIt("commonmark")
# Nothing that a document smuggled into an answer may fetch or open anything: raw HTML is shown as text, and neither
# links nor pictures are made.
_SAFE = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
_SAFE.enable(["table", "strikethrough"]).disable(
    ["link", "image", "autolink", "html_inline", "html_block", "reference"]
)

_MARKUP = re.compile(r"[\\`*_\[\]<>&!]")


def headings(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown source with the offsets of their lines; `#` inside code is none."""
    starts = [0, *accumulate(len(line) for line in text.split("\n"))]
    tokens = _BLOCKS.parse(text)
    return tuple(
        Heading(int(opening.tag[1:]), words, starts[opening.map[0]] + opening.map[0])
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" and opening.map and (words := _words(inline.content))
    )


def _words(source: str) -> str:
    """The text of a heading without its markup."""
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
