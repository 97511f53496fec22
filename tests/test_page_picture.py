"""Pages of real PDF files as pictures."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from ingest.chunker import chunk
from ingest.page_picture import NoPicture, PagePicture, draw_page
from ingest.readers import read
from rag.types import Chunk, Span
from tests.documents import cut, write_encrypted_pdf, write_pdf

LINES = [f"Line {number} of the page says the same words, number {number}." for number in range(6)]


def chunks_of(file: Path) -> list[Chunk]:
    document = read(file, max_bytes=10_000_000)
    return chunk(
        document, count_tokens=lambda text: len(text.split()), chunk_tokens=200, overlap_tokens=0, max_tokens=384
    )


def mark(one: Chunk, sentence: str) -> Span:
    at = one.text.index(sentence)
    return Span(at, at + len(sentence))


def draw(file: Path, sentence: str, number: int = 1) -> PagePicture:
    one = next(one for one in chunks_of(file) if sentence in one.text)
    return draw_page(file, number, name=file.name, chunk=one, marks=[mark(one, sentence)])


def marked_box(picture: PagePicture) -> tuple[int, int, int, int]:
    """Around all pixels that are neither grey nor black nor white."""
    image = Image.open(io.BytesIO(picture.png)).convert("HSV").getchannel("S")
    box = image.point(lambda value: 255 * (value > 60)).getbbox()
    assert box is not None
    return box


def test_the_marked_line_is_where_it_is_printed(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "lines.pdf", ["\n".join(LINES)])
    third, fifth = (draw(file, LINES[number]) for number in (2, 4))
    assert (third.pages, third.missing) == (1, ())
    assert (third.width, third.height) == (1132, 1600)
    left, top, right, bottom = marked_box(third)
    assert 60 / 595 < right / third.width < 0.7
    assert left / third.width == pytest.approx(60 / 595, abs=0.01)
    assert bottom - top < 0.02 * third.height
    assert third.top == pytest.approx(top / third.height, abs=0.001)
    assert marked_box(fifth)[1] > bottom


def test_a_page_that_is_turned_and_cropped_is_marked_in_its_place(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(write_pdf(tmp_path / "straight.pdf", ["\n".join(LINES)])))
    writer.pages[0].rotate(90)
    writer.pages[0].cropbox.lower_left = (40, 400)
    writer.write(tmp_path / "turned.pdf")
    picture = draw(tmp_path / "turned.pdf", LINES[2])
    left, top, right, bottom = marked_box(picture)
    assert bottom - top > 5 * (right - left), "the line runs downwards"
    assert right > 0.8 * picture.width, "the top of the page lies on the right"


def test_a_mark_on_a_dark_ground_leaves_the_letters_readable(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "slide.pdf"), pagesize=(400, 300))
    canvas.rect(0, 0, 400, 300, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(40, 200, "White words on a black slide.")
    canvas.save()
    picture = draw(tmp_path / "slide.pdf", "White words on a black slide.")
    region = Image.open(io.BytesIO(picture.png)).crop(marked_box(picture)).convert("L")
    darkest, lightest = region.getextrema()
    assert darkest > 50
    assert lightest > 240


def test_a_page_beside_the_cited_one_has_no_mark(tmp_path: Path) -> None:
    picture = draw_page(write_pdf(tmp_path / "two.pdf", LINES[:2]), 2, name="two.pdf")
    assert (picture.pages, picture.top, picture.missing) == (2, None, ())


def test_a_sentence_that_is_not_on_the_page_is_named(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "one.pdf", [LINES[0]])
    other = replace(chunks_of(file)[0], text="Nothing of this is printed here.")
    picture = draw_page(file, 1, name="one.pdf", chunk=other, marks=[Span(0, 32)])
    assert (picture.top, picture.missing) == (None, ("Nothing of this is printed here.",))


def test_a_locked_file_says_that_its_password_is_not_kept(tmp_path: Path) -> None:
    locked = write_encrypted_pdf(tmp_path / "locked.pdf", LINES[0], "heron")
    with pytest.raises(NoPicture, match=r"^locked.pdf is locked with a password, which is not kept"):
        draw_page(locked, 1, name="locked.pdf")
    open_for_all = write_encrypted_pdf(tmp_path / "open.pdf", LINES[0], "")
    assert draw_page(open_for_all, 1, name="open.pdf").pages == 1


def test_a_damaged_file_and_a_missing_page_are_told(tmp_path: Path) -> None:
    with pytest.raises(NoPicture, match="damaged"):
        draw_page(cut(write_pdf(tmp_path / "cut.pdf", LINES), 0.2), 1, name="cut.pdf")
    with pytest.raises(NoPicture, match="page 7 cannot be drawn"):
        draw_page(write_pdf(tmp_path / "whole.pdf", LINES), 7, name="whole.pdf")
    with pytest.raises(NoPicture, match=r"gone.pdf"):
        draw_page(tmp_path / "gone.pdf", 1, name="gone.pdf")
