"""The tables inside a document, to calculate with: which of them hold data, and where each stands. Pure functions.

Layout is left out: tables without a head, of one row or column, of a few cells, around other tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.readers import values
from ingest.readers.blocks import Block, Head, InnerTable
from ingest.readers.cleaning import clean
from ingest.readers.columns import decimal_of, typed
from ingest.readers.heads import is_number
from ingest.readers.hiding import shown, without_marks
from ingest.readers.tables import SheetTable, find_tables
from rag.cells import Kind
from rag.types import JOINT

_COLUMNS = 200  # of a table; wider ones are no tables that a person reads
_ROWS = 100_000
_FEWEST_ROWS = 2  # under the head
_HEAD_CHARACTERS = 60  # of a cell that heads a column and is not marked as one
_WORDS_ONLY = 3  # rows and columns from which a table of words without a marked head is taken for data


@dataclass(frozen=True)
class Cell:
    """A cell as it is written.

    Attributes:
        columns, rows: over which it reaches.
        goes_on: whether it is a part of the cell above.
    """

    text: str
    columns: int = 1
    rows: int = 1
    goes_on: bool = False


def inner_table(lines: Iterable[Sequence[Cell]], head: Head) -> InnerTable | None:
    """The table of these rows; None where it is no larger than a row or a column.

    What was merged over several columns stands in the first of them. Words merged over several rows stand in each, for
    they are true of each; numbers do not, or they would be added up several times, nor do heads.
    """
    rows: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # by column: rows still covered from above, and with what
    for number, cells in enumerate(lines):
        if number == _ROWS:
            return None
        line: list[str] = []
        for cell in cells:
            _cover(line, pending)
            above = rows[-1][len(line)] if rows and len(line) < len(rows[-1]) else ""
            text = _repeated(above, number - 1) if cell.goes_on else " ".join(clean(cell.text).split())
            columns = min(max(1, cell.columns), _COLUMNS + 1)
            for place in range(len(line), len(line) + columns) if cell.rows > 1 else ():
                pending[place] = (cell.rows - 1, _repeated(text, number) if place == len(line) else "")
            line += [text, *[""] * (columns - 1)]
            if len(line) > _COLUMNS:
                return None
        _cover(line, pending)
        rows.append(line)
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or width < 2:
        return None
    return InnerTable(tuple((*line, *[""] * (width - len(line))) for line in rows), head)


def _cover(line: list[str], pending: dict[int, tuple[int, str]]) -> None:
    """Adds the cells that reach here from the rows above."""
    while len(line) in pending:
        left, text = pending.pop(len(line))
        if left > 1:
            pending[len(line)] = (left - 1, text)
        line.append(text)


def _repeated(text: str, row: int) -> str:
    return "" if row == 0 or is_number(text) or values.written(text) else text


def tables_in(blocks: Iterable[Block], page: int | None = None, *, decimal: str = ".") -> tuple[SheetTable, ...]:
    """The tables that hold data, with their places: numbered under each heading, their rows from their head on.

    Args:
        decimal: the decimal sign of a table whose numbers do not show it themselves.
    """
    found: list[SheetTable] = []
    path: list[tuple[int, str]] = []
    place = 0
    for block in blocks:
        if block.level and (words := " ".join(shown(clean(block.text)).split())):
            path = [*((level, text) for level, text in path if level < block.level), (block.level, words)]
            place = 0
        if block.table is not None:
            place += 1
            headings = JOINT.join(text for _, text in path)
            for table in _data(block.table, path[-1][1] if path else "", page, decimal):
                found.append(replace(table, place=place, headings=headings))
    return tuple(found)


def _data(table: InnerTable, sheet: str, page: int | None, otherwise: str) -> list[SheetTable]:
    plain = [[without_marks(cell) for cell in cells] for cells in table.rows]
    decimal = decimal_of(plain, otherwise=otherwise)
    found = find_tables(table.rows, sheet=sheet, page=page, decimal=decimal)
    return [one for one in found if _holds_data(one, table.head)]


def _holds_data(table: SheetTable, head: Head) -> bool:
    heads = [without_marks(one) for one in table.heads]
    unmarked = tuple((number, tuple(map(without_marks, cells))) for number, cells in table.rows)
    data = typed(replace(table, heads=tuple(heads), rows=unmarked))
    if data is None or data.rows < _FEWEST_ROWS or len([one for one in heads if one]) < 2:
        return False
    if head is Head.MARKED:
        return True
    if len(set(heads)) < len(heads) or any(not one for one in heads[1:]) or any(map(_is_no_head, heads)):
        return False
    if any(column.kind is not Kind.TEXT for column in data.columns):
        return True
    return head is Head.LIKELY and data.rows >= _WORDS_ONLY and len(heads) >= _WORDS_ONLY


def _is_no_head(text: str) -> bool:
    """Whether it is a value ("12 kg") or a sentence."""
    number = values.written(text)
    return len(text) > _HEAD_CHARACTERS or (number is not None and bool(number.unit))
