"""Questions for an overview: of a document, of all of them, of a matter that they treat. Pure functions.

"Summarise the manual" asks for no fact: no line answers it, and the passages that are nearest to its words are any.
What stands for a whole document is its beginning and, of each stretch of it, the passage nearest to the middle of that
stretch (sentences nearest to the centroid: Radev et al. 2004, https://doi.org/10.1016/j.ipm.2003.10.006).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby

import numpy as np

from rag import sentences
from rag.embedders import Vectors
from rag.evidence import Line
from rag.terms import UNSPACED, is_unspaced, terms
from rag.types import Hit

_WHAT = r"(?:summary|overview|outline|abstract|synopsis|gist|recap|rundown)"
_POLITE = r"(?:please\s+|(?:can|could|would|will)\s+you\s+(?:please\s+)?|i(?:'d like| want| need)\s+)?"
_SIZE = r"(?:(?:short|brief|quick|concise|general|high-level|rough|one-paragraph)\s+)?"
_OF = r"(?:\s+(?:of|on|about|for)\s+(?P<subject>.+))?"
_MAIN = r"(?:(?:main|key|most important|major|central|essential)\s+)"
_POINTS = r"(?:points|ideas|topics|takeaways|messages|findings|contents?|subjects|themes)"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_POLITE}(?:summari[sz]e|sum\s+up|outline|recap)(?:\s+(?:for me\s+)?(?P<subject>.+))?",
        rf"{_POLITE}sum\s+(?P<subject>.+)\s+up",
        rf"{_POLITE}(?:(?:give|write|make|show)\s+(?:me\s+|us\s+)?)?(?:(?:a|an|the)\s+)?{_SIZE}{_WHAT}{_OF}",
        rf"(?:what\s+(?:is|are)|what's)\s+(?:the\s+)?{_MAIN}{_POINTS}(?:\s+(?:of|in|from)\s+(?P<subject>.+))?",
        rf"{_POLITE}(?:list\s+|give\s+(?:me\s+)?)?(?:the\s+)?{_MAIN}{_POINTS}(?:\s+(?:of|in|from)\s+(?P<subject>.+))?",
        r"(?:what\s+(?:is|are)|what's)\s+(?P<subject>.+?)\s+(?:all\s+)?about",
        r"what\s+do(?:es)?\s+(?P<subject>.+?)\s+(?:say|contain|cover|deal with|describe|talk about)",
        r"what\s+(?:is|stands)\s+in\s+(?P<subject>.+)",
        r"tl;?dr(?:\s+(?:of\s+)?(?P<subject>.+))?",
        r"(?:bitte\s+)?fass(?:e|en\s+sie)?\s+(?:mir\s+)?(?:bitte\s+)?(?P<subject>.+?)\s+(?:kurz\s+)?zusammen",
        r"(?:(?:gib|geben\s+sie)\s+(?:mir\s+)?)?(?:eine?n?\s+)?(?:kurzen?\s+)?(?:zusammenfassung|überblick)"
        r"(?:\s+(?:über|von|zu[mr]?|des|der)\s+(?P<subject>.+))?",
        r"worum\s+geht\s+es\s+(?:in|bei)\s+(?P<subject>.+)",
        r"wovon\s+handel[nt]+\s+(?P<subject>.+)",
        r"was\s+steht\s+in\s+(?P<subject>.+)",
        r"请?(?:帮我)?(?:简要|简单)?(?:总结|概括|概述|归纳)(?:一下)?(?P<subject>.*)",
        r"(?P<subject>.+?)的?(?:主要内容|内容概要|摘要|概要|大意)(?:是什么|有哪些)?",
        r"(?P<subject>.+?)(?:主要)?(?:讲|说|写)(?:了|的是)什么(?:内容)?",
    )
)
_LEAD_IN = re.compile(  # of a subject; it tells no matter from another
    rf"(?:the\s+)?(?:{_MAIN}?{_POINTS}|rules?|steps?|details?|information|facts?|sections?|chapters?|polic(?:y|ies))"
    r"\s+(?:of|in|from|for|on|about|regarding)\s+",
    re.IGNORECASE,
)
_ANY = frozenset(  # words for documents of any name
    terms(
        "document documents file files text texts paper papers report reports page pages book article letter pdf pdfs "
        "library collection contents content uploads upload uploaded everything all whole entire knowledge base "
        "dokument dokumente dokumenten dokuments datei dateien text bericht alles ganze ganzen diese dieses diesem "
        "dieser das die der den dem meine meinen unterlagen"
    )
)
# Forms that ask for a fact unless their subject is a document: "What does the warranty cover?" is no such question.
_OF_DOCUMENTS = re.compile(rf"what(?!(?:'s|\s+(?:is|are))\s+(?:the\s+)?{_MAIN})|was steht|worum|wovon", re.IGNORECASE)
_DOCUMENTS = _ANY | set(  # and words that are part of their names
    terms(
        "handbook manual policy guide guideline instructions notes minutes contract agreement faq plan specification "
        "presentation slides sheet spreadsheet brochure leaflet thesis study newsletter handbuch anleitung richtlinie "
        "vertrag protokoll leitfaden broschüre"
    )
)
_ANY_CHINESE = re.compile(r"(?:这|那|此|该|本|份|篇|个|些|我|们|的|所|有|全|部|文|档|件|章|资|料|书|库)*")
_ALL = "every each both one das die der den dem des ein eine einen diese dieses diesem dieser the"
_SMALL = frozenset(terms(_ALL))  # of a subject; they name nothing
_BACK = re.compile(r"(?:it|that|this|these|those|them|him|her|das|dies|es|这|那|它)", re.IGNORECASE)
_LEANING = re.compile(r"\b(?:its?|that|those|they|them|their)\b", re.IGNORECASE)
_ABOUT_WHAT = re.compile(r"^(?:and\s+|but\s+|so\s+)?(?:what|how)\s+about\s+", re.IGNORECASE)
_SIGNS = " ?.!。？！"  # at the end of a question
_SEPARATORS = re.compile(r"[\W_]+")
_HELD, _NEAR = 0.7, 0.35  # share of its words, and cosine of its nearest line, from which a passage treats a matter
_ABOUT = 0.7  # of the score of the nearest line, from which another is of the same matter
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


def subject(question: str) -> str | None:
    """What an overview is asked of, "" where nothing is named; None of other questions."""
    asked = _asked(question)
    return None if asked is None else _LEAD_IN.sub("", _named(asked).strip(f"\"“”'{_SIGNS}"))


def whole(question: str, before: str) -> str | None:
    """A question for an overview that follows another question, as it is understood alone; None of all others.

    One that only points back is of what was asked before.
    """
    asked = _asked(question)
    if asked is None:
        return None
    if not _BACK.fullmatch(_named(asked)):
        names = may_be_of_matter(question) or _words(_named(asked)) & _DOCUMENTS
        return question if names and not _LEANING.search(_named(asked)) else None
    meant = _ABOUT_WHAT.sub("", subject(before) or before).rstrip(_SIGNS)
    start, end = asked.span("subject")
    return f"{asked.string[:start]}“{meant}”{asked.string[end:]}"


def _asked(question: str) -> re.Match[str] | None:
    text = " ".join(question.split()).rstrip(_SIGNS)
    return next((found for pattern in _ASKED if (found := pattern.fullmatch(text))), None)


def _named(asked: re.Match[str]) -> str:
    return (asked.groupdict().get("subject") or "").strip()


def may_be_of_matter(question: str) -> bool:
    """Whether it is a question for an overview also where no document is called like its subject."""
    return not _OF_DOCUMENTS.match(question.strip())


def documents(question: str, asked: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Those of the documents that are asked (ids and names) which an overview is asked of.

    They are those whose name holds every word of the subject, or all where it means any document; words such as
    "report" count where a name holds them.
    """
    about = subject(question)
    if about is None:
        return ()
    words = _words(about) - _SMALL
    if may_be_of_matter(question) or words & _DOCUMENTS:
        held = {document: _words(name) for document, name in asked}
        for wanted in (words, words - _ANY):
            if wanted and (found := tuple(document for document, names in held.items() if wanted <= names)):
                return found
    is_any = _BACK.fullmatch(about) or _ANY_CHINESE.fullmatch(about) or not words - _ANY
    return tuple(document for document, _ in asked) if is_any else ()


def _words(text: str) -> set[str]:
    return set(terms(_SEPARATORS.sub(" ", text)))


def treats(hits: Sequence[Hit], *, by_meaning: bool) -> bool:
    """Whether documents treat the matter that these hits were found for, the best first.

    Args:
        by_meaning: the embedding model can read the matter, so that cosines tell something.
    """
    return bool(hits) and hits[0].words >= _HELD and (hits[0].line >= _NEAR or not by_meaning)


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
    for rows in np.array_split(np.arange(first + 1, len(vectors)), count - 1) if count > 1 else ():
        if len(rows):
            nearness = vectors[rows] @ vectors[rows].mean(axis=0) - 2 * ~np.asarray(full)[rows]
            chosen.add(int(rows[np.argmax(nearness)]))
    return sorted(chosen)


def has_sentence(text: str) -> bool:
    """Whether a text holds a full sentence."""
    return any(_is_full(one.text) and not _LEANS.match(one.text) for one in sentences.split(text))


def told(of: Overview, lines: Sequence[Line]) -> list[Line]:
    """The lines that an overview is made of, in the order of the text.

    Args:
        lines: of all passages, with their vectors, the nearest first.
    """
    if not lines:
        return []
    found = _once(_telling(lines) if of is Overview.DOCUMENTS else _nearest(lines))
    return sorted(found, key=lambda line: (line.number, line.span.start))


def lead(of: Overview, lines: Sequence[Line]) -> Line:
    """The one line that stands for a document, of lines as `told` takes them."""
    if of is Overview.MATTER:
        return next((line for line in lines if _is_full(line.text)), lines[0])
    return max(_telling(lines, count=1), key=lambda line: -line.number)


def _nearest(lines: Sequence[Line]) -> list[Line]:
    near = [line for line in lines if line.score >= _ABOUT * lines[0].score]
    return _once([line for line in near if _is_full(line.text)] or near)[:_LINES]


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
    return list({line.reading: line for line in reversed(list(lines))}.values())[::-1]


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
    bare = _ITEM.sub("", text).strip("*_`\"“”'‘’()[] ")
    begins = bare[:1].isupper() or bare[:1].isdigit() or is_unspaced(bare[:1])
    many = _FEW_WORDS <= len(bare.split()) + len(_PAIR.findall(bare)) <= _MANY_WORDS
    return begins and many and bare[-1:] in ".!?。！？" and not _MARKUP.search(bare)
