"""A page of a PDF as a picture on which sentences are marked. The only file that imports Pillow."""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageStat

from ingest.pdfium import Box, PdfError, PdfFile, PdfPage, open_pdf
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
    try:
        with open_pdf(file) as document:
            return _draw(document, number, name, chunk, marks)
    except OSError as exc:
        raise NoPicture(f"{name}: the kept file cannot be opened.") from exc
    except PdfError as exc:
        raise NoPicture(_why_closed(name, exc)) from exc


def _why_closed(name: str, error: PdfError) -> str:
    if error.locked:
        return f"{name} is locked with a password, which is not kept: its pages cannot be drawn."
    return f"{name}: the kept file is damaged, its pages cannot be drawn."


def _draw(document: PdfFile, number: int, name: str, chunk: Chunk | None, marks: Sequence[Span]) -> PagePicture:
    try:
        with document.page(number) as page:
            scale = min(_LARGEST_SCALE, _LONG_SIDE / max(1, page.width, page.height))
            picture = Image.fromarray(page.picture(scale))
            boxes, missing = _locate(page, scale, chunk, marks) if chunk is not None and marks else ([], ())
    except PdfError as exc:
        raise NoPicture(f"{name}: page {number} cannot be drawn, it is damaged.") from exc
    picture = _marked(picture, boxes)
    top = min(top for _, top, _, _ in boxes) / picture.height if boxes else None
    return PagePicture(_png(picture), picture.width, picture.height, top, missing, len(document))


def _locate(page: PdfPage, scale: float, chunk: Chunk, marks: Sequence[Span]) -> tuple[list[Box], tuple[str, ...]]:
    """Boxes of the marked sentences, and those sentences for which there are none."""
    characters = page.letters()
    on_page = letters(characters)
    boxes: list[Box] = []
    missing: list[str] = []
    for mark, runs in zip(marks, place(chunk.text, marks, on_page, start=chunk.start), strict=True):
        for run in runs:
            first, last = on_page.places[run.start], on_page.places[run.end - 1]
            boxes += map(_widened, page.line_boxes(*_with_punctuation(characters, first, last), scale))
        sentence = chunk.text[mark.start : mark.end]
        if not runs and has_letters(sentence):
            missing.append(sentence)
    return boxes, tuple(missing)


def _widened(box: Box) -> Box:
    left, top, right, bottom = box
    return left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN


def _with_punctuation(characters: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The stretch together with the full stop after it and the bracket or currency before it."""
    while last + 1 < len(characters) and unicodedata.category(characters[last + 1]) in _CLOSING:
        last += 1
    while first and unicodedata.category(characters[first - 1]) in _OPENING:
        first -= 1
    return first, last


def _marked(picture: Image.Image, boxes: Sequence[Box]) -> Image.Image:
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
