"""A page of a PDF, or a picture, as a picture on which sentences are marked."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.pdfium import Box, PdfError, PdfFile, PdfPage, Pixels, open_pdf
from ingest.pictures import PictureError, frames, png
from ingest.placing import has_letters, letters, place
from rag.errors import FootnoteError
from rag.types import Chunk, RecognisedLine, Span

_LONG_SIDE = 1_600  # pixels of the longer side of a picture: small print is still sharp
_LARGEST_SCALE = 4.0  # pixels for a point, 1/72 inch; a very small page is not blown up further
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
    file: Path,
    number: int,
    *,
    name: str,
    chunk: Chunk | None = None,
    marks: Sequence[Span] = (),
    lines: Sequence[RecognisedLine] = (),
) -> PagePicture:
    """The page `number`, counted from 1, of the PDF or the picture at `file`, with the `marks` of a chunk of this page.

    Args:
        name: what the document is called in messages.
        marks: stretches of the chunk's text.
        lines: the page's text where it was recognised in the picture.

    Raises:
        NoPicture: the file is locked or damaged, or has no such page.
    """
    try:
        if file.suffix == ".pdf":
            with open_pdf(file) as document:
                drawn = _of_pdf(document, number, name, chunk, () if lines else marks)
        else:
            pages = list(frames(file.read_bytes(), long_side=_LONG_SIDE))
            drawn = _Drawn(pages[min(number, len(pages)) - 1], [], (), len(pages))
    except OSError as exc:
        raise NoPicture(f"{name}: the kept file cannot be opened.") from exc
    except PdfError as exc:
        raise NoPicture(_why_closed(name, exc)) from exc
    except PictureError as exc:
        raise NoPicture(f"{name}: {exc}.") from exc
    if chunk is not None and lines:
        boxes, missing = _locate_recognised(lines, drawn.pixels, chunk, marks)
        drawn = replace(drawn, boxes=boxes, missing=missing)
    return _picture(drawn)


@dataclass(frozen=True)
class _Drawn:
    """A page before it is marked, with the boxes of its marks and the sentences that were not found."""

    pixels: Pixels
    boxes: Sequence[Box]
    missing: tuple[str, ...]
    pages: int


def _picture(drawn: _Drawn) -> PagePicture:
    height, width = drawn.pixels.shape[:2]
    top = min(top for _, top, _, _ in drawn.boxes) / height if drawn.boxes else None
    return PagePicture(png(drawn.pixels, drawn.boxes), width, height, top, drawn.missing, drawn.pages)


def _why_closed(name: str, error: PdfError) -> str:
    if error.locked:
        return f"{name} is locked with a password, which is not kept: its pages cannot be drawn."
    return f"{name}: the kept file is damaged, its pages cannot be drawn."


def _of_pdf(document: PdfFile, number: int, name: str, chunk: Chunk | None, marks: Sequence[Span]) -> _Drawn:
    try:
        with document.page(number) as page:
            scale = min(_LARGEST_SCALE, _LONG_SIDE / max(1, page.width, page.height))
            pixels = page.picture(scale)
            boxes, missing = _locate(page, scale, chunk, marks) if chunk is not None and marks else ([], ())
    except PdfError as exc:
        raise NoPicture(f"{name}: page {number} cannot be drawn, it is damaged.") from exc
    return _Drawn(pixels, boxes, missing, len(document))


def _locate(page: PdfPage, scale: float, chunk: Chunk, marks: Sequence[Span]) -> tuple[list[Box], tuple[str, ...]]:
    """Boxes of the marked sentences, and those sentences for which there are none."""
    characters = page.letters()

    def boxes_of(first: int, last: int) -> list[Box]:
        return page.line_boxes(*_with_punctuation(characters, first, last), scale)

    return _boxes(characters, boxes_of, chunk, marks)


def _locate_recognised(
    lines: Sequence[RecognisedLine], pixels: Pixels, chunk: Chunk, marks: Sequence[Span]
) -> tuple[list[Box], tuple[str, ...]]:
    """The same on a page whose text was recognised: of a line is known where it stands, of its letters about."""
    height, width = pixels.shape[:2]
    characters = [character for line in lines for character in line.text]
    owners = [(line, place) for line in lines for place in range(len(line.text))]

    def boxes_of(first: int, last: int) -> list[Box]:
        found: list[Box] = []
        while first <= last:
            line, place = owners[first]
            count = min(last - first + 1, len(line.text) - place)
            step = (line.right - line.left) / len(line.text)
            left, right = line.left + place * step, line.left + (place + count) * step
            found.append((int(left * width), int(line.top * height), int(right * width), int(line.bottom * height)))
            first += count
        return found

    return _boxes(characters, boxes_of, chunk, marks)


def _boxes(
    characters: Sequence[str], boxes_of: Callable[[int, int], list[Box]], chunk: Chunk, marks: Sequence[Span]
) -> tuple[list[Box], tuple[str, ...]]:
    """Boxes by the characters of a page, of which `boxes_of` knows where they stand."""
    on_page = letters(characters)
    boxes: list[Box] = []
    missing: list[str] = []
    for mark, runs in zip(marks, place(chunk.text, marks, on_page, start=chunk.start), strict=True):
        for run in runs:
            boxes += map(_widened, boxes_of(on_page.places[run.start], on_page.places[run.end - 1]))
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
