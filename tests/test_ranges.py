"""Rows of a table that each hold for a range."""

from dataclasses import replace

import pytest

from rag.evidence import Line
from rag.ranges import is_plain, settled
from rag.types import Span


def rows(head: str, value: str, *cells: str) -> list[Line]:
    readings = [f"{head}: {cell}; {value}: {place}" for place, cell in enumerate(cells)]
    return [
        Line(1, Span(place, place + 1), text, text, "Notice", True, 1 - place / 100)
        for place, text in enumerate(readings)
    ]


NOTICE = ("After probation", "From the fifteenth year on", "From the eighth year on", "During probation")
PRICES = ("up to 3 stations", "4 to 10 stations", "11 stations or more")


@pytest.mark.parametrize(
    ("question", "head", "cells", "leads"),
    [
        ("What is the notice period after ten years?", "Years of service", NOTICE, 2),
        ("And after 20 years of service?", "Years of service", NOTICE, 1),
        ("What is the notice after three years?", "Years of service", NOTICE, 0),  # in no range that is known
        ("What is the notice period?", "Years of service", NOTICE, 0),
        ("What is the notice after ten years and two months?", "Years of service", NOTICE, 0),
        ("What does the portal cost for 3 stations?", "Plan", PRICES, 0),
        ("What does the portal cost for seven stations?", "Plan", PRICES, 1),
        ("What does the portal cost for 12 stations?", "Plan", PRICES, 2),
        ("What does the portal cost for 12 users?", "Plan", PRICES, 0),  # they speak of stations
        ("What is E-12 of the stations?", "Plan", PRICES, 0),
        ("How many stations are there after 2 years?", "Plan", ("Basic station", "Large station"), 0),
    ],
)
def test_the_row_whose_range_holds_the_number_leads(
    question: str, head: str, cells: tuple[str, ...], leads: int
) -> None:
    lines = rows(head, "Value", *cells)
    found = settled(question, lines)
    assert found[0].reading == lines[leads].reading
    assert {line.reading for line in found} == {line.reading for line in lines}
    assert [line.score for line in found] == sorted((line.score for line in found), reverse=True)


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("What is the notice after ten years?", True),
        ("And after ten years of service?", True),  # it names nothing else
        ("Is there a bonus after ten years of service?", False),
        ("What is the notice?", False),
    ],
)
def test_a_row_is_plain_in_a_table_of_what_is_asked(question: str, plain: bool) -> None:
    assert is_plain(question, rows("Years of service", "Value", *NOTICE)) is plain


def test_lines_that_were_read_keep_what_they_were_near_before() -> None:
    read = [replace(line, nearness=0.5) for line in rows("Years of service", "Value", *NOTICE)]
    found = settled("What is the notice after ten years?", read)
    assert found[0].nearness == pytest.approx(0.5 + found[0].score - read[2].score)
    assert {round(line.nearness, 6) for line in found[1:]} == {0.4}


def test_where_no_row_of_a_table_is_nearest_nothing_changes() -> None:
    sentence = Line(2, Span(0, 5), "The notice grows.", "The notice grows.", "", True, 2.0)
    lines = [sentence, *rows("Years of service", "Value", *NOTICE)]
    assert settled("What is the notice after ten years?", lines) == lines
    assert settled("What is the notice after ten years?", []) == []
