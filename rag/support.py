"""How far the passages bear what an answer says, sentence by sentence.

Models that judge entailment cannot be had everywhere, so what there is is weighed together: the words of the sentence
that stand in a line or two of a passage, its cosine to the nearest line, and whether its numbers and names stand in the
passage at all. The weights were fitted to sentences read by eye (docs/evaluation.md). Where the settings name a model
that judges entailment, it decides instead.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import groupby, zip_longest

from rag.cross_encoders import Entailment
from rag.denials import denies
from rag.embedders import Embedder, Vectors
from rag.evidence import Line, in_context, share
from rag.numerals import held, missing
from rag.terms import is_german, terms
from rag.types import Hit

Weights = Callable[[str], Mapping[str, float]]  # of a text's terms, the rarer the more


class Verdict(str, Enum):
    """What the passages say to a sentence."""

    SUPPORTED = "supported"
    WEAK = "weak"  # a passage bears a part of it
    UNSUPPORTED = "unsupported"


_SUPPORTED, _WEAK = 0.5, 0.25  # support from which a sentence is supported, and weakly so
_BIAS, _WORDS, _WHOLE, _COSINE, _NAMES = -4.0, 3.0, 2.0, 1.5, -1.0  # log odds; names: for each that is missing
_NUMBERS = -2.0  # for each that is missing; chosen, since too few wrong ones were read to fit it
_TURNED = -3.0  # where the passage says the opposite; chosen: a sentence that it bears well is weak then
_SAME, _VERY_SAME = 0.7, 0.9  # of a sentence's words, in a clause that says the opposite: denied, and not denied
_NAME = re.compile(r"(?<=[\w,;'’\")] )[A-ZÀ-ÖØ-Þ][\w'’-]+")  # noqa: RUF001  a capital inside a sentence
_PERSON = re.compile(r"\b(?:Herrn?|Frau|Firma|Dr\.|Prof\.)\s+([A-ZÀ-ÖØ-Þ][\w'’-]+)")  # noqa: RUF001
_PARTS = re.compile(r"[,;:()–—]|\b(?:but|while|whereas|unless|except|although|aber|sondern|obwohl|außer)\b", re.I)  # noqa: RUF001


def verdict(support: float) -> Verdict:
    """The verdict on a sentence whose passage bears it so far."""
    if support >= _SUPPORTED:
        return Verdict.SUPPORTED
    return Verdict.WEAK if support >= _WEAK else Verdict.UNSUPPORTED


class Support:
    """How far each of some passages bears a sentence; made for one answer."""

    def __init__(
        self,
        lines: Sequence[Line],
        hits: Sequence[Hit],
        embedder: Embedder,
        weights: Weights,
        entailment: Entailment | None = None,
    ) -> None:
        """`lines` are all lines of `hits` with their vectors, in any order: `hits[line.number - 1]` holds it."""
        ordered = sorted(lines, key=lambda line: (line.number, line.span.start))
        of = {number: list(group) for number, group in groupby(ordered, key=lambda line: line.number)}
        self._passages = [_Passage(hit, of.get(number, [])) for number, hit in enumerate(hits, 1)]
        self._embedder = embedder
        self._weights = weights
        self._entailment = entailment

    def __call__(self, sentence: str) -> list[float]:
        """Support from 0 to 1 by each passage, in their order."""
        weights = self._weights(sentence)
        if self._entailment is not None:
            return self._entailed(sentence, weights, self._entailment)
        known = self._embedder.reads(sentence)
        vector = self._embedder.encode_documents([sentence])[0] if known else None
        return [passage.support(sentence, weights, vector) for passage in self._passages]

    def _entailed(self, sentence: str, weights: Mapping[str, float], entailment: Entailment) -> list[float]:
        """The same as the probability that it follows: from the two lines that share most with it, or the passage."""
        premises = [text for passage in self._passages for text in (passage.nearest(weights), passage.whole)]
        likely = entailment.entailed(premises, sentence)
        return [max(pair) for pair in zip(likely[::2], likely[1::2], strict=True)]


class _Passage:
    """A passage read for sentences about it: its lines with what stands over them, as text and as vectors."""

    def __init__(self, hit: Hit, lines: Sequence[Line]) -> None:
        texts = [in_context(hit.chunk, line) for line in lines]
        after = (line.reading for line in lines[1:])
        self._pairs = [f"{text} {following}" for text, following in zip_longest(texts, after, fillvalue="")]
        name = hit.chunk.document_name  # without the page, whose number bears nothing
        self.whole = " ".join([name, hit.chunk.context, hit.chunk.text, *(one.reading for one in lines)])
        self._clauses = [clause for line in lines for clause in _PARTS.split(line.reading)]
        self._numbers, self._terms = held(self.whole), set(terms(self.whole, parts=True))
        self._vectors = [line.vector for line in lines]

    def nearest(self, weights: Mapping[str, float]) -> str:
        """The line, with the one after it, that holds most of some words."""
        return max(self._pairs, key=lambda pair: share(weights, pair), default=self.whole)

    def support(self, sentence: str, weights: Mapping[str, float], vector: Vectors | None) -> float:
        words = max((share(weights, pair) for pair in self._pairs), default=0.0)
        cosine = words if vector is None else max([0.0, *(float(line @ vector) for line in self._vectors)])
        odds = _BIAS + _WORDS * words + _WHOLE * share(weights, self.whole) + _COSINE * cosine
        odds += _NUMBERS * len(missing(sentence, self._numbers)) + _NAMES * len(names(sentence) - self._terms)
        odds += _TURNED * self._says_otherwise(sentence, weights)
        return 1 / (1 + math.exp(-odds))

    def _says_otherwise(self, sentence: str, weights: Mapping[str, float]) -> bool:
        """Whether the clauses that hold the words of a sentence deny what it says, or say what it denies."""
        denied = denies(sentence)
        if denied is None:
            return False
        least = _VERY_SAME if denied else _SAME
        same = [clause for clause in self._clauses if share(weights, clause) >= least]
        return bool(same) and all(denies(clause) is (not denied) for clause in same)


def names(text: str) -> set[str]:
    """Terms of the words that begin with a capital inside a sentence; in German, where nouns do, those of persons."""
    pattern = _PERSON if is_german(text) else _NAME
    return {term for name in pattern.findall(text) for term in terms(name)}
