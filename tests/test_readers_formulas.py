"""Formulas that no program has calculated: real workbooks as openpyxl writes them."""

import datetime
import re
from pathlib import Path

import ironcalc
import openpyxl
import pytest

from rag.cells import Kind
from tests.documents import repacked, write_workbook
from tests.reading import read_here

ROWS = [
    ["Item", "Price", "Count", "Total"],
    ["Pump", 2.5, 4, "=B2*C2"],
    ["Valve", 10, 3, "=B3*C3"],
    ["Pipe", 0.1, 7, "=B4*C4"],
]


def test_formulas_without_a_saved_result_are_calculated(tmp_path: Path) -> None:
    document = read_here(
        write_workbook(tmp_path / "costs.xlsx", {"Costs": ROWS, "All": [["Sum", "=SUM(Costs!D2:D4)"]]})
    )
    assert "Pump | 2.5 | 4 | 10" in document.pages[0].text
    assert "Pipe | 0.1 | 7 | 0.7" in document.pages[0].text
    assert document.pages[1].text.endswith("Sum | 40.7")
    assert document.gaps == ()
    (table, *_) = document.tables
    assert [column.kind for column in table.columns] == [Kind.TEXT, Kind.NUMBER, Kind.NUMBER, Kind.NUMBER]
    assert table.values.splitlines()[1].endswith("30")


def test_a_result_is_shown_as_its_cell_says(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append([datetime.date(2026, 3, 1), "=A1+7", "=1/8", '=IF(A1>0,"late","early")', "=2>1", "=1/0"])
    sheet["B1"].number_format = "yyyy-mm-dd"
    sheet["C1"].number_format = "0.0%"
    workbook.save(path)
    assert read_here(path).pages[0].text.endswith("2026-03-01 | 2026-03-08 | 12.5% | late | TRUE | #DIV/0!")


def test_what_cannot_be_calculated_is_named_and_what_was_saved_stays(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"S": [["Kept", "=1+1"], ["New", "=1+2"], ["Odd", "=NOSUCH(1)"]]})
    saved = re.compile(rb"<v\s*/>|<v></v>")
    repacked(path, "xl/worksheets/sheet1.xml", lambda xml: saved.sub(b"<v>99</v>", xml, count=1))
    document = read_here(path)
    assert document.pages[0].text.endswith("Kept | 99\nNew | 3\nOdd |")
    (gap,) = document.gaps
    assert gap.startswith("1 formula holds no result and could not be calculated: open it in Excel or LibreOffice")


class PanicException(BaseException):
    """What a defect of IronCalc's Rust code looks like from here."""


@pytest.mark.parametrize("failure", [ironcalc.WorkbookError("no table"), PanicException("out of bounds")])
def test_a_workbook_that_cannot_be_calculated_is_read_without(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise failure

    path = write_workbook(tmp_path / "costs.xlsx", {"Costs": ROWS})
    monkeypatch.setattr(ironcalc, "load_from_xlsx", fail)
    document = read_here(path)
    assert "Pump | 2.5 | 4" in document.pages[0].text
    assert document.gaps[0].startswith("3 formulas hold no result and could not be calculated")
