"""The library folder: catalog, vectors and the lock that keeps a second process out."""

import contextlib
import copy
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rag.catalog import Catalog, DocumentRecord
from rag.embedders import Embedder
from rag.errors import FootnoteError, LibraryInUse
from rag.locks import LIBRARY_LOCK, LockHeld, hold
from rag.remains import free_place, refuse_lost_catalog, set_aside_catalog, sweep, sweep_restores
from rag.settings import Settings, changed
from rag.signatures import Signatures
from rag.types import Chunk, Scope

if TYPE_CHECKING:
    from rag.lexical import LexicalIndex
    from rag.store import Store


_Item = TypeVar("_Item")
_BATCH = 500  # chunks whose words are written at once
_ID = 8  # characters by which a document may be named
_PATIENCE = 5  # seconds that one waits for another who has a collection open beside
_NAMED = 20  # documents listed in a message


def is_library(names: Collection[str]) -> bool:
    """Whether a folder with files and folders of these names is a library, open or closed."""
    return LIBRARY_LOCK in names or {"catalog.db", "vectors.db"} <= set(names)


def _nothing() -> None:
    """Where nobody keeps texts in memory."""


class Library:
    """An open library. One process at a time; inside it, everything is thread-safe.

    The catalog is there at once, the store once an embedder says how many dimensions it needs.
    """

    def __init__(self, settings: Settings, folder: Path, held: contextlib.ExitStack) -> None:
        self.folder = folder
        self.collection = settings.collection
        self.catalog = Catalog(folder / "catalog.db")
        self.signatures = Signatures(self.catalog)
        self.salvaged = 0  # rows that were read out of a damaged catalog
        self._settings = settings
        self._held = held
        self.on_removed: Callable[[], None] = _nothing  # called after a document was, from whatever thread
        self.writing = threading.RLock()  # vectors of a document are written, or it is deleted or renamed: never both
        self._beside = threading.Lock()
        self._store: Store | None = None
        self._lexical: LexicalIndex | None = None

    @classmethod
    def open(cls, settings: Settings, *, holder: str, anew: bool = False) -> "Library":
        """Opens or creates the library.

        Args:
            holder: who opens it, told to a second process: "the app at http://127.0.0.1:8501".
            anew: sets the catalog aside, which is damaged, and begins another with what of it can be read.

        Raises:
            LibraryInUse: another process has it open; the message names it.
            CatalogDamaged: the catalog is damaged, or missing where there are passages.
            FootnoteError: the folder cannot be written, or the catalog cannot be read, or the setting `collection` is
                the title of a collection and not its name.
        """
        folder = settings.library_folder.resolve()
        with contextlib.ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(hold(folder / LIBRARY_LOCK, timeout=0))
            except LockHeld as exc:
                raise LibraryInUse(_in_use(folder)) from exc
            except OSError as exc:
                raise FootnoteError(
                    f"The library folder {folder} cannot be written: {exc.strerror}. "
                    "Give it write permission, or set FOOTNOTE_LIBRARY to another folder."
                ) from exc
            stack.enter_context(_named(folder, holder))
            sweep(folder)
            sweep_restores(folder)
            before = set_aside_catalog(folder) if anew else None
            if not anew:
                refuse_lost_catalog(folder)
            library = cls(settings, folder, stack)
            _refuse_title(library)
            library._held = stack.pop_all()
            if before is not None:
                library.salvaged = library.catalog.salvage(before)
            return library

    @property
    def store(self) -> "Store":
        """The vectors; `open_store` comes first."""
        if self._store is None:
            raise RuntimeError("open_store comes first")
        return self._store

    @property
    def is_store_open(self) -> bool:
        """Whether the vectors could be opened."""
        return self._store is not None

    @property
    def lexical(self) -> "LexicalIndex":
        """The words of the chunks; `open_store` comes first."""
        if self._lexical is None:
            raise RuntimeError("open_store comes first")
        return self._lexical

    def open_store(self, embedder: Embedder) -> "Store":
        """Opens the collection for an embedder, vectors and words; words that are missing are indexed anew.

        Raises:
            ModelMismatch: the collection belongs to another embedding model.
        """
        self.catalog.claim_collection(self.collection, embedding_model=embedder.name, dimension=embedder.dimension)
        return self._open_store(embedder.dimension)

    def open_existing(self) -> bool:
        """Opens the collection without its embedding model; False where nothing was ever added to it."""
        collection = self.catalog.collection(self.collection)
        if collection is None or not collection.dimension:
            return False
        self._open_store(collection.dimension)
        return True

    @property
    def settings(self) -> Settings:
        """Those of the whole program."""
        return self._settings

    def settings_of(self, collection: str = "") -> Settings:
        """The settings with what a collection has of its own, the open one where none is named.

        Raises:
            SettingsError: its own do not go with those of the program.
        """
        name = collection or self.collection
        found, settings = self.catalog.collection(name), replace(self._settings, collection=name)
        if found is None:
            return settings
        if found.embedding_model:
            settings = replace(settings, embedding_model=found.embedding_model)
        return changed(settings, json.loads(found.settings), found.title) if found.settings else settings

    @contextlib.contextmanager
    def vectors(self, name: str, dimension: int) -> "Iterator[Store]":
        """Vectors by what the store calls them, beside those that are open."""
        from rag.store import MilvusStore

        file = str(self.folder / "vectors.db")
        store = MilvusStore(file, name, dimension, exact_rows=self._settings.exact_rows)
        try:
            yield store
        finally:
            store.close()

    @contextlib.contextmanager
    def beside(self, collection: str, dimension: int) -> "Iterator[tuple[Store, LexicalIndex]]":
        """Another collection's vectors and words, beside those that are open.

        Raises:
            FootnoteError: another one is open so already, and stays it.
        """
        from rag.lexical import LexicalIndex

        with contextlib.ExitStack() as stack:
            stack.enter_context(self._taken())
            store = stack.enter_context(self.vectors(self._stored_as(collection), dimension))
            lexical = LexicalIndex(self.folder / "words.db", collection)
            stack.callback(lexical.close)
            yield store, lexical

    @contextlib.contextmanager
    def other(self, collection: str, embedder: Embedder | None = None) -> "Iterator[Library]":
        """Another collection beside the one that is open, with all that can be done with an open one but `close`.

        Without its embedder, which only new vectors need, it has to have some already.

        Raises:
            ModelMismatch: it belongs to another embedding model.
            FootnoteError: it is gone, or another one is open so already.
        """
        with self._taken():
            if self.catalog.collection(collection) is None:
                raise FootnoteError(f"There is no collection {collection!r} any more.")
            view = copy.copy(self)
            view.collection, view._store, view._lexical = collection, None, None
            try:
                if embedder is not None:
                    view.open_store(embedder)
                else:
                    view.open_existing()
                yield view
            finally:
                view.close_store()

    @contextlib.contextmanager
    def _taken(self) -> Iterator[None]:
        """One at a time has a collection open beside the one that is asked: what is deleted must not be filled."""
        if not self._beside.acquire(timeout=_PATIENCE):
            raise FootnoteError(
                "Another collection is in use beside the one that is open: its watched folder is being followed, or it "
                "is evaluated. Try again in a moment."
            )
        try:
            yield
        finally:
            self._beside.release()

    def passages(self, document_id: str) -> list[Chunk]:
        """The chunks of a document in their order, those too that have no vectors yet."""
        return all_passages(self.catalog, self.store, self.collection, document_id)

    def index_words(self) -> None:
        """Indexes the words of every chunk that the index lacks."""
        for batch in batches(self.store.chunks(), _BATCH):
            self.lexical.add(batch)
        for document_id in self.catalog.embedded(self.collection):
            self.lexical.add(self.catalog.unembedded(self.collection, document_id))

    def rebuild_words(self) -> None:
        """Makes the index of words anew."""
        self.lexical.close()
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"words.db{ending}").unlink(missing_ok=True)
        self._open_words()

    def set_aside_vectors(self) -> Path:
        """Moves vectors that cannot be opened out of the way, only those of the collection where they lie apart.

        Returns where they lie now.
        """
        own = self.folder / "vectors.db" / "collections" / self._stored_as(self.collection)
        vectors = own if own.is_dir() else self.folder / "vectors.db"
        place = self.set_aside(f"vectors of {self.collection}" if vectors == own else vectors.name)
        vectors.rename(place)
        return place

    def set_aside_words(self) -> Path:
        """Moves an index of words that cannot be opened out of the way; returns where it lies now."""
        place = self.set_aside("words.db")
        (self.folder / "words.db").rename(place)
        for ending in ("-wal", "-shm"):
            (self.folder / f"words.db{ending}").unlink(missing_ok=True)
        return place

    def set_aside(self, name: str) -> Path:
        """A free path for something that is kept and no longer used."""
        return free_place(self.folder / "set-aside", name)

    def _open_store(self, dimension: int) -> "Store":
        from rag.store import MilvusStore  # half a second to import: the catalog is shown before

        self.close_store()
        self._store = MilvusStore(
            str(self.folder / "vectors.db"),
            self._stored_as(self.collection),
            dimension,
            exact_rows=self._settings.exact_rows,
        )
        self._open_words()
        return self._store

    def _stored_as(self, collection: str) -> str:
        """What the store calls the vectors of a collection; one that is being imported is not in the catalog yet."""
        found = self.catalog.collection(collection)
        return found.stored_as if found is not None else collection

    def _open_words(self) -> None:
        from rag.lexical import LexicalIndex

        self._lexical = LexicalIndex(self.folder / "words.db", self.collection)
        lacks = self.store.count() + self.catalog.count_unembedded(self.collection) - self._lexical.count()
        if lacks > 0 and lacks > self._count_twice():
            self.index_words()

    def _count_twice(self) -> int:
        """Passages that wait for vectors and are stored with them all the same: a process was killed in between."""
        waiting = list(self.catalog.embedded(self.collection))
        stored = {entry.id for entry in self.store.listing(waiting)} if waiting else set()
        return sum(chunk.id in stored for one in waiting for chunk in self.catalog.unembedded(self.collection, one))

    def switch(self, collection: str, embedder: Embedder) -> None:
        """Opens another collection in the place of the one that is open, which stays where that fails.

        Raises:
            ModelMismatch: it belongs to another embedding model.
        """
        before = self.collection
        if self.catalog.collection(collection) is None:
            raise FootnoteError(f"There is no collection {collection!r} any more.")
        self.collection = collection
        try:
            self.open_store(embedder)
        except BaseException:
            self.collection = before
            self.open_existing()
            raise

    def scope(self, names: Sequence[str], tags: Sequence[str] = ()) -> Scope:
        """The documents of these names or with one of these tags; all of the collection where nothing is named.

        Raises:
            FootnoteError: a name or a tag that no document has; the message lists those there are.
        """
        known_tags = self.catalog.tags(self.collection) if tags else {}
        for tag in tags:
            if tag not in known_tags:
                there = ", ".join(list(known_tags)[:_NAMED])
                raise FootnoteError(f"No document has the tag {tag!r}. There are: {there or 'none yet'}.")
        tagged = self.catalog.tagged(self.collection, tags) if tags else []
        if tags and not tagged:
            raise FootnoteError("No document with these tags is ready to be asked.")
        documents = self.catalog.documents(self.collection) if names else []
        named: list[str] = []
        for name in names:
            called = _called(documents, name)
            named += (document.id for document in called)
            if not called:
                known = {document.name for document in documents}
                there = ", ".join(sorted(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
                raise FootnoteError(
                    f"There is no document {name!r} in the library. It holds: {there or 'nothing yet'}."
                )
        return Scope(tuple(dict.fromkeys((*named, *tagged))))

    def document(self, name: str) -> DocumentRecord:
        """The one document of this name, or of a file of this name, or whose id begins like this.

        Raises:
            FootnoteError: there is none, or more than one; the message lists those there are.
        """
        documents = self.catalog.documents(self.collection)
        begins = [record for record in documents if len(name) >= _ID and record.id.startswith(name)]
        found = _called(documents, name) or begins
        if len(found) == 1:
            return found[0]
        if not found:
            self.scope([name])
        there = ", ".join(record.id[:12] for record in found)
        raise FootnoteError(f"{len(found)} documents are called {name!r}. Name one by its sha256: {there}.")

    def close(self) -> None:
        """Lets another process in."""
        self.close_store()
        self.catalog.close()
        self._held.close()

    def close_store(self) -> None:
        """Lets go of vectors and words; the catalog stays open."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._lexical is not None:
            self._lexical.close()
            self._lexical = None

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _called(documents: Sequence[DocumentRecord], name: str) -> list[DocumentRecord]:
    """Those of this name; where none is, those that came from a file of this name, of several with the same bytes."""
    return [record for record in documents if record.name == name] or [
        record for record in documents if name in record.names
    ]


def _refuse_title(library: Library) -> None:
    """A title in the place of a name would begin another collection of that name, beside the one that is meant."""
    if library.catalog.collection(library.collection) is not None:
        return
    for other in library.catalog.collections():
        if other.title.casefold() == library.collection.casefold():
            raise FootnoteError(
                f"The collection with the title {other.title} has the name {other.name}: set "
                f"FOOTNOTE_COLLECTION={other.name}."
            )


def all_passages(catalog: Catalog, store: "Store", collection: str, document_id: str) -> list[Chunk]:
    """The chunks of a document in their order, those too that have no vectors yet."""
    waiting = catalog.unembedded(collection, document_id)  # first: what has left them meanwhile is in the store
    found = {chunk.id: chunk for chunk in (*waiting, *store.chunks([document_id]))}
    return sorted(found.values(), key=lambda chunk: chunk.position)


def batches(items: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in lists of `size`, the last one shorter."""
    while batch := list(itertools.islice(items, size)):
        yield batch


@contextlib.contextmanager
def _named(folder: Path, holder: str) -> Iterator[None]:
    """Leaves a note of who holds the library, for the message that a second process gets."""
    note = folder / "library.holder.json"
    note.write_text(json.dumps({"holder": holder, "process": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M")}))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _in_use(folder: Path) -> str:
    who = "another process"
    with contextlib.suppress(OSError, ValueError, KeyError):  # the note may be half written: the lock alone counts
        note = json.loads((folder / "library.holder.json").read_text())
        who = f"{note['holder']} (process {note['process']}, since {note['since']})"
    return (
        f"The library {folder} is open in {who}. Ask there, or close it and try again; "
        "to work beside it, set FOOTNOTE_LIBRARY to another folder."
    )
