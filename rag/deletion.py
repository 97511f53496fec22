"""Documents out of the library: first out of the answers, then what was kept of them, with a receipt that proves it."""

from dataclasses import dataclass

from rag import originals, tables
from rag.catalog import DocumentRecord, DocumentState
from rag.library import Library
from rag.rows import Record

_ASKED = 20  # passages of a document by which it is searched for after its deletion
_NEAREST = 10  # hits of such a search that are looked at

_ON_DISK = (
    "Milvus writes over the bytes of deleted passages when it next merges its files; a purge does it at once (on the "
    "settings page, or python -m rag purge)."
)


@dataclass(frozen=True)
class Receipt:
    """What went with a document, and what a search for it found afterwards.

    Attributes:
        passages: with their vectors.
        words: passages whose words went out of the search by words.
        copy: bytes of the kept copy that was removed, 0 where there was none to remove.
        tables: the same of the tables that were kept to calculate with.
        shared_with: other collections that have the same bytes, for which the kept copy stays.
        asked: passages that were searched for afterwards, by their own vector and by their own words.
        left: what of it was found all the same; empty is the proof.
        quoted_in: titles of conversations whose answers quote it.
    """

    document_id: str
    name: str
    passages: int
    words: int
    copy: int
    tables: int
    shared_with: tuple[str, ...]
    sources: tuple[str, ...]
    asked: int
    left: tuple[str, ...]
    quoted_in: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """It in sentences for the user."""
        searched = f"Searched for {_counted(self.asked)} of it by meaning and by words: none answers any more."
        return tuple(
            line
            for line, is_told in (
                (f"{_counted(self.passages)} with vectors: deleted.", True),
                (f"The words of {_counted(self.words)}: deleted from the search by words.", True),
                (f"The kept copy ({self.copy:,} bytes): deleted.", self.copy),
                (f"Its tables, kept to calculate with ({self.tables:,} bytes): deleted.", self.tables),
                (f"The kept copy stays for collection {', '.join(self.shared_with)}.", self.shared_with),
                (f"Forgotten is where it came from: {', '.join(self.sources)}.", self.sources),
                (searched, self.asked and not self.left),
                (_ON_DISK, self.passages and not self.left),
                ("It had no passages to search for.", not self.asked and not self.left),
                (f"Still there, which is a fault: {'; '.join(self.left)}.", self.left),
                (f"Answers that quote it stay in your conversations: {', '.join(self.quoted_in)}.", self.quoted_in),
            )
            if is_told
        )


def delete_document(library: Library, document_id: str) -> Receipt | None:
    """Takes a document out of the answers, then deletes its chunks, its original and its row; None for an unknown one.

    The library's store must be open.
    """
    record = library.catalog.document(library.collection, document_id)
    if record is None:
        return None
    records = list(library.store.records([document_id]))
    words = len(library.lexical.listing([document_id]))
    original = originals.find(library.folder, document_id)
    size = original.stat().st_size if original is not None else 0
    of_tables = tables.size(library.folder, document_id)
    library.catalog.leave(library.collection, document_id)
    finish_deletions(library)
    shared = library.catalog.holders(document_id)
    return Receipt(
        document_id=document_id,
        name=record.name,
        passages=len(records),
        words=words,
        copy=0 if shared else size,
        tables=0 if shared else of_tables,
        shared_with=shared,
        sources=record.sources,
        asked=len(_chosen(records)),
        left=_left(library, record, records, is_shared=bool(shared)),
        quoted_in=tuple(conversation.title for conversation in library.catalog.conversations_quoting(document_id)),
    )


def finish_deletions(library: Library) -> None:
    """Carries out deletions that were announced, also those that a killed process left."""
    for document_id in library.catalog.document_ids(library.collection, DocumentState.LEAVING):
        library.store.delete_document(document_id)
        library.lexical.delete_document(document_id)
        if not library.catalog.is_used(document_id, besides=library.collection):
            originals.remove(library.folder, document_id)
            tables.remove(library.folder, document_id)
        library.catalog.forget(library.collection, document_id)  # last: what is forgotten leaves nothing behind


def _left(library: Library, record: DocumentRecord, records: list[Record], *, is_shared: bool) -> tuple[str, ...]:
    """What of a deleted document is still found, by looking it up and by searching for its own passages."""
    found = []
    if library.catalog.document(library.collection, record.id) is not None:
        found.append("its row in the catalog")
    if library.store.count([record.id]):
        found.append("passages")
    if library.lexical.listing([record.id]):
        found.append("words")
    if not is_shared and originals.find(library.folder, record.id) is not None:
        found.append("its kept copy")
    if not is_shared and tables.size(library.folder, record.id):
        found.append("its tables")
    ids = {entry.chunk.id for entry in records}
    for entry in _chosen(records):
        near = (hit.chunk for hit in library.store.search(entry.vector, k=_NEAREST))
        if any(chunk.document_id == record.id for chunk in near):
            found.append(f"passage {entry.chunk.position + 1} by its meaning")
        if any(chunk_id in ids for chunk_id, _ in library.lexical.search(entry.chunk.text, k=_NEAREST)):
            found.append(f"passage {entry.chunk.position + 1} by its words")
    return tuple(found)


def _chosen(records: list[Record]) -> list[Record]:
    """Some passages from all over a document."""
    in_order = sorted(records, key=lambda entry: entry.chunk.position)
    return in_order[:: max(1, -(-len(in_order) // _ASKED))]


def _counted(passages: int) -> str:
    return f"{passages:,} {'passage' if passages == 1 else 'passages'}"
