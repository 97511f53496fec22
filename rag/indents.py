"""Breaks of lines that go on: in the items of a list, under an indent, in a message that is answered.

Pure functions.
"""

import re

CELLS = re.compile(r" {3}| \| ")  # between those of a row
_ITEM = re.compile(r"([ \t]*)(?:(?<=[ \t])o(?=[ \t])|[-*+•‣◦▪●■□–]|\d{1,3}[.)]|[a-z][.)])[ \t]+(?=\S)")  # noqa: RUF001
_CODE, _MOST = 4, 8  # columns beyond the text of an item that make a line code; those of a line that goes on
_QUOTED = re.compile(r"(?:>[ \t]?)+")  # before a line of a message that is answered
_LONG = 60  # characters of a line that a page cuts
_WORDS = 3  # of a line that is prose
_APART = re.compile(  # begins a line of its own: a fence, a command, a key with its value, one of an enumeration
    r"(?:```|~~~|\$ |[\w-]+\s?[:=](?:\s|$)|\((?:\w{1,2}|[ivx]+)\)\s)"
)
_COLUMNS = re.compile(r"[^\s.!?:] {2,}\S")  # two spaces follow a full stop, too
_HARD_BREAK = ("  ", "\\")  # ends a line in Markdown


def breaks(text: str) -> list[tuple[int, int]]:
    """Where the breaks begin, and the white space and signs after them end, in their order."""
    found: list[tuple[int, int]] = []
    least, most = 1, 0  # columns at which the next line of an item begins; outside of one there are none
    before, end, is_code = "", 0, False
    for line in text.split("\n"):
        start, end = end, end + len(line) + 1
        words = line.lstrip(" \t")
        indent = len(line) - len(words)
        is_code ^= _is_fence(words)
        is_inside = least <= indent <= most
        if item := _ITEM.match(line):
            least, most = len(item[1]) + 1, item.end() + _CODE - 1
        elif words and not is_inside:
            least, most = 1, 0
        if not item and not is_code and _goes_on(before, words, indent, is_inside):
            found.append((start - 1, start + indent))
        elif sign := _sign(before, line):
            found.append((start - 1, start + sign))
        before = line
    return found


def _is_fence(words: str) -> bool:
    return words.startswith(("```", "~~~"))


def _goes_on(before: str, words: str, indent: int, is_inside: bool) -> bool:
    """Whether a line under an indent goes on with the one before it: in an item, or plainly with its sentence."""
    over = before.strip()
    if not over or not words or before.endswith(_HARD_BREAK) or _is_fence(over) or _APART.match(words):
        return False
    if any(map(CELLS.search, (over, words))):
        return False
    is_column = _COLUMNS.search(over) or _COLUMNS.search(words)
    return is_inside or (0 < indent <= _MOST and not is_column and _is_begun(over) and _follows(words))


def _sign(before: str, line: str) -> int:
    """Characters of the sign and the indent of a quoted line ("> ") that goes on with the one before it; else 0."""
    first, second = _QUOTED.match(before), _QUOTED.match(line)
    if not (first and second) or first[0].strip() != second[0].strip() or _ITEM.match(line, second.end()):
        return 0
    over, words = before[first.end() :].strip(), line[second.end() :].lstrip()
    if not words or any(map(CELLS.search, (over, words))) or _APART.match(words):
        return 0
    is_full = len(before) >= _LONG and bool(over)
    return len(line) - len(words) if is_full or (_is_begun(over) and _follows(words)) else 0


def _is_begun(over: str) -> bool:
    """Whether a line is prose that does not end there."""
    return len(over.split()) >= _WORDS and over[-1] not in ".!?:," and not _APART.match(over)


def _follows(words: str) -> bool:
    return words[0].islower() or words[0] == "("
