"""Old Excel workbooks (.xls), written by xlwt."""

import datetime
import struct
from pathlib import Path

import pytest

from ingest.readers.compound import is_endless
from rag.cells import Kind
from rag.errors import UnreadableDocument
from tests.documents import write_old_workbook, write_workbook
from tests.reading import read_here, refusal

ROWS = [
    ["City", "Limit", "Since"],
    *([f"City {number}", number / 4, datetime.date(2026, 1, 1)] for number in range(1, 8)),
]


def write(path: Path, *, hidden: bool = False) -> Path:
    sheets = {"Hotels": ROWS, "Notes": [["Ask Nora", True]]}
    return write_old_workbook(path, sheets, first_row=2, hidden=["Notes"] if hidden else [])


def test_every_sheet_is_a_page_and_every_row_keeps_its_cells(tmp_path: Path) -> None:
    document = read_here(write(tmp_path / "limits.xls"))
    first, second = document.pages
    assert (first.number, second.number) == (1, 2)
    assert "A3:C10" in first.text
    assert "City | Limit | Since\nCity 1 | 0.25 | 2026-01-01" in first.text
    assert "City 4 | 1 | 2026-01-01" in first.text
    assert "Ask Nora | TRUE" in second.text
    (table, *_) = document.tables
    assert [column.kind for column in table.columns] == [Kind.TEXT, Kind.NUMBER, Kind.DATE]
    assert table.rows == 7


def test_a_hidden_sheet_is_set_aside(tmp_path: Path) -> None:
    document = read_here(write(tmp_path / "limits.xls", hidden=True))
    assert "Ask Nora" not in "".join(page.text for page in document.pages)
    assert any("Ask Nora" in passage.text for passage in document.set_aside)


@pytest.mark.parametrize("kept", [600, 3_000])
def test_a_damaged_workbook_is_named(kept: int, tmp_path: Path) -> None:
    path = write(tmp_path / "limits.xls")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UnreadableDocument, match=r"limits\.xls"):
        read_here(path)


def test_a_workbook_whose_sectors_have_no_end_is_refused(tmp_path: Path) -> None:
    """calamine would follow them until the memory is full."""
    path = write(tmp_path / "limits.xls")
    data = bytearray(path.read_bytes())
    (table,) = struct.unpack_from("<I", data, 76)  # the sector in which each sector names the next one
    assert not is_endless(data)
    struct.pack_into("<I", data, (table + 1) * 512 + 4, 0)
    path.write_bytes(data)
    assert is_endless(data)
    assert "damaged" in refusal(path).reason


def test_a_new_workbook_with_the_old_ending_is_told(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"S": [["a"]]}).rename(tmp_path / "a.xls")
    with pytest.raises(UnreadableDocument, match=r"ends in \.xls, but it is an Excel workbook \(\.xlsx\)"):
        read_here(path)
