"""Collections on their way to another embedding model, and vectors that are of no use any more."""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.tables import collections as _collections
from rag.catalog.tables import leftovers as _leftovers
from rag.catalog.tables import reembeddings as _reembeddings

_STEM = 60  # characters of a collection's name in that of its vectors


@dataclass(frozen=True)
class Reembedding:
    """A collection whose passages are embedded anew beside its vectors, which answer meanwhile.

    Attributes:
        vectors: what the store calls the new ones.
        dimension: numbers in a new vector, 0 until the model was loaded once.
    """

    collection: str
    embedding_model: str
    vectors: str
    dimension: int
    is_paused: bool


class Reembeddings(Database):
    """What is embedded anew."""

    def begin_reembedding(self, collection: str, embedding_model: str) -> Reembedding:
        """Announces it; nothing else may be announced for this collection."""
        vectors = f"{collection[:_STEM]}_{uuid.uuid4().hex[:12]}"
        made = Reembedding(collection, embedding_model, vectors, 0, False)
        with self._transaction() as run:
            run.execute(sql.insert(_reembeddings).values(vars(made)))
        return made

    def reembedding(self, collection: str) -> Reembedding | None:
        """That of a collection, None where there is none."""
        return next((one for one in self.reembeddings() if one.collection == collection), None)

    def reembeddings(self) -> list[Reembedding]:
        """All of them, by collection."""
        with self._transaction() as run:
            rows = run.execute(sql.select(_reembeddings).order_by(_reembeddings.c.collection)).all()
        return [Reembedding(**row._mapping) for row in rows]

    def change_reembedding(self, collection: str, **values: Any) -> None:
        """Keeps that it is paused (`is_paused`) or its `dimension`."""
        with self._transaction() as run:
            run.execute(sql.update(_reembeddings).where(_reembeddings.c.collection == collection).values(values))

    def take_vectors(self, done: Reembedding) -> None:
        """The collection is asked by its new vectors from now on; the old ones are left over."""
        of_it = _collections.c.name == done.collection
        new = {name: getattr(done, name) for name in ("embedding_model", "dimension", "vectors")}
        with self._transaction() as run:
            old = run.execute(sql.select(_collections).where(of_it)).one()
            run.execute(sql.update(_collections).where(of_it).values(new))
            _leave(run, old.vectors or old.name, old.dimension)
            run.execute(sql.delete(_reembeddings).where(_reembeddings.c.collection == done.collection))

    def drop_reembedding(self, collection: str) -> None:
        """Gives it up; what was embedded is left over."""
        of_it = _reembeddings.c.collection == collection
        with self._transaction() as run:
            row = run.execute(sql.select(_reembeddings).where(of_it)).one_or_none()
            if row is not None and row.dimension:
                _leave(run, row.vectors, row.dimension)
            run.execute(sql.delete(_reembeddings).where(of_it))

    def leftovers(self) -> dict[str, int]:
        """Vectors that are to be deleted, by what the store calls them, with their dimension."""
        with self._transaction() as run:
            return {row.vectors: row.dimension for row in run.execute(sql.select(_leftovers))}

    def forget_leftover(self, vectors: str) -> None:
        """They are deleted."""
        with self._transaction() as run:
            run.execute(sql.delete(_leftovers).where(_leftovers.c.vectors == vectors))


def _leave(run: sql.Connection, vectors: str, dimension: int) -> None:
    run.execute(insert(_leftovers).values(vectors=vectors, dimension=dimension).on_conflict_do_nothing())
