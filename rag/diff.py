"""What changed from one text to another: lines first, then the words of those that changed. Pure functions.

The only file that imports rapidfuzz. Words are compared in every script: where none are set apart, each sign is one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from rapidfuzz.distance import Indel

from rag.terms import UNSPACED

_SPACED = rf"[^\W{UNSPACED}]+"
# A number is one word with the signs in it: 1.6, 10:30, 3/4.
_WORD = re.compile(rf"[{UNSPACED}]|{_SPACED}(?:(?<=\d)[.,:/](?=\d){_SPACED})*|\s+|.", re.DOTALL)
_CUT_END = re.compile(r"(?<=\s)\S+\Z")  # what may be half a word, where others are before it
_CUT_BEGINNING = re.compile(r"\A\S+(?=\s)")
_CONTEXT = 60  # characters of what stayed that are shown before and after a change
_LONGEST = 20_000  # words of a change that are compared one by one
_BRIDGE = 2  # words that stayed, between two changes, up to which they are read as one

Text = tuple[int | None, str]  # page and what stands on it


class Kind(str, Enum):
    """What became of a stretch."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class Piece:
    """A stretch of text and what became of it."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """A place that changed.

    Attributes:
        before: page on which it stood, `after`: on which it stands; None without pages.
        pieces: in their order, with a little of what stayed around them.
    """

    before: int | None
    after: int | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class _Line:
    page: int | None
    text: str


def changes(before: Sequence[Text], after: Sequence[Text]) -> Iterator[Change]:
    """The places that changed, in the order of the later text; white space alone is no change."""
    old, new = _lines(before), _lines(after)
    for tag, i, k, j, m in _spans([line.text for line in old], [line.text for line in new]):
        if tag == "equal":
            continue
        for first, last, begin, end in _by_page(old, new, i, k, j, m):
            pieces = _words(_joined(old[first:last]), _joined(new[begin:end]))
            if any(piece.kind is not Kind.SAME for piece in pieces):
                yield Change(_page(old, first, last), _page(new, begin, end), tuple(pieces))


def _by_page(
    old: list[_Line], new: list[_Line], start: int, end: int, begin: int, stop: int
) -> Iterator[tuple[int, int, int, int]]:
    """A change that goes on over the same pages in both versions, page by page; any other as it is."""
    before, after = _pages(old, start, end), _pages(new, begin, stop)
    if before.keys() != after.keys():
        yield start, end, begin, stop
        return
    for page in before:
        yield (*before[page], *after[page])


def _pages(lines: list[_Line], start: int, end: int) -> dict[int | None, tuple[int, int]]:
    """Where the lines of each page begin and end."""
    found: dict[int | None, tuple[int, int]] = {}
    for place in range(start, end):
        found[lines[place].page] = (found.get(lines[place].page, (place, place))[0], place + 1)
    return found


def _joined(lines: Sequence[_Line]) -> str:
    return "\n".join(line.text for line in lines)


def _lines(texts: Sequence[Text]) -> list[_Line]:
    found = ((page, " ".join(line.split())) for page, text in texts for line in text.split("\n"))
    return [_Line(page, line) for page, line in found if line]


def _page(lines: list[_Line], start: int, end: int) -> int | None:
    """Of the first line of a stretch; of the line before it, where it is empty."""
    place = start if start < end else start - 1
    return lines[max(place, 0)].page if lines else None


def _spans(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Stretches that are equal or changed; a deletion beside an insertion is one change."""
    found: list[tuple[str, int, int, int, int]] = []
    for step in Indel.opcodes(old, new):
        kind = "equal" if step.tag == "equal" else "change"
        start, end, begin, stop = step.src_start, step.src_end, step.dest_start, step.dest_end
        if found and found[-1][0] == kind:
            _, first, _, other, _ = found.pop()
            found.append((kind, first, end, other, stop))
        else:
            found.append((kind, start, end, begin, stop))
    return found


def _words(before: str, after: str) -> list[Piece]:
    """Two stretches word by word; as wholes, where one is new, gone or very long."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if not old or not new or max(len(old), len(new)) > _LONGEST:
        return [piece for piece in (Piece(Kind.GONE, before), Piece(Kind.NEW, after)) if piece.text]
    pieces: list[Piece] = []
    spans = _bridged(_spans(_folded(old), _folded(new)), new)
    for tag, start, end, begin, stop in spans:
        gone, fresh = "".join(old[start:end]), "".join(new[begin:stop])
        if tag == "equal":
            pieces.append(Piece(Kind.SAME, fresh))
        else:
            pieces += [piece for piece in (Piece(Kind.GONE, gone), Piece(Kind.NEW, fresh)) if piece.text.strip()]
    return _shortened(pieces)


def _folded(words: Sequence[str]) -> list[str]:
    """A line that is broken elsewhere has not changed."""
    return [" " if word.isspace() else word for word in words]


def _bridged(spans: list[tuple[str, int, int, int, int]], words: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Changes with hardly a word between them are one: single words that stayed would cut it to pieces."""
    last = len(spans) - 1

    def is_change(entry: tuple[int, tuple[str, int, int, int, int]]) -> bool:
        index, (tag, _, _, begin, stop) = entry
        inside = 0 < index < last
        return tag != "equal" or (inside and sum(word[0].isalnum() for word in words[begin:stop]) <= _BRIDGE)

    found = []
    for changed, group in groupby(enumerate(spans), key=is_change):
        run = [span for _, span in group]
        tag = "change" if changed else "equal"
        found.append((tag, run[0][1], run[-1][2], run[0][3], run[-1][4]))
    return found


def _shortened(pieces: list[Piece]) -> list[Piece]:
    """What stayed is cut to what is read beside the changes."""
    last = len(pieces) - 1
    return [
        piece if piece.kind is not Kind.SAME else Piece(Kind.SAME, _cut(piece.text, index > 0, index < last))
        for index, piece in enumerate(pieces)
    ]


def _cut(text: str, follows: bool, leads: bool) -> str:
    """The beginning of a text, where a change is before it, and its end, where one comes after it."""
    head, tail = text[: _CONTEXT * follows], text[len(text) - _CONTEXT * leads :]
    if len(head) + len(tail) >= len(text):
        return text
    return f"{_CUT_END.sub('', head)}…{_CUT_BEGINNING.sub('', tail)}"
