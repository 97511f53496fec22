"""Documents out of the library: first out of the answers, then what was kept of them, with a receipt that proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag import originals, reembedding, tables
from rag.catalog import ANSWERING, Conversation, DocumentRecord, DocumentState, Version
from rag.embedders import Vectors
from rag.library import Library
from rag.quotes import without_quotes
from rag.types import Chunk
from rag.versions import finish_versions
from rag.wording import counted, fits

_ASKED = 20  # passages of a document by which it is searched for after its deletion
_NEAREST = 10  # hits of such a search that are looked at

_ON_DISK = (
    "The bytes of deleted passages are written over when the vectors, and with an old SQLite the words, are next "
    "merged; a purge does it at once (on the settings page, or python -m rag purge)."
)


@dataclass(frozen=True)
class Receipt:
    """What went with a document, and what a search for it found afterwards.

    Attributes:
        passages: with their vectors.
        words: passages whose words went out of the search by words.
        copy: bytes of the kept copy that was removed, 0 where there was none to remove.
        tables: the same of the tables that were kept to calculate with.
        versions: old versions that went with it, and places where it was an old version of another document.
        version_copies: bytes of their kept copies that were removed.
        shared_with: other collections that have the same bytes, for which the kept copy stays.
        asked: passages that were searched for afterwards, by their own vector and by their own words.
        left: what of it was found all the same; empty is the proof.
        quoted_in: titles of conversations whose answers quote it or an old version of it.
        unquoted: answers out of which its quotes were taken.
    """

    document_id: str
    name: str
    passages: int
    words: int
    copy: int
    tables: int
    versions: int
    version_copies: int
    shared_with: tuple[str, ...]
    sources: tuple[str, ...]
    asked: int
    left: tuple[str, ...]
    quoted_in: tuple[str, ...]
    unquoted: int = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """It in sentences for the user."""
        asked, unquoted = counted(self.asked, "passage"), counted(self.unquoted, "answer")
        searched = f"Searched for {asked} of it by meaning and by words: none answers any more."
        return tuple(
            line
            for line, is_told in (
                (f"{counted(self.passages, 'passage')} with vectors: deleted.", True),
                (f"The words of {counted(self.words, 'passage')}: deleted from the search by words.", True),
                (f"The kept copy ({counted(self.copy, 'byte')}): deleted.", self.copy),
                (f"Its tables, kept to calculate with ({counted(self.tables, 'byte')}): deleted.", self.tables),
                (_of_versions(self), self.versions),
                (f"The kept copy stays for collection {', '.join(self.shared_with)}.", self.shared_with),
                (f"Forgotten is where it came from: {', '.join(self.sources)}.", self.sources),
                (searched, self.asked and not self.left),
                (_ON_DISK, self.passages and not self.left),
                ("It had no passages to search for.", not self.asked and not self.left),
                (f"Still there, which is a fault: {'; '.join(self.left)}.", self.left),
                (f"Answers that quote it stay in your conversations: {', '.join(self.quoted_in)}.", self.quoted_in),
                (f"Its quotes were taken out of {unquoted} of your conversations.", self.unquoted),
            )
            if is_told
        )


def delete_document(library: Library, document_id: str, *, quotes: bool = False) -> Receipt | None:
    """Takes a document out of the answers, then deletes its chunks, its original, its old versions and its row.

    The library's store must be open.

    Args:
        quotes: also takes what earlier answers say of it out of the conversations.

    Returns:
        None for an unknown one.
    """
    record = library.catalog.document(library.collection, document_id)
    if record is None:
        return None
    passages = library.passages(document_id)
    vectors = {entry.chunk.id: entry.vector for entry in library.store.records([document_id])}
    words = len(library.lexical.listing([document_id]))
    size = _size(library, document_id)
    of_tables = tables.size(library.folder, document_id)
    versions = _versions(library, record)
    before = {version.document_id: _size(library, version.document_id) for version in versions}
    of_it = _ids(document_id, versions)
    library.catalog.leave(library.collection, document_id)
    finish_deletions(library)
    unquoted = library.catalog.change_quoting(of_it, lambda answer: without_quotes(answer, of_it)) if quotes else 0
    shared = library.catalog.holders(document_id)
    gone = sum(
        size for identifier, size in before.items() if identifier != document_id and _is_gone(library, identifier)
    )
    return Receipt(
        document_id=document_id,
        name=record.name,
        passages=len(vectors),
        words=words,
        copy=size if _is_gone(library, document_id) else 0,
        tables=of_tables if not tables.size(library.folder, document_id) else 0,
        versions=len(versions),
        version_copies=gone,
        shared_with=shared,
        sources=record.sources,
        asked=len(_chosen(passages)),
        left=_left(library, record, passages, vectors, is_shared=bool(shared)),
        quoted_in=tuple(conversation.title for conversation in library.catalog.conversations_quoting(of_it)),
        unquoted=unquoted,
    )


def quoting(library: Library, records: Sequence[DocumentRecord]) -> list[Conversation]:
    """Conversations whose answers quote one of these documents, or an old version of it."""
    ids = [identifier for record in records for identifier in _ids(record.id, _versions(library, record))]
    return library.catalog.conversations_quoting(ids)


def finish_deletions(library: Library) -> None:
    """Carries out deletions that were announced, also those that a killed process left."""
    finish_versions(library, library.collection)
    for document_id in library.catalog.document_ids(library.collection, DocumentState.LEAVING):
        _finish(library, document_id)


def _finish(library: Library, document_id: str) -> None:
    """While nothing of it is written."""
    with library.writing:
        library.store.delete_document(document_id)
        library.lexical.delete_document(document_id)
        reembedding.forget_document(library, document_id)
        if not library.catalog.is_used(document_id, besides=library.collection):
            originals.remove(library.folder, document_id)
        if not set(library.catalog.holders(document_id)) - {library.collection}:
            tables.remove(library.folder, document_id)  # a history needs none
        library.catalog.forget(library.collection, document_id)  # last: what is forgotten leaves nothing behind
    library.on_removed()


def _versions(library: Library, record: DocumentRecord) -> list[Version]:
    """What goes out of histories with a document; one that was never whole takes only its own along."""
    found = library.catalog.versions_with(library.collection, record.id)
    return [entry for entry in found if record.state in ANSWERING or entry.current == record.id]


def _ids(document_id: str, versions: Sequence[Version]) -> list[str]:
    """Of a document and of its own old versions."""
    return list(dict.fromkeys([document_id, *(entry.document_id for entry in versions)]))


def _of_versions(receipt: Receipt) -> str:
    copies = counted(receipt.version_copies, "byte")
    with_it = fits(receipt.versions, "its text and kept copy", "their texts and kept copies")
    return f"{counted(receipt.versions, 'old version')} with {with_it} ({copies}): deleted."


def _size(library: Library, document_id: str) -> int:
    """Bytes of a kept copy, 0 where there is none."""
    original = originals.find(library.folder, document_id)
    return original.stat().st_size if original is not None else 0


def _is_gone(library: Library, document_id: str) -> bool:
    return originals.find(library.folder, document_id) is None


def _left(
    library: Library,
    record: DocumentRecord,
    passages: list[Chunk],
    vectors: Mapping[str, Vectors],
    *,
    is_shared: bool,
) -> tuple[str, ...]:
    """What of a deleted document is still found, by looking it up and by searching for its own passages."""
    found = []
    if library.catalog.document(library.collection, record.id) is not None:
        found.append("its row in the catalog")
    if library.store.count([record.id]) or library.catalog.unembedded(library.collection, record.id, limit=1):
        found.append("passages")
    if library.lexical.listing([record.id]):
        found.append("words")
    if not is_shared and originals.find(library.folder, record.id) is not None:
        found.append("its kept copy")
    if not is_shared and tables.size(library.folder, record.id):
        found.append("its tables")
    if library.catalog.versions_with(library.collection, record.id):
        found.append("old versions")
    ids = {passage.id for passage in passages}
    for passage in _chosen(passages):
        near = library.store.search(vectors[passage.id], k=_NEAREST) if passage.id in vectors else ()
        if any(hit.chunk.document_id == record.id for hit in near):
            found.append(f"passage {passage.position + 1} by its meaning")
        if any(chunk_id in ids for chunk_id, _ in library.lexical.search(passage.text, k=_NEAREST)):
            found.append(f"passage {passage.position + 1} by its words")
    return tuple(found)


def _chosen(passages: list[Chunk]) -> list[Chunk]:
    """Some passages from all over a document."""
    return passages[:: max(1, -(-len(passages) // _ASKED))]
