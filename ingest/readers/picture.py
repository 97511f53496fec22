"""Pictures of text: photographs of pages, scans, screenshots. Their text is recognised."""

from ingest.pictures import PictureError, frames
from ingest.readers.cleaning import clean
from ingest.readers.layout import PlacedLine, text_of
from ingest.readers.recognition import LONG_SIDE, recognise
from ingest.readers.source import Content, Source
from rag.errors import UnreadableDocument
from rag.types import Page, RecognisedLine, RecognisedPage

OFF = "Set FOOTNOTE_OCR_PAGES to the number of pages to recognise, such as 200, and add it again."


def read_picture(source: Source) -> Content:
    """A page for each picture in the file, without a number where it is the only one.

    Raises:
        UnreadableDocument: damaged, too large, without text, or text recognition is switched off.
    """
    if not source.ocr_pages:
        raise UnreadableDocument(source.name, "it is a picture, and text recognition is switched off", OFF)
    found: list[tuple[RecognisedLine, ...]] = []
    gaps: tuple[str, ...] = ()
    try:
        for frame in frames(source.data, long_side=LONG_SIDE):
            if len(found) == source.ocr_pages:
                gaps = (f"pages after {len(found)} were left out: so many are recognised of one document",)
                break
            found.append(recognise(frame))
            source.tell(len(found) / (len(found) + 1))
    except PictureError as exc:
        remedy = "Open it in a program for pictures, save a smaller copy as .png and add that."
        raise UnreadableDocument(source.name, str(exc), remedy) from exc
    if not any(found):
        remedy = "Add a sharper or larger picture, if there is text in it."
        raise UnreadableDocument(source.name, "no text could be recognised in it", remedy)
    numbers = [None] if len(found) == 1 else list(range(1, len(found) + 1))
    recognised = tuple(RecognisedPage(number, lines) for number, lines in zip(numbers, found, strict=True))
    return Content("", tuple(map(page_of_lines, recognised)), gaps, recognised)


def page_of_lines(page: RecognisedPage) -> Page:
    """The text of a recognised page; heights and widths count alike, as on paper that is higher than wide."""
    placed = [PlacedLine(clean(line.text), line.left, line.top, line.right, line.bottom) for line in page.lines]
    return Page(page.number, text_of(placed))
