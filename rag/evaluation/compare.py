"""Two reports side by side: what changed, by how much, and on which questions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evaluation import measures
from rag.evaluation.measures import Estimate
from rag.evaluation.run import Record, Report

Pair = tuple[Record, Record]  # of one question, before and after

# Measures by which a question got better or worse, and whether more is better: the first that it has in both reports
# counts, of refusals alone the first that changed.
_ANSWERS = ("contains answer", "right refusal", "right passage cited")
_REFUSALS = ("refused, answerable", "refused, unanswerable", "refused, answer taken away")
_FOUND = ("fused nDCG@10", "dense nDCG@10")
_LESS_IS_BETTER = "refused, answerable"


@dataclass(frozen=True)
class Difference:
    """A measure before and after, over the questions that both reports asked; `change` is paired."""

    measure: str
    before: float
    after: float
    change: Estimate


@dataclass(frozen=True)
class Comparison:
    """All measures, and the records (before, after) of questions that got better and worse by one of `deciding`."""

    differences: tuple[Difference, ...]
    deciding: str
    better: tuple[Pair, ...]
    worse: tuple[Pair, ...]


def compare(before: Report, after: Report) -> Comparison:
    """Compares what both reports measured of the same questions."""
    later = {record["id"]: record for record in after.records}
    pairs = [(record, later[record["id"]]) for record in before.records if record["id"] in later]
    names = [name for name in before.estimates if name in after.estimates]
    changed = {a["id"]: _change(a, b) for a, b in pairs}
    changes = {question: change for question, (_, change) in changed.items()}
    decided = {name for name, _ in changed.values()}
    deciding = ", ".join(name for name in (*_ANSWERS, *_REFUSALS, *_FOUND) if name in decided)
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


def _change(before: Record, after: Record) -> tuple[str, float]:
    """By which measure a question changed, "" where there is none, and how much it got better."""
    old, new = before["measures"], after["measures"]
    known = [name for name in (*_ANSWERS, *_REFUSALS, *_FOUND) if name in old and name in new]
    if not known:
        return "", 0.0
    refusals = [name for name in known if name in _REFUSALS] if known[0] in _REFUSALS else []
    name = next((one for one in refusals if old[one] != new[one]), known[0])
    return name, float(new[name] - old[name]) * (-1 if name == _LESS_IS_BETTER else 1)
