"""Questions that were answered before get the same answer at once, as long as nothing changed that it came from.

No copy of an answer is kept for that: looked up are those of the conversations. One that was deleted is not found any
more, one whose quotes of a document were taken out neither, and one that was judged wrong is not given again.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from rag.catalog import Catalog
from rag.overviews import Overview
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Finish, Hit, Scope, Timings, answer_from_json

_GIVEN_AGAIN = (Finish.COMPLETE, Finish.NO_ANSWER)
_MOVED = 0.01  # by which the score of a passage moves at most where documents come or go that it is not found with


def basis_of(question: str, settings: Settings) -> str:
    """Equal for questions that are answered alike from the same passages: same words, models, settings and program."""
    words = " ".join(question.casefold().split()).rstrip("?!. ")
    return hashlib.sha256("\0".join((words, repr(settings), _program())).encode()).hexdigest()


def find(catalog: Catalog, retriever: Retriever, settings: Settings, question: str, scope: Scope) -> Answer | None:
    """The answer that was given before, if the same passages are found for the question today."""
    kept = catalog.answers_holding(basis_of(question, settings))
    answers = [answer_from_json(entry.values) for entry in kept if entry.good is not False]
    answers = [answer for answer in answers if answer.finish in _GIVEN_AGAIN and not answer.sql]
    started = time.perf_counter()

    @cache
    def passages(asked: str) -> Mapping[Any, float]:
        """As it was asked then: another case or full stop moves the scores a little."""
        found = retriever.retrieve(
            asked, k=settings.top_k, minimum_score=settings.minimum_score, scope=scope, overview=True
        )
        left_out = len(found.left) if found.overview is Overview.DOCUMENTS else 0  # they are named
        return {**_passages((*found.hits, *found.below)), **({left_out: 0.0} if left_out else {})}

    for answer in reversed(answers):
        if _are_alike(_passages((*answer.used, *answer.dropped)), passages(answer.standalone)):
            timings = Timings(retrieve=time.perf_counter() - started)
            understood = question if answer.standalone == answer.question else answer.standalone
            return replace(answer, question=question, standalone=understood, timings=timings, is_repeated=True)
    return None


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
