"""Documents out of the library: first out of the answers, then what was kept of them."""

from rag import originals
from rag.catalog import DocumentState
from rag.library import Library


def delete_document(library: Library, document_id: str) -> None:
    """Takes a document out of the answers, then deletes its chunks, its original and its row."""
    library.catalog.leave(library.collection, document_id)
    finish_deletions(library)


def finish_deletions(library: Library) -> None:
    """Carries out deletions that were announced, also those that a killed process left."""
    for document_id in library.catalog.document_ids(library.collection, DocumentState.LEAVING):
        library.store.delete_document(document_id)
        library.lexical.delete_document(document_id)
        if not library.catalog.is_used(document_id, besides=library.collection):
            originals.remove(library.folder, document_id)
        library.catalog.forget(library.collection, document_id)  # last: what is forgotten leaves nothing behind
