"""Embedders turn content into unit-length rows; one file per model family."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import Span

Vectors = NDArray[np.float32]
OnBatch = Callable[[int], None]  # told how many texts are done


class Embedder(Protocol):
    """Turns text into unit-length rows. Queries and documents may be encoded differently."""

    name: str  # identity of the weights, kept with each collection
    dimension: int
    max_tokens: int  # longest input, special tokens included

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` without the special ones; thread-safe."""
        ...

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        """float32[len(texts), dimension], rows of length 1, in the order of `texts`; thread-safe.

        `on_batch` is called between batches; what it raises ends the encoding.
        """
        ...

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        """What `encode_documents` gives, and the lines of each text as unit rows float32[n, dimension]; thread-safe.

        Args:
            lines: of each text; those too short or beyond what the model reads have no row.
        """
        ...

    def reads(self, text: str) -> bool:
        """Whether the model knows the script of a text; else its vector says nothing."""
        ...

    def encode_query(self, text: str) -> Vectors:
        """float32[dimension] of length 1; thread-safe."""
        ...
