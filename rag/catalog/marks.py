"""Marks: what a library remembers by a name alone, as that something was done once."""

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.tables import marks as _marks


class Marks(Database):
    """What was done, or is so until it is taken back."""

    def is_marked(self, name: str) -> bool:
        """Whether `mark(name)` was called before."""
        with self._transaction() as run:
            return run.execute(sql.select(_marks).where(_marks.c.name == name)).first() is not None

    def mark(self, name: str) -> None:
        """Remembers that something was done."""
        with self._transaction() as run:
            run.execute(insert(_marks).values(name=name).on_conflict_do_nothing())

    def unmark(self, name: str) -> None:
        """Forgets it again."""
        with self._transaction() as run:
            run.execute(sql.delete(_marks).where(_marks.c.name == name))
