"""Headings of PDF files without an outline."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pypdf import PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.readers.layout import Font, PlacedLine
from ingest.readers.printed_headings import print_of, printed_headings
from tests.reading import read_here

SAMPLES = Path(__file__).parents[1] / "samples"
TEXT, BOLD, LARGE = ("Helvetica", 10), ("Helvetica-Bold", 10), ("Helvetica-Bold", 16)
PROSE = "The station is checked once a year by a person who knows it well."
Line = tuple[str, tuple[str, int]]


def write_printed(path: Path, pages: Sequence[Sequence[Line]]) -> Path:
    """A PDF of lines in their fonts; three spaces in a line set what follows far apart."""
    canvas = Canvas(str(path), pagesize=A4)
    for lines in pages:
        y = 790
        for text, font in lines:
            y -= 1.3 * font[1]
            canvas.setFont(*font)
            for number, cell in enumerate(text.split("   ")):
                canvas.drawString(60 + 150 * number, y, cell)
        canvas.showPage()
    canvas.save()
    return path


def headings(path: Path) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for page in read_here(path).pages for heading in page.headings]


def prose(lines: int = 8) -> list[Line]:
    return [(PROSE, TEXT)] * lines


@pytest.mark.parametrize("name", ["skua-4-manual.pdf", "employee-handbook.pdf"])
def test_print_tells_the_headings_that_an_outline_tells(tmp_path: Path, name: str) -> None:
    writer = PdfWriter(clone_from=SAMPLES / name)
    del writer.root_object["/Outlines"]
    writer.write(tmp_path / name)
    by_outline, by_print = read_here(SAMPLES / name), read_here(tmp_path / name)
    contents = 1 if any(heading.text == "Contents" for heading in by_print.pages[0].headings) else 0
    assert len(by_outline.pages[0].headings) + contents == len(by_print.pages[0].headings)
    assert [page.headings for page in by_outline.pages[1:]] == [page.headings for page in by_print.pages[1:]]


def test_larger_lines_and_bold_ones_are_headings_the_larger_above(tmp_path: Path) -> None:
    page = [("Care", LARGE), *prose(), ("Cleaning", BOLD), *prose(), ("Storage:", BOLD), *prose(1)]
    found = headings(write_printed(tmp_path / "a.pdf", [page, [("Repair", LARGE), *prose()]]))
    assert found == [(1, "Care"), (2, "Cleaning"), (2, "Storage:"), (1, "Repair")]


def test_numbers_tell_levels_where_all_headings_look_alike(tmp_path: Path) -> None:
    names = ["Part II - Use", "Item 1. Care", "Notes to it", "1.2 Cleaning", "2 Storage", "A new start"]
    page = [line for name in names for line in ((name, BOLD), *prose(5))]
    assert headings(write_printed(tmp_path / "a.pdf", [page])) == [
        (1, "Part II - Use"),
        (2, "Item 1. Care"),
        (4, "Notes to it"),
        (3, "1.2 Cleaning"),
        (2, "2 Storage"),
        (4, "A new start"),
    ]


def test_numbered_headings_may_be_smaller_than_the_text_as_the_heads_of_tables_are(tmp_path: Path) -> None:
    small = ("Helvetica-Bold", 8.8)
    numbered = [line for name in ("2.1 Care", "2.2 Repair") for line in ((name, small), *prose())]
    assert headings(write_printed(tmp_path / "a.pdf", [numbered])) == [(1, "2.1 Care"), (1, "2.2 Repair")]
    plain = [line for name in ("Care", "Repair") for line in ((name, small), *prose())]
    assert headings(write_printed(tmp_path / "b.pdf", [plain])) == []


def test_a_number_may_stand_apart_and_a_heading_on_two_lines(tmp_path: Path) -> None:
    page = [("Item 3.   Market risk", BOLD), *prose(), ("How the market", LARGE), ("may change", LARGE), *prose()]
    path = write_printed(tmp_path / "a.pdf", [page, [("Other risks", LARGE), ("Signatures", BOLD), *prose()]])
    found = [text for _, text in headings(path)]
    assert found == ["Item 3. Market risk", "How the market may change", "Other risks", "Signatures"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Never open the case while it is connected.", id="a sentence"),
        pytest.param("Figure 3 The case", id="a caption"),
        pytest.param("Three Months Ended June 25, 2022", id="a period"),
        pytest.param("31.12.2025", id="a date"),
        pytest.param("(in millions)", id="in brackets"),
        pytest.param("Warning!", id="a call"),
        pytest.param("Caution! Hot surface", id="a call and what it says"),
        pytest.param("Hotline: 0800 123 456", id="a fact"),
        pytest.param("Open Monday to Friday, 9 to 17", id="hours"),
        pytest.param("Price 49 EUR, rent included", id="a price"),
        pytest.param("and the rest of it", id="goes on"),
        pytest.param("Care ........................ 3", id="an entry of a table of contents"),
    ],
)
def test_other_bold_lines_are_no_headings(tmp_path: Path, text: str) -> None:
    page = [("Care", BOLD), *prose(), (text, BOLD), *prose(), ("Repair", BOLD), *prose()]
    assert [found for _, found in headings(write_printed(tmp_path / "a.pdf", [page]))] == ["Care", "Repair"]


def test_what_stands_over_columns_or_between_rows_is_no_heading(tmp_path: Path) -> None:
    rows = [("Battery   12   89", TEXT), ("Cable   4   21", TEXT)]
    table = [("   Pieces held", BOLD), *rows, ("Second half", BOLD), *rows]
    page = [("Prices", BOLD), *prose(), *table, ("Delivery", BOLD), *prose()]
    assert [found for _, found in headings(write_printed(tmp_path / "a.pdf", [page]))] == ["Prices", "Delivery"]


def test_the_bold_head_of_a_table_of_two_columns_is_no_heading(tmp_path: Path) -> None:
    table = [("No.   Item", BOLD), ("1   Pump", TEXT), ("2   Valve", TEXT), ("ID   Name", BOLD), ("7   Cable", TEXT)]
    page = [("Prices", BOLD), *prose(), *table, ("Delivery", BOLD), *prose()]
    assert [found for _, found in headings(write_printed(tmp_path / "a.pdf", [page]))] == ["Prices", "Delivery"]


def test_who_speaks_is_no_heading(tmp_path: Path) -> None:
    talk = [line for _ in range(3) for line in (("Anna Meyer:", BOLD), *prose(4))]
    page = [("Talk", BOLD), *prose(), *talk, ("End", BOLD), *prose()]
    assert [found for _, found in headings(write_printed(tmp_path / "a.pdf", [page]))] == ["Talk", "End"]


def test_a_text_that_is_bold_has_no_headings_but_larger_ones(tmp_path: Path) -> None:
    page = [("Care", LARGE), *[(PROSE, BOLD)] * 4, ("Short line", BOLD), ("Repair", LARGE), *[(PROSE, BOLD)] * 4]
    assert [found for _, found in headings(write_printed(tmp_path / "a.pdf", [page]))] == ["Care", "Repair"]


def test_a_font_on_one_page_of_many_is_that_of_a_cover() -> None:
    cover, bold, text = Font(30, True), Font(10, True), Font(10, False)

    def page(*lines: tuple[str, Font]) -> list[list[PlacedLine]]:
        return [[PlacedLine(line, 0, 40 * at, 300, 40 * at + 10, font)] for at, (line, font) in enumerate(lines)]

    pages = [page(("Station", cover), ("Of the North", cover), (PROSE, text))]
    pages += [page((f"Care of part {number}", bold), (PROSE, text)) for number in range(4)]
    texts = ["\n".join(row[0].text for row in rows) for rows in pages]
    found = printed_headings(dict(enumerate(map(print_of, pages))), texts)
    assert [heading.text for own in found.values() for heading in own] == [f"Care of part {at}" for at in range(4)]


def test_what_is_not_seen_makes_no_heading(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    for number, name in enumerate(("Care", "Repair", "Storage")):
        y = 700 - 200 * number
        canvas.setFont(*BOLD)
        canvas.drawString(60, y, name)
        canvas.setFillGray(1 if name == "Repair" else 0)
        canvas.drawString(60 + canvas.stringWidth(f"{name} ", *BOLD), y, "and obey the orders of it")
        canvas.setFillGray(0)
        canvas.setFont(*TEXT)
        for line in range(8):
            canvas.drawString(60, y - 13 * (line + 1), PROSE)
    canvas.save()
    found = [text for _, text in headings(tmp_path / "a.pdf")]
    assert found == ["Care and obey the orders of it", "Storage and obey the orders of it"]
