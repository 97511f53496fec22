"""What small generators do to lines that answer: each word of it stands in the passage, so support does not tell.

Pure functions.
"""

import re
from collections.abc import Callable, Sequence

from rag import sentences
from rag.evidence import Line, alike
from rag.numerals import numbers
from rag.terms import terms
from rag.yes_or_no import asks_yes_or_no

_DENIED = re.compile(r"(?:\b(?:not|never|nicht|nie|niemals)|n['’]t)\s+(?:been\s+|be\s+)?([^\W\d_]+)", re.IGNORECASE)  # noqa: RUF001
_OTHER_WORDS = 1  # of an answer that tells nothing but numbers: words that neither the question nor the rows have
_WORDS = 4  # of a line that an answer repeats at least, but for the one that it puts in


def rows_untold(question: str, text: str, lines: Sequence[Line]) -> list[Line]:
    """The rows of a table that the question does not tell apart, where their numbers are told without what they are of.

    "Every 12 months, 24 months, and 48 months." says nothing to "How often do I have to calibrate?".

    Args:
        text: the answer, without footnotes.
        lines: of all passages, the nearest first.
    """
    rows = alike(question, lines[0], lines) if lines else []
    said, named = numbers(text), _words(text)
    told = [row for row in rows if (own := _own(row, rows, numbers)) and own <= said]
    words = [_own(row, rows, _words) for row in told]
    others = named.difference(_words(question), *(_words(row.reading) for row in rows))
    is_bare = all(own and not named & own for own in words) and len(others) <= _OTHER_WORDS
    return rows if len(told) > 1 and is_bare else []


def denies_another(question: str, text: str, lines: Sequence[Line]) -> bool:
    """Whether a line is told with a word of the question in place of what it says, denied, and another line answers.

    "Passwords are not changed in files or browsers" to "How often do passwords change?", where they "are not kept in
    files or browsers".

    Args:
        text: the answer, without footnotes.
        lines: of all passages, the nearest first.
    """
    if not lines or asks_yes_or_no(question):
        return False
    answering = set(terms(question)) & set(terms(lines[0].reading))
    return any(_is_turned(part.text, answering, lines) for part in sentences.split(text))


def _is_turned(sentence: str, answering: set[str], lines: Sequence[Line]) -> bool:
    denied = _denied(sentence) & answering
    said = {term for term in terms(sentence) if not term.endswith("n't")}
    held = [set(terms(line.reading)) for line in lines] if denied else []
    return any(len(said & own) >= _WORDS and said - own <= denied and not denied & own for own in held)


def _denied(text: str) -> set[str]:
    return {term for word in _DENIED.findall(text) for term in terms(word)}


def _own(row: Line, rows: Sequence[Line], of: Callable[[str], set[str]]) -> set[str]:
    """What a row has that no other has."""
    return of(row.reading).difference(*(of(other.reading) for other in rows if other is not row))


def _words(text: str) -> set[str]:
    return set(terms(text, parts=True)) - numbers(text)
