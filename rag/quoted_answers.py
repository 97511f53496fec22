"""Answers that are what documents say, word for word: of each of several, or an overview. Generators mix them up."""

from collections.abc import Callable, Collection, Iterator, Sequence

from rag import overviews, quotations, series
from rag.evidence import Line, quoted
from rag.findings import Finder, Found
from rag.overviews import Overview
from rag.phrases import Phrases
from rag.types import Citation

Items = Iterator[tuple[str, Citation]]  # of a list, each with its footnote


def answers(found: Found, finder: Finder) -> Items:
    """What is asked, from each of several documents or by an overview; nothing where neither is asked for."""
    overview = found.retrieval.overview

    def told(own: Sequence[Line]) -> Sequence[Line]:
        if overview:
            return _lead(overview, own, found)
        why, reading = finder.judge_lines(found.wording, own, found.hits)
        lines = reading.lines if reading else own
        return () if why else quoted(list(filter(overviews.says, lines)) or lines)[0]

    if found.retrieval.issues:
        yield from _each(found, told)
    elif overview:
        yield from quotations.of_sections(found.hits, overviews.told(overview, found.lines))


def nearest(found: Found) -> Items:
    """What each of several documents says of a matter, though it may be no answer."""
    return _each(found, lambda own: _lead(Overview.MATTER, own, found))


def left_out(found: Found, told: Collection[str], finder: Finder, phrases: Phrases) -> str:
    """Which of the documents that an overview is asked of are not told; empty where none is asked for or all are."""
    more = [*(one for one in found.retrieval.issues if one not in told), *found.retrieval.left]
    if found.retrieval.overview is not Overview.DOCUMENTS or not more:
        return ""
    return f"\n{quotations.of_names(finder.parts.retriever.names(more), phrases)}"


def _each(found: Found, tell: Callable[[Sequence[Line]], Sequence[Line]]) -> Items:
    """`tell` says which lines of a document are quoted, if any."""
    number = 0
    for own in series.by_issue(found.retrieval.issues, found.hits, found.lines).values():
        if told := tell(own):
            number += 1
            yield quotations.of_document(number, found.hits[told[0].number - 1], told)


def _lead(overview: Overview, own: Sequence[Line], found: Found) -> Sequence[Line]:
    line = overviews.lead(overview, own, best=found.lines[0].score)
    return (line,) if line else ()
