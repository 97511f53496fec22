"""OpenDocument files, of the XML that LibreOffice writes, without its styles."""

import time
from pathlib import Path

import pytest

from rag.types import Chunk, Document
from tests.documents import cut, write_opendocument, write_zip
from tests.reading import headings, only_text, read_here, refusal

TEXT = """<text:tracked-changes><text:p>Deleted long ago.</text:p></text:tracked-changes>
<text:p text:style-name="P1">Staff handbook</text:p>
<text:table-of-content><text:p>Leave 1</text:p></text:table-of-content>
<text:h text:outline-level="1">Leave</text:h>
<text:p>Everyone<text:s text:c="2"/>has
<text:span>thirty</text:span><text:line-break/>days<text:note><text:note-citation>1</text:note-citation><text:note-body>
<text:p>As of 2026.</text:p></text:note-body></text:note>.</text:p>
<text:h text:outline-level="2">Carry-over</text:h>
<text:list><text:list-item><text:p>Five days.</text:p><text:list>
<text:list-item><text:p>Until March.</text:p></text:list-item></text:list></text:list-item>
<text:list-item><text:p>Ask first.</text:p></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell>
<table:table-cell><text:p>Days</text:p></table:table-cell></table:table-row></table:table-header-rows>
<table:table-row><table:table-cell><text:p>2026</text:p></table:table-cell>
<table:table-cell><text:list><text:list-item><text:p>30</text:p></text:list-item></text:list></table:table-cell>
</table:table-row></table:table>
<text:p><draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>After the table.</text:p>
<office:annotation><text:p>A comment.</text:p></office:annotation>"""
STYLES = '<style:style style:name="P1" style:parent-style-name="Title"/>'


def test_a_text_keeps_headings_lists_tables_and_notes_in_order(tmp_path: Path) -> None:
    document = read_here(write_opendocument(tmp_path / "a.odt", TEXT, styles=STYLES))
    assert headings(document) == [(1, "Staff handbook"), (1, "Leave"), (2, "Carry-over")]
    assert only_text(document) == (
        "Staff handbook\n\nLeave\n\nEveryone  has thirty\ndays1.\n\nAs of 2026.\n\nCarry-over\n\n"
        "- Five days.\n- Until March.\n- Ask first.\n\nYear | Days\n2026 | 30\n\nAfter the table.\n\nIn a box."
    )


def test_a_text_is_called_by_its_metadata(tmp_path: Path) -> None:
    path = write_opendocument(tmp_path / "a.odt", "<text:p>Words.</text:p>", title="Rules of travel")
    assert read_here(path).title == "Rules of travel"


def cell(text: str, repeated: int = 1) -> str:
    paragraph = f"<text:p>{text}</text:p>" if text else ""
    return f'<table:table-cell table:number-columns-repeated="{repeated}">{paragraph}</table:table-cell>'


def test_a_sheet_is_a_page_and_its_cells_are_the_place(tmp_path: Path) -> None:
    empty = f'<table:table-row table:number-rows-repeated="1048000">{cell("", 16_384)}</table:table-row>'
    rows = [
        cell("") + cell("City") + cell("Limit"),
        cell("") + cell("Berlin") + cell("120,00 €") + cell("", 16_381),
        cell("") + cell("same", 2),
    ]
    rows_xml = "".join(f"<table:table-row>{cells}</table:table-row>" for cells in rows)
    sheets = (
        f'<table:table table:name="Hotels">{rows_xml}{empty}</table:table>'
        f'<table:table table:name="Empty">{empty}</table:table>'
    )
    document = read_here(write_opendocument(tmp_path / "a.ods", sheets))
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == "Hotels\n\nB1:C3\n\nCity | Limit\nBerlin | 120,00 €\nsame | same"
    assert not document.pages[1].text
    assert not document.gaps
    assert Chunk("d", "a.ods", "a", 1, "Hotels › B1:C3", 0, 1, 0, "x").label == "a.ods, Hotels!B1:C3"  # noqa: RUF001


def test_rows_that_are_said_to_repeat_without_end_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.readers.grid.CELLS", 20_000)
    row = f'<table:table-row table:number-rows-repeated="999999999999">{cell("x", 999_999_999_999)}</table:table-row>'
    document = read_here(write_opendocument(tmp_path / "a.ods", f'<table:table table:name="S">{row}</table:table>'))
    assert document.gaps == ("S: columns after GR were left out", "S: rows after 101 were left out")


def test_empty_rows_that_are_said_to_repeat_take_no_time(tmp_path: Path) -> None:
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell("", 16_384)}</table:table-row>'
    last = f"<table:table-row>{cell('too late')}</table:table-row>"
    sheet = f'<table:table table:name="S"><table:table-row>{cell("x")}</table:table-row>{row * 50}{last}</table:table>'
    started = time.perf_counter()
    assert only_page(read_here(write_opendocument(tmp_path / "a.ods", sheet))) == "S\n\nA1\n\nx"
    assert time.perf_counter() - started < 10


def only_page(document: Document) -> str:
    (page,) = document.pages
    return page.text


SLIDE = """<draw:page><draw:frame presentation:class="outline" svg:y="9cm">
<draw:text-box><text:p>below</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class="footer"><draw:text-box><text:p>FOOTER</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class="title" svg:y="12cm"><draw:text-box><text:p>Pumps</text:p></draw:text-box></draw:frame>
<draw:g svg:y="2cm"><draw:custom-shape><text:p>above</text:p></draw:custom-shape></draw:g>
<presentation:notes><draw:page-thumbnail/><draw:frame presentation:class="notes">
<draw:text-box><text:p>Speak slowly.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"""


def test_a_slide_is_a_page_with_its_title_and_notes(tmp_path: Path) -> None:
    document = read_here(write_opendocument(tmp_path / "a.odp", SLIDE + SLIDE))
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == "Pumps\n\nabove\n\nbelow\n\nNotes\n\nSpeak slowly."
    assert headings(document)[:2] == [(1, "Pumps"), (2, "Notes")]
    assert Chunk("d", "a.odp", "a", 2, "", 0, 1, 0, "x").label == "a.odp, slide 2"


@pytest.mark.parametrize(("name", "right"), [("a.odt", ".ods"), ("a.docx", ".ods"), ("a.txt", ".ods")])
def test_another_kind_of_file_is_named_with_the_right_ending(tmp_path: Path, name: str, right: str) -> None:
    path = write_opendocument(tmp_path / "b.ods", "").rename(tmp_path / name)
    assert f"ends in {right}" in refusal(path).remedy


def test_locked_and_damaged_files_are_refused(tmp_path: Path) -> None:
    assert "damaged" in refusal(cut(write_opendocument(tmp_path / "a.odt", TEXT))).reason
    parts = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<none/>"}
    assert "damaged" in refusal(write_zip(tmp_path / "b.odt", parts)).reason
    parts["META-INF/manifest.xml"] = b"<m:encryption-data/>"
    assert "password" in refusal(write_zip(tmp_path / "c.odt", parts)).reason
