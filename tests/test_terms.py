import threading

import pytest

from rag.terms import is_unspaced, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The batteries of PPR-9087 cost 3.80 EUR", ["batteri", "ppr-9087", "cost", "3.80", "eur"]),
        ("What is Halden's policy?", ["halden", "polici"]),
        ("Straße, naïve CAFÉ", ["straße", "naiv", "cafe"]),
        ("ﬁre ＡＢＣ", ["fire", "abc"]),
        ("人工智能 is new", ["人工", "工智", "智能", "new"]),
        ("iPhone15手机壳", ["iphone15", "手机", "机壳"]),
        ("猫", ["猫"]),
        ("?! -", []),
        ("Möngke naïvely École", ["mongk", "naiv", "ecol"]),
        ("ガス", ["ガス"]),
    ],
)
def test_terms_are_compared_as_a_reader_would(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_compound_is_followed_by_its_parts() -> None:
    assert terms("PPR-9087, the e-mail", parts=True) == ["ppr-9087", "ppr", "9087", "e-mail", "mail"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怎样更换电池？", True),
        ("Sky Digital是什么时候推出的？", True),
        ("フランスの首都は", True),
        ("What does 电池 mean in English?", False),
        ("How long?", False),
        ("1969", False),
        ("?", False),
    ],
)
def test_a_script_without_spaces_is_known_by_its_characters(text: str, expected: bool) -> None:
    assert is_unspaced(text) is expected


def test_stemming_is_thread_safe() -> None:
    found: list[list[str]] = []
    words = " ".join(f"running{'x' * index} walked{'y' * index}" for index in range(300))
    threads = [threading.Thread(target=lambda: found.append(terms(words))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one == found[0] for one in found)
