"""Text as the page shows it; that of users, documents and models is made safe for Streamlit's Markdown."""

import datetime
import html
import re
from collections.abc import Sequence

from rag.catalog import Embedded
from rag.markdown import readable
from rag.sentences import flowing
from rag.types import Span
from rag.wording import counted

_LONGEST = 80  # characters of a title
READABLE = """
.readable {white-space: normal}
.readable :is(h1, h2, h3, h4, h5, h6) {font-size: 1em; font-weight: 600; margin: .5em 0 .2em; padding: 0}
.readable :is(p, ul, ol, pre, table, blockquote) {margin: 0 0 .5em; font-size: 1em}
.readable > :is(:first-child) {margin-top: 0}
.readable > :is(:last-child) {margin-bottom: 0}
.readable pre {white-space: pre-wrap; background: rgba(128, 128, 128, .12); padding: .3em .6em; border-radius: 4px}
.readable :is(th, td) {border: 1px solid rgba(128, 128, 128, .35); padding: .1em .5em; text-align: start}
"""


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>$:~])", r"\\\1", " ".join(text.split()))


def marked(text: str, marks: Sequence[Span]) -> str:
    """Escaped HTML of the text, its marks set in `<mark>`."""
    parts, end = [], 0
    for mark in marks:
        parts += [html.escape(text[end : mark.start]), f"<mark>{html.escape(text[mark.start : mark.end])}</mark>"]
        end = mark.end
    return "".join([*parts, html.escape(text[end:])])


def is_markdown(name: str) -> bool:
    """Whether the text of a document of this name is read better with its Markdown carried out."""
    return name.lower().endswith((".md", ".markdown"))


def passage(name: str, text: str, marks: Sequence[Span]) -> str:
    """Safe HTML of words of a document, with its marks: Markdown without its signs, PDF pages without the ends of lines
    that a sentence goes over."""
    if is_markdown(name):
        return f'<div class="readable">{readable(text, marks)}</div>'
    return marked(flowing(text) if name.lower().endswith(".pdf") else text, marks)


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "2 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def moment(seconds: float) -> str:
    """ "2026-05-03 14:02", where the page is."""
    return f"{datetime.datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def sure(confidence: float) -> str:
    """ "97% sure": never wholly."""
    return f"{min(confidence, 0.99):.0%} sure"


def far(embedded: Embedded) -> str:
    """ "words searchable, 120 of 480 passages embedded"."""
    return f"words searchable, {embedded.done:,} of {counted(embedded.of, 'passage')} embedded"


def shortened(name: str) -> str:
    """The name of a file for a title: a very long one without its middle."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 20].rstrip()} … {name[-17:].lstrip()}"


def file_name(title: str, suffix: str) -> str:
    """A title as the name of a file that every system takes."""
    return (re.sub(r"[^\w\- ]+", "", title).strip()[:60] or "footnote") + suffix
