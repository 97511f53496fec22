"""What documents are called by where they come from, and another name without another embedding."""

from dataclasses import replace

from ingest.readers.source import readable_stem
from rag.catalog import ANSWERING, DocumentRecord
from rag.catalog.sources import source_name
from rag.library import Library

_BATCH = 500  # chunks written at once


def rename_by_sources(library: Library, record: DocumentRecord) -> bool:
    """Calls a document as one of its sources is called, where none has its name; whether that was needed."""
    if record.state not in ANSWERING or not record.sources:
        return False
    names = [source_name(source) for source in record.sources]
    if record.name in names:
        return False
    rename_document(library, record, names[0])
    return True


def rename_document(library: Library, record: DocumentRecord, name: str) -> None:
    """Gives a document another name, in its passages too; a title that was made of the name follows it.

    Vectors stay as they are. The catalog is told last, so that a renaming that breaks off is found and done again.
    """
    title = readable_stem(name) if record.title == readable_stem(record.name) else record.title
    with library.writing:
        _rename(library, record, name, title)


def _rename(library: Library, record: DocumentRecord, name: str, title: str) -> None:
    entries = list(library.store.records([record.id]))
    before = {entry.chunk.id for entry in entries}
    renamed = {
        chunk.id: replace(entry, chunk=chunk)
        for entry in entries
        for chunk in (replace(entry.chunk, document_name=name, title=title),)
    }
    fresh = list(renamed.values())
    left = library.catalog.unembedded(library.collection, record.id)
    waiting = [replace(chunk, document_name=name, title=title) for chunk in left]
    library.lexical.add(waiting)
    for start in range(0, len(fresh), _BATCH):
        batch = fresh[start : start + _BATCH]
        library.lexical.add([entry.chunk for entry in batch])
        library.store.put(batch)
    library.store.delete(sorted(before - renamed.keys()))
    indexed = {chunk_id for chunk_id, _ in library.lexical.listing([record.id])}  # a kill may leave words alone
    library.lexical.delete(sorted(indexed - renamed.keys() - {chunk.id for chunk in waiting}))
    library.catalog.rename_document(library.collection, record.id, name=name, title=title, unembedded=waiting)
