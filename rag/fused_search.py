"""One search by meaning and by words over the chunks of a collection, fused by score."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag import lines
from rag.catalog import Catalog, DocumentState
from rag.embedders import Embedder, Vectors
from rag.lexical import LexicalIndex
from rag.terms import is_unspaced
from rag.types import Hit, Scope

if TYPE_CHECKING:
    from rag.store import Store  # Milvus takes half a second, and the page is shown before

_EMBEDDED_NOW = 8  # passages without vectors that are embedded for a question: half a second on two cores
_PAIRS = 3.5  # what pairs of characters count for one of a word: fewer of them match (docs/evaluation.md)


@dataclass(frozen=True)
class Stages:
    """What each search found, best first. Hits carry the score of their stage.

    `seconds` holds what each took, "question" being the embedding of the question. `cross_encoder` are those of `fused`
    as a reranker orders them, with the scores of `fused`; () without one.
    """

    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]
    fused: tuple[Hit, ...]
    cross_encoder: tuple[Hit, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> tuple[Hit, ...]:
        """The last of them."""
        return self.cross_encoder or self.fused


class FusedSearch:
    """Dense and lexical search. Thread-safe, as its parts are.

    Both scores mean the same for every question, so they are fused by their weighted sum; ranks would forget how near
    a passage is.
    """

    def __init__(
        self,
        embedder: Embedder,
        store: "Store",
        lexical: LexicalIndex,
        catalog: Catalog,
        *,
        collection: str,
        word_weight: float,
    ) -> None:
        self._embedder = embedder
        self._store = store
        self._lexical = lexical
        self._catalog = catalog
        self._collection = collection
        self._word_weight = word_weight

    def stages(
        self,
        question: str,
        *,
        count: int,
        scope: Scope = Scope(),
        without: Sequence[str] = (),
    ) -> Stages:
        """The `count` best chunks of whole documents by meaning and by words, and all of them by both.

        Args:
            without: documents that are not searched.
        """
        unfinished = (
            document
            for state in (DocumentState.WRITING, DocumentState.LEAVING)
            for document in self._catalog.document_ids(self._collection, state)
        )
        hidden = [*unfinished, *without]
        seconds: dict[str, float] = {}
        with _timed("question", seconds):
            vector = self._embedder.encode_query(question)
        dense, words = self._both(question, vector, count, scope, hidden, seconds)
        with _timed("fused", seconds):
            near = {hit.chunk.id: hit for hit in dense}
            # those without vectors first: what has left them meanwhile is in the store
            waiting = self._unembedded([chunk_id for chunk_id in words if chunk_id not in near], vector)
            near |= {hit.chunk.id: hit for hit in waiting}
            others = self._store.fetch([chunk_id for chunk_id in words if chunk_id not in near], vector)
            near |= {hit.chunk.id: hit for hit in others}
            lexical = tuple(
                replace(near[chunk_id], score=score, words=score)
                for chunk_id, score in words.items()
                if chunk_id in near
            )
            weigh = self._weigh(question)
            fused = [weigh(hit, words.get(chunk_id, 0.0)) for chunk_id, hit in near.items()]
            fused.sort(key=lambda hit: -hit.score)
        return Stages(dense, lexical, tuple(fused), seconds=seconds)

    def _both(
        self,
        question: str,
        vector: Vectors,
        count: int,
        scope: Scope,
        hidden: Sequence[str],
        seconds: dict[str, float],
    ) -> tuple[tuple[Hit, ...], dict[str, float]]:
        """What is found by meaning and by words; both are searched at once."""

        def by_words() -> tuple[dict[str, float], float]:
            started = time.perf_counter()
            found = self._lexical.search(question, k=count, documents=scope.documents, hidden=hidden)
            return dict(found), time.perf_counter() - started

        by_both = _searches().submit(by_words) if self._word_weight else None
        with _timed("dense", seconds):
            dense = tuple(self._store.search(vector, k=count, documents=scope.documents, hidden=hidden))
        if by_both is None:
            return dense, {}
        words, seconds["lexical"] = by_both.result()
        return dense, words

    def _unembedded(self, ids: Sequence[str], vector: Vectors) -> list[Hit]:
        """Passages that have no vectors yet, found by words: the first few are embedded for this question."""
        chunks = self._catalog.unembedded_passages(self._collection, ids)
        now, later = chunks[:_EMBEDDED_NOW], chunks[_EMBEDDED_NOW:]
        if not now:
            return []
        rows, of_lines = lines.encode(now, self._embedder)
        scores = (rows @ vector).tolist()
        nearest = (
            float((own @ vector).max()) if len(own) else score for own, score in zip(of_lines, scores, strict=True)
        )
        hits = [Hit(chunk, score, line=line) for chunk, score, line in zip(now, scores, nearest, strict=True)]
        return hits + [Hit(chunk, 0.0) for chunk in later]

    def _weigh(self, question: str) -> Callable[[Hit, float], Hit]:
        """How a hit is scored by its nearest line and its words; by words alone where the model cannot read."""
        scale = _PAIRS if is_unspaced(question) else 1.0
        by_meaning = self._embedder.reads(question) or not self._word_weight
        meaning, weight = (1.0, self._word_weight) if by_meaning else (0.0, 1.0)

        def weigh(hit: Hit, words: float) -> Hit:
            return replace(hit, score=meaning * hit.line + weight * scale * words, words=words)

        return weigh


@functools.cache
def _searches() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="words")


@contextlib.contextmanager
def _timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started
