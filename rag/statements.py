"""Rows of printed tables whose head takes several lines, as in financial statements. Pure functions.

    Three Months Ended   Nine Months Ended
    June 25,   June 26,   June 25,   June 26,
    2022   2021   2022   2021
    Net sales:
    Products   $   63,355   $   63,948   $   245,241   $   232,309

Without the names of their columns a reader takes the number of one period for that of another.
"""

import re
from collections.abc import Mapping, Sequence

_CELLS = re.compile(r"\s{3,}")
_VALUE = re.compile(r"\(?[-+\u2212]?[$€£¥]?\s?\d[\d,.]*\)?\s?[%€£¥]?|[-\u2013\u2014*]+")
_SIGN = "$"  # may stand in a cell of its own, or after the percentage of the column before
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:FY\s?)?(?:19|20)\d\d"
_DATE = rf"(?:{_MONTH}\s+\d{{1,2}},?(?:\s+{_YEAR})?|{_MONTH}\s+{_YEAR}|{_YEAR}|[QH][1-4](?:\s+{_YEAR})?)"
_SPAN = r"(?:[\w-]+\s+)?(?:months?|weeks?|quarters?|years?)\s+ended"
_PERIOD = re.compile(  # nothing else: "Nine Months Ended", "June 25,", "As of December 31, 2022"
    rf"(?:(?:as of|at|for the)\s+)?(?:{_DATE}|{_SPAN}(?:\s+{_DATE})?)", re.IGNORECASE
)
_NOTE = re.compile(r"(?:[®™*†]|\(\d{1,2}\))+|\((?:\d{1,2}\)\()*\d{1,2}\)")  # of a label
_HEAD_LINES = 8  # above the first row
_LONG, _CELL = 60, 30  # characters of a line, and of a cell, that are no head


def named_rows(lines: Sequence[str], above: Sequence[str] = ()) -> Mapping[int, str]:
    """Rows by their place among the lines, each value named by all that stands over its column.

    Args:
        above: the lines before them, where a table may have begun.
    """
    every = [*above, *lines]
    found: dict[int, str] = {}
    names: Sequence[str] = ()
    section = ""
    for place, line in enumerate(every):
        label, values = _row(line)
        if len(values) < 2 or not label:
            if not values:
                section = line.rstrip(" :") if line.endswith(":") and len(line) <= _LONG else ""
            if _ends_table(line, values):
                names = ()
            continue
        more = len(values) - len(names)
        if more not in (0, 1) or (more == 1 and not _NOTE.fullmatch(values[0])):
            names, more = _names(every[max(0, place - _HEAD_LINES) : place], len(values)), 0
        if names:
            cells = [f"{name}: {value}" for name, value in zip(names, values[more:], strict=True)]
            is_total = label.casefold().startswith("total")
            of = f"{section}: " if section and not is_total else ""
            found[place - len(above)] = "; ".join([f"{of}{label}", *cells])
            section = "" if is_total else section
    return {place: read for place, read in found.items() if place >= 0}


def _ends_table(line: str, values: Sequence[str]) -> bool:
    """Whether what follows stands under another head: a line of prose, of cells, or with a period."""
    if values:
        return False
    return len(line) > _LONG or _CELLS.search(line) is not None or is_period(line)


def is_row(line: str) -> bool:
    """Whether it is a label with several values."""
    label, values = _row(line)
    return bool(label) and len(values) > 1


def _row(line: str) -> tuple[str, list[str]]:
    """The label of a row and its values; no values where it is none, as where all of them are years."""
    cells = _cells(line)
    label, rest = cells[0] if cells else "", cells[1:]
    values: list[str] = []
    sign = ""
    for cell in rest:
        if cell == _SIGN:
            sign = cell
            continue
        bare = cell[:-1].rstrip() if cell.endswith(f"% {_SIGN}") else cell
        if _VALUE.fullmatch(bare):
            values.append(f"{sign}{bare}")
        elif values or not _NOTE.fullmatch(cell.replace(" ", "")):
            return label, []
        sign = _SIGN if bare != cell else ""
    if all(map(is_period, values)):
        return label, []
    return (label, values) if re.search(r"[^\W\d_]", label) else ("", values)


def _names(before: Sequence[str], count: int) -> Sequence[str]:
    """What stands over each column in the lines before the first row; () where that is not plain.

    Some of it has to be a period: other tables have heads of one line, or are laid out in ways that mislead.
    """
    levels: list[list[str]] = []
    single: list[str] = []
    for line in reversed(before):
        cells = _cells(line)
        if len(cells) == count + 1 and _is_over_labels(cells):
            cells = cells[1:]
        if len(cells) < 2:
            if is_period(line.strip()):
                single.append(line.strip())
            elif not line.endswith(":") and not line.startswith("("):
                break
        elif _is_level(cells, count):
            levels.insert(0, [cell for cell in cells for _ in range(count // len(cells))])
        elif count % len(cells) or not all(map(_is_plain, cells)):
            break
    if sum(re.search(_SPAN, line, re.IGNORECASE) is not None for line in single) > 1:
        return ()  # which stands over which column is not known
    if single:
        levels.insert(0, [" ".join(reversed(single))] * count)
    names = [" ".join(parts) for parts in zip(*levels, strict=True)] if levels else []
    is_told = any(is_period(level[0]) for level in levels) or bool(single)
    return names if is_told and len(set(names)) == count else ()


def _is_over_labels(cells: Sequence[str]) -> bool:
    """Whether the first stands over the labels, and the others over columns."""
    return cells[0].startswith("(") or [*map(is_period, cells)] == [False] + [True] * (len(cells) - 1)


def _is_level(cells: Sequence[str], count: int) -> bool:
    """Whether these stand over `count` columns: as many words, or periods over some columns each."""
    if all(map(is_period, cells)):
        return count % len(cells) == 0
    return len(cells) == count and all(map(_is_plain, cells)) and not _is_over_labels(cells)


def is_period(cell: str) -> bool:
    return _PERIOD.fullmatch(cell) is not None


def _is_plain(cell: str) -> bool:
    return len(cell) <= _CELL and not cell.endswith((".", ":")) and _VALUE.fullmatch(cell) is None


def _cells(line: str) -> list[str]:
    return [cell for cell in _CELLS.split(line.strip()) if cell]
