"""Word files, whole and damaged."""

import zipfile
from pathlib import Path

import pytest
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.shared import Pt

from tests.documents import (
    cut,
    fill_handbook,
    fill_talk,
    with_part,
    write_slides,
    write_word,
)
from tests.reading import headings, only_text, read_bytes, read_here, refusal


def test_word_keeps_headings_lists_and_tables_in_order_without_header_and_footer(tmp_path: Path) -> None:
    document = read_here(write_word(tmp_path / "a.docx", fill_handbook))
    assert document.title == "Staff handbook"
    assert headings(document) == [(1, "Staff handbook"), (1, "Leave"), (2, "Carry-over")]
    assert only_text(document) == (
        "Staff handbook\n\nLeave\n\nEveryone has thirty days.\n\nCarry-over\n\n- Five days may be kept.\n"
        "- They end in March.\n\nYear | Days\n2026 | 30\n\nAfter the table."
    )


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_notes_of_a_word_file_stand_after_the_paragraph_that_refers_to_them(tmp_path: Path, kind: str) -> None:
    note = f'<w:{kind} w:id="2"><w:p><w:r><w:t>As of 2026.</w:t></w:r></w:p></w:{kind}>'
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    notes = f'<w:{kind}s xmlns:w="{space}">{note}</w:{kind}s>'.encode()
    path = write_word(tmp_path / "a.docx", fill_handbook)
    with_part(path, f"{kind}s", notes, after=b"thirty days", markup=f'<w:{kind}Reference w:id="2"/>')
    assert "Everyone has thirty days.\n\nAs of 2026.\n\nCarry-over" in only_text(read_here(path))


def test_a_chart_of_a_word_file_is_a_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_slides(tmp_path / "a.pptx", fill_talk)) as archive:
        (chart,) = (archive.read(name) for name in archive.namelist() if name.startswith("ppt/charts/chart"))
    space = "http://schemas.openxmlformats.org"
    names = f'xmlns:c="{space}/drawingml/2006/chart" xmlns:r="{space}/officeDocument/2006/relationships"'
    path = write_word(tmp_path / "a.docx", fill_handbook)
    drawn = f'<w:drawing><c:chart {names} r:id="added"/></w:drawing>'
    with_part(path, "chart", chart.replace(b">2.5<", b">2.5000000000000004<"), after=b"thirty days", markup=drawn)
    assert "thirty days.\n\n| Failures\n2025 | 7\n2026 | 2.5\n\nCarry-over" in only_text(read_here(path))


def test_a_truncated_word_file_is_refused(tmp_path: Path) -> None:
    assert "damaged" in refusal(cut(write_word(tmp_path / "a.docx", fill_handbook))).reason


def test_a_word_file_without_text_is_refused(tmp_path: Path) -> None:
    assert "no text" in refusal(write_word(tmp_path / "a.docx", lambda document: None)).reason


def test_lines_of_the_markup_are_no_lines_of_the_text(tmp_path: Path) -> None:
    words = "Run <code>make all</code>\nbefore you <em>leave</em>,\nand wait for its end."
    page = f"<html><body><main><h1>Build<a href='#b'>¶</a></h1><p>{words}</p><pre>make\nall</pre></main></body></html>"
    text = only_text(read_bytes(tmp_path, "a.html", page.encode()))
    assert text == "Build\n\nRun make all before you leave, and wait for its end.\n\nmake\nall"


def test_bold_or_larger_paragraphs_are_headings_where_no_style_says_which_are(tmp_path: Path) -> None:
    def fill(document: WordDocument) -> None:
        document.styles.add_style("Lead", WD_STYLE_TYPE.PARAGRAPH).font.bold = True
        for name in ("Leave", "Travel"):
            document.add_paragraph().add_run(name).font.size = Pt(16)
            document.add_paragraph("Rules", style="Lead")
            paragraph = document.add_paragraph("Everyone has ")
            paragraph.add_run("thirty days").bold = True
            paragraph.add_run(" a year, and they end in March.")
            document.add_paragraph().add_run("Ask before you book.").bold = True
            document.add_paragraph().add_run("Exceptions").bold = True
            document.add_paragraph("There are none but for those that are written down, which are many. " * 3)
        document.add_paragraph("Bold words", style="List Bullet").runs[0].bold = True

    found = headings(read_here(write_word(tmp_path / "a.docx", fill)))
    assert found == [(1, "Leave"), (2, "Rules"), (2, "Exceptions"), (1, "Travel"), (2, "Rules"), (2, "Exceptions")]


def test_paragraphs_of_a_style_that_looks_like_all_others_are_no_headings(tmp_path: Path) -> None:
    def fill(document: WordDocument) -> None:
        document.styles["Normal"].font.size = Pt(14)
        document.styles.add_style("Own", WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Normal"]
        for number in range(3):
            document.add_paragraph(f"See appendix {number} of it", style="Own")
            document.add_paragraph("Everyone has thirty days a year, and they end in March of the next one. " * 3)

    assert not headings(read_here(write_word(tmp_path / "a.docx", fill)))


def test_what_is_hidden_in_a_bold_paragraph_makes_no_heading(tmp_path: Path) -> None:
    def fill(document: WordDocument) -> None:
        for name in ("Leave", "Travel", "Pay"):
            paragraph = document.add_paragraph()
            paragraph.add_run(name).bold = True
            hidden = paragraph.add_run(" and obey")
            hidden.bold, hidden.font.hidden = True, name == "Travel"
            document.add_paragraph("Everyone has thirty days a year, and they end in March of the next one. " * 3)

    found = headings(read_here(write_word(tmp_path / "a.docx", fill)))
    assert [text for _, text in found] == ["Leave and obey", "Pay and obey"]


def test_styles_alone_tell_headings_where_there_are_any(tmp_path: Path) -> None:
    def fill(document: WordDocument) -> None:
        document.add_heading("Leave", 1)
        for name in ("Note this", "And this"):
            document.add_paragraph().add_run(name).bold = True
            document.add_paragraph("Everyone has thirty days a year, and they end in March of the next one.")

    assert headings(read_here(write_word(tmp_path / "a.docx", fill))) == [(1, "Leave")]
