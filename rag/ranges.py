"""Rows of a table that each hold for a range ("From the eighth year on", "up to 3"): which one a number falls in.

All of them are about as near to a question, and a small generator takes any.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from rag.evidence import Line
from rag.synonyms import widened
from rag.terms import terms

_CARDINALS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()  # noqa: SIM905
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
_NAMED = {
    **{word: value for words in (_CARDINALS, _ORDINALS) for value, word in enumerate(words, 1)},
    **{"fifteenth": 15, "eighteen": 18, "twenty": 20, "twentieth": 20, "thirty": 30, "forty": 40, "fifty": 50},
}
_NUMBER = rf"(\d+(?:\.\d+)?|{'|'.join(sorted(_NAMED, key=len, reverse=True))})(?:st|nd|rd|th)?\b"
_NUMBERS = re.compile(rf"(?<![\w.,-]){_NUMBER}(?![.,]?\d)", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?<![\w.,-]){_NUMBER}\s*(?:–|-|to)\s*{_NUMBER}", re.IGNORECASE)  # noqa: RUF001
_FROM = re.compile(
    rf"\b(?:from|after|over|above|more than|at least)\s+(?:the\s+)?{_NUMBER}"
    rf"|{_NUMBER}(?:\s+\w+)?\s*(?:\+|(?:or|and) (?:more|over))",
    re.IGNORECASE,
)
_UP_TO = re.compile(
    rf"\b(?:up to|until|under|below|less than|fewer than|at most)\s+(?:the\s+)?{_NUMBER}", re.IGNORECASE
)
_BESIDE = 0.1  # what a row loses whose range does not hold the number
_SMALL = frozenset(
    terms("after before since over more than less least much many long nach ab seit bis über mehr wie viel")
)
_CELL = re.compile(r"(?:^|; )([^:;]+): ([^;]*)")


def settled(question: str, lines: Sequence[Line]) -> list[Line]:
    """The lines, nearest first; of rows for several ranges, the one that the number of the question falls in leads.

    Args:
        lines: nearest first. Only the table of the first one is looked at.
    """
    chosen = fitting(question, lines)
    if chosen is None:
        return list(lines)
    rows = _rows(lines)
    scores = {row: row.score - _BESIDE for row in rows} | {chosen: rows[0].score}
    found = (_moved(line, scores[line] - line.score) if line in scores else line for line in lines)
    return sorted(found, key=lambda line: -line.score)


def fitting(question: str, lines: Sequence[Line]) -> Line | None:
    """Of the table of the first line, the row whose range holds the number of the question; None if not sure."""
    asked = [match.group(1) for match in _NUMBERS.finditer(question)]
    rows = _rows(lines)
    if len(asked) != 1 or len(rows) < 2:
        return None
    ranges = {row: _range(row, question) for row in rows}
    bounded = {row: found for row, found in ranges.items() if found}
    number = _value(asked[0])
    holding = [row for row, (low, high) in bounded.items() if low <= number <= high]
    if len(bounded) < 2 or not holding:
        return None
    return max(holding, key=lambda row: (bounded[row][0], -bounded[row][1]))


def _moved(line: Line, by: float) -> Line:
    return replace(line, score=line.score + by, nearness=line.nearness + by)


def is_plain(question: str, lines: Sequence[Line]) -> bool:
    """Whether a row fits, of a table of what is asked, and not only of what is counted ("a bonus after ten years")."""
    row = fitting(question, lines)
    if row is None:
        return False
    first, *others = _CELL.findall(row.reading)
    told = {term for cell in others for term in terms(" ".join(cell), parts=True)}.union(terms(row.heading, parts=True))
    asked = set(terms(_NUMBERS.sub(" ", question), parts=True)).difference(terms(" ".join(first), parts=True), _SMALL)
    return not asked or bool(widened(asked) & told)


def _rows(lines: Sequence[Line]) -> list[Line]:
    """The rows of the table of the first line."""
    table = _table(lines[0]) if lines else None
    return [line for line in lines if table and _table(line) == table]


def _table(line: Line) -> tuple[int, tuple[str, ...]] | None:
    """What tells rows of one table from those of others; None where the line is none."""
    heads = tuple(match.group(1) for match in _CELL.finditer(line.reading))
    return (line.number, heads) if len(heads) > 1 else None


def _range(row: Line, question: str) -> tuple[float, float] | None:
    """The range of the row's first cell, if that speaks of what the question counts."""
    first = _CELL.search(row.reading)
    if first is None or not set(terms(f"{first.group(1)} {first.group(2)}")) & set(terms(question)):
        return None
    cell = first.group(2)
    if found := _BETWEEN.search(cell):
        return _value(found.group(1)), _value(found.group(2))
    if found := _FROM.search(cell):
        return _value(found.group(1) or found.group(2)), inf
    if found := _UP_TO.search(cell):
        return 0.0, _value(found.group(1))
    return None


def _value(number: str) -> float:
    return float(_NAMED.get(number.lower(), 0) or number)
