"""Misspelt words of questions."""

from collections.abc import Mapping, Sequence

import pytest

from rag.spelling import corrected
from rag.terms import terms

HELD = {
    term: 3 for term in terms("Password of the WLAN, at least 14 characters. Warranty, canteen, firmware. Quenlo pump.")
}


def held(asked: Sequence[str]) -> Mapping[str, int]:
    return {term: HELD[term] for term in asked if term in HELD}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("What is the pasword of the wlan?", "What is the password of the wlan?"),
        ("How long is the warrenty?", "How long is the warranty?"),
        ("Where is the cantene?", "Where is the canteen?"),
        ("Which firmwaer has the quinlo?", "Which firmware has the quenlo?"),
        ("Pasword?", "Password?"),
        ("What lenght must it have?", "What length must it have?"),
    ],
    ids=["left out", "changed", "swapped", "two words, one of a name", "the only word", "stands in no document"],
)
def test_a_misspelt_word_is_set_right(typed: str, meant: str) -> None:
    assert corrected(typed, held) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Does the firm pay for classes and glasses?",
        "Who is Wassword?",
        "was kostet die canten?",
        "What is the price of a Warrenty?",
        "What does E-14 mean, or FIRMWARR?",
        "Wie lautet das passwort der kantine im betrieb?",
        "密码有多长?",
        "Pls cnat rd ths?",
        "",
    ],
    ids=["a word", "a name", "short German", "like a name", "a code", "German", "Chinese", "too much of it", "nothing"],
)
def test_what_may_be_meant_stays(question: str) -> None:
    assert corrected(question, held) == question
