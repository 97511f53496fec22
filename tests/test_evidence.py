import pytest

from rag.evidence import missing_codes, nearest_lines
from rag.types import Chunk, Hit
from tests.fakes import HashingEmbedder, hit

PASSAGE = Chunk(
    "d", "manual.pdf", "Skua", 9, "Calibration › Humidity", 0, 0, 0,
    "Humidity\nThe salt chamber CAL-7511 is needed. Put the sensor into the salt\nchamber and wait for six hours.",
)  # fmt: skip


def test_the_nearest_line_comes_first_with_its_place() -> None:
    hits = [hit("Lunch costs 3.80 EUR."), Hit(PASSAGE, 0.5)]
    lines = nearest_lines("How many hours does the sensor wait in the salt chamber?", hits, HashingEmbedder(1_024))
    best = lines[0]
    assert (best.number, best.text) == (2, "Put the sensor into the salt chamber and wait for six hours.")
    assert PASSAGE.text[best.span.start : best.span.end].split() == best.text.split()
    assert [line.score for line in lines] == sorted((line.score for line in lines), reverse=True)
    assert "Humidity" not in [line.text for line in lines]  # a heading answers nothing


def test_no_passages_have_no_lines() -> None:
    assert nearest_lines("What?", [], HashingEmbedder()) == []
    assert nearest_lines("What?", [hit("---")], HashingEmbedder()) == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does error E-27 mean?", ["e-27"]),
        ("What does CAL-7511 cost?", []),
        ("what about cal-7511 and RTX4090?", ["rtx4090"]),
        ("What happens after 10 years, since 2019?", []),
        ("Is the follow-up a co-op?", []),
    ],
)
def test_codes_that_stand_nowhere_are_named(question: str, missing: list[str]) -> None:
    assert missing_codes(question, [Hit(PASSAGE, 0.5)]) == missing
