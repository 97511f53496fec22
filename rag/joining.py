"""Neighbouring passages that were both found become one: what stands in both is read once, and no sentence is cut."""

from collections.abc import Sequence
from dataclasses import replace

from rag.types import Chunk, Hit


def join(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits, with those joined that follow each other under one heading of a page and share some of their text.

    A joined hit stands where the best of its parts stood and has the best of their scores; `parts` holds its chunks.

    Args:
        hits: the best first.
    """
    joined: list[Hit] = []
    for hit in hits:
        at = len(joined)
        while (place := next((p for p, other in enumerate(joined) if _are_neighbours(other, hit)), None)) is not None:
            hit, at = _joined(joined.pop(place), hit), min(at, place)
        joined.insert(at, hit)
    return tuple(joined)


def _are_neighbours(one: Hit, other: Hit) -> bool:
    before, after = _in_order(one, other)
    first, second = before.chunk, after.chunk
    shared = first.end - second.start
    return (
        (first.document_id, first.page, first.heading) == (second.document_id, second.page, second.heading)
        and first.position + len(_parts(before)) == second.position
        and not (first.sections or second.sections)
        and 0 < shared < len(second.text)
        and first.text.endswith(second.text[:shared])
    )


def _joined(one: Hit, other: Hit) -> Hit:
    before, after = _in_order(one, other)
    first, second = before.chunk, after.chunk
    return Hit(
        replace(first, end=second.end, text=first.text + second.text[first.end - second.start :]),
        score=max(before.score, after.score),
        words=max(before.words, after.words),
        copies=(*before.copies, *after.copies),
        line=max(before.line, after.line),
        parts=(*_parts(before), *_parts(after)),
    )


def _in_order(one: Hit, other: Hit) -> tuple[Hit, Hit]:
    return (one, other) if one.chunk.start <= other.chunk.start else (other, one)


def _parts(hit: Hit) -> tuple[Chunk, ...]:
    return hit.parts or (hit.chunk,)
