"""Documents: what is known of each, where it came from and how far it is."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.filters import ORDERS, conditions, ending
from rag.catalog.likeness import forget_likeness
from rag.catalog.records import (
    ANSWERING,
    DocumentOrder,
    DocumentQuery,
    DocumentRecord,
    DocumentState,
    NamedDocument,
    Totals,
)
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import quarantine as _quarantine
from rag.catalog.tables import recognised as _recognised
from rag.catalog.tables import sources as _sources
from rag.catalog.tables import tags as _tags
from rag.catalog.tables import unembedded as _unembedded
from rag.catalog.unembedded import keep_unembedded
from rag.catalog.versions import Succession, is_kept, leave_history, move_history, succeed
from rag.types import Chunk, Document


class Documents(Database):
    """The documents of every collection."""

    def begin(self, collection: str, document: Document, *, size: int, source: str = "") -> None:
        """Announces a document whose chunks are about to be written; one that is leaving comes back as new.

        What `source` held before and was never whole begins to leave.

        Args:
            source: what will hold it once it is whole, so that another run can finish it.
        """
        values = {
            "collection": collection,
            "id": document.id,
            "name": document.name,
            "title": document.title,
            "pages": len(document.pages),
            "chunks": 0,
            "size": size,
            "added_at": time.time(),
            "state": DocumentState.WRITING.value,
            "gaps": "\n".join(document.gaps),
            "begun_from": source,
        }
        with self._transaction() as run:
            run.execute(insert(_documents).values(values).on_conflict_do_update(set_=values))
            if source:
                _leave_unfinished(run, collection, source, besides=document.id)

    def finish(
        self,
        collection: str,
        document_id: str,
        *,
        source: str,
        chunks: int,
        before: Succession | None = None,
        unembedded: Sequence[Chunk] = (),
    ) -> list[str]:
        """Marks a document as one that answers, and as the one that `source` holds now.

        Args:
            before: what is kept of the document that the source held, as an old version.
            unembedded: those of its chunks that have words and no vectors yet; they are kept here until they have.

        Returns:
            ids of the documents that this replaced: they are `leaving`, their chunks are to be deleted.
        """
        state = DocumentState.EMBEDDING if unembedded else DocumentState.READY
        with self._transaction() as run:
            keep_unembedded(run, collection, document_id, unembedded)
            run.execute(
                sql.update(_documents)
                .where(_documents.c.collection == collection, _documents.c.id == document_id)
                .values(state=state.value, chunks=chunks)
            )
            return _point_source(run, collection, source, document_id, before) if source else []

    def add_source(
        self, collection: str, document_id: str, *, source: str, before: Succession | None = None
    ) -> list[str]:
        """Notes that `source` holds a known document; takes and returns what `finish` does."""
        with self._transaction() as run:
            return _point_source(run, collection, source, document_id, before)

    def document_at(self, collection: str, source: str) -> DocumentRecord | None:
        """The document that a source holds."""
        query = sql.select(_sources.c.document_id).where(
            _sources.c.collection == collection, _sources.c.source == source
        )
        with self._transaction() as run:
            found = run.execute(query).scalar_one_or_none()
        return self.document(collection, found) if found is not None else None

    def leave(self, collection: str, document_id: str) -> None:
        """Takes a document out of every answer at once; its chunks and its old versions are to be deleted next."""
        this = (_documents.c.collection == collection, _documents.c.id == document_id)
        with self._transaction() as run:
            state = run.execute(sql.select(_documents.c.state).where(*this)).scalar_one_or_none()
            was_there = state in [answering.value for answering in ANSWERING]
            leave_history(run, collection, document_id, everywhere=was_there)
            _leave(run, collection, document_id)

    def give_up(self, collection: str, documents: Sequence[str]) -> None:
        """Takes those of the documents out of every answer at once that are not whole; whole ones are left alone."""
        unfinished = (DocumentState.WRITING.value, DocumentState.EMBEDDING.value)
        states = sql.select(_documents.c.id).where(
            _documents.c.collection == collection, _documents.c.state.in_(unfinished)
        )
        with self._transaction() as run:
            for document_id in set(run.execute(states).scalars()) & set(documents):
                leave_history(run, collection, document_id, everywhere=False)
                _leave(run, collection, document_id)

    def forget(self, collection: str, document_id: str) -> None:
        """Removes the row of a document whose chunks are gone."""
        with self._transaction() as run:
            for table, column in (
                (_sources, _sources.c.document_id),
                (_tags, _tags.c.document_id),
                (_quarantine, _quarantine.c.document_id),
                (_recognised, _recognised.c.document_id),
                (_unembedded, _unembedded.c.document_id),
                (_documents, _documents.c.id),
            ):
                run.execute(sql.delete(table).where(table.c.collection == collection, column == document_id))
            forget_likeness(run, collection, document_id)

    def documents(self, collection: str) -> list[DocumentRecord]:
        """Every document of a collection, newest first."""
        with self._transaction() as run:
            sources = _by_document(run, _sources.c.source, collection)
            tags = _by_document(run, _tags.c.tag, collection)
            query = sql.select(_documents).where(_documents.c.collection == collection)
            rows = run.execute(query.order_by(_documents.c.added_at.desc(), _documents.c.name)).all()
        return [_record(row, sources.get(row.id, ()), tags.get(row.id, ())) for row in rows]

    def find_documents(
        self, collection: str, query: DocumentQuery, *, order: DocumentOrder, limit: int, offset: int = 0
    ) -> list[DocumentRecord]:
        """One screen of the documents that are asked for; their sources are left out."""
        rows = sql.select(_documents).where(*conditions(collection, query)).order_by(*ORDERS[order])
        with self._transaction() as run:
            found = run.execute(rows.limit(limit).offset(offset)).all()
            tags = _by_document(run, _tags.c.tag, collection, [row.id for row in found])
        return [_record(row, (), tags.get(row.id, ())) for row in found]

    def document_totals(self, collection: str, query: DocumentQuery = DocumentQuery()) -> Totals:
        """Sums over the documents that are asked for."""
        columns = (sql.func.coalesce(sql.func.sum(_documents.c[name]), 0) for name in ("pages", "chunks", "size"))
        sums = sql.select(sql.func.count(), *columns).where(*conditions(collection, query))
        with self._transaction() as run:
            return Totals(*run.execute(sums).one())

    def document_endings(self, collection: str) -> list[str]:
        """How the names of the documents end: ".pdf", "" where one has no ending."""
        query = sql.select(ending()).where(_documents.c.collection == collection).distinct()
        with self._transaction() as run:
            return sorted(run.execute(query).scalars())

    def document_names(self, collection: str, *, limit: int) -> list[str]:
        """The first names of documents that answer, in their order."""
        names = (
            sql.select(_documents.c.name)
            .where(*conditions(collection, DocumentQuery(states=ANSWERING)))
            .distinct()
            .order_by(_documents.c.name)
        )
        with self._transaction() as run:
            return list(run.execute(names.limit(limit)).scalars())

    def named_documents(self, collection: str) -> list[NamedDocument]:
        """Every document that answers, the newest first."""
        query = sql.select(_documents.c.id, _documents.c.name, _documents.c.title, _documents.c.chunks)
        answering = conditions(collection, DocumentQuery(states=ANSWERING))
        query = query.where(*answering).order_by(_documents.c.added_at.desc(), _documents.c.name)
        with self._transaction() as run:
            return [NamedDocument(*row) for row in run.execute(query)]

    def document_named(self, collection: str, name: str) -> DocumentRecord | None:
        """The last added document of this name, None where there is none; one that is leaving does not count."""
        query = (
            sql.select(_documents.c.id)
            .where(_documents.c.collection == collection, _documents.c.name == name)
            .where(_documents.c.state != DocumentState.LEAVING.value)
            .order_by(_documents.c.added_at.desc())
        )
        with self._transaction() as run:
            found = run.execute(query.limit(1)).scalar_one_or_none()
        return self.document(collection, found) if found is not None else None

    def document(self, collection: str, document_id: str) -> DocumentRecord | None:
        """One document, or None when the collection does not have it."""
        with self._transaction() as run:
            row = run.execute(
                sql.select(_documents).where(_documents.c.collection == collection, _documents.c.id == document_id)
            ).one_or_none()
            if row is None:
                return None
            sources = _by_document(run, _sources.c.source, collection, [document_id])
            tags = _by_document(run, _tags.c.tag, collection, [document_id])
        return _record(row, sources.get(document_id, ()), tags.get(document_id, ()))

    def document_ids(self, collection: str, state: DocumentState) -> list[str]:
        """Ids of the documents in a state."""
        with self._transaction() as run:
            query = sql.select(_documents.c.id).where(
                _documents.c.collection == collection, _documents.c.state == state.value
            )
            return list(run.execute(query).scalars())

    def is_used(self, document_id: str, *, besides: str = "") -> bool:
        """Whether any collection has the document, or any other than `besides`, or a history keeps it."""
        query = sql.select(sql.func.count()).where(_documents.c.id == document_id, _documents.c.collection != besides)
        with self._transaction() as run:
            return bool(run.execute(query).scalar_one() or run.execute(is_kept(document_id)).scalar_one())

    def add_document(self, collection: str, record: DocumentRecord) -> None:
        """A document as it is, with its sources and tags."""
        with self._transaction() as run:
            add_record(run, collection, record)

    def announce(self, collection: str, record: DocumentRecord) -> None:
        """Announces a document of another collection, whose chunks are about to be copied; a whole one stays whole."""
        writing = replace(record, state=DocumentState.WRITING, sources=(), tags=())
        with self._transaction() as run:
            this = (_documents.c.collection == collection, _documents.c.id == record.id)
            ready = sql.select(_documents.c.id).where(*this, _documents.c.state == DocumentState.READY.value)
            if run.execute(ready).first() is None:
                add_record(run, collection, writing)

    def move(self, record: DocumentRecord, source: str, target: str) -> None:
        """Makes a document of one collection one of another, whose chunks are all stored there; in the first it leaves.

        Its sources, tags and old versions, what is set aside of it and what was recognised go along.
        """
        with self._transaction() as run:
            move_history(run, record.id, source, target)
            for table in (_quarantine, _recognised):
                of_it = table.c.document_id == record.id
                run.execute(sql.delete(table).where(of_it, table.c.collection == target))
                run.execute(sql.update(table).where(of_it, table.c.collection == source).values(collection=target))
            add_record(run, target, replace(record, state=DocumentState.READY))
            _leave(run, source, record.id)

    def holders(self, document_id: str) -> tuple[str, ...]:
        """The collections that have the document."""
        query = sql.select(_documents.c.collection).where(_documents.c.id == document_id)
        with self._transaction() as run:
            return tuple(run.execute(query.order_by(_documents.c.collection)).scalars())


def _by_document(
    run: sql.Connection, column: sql.Column[str], collection: str, documents: Sequence[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Values of a column of sources or tags, by document, of all documents or of some."""
    table = column.table
    query = sql.select(table.c.document_id, column).where(table.c.collection == collection).order_by(column)
    if documents is not None:
        query = query.where(table.c.document_id.in_(documents))
    found: dict[str, tuple[str, ...]] = {}
    for document_id, value in run.execute(query):
        found[document_id] = (*found.get(document_id, ()), value)
    return found


def add_record(run: sql.Connection, collection: str, record: DocumentRecord) -> None:
    """A document as it is, with its sources and tags."""
    values = {"collection": collection, **asdict(record), "state": record.state.value, "gaps": "\n".join(record.gaps)}
    sources, tags = values.pop("sources"), values.pop("tags")
    run.execute(insert(_documents).values(values).on_conflict_do_update(set_=values))
    for source in sources:
        _point_source(run, collection, source, record.id)
    add_tags(run, collection, record.id, tags)


def add_tags(run: sql.Connection, collection: str, document_id: str, tags: Iterable[str]) -> None:
    """Gives a document more tags."""
    for tag in tags:
        row = {"collection": collection, "document_id": document_id, "tag": tag}
        run.execute(insert(_tags).values(row).on_conflict_do_nothing())


def _point_source(
    run: sql.Connection, collection: str, source: str, document_id: str, succession: Succession | None = None
) -> list[str]:
    """Points a source at its document; one that no source holds any longer, or was begun from it, begins to leave."""
    begun = (_documents.c.collection == collection, _documents.c.begun_from == source, _documents.c.id != document_id)
    left = sql.update(_documents).where(*begun, _documents.c.state == DocumentState.WRITING.value)
    run.execute(left.values(state=DocumentState.LEAVING.value))
    this = (_sources.c.collection == collection, _sources.c.source == source)
    before = run.execute(sql.select(_sources.c.document_id).where(*this)).scalar_one_or_none()
    values = {"collection": collection, "source": source, "document_id": document_id}
    run.execute(insert(_sources).values(values).on_conflict_do_update(set_=values))
    if before is None or before == document_id:
        return []
    is_held = _is_held(run, collection, before)
    if succession is not None and succession.document_id == before:
        succeed(run, collection, document_id, succession, is_held=is_held)
    if is_held:
        return []
    add_tags(run, collection, document_id, _by_document(run, _tags.c.tag, collection, [before]).get(before, ()))
    _leave(run, collection, before)
    return [before]


def leave_without_sources(run: sql.Connection, collection: str, documents: Iterable[str]) -> None:
    """Lets those of the documents leave that no source holds any longer."""
    for document_id in documents:
        if not _is_held(run, collection, document_id):
            leave_history(run, collection, document_id, everywhere=False)
            _leave(run, collection, document_id)


def _is_held(run: sql.Connection, collection: str, document_id: str) -> bool:
    these = (_sources.c.collection == collection, _sources.c.document_id == document_id)
    return bool(run.execute(sql.select(sql.func.count()).where(*these)).scalar_one())


def _leave_unfinished(run: sql.Connection, collection: str, source: str, *, besides: str) -> None:
    """A file that was changed after a run was killed in it: nobody will finish its old version."""
    old = (_documents.c.begun_from == source, _documents.c.state == DocumentState.WRITING.value)
    this = (_documents.c.collection == collection, _documents.c.id != besides)
    run.execute(sql.update(_documents).where(*this, *old).values(state=DocumentState.LEAVING.value))


def _leave(run: sql.Connection, collection: str, document_id: str) -> None:
    run.execute(
        sql.update(_documents)
        .where(_documents.c.collection == collection, _documents.c.id == document_id)
        .values(state=DocumentState.LEAVING.value)
    )
    run.execute(sql.delete(_sources).where(_sources.c.collection == collection, _sources.c.document_id == document_id))


def _record(row: Any, sources: tuple[str, ...], tags: tuple[str, ...]) -> DocumentRecord:
    return DocumentRecord(
        row.id,
        row.name,
        row.title,
        row.pages,
        row.chunks,
        row.size,
        row.added_at,
        DocumentState(row.state),
        sources,
        tuple(row.gaps.splitlines()),
        row.begun_from,
        tags,
    )
