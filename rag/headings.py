"""Headings that tell when something was ("Version 4.3, released 7 April 2026"), for questions that ask for it.

Pure functions.
"""

from collections.abc import Sequence
from dataclasses import replace

from rag.evidence import Line
from rag.periods import asks_when_it_was, names_a_date
from rag.terms import terms
from rag.types import Hit


def settled(question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> tuple[Line, ...]:
    """The lines, nearest first, with the dated heading that tells when beside the nearest, where that has no date.

    A line under such a heading is as near as the heading, and tells no time. A heading of its document comes before it
    that holds all words of the question that the line holds; else the one over it comes after it. That is for what was:
    when something is, the date of minutes or of a memo does not tell.

    Args:
        lines: of all `hits`.
    """
    if not lines or not asks_when_it_was(question) or names_a_date(lines[0].reading):
        return tuple(lines)
    first, asked = lines[0], set(terms(question, parts=True))
    held = asked & set(terms(first.reading, parts=True))
    for line in lines:
        is_of_it = hits[line.number - 1].chunk.document_id == hits[first.number - 1].chunk.document_id
        if _is_dated(line) and is_of_it and held and held <= set(terms(line.reading, parts=True)):
            return tuple(dict.fromkeys((replace(line, score=first.score), first, *_without(line, lines))))
    over = next((line for line in lines if _is_dated(line) and _is_over(line, first)), None)
    found = (first,) if over is None else (first, replace(over, score=first.score))
    return (*found, *_without(over, lines[1:]))


def _is_dated(line: Line) -> bool:
    return line.is_heading and names_a_date(line.reading)


def _without(line: Line | None, lines: Sequence[Line]) -> list[Line]:
    return [other for other in lines if line is None or (other.number, other.span) != (line.number, line.span)]


def _is_over(heading: Line, line: Line) -> bool:
    return heading.number == line.number and heading.heading == line.heading and heading.span.end <= line.span.start
