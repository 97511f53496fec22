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
_VALUE = re.compile(r"\(?[-+\u2212]?[$€£¥]?\s?\d[\d,.]*\)?\s?%?|[-\u2013\u2014*]+", re.IGNORECASE)
_SIGN = re.compile(r"[$€£¥]")  # that stands in a cell of its own, or after the number of the column before
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d", re.IGNORECASE)
_PERIOD = re.compile(
    r"\b(?:months?|weeks?|quarters?|years?|ended|as of|Q[1-4]|"
    r"Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(?:months?|weeks?|quarters?|years?)\s+ended\b", re.IGNORECASE)
_NOTE = re.compile(r"(?:[®™*†]|\(\d{1,2}\))+|\((?:\d{1,2}\)\()*\d{1,2}\)")  # of a label
_HEAD_LINES = 8  # above the first row
_LONG = 60  # characters of a line that is no head


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
            names = names if values or (len(line) <= _LONG and _CELLS.search(line) is None) else ()
            continue
        fits = len(values) - len(names)
        if fits not in (0, 1) or (fits == 1 and not _NOTE.fullmatch(values[0])):
            names = _names(every[max(0, place - _HEAD_LINES) : place], len(values))
            fits = 0
        if names:
            cells = [f"{name}: {value}" for name, value in zip(names, values[fits:], strict=True)]
            of = f"{section}: " if section and not label.casefold().startswith("total") else ""
            found[place - len(above)] = "; ".join([f"{of}{label}", *cells])
            section = "" if label.casefold().startswith("total") else section
    return {place: read for place, read in found.items() if place >= 0}


def is_row(line: str) -> bool:
    """Whether it is a label with several values."""
    label, values = _row(line)
    return bool(label) and len(values) > 1


def _row(line: str) -> tuple[str, list[str]]:
    """The label of a row and its values; no values where it is none."""
    cells = [cell for cell in _CELLS.split(line.strip()) if cell]
    label, rest = cells[0] if cells else "", cells[1:]
    values: list[str] = []
    sign = ""
    for cell in rest:
        bare = cell
        if _SIGN.fullmatch(cell):
            sign = cell
            continue
        after = ""
        if _SIGN.fullmatch(cell[-1:]):
            bare, after = cell[:-1].strip(), cell[-1]
        if _VALUE.fullmatch(bare):
            values.append(f"{sign}{bare}")
        elif not (_NOTE.fullmatch(cell.replace(" ", "")) and not values):
            return label, []
        sign = after
    return (label, values) if re.search(r"[^\W\d_]", label) else ("", values)


def _names(before: Sequence[str], count: int) -> Sequence[str]:
    """What stands over each column in the lines before the first row; () where that is not plain."""
    levels: list[list[str]] = []
    single: list[str] = []
    for line in reversed(before):
        cells = [cell for cell in _CELLS.split(line.strip()) if cell]
        if len(cells) == count + 1 and not _is_head(cells[0]):
            cells = cells[1:]
        if len(cells) == 1:
            if _PERIOD.search(line) and len(line) <= _LONG:
                single.append(line.strip())
            elif not (line.endswith(":") or line.startswith("(")):
                break
            continue
        if ":" in line or not all(map(_may_head, cells)) or count % len(cells):
            break
        if len(cells) == count or all(map(_PERIOD.search, cells)):
            levels.insert(0, [cell for cell in cells for _ in range(count // len(cells))])
    if single and sum(map(bool, map(_SPAN.search, single))) < 2:  # else which stands over which column is not known
        levels.insert(0, [" ".join(reversed(single))] * count)
    names = [" ".join(parts) for parts in zip(*levels, strict=True)] if levels else []
    return names if len(set(names)) == count else ()


def _is_head(cell: str) -> bool:
    return _PERIOD.search(cell) is not None


def _may_head(cell: str) -> bool:
    return _YEAR.fullmatch(cell) is not None or not _VALUE.fullmatch(cell)
