"""What small generators do to lines that answer: each word of it stands in the passage, so support does not tell.

Pure functions.
"""

import re
from collections.abc import Callable, Sequence

from rag import sentences
from rag.evidence import Line, alike
from rag.numerals import numbers
from rag.terms import terms

_DENIED = re.compile(r"\b(?:not|never|nicht|nie|niemals)\s+(?:been\s+|be\s+)?([^\W\d_]+)", re.IGNORECASE)


def rows_untold(question: str, text: str, lines: Sequence[Line]) -> list[Line]:
    """The rows of a table that the question does not tell apart, where their numbers are told without what they are of.

    "Every 12 months, 24 months, and 48 months." says nothing to "How often do I have to calibrate?".

    Args:
        text: the answer.
        lines: of all passages, the nearest first.
    """
    rows = alike(question, lines[0], lines) if lines else []
    said, named = numbers(text), set(terms(text, parts=True))
    told = [row for row in rows if (own := _own(row, rows, _values)) and own <= said]
    is_bare = any(not named & _own(row, rows, _words) for row in told)
    return rows if len(told) > 1 and is_bare else []


def denies_another(question: str, text: str, lines: Sequence[Line]) -> bool:
    """Whether the answer denies a word of the question, where its line denies another.

    "Passwords are not changed in files" to "How often do passwords change?", from "Passwords are not kept in files".

    Args:
        lines: of all passages, in any order.
    """
    asked = set(terms(question))
    for part in sentences.split(text):
        said = set(terms(part.text))
        line = max(lines, key=lambda line: len(said & set(terms(line.reading))), default=None)
        denied = _denied(part.text) & asked
        if line and denied and _denied(line.reading) and not denied & set(terms(line.reading)):
            return True
    return False


def _denied(text: str) -> set[str]:
    return {term for word in _DENIED.findall(text) for term in terms(word)}


def _own(row: Line, rows: Sequence[Line], of: Callable[[str], set[str]]) -> set[str]:
    """What a row has that no other has."""
    return of(row.reading).difference(*(of(other.reading) for other in rows if other is not row))


def _values(text: str) -> set[str]:
    return numbers(text)


def _words(text: str) -> set[str]:
    return set(terms(text, parts=True)) - numbers(text)
