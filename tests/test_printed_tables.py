"""Tables on the pages of PDF files: which are sure enough to calculate with."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfdoc import PDFString
from reportlab.pdfgen.canvas import Canvas

from rag.cells import DataTable
from rag.types import JOINT
from tests.reading import read_here

ROOT = Path(__file__).parents[1]
PRICES = [("Part", "Group", "Price"), ("Pump", "Pumps", "1.234,50 €"), ("Seal", "Seals", "4,20 €")]
MORE = [("Hose", "Hoses", "12,00 €"), ("Valve", "Valves", "31,00 €")]
VALUES = "2,Pump,Pumps,1234.50\n3,Seal,Seals,4.20\n"
PROSE = "All the parts are made in Oslo and are kept in the warehouse until a customer asks for one of them."

Row = Sequence[str]  # of one cell: a line of prose


def write(path: Path, *pages: Sequence[Row], step: float = 16, language: str = "") -> Path:
    """A PDF with rows of cells in columns; an empty row leaves a gap."""
    canvas = Canvas(str(path), pagesize=A4)
    canvas._doc.Catalog.Lang = PDFString(language)
    for rows in pages:
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                canvas.drawString(60 + 140 * place, 780 - step * number, cell)
        canvas.showPage()
    canvas.save()
    return path


def tables(path: Path) -> tuple[DataTable, ...]:
    return read_here(path).tables


def test_a_table_between_prose_is_found_on_its_page(tmp_path: Path) -> None:
    rows = [[PROSE], [], [], *PRICES, [], [], [PROSE]]
    (table,) = tables(write(tmp_path / "a.pdf", [[PROSE]], rows))
    assert (table.page, table.place, table.values) == (2, 1, VALUES)
    assert [(column.head, column.unit) for column in table.columns] == [("Part", ""), ("Group", ""), ("Price", "€")]


def test_tables_of_a_real_manual_stand_under_its_headings() -> None:
    found = {(table.page, table.headings): table for table in tables(ROOT / "samples/skua-4-manual.pdf")}
    parts = found[11, f"Spare parts and firmware{JOINT}Spare parts"]
    assert [column.head for column in parts.columns] == ["Part number", "Part", "Price"]
    assert (parts.rows, parts.columns[2].unit) == (12, "EUR")
    assert "WND-5530,Wind sensor,142" in parts.values


def test_the_language_of_the_file_tells_the_decimal_sign(tmp_path: Path) -> None:
    rows = [("Standort", "Umsatz"), ("Berlin", "1.200"), ("Bonn", "3.450")]
    (german,) = tables(write(tmp_path / "a.pdf", rows, language="de-DE"))
    (other,) = tables(write(tmp_path / "b.pdf", rows))
    assert (german.values, other.values) == ("2,Berlin,1200\n3,Bonn,3450\n", "2,Berlin,1.200\n3,Bonn,3.450\n")


def test_two_tables_of_a_page_are_told_apart(tmp_path: Path) -> None:
    first, second = tables(write(tmp_path / "a.pdf", [*PRICES, [], [], [PROSE], [], [], PRICES[0], *MORE, PRICES[1]]))
    assert (first.place, second.place) == (1, 2)
    assert (first.rows, second.rows) == (2, 3)


WIDE = ("A pump for the whole of the house", "Pumps", "12,00 €")


@pytest.mark.parametrize(
    "rows",
    [
        [*PRICES, ("of rubber",), *MORE],
        [*PRICES, ("", "for doors")],
        [PRICES[0], ("", "of parts"), *PRICES[1:]],
        [*PRICES, WIDE],
        [*PRICES, ("", "", "9,00 €"), *MORE],
        [*PRICES, ["Hoses"], *MORE],
        [*PRICES, [PROSE], *MORE],
        [*PRICES, ["Hoses, also those for gardens"], *MORE],
        [*PRICES[1:], *MORE],
        [("Part", "Group"), ("Pump", "Pumps"), ("Seal", "Seals"), ("Hose", "Hoses")],
        [("Chapter", "Page"), ("Safety ........", "12"), ("Repair ........", "30")],
        PRICES[:2],
    ],
    ids=[
        "a cell of two lines",
        "a last cell of two lines",
        "a head of two lines",
        "a cell over two columns",
        "a row without a name",
        "a name over rows",
        "a sentence between rows",
        "a long name over rows",
        "no head",
        "words only",
        "contents",
        "one row",
    ],
)
def test_what_is_unsure_stays_text(tmp_path: Path, rows: Sequence[Row]) -> None:
    path = write(tmp_path / "a.pdf", rows)
    assert tables(path) == ()
    assert rows[0][0] in read_here(path).pages[0].text


def test_a_table_that_goes_on_on_the_next_page_stays_text(tmp_path: Path) -> None:
    assert tables(write(tmp_path / "a.pdf", [[PROSE], [], [], *PRICES], [*MORE, [], [], [PROSE]])) == ()
    assert tables(write(tmp_path / "b.pdf", [[PROSE], [], [], *PRICES], [PRICES[0], *MORE, [], [], [PROSE]])) == ()
    apart = [*PRICES, [], [], *([PROSE],) * 3]
    assert len(tables(write(tmp_path / "c.pdf", apart, apart))) == 2
