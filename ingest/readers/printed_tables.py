"""Tables on the pages of a PDF, to calculate with, where it is sure which rows and columns they have. Pure functions.

A PDF knows no tables, only words in their places. So a table is taken for one only if every cell stands in one column,
if there are rows of one line only, and if nothing above, below or on the next page may belong to it. What is unsure is
read as text like the rest.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.readers.blocks import Block, Head, InnerTable
from ingest.readers.cleaning import clean
from ingest.readers.inner_tables import tables_in
from ingest.readers.layout import CELLS, PlacedLine
from ingest.readers.tables import SheetTable, find_tables
from ingest.sections import in_force
from rag.types import Heading, Page

_ROWS = 3  # of a table at least, with its head
_APART = 2.0  # heights of a line between two rows of which the second begins something else
_UNEVEN = 1.35  # times the least distance of two rows, from which some may be lines of one row
_LINES_APART = 0.6  # heights between two lines of one cell, at most
_COLUMN_GAP = 0.5  # heights of a line between two columns at least
_SIDE_BEARING = 3  # points that the ink of a letter may stand off from where the letter begins
_FILLED = 0.8  # of the cells under the head
_AROUND = 2  # lines between a table and what may go on with it: a caption, or what is printed at the edge of pages
LEADERS = "...."  # between an entry of a table of contents and its page

Row = Sequence[PlacedLine]
Extent = tuple[float, float]


@dataclass(frozen=True)
class PrintedTable:
    """A table as it is written on a page, its rows equally long, the first one its head.

    Attributes:
        columns: from where to where each reaches.
        is_first, is_last: whether it may go on with one of the page before, or on the page after.
    """

    rows: tuple[tuple[str, ...], ...]
    columns: tuple[Extent, ...]
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class PrintedTables:
    """What a page holds of tables.

    Attributes:
        begins, ends: rows of cells at its upper and at its lower edge, of each stretch from where to where they reach.
    """

    tables: tuple[PrintedTable, ...] = ()
    begins: tuple[tuple[Extent, ...], ...] = ()
    ends: tuple[tuple[Extent, ...], ...] = ()


def printed_tables(rows: Sequence[Row]) -> PrintedTables:
    """The tables among the rows of a page, which are in reading order."""
    stretches = list(_stretches(rows))
    return PrintedTables(
        tuple(_sure(rows, stretches)),
        tuple(_extents(rows[start:end]) for start, end in stretches if start <= _AROUND),
        tuple(_extents(rows[start:end]) for start, end in stretches if len(rows) - end <= _AROUND),
    )


def _sure(rows: Sequence[Row], stretches: Sequence[tuple[int, int]]) -> Iterator[PrintedTable]:
    for place, (start, end) in enumerate(stretches):
        following = stretches[place + 1] if place + 1 < len(stretches) else None
        columns = _columns(rows[start:end])
        if not columns or _has_head_of_lines(rows, start, columns) or _has_more_lines(rows, start, end, columns):
            continue
        if following and following[0] - end <= _AROUND and _goes_on(rows[slice(*following)], columns):
            continue
        cells = tuple(_cells(row, columns) for row in rows[start:end])
        yield PrintedTable(cells, columns, start <= _AROUND, len(rows) - end <= _AROUND)


def _whole(pages: Sequence[PrintedTables]) -> Iterator[list[PrintedTable]]:
    """The tables of every page without those that may go on from page to page."""
    for above, page, below in zip((PrintedTables(), *pages[:-1]), pages, (*pages[1:], PrintedTables()), strict=True):
        yield [
            table
            for table in page.tables
            if not (table.is_first and _fits_any(above.ends, table.columns))
            and not (table.is_last and _fits_any(below.begins, table.columns))
        ]


def _fits_any(stretches: Iterable[Sequence[Extent]], columns: Sequence[Extent]) -> bool:
    return any(all(_is_inside(extent, columns) for extent in extents) for extents in stretches)


def _extents(rows: Sequence[Row]) -> tuple[Extent, ...]:
    return tuple((line.left, line.right) for row in rows for line in row)


def tables_of_pages(
    pages: Sequence[Page], found: Sequence[PrintedTables], *, title: str, decimal: str
) -> tuple[SheetTable, ...]:
    """The tables that hold data, under the headings in force, on their pages; `found` are those of each page.

    What is not in the text of its page as it was read there, row by row, is left out.
    """
    made: list[SheetTable] = []
    above: tuple[Heading, ...] = ()
    for page, tables in zip(pages, _whole(found), strict=True):
        placed = [(heading.start, Block(heading.text, heading.level)) for heading in page.headings]
        for table in tables:
            start = _start(table, page.text)
            if start is not None:
                placed.append((start, Block("", table=InnerTable(table.rows, Head.UNKNOWN))))
        if len(placed) > len(page.headings):
            blocks = (block for _, block in sorted(placed, key=lambda one: one[0]))
            before = (Block(heading.text, heading.level) for heading in above)
            shown = (block for block in (*before, *blocks) if block.table or not _repeats(block.text, title))
            made += tables_in(shown, page.number, decimal=decimal)
        above = in_force((*above, *page.headings))
    return tuple(made)


def _start(table: PrintedTable, text: str) -> int | None:
    """Where its head stands in the text of its page; None where not all of its rows do."""
    lines = [clean(CELLS.join(filter(None, cells))) for cells in table.rows]
    return text.find(lines[0]) if all(line in text for line in lines) else None


def _repeats(heading: str, title: str) -> bool:
    return " ".join(heading.split()).casefold() == title.casefold()


def _stretches(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Where rows of several cells follow each other, as from ... to."""
    start = None
    for place, row in enumerate(rows):
        if start is not None and (len(row) < 2 or not _follows(rows[place - 1], row)):
            yield start, place
            start = None
        if start is None and len(row) > 1:
            start = place
    if start is not None:
        yield start, len(rows)


def _follows(above: Row, row: Row) -> bool:
    return -_height(row) < _gap(above, row) <= _APART * _height(row)


def _gap(above: Row, row: Row) -> float:
    return _top(row) - max(line.bottom for line in above)


def _columns(rows: Sequence[Row]) -> tuple[Extent, ...]:
    """From where to where the columns reach; none where the rows are no table, or it is not sure."""
    if len(rows) < _ROWS:
        return ()
    columns = _merged((line.left, line.right) for row in rows for line in row)
    gaps = [right[0] - left[1] for left, right in pairwise(columns)]
    if len(columns) < 2 or min(gaps) < _COLUMN_GAP * statistics.median(map(_height, rows)):
        return ()
    if len(rows[0]) != len(columns) or any(len(set(_places(row, columns))) < len(row) for row in rows):
        return ()
    body = rows[1:]
    if any(_places(row, columns)[0] for row in body) or sum(map(len, body)) < _FILLED * len(body) * len(columns):
        return ()
    steps = [_top(row) - _top(above) for above, row in pairwise(body)]
    if max(steps) > _UNEVEN * min(steps) or any(LEADERS in line.text for row in rows for line in row):
        return ()
    return columns


def _merged(extents: Iterator[Extent]) -> tuple[Extent, ...]:
    found: list[Extent] = []
    for left, right in sorted(extents):
        if found and left <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return tuple(found)


def _places(row: Row, columns: Sequence[Extent]) -> list[int]:
    """Of each cell, in which column it begins."""
    return [max(0, sum(1 for left, _ in columns if left <= line.left) - 1) for line in row]


def _cells(row: Row, columns: Sequence[Extent]) -> tuple[str, ...]:
    cells = dict(zip(_places(row, columns), (line.text for line in row), strict=True))
    return tuple(cells.get(place, "") for place in range(len(columns)))


def _has_head_of_lines(rows: Sequence[Row], start: int, columns: Sequence[Extent]) -> bool:
    """Whether the row above a table is as near as lines of one cell are, and crosses no gap."""
    if not start:
        return False
    above, head = rows[start - 1], rows[start]
    is_near = -_height(head) < _gap(above, head) <= _LINES_APART * _height(head)
    return is_near and _fits_any([_extents([above])], columns)


def _has_more_lines(rows: Sequence[Row], start: int, end: int, columns: Sequence[Extent]) -> bool:
    """Whether the row below a table is as near as its rows are to each other, and crosses no gap."""
    if end == len(rows):
        return False
    last, below = rows[end - 1], rows[end]
    gaps = [_gap(above, row) for above, row in pairwise(rows[start:end])]
    is_near = -_height(last) < _gap(last, below) <= max(_UNEVEN * max(gaps), _LINES_APART * _height(last))
    return is_near and _fits_any([_extents([below])], columns)


def _is_inside(extent: Extent, columns: Sequence[Extent]) -> bool:
    """Whether it reaches over one column at most; letters do not all begin at the same point."""
    left, right = extent
    over = sum(1 for start, end in columns if min(right, end) - max(left, start) > _SIDE_BEARING)
    return columns[0][0] - _SIDE_BEARING <= left and over <= 1


def _goes_on(rows: Sequence[Row], columns: Sequence[Extent]) -> bool:
    """Whether rows below a table stand in its columns and have no head of their own."""
    return _fits_any([_extents(rows)], columns) and not find_tables([[line.text for line in row] for row in rows])


def _top(row: Row) -> float:
    return min(line.top for line in row)


def _height(row: Row) -> float:
    return statistics.median(line.height for line in row)
