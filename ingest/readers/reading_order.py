"""Chooses between two texts of a PDF page: pypdf's, in the order of the file, and that of pdfium, laid out by place.

In the order of the file columns mix and the cells of a table lose their row. Laid out, letters that join each other, as
in Arabic, fall apart, and so do lines that run from top to bottom. Measured in docs/formats.md.
"""

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"\w+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]")
_SAME_LETTERS = 0.99  # share of the letters that must be there in both
_ENOUGH = 0.9  # of the other's letters, under which a text has lost some
_FRAGMENTS = 1.3  # times as many words, from which they have fallen apart
_LONG_WORD = 18  # letters; longer words are rare
_GLUED = 0.05  # share of letters in such words, from which words run together


def better_text(in_order: str, laid_out: str) -> str:
    """The laid out text, unless the order of the file keeps more of it together."""
    if not laid_out.strip() or is_right_to_left(in_order):
        return in_order
    if not in_order.strip():
        return laid_out
    torn = _fragments(laid_out, in_order) and not _is_glued(in_order)
    if torn or (_is_glued(laid_out) and not _is_glued(in_order)):
        return in_order
    letters, others = (Counter(filter(str.isalnum, text)) for text in (in_order, laid_out))
    if (letters & others).total() >= _SAME_LETTERS * max(letters.total(), others.total()):
        return laid_out
    if others.total() < _ENOUGH * letters.total() and _unknown(in_order) <= _unknown(laid_out):
        return in_order
    return laid_out if _unknown(laid_out) <= _unknown(in_order) else in_order


def is_right_to_left(text: str) -> bool:
    """Whether some of it is written from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text))


def _fragments(text: str, other: str) -> bool:
    return len(_WORD.findall(text)) > _FRAGMENTS * len(_WORD.findall(other)) + 3


def _is_glued(text: str) -> bool:
    """Whether words run together; a text without spaces, as in Chinese, has no such letters."""
    words = [word for word in _WORD.findall(text) if word.isascii()]
    glued = sum(len(word) for word in words if len(word) > _LONG_WORD and word.isalpha())
    return glued > _GLUED * sum(map(len, words))


def _unknown(text: str) -> float:
    """Share of characters that stand for none, or for one that only the font knows."""
    strange = sum(
        count
        for character, count in Counter(text).items()
        if character == "\ufffd" or unicodedata.category(character) in ("Cn", "Co")
    )
    return strange / max(1, len(text))
