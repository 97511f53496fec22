"""Rows that a calculated answer names, found again in the text of their sheet."""

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.chunker import chunk
from ingest.readers import read
from rag.cited_rows import rows_of
from rag.sheets import Sheet, sheets
from rag.types import Chunk


def sheets_of(path: Path) -> dict[int, Sheet]:
    document = read(path, name=path.name, max_bytes=1_000_000)
    return sheets(
        chunk(document, count_tokens=lambda text: len(text), chunk_tokens=200, overlap_tokens=0, max_tokens=900)
    )


def cited(found: dict[int, Sheet], place: str, page: int | None) -> Chunk:
    return replace(next(iter(found.values())).chunks[0], heading=place, page=page, text="Room | Degrees\nattic | 7")


def lines(found: dict[int, Sheet], place: str, page: int | None = None) -> list[str]:
    marked = rows_of(cited(found, place, page), found)
    return [found[number].text[span.start : span.end] for number, spans in marked.items() for span in spans]


@pytest.fixture
def readings(tmp_path: Path) -> dict[int, Sheet]:
    """Rows 2 to 401, on several sheets of the page."""
    path = tmp_path / "readings.csv"
    path.write_text("room,degrees\n" + "".join(f"room {row},{row * 2}\n" for row in range(2, 402)))
    return sheets_of(path)


def test_rows_of_a_long_file_are_found_where_they_stand(readings: dict[int, Sheet]) -> None:
    assert len(readings) > 1
    assert lines(readings, "rows 2, 31, 398–399") == [  # noqa: RUF001
        "room 2 | 4",
        "room 31 | 62",
        "room 398 | 796",
        "room 399 | 798",
    ]
    assert lines(readings, "row 268") == ["room 268 | 536"]
    assert lines(readings, "rows 5, 9, 12 … (63 rows)") == ["room 5 | 10", "room 9 | 18", "room 12 | 24"]
    assert min(rows_of(cited(readings, "row 398", None), readings)) > 1


def test_cells_are_looked_for_on_their_own_sheet(tmp_path: Path) -> None:
    book = Workbook()
    for title in ("Attic", "Cellar"):
        sheet = book.create_sheet(title)
        sheet.append(["Day", "Degrees"])
        for row in range(2, 60):
            sheet.append([row, f"{title} {row * 3}"])
    del book["Sheet"]
    book.save(tmp_path / "rooms.xlsx")
    found = sheets_of(tmp_path / "rooms.xlsx")
    assert lines(found, "Cellar › B2, B40:B41", 2) == [  # noqa: RUF001
        "2 | Cellar 6",
        "40 | Cellar 120",
        "41 | Cellar 123",
    ]


def test_what_is_no_calculated_passage_marks_nothing(readings: dict[int, Sheet], tmp_path: Path) -> None:
    assert rows_of(readings[1].chunks[0], readings) == {}
    for place in ("Rows of houses", "B2 and B3", "", "Summary", "row of 4"):
        assert lines(readings, place) == []
    assert rows_of(cited(readings, "row 5", None), {}) == {}
    assert lines(readings, f"rows {'1' * 5_000}") == lines(readings, f"rows {'1' * 60} x") == []
    assert lines(readings, "rows 401–999999999") == ["room 401 | 802"]  # noqa: RUF001
    (tmp_path / "words.txt").write_text("No table at all.")
    assert lines(sheets_of(tmp_path / "words.txt"), "row 1") == []


def test_a_block_with_empty_rows_marks_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("room,degrees\n" + "".join(f"room {row},{row}\n" if row % 7 else ",\n" for row in range(2, 90)))
    found = sheets_of(path)
    for row in range(2, 90):
        assert lines(found, f"row {row}") in ([], [f"room {row} | {row}"])
