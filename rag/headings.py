"""Headings that tell when something was ("Version 4.3, released 7 April 2026"), for questions that ask for it.

Pure functions.
"""

from collections.abc import Sequence
from dataclasses import replace

from rag.evidence import Line
from rag.periods import asks_when, names_a_date
from rag.terms import terms


def settled(question: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, nearest first, with the dated heading that tells when beside the nearest, where that has no date.

    A line under such a heading is as near as the heading, and tells no time. The heading comes before it where it holds
    all words of the question that the line holds; else the one over it comes after it.
    """
    if not lines or not asks_when(question) or names_a_date(lines[0].reading):
        return tuple(lines)
    first, asked = lines[0], set(terms(question, parts=True))
    held = asked & set(terms(first.reading, parts=True))
    for line in lines:
        if line.is_heading and held and held <= set(terms(line.reading, parts=True)):
            return tuple(dict.fromkeys((replace(line, score=first.score), first, *_without(line, lines))))
    over = next((line for line in lines if line.is_heading and _is_over(line, first)), None)
    found = (first,) if over is None else (first, replace(over, score=first.score))
    return (*found, *_without(over, lines[1:]))


def _without(line: Line | None, lines: Sequence[Line]) -> list[Line]:
    return [other for other in lines if line is None or (other.number, other.span) != (line.number, line.span)]


def _is_over(heading: Line, line: Line) -> bool:
    return heading.number == line.number and heading.heading == line.heading and heading.span.end <= line.span.start
