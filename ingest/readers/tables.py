"""Where the tables of a sheet are: which row heads them and which rows belong to it. Pure functions.

A table may begin anywhere, under captions, and go on after empty rows; its head may have two rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.readers.heads import is_head, is_number

_HEAD_ROWS = 15  # of a stretch of rows, among which its head is looked for
_FEW_CAPTIONS = 0.2  # of the rows may be captions; where more have one cell, that is how the table is

Row = tuple[int, tuple[str, ...]]  # its number in the sheet and its cells


@dataclass(frozen=True)
class SheetTable:
    """A table as it is written.

    Attributes:
        sheet: it stands on, or the heading it stands under, "" where there is neither.
        page: number of that sheet, or of the slide.
        first_column: 1 for A.
        heads: of its columns, "" where one has none.
        head_rows: numbers of the rows of the sheet that `heads` stand in.
        captions: numbers of rows between its rows that hold a heading only.
        decimal: the decimal sign of the file.
        hidden: whether the whole sheet is.
        is_cut: whether the sheet has more rows than are read.
        place: which one it is under its heading or on its slide, from 1; None where it stands on a sheet.
        headings: path of the headings above it.
    """

    sheet: str
    page: int | None
    first_column: int
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    head_rows: tuple[int, ...] = ()
    captions: tuple[int, ...] = ()
    decimal: str = "."
    hidden: bool = False
    is_cut: bool = False
    place: int | None = None
    headings: str = ""


@dataclass(frozen=True)
class _Stretch:
    """Rows between empty ones, cut to the columns that are filled."""

    first_column: int
    rows: tuple[Row, ...]
    head: "_Head"


@dataclass(frozen=True)
class _Head:
    """The rows that name columns, by number, and what stands in them; both empty where there is no head.

    Attributes:
        end: how many rows of the stretch there are up to the head, it included.
    """

    end: int = 0
    rows: tuple[int, ...] = ()
    heads: tuple[str, ...] = ()


def find_tables(
    lines: Sequence[Sequence[str]], *, sheet: str = "", page: int | None = None, decimal: str = "."
) -> tuple[SheetTable, ...]:
    """The tables of a sheet in their order; rows without a head that go on with none are no table.

    Args:
        lines: the cells of every row from the first on.
        decimal: the decimal sign where a column does not tell.
    """
    found: list[_Growing] = []
    for stretch in _stretches(lines):
        more = found[-1].following(stretch) if found else []
        if more:
            found[-1].add(more)
        elif stretch.head.heads and len(stretch.rows) > stretch.head.end:
            found.append(_Growing(stretch))
    tables = (
        SheetTable(sheet, page, one.first_column, one.heads, tuple(one.rows), one.head_rows, decimal=decimal)
        for one in found
    )
    return tuple(table for whole in tables if (table := _without_captions(whole)).rows)


class _Growing:
    """A table to which stretches are added that go on with it."""

    def __init__(self, stretch: _Stretch) -> None:
        self.first_column = stretch.first_column
        self.heads = stretch.head.heads
        self.head_rows = stretch.head.rows
        self.rows: list[Row] = []
        self._has_numbers = False
        self.add(stretch.rows[stretch.head.end :])

    def add(self, rows: Sequence[Row]) -> None:
        self._has_numbers = self._has_numbers or any(is_number(cell) for _, cells in rows for cell in cells)
        self.rows += rows

    def following(self, stretch: _Stretch) -> list[Row]:
        """The rows of a stretch, as wide as those before; none where it is no part of the table.

        What looks like a head is a row where the table holds words only.
        """
        before, width = stretch.first_column - self.first_column, len(self.heads)
        own = len(stretch.rows[0][1])
        if before < 0 or before + own > width or (stretch.head.heads and (own < width or self._has_numbers)):
            return []
        after = ("",) * (width - before - own)
        rows = [(number, ("",) * before + cells + after) for number, cells in stretch.rows]
        while rows and sum(map(bool, rows[-1][1])) < 2:  # a remark under the table
            rows.pop()
        return rows if all(sum(map(bool, cells)) > 1 for _, cells in rows) else []


def _stretches(lines: Sequence[Sequence[str]]) -> Iterator[_Stretch]:
    for is_filled, group in groupby(enumerate(lines, start=1), key=lambda pair: any(pair[1])):
        if is_filled:
            numbered = list(group)
            columns = [column for _, cells in numbered for column, cell in enumerate(cells) if cell]
            start, end = min(columns), max(columns) + 1
            rows = [(number, (*cells, *[""] * (end - len(cells)))[start:end]) for number, cells in numbered]
            yield _Stretch(start + 1, tuple(rows), _head(rows))


def _head(rows: Sequence[Row]) -> _Head:
    """The row, or the two rows, that head the columns."""
    for index in range(min(_HEAD_ROWS, len(rows) - 1)):
        (number, cells), (next_number, below) = rows[index : index + 2]
        if sum(map(bool, cells)) > 1 and is_head(cells, below):
            over_number, over = rows[index - 1] if index else (0, ())
            if index + 2 < len(rows) and _groups(cells, below) and is_head(below, rows[index + 2][1]):
                return _Head(index + 2, (number, next_number), _joined(cells, below))
            if _groups(over, cells):
                return _Head(index + 1, (over_number, number), _joined(over, cells))
            return _Head(index + 1, (number,), cells)
        if sum(map(bool, cells)) * 2 > len(cells):
            break
    return _Head()


def _groups(over: Sequence[str], heads: Sequence[str]) -> bool:
    """Whether a row names groups of columns: cells that were merged leave gaps, which the row below fills."""
    named = sum(map(bool, over[1:]))
    gaps = sum(1 for group, head in zip(over, heads, strict=False) if head and not group)
    return named > 0 and gaps > (0 if over[0] else 1) and not (over[0] and heads[0])


def _joined(over: Sequence[str], heads: Sequence[str]) -> tuple[str, ...]:
    joined, group = [], ""
    for index, (above, head) in enumerate(zip(over, heads, strict=True)):
        group = above or (group if index else "")
        joined.append(" ".join(filter(None, (group if group != head else "", head))))
    return tuple(joined)


def _without_captions(table: SheetTable) -> SheetTable:
    """Without repeated heads, and without rows of one cell, which head those below them or explain those above."""
    rows = [row for row in table.rows if row[1] != table.heads]
    alone = {number for number, cells in rows if cells[0] and not any(cells[1:])} if len(table.heads) > 2 else set()
    if len(alone) > max(1, _FEW_CAPTIONS * len(rows)):
        alone = set()
    kept = tuple(row for row in rows if row[0] not in alone)
    return replace(table, rows=kept, captions=tuple(sorted(alone)))
