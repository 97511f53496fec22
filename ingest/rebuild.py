"""A catalog that is damaged or lost, made anew: what of it can be read, then what passages and kept files tell.

A document whose row is lost is known by its passages. Where its kept file is there, it is to be read again from that,
which embeds nothing that is there; else its passages answer as they are. Tags, conversations and watched folders come
back as far as their rows can be read.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ingest.pipeline import SAMPLES
from rag import originals
from rag.catalog import Collection, DocumentRecord, DocumentState
from rag.library import Library
from rag.settings import Settings
from rag.types import Chunk


@dataclass(frozen=True)
class Rebuilt:
    """What a new catalog was made of.

    Attributes:
        rows: that could be read in the one before.
        to_read: documents that are to be read again from their kept files.
        as_they_are: documents of which only passages are left.
        collections: names of all of them.
    """

    rows: int
    to_read: int
    as_they_are: int
    collections: tuple[str, ...]


def rebuild(settings: Settings, *, holder: str) -> Rebuilt:
    """Sets the catalog aside and makes another one. Nothing may have the library open."""
    from rag.store import stored_collections

    to_read = as_they_are = 0
    with Library.open(settings, holder=holder, anew=True) as library:
        vectors = library.folder / "vectors.db"
        for name, dimension in (stored_collections(str(vectors)) if vectors.exists() else {}).items():
            if library.catalog.collection(name) is None:
                lost = Collection(name, name, "", settings.embedding_model, dimension)
                library.catalog.add_collection(lost, [])
            for record in _lost(library, name, dimension):
                library.catalog.add_document(name, record)
                to_read += record.state is DocumentState.WRITING
                as_they_are += record.state is DocumentState.READY
        library.catalog.mark(SAMPLES)  # they were there, or a person deleted them
        collections = tuple(entry.name for entry in library.catalog.collections())
        return Rebuilt(library.salvaged, to_read, as_they_are, collections)


def _lost(library: Library, collection: str, dimension: int) -> list[DocumentRecord]:
    """Documents that have passages and no row."""
    found: dict[str, DocumentRecord] = {}
    with library.beside(collection, dimension) as (store, _):
        known = {record.id for record in library.catalog.documents(collection)}
        for chunk in _of_others(store.chunks(), known):
            record = found.get(chunk.document_id) or _begun(library, chunk)
            pages, chunks = max(record.pages, chunk.page or 1), record.chunks + 1
            found[chunk.document_id] = replace(record, pages=pages, chunks=chunks)
    return list(found.values())


def _of_others(chunks: Iterable[Chunk], known: set[str]) -> Iterable[Chunk]:
    return (chunk for chunk in chunks if chunk.document_id not in known)


def _begun(library: Library, chunk: Chunk) -> DocumentRecord:
    original = originals.find(library.folder, chunk.document_id)
    source = f"kept:{chunk.document_name}"
    return DocumentRecord(
        id=chunk.document_id,
        name=chunk.document_name,
        title=chunk.title,
        pages=0,
        chunks=0,
        size=original.stat().st_size if original is not None else 0,
        added_at=time.time(),
        state=DocumentState.READY if original is None else DocumentState.WRITING,
        sources=(source,) if original is None else (),
        begun_from=source,
    )
