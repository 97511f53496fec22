"""The lines of a passage as they are to be understood: the cells of a table row are named by the head of their column.

Pure functions.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import sentences, statements
from rag.spelling import is_known

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
_RULED = re.compile(r"\s*[|:-]*-[\s|:+-]*-[\s|:+-]*(?:\n|$)")  # below the line
_COUNT = re.compile(r"[\d\s.,:/–-]+")  # what differs between the numbers of a column
_LABEL = re.compile(r"(?=[^\W\d_])[^.!?;:|]{1,39}[^\s.,!?;:|]")  # what a value is of
_PAGE = re.compile(r"\d{1,3}")  # of an entry of a table of contents
_LABEL_WORDS = 5
_LOOKED_AT = 50  # rows below a head
_HEADS = frozenset(  # over columns that may hold anything
    ("name", "item", "feature", "product", "parameter", "setting", "day", "value", "default", "meaning", "description")
    + ("amount", "hours", "remedy", "unit", "limit", "telephone", "tag", "wert", "bedeutung", "beschreibung", "menge")
)
_BLANK = re.compile(r"\n\s*\n")
_INITIAL = 2  # letters of a word that may stand for another
_UNIT = 3  # letters that tell it
_MOSTLY = 0.6  # of the cells of a column are of one kind


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
            width = len(cells) if len(cells) > 1 else 0
            head = cells if part.start > 0 and _is_head(cells, part.text) else []
            if head and (below := _below(parts, place, text)):
                if len(cells) != 2 or _RULED.match(text, part.end) or _names_columns(cells, below):
                    continue  # each row is read with it
                head = []
        elif head:
            named = ((name, cell) for name, cell in zip(head, cells, strict=True) if cell)
            read, is_row = "; ".join(f"{name}: {cell}" if name else cell for name, cell in named), True
        if not head and _is_labelled(cells):
            read = ": ".join(cells)
        yield Reading(part.start, part.end, part.text, read if is_row else named_rows.get(place, read), is_row)


def lacks_head(text: str) -> bool:
    """Whether there is a row of numbers whose columns nothing in the text names."""
    return any(
        line.read in (line.text, ": ".join(_cells(line.text))) and statements.is_row(line.text)
        for line in readings(text)
    )


def lines_of(text: str) -> list[str]:
    """The lines of a text as they are read."""
    return [part.text for part in sentences.split(text)]


def _is_head(cells: list[str], line: str) -> bool:
    """Whether a first row may be the names of columns: no numbers; where spaces part them, no listing either."""
    if len(cells) < 2 or any(map(_DIGIT.search, cells)):
        return False
    return " | " in line or not any(map(_LISTED, cells))


def _names_columns(cells: list[str], below: Sequence[list[str]]) -> bool:
    """Whether two cells are the names of columns and not, as those below them, a label and its value.

    What stands in a column is of one kind, words, prices or codes; "Cover   Comprehensive" may stand over anything.
    """
    words = cells[1].split()
    is_capital = len(words) > 1 and all(map(str.istitle, words))
    if is_capital and any(len(word) > _INITIAL and not is_known(word.lower()) for word in words):
        return False  # somebody's name
    if {cells[0].lower(), words[0].lower()} & _HEADS:
        return True
    first, second = zip(*below, strict=True)
    return not any(map(_DIGIT.search, second)) or _is_of_one_kind(first) or _is_of_one_kind(second)


def _below(parts: Sequence[tuple[sentences.Sentence, list[str]]], place: int, text: str) -> list[list[str]]:
    """The rows right below a line, as far as they have as many cells."""
    found: list[list[str]] = []
    (above, cells), later = parts[place], parts[place + 1 : place + 1 + _LOOKED_AT]
    for part, row in later:
        if len(row) != len(cells) or _BLANK.search(text, above.end, part.start):
            break
        found.append(row)
        above = part
    return found


def _is_of_one_kind(column: Sequence[str]) -> bool:
    """Whether the cells hold numbers of one kind ("1 month", "4 months"), but for some."""
    kinds = Counter(_COUNT.sub("", cell).casefold()[:_UNIT] for cell in column if _DIGIT.search(cell))
    return bool(kinds) and kinds.most_common(1)[0][1] >= _MOSTLY * len(column)


def _is_labelled(cells: list[str]) -> bool:
    """Whether two cells are a label and its value."""
    if len(cells) != 2 or not cells[1] or any(map(_LISTED, cells)) or _PAGE.fullmatch(cells[1]):
        return False
    return _LABEL.fullmatch(cells[0]) is not None and len(cells[0].split()) <= _LABEL_WORDS


def _cells(line: str) -> list[str]:
    """The cells of a table row, one where it is none; empty ones at its ends lost their space to trimming.

    The sign of a list item may stand as far from it as cells do.
    """
    padded = (" " if line.startswith("| ") else "") + line + (" " if line.endswith(" |") else "")
    cells = [cell.strip() for cell in CELLS.split(padded)]
    return [line] if len(cells) == 2 and _SIGN.fullmatch(cells[0]) else cells
