"""BM25 over postings: which chunks hold most of a question's terms. Pure functions; places are numbers of chunks.

The length of a chunk is looked up only where it can matter: of one that would not be among the best even if it were the
shortest of all, it is never read. What is found is the same.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_K1, _B = 0.9, 0.4  # saturation and length: those of Anserini (Lin et al. 2016), chosen in docs/evaluation.md
_TERMS = 64  # terms of a question that count; the rarest ones

Places = np.ndarray[Any, np.dtype[np.int64]]
Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Posting:
    """Where a term stands, in rising order, and how often in each chunk."""

    weight: float
    places: Places
    times: Places


@dataclass(frozen=True)
class Sizes:
    """Of a collection: how many chunks, how many terms in all of them, and bounds of the terms of one."""

    chunks: int = 0
    terms: int = 0
    longest: int = 0
    shortest: int = 0

    def weights(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Inverse document frequency of terms by the number of chunks that hold them, the rarest first; at most 64."""
        odds = {term: (self.chunks - count + 0.5) / (count + 0.5) for term, count in counts.items()}
        weights = {term: math.log1p(max(one, 0.0)) for term, one in odds.items()}
        return dict(sorted(weights.items(), key=lambda entry: -entry[1])[:_TERMS])

    def candidates(self, postings: Sequence[Posting], allowed: "np.ndarray[Any, np.dtype[np.bool_]]", k: int) -> Places:
        """Places that may be among the k best.

        Args:
            allowed: by place, up to the last one of the postings.
        """
        most, least = np.zeros(len(allowed)), np.zeros(len(allowed))
        for posting in postings:
            most[posting.places] += self._share(posting, posting.times, self.shortest)
            least[posting.places] += self._share(posting, posting.times, self.longest)
        found: Places = np.flatnonzero((most > 0) & allowed)
        if len(found) <= k:
            return found
        threshold = np.partition(least[found], -k)[-k]
        near: Places = found[most[found] >= threshold]
        return near

    def scores(self, postings: Sequence[Posting], places: Places, lengths: Sequence[int]) -> Numbers:
        """The score of each place, whose chunks have so many terms."""
        order = np.argsort(places)
        rising, length, scores = places[order], np.array(lengths, dtype=np.float64)[order], np.zeros(len(places))
        for posting in postings:
            at = np.searchsorted(posting.places, rising).clip(max=len(posting.places) - 1)
            times = np.where(posting.places[at] == rising, posting.times[at], 0)
            scores[order] += self._share(posting, times, length)
        return scores

    def _share(self, posting: Posting, times: Places, length: "Numbers | int") -> Numbers:
        average = self.terms / self.chunks if self.terms else 1.0
        found: Numbers = posting.weight * times / (times + _K1 * (1 - _B) + _K1 * _B * length / average)
        return found
