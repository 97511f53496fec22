"""Where the rows of a sheet stand in its text that a calculated answer names. Pure functions."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rag.sheets import Sheet
from rag.types import JOINT, Chunk, Span

_ROW = r"\d{1,9}(?:–\d{1,9})?"  # noqa: RUF001
_CELL = r"[A-Z]{1,3}\d{1,9}(?::[A-Z]{1,3}\d{1,9})?"
_PLACE = re.compile(f"rows? {_ROW}(?:, {_ROW})*|{_CELL}(?:, {_CELL})*")  # "rows 2–14, 17", "B2:B14, D2:D14"
_RANGE = re.compile(r"(?:[A-Z]+)?(\d+)(?:(?::[A-Z]+|–)(\d+))?")  # noqa: RUF001
_Line = tuple[int, Span, str]  # number of its sheet, place in its text, text
_MORE = " … ("  # of more stretches than are named


def rows_of(cited: Chunk, found: Mapping[int, Sheet]) -> dict[int, tuple[Span, ...]]:
    """The lines of the rows by the number of their sheet; none where the passage is no calculated one.

    A block whose lines are not as many as its rows, as with empty ones between, is left out.
    """
    named = _ranges(cited.heading.split(JOINT)[-1])
    if not named or any(cited in sheet.chunks for sheet in found.values()):
        return {}
    marked = defaultdict[int, list[Span]](list)
    own = [sheet for sheet in found.values() if cited.page is None or cited.page == sheet.number]
    for row, number, span in _rows([line for sheet in own for line in _lines(sheet)]):
        if any(first <= row <= last for first, last in named):
            marked[number].append(span)
    return {number: tuple(spans) for number, spans in marked.items()}


def _ranges(place: str) -> list[tuple[int, int]]:
    """First and last row of each stretch that a place names."""
    place = place.partition(_MORE)[0]
    if not _PLACE.fullmatch(place):
        return []
    return [(int(first), int(last or first)) for first, last in _RANGE.findall(place)]


def _lines(sheet: Sheet) -> list[_Line]:
    return [(sheet.number, Span(*line.span()), line.group()) for line in re.finditer(r"[^\n]*", sheet.text)]


def _rows(lines: Sequence[_Line]) -> Iterator[tuple[int, int, Span]]:
    """Every row, the number of its sheet, and its line there; a block may go on where the next sheet begins."""
    labels = [place for place, (_, _, text) in enumerate(lines) if len(_ranges(text)) == 1]
    heads: set[str] = set()
    for label, end in zip(labels, [*labels[1:], len(lines)], strict=False):
        block = [line for line in lines[label + 1 : end] if line[2]]
        if not block:
            continue
        head = block[0][2]
        rows = [line for line in block[1:] if line[2] != head]  # where a head comes again it is no row
        rows = rows if head in heads else [block[0], *rows]
        heads.add(head)
        ((first, last),) = _ranges(lines[label][2])
        if len(rows) == last - first + 1:
            yield from ((row, number, span) for row, (number, span, _) in enumerate(rows, first))
