"""What small generators do to lines that answer."""

import pytest

from rag.evidence import Line
from rag.faults import denies_another, rows_untold
from rag.types import Span


def row(place: int, text: str, score: float = 1.0) -> Line:
    return Line(1, Span(place, place + 1), text, text, "Intervals", True, score, is_row=True, nearness=score)


ROWS = [
    row(0, "Every: 12 months; Work: Calibrate humidity"),
    row(1, "Every: 24 months; Work: Calibrate pressure", 0.99),
    row(2, "Every: 48 months; Work: Calibrate the wind sensor", 0.98),
]
HOW_OFTEN = "How often do I calibrate?"


@pytest.mark.parametrize(
    ("text", "is_untold"),
    [
        ("You calibrate every 12 months, 24 months, and 48 months.", True),
        ("You calibrate every 12 and 24 months.", True),
        ("You calibrate humidity every 12 months, and pressure and the wind every 24 and 48 months.", False),
        ("You calibrate humidity every 12 months, and others every 24 and 48 months.", False),
        ("You calibrate every 12 months.", False),
        ("You calibrate every 12 months with 2 screws.", False),
        ("You calibrate often.", False),
        ("Luftfeuchte alle 12 Monate, Luftdruck alle 24 Monate kalibrieren.", False),  # told in other words
    ],
)
def test_rows_are_untold_whose_numbers_are_told_without_what_they_are_of(text: str, is_untold: bool) -> None:
    assert rows_untold(HOW_OFTEN, text, ROWS) == (ROWS if is_untold else [])


def test_rows_that_the_question_tells_apart_are_not_looked_at() -> None:
    text = "The humidity is calibrated every 12 months, not every 24 months."
    assert rows_untold("How often do I calibrate the humidity?", text, ROWS) == []


def test_rows_that_differ_in_numbers_alone_are_told_by_them() -> None:
    rows = [row(0, "Years: up to 2; Notice: 1 month"), row(1, "Years: 3 to 5; Notice: 4 months", 0.99)]
    assert rows_untold("What is the notice?", "1 month up to 2 years, 4 months for 3 to 5 years.", rows) == []


def test_nothing_is_untold_without_lines() -> None:
    assert rows_untold(HOW_OFTEN, "Every 12 months.", []) == []


def line(text: str) -> Line:
    return Line(1, Span(0, len(text)), text, text, "Passwords", True, 1.0)


KEPT = line("Passwords are not kept in files, notes or browsers, and are never sent by e-mail.")
CHANGED = line("It is changed only when there is a reason; passwords do not expire.")


@pytest.mark.parametrize(
    ("question", "text", "is_fault"),
    [
        ("How often do passwords change?", "Passwords are not changed in files, notes or browsers.", True),
        ("Are passwords kept in files?", "Passwords are not kept in files.", False),
        ("How often do passwords expire?", "Passwords do not expire.", False),
        ("How often do passwords change?", "They are changed only when there is a reason.", False),
        ("How often do passwords change?", "Passwords are not stored in files or browsers.", False),
        ("Wie oft ändern sich Passwörter?", "Passwords are not kept in files.", False),
        ("How often do passwords change?", "Passwords aren’t changed in files, notes or browsers.", True),
        ("How often do passwords change?", "Passwords have not been changed in files, notes or browsers.", True),
        ("Do passwords change?", "Passwords are not changed in files, notes or browsers.", False),
        ("Where are passwords written?", "Passwords are not written in files, notes or browsers.", False),
    ],
)  # fmt: skip
def test_an_answer_denies_another_word_than_its_line(question: str, text: str, is_fault: bool) -> None:
    assert denies_another(question, text, [CHANGED, KEPT]) is is_fault


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Passwords are not changed in files, notes or browsers on Mondays.", KEPT),  # of more than that line
        (
            "Passwords are not changed in files, notes or browsers.",
            line("Passwords are not kept or changed in files, notes or browsers."),
        ),
    ],
)
def test_an_answer_that_tells_more_or_what_its_line_says_is_left(text: str, other: Line) -> None:
    assert not denies_another("How often do passwords change?", text, [CHANGED, other])


def test_rows_are_told_by_all_of_their_numbers() -> None:
    rows = [row(0, "Every: 12 months; Work: 3 tests of humidity"), row(1, "Every: 24 months; Work: pressure", 0.99)]
    assert rows_untold(HOW_OFTEN, "Every 12 and 24 months.", rows) == []


def test_nothing_is_denied_without_lines() -> None:
    assert not denies_another("How often do passwords change?", "Passwords are not changed.", [])
