"""Why a passage was read for a question, or what removed it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from rag import background, compound, overviews, prompt, series
from rag.answerability import Judge, Reading
from rag.errors import FootnoteError
from rag.evidence import Line, narrow
from rag.generators import Message
from rag.overviews import Overview
from rag.retriever import Retrieval, Retriever
from rag.settings import Settings
from rag.terms import terms
from rag.types import Answer, Chunk, Finish, Hit, Scope
from rag.wording import counted, fits

CountTokens = Callable[[Sequence[Message]], int]  # of a whole prompt, by the generator

_DEPTH = 500  # ranks looked at in each search
_SAME = 0.8  # share of the pasted words that a chunk holds to be the passage that is meant
_CANDIDATES = 20
_WORD = re.compile(r"\w+")


class Fate(str, Enum):
    """What became of a passage."""

    READ = "read"
    FILTERED = "filtered"  # only other documents were asked
    OTHER_PERIOD = "other period"  # the question names other documents, or the period of others of its series
    NOT_NEAR = "not near"  # neither search has it among its nearest
    LOW_SCORE = "low score"
    REPEATED = "repeated"  # another passage with the same words was taken in its place
    TOO_MANY = "too many"  # others scored higher than the last that was taken
    FARTHER_LINES = "farther lines"  # retrieved, but other passages hold nearer lines
    OVER_BUDGET = "over budget"  # chosen, but there was no room for it in the prompt
    CALCULATED = "calculated"  # the answer comes from the cells of a table, not from passages
    UNSUPPORTED = "unsupported"  # it was read, but what the generator wrote of it is borne by no passage
    NOT_TELLING = "not telling"  # an overview is made of other passages
    REFUSED = "refused"  # no line of any passage was near enough, or a code is missing


@dataclass(frozen=True)
class Explanation:
    """Ranks from 1 in each stage, None where the passage was not among the nearest; and what became of it."""

    chunk: Chunk
    of: int  # chunks in the collection
    dense_rank: int | None
    lexical_rank: int | None
    fused_rank: int | None
    cross_encoder_rank: int | None  # None, too, without a reranker
    reranks: bool
    score: float | None  # of the fused search
    fate: Fate
    reason: str

    @property
    def ranks(self) -> tuple[tuple[str, int | None], ...]:
        """What each stage searches by, and the rank in it."""
        both = (("meaning", self.dense_rank), ("words", self.lexical_rank), ("both", self.fused_rank))
        return (*both, ("cross-encoder", self.cross_encoder_rank)) if self.reranks else both


def explain(
    asked: str | Sequence[str],
    chunk: Chunk,
    *,
    retriever: Retriever,
    settings: Settings,
    scope: Scope = Scope(),
    count_tokens: CountTokens | None = None,
    judge: Judge | None = None,
    answer: Answer | None = None,
) -> Explanation:
    """Follows a passage through the search for a question. Its ranks are those among all documents.

    Of several questions the one counts for which it came farthest.

    Args:
        asked: as a person asks it, or the question or questions that were searched for.
        settings: their `prompt_tokens` are what the prompt has room for (`with_room`).
        scope: what was asked.
        count_tokens: of the generator, to see what had no room in its prompt; None: that is not looked at.
        judge: decides which questions are answered; None: by the evidence alone.
        answer: that was given, which knows what became of the passages that it was made of; None: none was.
    """
    questions = _readings(asked) if isinstance(asked, str) else asked
    ways = [_of_one(one, chunk, retriever, settings, scope, count_tokens, judge) for one in questions]
    found = list(zip(questions, ways, strict=True))
    question, best = min(found, key=lambda way: (way[1].fate is not Fate.READ, way[1].fused_rank or _DEPTH + 1))
    if answer is not None and (given := _given(chunk, answer)):
        return replace(best, fate=given[0], reason=given[1])
    return replace(best, reason=f"“{question}” {best.reason}") if len(found) > 1 else best


def with_room(settings: Settings, context_tokens: int) -> Settings:
    """Settings whose `prompt_tokens` are those for which a generator of so many tokens has room, too."""
    return replace(settings, prompt_tokens=prompt.budget(settings, context_tokens))


def _readings(question: str) -> list[str]:
    """The questions that are searched for what a person asks: each part of it, and without what is said beside it."""
    parts = [part.asked for part in compound.parts(question)] or [question]
    alone = ((part, background.alone(part)) for part in parts)
    return list(dict.fromkeys(text for part, found in alone for text in (part, found.question if found else part)))


def _given(chunk: Chunk, answer: Answer) -> tuple[Fate, str] | None:
    """What an answer knows of a passage; None where that is nothing."""
    cited = next((one.number for one in answer.citations if _rank(chunk, [one.hit])), None)
    if cited is not None:
        return Fate.READ, f"It is cited, as number {cited}."
    if answer.sql and not answer.parts:
        return Fate.CALCULATED, "The answer was calculated from the cells of a table: no passage was read."
    if answer.finish is Finish.BROKEN:
        return Fate.FARTHER_LINES, "The generator broke off, and the nearest lines, of other passages, were quoted."
    if answer.finish is Finish.UNSUPPORTED and _rank(chunk, answer.used):
        return Fate.UNSUPPORTED, "It was found, but no passage bears what the generator wrote: that was not shown."
    return None


def _of_one(
    question: str,
    chunk: Chunk,
    retriever: Retriever,
    settings: Settings,
    scope: Scope,
    count_tokens: CountTokens | None,
    judge: Judge | None,
) -> Explanation:
    stages = retriever.stages(question, count=_DEPTH)
    fused_rank = _rank(chunk, stages.fused)
    if scope.documents and chunk.document_id not in scope.documents:
        fate, reason = Fate.FILTERED, f"Only other documents were asked: {chunk.document_name} is not among them."
    else:
        fate, reason = _Way(question, chunk, retriever, settings, scope, count_tokens, judge or Judge(settings)).end()
    return Explanation(
        chunk=chunk,
        of=retriever.count(),
        dense_rank=_rank(chunk, stages.dense),
        lexical_rank=_rank(chunk, stages.lexical),
        fused_rank=fused_rank,
        cross_encoder_rank=_rank(chunk, stages.cross_encoder),
        reranks=retriever.reranks,
        score=stages.fused[fused_rank - 1].score if fused_rank else None,
        fate=fate,
        reason=reason,
    )


def find_passage(words: str, retriever: Retriever) -> Chunk:
    """The passage that holds the pasted words.

    Raises:
        FootnoteError: no chunk of the collection does.
    """
    wanted = set(terms(words))
    if not wanted:
        raise FootnoteError("Paste some words of the passage that you expected.")
    chunks = [hit.chunk for hit in retriever.stages(words, count=_CANDIDATES).fused]
    shares = [len(wanted & set(terms(chunk.text))) / len(wanted) for chunk in chunks]
    literal = [_words(words) in _words(chunk.text) for chunk in chunks]
    _, share, best = max(zip(literal, shares, chunks, strict=True), key=lambda found: found[:2], default=(0, 0.0, None))
    if best is None or share < _SAME:
        raise FootnoteError(
            f"None of {counted(retriever.count(), 'passage')} holds these words. The document is not in the library, "
            "or this part of it could not be read: look for it on the Library page, and paste a whole sentence of one "
            "page."
        )
    return best


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _rank(chunk: Chunk, hits: Sequence[Hit]) -> int | None:
    return next((rank for rank, hit in enumerate(hits, 1) if chunk in (hit.chunk, *hit.parts)), None)


@dataclass(frozen=True)
class _Way:
    """The way of a passage to an answer, step by step as the assistant goes."""

    question: str
    chunk: Chunk
    retriever: Retriever
    settings: Settings
    scope: Scope
    count_tokens: CountTokens | None
    judge: Judge
    every_issue: bool = False

    def end(self) -> tuple[Fate, str]:
        """What removed it, in words; or that nothing did."""
        settings = self.settings
        found = self.retriever.retrieve(
            self.question,
            k=settings.top_k,
            minimum_score=settings.minimum_score,
            scope=self.scope,
            every_issue=self.every_issue,
            overview=not self.every_issue,
        )
        if found.overview is Overview.DOCUMENTS and not _rank(self.chunk, found.hits):
            return Fate.NOT_TELLING, "An overview was asked for, and other passages stand for the documents it is of."
        fate = self._searched(found)
        if found.overview and fate:
            return fate
        if fate and not found.left and not found.issues:
            return fate
        lines = self.retriever.evidence(found.topic, found.hits)
        if found.overview:
            return self._surveyed(found.overview, found, lines)
        if found.issues:
            return self._quoted(found, lines, fate)
        reason, reading = self._judged(found, lines)
        if reason and found.left and not self.every_issue:
            return replace(self, every_issue=True).end()
        if fate:
            return fate
        if reason:
            return Fate.REFUSED, f"It was found, but {reason}: the question was refused."
        return self._narrowed(found, lines, reading)

    def _judged(self, found: Retrieval, lines: Sequence[Line]) -> tuple[str, Reading | None]:
        asked = self.question, lines, found.hits
        if reason := self.judge.by_evidence(*asked):
            return reason, None
        reading = self.judge.read(*asked)
        return self.judge.by_reading(reading), reading

    def _quoted(self, found: Retrieval, lines: Sequence[Line], fate: tuple[Fate, str] | None) -> tuple[Fate, str]:
        """The same where each issue of a series is quoted; `fate` is that in the search."""
        own = series.by_issue(found.issues, found.hits, lines)
        judged = {issue: self._judged(found, some) for issue, some in own.items()}
        if all(reason for reason, _ in judged.values()):
            return replace(self, every_issue=True).end()
        if fate:
            return fate
        reason, reading = judged[self.chunk.document_id]
        if reason:
            return Fate.REFUSED, f"It was found, but {reason}: its document was left out."
        best = (reading.lines if reading else own[self.chunk.document_id])[0]
        if _rank(self.chunk, [found.hits[best.number - 1]]):
            return Fate.READ, "Its nearest line was quoted."
        return (
            Fate.FARTHER_LINES,
            "It was found, but another passage of its document holds a line nearer to the question.",
        )

    def _surveyed(self, of: Overview, found: Retrieval, lines: Sequence[Line]) -> tuple[Fate, str]:
        """The same where lines are quoted for an overview."""
        own = series.by_issue(found.issues, found.hits, lines).values() if found.issues else ()
        leads = [overviews.lead(of, some, best=lines[0].score) for some in own]
        told = [line for line in leads if line] if own else overviews.told(of, lines)
        if not told:
            return replace(self, every_issue=True).end()
        if _rank(self.chunk, [found.hits[line.number - 1] for line in told]):
            return Fate.READ, "A line of it was quoted for the overview."
        return Fate.FARTHER_LINES, "It was found, but lines of other passages tell more for the overview."

    def _searched(self, found: Retrieval) -> tuple[Fate, str] | None:
        if _rank(self.chunk, found.below):
            return Fate.LOW_SCORE, f"Its score is below minimum_score ({self.settings.minimum_score:g})."
        if same := next((hit.chunk for hit in (*found.hits, *found.below) if self.chunk in hit.copies), None):
            return Fate.REPEATED, f"{same.label} holds the same words and was taken in its place."
        if _rank(self.chunk, found.hits):
            return None
        if self.chunk.document_id in found.left:
            return Fate.OTHER_PERIOD, "The question names other documents, or their period."
        asked = found.topic if found.overview else self.question
        rank = _rank(self.chunk, self.retriever.stages(asked, count=_DEPTH, scope=self.scope).best)
        if rank is None:
            return Fate.NOT_NEAR, f"It is not among the {_DEPTH} nearest, neither by meaning nor by words."
        if rank <= self.settings.top_k and self.settings.diversity:
            return Fate.TOO_MANY, f"It is number {rank}, but too much like a passage before it (diversity)."
        return Fate.TOO_MANY, f"It is number {rank}, and top_k takes {self.settings.top_k}."

    def _narrowed(self, found: Retrieval, lines: Sequence[Line], reading: Reading | None) -> tuple[Fate, str]:
        kept, _, _ = narrow(found.hits, reading.lines if reading else lines, self.settings.prompt_passages)
        if not _rank(self.chunk, kept):
            return (
                Fate.FARTHER_LINES,
                f"It was found, but {counted(len(kept), 'other passage')} {fits(len(kept), 'holds', 'hold')} lines "
                "nearer to the question.",
            )
        budget = self.settings.prompt_tokens
        if self.count_tokens is not None:
            _, over = prompt.fit(self.question, kept, count_tokens=self.count_tokens, budget=budget)
            if _rank(self.chunk, over):
                return Fate.OVER_BUDGET, f"It was chosen, but prompt_tokens ({budget:,}) has no room for it."
        if reading and not _rank(self.chunk, kept[: reading.passages]):
            return (
                Fate.FARTHER_LINES,
                "It was found, but its lines are far less likely to hold the answer than those of other passages.",
            )
        return Fate.READ, "It was read by the generator."
