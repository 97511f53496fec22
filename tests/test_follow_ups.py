"""What belongs to a follow-up question."""

import threading

import pytest

from rag.evidence import Line
from rag.follow_ups import at_once, belongs, readings, rewrite_messages, understood
from rag.types import Span, Turn
from tests.fakes import WeighingGenerator

HISTORY = [Turn("What is the notice during probation?", "Two weeks [1].")]


def line(text: str) -> Line:
    return Line(1, Span(0, len(text)), text, text, "", True, 1.0)


@pytest.mark.parametrize(
    ("question", "found", "expected"),
    [
        ("And after ten years?", "Notice during probation is two weeks.", True),  # points back
        ("Is it paid?", "Notice during probation is two weeks.", True),
        ("What do apprentices get?", "Notice during probation is two weeks.", False),  # may be another subject
        ("What do apprentices get?", "Apprentices have no probation.", True),
        ("How many canteens are there?", "Notice during probation is two weeks.", False),
        ("What happens to devices that get stolen?", "Notice during probation is two weeks.", False),
        ("Which one-off payments are due this year?", "Notice during probation is two weeks.", False),
        ("What is the notice?", "Four weeks.", True),  # no word of its own
    ],
)
def test_a_line_belongs_to_a_follow_up_that_points_back_or_shares_a_word_with_it(
    question: str, found: str, expected: bool
) -> None:
    assert belongs(question, HISTORY, line(found)) is expected


@pytest.mark.parametrize(
    ("question", "rewritten", "both"),
    [
        ("And after ten years?", "What is the notice after ten years?", False),  # it took the notice
        ("And after ten years?", "And after ten years?", True),
        ("Is it paid?", "Is that paid?", True),
        ("How do I order a badge?", "How do I order a badge?", True),  # may be another subject, or not
    ],
)
def test_a_follow_up_that_took_nothing_from_the_conversation_is_also_read_with_the_one_before(
    question: str, rewritten: str, both: bool
) -> None:
    together = f"What is the notice during probation? {question}"
    assert readings(question, rewritten, HISTORY) == ((rewritten, together) if both else (rewritten,))


@pytest.mark.parametrize(
    ("before", "subject"),
    [
        (["How long does delivery take? And outside?"], "How long does delivery take?"),  # read together
        (["What may a hotel cost?", "And breakfast?"], "What may a hotel cost?"),
        (["What may a hotel cost?", "Who pays for lunch?"], "Who pays for lunch?"),
        (["And breakfast?"], "And breakfast?"),
    ],
)
def test_a_follow_up_is_read_after_the_last_question_that_says_what_it_is_of(before: list[str], subject: str) -> None:
    history = [Turn(question, "Yes.") for question in before]
    assert readings("And then?", "And then?", history)[1] == f"{subject} And then?"


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("How much is the bonus?", "What is the notice during probation?"),  # what it asks is lost
        ("What do I do about it?", "What is the notice during probation?"),
        ("可以结转吗？", "Can it be carried over?"),
    ],
)
def test_the_question_before_or_a_translation_is_no_rewriting(question: str, rewritten: str) -> None:
    assert readings(question, rewritten, HISTORY) == (question, f"What is the notice during probation? {question}")


@pytest.mark.parametrize(
    ("before", "question", "rewritten"),
    [
        ("What is the price and the weight of the battery?", "And its weight?", "What is the weight of the battery?"),
        ("Can I return the pump and the filter?", "Can I return it?", "Can I return the pump?"),
    ],
)
def test_a_part_of_the_question_before_is_a_rewriting(before: str, question: str, rewritten: str) -> None:
    assert readings(question, rewritten, [Turn(before, "Yes [1].")]) == (rewritten,)


@pytest.mark.parametrize(
    ("before", "question", "rewritten", "reading"),
    [
        (
            "What is the salary of the CEO?",
            "And how long is the warranty?",
            "What is the salary of the CEO, and how long is the warranty?",
            "How long is the warranty?",
        ),
        (
            "Where can one buy stocks?",
            "And the warranty of the pump?",
            "Where can one buy stocks and what is the warranty of the pump?",
            "What is the warranty of the pump?",
        ),
        (
            "What does a ticket cost?",
            "And on Sundays?",
            "What does a ticket cost on Sundays, and where do I buy it?",
            "What does a ticket cost on Sundays, and where do I buy it?",
        ),
        ("Who may park?", "And what does it cost?", "Who may park, and what does it cost?", None),
    ],
)
def test_the_question_before_is_not_asked_again_beside_the_follow_up(
    before: str, question: str, rewritten: str, reading: str | None
) -> None:
    assert readings(question, rewritten, [Turn(before, "Yes [1].")])[0] == (reading or rewritten)


@pytest.mark.parametrize(
    ("before", "weighs"), [("Was kostet ein Hotel in Oslo?", False), ("What does a hotel in Oslo cost?", True)]
)
def test_the_words_of_a_german_question_do_not_complete_an_english_one(before: str, weighs: bool) -> None:
    generator = WeighingGenerator("What does the pump cost?")
    (first, *_) = understood("And the pump?", [Turn(before, "Yes [1].")], generator, threading.Event())
    assert first == "What does the pump cost?"
    assert bool(generator.weighed) is weighs


def test_the_question_before_is_bounded() -> None:
    assert readings("And then?", "And then?", [Turn("x" * 9_000, "")])[1] == "x" * 400 + " And then?"


def test_the_prompt_holds_the_last_turns() -> None:
    turns = [Turn(f"question {number}", "a" * 9_000) for number in range(9)]
    last = rewrite_messages("And then?", turns)[-1].content
    assert "question 5" not in last
    assert "question 6" in last
    assert len(last) < 3_000


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("How do I order a new badge?", "How do I order a new badge?"),
        ("And in Porto?", "What may a hotel cost? And in Porto?"),
        ("How long does it take there at most?", "What may a hotel cost? How long does it take there at most?"),
    ],
)
def test_a_follow_up_is_searched_after_its_subject_until_it_is_understood(question: str, searched: str) -> None:
    assert at_once(question, [Turn("What may a hotel cost?", "90 EUR [1].")]) == searched
