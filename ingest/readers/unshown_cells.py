"""Which rows and columns of an Excel sheet are hidden, by the markup of the sheet: openpyxl tells it only of files that
it reads as a whole.

Rows that a filter hides, and rows and columns of a group that is folded up, are not meant: arrows and signs beside them
say that there is more.
"""

import re
from dataclasses import dataclass

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_FILTER = re.compile(rb"<(?:\w+:)?autoFilter\b[^>]*\bref=[\"']\$?[A-Z]+\$?(\d+):\$?[A-Z]+\$?(\d+)[\"'][^>]*(?<!/)>")
_GROUNDS = re.compile(rb"<(?:\w+:)?(?:conditionalFormatting|tablePart|picture)\b")
_WIDEST = 16_384  # columns of a sheet of Excel


@dataclass(frozen=True)
class Unshown:
    """Numbers of rows and columns, from 1, and single cells (row, column) that have the colour of their ground.

    Attributes:
        has_own_grounds: whether rules or table styles may give cells another ground than their own format does.
    """

    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()
    cells: frozenset[tuple[int, int]] = frozenset()
    has_own_grounds: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns or self.cells)

    def hides(self, row: int, column: int) -> bool:
        """Whether a cell is not seen."""
        return row in self.rows or column in self.columns or (row, column) in self.cells


def unshown_cells(markup: bytes) -> Unshown:
    """The hidden rows and columns of a sheet's markup."""
    filtered = _FILTER.search(markup)
    first, last = (int(number) for number in filtered.groups()) if filtered else (0, -1)
    rows: set[int] = set()
    count = 0
    for match in _ROW.finditer(markup):
        attributes = dict(_ATTRIBUTE.findall(match[0]))
        count = int(attributes.get(b"r", b"%d" % (count + 1)))
        if _is_hidden(attributes, b"ht") and not first <= count <= last:
            rows.add(count)
    columns: set[int] = set()
    for match in _COLUMN.finditer(markup):
        attributes = dict(_ATTRIBUTE.findall(match[0]))
        if _is_hidden(attributes, b"width"):
            begin, end = int(attributes.get(b"min", b"1")), int(attributes.get(b"max", b"0"))
            columns.update(range(begin, min(end, _WIDEST) + 1))
    return Unshown(frozenset(rows), frozenset(columns), has_own_grounds=_GROUNDS.search(markup) is not None)


def _is_hidden(attributes: dict[bytes, bytes], size: bytes) -> bool:
    if attributes.get(b"outlineLevel", b"0") != b"0":
        return False
    measure = attributes.get(size, b"1")
    return attributes.get(b"hidden") in (b"1", b"true") or not measure.strip(b"0.")
