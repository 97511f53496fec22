"""Tables of documents as typed columns, so that a question is answered by calculating with their cells.

A reader finds them (ingest/readers/tables.py on sheets, ingest/readers/inner_tables.py in other documents);
rag/tables.py keeps them, rag/sql.py calculates with them.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(str, Enum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"  # date and time
    TRUTH = "truth"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: what stands over it, "" where nothing does.
        number: of the sheet, 1 for A.
        decimals: digits after the point, at most, of a column of numbers; None where they cannot be kept exactly.
        unit: written beside each of its numbers: "%", "EUR".
        unread: cells of another kind than the column, which count as empty.
    """

    head: str
    number: int
    kind: Kind
    decimals: int | None = 0
    unit: str = ""
    unread: int = 0


@dataclass(frozen=True)
class DataTable:
    """Rows under one head.

    Attributes:
        sheet: it stands on, or the heading it stands under, "" where there is neither.
        page: number of that sheet, or of the slide.
        rows: how many there are.
        values: the rows as CSV: the number of each row on the sheet or in the table, then its cells as SQL reads them.
        totals: numbers of rows that sum up others, which are not among `rows`.
        captions: numbers of rows that hold a heading only, which are not among `rows` either.
        is_cut: whether the sheet has more rows than are read.
        place: of a table inside a document: which one it is under its heading or on its slide, from 1; None for those
            of spreadsheets.
        headings: path of the headings above such a table.
    """

    sheet: str
    page: int | None
    columns: tuple[Column, ...]
    rows: int
    values: str
    totals: tuple[int, ...] = ()
    captions: tuple[int, ...] = ()
    is_cut: bool = False
    place: int | None = None
    headings: str = ""


def values_of(rows: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Numbered rows as the CSV of a table; an empty cell holds nothing."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows((number, *cells) for number, cells in rows)
    return written.getvalue()


def table_from_json(values: dict[str, Any]) -> DataTable:
    """The table that `dataclasses.asdict` made JSON values of.

    Raises:
        ValueError, TypeError, KeyError: they are something else.
    """
    columns = tuple(Column(**{**column, "kind": Kind(column["kind"])}) for column in values["columns"])
    lists = {name: tuple(map(int, values[name])) for name in ("totals", "captions")}
    return DataTable(**{**values, **lists, "columns": columns})


def letters(column: int) -> str:
    """A for 1, Z for 26, AA for 27."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
