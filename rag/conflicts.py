"""Lines of other documents that say otherwise than the line on which an answer rests. Pure functions.

Two lines speak of the same when the second holds every word of the question that the first holds, and most of its other
words; they contradict each other when each has a number or a name that the other lacks.
"""

import re
from collections.abc import Mapping, Sequence

from rag.evidence import Line, in_context
from rag.support import names, numbers
from rag.terms import terms
from rag.types import Citation, Hit

_NEAR = 0.2  # of the best line's score: how much further from the question another may be
_SAME = 0.5  # share of the words, without numbers and names, that both have
_AT_MOST = 2  # documents that are told of
_QUOTED = 300  # characters of a line
_BRACKETS = re.compile(r"\[(?:[\d\s,;]+|\?)\]")


def contradictions(question: str, text: str, lines: Sequence[Line], hits: Sequence[Hit]) -> list[Line]:
    """Of each other document, its nearest line that contradicts the one that `text`, an answer, repeats; at most two.

    Args:
        lines: of all `hits`, the nearest to the question first.
    """
    asked, told = set(terms(question)), _values(text)
    best = next((line for line in lines if told & _values(line.reading) - asked), None)
    if best is None:
        return []
    said = told & _values(best.reading) - asked
    own, found = _document(best, hits), dict[str, Line]()
    for line in lines:
        document = _document(line, hits)
        if document != own and document not in found and line.score >= best.score - _NEAR:
            is_same = _speaks_of_the_same(in_context(hits[best.number - 1].chunk, best), line, asked, hits)
            if is_same and _differ(said, _values(line.reading) - asked, told):
                found[document] = line
    return list(found.values())[:_AT_MOST]


def told(
    text: str, cited: Sequence[Citation], others: Sequence[Line], hits: Sequence[Hit], dates: Mapping[str, str]
) -> tuple[str, tuple[Citation, ...]]:
    """An answer, and its citations, with what contradicts it.

    Args:
        others: of `contradictions`.
        dates: when each document (id) was added; they are told where they differ.
    """
    found = {citation.number: citation for citation in cited}
    days = {dates.get(hit.chunk.document_id, "") for hit in hits if hit.chunk.document_id in dates}
    parts = [text]
    for line in others:
        hit = hits[line.number - 1]
        added = f", added on {dates[hit.chunk.document_id]}," if len(days) > 1 else ""
        parts.append(f"Another document{added} says otherwise: “{_quoted(line.reading)}” [{line.number}]")
        marks = {*(found[line.number].marks if line.number in found else ()), line.span}
        found[line.number] = Citation(line.number, hit, tuple(sorted(marks, key=lambda mark: mark.start)))
    return "\n\n".join(parts), tuple(found[number] for number in sorted(found))


def _quoted(text: str) -> str:
    """A line of a document without what would be read as a footnote."""
    line = " ".join(_BRACKETS.sub("", text).split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()}…"


def _document(line: Line, hits: Sequence[Hit]) -> str:
    return hits[line.number - 1].chunk.document_id


def _values(text: str) -> set[str]:
    return numbers(text) | names(text)


def _speaks_of_the_same(text: str, other: Line, asked: set[str], hits: Sequence[Hit]) -> bool:
    held = set(terms(in_context(hits[other.number - 1].chunk, other)))
    words = set(terms(text))
    frame = words - _values(text) - asked
    return words & asked <= held and len(frame & held) >= _SAME * len(frame)


def _differ(said: set[str], other: set[str], told: set[str]) -> bool:
    """Whether a value was said that the other line lacks, and it has another of that kind, which was not told too."""
    missing, new = said - other, other - told
    return bool(missing and new) and _has_digit(missing) <= _has_digit(new)


def _has_digit(values: set[str]) -> bool:
    return any(character.isdigit() for value in values for character in value)
