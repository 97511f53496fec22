"""Lines by their place, in the order in which they are read."""

from dataclasses import replace

import pytest

from ingest.readers.layout import PlacedLine, text_of


def line(text: str, left: float, top: float, *, width: float | None = None, height: float = 10) -> PlacedLine:
    return PlacedLine(text, left, top, left + (width or 5.0 * len(text)), top + height)


def column(word: str, left: float, top: float, count: int) -> list[PlacedLine]:
    return [line(f"{word} line {number} of a column", left, top + 12 * number) for number in range(count)]


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    lines = [line("A title over both of the columns of the page", 0, 0), *column("left", 0, 30, 4)]
    lines += column("right", 200, 30, 4)
    assert text_of(lines[::-1]).split("\n") == [
        "A title over both of the columns of the page",
        "",
        *(f"left line {number} of a column" for number in range(4)),
        "",
        *(f"right line {number} of a column" for number in range(4)),
    ]


def test_what_stands_under_columns_comes_after_them() -> None:
    lines = [*column("left", 0, 0, 4), *column("right", 200, 0, 4), line("x" * 70, 0, 60)]
    assert text_of(lines).endswith("right line 3 of a column\n\n" + "x" * 70)


def test_a_table_is_read_row_by_row() -> None:
    rows = [("City", "Limit"), ("Berlin", "120"), ("Paris", "140"), ("Rome", "95")]
    lines = [
        line(cell, 100.0 * place, 12.0 * number) for number, row in enumerate(rows) for place, cell in enumerate(row)
    ]
    assert text_of(lines) == "\n".join("   ".join(row) for row in rows)


SHORT = ["Wipe the rubber seal after it.", "Descale it twice a year.", "Leave the door ajar, too."]
STEPS = ["1   Switch the machine off.", "2   Open the flap with a coin.", "3   Turn the cap to the left."]
RATES = ["One year   4.29%   5.93%", "Two years   4.14%   5.71%", "Three years   4.54%   5.95%"]
PLANS = ["Basic plan   no courtesy car", "Full plan   a courtesy car", "Best plan   two of them"]


FAULTS = ["Fault that is shown", "The pump makes a noise", "The door does not open"]
REMEDIES = ["What has to be done then", "Clean the pump and filter", "Pull the red emergency cord"]


def beside(left: list[str], right: list[str], *, by_side: bool) -> str:
    """Rows of two texts, drawn one after the other or row by row; cells are three spaces apart."""
    placed = [
        (line(cell, begin + 90.0 * place, 12.0 * number), side)
        for side, (begin, rows) in enumerate(((0.0, left), (400.0, right)))
        for number, row in enumerate(rows)
        for place, cell in enumerate(row.split("   "))
    ]
    order = sorted(placed, key=lambda one: (one[1] if by_side else 0, one[0].top, one[0].left))
    return text_of([replace(one, drawn=number) for number, (one, _) in enumerate(order)])


def test_short_lines_are_columns_where_one_side_is_drawn_before_the_other() -> None:
    for right in (SHORT, STEPS, PLANS):
        assert beside(SHORT, right, by_side=True) == "\n".join([*SHORT, "", *right])
        assert beside(SHORT, right, by_side=False) == "\n".join(map("   ".join, zip(SHORT, right, strict=True)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(PLANS, PLANS, id="cells on both sides"),
        pytest.param(SHORT, RATES, id="numbers"),
        pytest.param(["Tenant", "Landlord", "Deposit"], SHORT, id="labels"),
        pytest.param(SHORT[:2], SHORT[:2], id="two rows"),
        pytest.param(FAULTS, REMEDIES, id="wide cells"),
    ],
)
def test_what_may_be_a_table_is_read_row_by_row_however_it_is_drawn(left: list[str], right: list[str]) -> None:
    assert beside(left, right, by_side=True) == "\n".join(map("   ".join, zip(left, right, strict=True)))


def test_a_little_gap_goes_on_and_a_large_one_begins_a_paragraph() -> None:
    assert text_of([line("one", 0, 0), line("two", 0, 12), line("three", 0, 40)]) == "one\ntwo\n\nthree"


def test_no_lines_are_no_text() -> None:
    assert text_of([]) == ""


def test_a_table_of_words_is_read_row_by_row() -> None:
    left = ["Rain gauge blocked by leaves", "Memory of the station damaged", "Clock wrong by some minutes"] * 2
    right = ["Remove the leaves from the funnel", "Hold MODE for ten seconds", "Connect to a gateway nearby"] * 2
    lines = [
        line(text, 250.0 * place, 12.0 * n)
        for n, row in enumerate(zip(left, right, strict=True))
        for place, text in enumerate(row)
    ]
    assert text_of(lines).split("\n")[0] == f"{left[0]}   {right[0]}"


def test_chinese_columns_are_read_one_after_the_other() -> None:
    lines = [
        line(f"{word}天天气很好我们{number}", 200.0 * place, 12.0 * number, width=90)
        for place, word in enumerate("今明")
        for number in range(4)
    ]
    assert [text[0] for text in text_of(lines).split("\n") if text] == ["今"] * 4 + ["明"] * 4
