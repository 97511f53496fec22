"""Cross-encoders read two texts together. None comes with Footnote: they are used where the settings name one.

A reranker orders what the searches found; a model of natural language inference says whether a passage bears a
sentence. The evidence and the generator do both without them (docs/evaluation.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Reranker(Protocol):
    """Orders passages by how well each answers a question."""

    def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        """A number for each passage, in their order: the greater, the better; thread-safe."""
        ...


class Entailment(Protocol):
    """Judges whether one text follows from another."""

    def entailed(self, premises: Sequence[str], sentence: str) -> list[float]:
        """Probability, for each premise in their order, that the sentence follows from it; thread-safe."""
        ...


@dataclass(frozen=True)
class CrossEncoders:
    """Those that the settings name."""

    reranker: Reranker | None = None
    entailment: Entailment | None = None
