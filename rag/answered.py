"""Questions that were answered before, in these words or in others, get the same answer at once, as long as nothing
changed that it came from.

No copy of an answer is kept for that: looked up are those of the conversations. One that was deleted is not found any
more, one whose quotes of a document were taken out neither, and one that was judged wrong is not given again.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from rag.catalog import Catalog, KeptAnswer
from rag.evidence import Line
from rag.overviews import Overview
from rag.retriever import Retrieval, Retriever
from rag.sameness import NEAR, may_be_the_same
from rag.settings import Settings
from rag.types import Answer, Finish, Hit, Scope, Span, Timings, answer_from_json

_GIVEN_AGAIN = (Finish.COMPLETE, Finish.NO_ANSWER)
_MOVED = 0.01  # by which the score of a passage moves at most where documents come or go that it is not found with
_NEAREST = 3  # passages in whose documents the nearest line is looked for
_LATEST = 200  # answers from a document in which one to another wording is looked up
_COMPARED = 16  # of them whose questions are embedded
AreTheSame = Callable[[str, str], bool]


def basis_of(question: str, settings: Settings) -> str:
    """Equal for questions that are answered alike from the same passages: same words, models, settings and program."""
    words = " ".join(question.casefold().split()).rstrip("?!. ")
    return hashlib.sha256("\0".join((words, repr(settings), _program())).encode()).hexdigest()


class Answered:
    """Where answers that were given before are looked up, and how their passages are found today; for one question."""

    def __init__(self, catalog: Catalog, retriever: Retriever, settings: Settings, scope: Scope) -> None:
        self._catalog = catalog
        self._retriever = retriever
        self._settings = settings

        @cache
        def found(question: str) -> Retrieval:
            least = settings.minimum_score
            return retriever.retrieve(question, k=settings.top_k, minimum_score=least, scope=scope, overview=True)

        self._found = found

    def find(self, question: str, are_the_same: AreTheSame) -> Answer | None:
        """The answer that was given before, if the same passages are found for it today.

        Args:
            are_the_same: asked of one question at most, whose answer holds the nearest line: whether it is only put
                in other words.
        """
        started = time.perf_counter()
        basis = basis_of(question, self._settings)
        answer = self._in_these_words(basis) or self._in_other_words(question, are_the_same)
        if answer is None:
            return None
        understood = question if answer.standalone == answer.question and answer.basis == basis else answer.standalone
        timings = Timings(retrieve=time.perf_counter() - started)
        return replace(answer, question=question, standalone=understood, timings=timings, is_repeated=True, basis=basis)

    def _in_these_words(self, basis: str) -> Answer | None:
        given = reversed(_given(self._catalog.answers_holding(basis)))
        return next((answer for answer in given if self._is_as_it_was(answer)), None)

    def _in_other_words(self, question: str, are_the_same: AreTheSame) -> Answer | None:
        found = self._found(question)
        if found.overview or found.issues or not found.hits:
            return None
        documents = dict.fromkeys(hit.chunk.document_id for hit in found.hits[:_NEAREST])
        kept = (self._catalog.answers_holding(document, latest=_LATEST) for document in documents)
        near = self._nearest(question, _given(chain.from_iterable(kept)))
        if near is None or not _holds(near, self._retriever.evidence(found.topic, found.hits)):
            return None
        return near if self._is_as_it_was(near) and are_the_same(question, near.question) else None

    def _nearest(self, question: str, given: Sequence[Answer]) -> Answer | None:
        """That to the question nearest to it, of those that may ask for the same; a repeated one is no measure."""
        asked = {
            answer.question: answer
            for answer in given
            if answer.citations
            and not answer.is_repeated
            and answer.basis == basis_of(answer.question, self._settings)
            and may_be_the_same(question, answer.question)
        }
        others = list(asked)[-_COMPARED:]
        if not others:
            return None
        cosines = self._retriever.likeness([question], others)[0]
        best = int(np.argmax(cosines))
        return asked[others[best]] if cosines[best] >= NEAR else None

    def _is_as_it_was(self, answer: Answer) -> bool:
        """As it was asked then: another case or full stop moves the scores a little."""
        found = self._found(answer.standalone)
        left_out = len(found.left) if found.overview is Overview.DOCUMENTS else 0  # they are named
        passages = {**_passages((*found.hits, *found.below)), **({left_out: 0.0} if left_out else {})}
        return _are_alike(_passages((*answer.used, *answer.dropped)), passages)


def _given(kept: Iterable[KeptAnswer]) -> list[Answer]:
    """Answers that may be given again, oldest first."""
    answers = [answer_from_json(entry.values) for entry in kept if entry.good is not False]
    return [answer for answer in answers if answer.finish in _GIVEN_AGAIN and not answer.sql]


def _holds(answer: Answer, lines: Sequence[Line]) -> bool:
    """Whether it was made from the nearest of lines."""
    marked = (text[mark.start : mark.end] for text, mark in _marks(answer))
    nearest = " ".join(lines[0].text.split()) if lines else ""
    return bool(nearest) and any(nearest in " ".join(text.split()) for text in marked)


def _marks(answer: Answer) -> Iterator[tuple[str, Span]]:
    return ((citation.hit.chunk.text, mark) for citation in answer.citations for mark in citation.marks)


def _passages(hits: Iterable[Hit]) -> dict[Any, float]:
    return {(hit.chunk, hit.copies): hit.score for hit in hits}


def _are_alike(given: Mapping[Any, float], found: Mapping[Any, float]) -> bool:
    """Whether the same passages are about as near: the words of others count in how rare a word is."""
    return given.keys() == found.keys() and all(abs(score - found[one]) <= _MOVED for one, score in given.items())


@cache
def _program() -> str:
    """Changes with every line of the code that answers, and with what was fitted to generators."""
    files = sorted(file for ending in ("py", "npz") for file in Path(__file__).parent.rglob(f"*.{ending}"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
