"""PDF files, whole and damaged."""

import logging
import random
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from reportlab.pdfgen.canvas import Canvas

from ingest.readers.pdf_layout import LaidOut
from rag.errors import UnreadableDocument
from tests.documents import (
    write_encrypted_pdf,
    write_pdf,
    write_pdftex_pdf,
    write_scanned_pdf,
    write_scrambled_pdf,
    write_typeset_pdf,
)
from tests.reading import read_here, refusal

PAGE = "The reactor is inspected\nevery second year."


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


def test_where_pypdf_knows_no_letters_the_order_of_the_file_is_that_of_pdfium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Japanese that runs from top to bottom: laid out, every letter is a line of its own."""
    words = "ことばはうえからしたへかかれている"
    torn = {0: LaidOut("\n".join(words), is_marked=False, in_order=words)}
    monkeypatch.setattr("ingest.readers.pdf.laid_out_pages", lambda source: torn)
    assert read_here(write_scrambled_pdf(tmp_path / "a.pdf", "CABBAC " * 9)).pages[0].text == words


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
