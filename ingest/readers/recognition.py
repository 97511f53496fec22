"""Text recognition (OCR) through RapidOCR, whose models come with its package. The only file that imports rapidocr."""

import os
import threading
from functools import cache
from typing import Any

from ingest.pdfium import Pixels
from rag.types import RecognisedLine

LONG_SIDE = 2_400  # pixels of a picture that is read: print of six points on a page of A4 is sharp
_LEAST = 0.5  # confidence under which a line is noise
_WORKING = threading.Lock()


def recognise(picture: Pixels) -> tuple[RecognisedLine, ...]:
    """The lines of text in a picture in RGB, from top to bottom."""
    height, width = picture.shape[:2]
    with _WORKING:
        found = _engine()(picture[:, :, ::-1], use_cls=False)  # turned lines are few; it turns straight ones too
    if not found.txts:
        return ()
    lines = []
    for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True):
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        box = (left / width, top / height, right / width, bottom / height)
        lines.append(RecognisedLine(text, float(score), *(round(float(side), 5) for side in box)))
    return tuple(lines)


@cache
def _engine() -> Any:
    """Half the cores: the page and its answers need the others."""
    from rapidocr import RapidOCR  # a second to import, and few documents need it

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.text_score": _LEAST,
            "Global.max_side_len": LONG_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": max(1, (os.cpu_count() or 2) // 2),
        }
    )
