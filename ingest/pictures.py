"""Pictures: decoded from files, marked with a marker pen, written as PNG. The only file that imports Pillow."""

import io
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageSequence, ImageStat, UnidentifiedImageError

from ingest.pdfium import Box, Pixels

PIXELS = 100_000_000  # of one picture; larger ones are not opened
FRAMES = 500  # pages of one file
_ON_LIGHT = (255, 226, 130)  # multiplied into a light ground, as by a marker pen: the letters stay black
_ON_DARK = (120, 96, 0)  # added to a dark one
_DARK = 96  # mean brightness, 0 to 255, under which a ground is dark
# What Pillow was seen to raise on damaged files.
_DAMAGE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError)
_TOO_LARGE = f"it has more than {PIXELS // 1_000_000} million pixels"


class PictureError(Exception):
    """A picture that cannot be opened; its text says why."""


def frames(data: bytes, *, long_side: int) -> Iterator[Pixels]:
    """Every page of a picture file in RGB, upright, on white, none longer than `long_side` pixels.

    Raises:
        PictureError: it is damaged or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures, which are measured here, and of odd metadata
            with Image.open(io.BytesIO(data)) as file:
                for number, frame in enumerate(ImageSequence.Iterator(file), start=1):
                    if number > FRAMES:
                        return
                    yield _upright(frame, long_side)
    except Image.DecompressionBombError as exc:
        raise PictureError(_TOO_LARGE) from exc
    except _DAMAGE as exc:
        raise PictureError("it is damaged or no picture") from exc


def _upright(frame: Image.Image, long_side: int) -> Pixels:
    if frame.width * frame.height > PIXELS:
        raise PictureError(_TOO_LARGE)
    frame.draft("RGB", (long_side, long_side))  # a JPEG is decoded at half its size where that is enough
    upright = ImageOps.exif_transpose(frame)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        clear = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    upright = upright.convert("RGB")
    upright.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    return np.asarray(upright)


def _marked(pixels: Pixels, boxes: Sequence[Box]) -> Image.Image:
    """The picture with a marker pen drawn over the boxes, once where they overlap."""
    picture = Image.fromarray(pixels)
    light, dark = Image.new("L", picture.size), Image.new("L", picture.size)
    for box in boxes:
        is_dark = ImageStat.Stat(picture.crop(box).convert("L")).mean[0] < _DARK
        ImageDraw.Draw(dark if is_dark else light).rectangle(box, fill=255)
    for mask, blend, colour in ((light, ImageChops.multiply, _ON_LIGHT), (dark, ImageChops.add, _ON_DARK)):
        if mask.getbbox():
            picture = Image.composite(blend(picture, Image.new("RGB", picture.size, colour)), picture, mask)
    return picture


def png(pixels: Pixels, boxes: Sequence[Box]) -> bytes:
    """The marked picture as a PNG file."""
    file = io.BytesIO()
    _marked(pixels, boxes).save(file, "PNG", compress_level=3)
    return file.getvalue()
