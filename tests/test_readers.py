"""What all readers share, on real files whole and damaged, and plain text."""

import hashlib
import os
import random
from pathlib import Path

import pytest

from ingest.readers import FORMATS, SUFFIXES, read
from rag.errors import UnreadableDocument
from tests.documents import (
    CHINESE,
    GERMAN,
    JAPANESE,
    RUSSIAN,
    WEB_PAGE,
    old_office_bytes,
    write_zip,
)
from tests.reading import MEGABYTE, only_text, read_bytes, read_here, refusal, refusal_of

XHTML = b'<?xml version="1.0"?>\n<!-- ours -->\n<html xmlns="http://www.w3.org/1999/xhtml"><body>Words.</body></html>'
PAGE = "The reactor is inspected\nevery second year."


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
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    assert all(callable(found.reader) for found in FORMATS)
    assert all(suffix == suffix.lower() for suffix in SUFFIXES)
    assert only_text(read_bytes(tmp_path, "A.TXT", b"Words.")) == "Words."


def test_text_is_normalised(tmp_path: Path) -> None:
    raw = "\ufeffcafe\u0301\r\nof\ufb01ce\rsoft\u00adhy\u200bphe\u2060n\0 end" + " more" * 100
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
        pytest.param("a.docx", old_office_bytes("Workbook"), "an old Excel workbook", "ends in .xls", id="old Excel"),
        pytest.param("a.docx", old_office_bytes("EncryptedPackage"), "locked with a password", "copy", id="locked"),
        pytest.param("a.pdf", WEB_PAGE.encode(), "but it is a web page", "ends in .html", id="HTML as PDF"),
        pytest.param("a.docx", b"PK\x03\x04half", "a damaged ZIP archive", "again", id="half a ZIP"),
        pytest.param("a.pdf", XHTML, "but it is a web page", "ends in .html", id="XHTML as PDF"),
        pytest.param("a.docx", b"plain words", "but it is a plain text", "ends in .txt", id="text as Word"),
        pytest.param("a.pdf", b"plain words", "but it is a plain text", "ends in .txt", id="text as PDF"),
        pytest.param("a.pdf", GERMAN.encode("latin-1"), "it is a plain text", "ends in .txt", id="old text as PDF"),
        pytest.param("a.png", b"plain words", "but it is a plain text", "ends in .txt", id="text as picture"),
        pytest.param("a.pdf", b"%PDF-1.7 and nothing", "damaged or not a PDF", "viewer", id="half a PDF"),
        pytest.param("a.pdf", random.Random(1).randbytes(5000), "not a PDF", "viewer", id="noise as PDF"),
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


def test_a_text_that_speaks_of_pdf_is_a_text(tmp_path: Path) -> None:
    text = "The first line of a PDF is %PDF-1.7."
    assert only_text(read_bytes(tmp_path, "a.txt", text.encode())) == text


def test_a_word_document_named_pdf_is_to_be_renamed(tmp_path: Path) -> None:
    refused = refusal(write_zip(tmp_path / "a.pdf", {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))
    assert "a Word document (.docx)" in refused.reason
    assert "Rename it so that it ends in .docx" in refused.remedy


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
    (tmp_path / "file").touch()
    for path in (tmp_path / "a.txt", tmp_path / "notes", tmp_path / "file" / "a.txt"):  # the second a mistyped folder
        assert refusal(path).reason == f"there is no file {path}"


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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param(GERMAN, "utf-8", id="UTF-8"),
        pytest.param(GERMAN, "utf-8-sig", id="UTF-8 with a mark"),
        pytest.param(GERMAN + CHINESE, "utf-16", id="UTF-16"),
        pytest.param(GERMAN, "utf-16-le", id="UTF-16 without a mark"),
        pytest.param(GERMAN, "utf-16-be", id="UTF-16 without a mark, the other way round"),
        pytest.param(GERMAN, "windows-1252", id="Western"),
        pytest.param("café", "windows-1252", id="one Western word"),
        pytest.param("Preis – günstig: 5 €", "windows-1252", id="Western dash and euro"),
        pytest.param("El niño, año tras año", "windows-1252", id="Spanish"),
        pytest.param("Zażółć gęślą jaźń, mówi pani Wiśniewska.", "windows-1250", id="Polish"),
        pytest.param(JAPANESE, "shift_jis", id="Japanese"),
        pytest.param(JAPANESE * 40, "euc_jp", id="Japanese of Unix"),
        pytest.param(CHINESE, "gb18030", id="Chinese"),
        pytest.param(RUSSIAN, "windows-1251", id="Russian"),
        pytest.param("Лодка плывёт вдоль реки весной и осенью.", "koi8-r", id="Russian of Unix"),
        pytest.param("Żółta łódź płynie wzdłuż rzeki, a gęś siedzi na źródle.", "iso-8859-2", id="Polish of Unix"),
        pytest.param("Az őrült tűzoltó hűvös ősszel érkezik, a díj harminc forint.", "iso-8859-2", id="Hungarian"),
        pytest.param("Η τιμή είναι τριάντα πέντε ευρώ.", "windows-1253", id="Greek"),
        pytest.param("Le prix du contrôle est de trente-cinq euros, déjà réglé.", "windows-1252", id="French"),
        pytest.param(CHINESE * 4000, "gb18030", id="longer than the sample"),
    ],
)
def test_text_in_its_encoding_comes_out_as_it_was_written(tmp_path: Path, text: str, encoding: str) -> None:
    assert only_text(read_bytes(tmp_path, "a.txt", text.encode(encoding))) == text


def test_utf8_cut_inside_a_character_is_still_utf8(tmp_path: Path) -> None:
    assert only_text(read_bytes(tmp_path, "a.txt", (GERMAN * 9 + "ß").encode()[:-1])).startswith(GERMAN * 9)
