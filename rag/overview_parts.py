"""Parts of documents that an overview is asked of: "page 3 of the manual", "section 4.2". Pure functions."""

import re
from dataclasses import dataclass

from rag.types import JOINT, Chunk

_OF = r"(?:\s+(?:of|in|from|von|vom|aus|im|des|der)\s+(?P<rest>.+))?"
_BEFORE = r"(?:(?P<rest>.+?)[,\s]+(?:on\s+|at\s+)?)?"
_TO = r"(?:-|\u2013|to|and|bis|und)"
_PAGE = (
    r"(?:the\s+)?(?:pages?|pp?\.|slides?|seiten?|folien?)\s*(?P<first>\d{1,5})"
    rf"(?:\s*{_TO}\s*(?P<last>\d{{1,5}}))?"
)
_SECTION = r"(?:the\s+)?(?:chapter|section|clause|paragraph|kapitel|abschnitt|§)\s*(?P<section>\d{1,3}(?:\.\d{1,3})*)"
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        _PAGE + _OF,
        _SECTION + _OF,
        _BEFORE + _PAGE,
        _BEFORE + _SECTION,
        r"(?P<rest>.*?)的?第\s*(?P<first>\d{1,5})(?:\s*[-\u2013到至]\s*第?(?P<last>\d{1,5}))?\s*页",
        r"(?P<rest>.*?)的?第\s*(?P<section>\d{1,3}(?:\.\d{1,3})*)\s*[章节条]",
    )
)
_HEADED = re.compile(  # "4.2 Warranty", "Chapter 4: Care", "第4章"
    r"(?:chapter|section|clause|kapitel|abschnitt|§|第)?\s*(?P<section>\d{1,3}(?:\.\d{1,3})*)(?![\d%])", re.IGNORECASE
)


@dataclass(frozen=True)
class Part:
    """Some pages, or the section of a number."""

    pages: range = range(0)
    section: str = ""

    def holds(self, chunk: Chunk) -> bool:
        """Whether a passage is of it."""
        if not self.section:
            return chunk.page in self.pages
        paths = [chunk.heading, *(path for _, path in chunk.sections)]
        return any(_number(heading) == self.section for path in paths for heading in path.split(JOINT))


def named(subject: str) -> tuple[Part | None, str]:
    """The part that the subject of an overview names, and what it is of; None and the subject where it names none."""
    found = next((match for pattern in _NAMED if (match := pattern.fullmatch(subject))), None)
    if found is None:
        return None, subject
    groups = found.groupdict()
    rest = (groups["rest"] or "").strip()
    if section := groups.get("section"):
        return Part(section=section), rest
    first = int(groups["first"])
    return Part(pages=range(first, int(groups["last"] or first) + 1)), rest


def _number(heading: str) -> str:
    found = _HEADED.match(heading)
    return found["section"] if found else ""
