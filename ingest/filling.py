"""The vectors that fill in behind the queue, step by step, and what becomes of its files meanwhile."""

import logging
import time
from collections.abc import Callable, Sequence

from ingest.embedding import embed_next
from ingest.pace import Pace
from rag.catalog import QueuedFile, QueueState
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.library import Library

_FIRST = 4  # passages that tell the pace, before the other files are read: less than a second
_LOOK = 10.0  # seconds after which files are looked at whose documents are gone
_log = logging.getLogger(__name__)
DEFECT = "an error inside Footnote; its log says more. The other files are not affected."


class Filling:
    """Makes the vectors of documents that are found by their words, the one that has waited longest first."""

    def __init__(self, library: Library, pace: Pace, *, on_added: Callable[[QueuedFile], None]) -> None:
        """`on_added` is told of each file of the queue whose documents have all their vectors."""
        self._library = library
        self._pace = pace
        self._on_added = on_added
        self._failed: set[str] = set()  # documents whose vectors could not be made
        self._looked = 0.0  # when all files were looked at

    def step(self, embedder: Embedder, *, is_urgent: Callable[[], bool]) -> bool:
        """Some vectors of one document; False where none waits. One that fails stays findable by its words."""
        chosen = self._library.catalog.next_to_embed(self._library.collection, besides=sorted(self._failed))
        if chosen is not None:
            self._embed(chosen, embedder, is_urgent)
        looked = time.monotonic()
        is_due = chosen is None or looked - self._looked > _LOOK
        self._looked = looked if is_due else self._looked
        for file in self._library.catalog.finish_embedded(self._library.collection, None if is_due else chosen):
            self._on_added(file)
        return chosen is not None

    def try_again(self, documents: Sequence[str]) -> None:
        """Those that failed wait for their vectors again."""
        self._failed.difference_update(documents)

    def _embed(self, document_id: str, embedder: Embedder, is_urgent: Callable[[], bool]) -> None:
        started, most = time.perf_counter(), 0 if self._pace.is_known else _FIRST
        try:
            done = embed_next(self._library, embedder, document_id=document_id, most=most, is_urgent=is_urgent)
        except FootnoteError as exc:
            self._give_up(document_id, str(exc))
        except Exception:  # a defect of ours: this document is named, the others go on
            _log.exception("document %s could not be embedded", document_id)
            self._give_up(document_id, DEFECT)
        else:
            self._pace.embedded(done or 0, time.perf_counter() - started)

    def _give_up(self, document_id: str, why: str) -> None:
        self._failed.add(document_id)
        catalog = self._library.catalog
        for file in catalog.queue(self._library.collection, QueueState.EMBEDDING):
            if document_id in file.documents:
                message = f"{file.name} is found by its words only: {why}"
                catalog.set_queue_state([file.id], QueueState.FAILED, message, documents=file.documents)
