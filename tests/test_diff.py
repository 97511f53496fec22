"""What changed from one text to another, in words that a person reads."""

import time

import pytest

from rag.diff import Change, Kind, changes


def told(before: str, after: str) -> list[str]:
    """Each change with what went and what came in brackets."""
    return [written(change) for change in changes([(None, before)], [(None, after)])]


def written(change: Change) -> str:
    marks = {Kind.SAME: "{}", Kind.GONE: "[-{}-]", Kind.NEW: "[+{}+]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in change.pieces)


def test_a_word_that_changed_is_shown_in_its_line() -> None:
    before = "Leave\nSix days of leave carry over until 31 March.\nThe rest lapses."
    after = "Leave\nNine days of leave carry over until 31 March.\nThe rest lapses."
    assert told(before, after) == ["[-Six-][+Nine+] days of leave carry over until 31 March."]


def test_a_number_that_changed_is_shown_whole() -> None:
    assert told("It weighs 1.6 kg at 10:30, v2.6.", "It weighs 1.9 kg at 10:45, v2.6.") == [
        "It weighs [-1.6 kg at 10:30-][+1.9 kg at 10:45+], v2.6."
    ]
    assert told("Pay 1,200.50 by day 3.", "Pay 1,300.50 by day 3.") == ["Pay [-1,200.50-][+1,300.50+] by day 3."]


def test_what_is_new_and_what_is_gone_are_changes_of_their_own() -> None:
    before = "One.\nTwo.\nThree.\nFour."
    after = "One.\nThree.\nFour.\nFive."
    assert told(before, after) == ["[-Two.-]", "[+Five.+]"]


def test_the_same_words_are_no_change_however_the_lines_are_broken() -> None:
    assert told("The reactor is inspected\nevery second year.", "The reactor is   inspected every\nsecond year.") == []
    assert told("", "") == []


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (
            "年假可以结转六天，直到三月底。",
            "年假可以结转九天，直到三月底。",
            "年假可以结转[-六-][+九+]天，直到三月底。",
        ),
        ("يستمر الضمان سنتين.", "يستمر الضمان ثلاث سنوات.", "يستمر الضمان [-سنتين-][+ثلاث سنوات+]."),
    ],
)
def test_other_scripts_are_compared_word_by_word(before: str, after: str, change: str) -> None:
    assert told(before, after) == [change]


def test_single_words_that_stayed_do_not_cut_a_change_to_pieces() -> None:
    (change,) = told("Start. The pump is old and loud. End.", "Start. The motor was new and quiet. End.")
    assert change == "Start. The [-pump is old and loud-][+motor was new and quiet+]. End."


def test_long_stretches_that_stayed_are_cut() -> None:
    same = " ".join(f"word{number}" for number in range(100))
    (change,) = told(f"{same} old {same}", f"{same} new {same}")
    assert change.startswith("… word") and change.endswith(" …")  # no half of a word
    assert "[-old-][+new+]" in change
    assert len(change) < 200


def test_a_change_names_its_page_in_both_versions() -> None:
    before = [(1, "Contents."), (2, "The fee is 10 euros.")]
    after = [(1, "Contents."), (2, "A new page."), (3, "The fee is 12 euros.")]
    found = list(changes(before, after))
    assert [(change.before, change.after, written(change)) for change in found] == [
        (2, 2, "[+A new page.\n+]The fee is [-10-][+12+] euros.")
    ]


def test_a_change_over_two_pages_is_told_page_by_page() -> None:
    before = [(1, "Contents."), (2, "Six days.")]
    after = [(1, "Contents, again."), (2, "Nine days.")]
    assert [(change.after, written(change)) for change in changes(before, after)] == [
        (1, "Contents[+, again+]."),
        (2, "[-Six-][+Nine+] days."),
    ]


def test_a_long_text_with_many_equal_lines_is_compared_in_seconds() -> None:
    lines = [("0" if number % 3 else f"Row {number}") for number in range(20_000)]
    changed = [*lines[:5_000], "A new row", *lines[5_000:12_000], *lines[12_010:]]
    began = time.monotonic()
    found = told("\n".join(lines), "\n".join(changed))
    assert "[+A new row+]" in found
    assert 2 <= len(found) <= 5
    assert time.monotonic() - began < 10


def test_nothing_to_compare_with_is_all_new() -> None:
    assert told("", "One.\nTwo.") == ["[+One.\nTwo.+]"]
