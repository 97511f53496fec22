"""How a reader says that a stretch of text is not seen by whoever opens the file.

The stretch stays where it stands, between two characters that no document may hold (Unicode's noncharacters), so that
it travels with the text through lines, cells and blocks; ingest/quarantine.py takes it out, or leaves it in where a
person released it. A document that holds these characters itself only sets its own words aside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from rag.types import Page


class Hiding(str, Enum):
    """Why a stretch is not seen, in words that follow "set aside, because"."""

    INVISIBLE = "it has the colour of its ground, or something covers it"
    TINY = "its letters are too small to be read"
    OFF_PAGE = "it lies outside the page"
    HIDDEN = "it is marked as hidden"
    SHEET = "its sheet is hidden"
    SLIDE = "its slide is hidden"
    CELLS = "its rows or columns are hidden"
    CHARACTERS = "it is written in characters that cannot be seen"


@dataclass(frozen=True)
class Stretch:
    """`text[start:end]` of a text without marks."""

    start: int
    end: int
    hiding: Hiding


_NEAR = 16  # of 255, by which a colour may differ from white and still nobody sees it on paper
_FIRST, _END = 0xFDD0, "\ufdef"
_BEGIN = {hiding: chr(_FIRST + number) for number, hiding in enumerate(Hiding)}
_HIDINGS = {character: hiding for hiding, character in _BEGIN.items()}
_MARK = re.compile("[\ufdd0-\ufdef]")
_MARKED = re.compile("[\ufdd0-\ufdee][^\ufdd0-\ufdef]*\ufdef?")


def is_white(colour: str) -> bool:
    """Whether "FFFFFF", or "FEFEFE", is white or so near to it that nobody sees it on white paper."""
    try:
        parts = bytes.fromhex(colour)
    except ValueError:
        return False
    return len(parts) == 3 and min(parts) >= 255 - _NEAR


def hide(text: str, hiding: Hiding) -> str:
    """The text marked as not seen; marks in it give way."""
    return f"{_BEGIN[hiding]}{_MARK.sub('', text)}{_END}" if text.strip() else text


def marks_of(hiding: Hiding) -> tuple[str, str]:
    """The characters before and after what is not seen, for a reader that writes them itself."""
    return _BEGIN[hiding], _END


def without_marks(text: str) -> str:
    """The text with what is hidden in it, unmarked."""
    return _MARK.sub("", text)


def shown(text: str) -> str:
    """The text without what is hidden in it."""
    return _MARK.sub("", _MARKED.sub("", text))


def hidden_page(page: Page, hiding: Hiding) -> Page:
    """The whole page as not seen."""
    headings = tuple(replace(heading, start=heading.start + 1) for heading in page.headings)
    return replace(page, text=hide(page.text, hiding), headings=headings) if page.text.strip() else page


def places(text: str) -> list[int]:
    """For every offset in `text`, its end too, the offset in the text without marks."""
    found, count = [], 0
    for character in text:
        found.append(count)
        count += not _MARK.match(character)
    return [*found, count]


def stretches(text: str) -> Iterator[Stretch]:
    """What is marked in `text`, as stretches of it without marks; a mark that is not closed reaches to the end."""
    removed, begun = 0, None
    for mark in _MARK.finditer(text):
        place = mark.start() - removed
        removed += 1
        if begun is not None and place > begun[0]:
            yield Stretch(begun[0], place, begun[1])
        begun = (place, _HIDINGS[mark[0]]) if mark[0] in _HIDINGS else None
    if begun is not None and len(text) - removed > begun[0]:
        yield Stretch(begun[0], len(text) - removed, begun[1])
