"""Why a passage was read for a question, or what removed it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rag.errors import FootnoteError
from rag.evidence import certainty, missing_codes, narrow
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.terms import terms
from rag.types import Chunk, Hit

_DEPTH = 500  # ranks looked at in each search
_SAME = 0.8  # share of the pasted words that a chunk holds to be the passage that is meant
_CANDIDATES = 20
_WORD = re.compile(r"\w+")


class Fate(str, Enum):
    """What became of a passage."""

    READ = "read"
    NOT_NEAR = "not near"  # neither search has it among its nearest
    LOW_SCORE = "low score"
    REPEATED = "repeated"  # another passage with the same words was taken in its place
    TOO_MANY = "too many"  # others scored higher than the last that was taken
    FARTHER_LINES = "farther lines"  # retrieved, but other passages hold nearer lines
    REFUSED = "refused"  # no line of any passage was near enough, or a code is missing


@dataclass(frozen=True)
class Explanation:
    """Ranks from 1 in each stage, None where the passage was not among the nearest; and what became of it."""

    chunk: Chunk
    of: int  # chunks in the collection
    dense_rank: int | None
    lexical_rank: int | None
    fused_rank: int | None
    score: float | None  # of the fused search
    fate: Fate
    reason: str


def explain(question: str, passage: str, *, library: Library, retriever: Retriever, settings: Settings) -> Explanation:
    """Follows the passage that holds the pasted words through the search for a question.

    Raises:
        FootnoteError: no chunk of the collection holds the words.
    """
    chunk = _find(passage, library, retriever)
    stages = retriever.stages(question, count=_DEPTH)
    fused_rank = _rank(chunk, stages.fused)
    fate, reason = _fate(question, chunk, fused_rank, retriever, settings)
    return Explanation(
        chunk=chunk,
        of=library.store.count(),
        dense_rank=_rank(chunk, stages.dense),
        lexical_rank=_rank(chunk, stages.lexical),
        fused_rank=fused_rank,
        score=stages.fused[fused_rank - 1].score if fused_rank else None,
        fate=fate,
        reason=reason,
    )


def _find(passage: str, library: Library, retriever: Retriever) -> Chunk:
    wanted = set(terms(passage))
    if not wanted:
        raise FootnoteError("Paste some words of the passage that you expected.")
    chunks = [hit.chunk for hit in retriever.stages(passage, count=_CANDIDATES).fused]
    shares = [len(wanted & set(terms(chunk.text))) / len(wanted) for chunk in chunks]
    literal = [_words(passage) in _words(chunk.text) for chunk in chunks]
    _, share, best = max(zip(literal, shares, chunks, strict=True), key=lambda found: found[:2], default=(0, 0.0, None))
    if best is None or share < _SAME:
        count = len(library.catalog.documents(library.collection))
        raise FootnoteError(
            f"No passage of the {count} documents holds these words. The document is not in the library, or this "
            "part of it could not be read: look for it on the Library page, and paste a whole sentence of one page."
        )
    return best


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _rank(chunk: Chunk, hits: Sequence[Hit]) -> int | None:
    return next((rank for rank, hit in enumerate(hits, 1) if hit.chunk.id == chunk.id), None)


def _fate(question: str, chunk: Chunk, rank: int | None, retriever: Retriever, settings: Settings) -> tuple[Fate, str]:
    found = retriever.retrieve(question, k=settings.top_k, minimum_score=settings.minimum_score)
    if _rank(chunk, found.below):
        return Fate.LOW_SCORE, f"Its score is below minimum_score ({settings.minimum_score:g})."
    if same := next((hit.chunk for hit in found.hits if chunk in hit.copies), None):
        return Fate.REPEATED, f"{same.label} holds the same words and was taken in its place."
    if not _rank(chunk, found.hits):
        if rank is None:
            return Fate.NOT_NEAR, f"It is not among the {_DEPTH} nearest, neither by meaning nor by words."
        return Fate.TOO_MANY, f"It is number {rank}, and top_k takes {settings.top_k}."
    lines = retriever.evidence(question, found.hits)
    sure = certainty(lines, found.hits)
    if sure < settings.minimum_evidence:
        return Fate.REFUSED, (
            f"It was found, but the nearest line of all passages answers with a certainty of {sure:.2f}, below "
            f"minimum_evidence ({settings.minimum_evidence:g}): the question was refused."
        )
    if missing := missing_codes(question, found.hits):
        return Fate.REFUSED, f"It was found, but {', '.join(missing)} stands in no passage: the question was refused."
    kept, _, _ = narrow(found.hits, lines, settings.prompt_passages)
    if not _rank(chunk, kept):
        return Fate.FARTHER_LINES, f"It was found, but {len(kept)} other passages hold lines nearer to the question."
    return Fate.READ, "It was read by the generator."
