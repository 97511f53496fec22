"""The vectors of documents that are found by their words already: some passages at a time, the oldest document first.

The catalog keeps the passages until their vectors are stored; a process that is killed between the two embeds nothing
again, since what the store has is looked up before.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from ingest.report import Failure, IngestProgress
from rag import lines
from rag.catalog import Embedded
from rag.embedders import Embedder, Vectors
from rag.errors import FootnoteError
from rag.library import Library
from rag.types import Chunk

_WRITTEN = 256  # passages between two writes, at most
_SECONDS = 10.0  # between two writes, or one step: what a kill costs at most
_LOOK = 0.05  # seconds between two looks at whether a document was read
_STEP = 32  # passages between two looks at whether there is something more urgent


def embed_next(
    library: Library,
    embedder: Embedder,
    *,
    document_id: str = "",
    besides: Sequence[str] = (),
    most: int = 0,
    is_urgent: Callable[[], bool] = lambda: False,
) -> int | None:
    """Embeds some passages of a document and stores their vectors. The library's store must be open for `embedder`.

    Args:
        document_id: of which; where none is named, of the one that has waited longest.
        besides: documents that are left out.
        most: passages, where they are to be fewer than usual.
        is_urgent: asked every few seconds; ends the step, and what was embedded by then is stored.

    Returns:
        how many passages were embedded; None where no document waits.
    """
    chosen = document_id or library.catalog.next_to_embed(library.collection, besides=besides)
    if chosen is None:
        return None
    missing = _missing(library, chosen)
    chunks, vectors, rows = _encode(missing[: most or _WRITTEN], embedder, is_urgent)
    _store(library, chosen, chunks, vectors, rows)
    return len(chunks)


def embed_waiting(
    library: Library,
    embedder: Embedder,
    *,
    is_stopped: Callable[[], bool],
    is_all_read: Callable[[], bool] = lambda: True,
    on_progress: Callable[[IngestProgress], None],
) -> tuple[int, list[Failure]]:
    """Embeds until nothing waits or it is stopped; a document that cannot be stored is named, the others go on.

    Args:
        is_all_read: whether no document will come any more; until then it waits for others.

    Returns:
        the number of passages, and what failed.
    """
    catalog, collection = library.catalog, library.collection
    failed: dict[str, Failure] = {}
    done, began = 0, time.perf_counter()

    def tell(name: str, share: float) -> None:
        left = catalog.count_unembedded(collection)
        seconds = (time.perf_counter() - began) / done * left if done else None
        on_progress(IngestProgress(name, 1, 1, "embedding", share, done / max(done + left, 1), seconds))

    while not is_stopped():
        is_last = is_all_read()  # before the look: whatever was read by then is seen
        chosen = catalog.next_to_embed(collection, besides=list(failed))
        if chosen is None:
            if is_last:
                break
            time.sleep(_LOOK)
            continue
        record = catalog.document(collection, chosen)
        name = record.name if record is not None else chosen
        tell(name, catalog.embedded(collection, [chosen]).get(chosen, Embedded(0, 0)).share)
        try:
            done += embed_next(library, embedder, document_id=chosen, is_urgent=is_stopped) or 0
            tell(name, catalog.embedded(collection, [chosen]).get(chosen, Embedded(0, 0)).share)
        except FootnoteError as exc:
            failed[chosen] = Failure(name, f"{name}: {exc}")
    return done, list(failed.values())


def _missing(library: Library, document_id: str) -> list[Chunk]:
    """The passages that are to be embedded; of those that a killed process had stored the catalog is told."""
    catalog, collection = library.catalog, library.collection
    waiting = catalog.unembedded(collection, document_id, limit=_WRITTEN)
    stored = {entry.id: entry.position for entry in library.store.listing([document_id])} if waiting else {}
    there = [chunk.id for chunk in waiting if stored.get(chunk.id) == chunk.position]
    if there:
        catalog.note_embedded(collection, document_id, there)
    return [chunk for chunk in waiting if chunk.id not in set(there)]


def _encode(
    chunks: Sequence[Chunk], embedder: Embedder, is_urgent: Callable[[], bool]
) -> tuple[list[Chunk], Vectors, list[Vectors]]:
    """Passages of similar length together, as far as nothing is more urgent."""
    ordered = sorted(chunks, key=lambda chunk: -len(chunk.embedded))
    done: list[Chunk] = []
    vectors: list[Vectors] = []
    rows: list[Vectors] = []
    began = time.monotonic()
    for start in range(0, len(ordered), _STEP):
        if done and (time.monotonic() - began > _SECONDS or is_urgent()):
            break
        some = ordered[start : start + _STEP]
        made, of_lines = lines.encode(some, embedder)
        done += some
        vectors.append(made)
        rows += of_lines
    empty = np.empty((0, embedder.dimension), dtype=np.float32)
    return done, np.concatenate([empty, *vectors]), rows


def _store(
    library: Library, document_id: str, chunks: Sequence[Chunk], vectors: Vectors, rows: Sequence[Vectors]
) -> None:
    """Writes those that are waited for still: the document may have been deleted or renamed meanwhile."""
    catalog, collection = library.catalog, library.collection
    with library.writing:
        waited_for = {chunk.id for chunk in catalog.unembedded_passages(collection, [chunk.id for chunk in chunks])}
        places = [place for place, chunk in enumerate(chunks) if chunk.id in waited_for]
        library.store.upsert([chunks[place] for place in places], vectors[places], [rows[place] for place in places])
        catalog.note_embedded(collection, document_id, sorted(waited_for))
