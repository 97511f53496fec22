"""Chunks of a document into the library: what has vectors already, words, and the rest."""

from collections.abc import Callable, Sequence

from ingest.reuse import Vectors
from rag import lines
from rag.embedders import Embedder
from rag.library import Library
from rag.rows import Record
from rag.types import Chunk

Tell = Callable[[str, float], None]  # what is being done, and how much of it, 0 to 1; may break off by raising
_BATCH = 256  # chunks between two writes: what a kill costs at most
_WORDS = 500  # chunks whose words are written at once


def store_known(
    library: Library, chunks: Sequence[Chunk], earlier: Sequence[Record], *, may_be_there: bool
) -> list[Chunk]:
    """Stores chunks that are not stored as they are, and have vectors; returns those that have none.

    Args:
        earlier: passages of the version that is replaced; what they have in common is not embedded again.
        may_be_there: whether some are stored already; a new document has none.
    """
    documents = sorted({item.document_id for item in chunks}) if may_be_there else []
    own = list(library.store.records(documents)) if documents else []
    stored = {entry.chunk.id: entry.chunk for entry in own}
    missing = [item for item in chunks if stored.get(item.id) != item]
    library.lexical.add([item for item in chunks if item.id in stored])  # none, where nothing was damaged
    settled = {item.id for item in chunks} - {item.id for item in missing}
    free = [entry for entry in own if entry.chunk.id not in settled]
    kept, missing = Vectors([*free, *earlier]).take(missing)
    for start in range(0, len(kept), _BATCH):
        library.lexical.add([entry.chunk for entry in kept[start : start + _BATCH]])
        library.store.put(kept[start : start + _BATCH])
    return missing


def write_words(library: Library, chunks: Sequence[Chunk], *, tell: Tell) -> None:
    """Indexes the words of chunks."""
    for start in range(0, len(chunks), _WORDS):
        tell("writing", start / len(chunks))
        library.lexical.add(chunks[start : start + _WORDS])


def write(library: Library, embedder: Embedder, chunks: Sequence[Chunk], *, tell: Tell) -> int:
    """Embeds and stores chunks; returns how many."""
    for start in range(0, len(chunks), _BATCH):
        batch = chunks[start : start + _BATCH]

        def on_batch(done: int, start: int = start) -> None:
            tell("embedding", (start + done) / len(chunks))

        vectors, rows = lines.encode(batch, embedder, on_batch=on_batch)
        tell("writing", (start + len(batch)) / len(chunks))
        library.lexical.add(batch)  # first: what the store has, the words have too
        library.store.upsert(batch, vectors, rows)
    return len(chunks)


def remove_others(library: Library, document_id: str, chunks: Sequence[Chunk]) -> None:
    """Removes chunks that an earlier run cut in another way, with other settings or under another name."""
    own = {item.id for item in chunks}
    library.store.delete([stored.id for stored in library.store.listing([document_id]) if stored.id not in own])
    indexed = (chunk_id for chunk_id, _ in library.lexical.listing([document_id]))  # a kill may leave words alone
    library.lexical.delete([chunk_id for chunk_id in indexed if chunk_id not in own])
