"""Collections: which embedding model each belongs to."""

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.tables import collections as _collections
from rag.errors import ModelMismatch


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

    def dimension(self, name: str) -> int | None:
        """Numbers in a vector of a collection, None for one that was never filled."""
        with self._transaction() as run:
            query = sql.select(_collections.c.dimension).where(_collections.c.name == name)
            return run.execute(query).scalar_one_or_none()
