"""Text recognition with the real models: scanned PDF pages and picture files."""

from pathlib import Path

import pytest
from PIL import Image

from ingest.chunker import chunk
from ingest.page_picture import draw_page
from ingest.readers import read
from rag.errors import UnreadableDocument
from rag.types import Document, Span
from tests.documents import text_picture, write_pdf, write_text_scan
from tests.test_page_picture import marked_box

LINES = ("The pump weighs 14 kilograms.", "Its warranty lasts two years.", "Order number 4711-B.")


def recognise(path: Path, *, ocr_pages: int = 9) -> Document:
    return read(path, max_bytes=50_000_000, ocr_pages=ocr_pages)


def refusal(path: Path, *, ocr_pages: int = 9) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        recognise(path, ocr_pages=ocr_pages)
    return caught.value


def test_only_the_pages_of_a_pdf_that_are_pictures_are_recognised(tmp_path: Path) -> None:
    told: list[float] = []
    path = write_text_scan(tmp_path / "scan.pdf", [LINES], printed="A printed page about herons, with enough letters.")
    document = read(path, max_bytes=50_000_000, ocr_pages=9, tell=told.append)
    assert document.pages[0].text == "A printed page about herons, with enough letters."
    assert [line for line in document.pages[1].text.split("\n") if line] == list(LINES)
    assert document.recognised[0].confidence > 0.9
    assert told


def test_a_page_of_text_is_never_recognised(tmp_path: Path) -> None:
    assert recognise(write_pdf(tmp_path / "a.pdf", ["Some words.", ""])).recognised == ()


def test_recognition_can_be_switched_off(tmp_path: Path) -> None:
    refused = refusal(write_text_scan(tmp_path / "scan.pdf", [LINES]), ocr_pages=0)
    assert "scan" in refused.reason
    assert "FOOTNOTE_OCR_PAGES" in refused.remedy
    text_picture(LINES).save(tmp_path / "a.png")
    assert "FOOTNOTE_OCR_PAGES" in refusal(tmp_path / "a.png", ocr_pages=0).remedy


def test_pages_after_the_limit_are_named(tmp_path: Path) -> None:
    document = recognise(write_text_scan(tmp_path / "scan.pdf", [LINES[:1]] * 3), ocr_pages=1)
    assert [bool(page.text) for page in document.pages] == [True, False, False]
    assert document.gaps == ("2 pages that are pictures were left out: the limit is 1",)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tiff", "a.webp"])
def test_a_picture_file_is_recognised(tmp_path: Path, name: str) -> None:
    text_picture(LINES).save(tmp_path / name)
    document = recognise(tmp_path / name)
    (page,) = document.pages
    assert page.number is None
    assert [line for line in page.text.split("\n") if line] == list(LINES)
    assert [recognised.number for recognised in document.recognised] == [None]


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    text_picture(LINES).rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif)
    assert LINES[0] in recognise(tmp_path / "a.jpg").pages[0].text


def test_light_letters_on_a_clear_ground_are_put_on_white(tmp_path: Path) -> None:
    grey = text_picture(LINES).convert("L")
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 255))
    clear.putalpha(grey.point(lambda value: 255 - value))
    clear.save(tmp_path / "a.png")
    assert LINES[0] in recognise(tmp_path / "a.png").pages[0].text


def test_every_page_of_a_tiff_is_recognised_up_to_the_limit(tmp_path: Path) -> None:
    pages = [text_picture([line]) for line in LINES]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    document = recognise(tmp_path / "a.tif", ocr_pages=2)
    assert [(page.number, page.text) for page in document.pages] == [(1, LINES[0]), (2, LINES[1])]
    assert document.gaps == ("pages after 2 were left out: so many are recognised of one document",)


def test_pictures_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "empty.png")
    assert "no text could be recognised" in refusal(tmp_path / "empty.png").reason
    whole = (tmp_path / "empty.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refusal(tmp_path / "cut.png").reason
    for side in (11_000, 20_000):  # kilobytes that unpack to hundreds of megabytes
        Image.new("1", (side, side)).save(tmp_path / "large.png")
        assert "more than 100 million pixels" in refusal(tmp_path / "large.png").reason
    (tmp_path / "text.png").write_text("Words.")
    assert "ends in .txt" in refusal(tmp_path / "text.png").remedy


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_sentence_is_marked_where_it_was_recognised(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"scan.{kind}"
    if kind == "pdf":
        write_text_scan(path, [LINES])
    else:
        text_picture(LINES).save(path)
    document = recognise(path)
    (one,) = chunk(document, count_tokens=lambda t: len(t.split()), chunk_tokens=90, overlap_tokens=0, max_tokens=384)
    tops = []
    for line in LINES[:2]:
        at = one.text.index(line)
        lines = document.recognised[0].lines
        picture = draw_page(path, 1, name=path.name, chunk=one, marks=[Span(at, at + len(line))], lines=lines)
        assert picture.missing == ()
        left, top, right, bottom = marked_box(picture)
        assert left / picture.width == pytest.approx(30 / 420, abs=0.02)
        tops.append((top + bottom) / 2 / picture.height)
    assert tops == pytest.approx([36 / 200, 60 / 200], abs=0.02)


def test_a_sentence_that_was_not_recognised_is_named(tmp_path: Path) -> None:
    path = write_text_scan(tmp_path / "scan.pdf", [LINES])
    document = recognise(path)
    (one,) = chunk(document, count_tokens=lambda t: len(t.split()), chunk_tokens=90, overlap_tokens=0, max_tokens=384)
    drawn = draw_page(path, 1, name="scan.pdf", chunk=one, marks=[Span(0, 9)], lines=document.recognised[0].lines[2:])
    assert drawn.missing == (one.text[:9],)
