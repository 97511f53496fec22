"""The library folder: catalog, vectors and the lock that keeps a second process out."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.catalog import Catalog
from rag.embedders import Embedder
from rag.errors import FootnoteError, LibraryInUse
from rag.locks import LockHeld, hold
from rag.settings import Settings
from rag.types import Chunk, Scope

if TYPE_CHECKING:
    from rag.lexical import LexicalIndex
    from rag.store import Store


_BATCH = 500  # chunks whose words are written at once
_NAMED = 20  # documents listed in a message


class Library:
    """An open library. One process at a time; inside it, everything is thread-safe.

    The catalog is there at once, the store once an embedder says how many dimensions it needs.
    """

    def __init__(self, settings: Settings, folder: Path, held: contextlib.ExitStack) -> None:
        self.folder = folder
        self.collection = settings.collection
        self.catalog = Catalog(folder / "catalog.db")
        self._settings = settings
        self._held = held
        self._store: Store | None = None
        self._lexical: LexicalIndex | None = None

    @classmethod
    def open(cls, settings: Settings, *, holder: str) -> "Library":
        """Opens or creates the library.

        Args:
            holder: who opens it, told to a second process: "the app at http://127.0.0.1:8501".

        Raises:
            LibraryInUse: another process has it open; the message names it.
            FootnoteError: the folder cannot be written, or the catalog cannot be read.
        """
        folder = settings.library_folder.resolve()
        with contextlib.ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(hold(folder / "library.lock", timeout=0))
            except LockHeld as exc:
                raise LibraryInUse(_in_use(folder)) from exc
            except OSError as exc:
                raise FootnoteError(
                    f"The library folder {folder} cannot be written: {exc.strerror}. "
                    "Give it write permission, or set FOOTNOTE_LIBRARY to another folder."
                ) from exc
            stack.enter_context(_named(folder, holder))
            return cls(settings, folder, stack.pop_all())

    @property
    def store(self) -> "Store":
        """The vectors; `open_store` comes first."""
        if self._store is None:
            raise RuntimeError("open_store comes first")
        return self._store

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
        from rag.lexical import LexicalIndex
        from rag.store import MilvusStore  # half a second to import: the catalog is shown before

        self.catalog.claim_collection(self.collection, embedding_model=embedder.name, dimension=embedder.dimension)
        self._store = MilvusStore(
            str(self.folder / "vectors.db"),
            self.collection,
            embedder.dimension,
            exact_rows=self._settings.exact_rows,
        )
        self._lexical = LexicalIndex(self.folder / "words.db", self.collection)
        if self._lexical.count() < self._store.count():
            for batch in _batches(self._store.chunks()):
                self._lexical.add(batch)
        return self._store

    def scope(self, names: Sequence[str]) -> Scope:
        """The documents of these names; all of the collection where none is named.

        Raises:
            FootnoteError: a name that no document has; the message lists those there are.
        """
        documents = self.catalog.documents(self.collection) if names else []
        known = {document.name for document in documents}
        for name in names:
            if name not in known:
                there = ", ".join(sorted(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
                raise FootnoteError(
                    f"There is no document {name!r} in the library. It holds: {there or 'nothing yet'}."
                )
        return Scope(tuple(document.id for document in documents if document.name in names))

    def close(self) -> None:
        """Lets another process in."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._lexical is not None:
            self._lexical.close()
            self._lexical = None
        self.catalog.close()
        self._held.close()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _batches(chunks: Iterator[Chunk]) -> Iterator[list[Chunk]]:
    while batch := list(itertools.islice(chunks, _BATCH)):
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
