"""Which of two orders the text of a PDF page is given."""

from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.readers import read
from ingest.readers.reading_order import better_text

LINE = "the pump is checked every day"
TIGHT = f"{LINE} " * 9 + "and then you carry on with it"
GLUED = TIGHT.replace(LINE, LINE.replace(" ", ""))


@pytest.mark.parametrize(
    ("in_order", "laid_out", "chosen"),
    [
        pytest.param("Oil\nGas\n7\n9", "Oil   7\nGas   9", "Oil   7\nGas   9", id="rows of a table"),
        pytest.param(f"STATEME\nNTS: {LINE}", f"STATEMENTS: {LINE}", f"STATEMENTS: {LINE}", id="words that fell apart"),
        pytest.param("a b c d e f g", "", "a b c d e f g", id="not laid out"),
        pytest.param("", "a b c", "a b c", id="only laid out"),
        pytest.param("all of it and more", "all", "all of it and more", id="letters lost"),
        pytest.param("p\ufffdmp", "pump", "pump", id="letters that are none"),
        pytest.param("pump oil", "p\ue001m\ue002 oil", "pump oil", id="letters that only the font knows"),
        pytest.param(LINE, " ".join(LINE), LINE, id="letters torn apart"),
        pytest.param(GLUED, TIGHT, TIGHT, id="words glued together in the order of the file"),
        pytest.param(TIGHT, GLUED, TIGHT, id="words glued together when laid out"),
        pytest.param("שלום עולם", "םולש םלוע", "שלום עולם", id="right to left"),
    ],
)
def test_the_text_is_taken_that_keeps_more_together(in_order: str, laid_out: str, chosen: str) -> None:
    assert better_text(in_order, laid_out) == chosen


def drawn(path: Path, cells: list[tuple[int, int, str]]) -> str:
    canvas = Canvas(str(path), pagesize=A4)
    for x, y, words in cells:
        canvas.drawString(x, y, words)
    canvas.save()
    return read(path, max_bytes=10**6).pages[0].text


def test_a_table_drawn_column_by_column_is_read_row_by_row(tmp_path: Path) -> None:
    columns = [("Berlin", "Paris", "Rome"), ("120", "150", "135")]
    cells = [(80 + 200 * x, 700 - 20 * y, words) for x, column in enumerate(columns) for y, words in enumerate(column)]
    assert [line.split() for line in drawn(tmp_path / "a.pdf", cells).split("\n")] == [
        ["Berlin", "120"],
        ["Paris", "150"],
        ["Rome", "135"],
    ]


def test_two_columns_of_short_sentences_are_read_as_they_are_drawn(tmp_path: Path) -> None:
    left = ["Do not wash items soaked in petrol.", "The hose must not be longer.", "Keep children away from it."]
    right = ["Wipe the rubber seal after each wash.", "Descale it twice a year.", "Leave the door ajar, too."]
    cells = [(x, 700 - 14 * row, words) for x, side in ((72, left), (320, right)) for row, words in enumerate(side)]
    assert drawn(tmp_path / "manual.pdf", cells).split("\n") == [*left, "", *right]


def test_two_columns_of_prose_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [(60, 700 - 16 * row, f"left {row} {LINE}") for row in range(9)]
    right = [(330, 700 - 16 * row, f"right {row} {LINE}") for row in range(9)]
    text = drawn(tmp_path / "a.pdf", left + right)
    assert text.index("left 8") < text.index("right 0")
