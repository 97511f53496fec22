"""An embedder that reads a text once: of a conversation, most passages were found for the question before, too."""

import threading
from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache

from rag.embedders import Embedder, OnBatch, Vectors
from rag.types import Span

_PASSAGES = 64  # with their lines, some 50 KB each
_KEPT = 4_096  # rows, 3 KB each with MPNet: about eighty questions


class RememberingEmbedder:
    """Another embedder, with the rows of the texts, questions and passages that it was given last."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimension, self.max_tokens = embedder.name, embedder.dimension, embedder.max_tokens
        self._embedder = embedder
        self._lock = threading.Lock()
        self._documents: LRUCache[str, Vectors] = LRUCache(_KEPT)
        self._queries: LRUCache[str, Vectors] = LRUCache(_KEPT)
        self._passages: LRUCache[tuple[str, tuple[Span, ...]], tuple[Vectors, Vectors]] = LRUCache(_PASSAGES)

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        with self._lock:
            found = {text: self._documents[text] for text in texts if text in self._documents}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        if new:
            found.update(zip(new, self._embedder.encode_documents(new, on_batch=on_batch), strict=True))
            with self._lock:
                self._documents.update((text, found[text]) for text in new)
        return np.array([found[text] for text in texts], dtype=np.float32).reshape(len(texts), self.dimension)

    def encode_query(self, text: str) -> Vectors:
        with self._lock:
            found = self._queries.get(text)
        if found is None:
            found = self._embedder.encode_query(text)
            with self._lock:
                self._queries[text] = found
        return found

    def forget(self) -> None:
        """Lets go of all rows, and of the texts that they are found by."""
        with self._lock:
            self._documents.clear()
            self._queries.clear()
            self._passages.clear()

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        """Only passages that have no vectors in the store yet are asked for here, some of them for each search."""
        keys = [(text, tuple(spans)) for text, spans in zip(texts, lines, strict=True)]
        with self._lock:
            found = {key: self._passages[key] for key in keys if key in self._passages}
        if new := list(dict.fromkeys(key for key in keys if key not in found)):
            made = self._embedder.encode_passages([text for text, _ in new], [own for _, own in new], on_batch=on_batch)
            found.update(zip(new, zip(*made, strict=True), strict=True))
            with self._lock:
                self._passages.update((key, found[key]) for key in new)
        rows = np.array([found[key][0] for key in keys], dtype=np.float32).reshape(len(keys), self.dimension)
        return rows, [found[key][1] for key in keys]

    def reads(self, text: str) -> bool:
        return self._embedder.reads(text)
