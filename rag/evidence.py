"""Evidence: the lines of the passages that are nearest to the question.

A small generator reads a passage well but picks the wrong line of it; the embedding picks well but writes nothing. So
the embedding picks the line, and the generator writes the answer from it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import sentences
from rag.embedders import Embedder
from rag.terms import terms
from rag.types import Hit, Span

_WORD_WEIGHT = 0.3  # what the share of the question's words in a line counts beside the cosine
_CODE = re.compile(
    r"(?=[^\W\d]*\d)(?=\d*[^\W\d_])[^\W_]+(?:-[^\W_]+)*|[^\W\d_]+-\d[^\W_]*(?:-[^\W_]+)*"
)  # E-14, RTX4090


@dataclass(frozen=True)
class Line:
    """A sentence or table row of a passage.

    Attributes:
        number: of the passage: `hits[number - 1]`.
        span: where it stands in the passage's text.
        score: cosine to the question plus the weighted share of its words.
    """

    number: int
    span: Span
    text: str
    score: float


def nearest_lines(question: str, hits: Sequence[Hit], embedder: Embedder) -> list[Line]:
    """The lines of the passages, nearest first; headings are left out."""
    lines = [(number, part) for number, hit in enumerate(hits, 1) for part in _lines(hit)]
    if not lines:
        return []
    rows = embedder.encode_documents([_in_context(hits[number - 1], part.text) for number, part in lines])
    cosines = rows @ embedder.encode_query(question)
    asked = set(terms(question))
    found = [
        Line(number, Span(part.start, part.end), part.text, float(cosine) + _WORD_WEIGHT * _share(asked, part.text))
        for (number, part), cosine in zip(lines, cosines, strict=True)
    ]
    return sorted(found, key=lambda line: -line.score)


def missing_codes(question: str, hits: Sequence[Hit]) -> list[str]:
    """Codes of the question (letters with digits: "E-27") that stand in none of the passages."""
    codes = {match.group().lower() for match in _CODE.finditer(question)}
    held = {
        term for hit in hits for term in terms(f"{hit.chunk.label} {hit.chunk.context} {hit.chunk.text}", parts=True)
    }
    return sorted(code for code in codes if code not in held)


def _lines(hit: Hit) -> list[sentences.Sentence]:
    headings = {heading.casefold() for heading in hit.chunk.context.split(" › ")}
    return [
        part
        for part in sentences.split(hit.chunk.text)
        if terms(part.text) and part.text.lstrip("# ").rstrip(":").casefold() not in headings
    ]


def _in_context(hit: Hit, text: str) -> str:
    return f"{hit.chunk.context}: {text}" if hit.chunk.context else text


def _share(asked: set[str], text: str) -> float:
    return len(asked & set(terms(text))) / len(asked) if asked else 0.0
