"""Parts of documents that an overview is asked of: "page 3 of the manual", "section 4.2". Pure functions."""

import re
from dataclasses import dataclass

from rag.types import JOINT, Chunk

_OF = r"(?:\s+(?:of|in|from|von|vom|aus|im|des|der)\s+(?P<rest>.+))?"
_BEFORE = r"(?:(?P<rest>.+?)[,\s]+(?:on\s+|at\s+|auf\s+)?)?"
_THE = r"(?:(?:the|der|die|den|dem)\s+)?"
_PAGE = (
    _THE + r"(?:pages?|pp?\.|slides?|seiten?|folien?)\s*(?P<first>\d{1,5})"
    r"(?:\s*(?P<to>-|\u2013|to|bis|,|and|und|&)\s*(?P<last>\d{1,5}))?"
)
_NUMBER = r"\d{1,3}(?:\.\d{1,3})*"
_SECTION = (
    _THE + rf"(?:chapters?|sections?|clauses?|articles?|kapitel|abschnitte?|artikel|§§?)\s*(?P<first>{_NUMBER})"
    rf"(?P<section>)(?:\s*(?P<to>-|\u2013|to|bis|,|and|und|&)\s*(?P<last>{_NUMBER}))?"
)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        _PAGE + _OF,
        _SECTION + _OF,
        _BEFORE + _PAGE,
        _BEFORE + _SECTION,
        r"(?P<rest>.*?)的?第\s*(?P<first>\d{1,5})(?:\s*(?P<to>[-\u2013到至和])\s*第?(?P<last>\d{1,5}))?\s*页",
        rf"(?P<rest>.*?)的?第\s*(?P<first>{_NUMBER})(?P<section>)(?P<to>)(?P<last>)\s*[章节条]",
    )
)
_LIST = frozenset({",", "and", "und", "&", "和"})
_HEADED = re.compile(  # "4.2 Warranty", "Chapter 4: Care", "第4章"; not "4 hours", "24/7" or "3D"
    rf"(?:(?:chapter|section|clause|article|kapitel|abschnitt|artikel|§)\s*(?P<named>{_NUMBER})(?!\w)"
    rf"|第\s*(?P<chinese>{_NUMBER})\s*[章节条]"
    rf"|(?P<bare>{_NUMBER})(?:[.:)]?\s+(?=(?-i:[A-ZÄÖÜ\u4e00-\u9fff(]))|[.:)]?$))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """Some pages, or the sections of some numbers."""

    pages: frozenset[int] = frozenset()
    sections: frozenset[str] = frozenset()

    def holds(self, chunk: Chunk) -> bool:
        """Whether a passage, or what is joined in it, is of the part."""
        if self.pages:
            return chunk.page in self.pages
        return any(map(self.heads, (chunk.heading, *(path for _, path in chunk.sections))))

    def heads(self, path: str) -> bool:
        """Whether what stands under this path of headings, on a page that it holds, is of the part."""
        numbers = [_number(heading) for heading in path.split(JOINT)]
        return not self.sections or any(
            number == section or number.startswith(f"{section}.") for number in numbers for section in self.sections
        )


def named(subject: str) -> tuple[Part | None, str]:
    """The part that the subject of an overview names, and what it is of; None and the subject where it names none."""
    found = next((match for pattern in _NAMED if (match := pattern.fullmatch(subject))), None)
    if found is None:
        return None, subject
    rest, first, last = (found["rest"] or "").strip(), found["first"], found["last"] or found["first"]
    is_list = found["to"] is not None and found["to"].lower() in _LIST
    if "section" in found.groupdict():
        (above, begin), (above_last, end) = (number.rpartition(".")[::2] for number in (first, last))
        is_range = not is_list and above == above_last and int(begin) <= int(end)
        numbers = [f"{above}.{number}".lstrip(".") for number in _all(begin, end)] if is_range else (first, last)
        return Part(sections=frozenset(numbers)), rest
    return Part(pages=frozenset(map(int, {first, last} if is_list else _all(first, last)))), rest


def _all(first: str, last: str) -> list[str]:
    begin, end = sorted((int(first), int(last)))
    return [str(number) for number in range(begin, end + 1)]


def _number(heading: str) -> str:
    found = _HEADED.match(heading)
    return next(filter(None, found.groups()), "") if found else ""
