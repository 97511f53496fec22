"""Gives the columns of a table their kinds, and takes out rows that sum up others. Pure functions."""

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ingest.readers import values
from ingest.readers.tables import Row, SheetTable
from rag.cells import Column, DataTable, Kind, values_of

_MOST = 0.8  # share of a column's values that must be of one kind
_EXACT = 10  # digits after the point that are kept exactly
_WHOLE = 25  # digits before it
_NAMELESS = 3  # rows of numbers above their sum that nothing names
_FEW = 0.1  # of the rows may be called totals without being the sum of others
_NAMES = (
    r"totals?|sub-?totals?|grand totals?|overall|sum|all|average|mean|summe|gesamt|gesamtsumme|gesamtergebnis"
    r"|insgesamt|zwischensumme|durchschnitt|mittelwert|total general|somme|合计|总计|小计|总和|共计|平均|平均值"
)
_TOTAL = re.compile(rf"(?:{_NAMES})\s*[:：.]?", re.IGNORECASE)
_TOTAL_OF = re.compile(rf"(?:{_NAMES})\b.*|.*\b(?:{_NAMES})|.*(?:合计|总计|小计)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class _Typed:
    """A column and its cells as SQL reads them, "" where there is none."""

    column: Column
    cells: tuple[str, ...]


def typed(table: SheetTable) -> DataTable | None:
    """The table with its columns by kind; None where nothing is left to calculate with."""
    indexes = [
        index for index in range(len(table.heads)) if any(cells[index] for _, cells in table.rows) or table.heads[index]
    ]
    columns = [
        _typed(
            table.heads[index],
            table.first_column + index,
            [" ".join(cells[index].split()) for _, cells in table.rows],
            table.decimal,
        )
        for index in indexes
    ]
    totals = _totals(table.rows, columns)
    kept = [place for place in range(len(table.rows)) if place not in totals]
    if len(columns) < 2 or not kept:
        return None
    rows = ((table.rows[place][0], [one.cells[place] for one in columns]) for place in kept)
    return DataTable(
        sheet=table.sheet,
        page=table.page,
        columns=tuple(
            replace(one.column, unread=_unread([table.rows[place][1][index] for place in kept], one, kept))
            for index, one in zip(indexes, columns, strict=True)
        ),
        rows=len(kept),
        values=values_of(rows),
        totals=tuple(table.rows[place][0] for place in sorted(totals)),
        captions=table.captions,
        is_cut=table.is_cut,
        place=table.place,
        headings=table.headings,
    )


def decimal_of(rows: Iterable[Sequence[str]], *, otherwise: str) -> str:
    """The decimal sign that most numbers show which show one."""
    found: Counter[str] = Counter()
    for cells in rows:
        for cell in cells:
            number = values.written(cell) if cell[:1] and not cell.isalpha() else None
            found[values.decimal_sign(number.digits) if number else ""] += 1
    comma, point = found[","], found["."]
    return otherwise if comma == point else "," if comma > point else "."


def _typed(head: str, number: int, cells: Sequence[str], decimal: str) -> _Typed:
    filled = [cell for cell in cells if not values.is_nothing(cell)]
    column = Column(head, number, Kind.TEXT)
    if filled and all(cell in ("TRUE", "FALSE") for cell in filled):
        return _Typed(
            replace(column, kind=Kind.TRUTH), tuple("" if values.is_nothing(cell) else cell for cell in cells)
        )
    return _numbers(column, cells, filled, decimal) or _dates(column, cells, filled) or _Typed(column, tuple(cells))


def _numbers(column: Column, cells: Sequence[str], filled: Sequence[str], decimal: str) -> _Typed | None:
    found = {cell: values.written(cell) for cell in dict.fromkeys(filled)}
    units = Counter(number.unit for cell in filled if (number := found[cell]) is not None)
    if not units or units.total() < _MOST * len(filled):
        return None
    unit, count = units.most_common(1)[0]
    if count < _MOST * len(filled):
        return None
    shown = Counter(values.decimal_sign(number.digits) for number in found.values() if number)
    sign = decimal if shown[","] == shown["."] else "," if shown[","] > shown["."] else "."
    read = {cell: values.plain_number(number, sign) for cell, number in found.items() if number and number.unit == unit}
    plain = tuple(read.get(cell) or "" for cell in cells)
    if sum(1 for cell in filled if read.get(cell)) < _MOST * len(filled):
        return None
    return _Typed(replace(column, kind=Kind.NUMBER, decimals=_decimals(plain), unit=unit), plain)


def _unread(written: Sequence[str], typed: _Typed, kept: Sequence[int]) -> int:
    """How many cells of the rows that are kept hold something that the column does not."""
    pairs = zip(written, (typed.cells[place] for place in kept), strict=True)
    return sum(1 for cell, value in pairs if not value and not values.is_nothing(" ".join(cell.split())))


def _decimals(plain: Sequence[str]) -> int | None:
    """Digits after the point, None where they are too many or have a power."""
    most = 0
    for text in plain:
        whole, _, fraction = text.partition(".")
        if not (whole.lstrip("-") + fraction).isdigit() and text:
            return None
        most = max(most, len(fraction))
        if most > _EXACT or len(whole) > _WHOLE:
            return None
    return most


def _dates(column: Column, cells: Sequence[str], filled: Sequence[str]) -> _Typed | None:
    seen = dict.fromkeys(cell for cell in filled if any(map(str.isdigit, cell)))
    orders = {order for cell in seen if (order := values.shown_order(cell)) is not None}
    day_first = next(iter(orders)) if len(orders) == 1 else None
    found = {cell: value for cell in seen if (value := values.moment(cell, day_first=day_first)) is not None}
    count = sum(1 for cell in filled if cell in found)
    if not count or count < _MOST * len(filled):
        return None
    has_time = any(value.time() != datetime.time() for value in found.values())
    kind, write = (Kind.MOMENT, _with_time) if has_time else (Kind.DATE, _day)
    plain = tuple(write(found[cell]) if cell in found else "" for cell in cells)
    return _Typed(replace(column, kind=kind), plain)


def _with_time(value: datetime.datetime) -> str:
    return value.isoformat(sep=" ")


def _day(value: datetime.datetime) -> str:
    return value.date().isoformat()


# Totals


def _totals(rows: Sequence[Row], columns: Sequence[_Typed]) -> set[int]:
    """Places of rows that sum up others.

    A row that is called "Total" and nothing more is one, unless many are: then it is how the table is made. A row that
    is called "Total of the north", or not at all, must be the sum of those above it. Where no row is called anything,
    the last one alone can be that, of three or more.
    """
    numbers = [one.cells for one in columns if one.column.kind is Kind.NUMBER]
    words = [one.cells for one in columns if one.column.kind is not Kind.NUMBER]
    called: set[int] = set()
    found: set[int] = set()
    running = _Sums(numbers)
    for place in range(len(rows)):
        labels = [cells[place] for cells in words if cells[place]]
        is_called = any(_TOTAL.fullmatch(label) for label in labels)
        is_named = is_called or any(len(label) < 80 and _TOTAL_OF.fullmatch(label) for label in labels)
        is_nameless = not labels and (bool(words) or (place == len(rows) - 1 and place >= _NAMELESS))
        if (is_named or is_nameless) and running.is_sum(place):
            found.add(place)
            running.begin()
        elif is_called:
            called.add(place)
        else:
            running.add(place)
    return found | called if len(called) <= max(1, _FEW * len(rows)) else found


class _Sums:
    """Sums of the columns of numbers, from the first row on and since the last sum."""

    def __init__(self, numbers: Sequence[Sequence[str]]) -> None:
        self._numbers = numbers
        self._whole = [Decimal(0)] * len(numbers)
        self._part = list(self._whole)
        self._count = self._part_count = 0

    def add(self, place: int) -> None:
        for index, cells in enumerate(self._numbers):
            value = Decimal(cells[place] or 0)
            self._whole[index] += value
            self._part[index] += value
        self._count += 1
        self._part_count += 1

    def begin(self) -> None:
        """The next sum may be of the rows from here on."""
        self._part = [Decimal(0)] * len(self._numbers)
        self._part_count = 0

    def is_sum(self, place: int) -> bool:
        """Whether a column's number, not nought, is the sum of those above, and at least half of them are."""
        sums = ((self._whole, self._count), (self._part, self._part_count))
        return any(count > 1 and self._holds(place, wanted) for wanted, count in sums)

    def _holds(self, place: int, wanted: Sequence[Decimal]) -> bool:
        pairs = [
            (Decimal(cells[place]), sum_) for cells, sum_ in zip(self._numbers, wanted, strict=True) if cells[place]
        ]
        equal = sum(1 for value, sum_ in pairs if value and _close(value, sum_))
        return equal > 0 and equal * 2 >= len(pairs)


def _close(value: Decimal, other: Decimal) -> bool:
    """Rounded sums differ in their last digits."""
    return abs(value - other) <= Decimal("0.000001") * (abs(value) + 1) + Decimal("0.005")
