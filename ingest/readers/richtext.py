"""Rich Text (RTF) through striprtf: its words and tables, without what they look like."""

import re

from striprtf.striprtf import rtf_to_text

from ingest.readers.blocks import row
from ingest.readers.cleaning import clean
from ingest.readers.hiding import Hiding, marks_of
from ingest.readers.source import Content, Source, sensible_title
from rag.errors import UnreadableDocument
from rag.types import Page

_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
_START = b"{\\rtf"
_PICTURE = re.compile(r"[0-9a-fA-F\r\n]{1000,}")  # in hexadecimal; no word is so long
# striprtf looks for links by a pattern that takes minutes for long lines of them; with a line end, which means nothing,
# it finds none. What they point to is no text.
_FIELD = r"\fldinst{"
_CHARSET = r"\fcharset"  # once for each font; its pattern for fonts takes the square of their number
_FONTS = 5_000
_TITLE = re.compile(r"\{\\title\s([^{}]*)\}")
# What is hidden goes to the end of its group, or to where it is taken back; a backslash before a brace is no group.
_HIDDEN = re.compile(r"\\v1?(?![a-zA-Z0-9-]) ?")
_TOKEN = re.compile(
    r"\\[\\{}]|(?P<brace>[{}])|(?P<hide>\\v1?(?![a-zA-Z0-9-]) ?)|(?P<show>\\(?:v0|plain)(?![a-zA-Z0-9-]) ?)"
)
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
    markup = markup.replace(_FIELD, f"{_FIELD[:-1]}\n{{")
    if markup.count(_CHARSET) > _FONTS:
        raise damaged
    if _HIDDEN.search(markup):
        markup = _marked(markup)
    try:
        title = _TITLE.search(markup)
        text = "\n".join(map(_line, _plain(markup).split("\n")))
        name = _plain(f"{_START.decode()}1 {title[1]}}}") if title else ""
    except _DAMAGE as exc:
        raise damaged from exc
    return Content(sensible_title(name), (Page(None, text.strip("\n")),))


def _marked(markup: str) -> str:
    """The markup with the marks of hiding.py around what is hidden."""
    begin, end = (f"{{\\uc1\\u{ord(mark) - 0x10000}?}}" for mark in marks_of(Hiding.HIDDEN))
    parts: list[str] = []
    hidden, outer, place = False, [], 0
    for token in _TOKEN.finditer(markup):
        before = hidden
        if token["brace"] == "{":
            outer.append(hidden)
        elif token["brace"] == "}":
            hidden = outer.pop() if outer else False
        elif token["hide"] or token["show"]:
            hidden = bool(token["hide"])
        if hidden != before:
            closes = token["brace"] == "}"
            cut = token.start() if closes else token.end()
            parts += [markup[place:cut], begin if hidden else end]
            place = cut
    return "".join([*parts, markup[place:]])


def _plain(markup: str) -> str:
    text = str(rtf_to_text(markup, errors="replace"))  # type: ignore[no-untyped-call]
    whole = text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")  # emoji come in two halves
    return clean(whole)


def _line(line: str) -> str:
    """A row of a table as the other readers write it; other lines as they are."""
    cells = line.rstrip().removesuffix(_CELL).split(_CELL)
    return row(cells) if line.rstrip().endswith(_CELL) and len(cells) > 1 else line.rstrip()
