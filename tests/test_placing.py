"""Sentences of a passage found again among the letters of a page that was read by another library."""

import pytest

from ingest.placing import has_letters, letters, place
from rag.types import Span


def found(passage: str, sentence: str, page: str, *, start: int = 0) -> list[str]:
    """What of the page is marked for a sentence of the passage."""
    at = passage.index(sentence)
    on_page = letters(page)
    (runs,) = place(passage, [Span(at, at + len(sentence))], on_page, start=start)
    return [page[on_page.places[run.start] : on_page.places[run.end - 1] + 1] for run in runs]


@pytest.mark.parametrize(
    ("sentence", "page", "marked"),
    [
        ("Nests are built in trees.", "They fly. Nests are built in trees. They eat.", ["Nests are built in trees"]),
        ("Nests are built in trees.", "nests are\r\nbuilt in trees", ["nests are\r\nbuilt in trees"]),
        ("An information sheet", "An infor-\r\nmation sheet", ["An infor-\r\nmation sheet"]),
        ("An infor-\nmation sheet", "An information sheet", ["An information sheet"]),
        ("A fine office", "A \ufb01ne o\ufb03ce", ["A \ufb01ne o\ufb03ce"]),
        ("Déjà vu in Zürich", "De\u0301ja\u0300 vu in Zu\u0308rich", ["De\u0301ja\u0300 vu in Zu\u0308rich"]),
        ("Thequickfox jumps", "The quick fox jumps", ["The quick fox jumps"]),
        ("资料在这里。", "标题 资料 在这里。", ["资料 在这里"]),
        ("كلا المشكلات", "كال المشكالت", ["كال المشكالت"]),
    ],
    ids=["same", "case and lines", "hyphenated", "whole", "ligatures", "accents", "glued", "chinese", "lam and alef"],
)
def test_a_sentence_is_found_however_it_is_set(sentence: str, page: str, marked: list[str]) -> None:
    assert found(sentence, sentence, page) == marked


def test_the_sentence_of_the_passage_is_chosen_where_it_is_repeated() -> None:
    page = "Alpha begins the page. See below. Beta follows in its middle. See below. Gamma comes at its end. See below."
    passage = "Beta follows in its middle. See below."
    on_page = letters(page)
    at = passage.index("See")
    ((run,),) = place(passage, [Span(at, len(passage))], on_page)
    assert on_page.places[run.start] == page.index("See", page.index("Beta"))


def test_a_passage_that_is_repeated_as_a_whole_is_told_by_its_place() -> None:
    page = "Check the cable first. " * 3
    on_page = letters(page)
    passage = "Check the cable first."
    ((run,),) = place(passage, [Span(0, len(passage))], on_page, start=46)
    assert on_page.places[run.start] == 46


def test_a_row_is_found_though_its_cells_are_read_in_another_order() -> None:
    passage = "Total net sales   81,797   82,959"
    page = "Net sales: Total net sales Cost of sales 39,136 81,797 41,485 82,959"
    assert found(passage, passage, page) == ["Total net sales", "81,797", "82,959"]


def test_what_is_not_there_is_not_found() -> None:
    assert found("The moon is made of cheese.", "The moon is made of cheese.", "The sea is deep and blue.") == []


def test_a_sentence_of_signs_has_nothing_to_look_for() -> None:
    assert not has_letters("— · —")
    assert has_letters("— 1 —")
