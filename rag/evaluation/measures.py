"""Measures of rankings and answers, with their intervals. The only file that imports ir_measures and scipy."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np

_RANKING = {
    "hit@1": ir_measures.Success @ 1,
    "hit@5": ir_measures.Success @ 5,
    "hit@10": ir_measures.Success @ 10,
    "MRR@10": ir_measures.RR @ 10,
    "nDCG@10": ir_measures.nDCG @ 10,
    "recall@50": ir_measures.R @ 50,
}
RANKING_MEASURES = tuple(_RANKING)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = re.compile(rf"[{re.escape(string.punctuation)}]")
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u9fff])")
_RESAMPLES = 2_000


@dataclass(frozen=True)
class Estimate:
    """A mean over questions with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    count: int


def ranking_measures(
    relevant: Mapping[str, Mapping[str, float]], found: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Measures of each question: {question: {measure: value}}.

    Args:
        relevant: grade of each relevant place, by question.
        found: places in order, the best first, without repetition, by question.
    """
    qrels = {query: {place: round(grade) for place, grade in places.items()} for query, places in relevant.items()}
    run = {query: {place: -float(rank) for rank, place in enumerate(places)} for query, places in found.items()}
    names = {measure: name for name, measure in _RANKING.items()}
    values: dict[str, dict[str, float]] = {query: dict.fromkeys(_RANKING, 0.0) for query in relevant}
    for metric in ir_measures.iter_calc(list(_RANKING.values()), qrels, run):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return values


def estimate(values: Sequence[float], seed: int = 0) -> Estimate:
    """Mean and percentile interval."""
    data = np.asarray(values, dtype=np.float64)
    mean = float(data.mean())
    if len(data) < 2 or float(np.ptp(data)) == 0.0:
        return Estimate(mean, mean, mean, len(data))
    from scipy.stats import bootstrap  # half a second: the page is shown before

    made = bootstrap((data,), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=np.random.default_rng(seed))
    return Estimate(mean, float(made.confidence_interval.low), float(made.confidence_interval.high), len(data))


def normalise(text: str) -> str:
    """Lower case without punctuation, articles and extra spaces, as SQuAD's own script; Chinese letter by letter."""
    plain = _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).lower())
    return " ".join(_CJK.sub(r" \1 ", _ARTICLES.sub(" ", plain)).split())


def exact_match(answer: str, accepted: Sequence[str]) -> float:
    return float(any(normalise(answer) == normalise(text) for text in accepted))


def token_f1(answer: str, accepted: Sequence[str]) -> float:
    """The best token F1 with an accepted answer (Rajpurkar et al. 2016)."""
    return max((_f1(normalise(answer).split(), normalise(text).split()) for text in accepted), default=0.0)


def contains(text: str, accepted: Sequence[str]) -> float:
    """Whether an accepted answer stands in the text, word for word."""
    padded = f" {normalise(text)} "
    return float(any(f" {normalise(answer)} " in padded for answer in accepted if normalise(answer)))


def _f1(answer: list[str], accepted: list[str]) -> float:
    same = (Counter(answer) & Counter(accepted)).total()
    return 2 * same / (len(answer) + len(accepted)) if same else 0.0
