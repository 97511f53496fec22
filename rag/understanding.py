"""Which wording of a question is answered: as it was asked, as a follow-up means it, alone, or in other words."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from rag import follow_ups, overview_questions, rewording
from rag.background import Alone
from rag.errors import GenerationError
from rag.evidence import Line
from rag.findings import Finder, Found, Judged
from rag.generators import Scorer
from rag.terms import terms
from rag.types import Turn


def of_first(question: str, alone: Alone | None, finder: Finder) -> Found:
    """What is found for a question that follows none; where it alone asks for an overview, for that."""
    whole = finder.find(question)
    if alone and not whole.retrieval.overview and overview_questions.subject(alone.question) is not None:
        overview = finder.find(alone.question)
        return overview if overview.retrieval.overview else whole
    return whole


def of_follow_up(
    question: str, alone: Alone | None, wordings: Sequence[str], history: Sequence[Turn], finder: Finder
) -> Found:
    """What is found for the wording of a follow-up that is answered most surely.

    Args:
        wordings: of the question without what is said beside it, of which only that may lean on the history.
    """
    asked = alone.question if alone else question
    first, *others = map(finder.find, wordings)
    fitting = (one for one in others if one.lines and follow_ups.belongs(asked, history, one.lines[0]))
    best = max(fitting, default=first, key=Found.sure)
    if first.retrieval.overview or best.sure() <= first.sure() + follow_ups.surer_by(asked):
        best = first
    if alone is None or best.retrieval.overview:
        return best
    if best is first and terms(wordings[0]) == terms(asked):  # it does not lean on what was asked before
        return finder.find(question)
    return replace(best, beside=alone.beside)


def without_beside(whole: Judged, alone: Alone | None, finder: Finder) -> Judged:
    """The question without what is said beside it, where that is answered and the whole is not, or less likely.

    A name that is said beside the question may say which line is meant.
    """
    if alone is None or whole.found.beside or whole.found.wording == alone.question:
        return whole
    found = finder.find(alone.question, every_issue=whole.found.every_issue, overview=False)
    one = finder.judge(replace(found, beside=alone.beside))
    if one.why is not None or not one.lines:
        return whole
    if whole.lines and alone.loses_name(_said(whole.lines[0]), _said(one.lines[0])):
        return whole
    likely = whole.reading.likely if whole.reading else 1.0
    is_likelier = one.reading is not None and one.reading.likely > likely
    return one if whole.why is not None or is_likelier else whole


def in_other_words(refused: Judged, alone: Alone | None, finder: Finder) -> Judged:
    """What is not answered, after it was put as a question, and words that no passage has into those of the documents.

    It stays refused where that is not answered either, and where the generator breaks off.
    """
    scorer, found = finder.parts.generator, refused.found
    if refused.why is None or not isinstance(scorer, Scorer):
        return refused
    beside = alone.beside if alone else found.beside
    asked = alone.question if alone and not found.beside else found.wording
    likeness = finder.parts.retriever.likeness
    put = rewording.of_statement(asked)
    wordings = chain([put] if put else [], rewording.reworded(asked, found.hits, refused.lines, likeness, scorer))
    with contextlib.suppress(GenerationError):
        while True:
            with finder.judging():  # the generator compares words
                wording = next(wordings, None)
            if wording is None:
                break
            again = finder.find(wording, every_issue=found.every_issue, overview=False)
            one = finder.judge(replace(again, beside=beside))
            if one.why is None and one.lines:
                return one
    return refused


def _said(line: Line) -> str:
    return f"{line.heading} {line.reading}"
