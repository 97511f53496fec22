from dataclasses import replace

import pytest

from rag.folding import fold
from rag.types import Answer, Finish, Hit, answer_from_json, answer_to_json
from tests.fakes import hit

LONG = hit("Leave is 28 days. It is asked for in writing.", 0.9, document="handbook")


def under(heading: str, found: Hit) -> Hit:
    return replace(found, chunk=replace(found.chunk, heading=heading))


def test_the_same_words_take_one_place_and_their_copies_are_remembered() -> None:
    copy = hit("leave is  28 days.\nIt is asked for in writing", 0.8, document="copy")
    part = hit("It is asked for in writing.", 0.7, document="notice")
    other = hit("Lunch costs 3.80 EUR.", 0.6)
    assert fold([LONG, copy, part, other], count=2) == (replace(LONG, copies=(copy.chunk, part.chunk)), other)


@pytest.mark.parametrize(
    "other",
    [
        hit("Leave is 30 days. It is asked for in writing.", document="newer"),
        hit("Leave is 28 days. It is asked for in writing. It lapses in March.", document="longer"),
        hit("It is asked for in writing by the team lead", document="else"),
        under("Trainees", hit("Leave is 28 days. It is asked for in writing.")),
    ],
    ids=["another number", "more words", "other end", "another heading"],
)
def test_a_passage_that_says_anything_else_keeps_its_place(other: Hit) -> None:
    assert fold([LONG, other], count=5) == (LONG, other)


def test_a_part_of_a_word_is_no_repeat() -> None:
    assert len(fold([hit("The charter counts"), hit("art", document="d2")], count=5)) == 2


def test_copies_are_kept_with_an_answer() -> None:
    folded = fold([LONG, hit(LONG.chunk.text, document="copy")], count=1)
    answer = Answer("q", "q", "a", (), folded, (), Finish.COMPLETE)
    assert answer_from_json(answer_to_json(answer)) == answer
