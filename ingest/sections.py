"""Cuts a page at its headings."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile

from rag.types import Heading, Page

_HEADING_LINES = re.compile(r"[^\n]*\n(?:[^\w\n]*\n)*")


@dataclass(frozen=True)
class Section:
    """A stretch of a page under one path of headings.

    Attributes:
        body: where the text under its heading lines starts; `end` where there is none.
        tokens: about how many the stretch has.
        parts: where the sections begin that were joined to it, with their paths; () while it is one.
    """

    start: int
    body: int
    end: int
    path: tuple[str, ...]
    tokens: int
    parts: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def bare(self) -> bool:
        """Whether there is nothing under the heading."""
        return self.body == self.end

    def joined(self, following: "Section") -> "Section":
        """Both as one, under the headings that both share; a bare heading takes the path of what follows it."""
        tokens = self.tokens + following.tokens
        if self.bare:
            return Section(self.start, following.body, following.end, following.path, tokens, following.parts)
        path = self.path if following.bare else _shared(self.path, following.path)
        parts = (self.parts or ((self.start, self.path),)) + (following.parts or ((following.start, following.path),))
        return Section(self.start, self.body, following.end, path, tokens, parts)


def sections_of(page: Page, above: tuple[Heading, ...], title: str, measure: Callable[[str], int]) -> list[Section]:
    """The page cut at its headings; what stands before the first belongs to the headings of the pages before.

    Args:
        title: an outermost heading that only repeats it is left out; "" keeps every one.
    """
    cuts = [heading.start for heading in page.headings]
    found = []
    if (cuts[0] if cuts else len(page.text)) > 0:
        end = cuts[0] if cuts else len(page.text)
        found.append(Section(0, 0, end, _path(above, title), measure(page.text[:end])))
    for index, heading in enumerate(page.headings):
        above = in_force((*above, heading))
        end = cuts[index + 1] if index + 1 < len(cuts) else len(page.text)
        body = _body(page.text, heading, end)
        found.append(Section(heading.start, body, end, _path(above, title), measure(page.text[heading.start : end])))
    return [section for section in found if section.tokens or page.text[section.start : section.end].strip()]


def _body(text: str, heading: Heading, end: int) -> int:
    """Where the text under a heading begins: after its lines, a line drawn under them, and empty lines."""
    words = r"\s+".join(map(re.escape, heading.text.split()))
    whole = re.compile(words).match(text, heading.start, end)
    match = _HEADING_LINES.match(text, max(heading.start, whole.end() if whole else 0), end)
    return match.end() if match and re.search(r"\w", text[match.end() : end]) else end


def in_force(headings: Iterable[Heading]) -> tuple[Heading, ...]:
    """Those that stand above what follows: each of a higher level than the one after it."""
    path: list[Heading] = []
    for heading in headings:
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
    return tuple(path)


def _path(headings: tuple[Heading, ...], title: str) -> tuple[str, ...]:
    """The texts of the headings; the first is left out where it only repeats the title."""
    texts = tuple(" ".join(heading.text.split()) for heading in headings)
    return texts[1:] if title and texts and texts[0].casefold() == title.casefold() else texts


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    common = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(pair[0] for pair in common)
