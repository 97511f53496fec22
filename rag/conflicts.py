"""Lines of other documents that say otherwise than the line on which an answer rests. Pure functions.

Two lines speak of the same when the second holds every word of the question that the first holds, and most of its other
words; they contradict each other when each has a number or a name that the other lacks, or when all that differs is a
"not".
"""

from collections.abc import Callable, Mapping, Sequence

from rag import sentences
from rag.denials import denies
from rag.evidence import Line, in_context
from rag.kinds import kinds_of_numbers
from rag.numerals import numbers
from rag.phrases import ENGLISH, Phrases
from rag.quotations import quotation
from rag.support import names
from rag.terms import terms
from rag.types import Citation, Hit

_NEAR = 0.2  # of the best line's score: how much further from the question another may be
_SAME = 0.5  # share of the words, without numbers and names, that both have
_ALIKE = 0.75  # the same where neither number nor name was told, only other words
_REPEATED = 0.6  # share of the words of an answer, in the line that it repeats
_AT_MOST = 2  # documents that are told of


def contradictions(question: str, text: str, lines: Sequence[Line], hits: Sequence[Hit]) -> list[Line]:
    """Of each other document, its nearest line that contradicts the one that `text`, an answer, repeats; at most two.

    Args:
        lines: of all `hits`, the nearest to the question first.
    """
    asked = _words(question)
    by_value = _nearest(lines, _values(text) - asked, _values)
    best, said, values = by_value or _nearest(lines, _words(text) - asked, _words) or (None, set[str](), _values)
    if best is None:
        return list(_denying(text, lines, hits).values())[:_AT_MOST]
    told, variable = values(text), _values(best.reading) if by_value else said
    own, found = _document(best, hits), dict[str, Line]()
    for line in lines:
        document = _document(line, hits)
        if document == own or document in found or line.score < best.score - _NEAR:
            continue
        if by_value and not _are_comparable(text, line.reading):
            continue
        same = _shared(best, line, asked, variable, hits) >= (_SAME if by_value else _ALIKE)
        if same and _differ(said, values(line.reading) - asked, told):
            found[document] = line
    return list((found | _denying(text, lines, hits)).values())[:_AT_MOST]


def _denying(text: str, lines: Sequence[Line], hits: Sequence[Hit]) -> dict[str, Line]:
    """Of each other document, its nearest line that denies what the line says that an answer repeats, or reversed."""
    best = next((line for part in sentences.split(text) for line in lines if _repeats(part.text, line)), None)
    found: dict[str, Line] = {}
    if best is None:
        return found
    words, denied, own = _words(best.reading), denies(best.reading), _document(best, hits)
    for line in lines:
        document, other = _document(line, hits), _words(line.reading)
        is_same = len(words & other) >= _ALIKE * len(words | other) and line.score >= best.score - _NEAR
        if document != own and is_same and denies(line.reading) is (not denied) and not _is_told(line, text):
            found.setdefault(document, line)
    return found


def _repeats(sentence: str, line: Line) -> bool:
    said = _words(sentence)
    is_held = 0 < _REPEATED * len(said) <= len(said & _words(line.reading))
    return is_held and denies(sentence) is not None and denies(sentence) is denies(line.reading)


def _is_told(line: Line, text: str) -> bool:
    """Whether a sentence of an answer says what a line says."""
    words, told = _words(line.reading), (part.text for part in sentences.split(text))
    return any(
        denies(part) is denies(line.reading) and len(words & _words(part)) >= _ALIKE * len(words) for part in told
    )


def told(
    text: str,
    cited: Sequence[Citation],
    others: Sequence[Line],
    hits: Sequence[Hit],
    dates: Mapping[str, str],
    phrases: Phrases = ENGLISH,
) -> tuple[str, tuple[Citation, ...]]:
    """An answer, and its citations, with what contradicts it.

    Args:
        others: of `contradictions`.
        dates: when each document (id) was added; they are told where they differ.
    """
    found = {citation.number: citation for citation in cited}
    days = {dates.get(hit.chunk.document_id, "") for hit in hits if hit.chunk.document_id in dates}
    parts = [text]
    for line in others:
        hit = hits[line.number - 1]
        day = dates.get(hit.chunk.document_id, "")  # a document may be removed meanwhile
        added = phrases.added.format(day=day) if len(days) > 1 and day else ""
        parts.append(f"{phrases.otherwise.format(added=added)}{quotation(line.reading)} [{line.number}]")
        marks = {*(found[line.number].marks if line.number in found else ()), line.span}
        found[line.number] = Citation(line.number, hit, tuple(sorted(marks, key=lambda mark: mark.start)))
    return "\n\n".join(parts), tuple(found[number] for number in sorted(found))


def _document(line: Line, hits: Sequence[Hit]) -> str:
    return hits[line.number - 1].chunk.document_id


def _nearest(
    lines: Sequence[Line], told: set[str], values: Callable[[str], set[str]]
) -> tuple[Line, set[str], Callable[[str], set[str]]] | None:
    """The nearest line that holds values which were told, and those."""
    found = ((line, told & values(line.reading), values) for line in lines)
    return next((one for one in found if one[1]), None)


def _values(text: str) -> set[str]:
    return numbers(text) | {term for name in names(text) for term in terms(name, parts=True)}


def _words(text: str) -> set[str]:
    return set(terms(text, parts=True))


def _shared(best: Line, other: Line, asked: set[str], variable: set[str], hits: Sequence[Hit]) -> float:
    """Share of the best line's words, but the variable ones, that the other holds; 0 where it lacks one of `asked`."""
    words, held = (_words(in_context(hits[line.number - 1].chunk, line)) for line in (best, other))
    frame = words - variable - asked
    if not words & asked <= held:
        return 0.0
    return len(frame & held) / len(frame) if frame else 1.0


def _differ(said: set[str], other: set[str], told: set[str]) -> bool:
    """Whether a value was said that the other line lacks, and it has another of that kind, which was not told too."""
    missing, new = said - other, other - told
    return bool(missing and new) and _has_digit(missing) <= _has_digit(new)


def _are_comparable(text: str, other: str) -> bool:
    """Whether numbers of both may be of one kind: a time of day contradicts no date."""
    said, held = kinds_of_numbers(text), kinds_of_numbers(other)
    return not said or not held or bool(said & held) or "other" in said | held


def _has_digit(values: set[str]) -> bool:
    return any(character.isdigit() for value in values for character in value)
