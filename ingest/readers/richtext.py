"""Rich Text (RTF) through striprtf: its words and tables, without what they look like."""

import re

from striprtf.striprtf import rtf_to_text

from ingest.readers.blocks import row
from ingest.readers.cleaning import clean
from ingest.readers.source import Content, Source, sensible_title
from rag.errors import UnreadableDocument
from rag.types import Page

_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
_START = b"{\\rtf"
_PICTURE = re.compile(r"[0-9a-fA-F\r\n]{1000,}")  # in hexadecimal; no word is so long
_TITLE = re.compile(r"\{\\title\s([^{}]*)\}")
_CELL = "|"  # as striprtf ends a cell of a table


def read_rich_text(source: Source) -> Content:
    """One page without a number; headings are not told from other paragraphs.

    Raises:
        UnreadableDocument: it is damaged.
    """
    remedy = "Open it in Word or LibreOffice, save it as .docx and add that."
    damaged = UnreadableDocument(source.name, "it is damaged or not a Rich Text file", remedy)
    if not source.data.lstrip().startswith(_START):
        raise damaged
    markup = _PICTURE.sub("", source.data.decode("cp1252", errors="replace"))
    try:
        title = _TITLE.search(markup)
        text = "\n".join(map(_line, _plain(markup).split("\n")))
        name = _plain(f"{_START.decode()}1 {title[1]}}}") if title else ""
    except _DAMAGE as exc:
        raise damaged from exc
    return Content(sensible_title(name), (Page(None, text.strip("\n")),))


def _plain(markup: str) -> str:
    text = str(rtf_to_text(markup, errors="replace"))  # type: ignore[no-untyped-call]
    whole = text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")  # emoji come in two halves
    return clean(whole)


def _line(line: str) -> str:
    """A row of a table as the other readers write it; other lines as they are."""
    cells = line.rstrip().removesuffix(_CELL).split(_CELL)
    return row(cells) if line.rstrip().endswith(_CELL) and len(cells) > 1 else line.rstrip()
