"""Questions that were answered before, in these words or in others, get the same answer at once, as long as nothing
changed that it came from.

No copy of an answer is kept for that: looked up are those of the conversations. One that was deleted is not found any
more, one whose quotes of a document were taken out neither, and one that was judged wrong is not given again.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.catalog import Catalog, KeptAnswer
from rag.overviews import Overview
from rag.retriever import Retrieval, Retriever
from rag.sameness import NEAR, may_be_the_same
from rag.settings import Settings
from rag.types import Answer, Finish, Hit, Scope, Timings, answer_from_json

_GIVEN_AGAIN = (Finish.COMPLETE, Finish.NO_ANSWER)
_MOVED = 0.01  # by which the score of a passage moves at most where documents come or go that it is not found with
_LATEST = 500  # answers of which one to another wording is looked up
_TRIED = 3  # of those whose questions are near
AreTheSame = Callable[[str, str], bool]  # whether two questions ask for the same


def basis_of(question: str, settings: Settings) -> str:
    """Equal for questions that are answered alike from the same passages: same words, models, settings and program."""
    words = " ".join(question.casefold().split()).rstrip("?!. ")
    return hashlib.sha256("\0".join((words, repr(settings), _program())).encode()).hexdigest()


class Answered:
    """Answers that were given before, and the passages that are found for their questions today."""

    def __init__(self, catalog: Catalog, retriever: Retriever, settings: Settings, scope: Scope) -> None:
        self._catalog = catalog
        self._retriever = retriever
        self._settings = settings
        self._found = cache(lambda question: _found(retriever, settings, scope, question))

    def find(self, question: str) -> Answer | None:
        """The answer that was given to these words, if the same passages are found for them today."""
        started = time.perf_counter()
        for answer in reversed(_given(self._kept(question))):
            if not _was_put_otherwise(answer) and self._is_as_it_was(answer):
                understood = question if answer.standalone == answer.question else answer.standalone
                return _again(answer, question, understood, started)
        return None

    def find_in_other_words(self, question: str, are_the_same: AreTheSame) -> Answer | None:
        """The answer that was given to a question that asks for the same, and that holds the line nearest to this one.

        Args:
            are_the_same: asked of one earlier question and this one, at most once, after all that can be told without.
        """
        started = time.perf_counter()
        if any(entry.good is False for entry in self._kept(question)):
            return None  # for these words one was judged wrong
        for answer in self._near(question):
            if self._holds_nearest(answer, question) and self._is_as_it_was(answer):
                if not are_the_same(answer.question, question):
                    return None
                basis = basis_of(question, self._settings)
                return replace(_again(answer, question, answer.standalone, started), basis=basis)
        return None

    def _kept(self, question: str) -> list[KeptAnswer]:
        return self._catalog.answers_holding(basis_of(question, self._settings))

    def _near(self, question: str) -> Iterator[Answer]:
        """Answers to questions that may ask for the same, the nearest first."""
        asked = self._catalog.asked_lately(_LATEST)
        others = [other for other in asked if may_be_the_same(question, other)]
        if not others:
            return
        cosines = self._retriever.likeness([question], others)[0]
        for place in np.argsort(-cosines)[:_TRIED].tolist():
            kept = self._catalog.kept_answer(asked[others[place]])
            answers = _given([kept]) if kept is not None and cosines[place] >= NEAR else []
            own = basis_of(others[place], self._settings)
            yield from (one for one in answers if one.basis == own and not _was_put_otherwise(one))

    def _holds_nearest(self, answer: Answer, question: str) -> bool:
        """Whether it was made from the line that is nearest to a question, in the same document."""
        found = self._found(question)
        lines = self._retriever.evidence(found.topic, found.hits)
        if not lines:
            return False
        document, nearest = found.hits[lines[0].number - 1].chunk.document_id, _plain(lines[0].text)
        cited = (one for one in answer.citations if one.hit.chunk.document_id == document)
        texts = (one.hit.chunk.text[mark.start : mark.end] for one in cited for mark in one.marks)
        return any(nearest in _plain(text) for text in texts)

    def _is_as_it_was(self, answer: Answer) -> bool:
        """As it was asked then: another case or full stop moves the scores a little."""
        found = self._found(answer.standalone)
        left_out = len(found.left) if found.overview is Overview.DOCUMENTS else 0  # they are named
        passages = {**_passages((*found.hits, *found.below)), **({left_out: 0.0} if left_out else {})}
        return _are_alike(_passages((*answer.used, *answer.dropped)), passages)


def _found(retriever: Retriever, settings: Settings, scope: Scope, question: str) -> Retrieval:
    least = settings.minimum_score
    return retriever.retrieve(question, k=settings.top_k, minimum_score=least, scope=scope, overview=True)


def _given(kept: Iterable[KeptAnswer]) -> list[Answer]:
    """Answers that may be given again, oldest first."""
    answers = [answer_from_json(entry.values) for entry in kept if entry.good is not False]
    return [answer for answer in answers if answer.finish in _GIVEN_AGAIN and not answer.sql]


def _was_put_otherwise(answer: Answer) -> bool:
    """Whether it was given again to other words than those that it was written for: no measure for the next."""
    return answer.is_repeated and answer.standalone != answer.question


def _again(answer: Answer, question: str, understood: str, started: float) -> Answer:
    timings = Timings(retrieve=time.perf_counter() - started)
    return replace(answer, question=question, standalone=understood, timings=timings, is_repeated=True)


def _plain(text: str) -> str:
    return " ".join(text.split())


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
