"""Headings that tell when something was."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.evidence import Line
from rag.headings import settled
from rag.types import Chunk, Hit, Span
from tests.test_evidence import nearest

NOTES = Chunk(
    "d", "notes.html", "Firmware", 1, "Release notes", 0, 0, 0,
    "## Version 4.3, released 7 April 2026\n\nThe rain gauge drifts no longer.\n\nThe memory keeps 60 days.\n\n"
    "## Known faults\n\nThe display may flicker.",
    sections=((0, "Version 4.3, released 7 April 2026"), (94, "Known faults")),
)  # fmt: skip
HEADING = "Version 4.3, released 7 April 2026"


@pytest.mark.parametrize(
    "question",
    [
        "When was version 4.3 released?",
        "What is the release date of version 4.3?",
        "Which version came in April 2026?",
        "What is the latest version?",
        "Wann kam Version 4.3?",
        "Welche Version kam im April 2026?",
        "Was ist die neuste Version?",
        "4.3版本是什么时候发布的？",
    ],
)
def test_headings_with_a_date_are_lines_where_a_time_is_asked_for_or_named(question: str) -> None:
    lines = nearest(question, [Hit(NOTES, 0.5)])
    assert [line.reading for line in lines if line.is_heading] == [HEADING]


@pytest.mark.parametrize(
    "question",
    [
        "What is new in version 4.3?",
        "What changed in version 4.3 of 7 April 2026?",
        "What do I do when the gauge drifts?",
        "Is the memory up to date?",
        "How old must a driver be?",
    ],
)
def test_they_are_none_where_something_else_is_asked(question: str) -> None:
    lines = nearest(question, [Hit(NOTES, 0.5)])
    assert HEADING not in [line.reading for line in lines]
    assert len(lines) == 3


def test_a_heading_with_another_fact_tells_no_time() -> None:
    fact = line("Notice period: 3 months", 0.9, 0, heading="Notice period: 3 months", is_heading=True)
    first = line("Both sides may end it.", 1.0, 30, heading="Notice period: 3 months")
    found = settled("When was it ended?", [first, fact], [Hit(NOTES, 0.5)])
    assert [one.score for one in found] == [1.0, 0.9]


def line(text: str, score: float, start: int, *, heading: str = HEADING, is_heading: bool = False) -> Line:
    span = Span(start, start + len(text))
    return Line(1, span, text, text, heading, True, score, is_heading=is_heading)


def released(score: float = 0.9) -> Line:
    return line(HEADING, score, 0, is_heading=True)


def row(version: str, score: float = 1.0) -> Line:
    return line(f"Version: {version}; Size: 1.9 MB", score, 500, heading="Sizes")


MEMORY = line("The memory keeps the readings of 60 days", 0.95, 100)
SENT = line("It was sent on 3 May 2026", 1.0, 600)
ROW = row("4.3")


@pytest.mark.parametrize(
    ("question", "lines", "first"),
    [
        ("When was version 4.3 released?", [ROW, MEMORY, released()], [HEADING, ROW.text]),
        ("When did the memory keep 60 days?", [MEMORY, row("4.3", 0.92), released()], [MEMORY.text, HEADING]),
        ("What was released as version 4.3?", [ROW, MEMORY, released()], [ROW.text, MEMORY.text]),
        ("When was it sent?", [SENT, MEMORY, released()], [SENT.text, MEMORY.text]),
        ("When was version 4.4 released?", [row("4.4"), MEMORY, released()], [row("4.4").text, MEMORY.text]),
        ("When is version 4.3 released?", [ROW, MEMORY, released()], [ROW.text, MEMORY.text]),  # not yet, perhaps
        ("When did it rain?", [ROW, MEMORY, released()], [ROW.text, MEMORY.text]),  # it shares no word, is over none
    ],
)
def test_a_dated_heading_stands_beside_the_nearest_line_that_tells_no_time(
    question: str, lines: Sequence[Line], first: list[str]
) -> None:
    ordered = settled(question, lines, [Hit(NOTES, 0.5)])
    assert [one.text for one in ordered[:2]] == first
    assert len(ordered) == len(lines)
    assert [one.score for one in ordered] == sorted((one.score for one in ordered), reverse=True)


def test_the_heading_of_another_document_or_over_another_passage_tells_nothing() -> None:
    other = replace(released(), number=2)
    hits = [Hit(NOTES, 0.5), Hit(replace(NOTES, document_id="other"), 0.4)]
    assert settled("When was version 4.3 released?", [ROW, other], hits)[0] == ROW
    assert settled("When did the memory keep 60 days?", [MEMORY, line("A", 0.9, 700), other], hits)[1].text == "A"
    below = line(HEADING, 0.9, 300, is_heading=True)
    assert settled("When did the memory keep 60 days?", [MEMORY, line("A", 0.9, 700), below], hits)[1].text == "A"


def test_nothing_is_settled_without_lines() -> None:
    assert settled("When was it?", [], []) == ()
