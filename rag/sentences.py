"""Sentences of a text with their offsets. The only file that imports sentencex."""

import re
from dataclasses import dataclass
from itertools import pairwise

from sentencex import get_sentence_boundaries


@dataclass(frozen=True)
class Sentence:
    """`text[start:end]` of the text that was split, without surrounding white space."""

    start: int
    end: int
    text: str


_WRAPPED = re.compile(  # a line break inside a sentence, as in PDF text; a row of a table begins on its own line
    r"(?<=[^\n.!?:])\n(?=[a-z(])(?![^\n]*(?: {3}| \| ))"
)
_NUMBER_BELOW = re.compile(  # a long line that goes on with a number
    r"(^[^\n]{60,}[^\n.!?:])\n(?=\d+(?![\d.)]))(?![^\n]*(?: {3}| \| ))", re.MULTILINE
)


_NAME, _ENDING = re.compile(r"[A-Z0-9]\."), re.compile(r"[A-Z0-9]{2,}\b")  # of a file: SKUA4.BIN


def unwrap(text: str) -> str:
    """The text with a space for each line break inside a sentence; offsets stay as they are."""
    return _NUMBER_BELOW.sub(r"\1 ", _WRAPPED.sub(" ", text))


def split(text: str, language: str = "en") -> list[Sentence]:
    """Sentences in order, offsets in characters. A line break ends one unless the line plainly goes on."""
    text = unwrap(text)
    sentences: list[Sentence] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        sentences += _split_line(line, offset, language)
        offset += len(line)
    return sentences


def _split_line(line: str, offset: int, language: str) -> list[Sentence]:
    found: list[Sentence] = []
    ends = [boundary["end_index"] for boundary in get_sentence_boundaries(language, line)]
    ends = [end for end in ends if not (_NAME.fullmatch(line[max(0, end - 2) : end]) and _ENDING.match(line[end:]))]
    for start, end in pairwise([0, *ends]):
        piece = line[start:end]
        start += len(piece) - len(piece.lstrip())
        trimmed = piece.strip()
        if trimmed:
            found.append(Sentence(offset + start, offset + start + len(trimmed), trimmed))
    return found
