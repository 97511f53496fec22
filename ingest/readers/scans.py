"""Pages of a PDF that are pictures: their text is recognised, page by page, only where there is none to be read."""

import contextlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.pdfium import PdfError, PdfPage, Pixels, open_pdf
from ingest.readers.hiding import without_marks
from ingest.readers.recognition import LONG_SIDE, recognise
from ingest.readers.source import Source
from rag.types import RecognisedPage

_BEGUN = 0.05  # of the time for a PDF that is over when its text is read
_SCALE = 2.0  # pixels for a point: 144 in an inch
_LOOK = 0.5  # the same, to see whether there is anything on the page
_FEW_LETTERS = 30  # on a page that is mostly picture: a stamp, a page number
_PICTURE_SHARE = 0.4  # of the page, from which it is mostly picture
_CONTRAST = 40  # of 255, between the darkest and the brightest place of a page that is not empty
_UNKNOWN_FEW = 10  # characters that Unicode does not know; so many may be single symbols
_UNKNOWN_SHARE = 0.02  # of characters that Unicode does not know, above which letters are not what they look like


@dataclass(frozen=True)
class Recognition:
    """What was recognised, by 0-based index of the page, and how many pages were left out at the limit."""

    pages: dict[int, RecognisedPage]
    left_out: int


def recognised(source: Source, texts: Sequence[str]) -> Recognition:
    """The pages of a PDF whose text is missing or says nothing, and on which text can be recognised.

    Args:
        texts: what was read of each page.
    """
    found: dict[int, RecognisedPage] = {}
    asked = [index for index, text in enumerate(texts) if _letters(text) < _FEW_LETTERS or is_scrambled(text)]
    left_out = 0
    if not asked or not source.ocr_pages:
        return Recognition({}, 0)
    with contextlib.suppress(PdfError), open_pdf(source.data, password=source.password) as document:
        for count, index in enumerate(asked):
            source.tell(_BEGUN + (1 - _BEGUN) * count / len(asked))
            with contextlib.suppress(PdfError):
                picture = _picture(document.page(index + 1), texts[index])
                if picture is None:
                    continue
                if len(found) == source.ocr_pages:
                    left_out += 1
                    continue
                lines = recognise(picture)
                if sum(len(line.text) for line in lines) > _letters(texts[index]):
                    found[index] = RecognisedPage(index + 1, lines)
    return Recognition(found, left_out)


def is_scrambled(text: str) -> bool:
    """Whether numbers of glyphs came out as letters: some of them then fall on characters that do not exist."""
    unknown = sum(text.count(character) for character in set(text) if unicodedata.category(character) == "Cn")
    return unknown > _UNKNOWN_FEW and unknown > _UNKNOWN_SHARE * sum(map(len, text.split()))


def _letters(text: str) -> int:
    return sum(map(str.isalnum, without_marks(text)))


def _picture(opened: contextlib.AbstractContextManager[PdfPage], text: str) -> Pixels | None:
    """The page to be read, None where it is empty, or where it is mostly its text; it is closed before it is read."""
    with opened as page:
        if _letters(text) and not is_scrambled(text) and page.picture_share() < _PICTURE_SHARE:
            return None
        look = page.picture(_LOOK, grey=True)
        if int(look.max()) - int(look.min()) < _CONTRAST:
            return None
        return page.picture(min(_SCALE, LONG_SIDE / max(1, page.width, page.height)))
