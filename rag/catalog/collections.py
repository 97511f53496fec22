"""Collections: which embedding model each belongs to."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.documents import add_record
from rag.catalog.records import DocumentRecord, DocumentState
from rag.catalog.tables import alike as _alike
from rag.catalog.tables import collections as _collections
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import folders as _folders
from rag.catalog.tables import quarantine as _quarantine
from rag.catalog.tables import queue as _queue
from rag.catalog.tables import recognised as _recognised
from rag.catalog.tables import seen as _seen
from rag.catalog.tables import signatures as _signatures
from rag.catalog.tables import sources as _sources
from rag.catalog.tables import tags as _tags
from rag.catalog.tables import unembedded as _unembedded
from rag.catalog.tables import versions as _versions
from rag.catalog.versions import VersionState
from rag.errors import ModelMismatch


@dataclass(frozen=True)
class Collection:
    """Documents that are asked together.

    Attributes:
        name: what settings and the store call it; it never changes.
        title: what a person calls it.
        embedding_model: of its vectors, or of those it will have; "" where nothing was chosen.
        dimension: numbers in a vector, 0 while it has none.
        vectors: what the store calls its vectors, "" where that is its name.
        settings: of its own, as JSON, "" for none.
    """

    name: str
    title: str
    description: str
    embedding_model: str
    dimension: int
    vectors: str = ""
    settings: str = ""

    @property
    def stored_as(self) -> str:
        """What the store calls its vectors."""
        return self.vectors or self.name


class Collections(Database):
    """The collections of a library."""

    def claim_collection(self, name: str, *, embedding_model: str, dimension: int) -> None:
        """Binds a collection to its embedding model on first use.

        Raises:
            ModelMismatch: it is bound to another one.
        """
        claimed = {"embedding_model": embedding_model, "dimension": dimension}
        with self._transaction() as run:
            run.execute(insert(_collections).values(name=name, **claimed).on_conflict_do_nothing())
            free = _collections.c.embedding_model.in_(("", embedding_model))
            is_new = (_collections.c.name == name, _collections.c.dimension == 0, free)
            run.execute(sql.update(_collections).where(*is_new).values(claimed))
            row = run.execute(sql.select(_collections).where(_collections.c.name == name)).one()
        if (row.embedding_model, row.dimension) != (embedding_model, dimension):
            raise ModelMismatch(
                f"Collection {name!r} was built with {row.embedding_model} ({row.dimension} dimensions), and "
                f"{embedding_model} ({dimension}) was given: their vectors cannot be compared. To change its model: "
                f"python -m rag collections embed {name} {embedding_model}"
            )

    def collections(self) -> list[Collection]:
        """Every collection, by title."""
        with self._transaction() as run:
            found = [_collection(row) for row in run.execute(sql.select(_collections))]
        return sorted(found, key=lambda collection: collection.title.casefold())

    def collection(self, name: str) -> Collection | None:
        """One collection, None where there is none of this name."""
        with self._transaction() as run:
            row = run.execute(sql.select(_collections).where(_collections.c.name == name)).one_or_none()
        return _collection(row) if row is not None else None

    def change_collection(
        self, name: str, *, title: str | None = None, description: str | None = None, settings: str | None = None
    ) -> None:
        """Gives a collection another title, another description, other settings, or all of them."""
        given = {"title": title, "description": description, "settings": settings}
        values = {column: value for column, value in given.items() if value is not None}
        with self._transaction() as run:
            run.execute(sql.update(_collections).where(_collections.c.name == name).values(values))

    def note_opened(self, name: str) -> None:
        """Remembers that a person chose this collection."""
        with self._transaction() as run:
            opened = sql.update(_collections).where(_collections.c.name == name)
            run.execute(opened.values(opened_at=time.time()))

    def last_opened(self) -> str:
        """The collection that a person chose last, "" while none was chosen."""
        query = sql.select(_collections.c.name).where(_collections.c.opened_at > 0)
        with self._transaction() as run:
            return run.execute(query.order_by(_collections.c.opened_at.desc()).limit(1)).scalar_one_or_none() or ""

    def choose_embedding_model(self, name: str, embedding_model: str) -> None:
        """For a collection without vectors."""
        empty = (_collections.c.name == name, _collections.c.dimension == 0)
        with self._transaction() as run:
            run.execute(sql.update(_collections).where(*empty).values(embedding_model=embedding_model))

    def leave_collection(self, name: str) -> None:
        """Takes every document of a collection out of the answers; what is stored of them is to be deleted next."""
        with self._transaction() as run:
            leaving = sql.update(_documents).where(_documents.c.collection == name)
            run.execute(leaving.values(state=DocumentState.LEAVING.value))
            histories = sql.update(_versions).where(_versions.c.collection == name)
            run.execute(histories.values(state=VersionState.LEAVING.value))

    def forget_collection(self, name: str) -> None:
        """Removes a collection with its documents, whose chunks are gone, and its files that wait."""
        with self._transaction() as run:
            for table in (
                _documents,
                _unembedded,
                _versions,
                _signatures,
                _alike,
                _sources,
                _tags,
                _quarantine,
                _recognised,
                _queue,
                _folders,
                _seen,
            ):
                run.execute(sql.delete(table).where(table.c.collection == name))
            run.execute(sql.delete(_collections).where(_collections.c.name == name))

    def add_collection(self, collection: Collection, records: Sequence[DocumentRecord]) -> None:
        """A collection with its documents at once, all of whose chunks are stored."""
        values = asdict(collection)
        with self._transaction() as run:
            run.execute(sql.insert(_collections).values(values))
            for record in records:
                add_record(run, collection.name, record)


def _collection(row: Any) -> Collection:
    return Collection(
        row.name,
        row.title or row.name,
        row.description,
        row.embedding_model,
        row.dimension,
        row.vectors,
        row.settings,
    )
