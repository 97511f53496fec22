"""Headings of plain text: underlined, numbered or in capitals. Only what is plainly one, in texts that have several."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rag.types import Heading

_LONGEST = 80  # characters
_FEW = 2  # headings of a kind in a text, below which they are none
_OFTEN = 0.5  # of the lines that hold something, above which they are a list
_RULE = re.compile(r"([=~^#*-])\1{2,}[ \t]*")  # under a heading
_LEVELS = {"=": 1, "#": 1, "*": 1}  # of what stands under them, others are 2
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})[.)]?[ \t]+(?=[^\W\d_])")
_CAPITALS = re.compile(r"(?=(?:[^a-zà-ÿ]*[A-ZÀ-Þ]){4})[^a-zà-ÿ]+")
_GOES_ON = re.compile(r"[.!?:;,…]\W*$|\w{3}[.!?]\s|\S {3,}|\t|\|")  # a sentence, or the row of a table
_GOES_ON_BELOW = re.compile(r"\s*[a-zà-ÿ]")


def headings(text: str) -> tuple[Heading, ...]:
    """The headings in their order, a level for each depth of their numbers."""
    lines = list(_lines(text))
    found = sorted(
        (*_enough(_underlined(lines), lines), *_enough(_numbered(lines), lines), *_enough(_in_capitals(lines), lines)),
        key=lambda heading: (heading.start, heading.level),
    )
    return tuple(next(of_line) for _, of_line in groupby(found, key=lambda heading: heading.start))


Line = tuple[int, str]  # where it starts, and what it says


def _lines(text: str) -> Iterator[Line]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line.rstrip()
        start += len(line)


def _enough(found: Iterator[Heading], lines: Sequence[Line]) -> list[Heading]:
    """All of a kind, or none where they are too few to show what they are, or as many as the items of a list."""
    some = list(found)
    return some if _FEW <= len(some) <= _OFTEN * sum(bool(line) for _, line in lines) else []


def _underlined(lines: Sequence[Line]) -> Iterator[Heading]:
    for above, (start, line), (_, under) in zip([(0, ""), *lines], lines, lines[1:], strict=False):
        rule = _RULE.fullmatch(under)
        if rule and not above[1] and _is_short(line) and 2 * len(under) >= len(line):
            yield Heading(_LEVELS.get(rule[1], 2), line.strip(), start)


def _numbered(lines: Sequence[Line]) -> Iterator[Heading]:
    """With a number after a blank line that counts on from the last: items of a list follow each other directly."""
    last: tuple[int, ...] = ()
    for place, (above, (start, line)) in enumerate(zip([(0, ""), *lines], lines, strict=False), 1):
        number = _number(line)
        if number and not above[1] and _is_short(line) and _follows(number, last):
            after = next((text for _, text in lines[place:] if text), "")
            if not 0 < len(_number(after)) <= len(number) and not _GOES_ON_BELOW.match(after):
                yield Heading(len(number), line.strip(), start)
                last = number


def _number(line: str) -> tuple[int, ...]:
    """That a line begins with, in its parts; none where it begins with words."""
    match = _NUMBERED.match(line)
    return tuple(map(int, match["number"].split("."))) if match else ()


def _follows(number: tuple[int, ...], last: tuple[int, ...]) -> bool:
    """Whether a number may come after another: 2.1 after 2, 2.2 or 3 after 2.1.4."""
    depth = len(number)
    if depth > len(last):
        return number[:-1] == last if last else number[-1] <= 1
    return number[:-1] == last[: depth - 1] and number[-1] == last[depth - 1] + 1


def _in_capitals(lines: Sequence[Line]) -> Iterator[Heading]:
    for above, (start, line), below in zip([(0, ""), *lines], lines, [*lines[1:], (0, "")], strict=False):
        is_alone = not above[1] and not _CAPITALS.fullmatch(below[1])
        if is_alone and _is_short(line) and _CAPITALS.fullmatch(line) and not _NUMBERED.match(line):
            yield Heading(1, line.strip(), start)


def _is_short(line: str) -> bool:
    return 0 < len(line) <= _LONGEST and not _GOES_ON.search(line.strip())
