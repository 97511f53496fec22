"""The readers, on real files of every family, whole and damaged."""

import hashlib
import logging
import os
import random
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from reportlab.pdfgen.canvas import Canvas

from ingest.readers import READERS, SUFFIXES, read
from rag.errors import UnreadableDocument
from tests.documents import (
    CHINESE,
    GERMAN,
    JAPANESE,
    RUSSIAN,
    WEB_PAGE,
    cut,
    fill_handbook,
    fill_talk,
    old_office_bytes,
    with_part,
    write_encrypted_pdf,
    write_pdf,
    write_pdftex_pdf,
    write_scanned_pdf,
    write_scrambled_pdf,
    write_slides,
    write_typeset_pdf,
    write_word,
    write_zip,
)
from tests.reading import MEGABYTE, headings, only_text, read_bytes, read_here, refusal, refusal_of

PAGE = "The reactor is inspected\nevery second year."


# What all readers share


def test_the_same_bytes_under_two_names_have_one_id(tmp_path: Path) -> None:
    one, other = (read_bytes(tmp_path, name, b"Words.") for name in ("a.txt", "b.md"))
    assert one.id == other.id == hashlib.sha256(b"Words.").hexdigest()
    assert (one.name, other.name) == ("a.txt", "b.md")


def test_a_given_name_decides_name_suffix_and_title(tmp_path: Path) -> None:
    path = tmp_path / "upload-7f3a"
    path.write_bytes(b"Words.")
    document = read(path, name="travel_rules.txt", max_bytes=MEGABYTE)
    assert (document.name, document.title) == ("travel_rules.txt", "travel rules")


def test_every_suffix_is_in_lower_case_and_capitals_are_understood(tmp_path: Path) -> None:
    assert tuple(READERS) == SUFFIXES
    assert all(suffix == suffix.lower() for suffix in SUFFIXES)
    assert only_text(read_bytes(tmp_path, "A.TXT", b"Words.")) == "Words."


def test_text_is_normalised(tmp_path: Path) -> None:
    raw = "\ufeffcafe\u0301\r\nof\ufb01ce\rsoft\u00adhyphen\0 end" + " more" * 100
    assert only_text(read_bytes(tmp_path, "a.txt", raw.encode())) == "café\noffice\nsofthyphen end" + " more" * 100


@pytest.mark.parametrize(
    ("name", "data", "reason", "remedy"),
    [
        pytest.param("a.txt", b"", "empty (0 bytes)", "again", id="empty"),
        pytest.param("a.txt", b" \n\t\n", "no text", "with text", id="only white space"),
        pytest.param("a.txt", random.Random(1).randbytes(5000), "not text", "UTF-8", id="binary"),
        pytest.param("a.txt", b"\0" * 5000, "not text", "UTF-8", id="zeros"),
        pytest.param("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(90), "a PNG picture", "ends in .png", id="picture as text"),
        pytest.param("a.pages", b"x", "files ending in .pages are not supported", ".docx", id="unknown suffix"),
        pytest.param("a.doc", old_office_bytes("WordDocument"), ".doc are not supported", ".docx", id="old Word"),
        pytest.param("a", b"x", "without an ending", ".pdf", id="no suffix"),
        pytest.param("a.docx", b"%PDF-1.7\n", "but it is a PDF", "ends in .pdf", id="PDF as Word"),
        pytest.param("a.md", b"%PDF-1.7\n", "but it is a PDF", "ends in .pdf", id="PDF as Markdown"),
        pytest.param("a.docx", old_office_bytes("Workbook"), "an old Excel workbook", "save it as", id="old Excel"),
        pytest.param("a.docx", old_office_bytes("EncryptedPackage"), "locked with a password", "copy", id="locked"),
        pytest.param("a.pdf", WEB_PAGE.encode(), "but it is a web page", "ends in .html", id="HTML as PDF"),
        pytest.param("a.docx", b"PK\x03\x04half", "a damaged ZIP archive", "again", id="half a ZIP"),
        pytest.param("a.docx", b"plain words", "not a Word document", "save it again", id="text as Word"),
        pytest.param("a.pdf", b"plain words", "not a PDF", "viewer", id="text as PDF"),
        pytest.param("a.html", b"<html><script>x()</script></html>", "no main text", "print", id="page without text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_name_the_reason_and_a_remedy(
    tmp_path: Path, name: str, data: bytes, reason: str, remedy: str
) -> None:
    refused = refusal_of(tmp_path, name, data)
    assert refused.name == name
    assert str(refused).startswith(f"{name}: ")
    assert reason in refused.reason
    assert remedy in refused.remedy


def test_an_excel_workbook_named_docx_is_recognised(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.docx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<workbook/>"})
    assert "an Excel workbook (.xlsx)" in refusal(path).reason


def test_an_archive_with_a_folder_called_word_is_no_word_document(tmp_path: Path) -> None:
    assert "a ZIP archive" in refusal(write_zip(tmp_path / "a.docx", {"word/notes.txt": b"Words."})).reason


def test_a_file_over_the_limit_is_refused_with_size_limit_and_setting(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 2_500_000)
    with pytest.raises(UnreadableDocument, match=r"2\.5 MB.*limit is 2\.0 MB.*FOOTNOTE_FILE_MEGABYTES"):
        read_here(path, max_bytes=2 * MEGABYTE)
    assert only_text(read_here(path, max_bytes=2_500_000)).startswith("xxx")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.txt").reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UnreadableDocument, match="not a file"):
        read(tmp_path / "pipe.txt", max_bytes=MEGABYTE)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a.txt"
    folder.mkdir()
    assert "folder" in refusal(folder).reason


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    path.chmod(0)
    assert "may not open it" in refusal(path).reason


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param("employee_hand-book.txt", "employee hand book", id="hyphens and underscores"),
        pytest.param("report-2026-03-01.txt", "report 2026-03-01", id="a date"),
        pytest.param("v1.2 notes.txt", "v1.2 notes", id="a dot inside"),
        pytest.param("___.txt", "___.txt", id="nothing readable"),
    ],
)
def test_a_file_without_a_title_is_called_by_its_name(tmp_path: Path, name: str, title: str) -> None:
    assert read_bytes(tmp_path, name, b"Words.").title == title


# Plain text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param(GERMAN, "utf-8", id="UTF-8"),
        pytest.param(GERMAN, "utf-8-sig", id="UTF-8 with a mark"),
        pytest.param(GERMAN + CHINESE, "utf-16", id="UTF-16"),
        pytest.param(GERMAN, "windows-1252", id="Western"),
        pytest.param("café", "windows-1252", id="one Western word"),
        pytest.param("Preis – günstig: 5 €", "windows-1252", id="Western dash and euro"),
        pytest.param("El niño, año tras año", "windows-1252", id="Spanish"),
        pytest.param("Zażółć gęślą jaźń, mówi pani Wiśniewska.", "windows-1250", id="Polish"),
        pytest.param(JAPANESE, "shift_jis", id="Japanese"),
        pytest.param(JAPANESE * 40, "euc_jp", id="Japanese of Unix"),
        pytest.param(CHINESE, "gb18030", id="Chinese"),
        pytest.param(RUSSIAN, "windows-1251", id="Russian"),
        pytest.param(CHINESE * 4000, "gb18030", id="longer than the sample"),
    ],
)
def test_text_in_its_encoding_comes_out_as_it_was_written(tmp_path: Path, text: str, encoding: str) -> None:
    assert only_text(read_bytes(tmp_path, "a.txt", text.encode(encoding))) == text


def test_utf8_cut_inside_a_character_is_still_utf8(tmp_path: Path) -> None:
    assert only_text(read_bytes(tmp_path, "a.txt", (GERMAN * 9 + "ß").encode()[:-1])).startswith(GERMAN * 9)


# Markdown

MARKDOWN = """---
title: "Travel rules"
date: 2026-01-01
---
# Rules of travel

```python
# no heading
```

Hotels
------
Up to 120 euros.

### Left alone ###
"""


def test_markdown_keeps_its_source_and_finds_its_headings(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.md", MARKDOWN.encode())
    assert document.title == "Travel rules"
    assert only_text(document).startswith("# Rules of travel\n\n```python\n# no heading")
    assert headings(document) == [(1, "Rules of travel"), (2, "Hotels"), (3, "Left alone")]


def test_markup_inside_a_heading_is_left_out_of_its_text(tmp_path: Path) -> None:
    (page,) = read_bytes(tmp_path, "a.md", b"Text.\n\n## The *old* `make` [way](x.md)\n").pages
    assert [(heading.text, heading.start) for heading in page.headings] == [("The old make way", 7)]


def test_markdown_without_front_matter_is_called_by_its_first_heading(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, "a.md", b"## Small\n\n# Big\n").title == "Big"


# Web pages


def test_a_web_page_gives_its_main_text_and_headings_without_menus_scripts_and_footer(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.html", WEB_PAGE.encode())
    text = only_text(document)
    assert document.title == "Travel rules"
    assert headings(document) == [(1, "Travel rules"), (2, "Hotels"), (2, "Allowances")]
    for wanted in ("three days before", "120 euros in Berlin", "- Cancel in time.", "Berlin | 120 euros"):
        assert wanted in text
    for unwanted in ("menu entry", "stolen", "cookie", "color: red"):
        assert unwanted not in text


@pytest.mark.parametrize("around", ["{}", "<main>{}</main>", "<div><article>{}</article></div>"])
def test_a_short_page_keeps_its_heading_and_loses_its_menu(tmp_path: Path, around: str) -> None:
    page = "<body><nav><a href=/>Menu</a></nav>" + around.format("<h1>Rules</h1><p>Book early.</p>") + "</body>"
    document = read_bytes(tmp_path, "a.html", page.encode())
    assert only_text(document) == "Rules\n\nBook early."
    assert headings(document) == [(1, "Rules")]


def test_paragraphs_of_a_quotation_are_kept_apart_and_empty_items_are_left_out(tmp_path: Path) -> None:
    quoted = "<blockquote><p>First of May.</p><p>Second of May.</p></blockquote>"
    page = f"<main><h1>News</h1><p>All of the year, by day.</p>{quoted}<ul><li></li><li>Item</li></ul></main>"
    text = only_text(read_bytes(tmp_path, "a.html", page.encode()))
    assert text == "News\n\nAll of the year, by day.\n\nFirst of May.\n\nSecond of May.\n\n- Item"


def test_items_in_a_cell_stay_words_of_their_own(tmp_path: Path) -> None:
    page = "<p>Ducks and where they live.</p><table><tr><td>Teal</td><td><ul><li>Pond</li><li>Marsh</li></ul></td></tr>"
    assert "Teal | Pond Marsh" in only_text(read_bytes(tmp_path, "a.html", page.encode()))


def test_a_web_page_is_decoded_as_it_declares(tmp_path: Path) -> None:
    page = f'<html><head><meta charset="shift_jis"><title>規則</title></head><body><p>{JAPANESE}</p></body></html>'
    document = read_bytes(tmp_path, "a.html", page.encode("shift_jis"))
    assert document.title == "規則"
    assert JAPANESE.strip() in only_text(document)


def test_a_page_nested_without_end_is_refused_or_read_but_does_not_crash(tmp_path: Path) -> None:
    assert "main text" in refusal_of(tmp_path, "a.html", b"<div>" * 50_000 + b"deep").reason


def test_an_entity_of_a_web_page_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><html><body><p>Hello there &x; again.</p></body>'
    assert "swordfish" not in only_text(read_bytes(tmp_path, "a.xhtml", page.encode()))


# Word


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


# PDF


def test_pages_of_a_pdf_keep_their_numbers_also_when_one_is_empty(tmp_path: Path) -> None:
    document = read_here(write_pdf(tmp_path / "a.pdf", [PAGE, "", "The third page."]))
    assert [(page.number, page.text) for page in document.pages] == [(1, PAGE), (2, ""), (3, "The third page.")]


def test_outline_entries_are_headings_where_their_words_stand(tmp_path: Path) -> None:
    pages = ["Preface\n\n1 Safety\nWear gloves.", "No such words here."]
    document = read_here(write_pdf(tmp_path / "a.pdf", pages, outline=[("Safety", 0), ("Elsewhere", 1)]))
    (heading,) = document.pages[0].headings
    assert (heading.level, heading.text) == (1, "Safety")
    assert document.pages[0].text[heading.start :].startswith("1 Safety")
    assert not document.pages[1].headings


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        pytest.param("Reactor manual", "Reactor manual", id="a real title"),
        pytest.param("Microsoft Word - manual_v3.doc", "reactor", id="made by Word"),
        pytest.param("untitled", "reactor", id="untitled"),
        pytest.param("(anonymous)", "reactor", id="made by reportlab"),
        pytest.param("report.indd", "reactor", id="a file name"),
        pytest.param("", "reactor", id="none"),
    ],
)
def test_a_pdf_is_called_by_its_metadata_where_a_person_wrote_it(tmp_path: Path, metadata: str, title: str) -> None:
    assert read_here(write_pdf(tmp_path / "reactor.pdf", [PAGE], title=metadata)).title == title


@pytest.mark.parametrize("algorithm", ["AES-256", "AES-128", "RC4-128"])
def test_an_encrypted_pdf_opens_with_its_password_only(tmp_path: Path, algorithm: str) -> None:
    path = write_encrypted_pdf(tmp_path / "a.pdf", PAGE, "letmein", algorithm=algorithm)
    without, wrong = refusal(path), refusal(path, password="wrong")
    assert without.reason == "it is locked with a password"
    assert wrong.reason == "the password does not open it"
    assert "password" in without.remedy
    assert read_here(path, password="letmein").pages[0].text == PAGE


def test_a_pdf_encrypted_without_a_password_is_read(tmp_path: Path) -> None:
    path = write_encrypted_pdf(tmp_path / "a.pdf", PAGE, "")
    assert read_here(path).pages[0].text == read_here(path, password="for another file").pages[0].text == PAGE


def test_a_scan_is_refused_with_text_recognition_as_the_remedy(tmp_path: Path) -> None:
    refused = refusal(write_scanned_pdf(tmp_path / "a.pdf"))
    assert "scan" in refused.reason
    assert "OCR" in refused.remedy


def test_a_pdf_whose_letters_cannot_be_read_is_refused_with_text_recognition_as_the_remedy(tmp_path: Path) -> None:
    refused = refusal(write_scrambled_pdf(tmp_path / "a.pdf", "CABBAC " * 9))
    assert "fonts" in refused.reason
    assert "OCR" in refused.remedy


def test_words_set_apart_by_moves_do_not_run_together(tmp_path: Path) -> None:
    words = ["The", "valve", "must", "be", "closed"]
    assert read_here(write_typeset_pdf(tmp_path / "a.pdf", words)).pages[0].text.split() == words
    assert read_here(write_pdftex_pdf(tmp_path / "b.pdf", words)).pages[0].text.split() == words


def test_what_people_filled_into_a_pdf_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(60, 780, "Request for leave")
    canvas.acroForm.textfield(name="given", tooltip="Given name", value="Ada", x=60, y=700)
    canvas.acroForm.textfield(name="empty", tooltip="Not filled in", value="", x=60, y=650)
    canvas.acroForm.checkbox(name="paid", tooltip="Paid leave", checked=True, x=60, y=600)
    canvas.acroForm.checkbox(name="ill", tooltip="Ill", checked=False, x=60, y=580)
    canvas.acroForm.choice(name="month", tooltip="Month", value="May", options=["May", "June"], x=60, y=550)
    canvas.save()
    writer = PdfWriter(clone_from=path)
    writer.add_annotation(0, FreeText(text="Granted by Bo.", rect=(60, 400, 200, 450)))
    writer.write(path)
    text = read_here(path).pages[0].text
    assert text == "Request for leave\n\nGiven name: Ada\nPaid leave: Yes\nMonth: May\nGranted by Bo."


def test_a_pdf_of_empty_pages_is_refused(tmp_path: Path) -> None:
    assert "no text" in refusal(write_pdf(tmp_path / "a.pdf", ["", ""])).reason


def test_a_truncated_pdf_is_refused_or_read_in_part_but_does_not_crash(tmp_path: Path) -> None:
    whole = write_pdf(tmp_path / "whole.pdf", [PAGE] * 20).read_bytes()
    path = tmp_path / "a.pdf"
    for kept in (20, 200, len(whole) // 2, len(whole) - 200, len(whole) - 20):
        path.write_bytes(whole[:kept])
        try:
            read_here(path)
        except UnreadableDocument as refused:
            assert refused.remedy


def test_bytes_of_a_pdf_changed_at_random_never_crash(tmp_path: Path) -> None:
    whole = write_pdf(tmp_path / "whole.pdf", [PAGE] * 3, outline=[("The reactor", 1)]).read_bytes()
    chance, path = random.Random(7), tmp_path / "a.pdf"
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            read_here(path)
        except UnreadableDocument as refused:
            assert refused.remedy


def test_the_complaints_of_pypdf_stay_away_from_the_terminal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    path.write_bytes(path.read_bytes().replace(b"startxref\n", b"startxref\n9"))
    with caplog.at_level(logging.WARNING):
        assert read_here(path).pages[0].text == PAGE
    assert not [record for record in caplog.records if record.name.startswith("pypdf")]
    assert capfd.readouterr() == ("", "")


def test_a_heading_stands_where_its_own_line_is(tmp_path: Path) -> None:
    text = "Leave\n\nLeave it clean.\nAnnual leave\nEveryone has 28 days.\n3.2 Special leave\nOn a wedding day."
    writer = PdfWriter(clone_from=write_pdf(tmp_path / "plain.pdf", [text]))
    chapter = writer.add_outline_item(title="Leave", page_number=0)
    for title in ("Annual leave", "Special leave"):
        writer.add_outline_item(title=title, page_number=0, parent=chapter)
    writer.write(tmp_path / "a.pdf")
    page = read_here(tmp_path / "a.pdf").pages[0]
    assert [(heading.level, page.text[heading.start :].split("\n")[0]) for heading in page.headings] == [
        (1, "Leave"),
        (2, "Annual leave"),
        (2, "3.2 Special leave"),
    ]
