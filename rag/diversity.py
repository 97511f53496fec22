"""Passages that tell something new, before others like those that were taken."""

from collections.abc import Mapping, Sequence

from rag.embedders import Vectors
from rag.types import Hit


def ordered(hits: Sequence[Hit], vectors: Mapping[str, Vectors], *, count: int, weight: float) -> list[Hit]:
    """The hits with those first that are chosen by maximal marginal relevance.

    Carbonell and Goldstein 1998, https://doi.org/10.1145/290941.291025. The hit in the nth place is as relevant as the
    nth best score, so that an order of another kind than by scores is kept as far as likeness allows.

    Args:
        hits: the best first.
        vectors: of chunks, by their id, unit rows; one without is like no other.
        count: of hits that are chosen so; the others follow as they are.
        weight: from 0, where likeness does not count, to 1, where nothing else does.
    """
    relevance = dict(
        zip((hit.chunk.id for hit in hits), sorted((hit.score for hit in hits), reverse=True), strict=True)
    )
    left, chosen = list(hits), list[Hit]()

    def worth(hit: Hit) -> float:
        own = vectors.get(hit.chunk.id)
        others = [] if own is None else [vectors[one.chunk.id] @ own for one in chosen if one.chunk.id in vectors]
        return (1 - weight) * relevance[hit.chunk.id] - weight * float(max(others, default=0.0))

    while left and len(chosen) < count:
        best = max(left, key=worth)  # of equal ones the first
        left.remove(best)
        chosen.append(best)
    return chosen + left
