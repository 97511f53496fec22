"""Headings of plain text: underlined, numbered or in capitals. Only what is plainly one, in texts that have several."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rag.terms import UNSPACED
from rag.types import Heading

_LONGEST, _WORDS = 80, 8  # characters and words: longer ones may be rules, which are no headings
_FEW = 2  # headings of a kind in a text, below which they are none
_OFTEN = 0.5  # of the lines that hold something, above which they are a list
_RULE = re.compile(r"([=~^#*-])\1{2,}[ \t]*")  # under a heading
_LEVELS = {"=": 1, "#": 1, "*": 1}  # of what stands under them, others are 2
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})[.)]?[ \t]+(?=[^\W\d_])")
_CAPITALS = 4  # letters of a heading that is set in them
_SAYS = re.compile(  # a sentence, a fact, or the row of a table: as a heading it would not be quoted
    r"[.!?:;,…。！？：；，、]\W{0,5}$|\w{3}[.!?]\s|[:：。！？；，]|\S {3,}|\t|\|"  # noqa: RUF001
)
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(rf"[{UNSPACED}]")
_CHINESE = re.compile(r"第[一二三四五六七八九十百零\d]{1,4}(?P<part>[编篇章节条])|[一二三四五六七八九十]{1,3}、")
_CHINESE_LEVELS = {"编": 1, "篇": 1, "章": 2, "节": 3, "条": 4}
_GOES_ON_BELOW = re.compile(r"\s*[a-zà-ÿ]")


def headings(text: str) -> tuple[Heading, ...]:
    """The headings in their order, a level for each depth of their numbers."""
    lines = list(_lines(text))
    found = sorted(
        (
            heading
            for kind in (_underlined, _numbered, _in_capitals, _in_chinese)
            for heading in _enough(kind(lines), lines)
        ),
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
        is_first = not above[1] or _RULE.fullmatch(above[1])
        if rule and is_first and _is_short(line) and 2 * len(under) >= len(line.strip()):
            yield Heading(_LEVELS.get(rule[1], 2), line.strip(), start)


def _numbered(lines: Sequence[Line]) -> Iterator[Heading]:
    """With a number after a blank line that counts on from the last: items of a list follow each other directly."""
    last: tuple[int, ...] = ()
    for above, (start, line), after in zip([(0, ""), *lines], lines, _following(lines), strict=False):
        number = _number(line)
        if not number or above[1] or not _is_short(line) or not _follows(number, last):
            continue
        if not 0 < len(_number(after)) <= len(number) and not _GOES_ON_BELOW.match(after):
            yield Heading(len(number), line.strip(), start)
            last = number


def _following(lines: Sequence[Line]) -> list[str]:
    """After each line the next one that holds something."""
    found = [""]
    for _, line in reversed(lines[1:]):
        found.append(line or found[-1])
    return found[::-1]


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
        is_apart = not above[1] and not _is_capitals(below[1])
        if is_apart and _is_capitals(line) and not any(map(str.isdigit, line)):  # "IBAN DE89 3704 ..."
            yield Heading(1, line.strip(), start)


def _is_capitals(line: str) -> bool:
    is_latin = _is_short(line) and not _UNSPACED.search(line)
    return is_latin and line == line.upper() and sum(map(str.isupper, line)) >= _CAPITALS


def _in_chinese(lines: Sequence[Line]) -> Iterator[Heading]:
    for above, (start, line) in zip([(0, ""), *lines], lines, strict=False):
        match = _CHINESE.match(line)
        if match and not above[1] and _is_short(line.replace("、", "")):
            yield Heading(_CHINESE_LEVELS.get(match["part"] or "", 1), line.strip(), start)


def _is_short(line: str) -> bool:
    text = line.strip()
    is_one = 0 < len(text) <= _LONGEST and len(text.split()) <= _WORDS + 1  # one is its number
    return is_one and not _SAYS.search(text) and _LETTER.search(text) is not None
