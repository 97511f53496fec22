"""Finds the passages for a question. Knows the store and an embedder, no generator."""

from dataclasses import dataclass

from rag.catalog import Catalog, DocumentState
from rag.embedders import Embedder
from rag.store import Store
from rag.types import Hit, Scope


@dataclass(frozen=True)
class Retrieval:
    """Hits that reached the minimum score, best first, and those found below it."""

    hits: tuple[Hit, ...]
    below: tuple[Hit, ...]


class Retriever:
    """Dense retrieval over one collection. Thread-safe, as its parts are."""

    def __init__(self, embedder: Embedder, store: Store, catalog: Catalog, *, collection: str) -> None:
        self._embedder = embedder
        self._store = store
        self._catalog = catalog
        self._collection = collection

    def retrieve(self, question: str, *, k: int, minimum_score: float, scope: Scope = Scope()) -> Retrieval:
        """The k nearest chunks of whole documents, split at `minimum_score` (cosine)."""
        hidden = [
            document
            for state in (DocumentState.WRITING, DocumentState.LEAVING)
            for document in self._catalog.document_ids(self._collection, state)
        ]
        vector = self._embedder.encode_query(question)
        hits = self._store.search(vector, k=k, documents=scope.documents, hidden=hidden)
        near = tuple(hit for hit in hits if hit.score >= minimum_score)
        return Retrieval(near, tuple(hits[len(near) :]))
