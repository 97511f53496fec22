"""Evidence: the lines of the passages that are nearest to the question.

A small generator reads a passage well but picks the wrong line of it; the embedding picks well but writes nothing. So
the embedding picks the line, and the generator writes the answer from it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import nan
from types import MappingProxyType

import numpy as np

from rag.embedders import Embedder, Vectors
from rag.periods import is_of_time, names_a_date
from rag.readings import CELLS, ITEM, MARK, Reading, readings
from rag.terms import is_unspaced, terms
from rag.types import JOINT, Chunk, Hit, Span

_MARKDOWN_HEADING = re.compile(r"^#{1,6} ")
_BREAK = re.compile(rf"\n\s*\n\s*$|(?:^|\n)\s*{MARK}\s*$")
_LETTER = re.compile(r"[^\W\d_]")
_FACT = re.compile(  # of a heading: "Notice period: 3 months", "Raised to 285 EUR"; not "Part 2: 5 ways to save"
    r":\s+(?:[^\W\d_]+\s+){0,2}(?:\d[\d.,]*|two|three|four|six)\s?(?:%|(?:minute|hour|day|night|week|month|year|metre|meter"
    r"|person|people|Minute|Stunde|Tag|Nacht|Woche|Monat|Jahr|Person)\w{0,2}\b|(?:km|cm|mm|m|kg|g|l|kW|kWh|V|W)\b)"
    r"|[€$£]\s?\d|\d\s?(?:[€$£]|(?:EUR|USD|GBP|CHF)\b)"
)
_WROTE = re.compile(  # over what an e-mail quotes of the one before
    r"(?:>[ \t]*)*(?:On|Am|Le)\b(?=[^:]*\d)(?:[^:]|\d:\d){6,120}\b(?:wrote|schrieb\b.{0,80}|a écrit) ?:", re.DOTALL
)
_WORD_WEIGHT = 0.5  # of the share of the question's words, beside the cosine (docs/evaluation.md)
_ABOUT = 0.03  # lines whose score is so little below the best may answer as well
_CHOSEN = 3
_QUOTED = 2
_CELL = re.compile(r"(?:^|; )[^:;]+: ")  # the name of one
_ASKING = frozenset(  # words that tell no row from another: after "how", and those of German questions
    terms(
        "much many long often far wie viel viele lange oft weit hoch was wer wo wann welche welcher ist sind gibt "
        "der die das den dem des ein eine einen einem einer für von vom im in am an zu zum zur ich wir man mein meine"
    )
)
_ALIKE, _ALIKE_AT_MOST, _ROWS = 0.06, 0.08, 8  # rows of a table that are so little below one, and how many count
_STEP = re.compile(r"(?:^|\n)\s*(\d{1,2})[.)]\s*$")  # before the text of a step
_GOES_ON = re.compile(r"^(but|however|otherwise|only|except)\b|\b(it|they|them|this|these|those)\b", re.IGNORECASE)
_CONDITION = re.compile(r"\b(if|unless|wenn|falls)\b|如果|倘若", re.IGNORECASE)
_PASSAGE_WEIGHT = 0.1  # what the score of its passage counts
_OTHERS = 3  # index of the line whose score the nearest is compared with; a fact seldom stands in more than three
_ENTRY = 0.15  # off for an entry of a table of contents
_CONTENTS = re.compile(r"(?:table of )?contents|index|inhalt(?:sverzeichnis|sübersicht)?|目\s*[录次]", re.IGNORECASE)
_PAGE = re.compile(r"\s{2,}(\d{1,4})$")
_ENTRIES, _FIRST = 5, 10  # lines with rising numbers at their ends, the first so low, that make a table of contents
_LEADERS = re.compile(r"(?:[.…]\s?){4,}\s*\d{1,4}$")
_FAR = 0.3  # about the score of a line that has nothing to do with the question
_LEAD_WEIGHT, _HELD_WEIGHT = 2.0, 0.6  # chosen with minimum_evidence (docs/evaluation.md)
_CODE = re.compile(  # E-14, RTX4090; not 4th, 20-year-old, pre-1990 or Q3
    r"(?<![\w-])(?!(?:pre|post|mid|early|late|since)-)(?!(?:Q[1-4]|H[12]|FY\d{2,4})(?![\w-]))"
    r"[^\W\d_]+(?:-?\d[^\W_]*|-[^\W\d_]+-?\d[^\W_]*)(?:-[^\W_]+)*",
    re.IGNORECASE,
)
_WRITTEN_CODE = re.compile(  # with a blank only after a capital: "a 10 percent discount" holds no A10
    r"(?<![\w-])(?:[^\W_]+-){0,3}?(?:[^\W\d_]+-?|[A-ZÄÖÜ][^\W\d_]*\s)\d[^\W_]*(?:-[^\W_]+)*"
)
_JOINTS = re.compile(r"[\s-]+")


@dataclass(frozen=True)
class Line:
    """A sentence or table row of a passage.

    Attributes:
        number: of the passage: `hits[number - 1]`.
        span: where it stands in the passage's text.
        text: the same on one line.
        reading: as it is to be understood: the cells of a table row are named by the head of their column.
        heading: the path of the headings above it.
        begins: whether a paragraph, list item or table row begins with it.
        score: cosine to the question (of a row also without the headings above it, where that is nearer), plus the
            weighted share of its words in the line and the headings above it, half of it counted with the line that
            goes on after it, plus the weighted score of its passage.
        vector: float32[dimension] of length 1, read with what stands over it; empty until it was compared.
        is_row: of a table, read with the one line that is the head of it.
        step: its number, where an item of a numbered list begins with it; else 0.
        is_heading: with a date or another fact; other headings are no lines.
        nearness: the score before a generator read the lines; not a number until it was compared.
    """

    number: int
    span: Span
    text: str
    reading: str
    heading: str
    begins: bool
    score: float
    vector: Vectors = field(default_factory=lambda: np.empty(0, np.float32), compare=False, repr=False)
    is_row: bool = False
    step: int = 0
    is_heading: bool = False
    nearness: float = field(default=nan, compare=False)


def nearest_lines(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    weights: Mapping[str, float],
    above: Mapping[int, str] = MappingProxyType({}),
) -> list[Line]:
    """The lines of the passages, nearest first.

    Headings are left out, but those with a fact ("Notice period: 3 months"), and those with a date ("Version 4.3,
    released 7 April 2026") where the question asks when, for the latest, or which one is of a period.

    Args:
        weights: what each term of the question counts; a rare one tells more than one that stands everywhere.
        above: what stands on the page before some of the hits, by their number.
    """
    is_dated, numbered = is_of_time(question), enumerate(hits, 1)
    lines = [line for number, hit in numbered for line in _lines(number, hit, above.get(number, ""), is_dated)]
    if not lines:
        return []
    texts = [in_context(hits[line.number - 1].chunk, line) for line in lines]
    vectors = embedder.encode_documents(texts)
    asked = embedder.encode_query(question)
    cosines = vectors @ asked
    if rows := [place for place, line in enumerate(lines) if line.is_row]:
        alone = embedder.encode_documents([lines[place].reading for place in rows]) @ asked
        cosines[rows] = np.maximum(cosines[rows], alone)
    entries = _entries(lines)
    found = []
    for place, (line, text, vector, cosine) in enumerate(zip(lines, texts, vectors, cosines, strict=True)):
        goes_on = _following(line, lines[place + 1 : place + 2])
        longer = f"{text} {goes_on.reading}" if goes_on else text
        words = (share(weights, text) + share(weights, longer)) / 2
        score = float(cosine) + _WORD_WEIGHT * words + _PASSAGE_WEIGHT * hits[line.number - 1].score
        score -= _ENTRY * (place in entries)
        found.append(replace(line, score=score, nearness=score, vector=vector))
    return sorted(found, key=lambda line: -line.score)


def certainty(lines: Sequence[Line], hits: Sequence[Hit]) -> float:
    """How surely the nearest line answers the question: 0 where there is none, about 1 to 3.

    It is the line's score, its lead over lines that only treat the same matter, and the question's words in its
    passage. Where a question has no answer, several lines are about as near (docs/evaluation.md).

    Args:
        lines: of all `hits`, the nearest first.
    """
    if not lines:
        return 0.0
    best = lines[0]
    others = lines[_OTHERS].score if len(lines) > _OTHERS else min(_FAR, lines[-1].score)
    return best.score + _LEAD_WEIGHT * (best.score - others) + _HELD_WEIGHT * hits[best.number - 1].words


def about(question: str, lines: Sequence[Line]) -> list[Line]:
    """The lines that are about as near as the nearest, each with the one after it in its paragraph, which may limit it.

    Where the question makes a condition, two lines after it: exceptions stand after the rule.

    Args:
        lines: of all passages, the nearest first.
    """
    near = _near(lines)
    return list(dict.fromkeys(line for first in near for line in (first, *_limits(question, first, lines))))


def choose(question: str, lines: Sequence[Line]) -> list[Line]:
    """The lines from which an answer is written: those that are about as near, and what belongs to them.

    With the row of a table go those that the question does not tell it from: "What is the notice period?" names no
    years of service.

    Args:
        lines: of all passages, the nearest first.
    """
    rows = alike(question, lines[0], lines) if lines else []
    return list(dict.fromkeys([*rows, *about(question, lines)]))


def _near(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines[:_CHOSEN] if line.score >= lines[0].score - _ABOUT]


def alike(question: str, line: Line, lines: Sequence[Line]) -> list[Line]:
    """The line and, where it is the row of a table, others of that which are as near, in their order.

    A row is told from another by a word of the question that stands in it alone. One that stands in no row may tell it
    by what it means ("grandmother" for "grandparent"): then only rows count that are nearer, or none where another
    word stands in its cells ("blinks quickly" for "blinking fast"). More than eight are no answer that can be read.
    Then the line is alone.
    """
    table = _table(line)
    told, asked = set(terms(line.reading, parts=True)), set(terms(question, parts=True)) - _ASKING
    rows = [
        other
        for other in lines
        if table
        and _table(other) == table
        and abs(other.nearness - line.nearness) <= _ALIKE_AT_MOST
        and not asked & told.difference(terms(other.reading, parts=True))
    ]
    is_named = asked & set(terms(_CELL.sub(" ", line.reading), parts=True))
    known = {term for row in rows for term in terms(f"{row.heading} {row.reading}", parts=True)}
    if not asked <= known and not is_unspaced(question):  # pairs of characters are no words
        rows = [] if is_named else [row for row in rows if abs(row.nearness - line.nearness) <= _ALIKE]
    return sorted(rows, key=lambda row: row.span.start) if line in rows and len(rows) <= _ROWS else [line]


def _table(line: Line) -> tuple[int, str, str] | None:
    """What tells rows of one table from those of others: the passage, the heading, the first column; None of no row."""
    return (line.number, line.heading, line.reading.partition(":")[0]) if line.is_row else None


def _limits(question: str, line: Line, lines: Sequence[Line]) -> list[Line]:
    """What goes on after a line, and may limit it."""
    return _after(line, lines, 2 if _CONDITION.search(question) else 1)


def _after(line: Line, lines: Sequence[Line], count: int) -> list[Line]:
    following = _following(line, lines) if count else None
    return [following, *_after(following, lines, count - 1)] if following else []


def narrow(hits: Sequence[Hit], lines: Sequence[Line], count: int) -> tuple[list[Hit], list[Line], list[Hit]]:
    """The `count` hits that hold the nearest lines, that of the nearest first, with their lines; and those left out."""
    kept = list(dict.fromkeys(line.number for line in lines))[:count]
    new = {number: place for place, number in enumerate(kept, 1)}
    return (
        [hits[number - 1] for number in kept],
        [replace(line, number=new[line.number]) for line in lines if line.number in new],
        [hit for number, hit in enumerate(hits, 1) if number not in new],
    )


def quoted(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """The nearest line as an answer of its own, and another that is as near.

    With a line goes the one after it that its colon announces, or that speaks of it.
    """
    found: list[tuple[Line, ...]] = []
    for line in lines[:_QUOTED]:
        is_told = any(line.reading == other.reading for told in found for other in told)
        if line.score >= lines[0].score - _ABOUT and not is_told:
            after = _following(line, lines)
            goes_on = after is not None and (line.reading.endswith(":") or _GOES_ON.search(after.reading))
            found.append((line, after) if after and goes_on else (line,))
    return found


def missing_codes(question: str, hits: Sequence[Hit]) -> list[str]:
    """Codes of the question ("E-27": letters with digits) that stand in no passage, nor as "E27" or "E 27"."""
    codes = {match.group().lower() for match in _CODE.finditer(question)}
    if not codes:
        return []
    texts = [f"{hit.chunk.label} {hit.chunk.context} {hit.chunk.text}" for hit in hits]
    held = {term for text in texts for term in terms(text, parts=True)}
    joined = {_JOINTS.sub("", match.group().lower()) for text in texts for match in _WRITTEN_CODE.finditer(text)}
    return sorted(code for code in codes if code not in held and _JOINTS.sub("", code) not in joined)


def _lines(number: int, hit: Hit, above: str, is_dated: bool) -> Iterator[Line]:
    """Lines of a passage in their order, without a score: no heads of tables, and headings only with a fact."""
    chunk = hit.chunk
    paths = [chunk.context, *(path for _, path in chunk.sections)]
    plain = {_plain(heading) for path in paths for heading in path.split(JOINT)}
    for found in readings(chunk.text, above):
        heading = chunk.heading_at(found.start)
        is_heading = _is_heading(found.text, heading, plain)
        if (
            not _LETTER.search(found.text)
            or _WROTE.fullmatch(found.text)
            or (is_heading and not (_FACT.search(found.text) or (is_dated and names_a_date(found.text))))
        ):
            continue
        span, begins, step = Span(found.start, found.end), _begins(chunk.text, found), _step(chunk.text, found)
        read = _MARKDOWN_HEADING.sub("", found.read) if is_heading else found.read
        yield Line(
            number, span, found.text, read, heading, begins, 0.0, is_row=found.is_row, step=step, is_heading=is_heading
        )


def _entries(lines: Sequence[Line]) -> set[int]:
    """Places of the lines that are of a table of contents: they name what is said elsewhere."""
    found = {place for place, line in enumerate(lines) if _is_entry(line)}
    paged = [(place, line, page) for place, line in enumerate(lines) if (page := _PAGE.search(line.text))]
    for _, own in groupby((one for one in paged if not one[1].is_row), key=lambda one: one[1].number):
        some = list(own)
        pages = [int(page.group(1)) for _, _, page in some]
        if len(some) >= _ENTRIES and pages == sorted(pages) and pages[0] < min(pages[-1], _FIRST):
            found.update(place for place, _, _ in some)
    return found


def _is_entry(line: Line) -> bool:
    """Whether it is plainly one."""
    is_under = _CONTENTS.fullmatch(line.heading.rsplit(JOINT, 1)[-1].strip()) is not None
    return _LEADERS.search(line.text) is not None or (is_under and _PAGE.search(line.text) is not None)


def _following(line: Line, lines: Sequence[Line]) -> Line | None:
    after = [other for other in lines if other.number == line.number and other.span.start >= line.span.end]
    following = min(after, key=lambda other: other.span.start, default=None)
    goes_on = following is not None and (line.text.endswith(":") or not following.begins)
    return following if goes_on else None


def _begins(text: str, line: Reading) -> bool:
    before = text[: line.start]
    return not before or bool(_BREAK.search(before) or ITEM.match(line.text) or CELLS.search(line.text))


def _step(text: str, line: Reading) -> int:
    """The number of a list that stands before a line, or begins it; else 0."""
    item = ITEM.match(line.text)
    number = _STEP.search(text[: line.start] + (item.group() if item else ""))
    return int(number.group(1)) if number else 0


def _is_heading(text: str, heading: str, headings: set[str]) -> bool:
    """Whether it is one of the headings of a passage, or a line of that above it."""
    plain, above = _plain(text), _plain(heading.rsplit(JOINT, 1)[-1])
    is_line = above.startswith(f"{plain} ") or above.endswith(f" {plain}")
    return bool(_MARKDOWN_HEADING.match(text)) or plain in headings or is_line


def _plain(heading: str) -> str:
    return " ".join(heading.split()).rstrip(":").casefold()


def in_context(chunk: Chunk, line: Line) -> str:
    """A line as it is embedded: with the title and the headings it stands under."""
    context = chunk.context_of(line.heading)
    return f"{context}: {line.reading}" if context else line.reading


def share(weights: Mapping[str, float], text: str) -> float:
    """Share of the weight of terms that stand in a text, 0 to 1."""
    held = set(terms(text, parts=True))
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0
