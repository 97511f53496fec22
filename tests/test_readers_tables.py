"""Excel workbooks and tables as text."""

import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from ingest.chunker import chunk
from ingest.readers import grid
from tests.documents import GERMAN, JAPANESE, cut, repacked, write_workbook, write_zip
from tests.reading import headings, only_text, read_bytes, read_here, refusal

HEAD = ["City", "Limit", "Since"]
CITIES = [HEAD, ["Berlin", 120.5, datetime.datetime(2024, 3, 1)], ["Lagos", 95, None]]


def test_a_sheet_is_a_page_and_its_cells_are_the_place(tmp_path: Path) -> None:
    rows = [["Travel limits"], [], *CITIES]
    document = read_here(write_workbook(tmp_path / "a.xlsx", {"Hotels": rows, "Meals": [["Lunch", True]]}))
    assert [page.number for page in document.pages] == [1, 2]
    assert headings(document) == [(1, "Hotels"), (2, "A1:C5"), (1, "Meals"), (2, "A1:B1")]
    assert document.pages[0].text == (
        "Hotels\n\nA1:C5\n\nTravel limits\n\nCity | Limit | Since\nBerlin | 120.5 | 2024-03-01\nLagos | 95 |"
    )
    assert document.pages[1].text.endswith("Lunch | TRUE")


def test_every_passage_of_a_long_sheet_names_its_cells_and_begins_with_the_head(tmp_path: Path) -> None:
    rows = [HEAD, *([f"City number {number}", number, 2024] for number in range(2, 200))]
    document = read_here(write_workbook(tmp_path / "limits.xlsx", {"Hotels": rows}))
    chunks = chunk(
        document,
        count_tokens=lambda text: len(text) // 3,
        chunk_tokens=200,
        overlap_tokens=40,
        max_tokens=384,
    )
    assert all("City | Limit | Since\n" in made.text for made in chunks)
    assert chunks[0].label.startswith("limits.xlsx, Hotels!A1:C")
    (found,) = (made for made in chunks if "City number 77 |" in made.text)
    first, last = found.label.removeprefix("limits.xlsx, Hotels!A").split(":C")
    assert int(first) <= 77 <= int(last)
    rows_of_chunks = [int(made.label.rsplit(":C", 1)[1]) for made in chunks]
    assert rows_of_chunks == sorted(set(rows_of_chunks))
    assert rows_of_chunks[-1] == 199


def test_numbers_are_as_excel_shows_them(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"S": [["a", 0.1 + 0.2, 0.195, datetime.time(9, 30), 10**14 + 0.5]]})
    workbook = openpyxl.load_workbook(path)
    workbook["S"]["C1"].number_format = "0.0%"
    workbook.save(path)
    assert read_here(path).pages[0].text.endswith("a | 0.3 | 19.5% | 09:30:00 | 100000000000000")


def test_a_sheet_that_is_a_chart_has_no_text_and_keeps_its_number(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["Year", "Ducks"])
    sheet.append([2024, 7])
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2))
    workbook.create_chartsheet("Picture", 0).add_chart(chart)
    workbook.save(tmp_path / "a.xlsx")
    document = read_here(tmp_path / "a.xlsx")
    assert [(page.number, "Ducks" in page.text) for page in document.pages] == [(1, False), (2, True)]


def test_a_broken_sheet_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"One": [["first"]], "Two": [["second"]]})
    repacked(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</row>", b"</other>"))
    document = read_here(path)
    assert [page.text for page in document.pages] == ["Two\n\nA1\n\nsecond"]
    assert document.gaps == ("left out, because damaged: sheet 1",)


def test_what_is_left_out_of_a_large_sheet_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "ROWS", 3)
    monkeypatch.setattr(grid, "COLUMNS", 2)
    rows = [["a", "b"], [], ["c", "d", "e"], ["f", "g"], [], []]
    small = read_here(write_workbook(tmp_path / "a.xlsx", {"S": rows}))
    assert small.gaps == ("S: columns after B were left out",)
    large = read_here(write_workbook(tmp_path / "b.xlsx", {"S": [*rows, ["last"]]}))
    assert large.gaps == ("S: columns after B were left out", "S: rows after 4 were left out")
    assert large.pages[0].text.endswith("f | g")


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    assert "damaged" in refusal(cut(write_workbook(tmp_path / "a.xlsx", {"S": CITIES}))).reason
    parts = {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>", "_rels/.rels": b"<x/>"}
    assert "damaged" in refusal(write_zip(tmp_path / "b.xlsx", parts)).reason


# Tables as text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_the_delimiter_of_a_table_is_found_also_with_others_in_its_cells(tmp_path: Path, delimiter: str) -> None:
    rows = [["Name", "Note"], ["Ada", '"first, second; third"'], ["Bo", '"two\nlines, and a ""quotation"""']]
    data = "\r\n".join(delimiter.join(cells) for cells in rows).encode()
    assert only_text(read_bytes(tmp_path, "a.csv", data)) == (
        'rows 1–3\n\nName | Note\nAda | first, second; third\nBo | two lines, and a "quotation"'
    )


@pytest.mark.parametrize(("text", "encoding"), [(GERMAN, "windows-1252"), (JAPANESE, "shift_jis"), (GERMAN, "utf-16")])
def test_a_table_is_read_in_its_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    document = read_bytes(tmp_path, "a.csv", f"No;Text\n1;{text.strip()}\n".encode(encoding))
    assert only_text(document).endswith(f"No | Text\n1 | {text.strip()}")


def test_a_first_line_may_name_the_delimiter(tmp_path: Path) -> None:
    assert only_text(read_bytes(tmp_path, "a.csv", b"sep=;\nName;Sum\nAda;1,5\n")).endswith("Name | Sum\nAda | 1,5")


def test_a_quotation_mark_that_nobody_closed_does_not_swallow_the_rest(tmp_path: Path) -> None:
    lines = ["Size,Price", '"19 inch,80', *(f"{number} cm,{number}" for number in range(400))]
    text = only_text(read_bytes(tmp_path, "a.csv", "\n".join(lines).encode()))
    assert '"19 inch | 80\n0 cm | 0\n' in text
    assert text.endswith("399 cm | 399")


def test_a_place_in_a_table_as_text_is_its_rows(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.csv", b"Name,Sum\n" + b"Ada Lovelace of London,1\n" * 60)
    chunks = chunk(document, count_tokens=len, chunk_tokens=900, overlap_tokens=0, max_tokens=2_000)
    assert [made.label for made in chunks][0] == "a.csv, rows 1–19"
    assert chunks[-1].label.endswith("–61")


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        ([["", 2023, 2024], ["Sales", 5, 7]], "| 2023 | 2024"),
        ([["Item", "2022/23", "2023/24"], ["Sales", 5, 7]], "Item | 2022/23 | 2023/24"),
        ([["in millions", "31.12.2023", "31.12.2024"], ["Cash", 5, 7]], "in millions | 31.12.2023 | 31.12.2024"),
        ([["Item", "2024-01", "2024-02"], ["Sales", 5, 7]], "Item | 2024-01 | 2024-02"),
    ],
)
def test_years_and_other_periods_head_a_table(rows: list[list[object]], head: str, tmp_path: Path) -> None:
    many = [rows[0], *(rows[1] for _ in range(90))]
    text = read_here(write_workbook(tmp_path / "a.xlsx", {"S": many})).pages[0].text
    assert text.count(head) > 1  # repeated over every section


@pytest.mark.parametrize(
    "rows",
    [
        [["Order 1", "2024-01-02", "2024-01-09"], ["Order 2", "2024-01-03", "2024-01-12"]],
        [["Berlin", 1998, "Mitte"], ["Paris", 2001, "Nord"]],
        [[2022, 2023, 2024], [2025, 2026, 2027]],
        [["", 5, 7], ["Sales", 6, 8]],
    ],
)
def test_rows_with_dates_are_no_head(rows: list[list[object]], tmp_path: Path) -> None:
    many = [*rows, *(rows[1] for _ in range(90))]
    text = read_here(write_workbook(tmp_path / "a.xlsx", {"S": many})).pages[0].text
    first = " | ".join(map(str, rows[0])).strip()
    assert text.count(first) == 1
