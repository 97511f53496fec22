"""Two reports side by side: what changed, by how much, and on which questions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluation import measures
from rag.evaluation.measures import Estimate
from rag.evaluation.run import Record, Report

Pair = tuple[Record, Record]  # of one question, before and after

# Measures by which a question got better or worse; the first that both reports have counts.
_DECIDING = ("contains answer", "right refusal", "right passage cited", "fused nDCG@10", "dense nDCG@10")


@dataclass(frozen=True)
class Difference:
    """A measure before and after, over the questions that both reports asked; `change` is paired."""

    measure: str
    before: float
    after: float
    change: Estimate


@dataclass(frozen=True)
class Comparison:
    """All measures, and the records (before, after) of questions that got better and worse by `deciding`."""

    differences: tuple[Difference, ...]
    deciding: str
    better: tuple[Pair, ...]
    worse: tuple[Pair, ...]


def compare(before: Report, after: Report) -> Comparison:
    """Compares what both reports measured of the same questions."""
    later = {record["id"]: record for record in after.records}
    pairs = [(record, later[record["id"]]) for record in before.records if record["id"] in later]
    names = [name for name in before.estimates if name in after.estimates]
    deciding = next((name for name in _DECIDING if name in names), "")
    changes = {(a["id"]): _change(a, b, deciding) for a, b in pairs}
    return Comparison(
        tuple(_differences(names, pairs)),
        deciding,
        tuple(pair for pair in pairs if changes[pair[0]["id"]] > 0),
        tuple(pair for pair in pairs if changes[pair[0]["id"]] < 0),
    )


def _differences(names: Sequence[str], pairs: Sequence[Pair]) -> Iterator[Difference]:
    for name in names:
        both = [
            (a["measures"][name], b["measures"][name])
            for a, b in pairs
            if name in a["measures"] and name in b["measures"]
        ]
        if both:
            old, new = (sum(values) / len(both) for values in zip(*both, strict=True))
            yield Difference(name, old, new, measures.estimate([b - a for a, b in both]))


def _change(before: Record, after: Record, name: str) -> float:
    old, new = before["measures"].get(name), after["measures"].get(name)
    return 0.0 if old is None or new is None else float(new - old)
