"""Collections: which embedding model each belongs to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.documents import DocumentRecord, add_record
from rag.catalog.tables import collections as _collections
from rag.errors import ModelMismatch


@dataclass(frozen=True)
class Collection:
    """Documents that are asked together.

    Attributes:
        name: what settings and the store call it; it never changes.
        title: what a person calls it.
    """

    name: str
    title: str
    description: str
    embedding_model: str
    dimension: int


class Collections(Database):
    """The collections of a library."""

    def claim_collection(self, name: str, *, embedding_model: str, dimension: int) -> None:
        """Binds a collection to its embedding model on first use.

        Raises:
            ModelMismatch: it is bound to another one.
        """
        with self._transaction() as run:
            run.execute(
                insert(_collections)
                .values(name=name, embedding_model=embedding_model, dimension=dimension)
                .on_conflict_do_nothing()
            )
            row = run.execute(sql.select(_collections).where(_collections.c.name == name)).one()
        if (row.embedding_model, row.dimension) != (embedding_model, dimension):
            raise ModelMismatch(
                f"Collection {name!r} was built with {row.embedding_model} ({row.dimension} dimensions), but the "
                f"settings name {embedding_model} ({dimension}). Set FOOTNOTE_EMBEDDING_MODEL back, or choose another "
                "collection with FOOTNOTE_COLLECTION and add the documents to it."
            )

    def collections(self) -> list[Collection]:
        """Every collection, by title."""
        with self._transaction() as run:
            found = [_collection(row) for row in run.execute(sql.select(_collections))]
        return sorted(found, key=lambda collection: collection.title.casefold())

    def collection(self, name: str) -> Collection | None:
        """One collection, None for one that was never filled."""
        with self._transaction() as run:
            row = run.execute(sql.select(_collections).where(_collections.c.name == name)).one_or_none()
        return _collection(row) if row is not None else None

    def add_collection(self, collection: Collection, records: Sequence[DocumentRecord]) -> None:
        """A collection with its documents at once, all of whose chunks are stored."""
        values = asdict(collection)
        with self._transaction() as run:
            run.execute(sql.insert(_collections).values(values))
            for record in records:
                add_record(run, collection.name, record)


def _collection(row: Any) -> Collection:
    return Collection(row.name, row.title or row.name, row.description, row.embedding_model, row.dimension)
