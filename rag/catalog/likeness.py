"""Documents whose text is nearly another's: the signature of each, and the pairs that were found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.records import ANSWERING, DocumentState
from rag.catalog.tables import alike as _alike
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import signatures as _signatures

_ANSWERING = [state.value for state in ANSWERING]


@dataclass(frozen=True)
class Alike:
    """Two documents with nearly the same text.

    Attributes:
        document_id: of the one that came later.
        share: of the text that they have in common, 0 to 1.
    """

    document_id: str
    name: str
    other_id: str
    other_name: str
    share: float


@dataclass(frozen=True)
class Signature:
    """The signature of a document. Later ones have higher numbers; that of the last one is given again when it goes."""

    number: int
    collection: str
    document_id: str
    numbers: bytes


class Likeness(Database):
    """The documents of every collection that are nearly the same."""

    def signatures(self, *, since: int = 0) -> list[Signature]:
        """The signatures of all collections with at least the number `since`, in the order of their numbers."""
        number: sql.ColumnElement[int] = sql.literal_column("signatures.rowid", sql.Integer)
        query = sql.select(_signatures, number.label("number")).where(number >= since).order_by(number)
        with self._transaction() as run:
            return [Signature(row.number, row.collection, row.document_id, row.signature) for row in run.execute(query)]

    def with_signature(self, collection: str, documents: Sequence[str]) -> set[str]:
        """Those of the documents (ids) that answer and have a signature."""
        query = (
            sql.select(_signatures.c.document_id)
            .join(_documents, sql.and_(*_same(_signatures), _documents.c.state.in_(_ANSWERING)))
            .where(_signatures.c.collection == collection, _signatures.c.document_id.in_(documents))
        )
        with self._transaction() as run:
            return set(run.execute(query).scalars())

    def without_signature(self, collection: str, *, limit: int | None = None) -> list[str]:
        """Ids of documents that answer and were not compared yet, oldest first."""
        known = sql.select(_signatures.c.document_id).where(_signatures.c.collection == collection)
        query = sql.select(_documents.c.id).where(
            _documents.c.collection == collection,
            _documents.c.state == DocumentState.READY.value,
            _documents.c.id.not_in(known),
        )
        with self._transaction() as run:
            return list(run.execute(query.order_by(_documents.c.added_at).limit(limit)).scalars())

    def compared(self, collection: str, document_id: str, signature: bytes, found: Sequence[tuple[str, float]]) -> None:
        """Keeps the signature of a document, and the others (ids) that it is like, in the place of those before.

        A pair that a person accepted stays accepted.
        """
        with self._transaction() as run:
            row = {"collection": collection, "document_id": document_id, "signature": signature}
            its = (_signatures.c.collection == collection, _signatures.c.document_id == document_id)
            run.execute(sql.delete(_signatures).where(*its))  # the new one gets a number of its own
            run.execute(insert(_signatures).values(row))
            of_it = (_alike.c.collection == collection, _alike.c.document_id == document_id)
            run.execute(sql.delete(_alike).where(*of_it, _alike.c.is_accepted.is_(False)))
            turned = sql.select(_alike.c.document_id).where(
                _alike.c.collection == collection, _alike.c.other == document_id
            )
            known = set(run.execute(turned).scalars())
            for other, share in found:
                if other in known:
                    continue
                pair = {"collection": collection, "document_id": document_id, "other": other, "share": share}
                run.execute(insert(_alike).values({**pair, "is_accepted": False}).on_conflict_do_nothing())

    def alike(self, collection: str, *, document_id: str = "", limit: int | None = None) -> list[Alike]:
        """Pairs of documents that answer and were not accepted, the most alike first; of one document or of all."""
        one, two, pairs = _ready_pairs(collection)
        columns = (_alike.c.document_id, one.c.name, _alike.c.other, two.c.name.label("other_name"), _alike.c.share)
        query = pairs.with_only_columns(*columns)
        if document_id:
            query = query.where(sql.or_(_alike.c.document_id == document_id, _alike.c.other == document_id))
        query = query.order_by(_alike.c.share.desc(), one.c.name, two.c.name).limit(limit)
        with self._transaction() as run:
            return [
                Alike(row.document_id, row.name, row.other, row.other_name, row.share) for row in run.execute(query)
            ]

    def alike_count(self, collection: str) -> int:
        """How many such pairs there are."""
        *_, pairs = _ready_pairs(collection)
        query = pairs.with_only_columns(sql.func.count())
        with self._transaction() as run:
            return int(run.execute(query).scalar_one())

    def accept_alike(self, collection: str, document_id: str, other: str) -> None:
        """A person wants both of a pair: it is pointed out no longer."""
        pair = (_alike.c.document_id == document_id, _alike.c.other == other)
        with self._transaction() as run:
            accepted = sql.update(_alike).where(_alike.c.collection == collection, *pair)
            run.execute(accepted.values(is_accepted=True))


def forget_likeness(run: sql.Connection, collection: str, document_id: str) -> None:
    """Nothing is known any more of what a document is like."""
    for table, column in (
        (_signatures, _signatures.c.document_id),
        (_alike, _alike.c.document_id),
        (_alike, _alike.c.other),
    ):
        run.execute(sql.delete(table).where(table.c.collection == collection, column == document_id))


def _ready_pairs(collection: str) -> tuple[Any, Any, sql.Select[Any]]:
    """The documents of one side and of the other, and the pairs of which both answer and that were not accepted."""
    one, two = _documents.alias(), _documents.alias()
    joined = _alike.join(one, _is_ready(one, _alike.c.document_id)).join(two, _is_ready(two, _alike.c.other))
    is_open = (_alike.c.collection == collection, _alike.c.is_accepted.is_(False))
    return one, two, sql.select(_alike).select_from(joined).where(*is_open)


def _same(table: sql.Table) -> tuple[sql.ColumnElement[bool], ...]:
    return (_documents.c.collection == table.c.collection, _documents.c.id == table.c.document_id)


def _is_ready(table: Any, identifier: sql.Column[str]) -> sql.ColumnElement[bool]:
    return sql.and_(
        table.c.collection == _alike.c.collection,
        table.c.id == identifier,
        table.c.state.in_(_ANSWERING),
    )
