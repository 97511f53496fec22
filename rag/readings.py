"""The lines of a passage as they are to be understood: the cells of a table row are named by the head of their column.

Pure functions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag import sentences, statements

CELLS = re.compile(r" \| |\s{3,}")  # as the readers join the cells of a row
MARK = r"(?:[-*+•‣◦▪●■□–]|\w{1,3}[.)])"  # of a list item
_SIGN = re.compile(r"[•‣◦▪●○■□▸►·∙]|\((?:[a-z]|[ivx]{1,4}|\d{1,2})\)|[a-z][.)]")  # the same, where it stands apart
ITEM = re.compile(rf"^(?:>[ \t]*)*{MARK}\s+")
_QUOTED = re.compile(r"^(?:>[ \t]*)+(?=[^\W\d]|[\"'“„(])")  # of a message that is answered; not "> 10 years"
_RULE = re.compile(r"[\s|:+-]*--[\s|:+-]*")  # under the head of a table in Markdown
_LISTED = re.compile(  # in a listing: eight words or more, a command, its remark, a file or folder, a key
    r"(?:\S+\s+){7}\S|^#\s*\w+\s+\w|^-{1,2}\w|\s--?\w|\w/(?:\s|$)|\w\.[a-z]{1,4}(?![\w.])(?:$|\s)|:$"
).search
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Reading:
    """A line at `text[start:end]` of a passage.

    Attributes:
        read: as it is to be understood.
        is_row: of a table, read with the one line that is the head of it.
    """

    start: int
    end: int
    text: str
    read: str
    is_row: bool


def readings(text: str, above: str = "") -> Iterator[Reading]:
    """The lines of a passage in their order, without the heads of tables.

    Args:
        above: what stands before it on its page, as the head of a table whose rows it begins with.
    """
    head: list[str] = []
    width = 0  # cells of the row before; 0 outside a table
    found = (part for part in sentences.split(text) if not _RULE.fullmatch(part.text))
    parts = [(part, _cells(part.text)) for part in found]
    named_rows = statements.named_rows([part.text for part, _ in parts], lines_of(above))
    for place, (part, cells) in enumerate(parts):
        read = _QUOTED.sub("", ITEM.sub("", part.text))
        is_row = False
        if len(cells) != width:  # a table begins with its head, unless the passage begins inside it
            head = cells if part.start > 0 and _is_head(cells, part.text) else []
            width = len(cells) if len(cells) > 1 else 0
            if head and any(len(row) == width for _, row in parts[place + 1 : place + 2]):
                continue  # each row is read with it
        elif head:
            named = ((name, cell) for name, cell in zip(head, cells, strict=True) if cell)
            read, is_row = "; ".join(f"{name}: {cell}" if name else cell for name, cell in named), True
        yield Reading(part.start, part.end, part.text, read if is_row else named_rows.get(place, read), is_row)


def lacks_head(text: str) -> bool:
    """Whether there is a row of numbers whose columns nothing in the text names."""
    return any(line.read == line.text and statements.is_row(line.text) for line in readings(text))


def lines_of(text: str) -> list[str]:
    """The lines of a text as they are read."""
    return [part.text for part in sentences.split(text)]


def _is_head(cells: list[str], line: str) -> bool:
    """Whether a first row may be the names of columns: no numbers; where spaces part them, no listing either."""
    if len(cells) < 2 or any(map(_DIGIT.search, cells)):
        return False
    return " | " in line or not any(map(_LISTED, cells))


def _cells(line: str) -> list[str]:
    """The cells of a table row, one where it is none; empty ones at its ends lost their space to trimming.

    The sign of a list item may stand as far from it as cells do.
    """
    padded = (" " if line.startswith("| ") else "") + line + (" " if line.endswith(" |") else "")
    cells = [cell.strip() for cell in CELLS.split(padded)]
    return [line] if len(cells) == 2 and _SIGN.fullmatch(cells[0]) else cells
