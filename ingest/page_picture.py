"""A page of a PDF as a picture on which sentences are marked. The only file that imports pypdfium2 and Pillow."""

import io
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageStat
from pypdfium2 import PdfBitmap, PdfPage, PdfTextPage

from ingest.placing import has_letters, letters, place
from rag.errors import FootnoteError
from rag.types import Chunk, Span

_LONG_SIDE = 1_600  # pixels of the longer side of a picture: small print is still sharp
_LARGEST_SCALE = 4.0  # pixels for a point, 1/72 inch; a very small page is not blown up further
_ON_LIGHT = (255, 226, 130)  # multiplied into a light ground, as by a marker pen: the letters stay black
_ON_DARK = (120, 96, 0)  # added to a dark one
_DARK = 96  # mean brightness, 0 to 255, under which a ground is dark
_MARGIN = 2  # pixels around a marked line
_CLOSING = ("Po", "Pe", "Pf")  # Unicode categories of what ends a sentence and what begins one
_OPENING = ("Ps", "Pi", "Sc")
_PDFIUM = threading.Lock()  # it may be called by one thread at a time
_Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the picture


class NoPicture(FootnoteError):
    """A page that cannot be drawn."""


@dataclass(frozen=True)
class PagePicture:
    """A page as it is printed.

    Attributes:
        png: the picture; `width` and `height` are in pixels.
        top: where the first mark begins, as a share of the height; None without marks.
        missing: sentences that were to be marked and were not found on it.
        pages: of the document.
    """

    png: bytes
    width: int
    height: int
    top: float | None
    missing: tuple[str, ...]
    pages: int


def draw_page(
    file: Path, number: int, *, name: str, chunk: Chunk | None = None, marks: Sequence[Span] = ()
) -> PagePicture:
    """The page `number`, counted from 1, of the PDF at `file`, with the `marks` of a chunk of this page.

    Args:
        name: what the document is called in messages.
        marks: stretches of the chunk's text.

    Raises:
        NoPicture: the file is locked or damaged, or has no such page.
    """
    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(file)
        except OSError as exc:
            raise NoPicture(f"{name}: the kept file cannot be opened.") from exc
        except pypdfium2.PdfiumError as exc:
            raise NoPicture(_why_closed(name, exc)) from exc
        try:
            return _draw(document, number, chunk, marks)
        except (pypdfium2.PdfiumError, MemoryError) as exc:
            raise NoPicture(f"{name}: page {number} cannot be drawn, it is damaged.") from exc
        finally:
            document.close()


def _why_closed(name: str, error: pypdfium2.PdfiumError) -> str:
    if error.err_code == pdfium.FPDF_ERR_PASSWORD:
        return f"{name} is locked with a password, which is not kept: its pages cannot be drawn."
    return f"{name}: the kept file is damaged, its pages cannot be drawn."


def _draw(document: pypdfium2.PdfDocument, number: int, chunk: Chunk | None, marks: Sequence[Span]) -> PagePicture:
    document.init_forms()  # the values of form fields are drawn too
    page = document[number - 1]
    bitmap = page.render(scale=min(_LARGEST_SCALE, _LONG_SIDE / max(1, *page.get_size())))
    boxes, missing = _locate(page, bitmap, chunk, marks) if chunk is not None and marks else ([], ())
    picture = _marked(bitmap.to_pil().convert("RGB"), boxes)
    top = min(top for _, top, _, _ in boxes) / picture.height if boxes else None
    return PagePicture(_png(picture), picture.width, picture.height, top, missing, len(document))


def _locate(
    page: PdfPage, bitmap: PdfBitmap, chunk: Chunk, marks: Sequence[Span]
) -> tuple[list[_Box], tuple[str, ...]]:
    """Boxes of the marked sentences, and those sentences for which there are none."""
    text = page.get_textpage()
    characters = tuple(_characters(text))
    on_page = letters(characters)
    boxes: list[_Box] = []
    missing: list[str] = []
    for mark, runs in zip(marks, place(chunk.text, marks, on_page, start=chunk.start), strict=True):
        for run in runs:
            first, last = on_page.places[run.start], on_page.places[run.end - 1]
            boxes += _boxes(text, bitmap, page, *_with_punctuation(characters, first, last))
        sentence = chunk.text[mark.start : mark.end]
        if not runs and has_letters(sentence):
            missing.append(sentence)
    return boxes, tuple(missing)


def _characters(text: PdfTextPage) -> Iterator[str]:
    return (chr(pdfium.FPDFText_GetUnicode(text, index)) for index in range(text.count_chars()))


def _with_punctuation(characters: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The stretch together with the full stop after it and the bracket or currency before it."""
    while last + 1 < len(characters) and unicodedata.category(characters[last + 1]) in _CLOSING:
        last += 1
    while first and unicodedata.category(characters[first - 1]) in _OPENING:
        first -= 1
    return first, last


def _boxes(text: PdfTextPage, bitmap: PdfBitmap, page: PdfPage, first: int, last: int) -> Iterator[_Box]:
    """One box for each line of the characters from `first` to `last`, on the page as it is turned and cropped."""
    to_bitmap = bitmap.get_posconv(page).to_bitmap
    for index in range(text.count_rects(first, last - first + 1)):
        left, bottom, right, top = text.get_rect(index)
        (x1, y1), (x2, y2) = to_bitmap(left, top), to_bitmap(right, bottom)
        yield min(x1, x2) - _MARGIN, min(y1, y2) - _MARGIN, max(x1, x2) + _MARGIN, max(y1, y2) + _MARGIN


def _marked(picture: Image.Image, boxes: Sequence[_Box]) -> Image.Image:
    """The picture with a marker pen drawn over the boxes, once where they overlap."""
    light, dark = Image.new("L", picture.size), Image.new("L", picture.size)
    for box in boxes:
        is_dark = ImageStat.Stat(picture.crop(box).convert("L")).mean[0] < _DARK
        ImageDraw.Draw(dark if is_dark else light).rectangle(box, fill=255)
    for mask, blend, colour in ((light, ImageChops.multiply, _ON_LIGHT), (dark, ImageChops.add, _ON_DARK)):
        if mask.getbbox():
            picture = Image.composite(blend(picture, Image.new("RGB", picture.size, colour)), picture, mask)
    return picture


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=3)
    return file.getvalue()
