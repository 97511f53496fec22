"""Rows and columns as text: a stretch of rows is a section, headed by its place and begun by the head of its columns.

So a passage of a table says what its cells mean, and a citation names the rows it stands in. Rows are joined as the
readers of documents join those of a table, which rag/evidence.py knows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.readers.blocks import CELL_JOINT, Block, hidden, page_of, row
from ingest.readers.heads import is_head
from ingest.readers.hiding import Hiding, hidden_page, hide, marks_of, without_marks
from ingest.readers.tables import SheetTable, find_tables
from ingest.readers.unshown_cells import Unshown
from rag.cells import letters
from rag.types import Page

ROWS = 100_000  # read of one table; each is a line of a passage, and ten thousand passages take minutes to embed
COLUMNS = 200  # read of one row
CELLS = 2_000_000  # read of one table
_SECTION_CHARACTERS = 500  # about what a passage holds of a table (200 tokens, and numbers have many)
_SECTION_ROWS = 30
_SMALL = 200  # characters under which a section is joined with its neighbour


@dataclass(frozen=True)
class Place:
    """Rows and columns, 1-based, the last ones included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def cells(self) -> str:
        """ "B2:D21", as spreadsheets call it."""
        first, last = (
            f"{letters(column)}{line}"
            for line, column in ((self.first_row, self.first_column), (self.last_row, self.last_column))
        )
        return first if first == last else f"{first}:{last}"

    def joined(self, other: "Place") -> "Place":
        """The smallest that holds both."""
        return Place(
            min(self.first_row, other.first_row),
            min(self.first_column, other.first_column),
            max(self.last_row, other.last_row),
            max(self.last_column, other.last_column),
        )

    @property
    def rows(self) -> str:
        """ "rows 2–21", for tables whose columns have no letters."""
        return f"row {self.first_row}" if self.first_row == self.last_row else f"rows {self.first_row}–{self.last_row}"  # noqa: RUF001


@dataclass(frozen=True)
class Table:
    """A sheet read as text, the tables on it, and what was left out of it."""

    page: Page
    gaps: tuple[str, ...]
    tables: tuple[SheetTable, ...] = ()


def read_table(
    rows: Iterable[Sequence[str]],
    *,
    name: str = "",
    number: int | None = None,
    called: Callable[[Place], str] = lambda place: place.cells,
    decimal: str = ".",
    unshown: Unshown = Unshown(),
) -> Table:
    """The rows of one sheet as a page.

    Args:
        rows: the cells of every row from the first on, empty rows too; those in the colour of their ground marked so.
        name: of the sheet, the heading over all its places.
        number: of the page.
        called: names the place of a section.
        decimal: the decimal sign of its numbers, where they do not show it themselves.
        unshown: rows and columns that nobody sees; their text stands under that of the others.
    """
    lines, gaps, is_cut = _bounded(rows, f"{name}: " if name else "")
    lines, unshown = _without_white(lines, unshown)
    blocks = [Block(name, level=1)]
    for section in _joined(list(_sections(_shown(lines, unshown)))):
        blocks += _blocks(section, called, level=2 if name else 1)
    for place, texts, hiding in (*_unshown(lines, unshown), *_white(lines, unshown)):
        section = _Section(place, (texts,))
        blocks += hidden(_blocks(section, called, level=2 if name else 1), hiding)
    tables = find_tables(lines, sheet=name, page=number, decimal=decimal)
    tables = tuple(_marked(table, unshown) for table in tables) if unshown else tables
    if is_cut and tables:
        tables = (*tables[:-1], replace(tables[-1], is_cut=True))
    return Table(page_of(blocks if len(blocks) > 1 else [], number), gaps, tables)


def _without_white(lines: list[list[str]], unshown: Unshown) -> tuple[list[list[str]], Unshown]:
    """The cells without marks, and which of them had one."""
    begin, _ = marks_of(Hiding.INVISIBLE)
    white = frozenset(
        (number, column)
        for number, cells in enumerate(lines, start=1)
        for column, cell in enumerate(cells, start=1)
        if cell.startswith(begin)
    )
    if not white:
        return lines, unshown
    return [list(map(without_marks, cells)) for cells in lines], replace(unshown, cells=white)


def _shown(lines: list[list[str]], unshown: Unshown) -> list[list[str]]:
    """The cells that are seen, the others empty."""
    if not unshown:
        return lines
    return [
        ["" if unshown.hides(number, column) else cell for column, cell in enumerate(cells, 1)]
        for number, cells in enumerate(lines, start=1)
    ]


def _unshown(lines: Sequence[Sequence[str]], unshown: Unshown) -> Iterator[tuple[Place, tuple[str, ...], Hiding]]:
    """What hidden rows hold, then hidden columns: neighbours as one stretch, each with its place."""
    for first, last in _runs(unshown.rows, len(lines)):
        texts = tuple(filter(None, (row(filter(None, lines[number - 1])) for number in range(first, last + 1))))
        if texts:
            widest = max(len(lines[number - 1]) for number in range(first, last + 1))
            yield Place(first, 1, last, widest), texts, Hiding.CELLS
    for first, last in _runs(unshown.columns, max(map(len, lines), default=0)):
        seen = (cells[first - 1 : last] for number, cells in enumerate(lines, 1) if number not in unshown.rows)
        texts = tuple(filter(None, (row(filter(None, cells)) for cells in seen)))
        if texts:
            yield Place(1, first, len(lines), last), texts, Hiding.CELLS


def _white(lines: Sequence[Sequence[str]], unshown: Unshown) -> Iterator[tuple[Place, tuple[str, ...], Hiding]]:
    """Cells in the colour of their ground, those of a row that stand side by side together."""
    seen = (cell for cell in unshown.cells if cell[0] not in unshown.rows and cell[1] not in unshown.columns)
    for number, cells in groupby(sorted(seen), key=lambda cell: cell[0]):
        for first, last in _runs((column for _, column in cells), COLUMNS):
            yield Place(number, first, number, last), (row(lines[number - 1][first - 1 : last]),), Hiding.INVISIBLE


def _runs(numbers: Iterable[int], most: int) -> Iterator[tuple[int, int]]:
    """Numbers up to `most` as stretches of neighbours."""
    ordered = sorted(number for number in numbers if number <= most)
    for _, group in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], run[-1]


def _marked(table: SheetTable, unshown: Unshown) -> SheetTable:
    """The table with its hidden cells marked."""

    def marked(numbers: Sequence[int], cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            hide(cell, Hiding.CELLS) if any(unshown.hides(number, column) for number in numbers) else cell
            for column, cell in enumerate(cells, start=table.first_column)
        )

    rows = tuple((number, marked([number], cells)) for number, cells in table.rows)
    return replace(table, heads=marked(table.head_rows, table.heads), rows=rows)


def _blocks(section: "_Section", called: Callable[[Place], str], *, level: int) -> list[Block]:
    texts = (Block(text, tight=count > 0) for part in section.parts for count, text in enumerate(part))
    return [Block(called(section.place), level=level), *texts]


def hidden_sheet(table: Table) -> Table:
    """The whole sheet as not seen."""
    tables = tuple(replace(one, hidden=True) for one in table.tables)
    return replace(table, page=hidden_page(table.page, Hiding.SHEET), tables=tables)


def _bounded(rows: Iterable[Sequence[str]], of_sheet: str) -> tuple[list[list[str]], tuple[str, ...], bool]:
    """As many rows and columns as are read, the gaps that name the rest, and whether there are more rows in it."""
    kept: list[list[str]] = []
    filled, cells, wide, every = 0, 0, False, iter(rows)
    for line in every:
        wide = wide or any(map(str.strip, line[COLUMNS:]))
        kept.append([" ".join(cell.split()) for cell in line[:COLUMNS]])
        filled += any(kept[-1])
        cells += len(kept[-1])
        if filled == ROWS or cells > CELLS:
            break
    gaps = [f"{of_sheet}columns after {letters(COLUMNS)} were left out"] if wide else []
    is_cut = any(any(map(str.strip, line)) for line in every)
    if is_cut:
        gaps.append(f"{of_sheet}rows after {len(kept):,} were left out")
    return kept, tuple(gaps), is_cut


@dataclass(frozen=True)
class _Section:
    """What stands under one heading: the lines of one or more parts of the table, and its length in characters."""

    place: Place
    parts: tuple[tuple[str, ...], ...]

    @property
    def length(self) -> int:
        return sum(len(line) + 1 for part in self.parts for line in part)

    def joined(self, following: "_Section") -> "_Section":
        return _Section(self.place.joined(following.place), self.parts + following.parts)


def _joined(sections: Sequence[_Section]) -> list[_Section]:
    """Small sections joined with the next, so that a passage is one section and names its place exactly."""
    joined: list[_Section] = []
    for count, section in enumerate(sections, start=1):
        last = joined[-1].length if joined else 0
        fits = last + section.length <= _SECTION_CHARACTERS
        if joined and fits and (last < _SMALL or (count == len(sections) and section.length < _SMALL)):
            joined[-1] = joined[-1].joined(section)
        else:
            joined.append(section)
    return joined


def _sections(lines: Sequence[list[str]]) -> Iterator[_Section]:
    head, column = "", 0
    for region in _regions(lines):
        if region.head or (region.width, region.first_column) != (head.count(CELL_JOINT) + 1, column):
            head, column = region.head, region.first_column
        yield from region.sections(head)


def _regions(lines: Sequence[list[str]]) -> Iterator["_Region"]:
    """Rows between empty ones, cut to the columns that are filled."""
    for filled, group in groupby(enumerate(lines, start=1), key=lambda pair: any(pair[1])):
        if filled:
            numbered = list(group)
            columns = [column for _, cells in numbered for column, cell in enumerate(cells) if cell]
            start, end = min(columns), max(columns) + 1
            padded = [(cells + [""] * (end - len(cells)))[start:end] for _, cells in numbered]
            yield _Region(padded, numbered[0][0], start + 1)


class _Region:
    """Captions (rows of one cell above a table), the head of the columns, rows; any of them may be missing."""

    def __init__(self, rows: Sequence[Sequence[str]], first_row: int, first_column: int) -> None:
        self.width = len(rows[0])
        self.first_column = first_column
        self._first_row = first_row
        filled = [sum(1 for cell in cells if cell) for cells in rows]
        captions = next((index for index, count in enumerate(filled) if count > 1), 0)
        self._captions = tuple("".join(cells) for cells in rows[:captions])
        below = rows[captions:]
        self.head = row(below[0]) if len(below) > 1 and is_head(below[0], below[1]) else ""
        self._lines = [row(cells) for cells in (below[1:] if self.head else below)]

    def sections(self, head: str) -> Iterator[_Section]:
        """Stretches of rows; `head` is shown above each."""
        captions, begin, written = self._captions, 0, self._first_row
        for size in _sizes(self._lines, len(head)):
            lead = len(captions) + (1 if self.head and not begin else 0)
            place = Place(written, self.first_column, written + lead + size - 1, self.first_column + self.width - 1)
            yield _Section(place, ((*captions, *filter(None, [head]), *self._lines[begin : begin + size]),))
            captions, begin, written = (), begin + size, written + lead + size


def _sizes(lines: Sequence[str], head: int) -> list[int]:
    """How many rows each section takes. `head` characters are repeated in each, and are at most half of its text."""
    room = max(_SECTION_CHARACTERS - head, head)
    sizes: list[int] = []
    length = 0
    for line in lines:
        if sizes and length + len(line) <= room and sizes[-1] < _SECTION_ROWS:
            sizes[-1] += 1
            length += len(line) + 1
        else:
            sizes.append(1)
            length = len(line) + 1
    if len(sizes) > 1 and length < _SMALL:
        sizes[-2:] = [sizes[-2] + sizes[-1]]
    return sizes
