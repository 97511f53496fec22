"""Markdown: its source is the text, so that offsets and tables stay what the author wrote."""

import re

from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source, one_line
from rag.markdown import headings
from rag.types import Page

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
    return Content(one_line(title or first), (Page(None, text, found),))


def _front_title(front: str) -> str:
    match = _TITLE.search(front)
    return match[1].strip().strip("\"'") if match else ""
