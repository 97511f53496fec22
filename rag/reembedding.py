"""A collection brought to another embedding model: embedded anew beside its vectors, which answer until all is there.

Passages stay as they are, and so do their words; only vectors are made. What was embedded is found again in the new
vectors themselves, so that a process may die at any moment.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rag import lines
from rag.catalog import Collection, Reembedding
from rag.embedders import Embedder
from rag.errors import FootnoteError, ModelMismatch
from rag.library import Library, batches
from rag.progress import OnProgress
from rag.queue import Cancelled
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.store import Store

_BATCH = 64  # passages between two writes: what a kill costs at most


def begin(library: Library, collection: Collection, embedding_model: str) -> Reembedding | None:
    """Announces that a collection is to have another embedding model, or goes on with it where it was paused.

    Returns:
        None for a collection without vectors, which has it at once.

    Raises:
        FootnoteError: it has that model already, or is on its way to another one.
    """
    catalog = library.catalog
    if collection.dimension and collection.embedding_model == embedding_model:
        raise FootnoteError(f"Collection {collection.title!r} has the embedding model {embedding_model} already.")
    if not collection.dimension:
        catalog.choose_embedding_model(collection.name, embedding_model)
        return None
    there = catalog.reembedding(collection.name)
    if there is None:
        return catalog.begin_reembedding(collection.name, embedding_model)
    if there.embedding_model != embedding_model:
        raise FootnoteError(
            f"Collection {collection.title!r} is being embedded with {there.embedding_model}. Cancel that first."
        )
    catalog.change_reembedding(collection.name, is_paused=False)
    return replace(there, is_paused=False)


def embed(
    library: Library, task: Reembedding, embedder: Embedder, *, on_progress: OnProgress, stop: threading.Event
) -> Reembedding:
    """Embeds what is missing, until nothing is; documents may be added and deleted meanwhile.

    Raises:
        Cancelled: `stop` was set; what is written stays.
        FootnoteError: the collection is gone.
    """
    if embedder.name != task.embedding_model:
        raise ModelMismatch(f"{task.embedding_model} was to embed, and {embedder.name} was given.")
    if task.dimension != embedder.dimension:
        library.catalog.change_reembedding(task.collection, dimension=embedder.dimension)
        task = replace(task, dimension=embedder.dimension)
    live = _live(library, task)
    with (
        library.vectors(live.stored_as, live.dimension) as source,
        library.vectors(task.vectors, task.dimension) as target,
    ):
        while missing := _difference(source, target):
            total = source.count()
            done = total - sum(map(len, missing.values()))
            for batch in batches(_chunks(source, missing), _BATCH):

                def tell(embedded: int, done: int = done, total: int = total) -> None:
                    if stop.is_set():
                        raise Cancelled
                    on_progress(min(done + embedded, total), total, f"embedding with {task.embedding_model}")

                tell(0)
                target.upsert(batch, *lines.encode(batch, embedder, on_batch=tell))
                done += len(batch)
    return task


def finish(library: Library, task: Reembedding) -> None:
    """The collection is asked by its new vectors from now on; then the old ones are deleted.

    Nothing may be added or asked meanwhile. The collection is opened anew where it is the open one.

    Raises:
        FootnoteError: something is still missing: `embed` comes first.
    """
    live = _live(library, task)
    with (
        library.vectors(live.stored_as, live.dimension) as source,
        library.vectors(task.vectors, task.dimension) as target,
    ):
        if _difference(source, target):
            raise FootnoteError("Passages were added meanwhile: they are embedded first.")
    is_open = library.is_store_open and library.collection == task.collection
    if is_open:
        library.close_store()
    try:
        library.catalog.take_vectors(task)
    finally:
        if is_open:
            library.open_existing()
    sweep(library)


def cancel(library: Library, collection: str) -> None:
    """Gives it up; the collection stays as it is."""
    library.catalog.drop_reembedding(collection)
    sweep(library)


def sweep(library: Library) -> None:
    """Deletes vectors that are of no use any more, also those that a killed process left."""
    used = {collection.stored_as for collection in library.catalog.collections()}
    for name, dimension in library.catalog.leftovers().items():
        if name not in used:  # a new collection may be called like one whose old vectors were left
            with library.vectors(name, dimension) as store:
                store.drop()
        library.catalog.forget_leftover(name)


def forget_document(library: Library, document_id: str) -> None:
    """Deletes what was embedded anew of a document of the open collection."""
    task = library.catalog.reembedding(library.collection)
    if task is not None and task.dimension:
        with library.vectors(task.vectors, task.dimension) as store:
            store.delete_document(document_id)


def cut(library: Library, collection: Collection, embedder: Embedder) -> int:
    """How many passages of a collection are longer than the model reads: their ends are found by words only."""
    with library.vectors(collection.stored_as, collection.dimension) as store:
        return sum(embedder.count_tokens(chunk.embedded) + 2 > embedder.max_tokens for chunk in store.chunks())


def _live(library: Library, task: Reembedding) -> Collection:
    found = library.catalog.collection(task.collection)
    if found is None or library.catalog.reembedding(task.collection) is None:
        raise FootnoteError(f"Collection {task.collection!r} is no longer to be embedded anew.")
    return found


def _difference(source: "Store", target: "Store") -> dict[str, set[str]]:
    """Ids of the passages that the target lacks, by document; what it has too much is deleted."""
    there = {entry.id: entry for entry in source.listing()}
    done = {entry.id: entry for entry in target.listing()}
    target.delete([chunk_id for chunk_id in done if chunk_id not in there])
    missing: dict[str, set[str]] = {}
    for chunk_id, entry in there.items():
        if done.get(chunk_id) != entry:  # or it has another name or place now
            missing.setdefault(entry.document_id, set()).add(chunk_id)
    return missing


def _chunks(source: "Store", missing: dict[str, set[str]]) -> Iterator[Chunk]:
    for document_id, ids in missing.items():
        yield from (chunk for chunk in source.chunks([document_id]) if chunk.id in ids)
