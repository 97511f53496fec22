"""Text as the page shows it; that of users, documents and models is made safe for Streamlit's Markdown."""

import datetime
import html
import re
from collections.abc import Sequence

from rag.catalog import Embedded
from rag.types import Span

_LONGEST = 80  # characters of a title


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


def counted(number: int, noun: str) -> str:
    """ "1 page", "2,000 pages"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(name: str) -> str:
    """The name of a file for a title: a very long one without its middle."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 20].rstrip()} … {name[-17:].lstrip()}"


def file_name(title: str, suffix: str) -> str:
    """A title as the name of a file that every system takes."""
    return (re.sub(r"[^\w\- ]+", "", title).strip()[:60] or "footnote") + suffix
