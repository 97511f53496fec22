"""Puts lines of which only the place is known into the order in which they are read. Pure functions.

Lines of equal height are a row, as of a table; where for some rows a gap runs down between lines of prose, or all on
one side of it was drawn before the other, they are columns, read one after the other.
"""

import re
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ROW_OVERLAP = 0.5  # share of the lower one's height that two lines of a row have in common
_COLUMN_LINES = 3  # on either side of a gap
_COLUMN_CHARACTERS = 18  # mean length of their lines; cells of a table are shorter
_DIGITS = 0.25  # share of the characters of a column that is no table
_WHOLE = 0.5  # share of the rows of a column that are no rows of a table in it
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
    """A line and its box, in any unit; y grows downwards. `font` is None where it is not one for all of it.

    `drawn` tells in which order lines were drawn, None where that is not known.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    font: Font | None = None
    drawn: int | None = None

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
    parted: dict[tuple[float, float], _Parted] = {(float("-inf"), float("inf")): _Parted()}
    for end in range(start, len(rows)):
        gaps = [gap for gap in _narrowed(parted, rows[end]) if gap[1] - gap[0] >= _GAP_WIDTH * usual]
        if not gaps:
            break
        # most gaps of a table stay as they are from row to row
        parted = {gap: parted.get(gap) or _Parted.of(gap, rows[start:end]) for gap in gaps}
        for gap, sides in parted.items():
            sides.add(gap, rows[end])
        cut = next((gap for gap, sides in parted.items() if sides.are_columns()), None)
        if cut is not None:
            found = (end + 1, (cut[0] + cut[1]) / 2)
    return found


def _narrowed(gaps: Iterable[tuple[float, float]], row: Sequence[PlacedLine]) -> Iterator[tuple[float, float]]:
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


class _Side:
    """The lines on one side of a gap."""

    def __init__(self) -> None:
        self._lines: list[PlacedLine] = []
        self._whole: list[PlacedLine] = []  # alone in their row
        self._characters = self._digits = self._going_on = self._rows = 0
        self._has_case = False
        self.first, self.last = sys.maxsize, -1  # drawn

    def add(self, lines: Sequence[PlacedLine]) -> None:
        """What of a row is on this side."""
        self._rows += bool(lines)
        self._whole += lines if len(lines) == 1 else []
        for line in lines:
            first = line.text[:1]
            self._lines.append(line)
            self._characters += len(line.text)
            self._digits += sum(map(str.isdigit, line.text))
            if first.isalpha():
                self._going_on += first.islower()
                self._has_case = self._has_case or _has_case(first)
            if line.drawn is not None:
                self.first, self.last = min(self.first, line.drawn), max(self.last, line.drawn)

    def is_text(self) -> bool:
        """Whether its rows are as long as lines of a text, whatever cells they have, and no numbers."""
        is_wide = self._rows >= _COLUMN_LINES and self._characters >= _COLUMN_CHARACTERS * self._rows
        return is_wide and self._digits <= _DIGITS * self._characters

    def has_sentences(self) -> bool:
        """Whether some of its whole lines end a sentence, or go on with one."""
        ended = sum(line.text.rstrip().endswith((".", "!", "?", ":")) for line in self._whole)
        return ended + sum(line.text[:1].islower() for line in self._whole) >= _GOING_ON * len(self._whole)

    def is_whole(self) -> bool:
        """Whether most of its rows have one cell."""
        return len(self._whole) >= _WHOLE * self._rows

    def is_column(self) -> bool:
        """Whether sentences go on from line to line; cells of a table begin anew."""
        lines = self._lines
        if len(lines) < _COLUMN_LINES:
            return False
        if self._characters < _COLUMN_CHARACTERS * len(lines):
            return bool(_UNSPACED.search(lines[0].text)) and _are_full(lines)
        return self._going_on >= _GOING_ON * len(lines) if self._has_case else _are_full(lines)


class _Parted:
    """The lines beside a gap."""

    def __init__(self) -> None:
        self._sides = _Side(), _Side()

    @classmethod
    def of(cls, gap: tuple[float, float], rows: Iterable[Sequence[PlacedLine]]) -> "_Parted":
        found = cls()
        for row in rows:
            found.add(gap, row)
        return found

    def add(self, gap: tuple[float, float], row: Sequence[PlacedLine]) -> None:
        left, right = self._sides
        left.add([line for line in row if line.right <= gap[0]])
        right.add([line for line in row if line.left >= gap[1]])

    def are_columns(self) -> bool:
        """Tables are mostly drawn row by row, what fills a form is short, and cells end with no full stop."""
        left, right = self._sides
        if all(side.is_column() for side in self._sides):
            return True
        if not -1 < left.last < right.first or not (left.is_text() and right.is_text()):
            return False
        whole = [side for side in self._sides if side.is_whole()]
        return bool(whole) and all(side.has_sentences() for side in whole)


def _has_case(letter: str) -> bool:
    return letter.lower() != letter.upper()


def _are_full(lines: Sequence[PlacedLine]) -> bool:
    """Whether most lines reach the end of their column, as where words may be parted anywhere."""
    width = max(line.right for line in lines) - min(line.left for line in lines)
    return sum(1 for line in lines if line.right - line.left > _FULL * width) > len(lines) / 2
