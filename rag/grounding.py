"""From what a generator wrote to an answer whose sentences carry footnotes; none where no passage bears it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag import citations, conflicts, faults, kinds
from rag.evidence import Line, quoted
from rag.phrases import ENGLISH, Phrases
from rag.retriever import Retriever
from rag.types import JOINT, Citation, Finish, Hit
from rag.yes_or_no import asks_yes_or_no

_NUMBERED = re.compile(r"^(?:\d+\.)*\d*[.)]?\s+(?=\S)")  # of a heading: "2. What is not covered"


@dataclass(frozen=True)
class Basis:
    """What an answer was written from.

    Attributes:
        question: as it was searched.
        asked: as it was asked.
        hits: the best first; the first `read` of them were read.
        evidence: lines of all of them, nearest first.
        is_sure: the nearest line surely answers: it is quoted where no passage bears what was written.
        phrases: of the language of the answer.
    """

    question: str
    asked: str
    hits: tuple[Hit, ...]
    read: int
    evidence: tuple[Line, ...]
    is_sure: bool
    phrases: Phrases = ENGLISH


@dataclass(frozen=True)
class Grounded:
    """An answer with its footnotes, numbered as they are met.

    Attributes:
        used: the passages in the order of their numbers: those that were read or are cited.
        left: the others.
        finish: how it ends; what is quoted in place of an answer that was cut is whole.
    """

    text: str
    citations: tuple[Citation, ...]
    used: tuple[Hit, ...]
    left: tuple[Hit, ...]
    finish: Finish


def grounded(written: str, finish: Finish, basis: Basis, retriever: Retriever) -> Grounded | None:
    """The answer that is made of what was written; None where no passage bears any of it."""
    question, hits = basis.question, basis.hits
    if finish is Finish.COMPLETE:
        written = _mended(written, basis)
    written = citations.without_question(citations.without_question(written, question), basis.asked)
    written = citations.without_false_yes(written, question)
    if finish in (Finish.COMPLETE, Finish.LENGTH) and _is_wrong(citations.strip(written), basis):
        written, finish = _quotation(basis.evidence[:1]) if basis.is_sure else "", Finish.COMPLETE
        if not written or _is_wrong(citations.strip(written), basis):
            return None
    whole, half = citations.whole_and_half(written) if finish is Finish.STOPPED else (written, "")
    text, found = _cited(whole, basis, retriever.support(basis.evidence, hits))
    if not found and finish in (Finish.COMPLETE, Finish.LENGTH):
        if not basis.is_sure:
            return None
        text, found = _cited(_quotation(basis.evidence), basis)
        finish = Finish.COMPLETE
    elif finish is Finish.COMPLETE and asks_yes_or_no(question) and citations.is_all_in_doubt(text):
        text, found = _cited(_quotation(basis.evidence), basis)  # a doubtful yes or no is worse than what is written
    if finish is Finish.COMPLETE:
        others = conflicts.contradictions(question, text, basis.evidence, hits)
        dates = retriever.dates({hit.chunk.document_id for hit in hits} if others else ())
        text, found = conflicts.told(text, found, others, hits, dates, basis.phrases)
    text += f"{whole[len(whole.rstrip()) :] or ' ' * bool(text)}{half} …" if half else ""
    return _numbered(text, found, basis, finish)


def fallback(basis: Basis) -> Grounded:
    """The nearest lines in place of an answer that the generator did not write to its end; there has to be one."""
    text, found = _cited(_quotation(basis.evidence), basis)
    return _numbered(text, found, basis, Finish.BROKEN)


def _quotation(evidence: Sequence[Line]) -> str:
    """The lines that are quoted, with the numbers of their passages."""
    told = ((" ".join(map(_under_its_heading, lines)), lines[0].number) for lines in quoted(evidence))
    return "\n".join(f"{citations.strip(text)} [{number}]" for text, number in told)  # numbers of the document are none


def _under_its_heading(line: Line) -> str:
    """A line as it is read; a part of a sentence, as of a list, after what stands over it: "Not covered: wear"."""
    heading = _NUMBERED.sub("", line.heading.rsplit(JOINT, 1)[-1]).strip(" :")
    is_part = line.begins and line.reading[:1].islower() and not line.is_row
    return f"{heading}: {line.reading}" if is_part and heading else line.reading


def _mended(written: str, basis: Basis) -> str:
    """What was written, or the lines themselves where a small generator makes of them what nobody can use."""
    told = citations.strip(written)
    if rows := faults.rows_untold(basis.question, told, basis.evidence):
        return "\n".join(f"- {citations.strip(row.reading)} [{row.number}]" for row in rows)
    is_of_no_use = citations.says_nothing(written, basis.question)
    is_of_no_use |= faults.denies_another(basis.question, told, basis.evidence)
    return _quotation(basis.evidence) if is_of_no_use else written


def _is_wrong(text: str, basis: Basis) -> bool:
    """Whether it can be no answer by its kind."""
    return kinds.is_of_another_kind(basis.question, text) or kinds.is_of_somebody_else(
        basis.question, text, basis.hits[: basis.read]
    )


def _cited(text: str, basis: Basis, bears: citations.Bears | None = None) -> tuple[str, tuple[Citation, ...]]:
    default = basis.evidence[0].number if basis.evidence else 1
    return citations.cite(text, basis.hits, default=default, question=basis.question, bears=bears)


def _numbered(text: str, found: Sequence[Citation], basis: Basis, finish: Finish) -> Grounded:
    text, order = citations.in_reading_order(text, len(basis.hits))
    renumbered = (replace(citation, number=order.index(citation.number) + 1) for citation in found)
    cited = tuple(sorted(renumbered, key=lambda citation: citation.number))
    used = (*range(1, basis.read + 1), *(citation.number for citation in found))
    last = 1 + max(map(order.index, used))  # what was neither read nor cited comes after it
    hits = tuple(basis.hits[number - 1] for number in order)
    return Grounded(text, cited, hits[:last], hits[last:], finish)
