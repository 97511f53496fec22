"""Collections of a library: made, deleted, and documents from one to another without embedding them again."""

import re
import unicodedata
from collections.abc import Sequence

from rag import originals, reembedding, tables
from rag.catalog import Collection, Conversation, DocumentRecord, DocumentState
from rag.deletion import finish_deletions
from rag.errors import FootnoteError, ModelMismatch
from rag.library import Library, batches
from rag.quotes import without_quotes

_TITLE = 80  # characters
_TAG = 40  # characters
_BATCH = 500  # chunks written at once


def create_collection(library: Library, title: str, description: str = "", embedding_model: str = "") -> Collection:
    """A new collection.

    Args:
        embedding_model: that it belongs to; "" for the one that is loaded when the first document comes.

    Raises:
        FootnoteError: the title is empty, too long or taken.
    """
    title = check_title(library, title)
    name = _free_name(title, {collection.name for collection in library.catalog.collections()})
    collection = Collection(name, title, description.strip(), embedding_model, 0)
    library.catalog.add_collection(collection, [])
    return collection


def check_title(library: Library, title: str, *, of: str = "") -> str:
    """A title as it is kept.

    Args:
        of: name of the collection that gets it.

    Raises:
        FootnoteError: it is empty, too long, or that of another collection.
    """
    title = " ".join(title.split())
    if not title or len(title) > _TITLE:
        raise FootnoteError(f"A collection needs a title of 1 to {_TITLE} characters.")
    for other in library.catalog.collections():
        if other.name != of and title.casefold() in (other.title.casefold(), other.name.casefold()):
            raise FootnoteError(f"There is a collection {title!r} already. Choose another title.")
    return title


def find_collection(library: Library, title: str) -> Collection:
    """The collection of this title or name.

    Raises:
        FootnoteError: there is none; the message lists those there are.
    """
    collections = library.catalog.collections()
    for collection in sorted(collections, key=lambda one: one.name != title):
        if title == collection.name or title.casefold() == collection.title.casefold():
            return collection
    there = ", ".join(collection.title for collection in collections)
    raise FootnoteError(f"There is no collection {title!r}. There are: {there or 'none yet'}.")


def collection_quoting(library: Library, collection: Collection) -> list[Conversation]:
    """Conversations whose answers quote documents that only this collection has, or old versions of them."""
    return library.catalog.conversations_quoting(_of_its_own(library, collection))


def _of_its_own(library: Library, collection: Collection) -> list[str]:
    """Ids of documents and old versions that no other collection has."""
    catalog = library.catalog
    documents = {record.id for record in catalog.documents(collection.name)}
    versions = {version.document_id for version in catalog.all_versions(collection.name)}
    return [each for each in sorted(documents | versions) if set(catalog.holders(each)) <= {collection.name}]


def delete_collection(library: Library, collection: Collection, *, quotes: bool = False) -> int:
    """Deletes a collection that is not open, with its documents; returns how many those were.

    Documents that another collection has as well stay there, with their kept copies. A deletion that is broken off is
    carried on by deleting again; its documents answer nothing meanwhile.

    Args:
        quotes: also takes what earlier answers say of documents of this collection alone out of the conversations.

    Raises:
        FootnoteError: it is open.
    """
    if library.is_store_open and library.collection == collection.name:
        raise FootnoteError(f"Collection {collection.title!r} is open. Open another one, then delete it.")
    catalog = library.catalog
    reembedding.cancel(library, collection.name)
    if quotes:
        quoted = _of_its_own(library, collection)
        catalog.change_quoting(quoted, lambda answer: without_quotes(answer, quoted))
    catalog.leave_collection(collection.name)
    documents = catalog.document_ids(collection.name, DocumentState.LEAVING)
    versions = {version.document_id for version in catalog.versions_to_go(collection.name)}
    if collection.dimension:
        with library.beside(collection.name, collection.dimension) as (store, lexical):
            store.drop()
            lexical.drop()
            _forget(library, collection.name, {*documents, *versions})
    else:
        _forget(library, collection.name, {*documents, *versions})
    return len(documents)


def _forget(library: Library, collection: str, documents: set[str]) -> None:
    """Removes kept copies that no other collection needs, and the rows."""
    for document_id in documents:
        if not library.catalog.is_used(document_id, besides=collection):
            originals.remove(library.folder, document_id)
        if not set(library.catalog.holders(document_id)) - {collection}:
            tables.remove(library.folder, document_id)
    library.catalog.forget_collection(collection)


def move_documents(library: Library, records: Sequence[DocumentRecord], target: Collection) -> None:
    """Moves documents of the collection that is open to another one, with their vectors, sources and tags.

    Each answers in one of the two at any moment, and is never lost between them.

    Raises:
        ModelMismatch: the other collection belongs to another embedding model.
        FootnoteError: a document is not whole.
    """
    here = library.catalog.collection(library.collection)
    if here is None or target.name == here.name:
        raise FootnoteError("Choose another collection than the one they are in.")
    if target.embedding_model not in ("", here.embedding_model):
        raise ModelMismatch(
            f"Collection {target.title!r} was built with {target.embedding_model}, these documents with "
            f"{here.embedding_model}: their vectors cannot be compared. Add the files to it instead, or change its "
            "embedding model."
        )
    if unready := [record.name for record in records if record.state is not DocumentState.READY]:
        raise FootnoteError(f"{unready[0]} is not whole: wait until it is, or add it again.")
    library.catalog.claim_collection(target.name, embedding_model=here.embedding_model, dimension=here.dimension)
    with library.beside(target.name, here.dimension) as (store, lexical):
        for record in records:
            library.catalog.announce(target.name, record)
            for batch in batches(library.store.records([record.id]), _BATCH):
                lexical.add([entry.chunk for entry in batch])
                store.put(batch)
            library.catalog.move(record, here.name, target.name)
            finish_deletions(library)


def clean_tag(text: str) -> str:
    """A tag as it is kept.

    Raises:
        FootnoteError: it is empty or too long.
    """
    tag = " ".join(unicodedata.normalize("NFC", text).split())
    if not tag or len(tag) > _TAG:
        raise FootnoteError(f"A tag has 1 to {_TAG} characters.")
    return tag


def _free_name(title: str, taken: set[str]) -> str:
    """A name for settings and store: "Ärzte & Co" becomes "arzte_co"."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    stem = re.sub(r"\W+", "_", ascii_only.lower()).strip("_")[:60]
    stem = stem if re.match(r"[a-z]", stem) else f"collection_{stem}".rstrip("_")
    numbered = (f"{stem}_{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(name for name in numbered if name not in taken)
