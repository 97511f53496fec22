"""What stands in the text of a PDF page and is not seen on it: white on white, covered, tiny, outside the page.

The page is drawn, and a word without ink where it stands is not seen, whatever the reason. The text that a scanner's
program laid over a picture is seen: there is ink, that of the picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
    words = list(_words(characters))
    for word, hiding in zip(words, _hidings(page, characters, ink, words), strict=True):
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


def _hidings(page: PdfPage, characters: Characters, ink: _Flags, words: Sequence[_Word]) -> Iterator[Hiding | None]:
    """Why each of the words is not seen, None where it is."""
    if not words:
        return
    boxes, ends = characters.boxes, np.array([(word.start, word.end) for word in words])
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1)
    is_tiny = np.repeat(_of_each(np.maximum, longest, ends) <= _TINY_LETTER, ends[:, 1] - ends[:, 0])
    inside = np.concatenate([np.arange(start, end) for start, end in ends])
    drawn = np.zeros(len(boxes), dtype=bool)
    drawn[inside] = np.where(is_tiny, sides[inside].any(axis=1), sides[inside].min(axis=1) > _NO_GLYPH)
    letters = np.array([text.isalnum() for text in characters.texts]) & drawn
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    is_off = ((middle < 0) | (middle > (page.width, page.height))).any(axis=1)
    count, off, seen = (_of_each(np.add, (letters & flags).astype(int), ends) for flags in (letters, is_off, ink))
    sizes = _of_each(np.maximum, np.where(letters, longest, 0.0), ends)
    for word, own, outside, inked, size in zip(words, count, off, seen, sizes, strict=True):
        if not own:
            yield None
        elif outside == own:
            yield Hiding.OFF_PAGE
        elif size < _TINY_LETTER and page.font_size(word.start + int(letters[word.start :].argmax())) < _TINY:
            yield Hiding.TINY
        else:
            yield Hiding.INVISIBLE if inked / own < _SEEN else None


def _of_each(reduce: np.ufunc, values: npt.NDArray[Any], ends: npt.NDArray[np.int_]) -> npt.NDArray[Any]:
    """What the values from the start to the end of each word come to."""
    return np.asarray(reduce.reduceat(np.append(values, values[:1]), ends.ravel())[::2])


def _ink(picture: Pixels, boxes: npt.NDArray[np.float64]) -> _Flags:
    """For each box in pixels, whether the brightness changes anywhere in it."""
    height, width = picture.shape
    bright = picture.astype(np.int16)
    steps = np.zeros((height + 1, width + 1), dtype=np.int32)
    across = np.abs(np.diff(bright, axis=1, append=bright[:, -1:])) > _INK
    down = np.abs(np.diff(bright, axis=0, append=bright[-1:])) > _INK
    np.cumsum(np.cumsum(across | down, axis=1, dtype=np.int32), axis=0, out=steps[1:, 1:])
    left, top = (
        np.clip(np.floor(boxes[:, side]).astype(int) - 1, 0, limit) for side, limit in ((0, width), (1, height))
    )
    right, bottom = (
        np.clip(np.ceil(boxes[:, side]).astype(int), 0, limit) for side, limit in ((2, width), (3, height))
    )
    counts = steps[bottom, right] - steps[top, right] - steps[bottom, left] + steps[top, left]
    return np.asarray(counts > 0)
