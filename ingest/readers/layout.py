"""Puts lines of which only the place is known into the order in which they are read. Pure functions.

Lines of equal height are a row, as of a table; where for some rows a gap runs down between lines of prose, they are
columns, read one after the other.
"""

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ROW_OVERLAP = 0.5  # share of the lower one's height that two lines of a row have in common
_COLUMN_LINES = 3  # on either side of a gap
_COLUMN_CHARACTERS = 18  # mean length of their lines; cells of a table are shorter
_GOING_ON = 0.3  # share of lines of a column of prose that begin with a small letter
_FULL = 0.85  # of the width of a column that a line without spaces takes up
_UNSPACED = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_GAP_WIDTH = 0.6  # of the height of a line
_PARAGRAPH = 0.9  # heights of a line between two that begin another paragraph
_SPACED = 1.6  # times the usual gap, the same in a text with wide spacing
CELLS = "   "  # between lines of one row


@dataclass(frozen=True)
class Font:
    """How letters are printed; `size` in points, to the half."""

    size: float
    is_bold: bool
    is_italic: bool = False


@dataclass(frozen=True)
class PlacedLine:
    """A line and its box, in any unit; y grows downwards. `font` is None where it is not one for all of it."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    font: Font | None = None

    @property
    def height(self) -> float:
        return self.bottom - self.top


def text_of(lines: Sequence[PlacedLine]) -> str:
    """The lines as a text: a row is a line, paragraphs have an empty line between them."""
    return text_of_rows(rows_of(lines))


def rows_of(lines: Sequence[PlacedLine]) -> list[list[PlacedLine]]:
    """The lines in rows, in reading order."""
    return list(_ordered(lines, statistics.median(line.height for line in lines))) if lines else []


def text_of_rows(rows: Sequence[Sequence[PlacedLine]]) -> str:
    """The text of `text_of`."""
    if not rows:
        return ""
    usual = statistics.median(line.height for row in rows for line in row)
    gaps = [min(line.top for line in row) - max(line.bottom for line in above) for above, row in pairwise(rows)]
    near = [gap for gap in gaps if gap > -usual]
    limit = max(_PARAGRAPH * usual, _SPACED * statistics.median(near)) if near else 0.0
    parts = [CELLS.join(line.text for line in row) for row in rows]
    ends = ["\n" if -usual < gap <= limit else "\n\n" for gap in gaps]
    return "".join(part + end for part, end in zip(parts, [*ends, ""], strict=True))


def _ordered(lines: Sequence[PlacedLine], usual: float) -> Iterator[list[PlacedLine]]:
    """Rows in reading order."""
    rows = _rows(lines)
    start = 0
    while start < len(rows):
        end, cut = _columns(rows, start, usual)
        if cut is None:
            yield rows[start]
        else:
            inside = [line for row in rows[start:end] for line in row]
            yield from _ordered([line for line in inside if line.right <= cut], usual)
            yield from _ordered([line for line in inside if line.right > cut], usual)
        start = end


def _rows(lines: Sequence[PlacedLine]) -> list[list[PlacedLine]]:
    """Lines beside each other, from left to right."""
    rows: list[list[PlacedLine]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        if rows and _beside(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _beside(one: PlacedLine, other: PlacedLine) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > _ROW_OVERLAP * min(one.height, other.height)


def _columns(rows: Sequence[Sequence[PlacedLine]], start: int, usual: float) -> tuple[int, float | None]:
    """The longest stretch of rows from `start` that a gap parts into columns, and where; else the one row."""
    found: tuple[int, float | None] = (start + 1, None)
    gaps = [(float("-inf"), float("inf"))]
    for end in range(start, len(rows)):
        gaps = [gap for gap in _narrowed(gaps, rows[end]) if gap[1] - gap[0] >= _GAP_WIDTH * usual]
        if not gaps:
            break
        cut = next((gap for gap in gaps if _are_columns(rows[start : end + 1], gap)), None)
        if cut is not None:
            found = (end + 1, (cut[0] + cut[1]) / 2)
    return found


def _narrowed(gaps: Sequence[tuple[float, float]], row: Sequence[PlacedLine]) -> Iterator[tuple[float, float]]:
    """What is left of the gaps beside the lines of a row."""
    for low, high in gaps:
        begin = low
        for line in row:
            if line.right <= begin or line.left >= high:
                continue
            if line.left > begin:
                yield begin, line.left
            begin = line.right
        if begin < high:
            yield begin, high


def _are_columns(rows: Sequence[Sequence[PlacedLine]], gap: tuple[float, float]) -> bool:
    lines = [line for row in rows for line in row]
    sides = [line for line in lines if line.right <= gap[0]], [line for line in lines if line.left >= gap[1]]
    return all(len(side) >= _COLUMN_LINES and _is_prose(side) for side in sides)


def _is_prose(lines: Sequence[PlacedLine]) -> bool:
    """Whether sentences go on from line to line; cells of a table begin anew."""
    if sum(len(line.text) for line in lines) < _COLUMN_CHARACTERS * len(lines):
        return bool(_UNSPACED.search(lines[0].text)) and _are_full(lines)
    cased = [line.text[:1] for line in lines if line.text[:1].isalpha()]
    going_on = sum(map(str.islower, cased))
    if not any(map(_has_case, cased)):
        return _are_full(lines)
    return going_on >= _GOING_ON * len(lines)


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


def _are_full(lines: Sequence[PlacedLine]) -> bool:
    """Whether most lines reach the end of their column, as where words may be parted anywhere."""
    width = max(line.right for line in lines) - min(line.left for line in lines)
    return sum(1 for line in lines if line.right - line.left > _FULL * width) > len(lines) / 2
