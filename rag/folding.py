"""Passages that repeat another's words: one of them is enough for an answer, the others are remembered."""

import re
from collections.abc import Iterable
from dataclasses import replace

from rag.types import Hit

_WORD = re.compile(r"\w+")


def fold(hits: Iterable[Hit], *, count: int) -> tuple[Hit, ...]:
    """The `count` best hits whose words no better one under the same heading holds; those that do are its `copies`.

    Only whole repeats are folded, whatever their case and punctuation: a passage with one number changed contradicts
    the other, and both must be read.

    Args:
        hits: the best first.
    """
    kept: list[Hit] = []
    words: list[str] = []
    for hit in hits:
        own = _words(hit.chunk.text)
        place = next((at for at, held in enumerate(words) if own in held and _same_heading(hit, kept[at])), None)
        if place is not None:
            kept[place] = replace(kept[place], copies=(*kept[place].copies, hit.chunk))
        elif len(kept) < count:
            kept.append(hit)
            words.append(own)
    return tuple(kept)


def _same_heading(one: Hit, other: Hit) -> bool:
    return one.chunk.heading == other.chunk.heading


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "
