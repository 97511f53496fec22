"""Pages of a PDF as pdfium sees them: pictures, characters and where they stand. The only file that imports pypdfium2.

pdfium may be called by one thread at a time: a page holds a lock until it is closed.
"""

import contextlib
import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as raw

_PDFIUM = threading.RLock()
_FAR = 10_000  # points from the origin of what is measured, since pdfium rounds to whole pixels
_FONT_NAME = 128  # bytes of it that are read
Pixels = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of a picture


class PdfError(Exception):
    """pdfium cannot open a file or read a page of it; `locked` where it needs a password."""

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__("it is locked with a password" if locked else "it is damaged")
        self.locked = locked


@dataclass(frozen=True)
class Characters:
    """The characters of a page in the order of the file, with those that pdfium adds between words and lines.

    Attributes:
        boxes: float[n, 4], left, top, right and bottom of the ink of each in points from the upper left corner of the
            page as it is shown; all zero for an added one.
    """

    texts: tuple[str, ...]
    boxes: npt.NDArray[np.float64]


class PdfPage:
    """One page. Sizes are in points, 1/72 inch, of the page as it is shown: turned and cropped."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self.width, self.height = page.get_size()

    def picture(self, scale: float, *, grey: bool = False) -> Pixels:
        """The page at `scale` pixels for a point: [height, width] if grey, else [height, width, 3] in RGB."""
        return _pixels(self._rendered(scale, grey))

    def picture_share(self) -> float:
        """How much of the page the pictures on it take up, 0 to 1 and more where they overlap."""
        share = 0.0
        with _errors():
            for entry in self._page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
                left, bottom, right, top = entry.get_bounds()
                share += (right - left) * (top - bottom)
        return float(share / max(1.0, self.width * self.height))

    def text(self) -> str:
        """Its text in the order of the file."""
        with _errors():
            return str(self._text.get_text_bounded()).replace("\r\n", "\n")

    def letters(self) -> tuple[str, ...]:
        """Its characters in the order of the file."""
        with _errors():
            return tuple(chr(raw.FPDFText_GetUnicode(self._text, at)) for at in range(self._text.count_chars()))

    def characters(self) -> Characters:
        """Its characters with their boxes."""
        texts = self.letters()
        boxes = np.zeros((len(texts), 4))
        values = (ctypes.c_double * 4)()
        start, step = ctypes.addressof(values), ctypes.sizeof(ctypes.c_double)
        places = [ctypes.cast(start + place * step, ctypes.POINTER(ctypes.c_double)) for place in range(4)]
        with _errors():
            for index in range(len(texts)):
                if raw.FPDFText_GetCharBox(self._text, index, *places):
                    boxes[index] = values
        left, right, bottom, top = boxes.T
        empty = (left == right) & (bottom == top)
        corners = np.stack([np.stack([left, top], 1), np.stack([right, bottom], 1)]) @ self._turn[:, :2].T
        corners += self._turn[:, 2]
        placed = np.concatenate([corners.min(0), corners.max(0)], 1)
        placed[empty] = 0
        return Characters(texts, placed)

    def directions(self) -> npt.NDArray[np.float64]:
        """For each character the unit vector in which it is written on the page as it is shown; y grows downwards."""
        count = self._text.count_chars()
        angles = np.array([raw.FPDFText_GetCharAngle(self._text, index) for index in range(count)])
        written = np.stack([np.cos(angles), -np.sin(angles)], axis=1)  # clockwise, and y grows upwards
        written = written @ self._turn[:, :2].T
        length = np.linalg.norm(written, axis=1, keepdims=True)
        return np.asarray(written / np.where(length > 0, length, 1.0))

    def font_size(self, index: int) -> float:
        """Of a character in points, as it is shown."""
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._text, index, matrix)
        stretched: float = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
        return float(raw.FPDFText_GetFontSize(self._text, index) * stretched)

    def font_name(self, index: int) -> str:
        """Of a character, "" where the file does not say."""
        name = ctypes.create_string_buffer(_FONT_NAME)
        raw.FPDFText_GetFontInfo(self._text, index, name, _FONT_NAME, ctypes.c_int())
        return name.value.decode(errors="replace")

    def line_boxes(self, first: int, last: int, scale: float) -> list[Box]:
        """One box in pixels for each line of the characters from `first` to `last`."""
        found = []
        with _errors():
            for index in range(self._text.count_rects(first, last - first + 1)):
                left, bottom, right, top = self._text.get_rect(index)
                corners = np.array([[left, top], [right, bottom]]) @ self._turn[:, :2].T + self._turn[:, 2]
                (x1, y1), (x2, y2) = np.round(corners * scale).astype(int).tolist()
                found.append((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
        return found

    @cached_property
    def _text(self) -> Any:
        with _errors():
            return self._page.get_textpage()

    @cached_property
    def _turn(self) -> npt.NDArray[np.float64]:
        """The affine map, 2 × 3, from the page's own coordinates to points from the upper left corner as shown."""
        with _errors():
            rendered = self._rendered(1.0, True)
            to_pixels = rendered.get_posconv(self._page).to_bitmap
            scale = np.array(_pixels(rendered).shape[::-1]) / (self.width, self.height)
            origin, x, y = (np.array(to_pixels(*place)) / scale for place in ((0, 0), (_FAR, 0), (0, _FAR)))
        return np.stack([(x - origin) / _FAR, (y - origin) / _FAR, origin], axis=1)

    def _rendered(self, scale: float, grey: bool) -> Any:
        with _errors():
            return self._page.render(scale=scale, grayscale=grey, rev_byteorder=True)


class PdfFile:
    """An open file."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._length = len(document)

    def __len__(self) -> int:
        return self._length

    @contextlib.contextmanager
    def page(self, number: int) -> Iterator[PdfPage]:
        """The page `number`, counted from 1; other threads wait until it is closed.

        Raises:
            PdfError: it is damaged.
        """
        with _PDFIUM:
            with _errors():
                page = self._document[number - 1]
            try:
                yield PdfPage(page)
            finally:
                page.close()


@contextlib.contextmanager
def open_pdf(file: Path | bytes, *, password: str | None = None) -> Iterator[PdfFile]:
    """The PDF in a file or in bytes.

    Raises:
        PdfError: it is locked or damaged.
        OSError: the file cannot be opened.
    """
    with _PDFIUM, _errors():
        document = pypdfium2.PdfDocument(file, password=password)
        document.init_forms()  # the values of form fields are drawn too
        opened = PdfFile(document)
    try:
        yield opened
    finally:
        with _PDFIUM:
            document.close()


def _pixels(bitmap: Any) -> Pixels:
    pixels: Pixels = bitmap.to_numpy().copy()
    return pixels if pixels.ndim == 2 else pixels[:, :, :3] if pixels.shape[2] > 1 else pixels[:, :, 0]


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except pypdfium2.PdfiumError as exc:
        raise PdfError(locked=getattr(exc, "err_code", None) == raw.FPDF_ERR_PASSWORD) from exc
    except (MemoryError, IndexError, AssertionError) as exc:
        raise PdfError from exc
