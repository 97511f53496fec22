"""Passages that are set aside: what of a document is kept out of search and answers, and what a person released."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.tables import quarantine as _quarantine
from rag.types import SetAside


class Release(str, Enum):
    """How far a passage is on its way back."""

    HELD = "held"
    ASKED = "asked"  # a person said so; its document is yet to be read again
    DONE = "done"
    WITHDRAWN = "withdrawn"  # a person took it back; its document is yet to be read again


_TO_READ = (Release.ASKED, Release.WITHDRAWN)


@dataclass(frozen=True)
class Quarantined:
    """A passage that is or was set aside."""

    passage: SetAside
    release: Release


class Quarantine(Database):
    """The passages of every document that are set aside."""

    def set_aside(
        self, collection: str, document_id: str, passages: Sequence[SetAside], *, released: AbstractSet[str]
    ) -> None:
        """Notes what was found in a document when it was read; what a person asked for meanwhile stays asked for.

        Args:
            released: ids of those that were left in.
        """
        with self._transaction() as run:
            asked, withdrawn = (
                set(run.execute(sql.select(_quarantine.c.id).where(*_of(collection, document_id, release))).scalars())
                for release in _TO_READ
            )
            run.execute(sql.delete(_quarantine).where(*_of(collection, document_id)))
            rows = [
                {
                    "collection": collection,
                    "document_id": document_id,
                    "id": passage.id,
                    "position": position,
                    "page": passage.page,
                    "reason": passage.reason,
                    "text": passage.text,
                    "release": _release(passage.id, released, asked, withdrawn).value,
                }
                for position, passage in enumerate(passages)
            ]
            if rows:
                run.execute(sql.insert(_quarantine), rows)

    def quarantined(self, collection: str, document_id: str) -> list[Quarantined]:
        """The passages of a document that are or were set aside, in their order."""
        query = sql.select(_quarantine).where(*_of(collection, document_id)).order_by(_quarantine.c.position)
        with self._transaction() as run:
            return [
                Quarantined(SetAside(row.id, row.page, row.reason, row.text), Release(row.release))
                for row in run.execute(query)
            ]

    def release(self, collection: str, document_id: str, ids: Sequence[str]) -> None:
        """Lets passages back in, as soon as their document is read again."""
        self._turn(collection, document_id, ids, Release.HELD, Release.ASKED)

    def withdraw(self, collection: str, document_id: str, ids: Sequence[str]) -> None:
        """Takes passages out that were let back in, as soon as their document is read again."""
        self._turn(collection, document_id, ids, Release.DONE, Release.WITHDRAWN)

    def _turn(self, collection: str, document_id: str, ids: Sequence[str], before: Release, after: Release) -> None:
        with self._transaction() as run:
            these = (*_of(collection, document_id, before), _quarantine.c.id.in_(ids))
            run.execute(sql.update(_quarantine).where(*these).values(release=after.value))

    def released(self, collection: str, document_id: str) -> frozenset[str]:
        """Ids of the passages that a person let back in."""
        let_in = _of(collection, document_id, Release.ASKED, Release.DONE)
        with self._transaction() as run:
            return frozenset(run.execute(sql.select(_quarantine.c.id).where(*let_in)).scalars())

    def is_release_asked(self, collection: str, document_id: str) -> bool:
        """Whether the document has to be read again because of a release, or of one that was taken back."""
        query = sql.select(_quarantine.c.id).where(*_of(collection, document_id, *_TO_READ)).limit(1)
        with self._transaction() as run:
            return run.execute(query).first() is not None


def _of(collection: str, document_id: str, *releases: Release) -> list[sql.ColumnElement[bool]]:
    found = [_quarantine.c.collection == collection, _quarantine.c.document_id == document_id]
    if releases:
        found.append(_quarantine.c.release.in_([release.value for release in releases]))
    return found


def _release(
    identifier: str, released: AbstractSet[str], asked: AbstractSet[str], withdrawn: AbstractSet[str]
) -> Release:
    if identifier in released:
        return Release.WITHDRAWN if identifier in withdrawn else Release.DONE
    return Release.ASKED if identifier in asked else Release.HELD
