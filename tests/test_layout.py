"""Lines by their place, in the order in which they are read."""

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
