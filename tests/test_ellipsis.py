"""Follow-ups that only name what is different."""

import pytest

from rag.ellipsis import completed
from rag.generators.local import LocalGenerator
from tests.fakes import WeighingGenerator


def test_the_new_words_take_the_place_of_old_ones() -> None:
    chooser = WeighingGenerator("What does the lamp cost?")
    assert completed("And the lamp?", "What does the wooden chair cost?", chooser) == "What does the lamp cost?"
    assert chooser.prompts[0][-1].content == "Question: What does the wooden chair cost?\nNow: the lamp"
    assert "What does the wooden the lamp cost?" in chooser.weighed
    assert "What does the wooden chair cost the lamp?" not in chooser.weighed
    assert all(answer.count("the lamp") == 1 and answer.endswith("?") for answer in chooser.weighed)


def test_what_is_added_must_be_much_likelier_than_what_is_replaced() -> None:
    added = "When does the shop in Bath open in Leeds?"
    assert completed("And in Leeds?", "When does the shop in Bath open?", WeighingGenerator(added, value=-3.0)) == (
        "When does the shop in Leeds open?"
    )
    assert (
        completed("And in Leeds?", "When does the shop open?", WeighingGenerator())
        == "When does the shop open in Leeds?"
    )


@pytest.mark.parametrize(
    "follow_up",
    [
        "How do I order one?",
        "And how do I order a lamp?",
        "And when does the shop open?",
        "And is it paid?",
        "And after that?",
        "What about the other one?",
        "But why?",
        "And?",
        "What about " + "lamps and " * 9 + "chairs?",
    ],
)
def test_other_follow_ups_are_left_to_the_generator(follow_up: str) -> None:
    chooser = WeighingGenerator()
    assert completed(follow_up, "What does the wooden chair cost?", chooser) is None
    assert not chooser.weighed


@pytest.mark.parametrize("before", ["", "Chairs?", "word " * 26 + "?"], ids=["nothing", "too short", "too long"])
def test_a_question_before_of_which_little_or_much_is_said_is_left(before: str) -> None:
    assert completed("And the lamp?", before, WeighingGenerator()) is None


def test_more_choices_than_can_be_weighed_at_once_are_left() -> None:
    generator = WeighingGenerator()
    before = "Where can large wooden kitchen tables with oak legs be bought cheaply near old Bath station today?"
    assert completed("And lamps?", before, generator) is None
    assert not generator.weighed
    assert completed("And near Leeds?", "Where can large wooden kitchen tables be bought cheaply near Bath?", generator)


def test_what_makes_no_question_is_left() -> None:
    assert completed("And the lamp?", "What does the wooden chair cost?", WeighingGenerator(value=-20.0)) is None


@pytest.mark.model
@pytest.mark.parametrize(
    ("before", "follow_up", "whole"),
    [
        ("How many stamps does a letter need?", "And a postcard?", "How many stamps does a postcard need?"),
        ("Who cleans the kitchen on Fridays?", "What about on Mondays?", "Who cleans the kitchen on Mondays?"),
        ("May guests bring their own wine?", "How about beer?", "May guests bring their own beer?"),
        ("How high is the deposit for a bicycle?", "And a tandem?", "How high is the deposit for a tandem?"),
        ("Where do apprentices park?", "And what about visitors?", "Where do visitors park?"),
        ("What is the fine for a late book?", "And if I lose it?", "What is the fine for a late book if I lose it?"),
    ],
)
def test_the_real_generator_chooses_what_is_meant(
    before: str, follow_up: str, whole: str, chat_generator: LocalGenerator
) -> None:
    assert completed(follow_up, before, chat_generator) == whole
