"""The passages that stand for a document, and the lines that an overview is made of. Pure functions.

What stands for a whole document is its beginning and, of each stretch of it, the passage nearest to the middle of that
stretch (sentences nearest to the centroid: Radev et al. 2004, https://doi.org/10.1016/j.ipm.2003.10.006).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby

import numpy as np

from rag import sentences
from rag.embedders import Vectors
from rag.evidence import Line, share
from rag.terms import UNSPACED, is_unspaced
from rag.types import Hit

_NEAR, _TREATS = 0.35, 1.0  # the least cosine of a line, and the least sum of that and the share of words
_HELD = 0.65  # the least share of words where the model cannot read them
_ABOUT = 0.7  # of the score of the nearest line, from which another is of the same matter
_NEARLY = 0.9  # the same for what is no sentence, as the row of a table
_LINES = 8  # that an overview is made of
_FEW_WORDS, _MANY_WORDS = 6, 60  # of a sentence that says something where it stands alone
_PAIR = re.compile(rf"[{UNSPACED}]{{2}}")  # counts as a word
_MARKUP = re.compile(r"\{\{|\]\(|\||\s{3,}|\.{4,}")
_ITEM = re.compile(r"^(?:[-*+•‣◦–]|\w{1,3}[.)])\s+")
_MIDDLE = 0.3  # of the nearness to the middle of all passages, beside that to the middle of its own
_FIRST = 0.2  # for the first sentence under a heading: it mostly says what follows
_DRAWBACK = 0.3  # off for a line that says little where it stands alone
_LEANS = re.compile(  # on what stands before it
    r"(?:it|they|them|those|he|she|such|otherwise|however|but|also|then|there|see|das|dies|sie|er|es|sonst)\b"
    r"|(?:this|these)\s+(?:is|are|was|were|means?|can|may|must|will|should|do|does|has|have|appl\w+|includes?|also)\b"
    r"|(?:\S+ ){1,3}(?:it|them)\b|它|他们",
    re.IGNORECASE,
)


class Overview(Enum):
    """What an overview is of."""

    DOCUMENTS = "documents"
    MATTER = "matter"


def treats(hits: Sequence[Hit], weights: Iterable[Mapping[str, float]], *, by_meaning: bool) -> bool:
    """Whether documents treat the matter that these hits were found for, the best first.

    Args:
        weights: of its terms, the rarer the more; of each of its alternatives.
        by_meaning: the embedding model can read the matter, so that cosines tell something.
    """
    if not hits:
        return False
    best = hits[0]
    held = max(share(own, f"{best.chunk.context} {best.chunk.text}") for own in weights)
    return best.line >= _NEAR and best.line + held >= _TREATS if by_meaning else held >= _HELD


def stretches(vectors: Vectors, full: Sequence[bool], count: int) -> list[int]:
    """Rows that stand for all: the first, and of each of `count` - 1 stretches the one nearest to its middle.

    Args:
        vectors: float32[n, dimension], unit rows in the order of the document.
        full: which hold a full sentence; others stand for a stretch only where none does.
    """
    if len(vectors) <= count:
        return list(range(len(vectors)))
    first = next((row for row, is_full in enumerate(full) if is_full), 0)
    chosen = {first}
    for rows in np.array_split(np.arange(len(vectors)), count - 1) if count > 1 else ():
        nearness = vectors[rows] @ vectors[rows].mean(axis=0) - 2 * ~np.asarray(full)[rows]
        chosen.add(int(rows[np.argmax(nearness)]))
    return sorted(chosen)


def has_sentence(text: str) -> bool:
    """Whether a text holds a full sentence."""
    return any(_is_full(one.text) and not _LEANS.match(one.text) for one in sentences.split(text))


def says(line: Line) -> bool:
    """Whether a line says something where it stands alone: a sentence, or a row that is read with its head."""
    return _is_full(line.text) or line.reading != line.text


def told(of: Overview, lines: Sequence[Line]) -> list[Line]:
    """The lines that an overview is made of, in the order of the text.

    Args:
        lines: of all passages, with their vectors, the nearest first.
    """
    if not lines:
        return []
    found = _once(_telling(lines) if of is Overview.DOCUMENTS else _near(lines, lines[0].score))
    return sorted(found[:_LINES], key=lambda line: (line.number, line.span.start))


def lead(of: Overview, own: Sequence[Line], *, best: float) -> Line | None:
    """The one line of a document, of lines as `told` takes them; None where it says nothing of the matter.

    Args:
        best: the score of the nearest line of all documents.
    """
    if of is Overview.DOCUMENTS:
        return max(_telling(own, count=1), key=lambda line: -line.number)
    return next(iter(_near(own, best)), None)


def _near(lines: Sequence[Line], best: float) -> list[Line]:
    """Those that are about as near as the best: sentences, or what is as long and nearly the nearest."""
    near = [line for line in lines if line.score >= _ABOUT * best]
    return [line for line in near if _is_full(line.text) or (_is_long(line.text) and line.score >= _NEARLY * best)]


def _telling(lines: Sequence[Line], *, count: int = _LINES) -> Iterator[Line]:
    """One line of each passage, or some more of few: full sentences, where there are any."""
    middle = _middle(lines)
    full = [line for line in lines if _is_full(line.text)]
    of = _by_passage(full or lines)
    for own in of:
        worth = _worth(own, middle)
        yield from sorted(own, key=lambda line: -worth[line])[: max(1, count // len(of))]


def _once(lines: Iterable[Line]) -> list[Line]:
    """Without those that repeat the words of an earlier one, as chunks overlap."""
    found: dict[str, Line] = {}
    for line in lines:
        found.setdefault(line.reading, line)
    return list(found.values())


def _middle(lines: Sequence[Line]) -> Vectors:
    return np.asarray(np.stack([line.vector for line in lines]).mean(axis=0), dtype=np.float32)


def _by_passage(lines: Sequence[Line]) -> list[list[Line]]:
    ordered = sorted(lines, key=lambda line: (line.number, line.span.start))
    return [list(own) for _, own in groupby(ordered, key=lambda line: line.number)]


def _worth(own: Sequence[Line], middle: Vectors) -> dict[Line, float]:
    """How well each line of a passage stands for it."""
    centre = _middle(own) + _MIDDLE * middle
    firsts = {line.heading: line for line in reversed(own)}.values()
    return {
        line: float(line.vector @ centre)
        + _FIRST * (line in firsts)
        - _DRAWBACK * (_LEANS.match(line.reading) is not None)
        for line in own
    }


def _is_full(text: str) -> bool:
    """Whether it is a sentence with its beginning and end, of some words and without markup."""
    bare = _bare(text)
    begins = bare[:1].isupper() or bare[:1].isdigit() or is_unspaced(bare[:1])
    return begins and _is_long(text) and bare[-1:] in ".!?。！？" and not _MARKUP.search(bare)


def _is_long(text: str) -> bool:
    """Whether it has as many words as say something where they stand alone."""
    bare = _bare(text)
    return _FEW_WORDS <= len(bare.split()) + len(_PAIR.findall(bare)) <= _MANY_WORDS and not bare.endswith(":")


def _bare(text: str) -> str:
    return _ITEM.sub("", text).strip("*_`\"“”'‘’()[] ")  # noqa: RUF001
