"""Passages that are found by their words and have no vectors yet; they leave one by one, as those are stored."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.records import DocumentState
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import unembedded as _unembedded
from rag.types import Chunk, chunk_from_json

_AT_ONCE = 500  # ids in one query


@dataclass(frozen=True)
class Embedded:
    """How many passages have vectors, and of how many."""

    done: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; of nothing, all of it."""
        return self.done / self.of if self.of else 1.0


class Unembedded(Database):
    """What the store has not got yet, of every collection."""

    def next_to_embed(self, collection: str, *, besides: Sequence[str] = ()) -> str | None:
        """Id of the document that has waited longest for its vectors; None where none does."""
        query = (
            sql.select(_documents.c.id)
            .where(_documents.c.collection == collection, _documents.c.state == DocumentState.EMBEDDING.value)
            .where(_documents.c.id.not_in(besides))
            .order_by(_documents.c.added_at, _documents.c.id)
        )
        with self._transaction() as run:
            return run.execute(query.limit(1)).scalar_one_or_none()

    def unembedded(self, collection: str, document_id: str, *, limit: int | None = None) -> list[Chunk]:
        """The passages of a document without vectors, or the first of them, in their order."""
        these = (_unembedded.c.collection == collection, _unembedded.c.document_id == document_id)
        query = sql.select(_unembedded.c.passage).where(*these).order_by(_unembedded.c.position)
        with self._transaction() as run:
            return [_chunk(passage) for passage in run.execute(query.limit(limit)).scalars()]

    def all_unembedded(self, collection: str) -> list[tuple[str, str, int]]:
        """(passage id, document id, position) of every passage without vectors."""
        query = sql.select(_unembedded.c.id, _unembedded.c.document_id, _unembedded.c.position)
        with self._transaction() as run:
            rows = run.execute(query.where(_unembedded.c.collection == collection)).all()
        return [(row.id, row.document_id, row.position) for row in rows]

    def unembedded_passages(self, collection: str, ids: Sequence[str]) -> list[Chunk]:
        """Those of the passages (ids) that have no vectors, in the order of `ids`."""
        found: dict[str, Chunk] = {}
        with self._transaction() as run:
            for start in range(0, len(ids), _AT_ONCE):
                query = sql.select(_unembedded.c.id, _unembedded.c.passage).where(
                    _unembedded.c.collection == collection, _unembedded.c.id.in_(ids[start : start + _AT_ONCE])
                )
                found |= {row.id: _chunk(row.passage) for row in run.execute(query)}
        return [found[identifier] for identifier in ids if identifier in found]

    def count_unembedded(self, collection: str) -> int:
        """How many passages of a collection have no vectors."""
        query = sql.select(sql.func.count()).where(_unembedded.c.collection == collection)
        with self._transaction() as run:
            return int(run.execute(query).scalar_one())

    def embedded(self, collection: str, documents: Sequence[str] | None = None) -> dict[str, Embedded]:
        """How far the documents are whose vectors fill in, all of them or those of these ids."""
        left = (
            sql.select(sql.func.count())
            .where(_unembedded.c.collection == collection, _unembedded.c.document_id == _documents.c.id)
            .scalar_subquery()
        )
        query = sql.select(_documents.c.id, _documents.c.chunks, left.label("left")).where(
            _documents.c.collection == collection, _documents.c.state == DocumentState.EMBEDDING.value
        )
        if documents is not None:
            query = query.where(_documents.c.id.in_(documents))
        with self._transaction() as run:
            return {row.id: Embedded(row.chunks - row.left, row.chunks) for row in run.execute(query)}

    def embedded_of_all(self, collection: str) -> Embedded:
        """How far all the documents together are whose vectors fill in; one that is leaving does not count."""
        its = (_documents.c.collection == collection, _documents.c.state == DocumentState.EMBEDDING.value)
        passages = sql.select(sql.func.coalesce(sql.func.sum(_documents.c.chunks), 0)).where(*its)
        left = sql.select(sql.func.count()).where(
            _unembedded.c.collection == collection,
            _unembedded.c.document_id.in_(sql.select(_documents.c.id).where(*its)),
        )
        with self._transaction() as run:
            of, to_do = int(run.execute(passages).scalar_one()), int(run.execute(left).scalar_one())
        return Embedded(max(0, of - to_do), of) if of else Embedded(0, 0)

    def note_embedded(self, collection: str, document_id: str, ids: Sequence[str]) -> None:
        """Lets go of passages whose vectors are stored; with the last ones the document is ready."""
        its = (_unembedded.c.collection == collection, _unembedded.c.document_id == document_id)
        with self._transaction() as run:
            for start in range(0, len(ids), _AT_ONCE):
                run.execute(sql.delete(_unembedded).where(*its, _unembedded.c.id.in_(ids[start : start + _AT_ONCE])))
            if run.execute(sql.select(_unembedded.c.id).where(*its).limit(1)).first() is not None:
                return
            whole = sql.update(_documents).where(
                _documents.c.collection == collection,
                _documents.c.id == document_id,
                _documents.c.state == DocumentState.EMBEDDING.value,
            )
            run.execute(whole.values(state=DocumentState.READY.value))

    def drop_unembedded(self, collection: str, document_id: str) -> None:
        """Lets go of passages that belong to no document."""
        with self._transaction() as run:
            keep_unembedded(run, collection, document_id, ())


def keep_unembedded(run: sql.Connection, collection: str, document_id: str, chunks: Sequence[Chunk]) -> None:
    """Keeps these as the passages of a document without vectors, in the place of those before."""
    its = (_unembedded.c.collection == collection, _unembedded.c.document_id == document_id)
    run.execute(sql.delete(_unembedded).where(*its))
    rows = [
        {
            "collection": collection,
            "id": chunk.id,
            "document_id": document_id,
            "position": chunk.position,
            "passage": json.dumps(asdict(chunk), ensure_ascii=False),
        }
        for chunk in chunks
    ]
    if rows:
        run.execute(insert(_unembedded).on_conflict_do_nothing(), rows)


def _chunk(passage: str) -> Chunk:
    return chunk_from_json(json.loads(passage))
