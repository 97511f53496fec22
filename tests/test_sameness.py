"""Whether two questions ask for the same."""

import pytest

from rag.generators.local import LocalGenerator
from rag.sameness import are_the_same, may_be_the_same
from tests.fakes import WeighingGenerator


@pytest.mark.parametrize(
    ("question", "other", "may"),
    [
        ("How long is parental leave?", "What is the length of parental leave?", True),
        ("Can I fly business class?", "May I fly in business class?", True),
        ("Do I pay for two stations?", "Do I pay for 2 stations?", True),
        ("What does E-14 mean?", "What does E-19 mean?", False),
        ("What did version 4.2 change?", "What did version 4.3 change?", False),
        ("What may a hotel cost in Oslo?", "What may a hotel cost in Bergen?", False),
        ("Does Watt pay Black for it?", "So does Black pay Watt for it?", False),
        ("Is the station paired with two gateways?", "Is the station paired with three gateways?", False),
        ("What is paid on a journey?", "What is not paid on a journey?", False),
        ("Who was paid on it?", "Who wasn't paid on it?", False),
        ("Where was the firm founded?", "Why was the firm founded?", False),
        ("Wie lange ist die Kündigungsfrist?", "Wie lang ist die Kündigungsfrist?", False),  # not measured
        ("年假有多少天？", "年假多少天？", False),
    ],
)
def test_names_numbers_and_denials_must_be_the_same(question: str, other: str, may: bool) -> None:
    assert may_be_the_same(question, other) is may
    assert may_be_the_same(other, question) is may


@pytest.mark.parametrize(("said", "found"), [("yes", True), ("no", False)])
def test_the_generator_decides(said: str, found: bool) -> None:
    generator = WeighingGenerator(said, value=-2.0)
    assert are_the_same("How long is the leave?", "How much is the leave?", generator) is found
    (prompt,) = generator.prompts
    assert "1. How long is the leave?\n2. How much is the leave?" in prompt[-1].content


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "other", "same"),
    [
        ("How far does the radio reach?", "What is the range of the radio?", True),
        ("How long does a sabbatical last?", "What is the duration of a sabbatical?", True),
        ("What is the notice period during probation?", "What is the notice period after probation?", False),
        ("Can I return a used station?", "Can I return a new station?", False),
        ("Who approves overtime?", "Who pays overtime?", False),
    ],
)
def test_the_default_generator_tells_other_words_from_another_matter(
    chat_generator: LocalGenerator, question: str, other: str, same: bool
) -> None:
    assert are_the_same(question, other, chat_generator) is same
