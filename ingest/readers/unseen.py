"""What stands in the text of a PDF page and is not seen on it: white on white, covered, tiny, outside the page.

The page is drawn, and a word without ink where it stands is not seen, whatever the reason. The text that a scanner's
program laid over a picture is seen: there is ink, that of the picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.pdfium import Characters, PdfPage, Pixels
from ingest.readers.hiding import Hiding

_SCALE = 1.5  # pixels for a point
_LONG_SIDE = 2_000  # pixels; a larger page is drawn smaller
_INK = 12  # of 255, the step in brightness that an eye can see
_TINY = 1.6  # points of a font that nobody reads
_TINY_LETTER = 1.3  # points that a letter of such a font has at most, a long one and its tail
_NO_GLYPH = 0.05  # points: a letter that is flatter and narrower is of a font that is not there, and is not drawn
_FEWEST = 12  # letters of a stretch that count, half as many in Chinese; single words lie anywhere
_CHINESE = "\u2e80"  # first of the characters that are words
_SEEN = 0.3  # share of letters with ink from which a word counts as seen
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Word:
    """Characters from `start` to `end` without white space."""

    start: int
    end: int


def hidden_stretches(page: PdfPage, characters: Characters) -> list[tuple[int, int, Hiding]]:
    """Stretches of characters that are not seen, neighbours of one kind as one."""
    scale = min(_SCALE, _LONG_SIDE / max(1, page.width, page.height))
    ink = _ink(page.picture(scale, grey=True), characters.boxes * scale)
    found: list[tuple[int, int, Hiding]] = []
    last_end = -1
    for word in _words(characters):
        hiding = _hiding(page, characters, ink, word)
        if hiding and found and found[-1][2] is hiding and found[-1][1] == last_end:
            found[-1] = (found[-1][0], word.end, hiding)
        elif hiding:
            found.append((word.start, word.end, hiding))
        last_end = word.end
    return [stretch for stretch in found if _length(characters.texts[stretch[0] : stretch[1]]) >= _FEWEST]


def _length(texts: Sequence[str]) -> int:
    return sum(1 if text < _CHINESE else 2 for text in texts if text.isalnum())


def _words(characters: Characters) -> Iterator[_Word]:
    start = 0
    for index, text in enumerate((*characters.texts, " ")):
        if text.isspace() or text in "\x00\ufffe\x02":  # also the hyphen that pdfium takes out of a word
            if start < index:
                yield _Word(start, index)
            start = index + 1


def _hiding(page: PdfPage, characters: Characters, ink: _Flags, word: _Word) -> Hiding | None:
    boxes = characters.boxes[word.start : word.end]
    sides = boxes[:, 2:] - boxes[:, :2]
    drawn = sides.min(axis=1) > _NO_GLYPH if sides.max(initial=0) > _TINY_LETTER else sides.any(axis=1)
    letters = np.array([text.isalnum() for text in characters.texts[word.start : word.end]]) & drawn
    if not letters.any():
        return None
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2)[letters]
    if ((middle < 0) | (middle > (page.width, page.height))).any(axis=1).all():
        return Hiding.OFF_PAGE
    if sides[letters].max() < _TINY_LETTER and page.font_size(word.start + int(letters.argmax())) < _TINY:
        return Hiding.TINY
    return Hiding.INVISIBLE if ink[word.start : word.end][letters].mean() < _SEEN else None


def _ink(picture: Pixels, boxes: npt.NDArray[np.float64]) -> _Flags:
    """For each box in pixels, whether the brightness changes anywhere in it."""
    height, width = picture.shape
    bright = picture.astype(np.int16)
    steps = np.zeros((height + 1, width + 1), dtype=np.int64)
    across = np.abs(np.diff(bright, axis=1, append=bright[:, -1:])) > _INK
    down = np.abs(np.diff(bright, axis=0, append=bright[-1:])) > _INK
    steps[1:, 1:] = np.cumsum(np.cumsum(across | down, axis=0), axis=1)
    left, top = (
        np.clip(np.floor(boxes[:, side]).astype(int) - 1, 0, limit) for side, limit in ((0, width), (1, height))
    )
    right, bottom = (
        np.clip(np.ceil(boxes[:, side]).astype(int), 0, limit) for side, limit in ((2, width), (3, height))
    )
    counts = steps[bottom, right] - steps[top, right] - steps[bottom, left] + steps[top, left]
    return np.asarray(counts > 0)
