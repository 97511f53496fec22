"""The catalog: what the library holds, what waits to be added, what was asked. The only file that imports SQLAlchemy.

Vectors live in the store, files in the library folder; the catalog says which documents are whole. A document is
`writing` until all its chunks are stored, `ready` while it answers questions, `leaving` until its chunks are gone.
Only `ready` ones are shown to a question, so that a crash between two steps never shows half a document.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.errors import FootnoteError, ModelMismatch
from rag.types import Document

_VERSION = 3  # of the tables; a newer catalog is refused instead of being spoiled


class CatalogError(FootnoteError):
    """The catalog cannot be read or written."""


class DocumentState(str, Enum):
    """How far a document is."""

    WRITING = "writing"
    READY = "ready"
    LEAVING = "leaving"


@dataclass(frozen=True)
class DocumentRecord:
    """A document of the library.

    Attributes:
        added_at: seconds since 1970, UTC.
        sources: where it came from, one entry per path or upload with these bytes.
        gaps: what of it could not be read, for the user.
    """

    id: str
    name: str
    title: str
    pages: int
    chunks: int
    size: int  # bytes
    added_at: float
    state: DocumentState
    sources: tuple[str, ...]
    gaps: tuple[str, ...] = ()


class DocumentOrder(str, Enum):
    """By what documents are put in order."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "largest"
    LONGEST = "longest"  # most pages


@dataclass(frozen=True)
class DocumentQuery:
    """Which documents are asked for.

    Attributes:
        words: all of them must stand in the name or the title, in any case.
        states: empty means every state.
        with_gaps: only those of which something could not be read.
    """

    words: str = ""
    states: tuple[DocumentState, ...] = ()
    with_gaps: bool = False


@dataclass(frozen=True)
class Totals:
    """Sums over documents."""

    documents: int
    pages: int
    chunks: int
    size: int  # bytes


class QueueState(str, Enum):
    """How far a file of the queue is."""

    WAITING = "waiting"
    WORKING = "working"
    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    LOCKED = "locked"  # it waits for a password
    NAMESAKE = "namesake"  # it waits for word whether to replace the document of its name
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in (QueueState.WAITING, QueueState.WORKING)


@dataclass(frozen=True)
class QueuedFile:
    """A file of the queue.

    Attributes:
        path: where its bytes lie.
        is_copy: `path` is a copy of ours, to be deleted when the file is done.
        message: for the user: why it failed, or what of it could not be read.
    """

    id: int
    path: Path
    name: str
    source: str
    size: int  # bytes
    is_copy: bool
    state: QueueState
    message: str = ""


@dataclass(frozen=True)
class Conversation:
    """A row of questions and answers; the times are seconds since 1970, UTC."""

    id: str
    title: str
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class KeptAnswer:
    """An answer of a conversation, as JSON values, and what the person who asked thinks of it.

    Attributes:
        good: None while nobody said so or otherwise.
    """

    id: int
    values: dict[str, Any]
    good: bool | None


_tables = sql.MetaData()
_collections = sql.Table(
    "collections",
    _tables,
    sql.Column("name", sql.String, primary_key=True),
    sql.Column("embedding_model", sql.String, nullable=False),
    sql.Column("dimension", sql.Integer, nullable=False),
)
_documents = sql.Table(
    "documents",
    _tables,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("name", sql.String, nullable=False),
    sql.Column("title", sql.String, nullable=False),
    sql.Column("pages", sql.Integer, nullable=False),
    sql.Column("chunks", sql.Integer, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("added_at", sql.Float, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("gaps", sql.Text, nullable=False, server_default=""),
)
_sources = sql.Table(
    "sources",
    _tables,
    sql.Column("collection", sql.String, primary_key=True),
    sql.Column("source", sql.String, primary_key=True),
    sql.Column("document_id", sql.String, nullable=False, index=True),
)
_queue = sql.Table(
    "queue",
    _tables,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("collection", sql.String, nullable=False),
    sql.Column("path", sql.String, nullable=False),
    sql.Column("name", sql.String, nullable=False),
    sql.Column("source", sql.String, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("is_copy", sql.Boolean, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("message", sql.String, nullable=False, default=""),
)
_conversations = sql.Table(
    "conversations",
    _tables,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("title", sql.String, nullable=False),
    sql.Column("created_at", sql.Float, nullable=False),
    sql.Column("updated_at", sql.Float, nullable=False),
)
_messages = sql.Table(
    "messages",
    _tables,
    sql.Column("position", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("conversation", sql.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    sql.Column("answer", sql.Text, nullable=False),
)
_feedback = sql.Table(
    "feedback",
    _tables,
    sql.Column("answer", sql.ForeignKey("messages.position", ondelete="CASCADE"), primary_key=True),
    sql.Column("good", sql.Boolean, nullable=False),
    sql.Column("given_at", sql.Float, nullable=False),
)
_BY_NAME = (sql.func.casefold(_documents.c.name), _documents.c.id)
_ORDERS: dict[DocumentOrder, tuple[sql.ColumnElement[Any], ...]] = {
    DocumentOrder.NEWEST: (_documents.c.added_at.desc(), *_BY_NAME),
    DocumentOrder.OLDEST: (_documents.c.added_at.asc(), *_BY_NAME),
    DocumentOrder.NAME: _BY_NAME,
    DocumentOrder.LARGEST: (_documents.c.size.desc(), *_BY_NAME),
    DocumentOrder.LONGEST: (_documents.c.pages.desc(), *_BY_NAME),
}
_marks = sql.Table("marks", _tables, sql.Column("name", sql.String, primary_key=True))


class Catalog:
    """The catalog in one SQLite file. Thread-safe; every method is one transaction, on disk when it returns.

    Raises:
        CatalogError: the file is no catalog, is damaged, belongs to a newer Footnote, or the disk is full.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = sql.create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})
        sql.event.listen(self._engine, "connect", _on_connect)
        with self._transaction() as run:
            version = run.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > _VERSION:
                raise CatalogError(f"{file} was written by a newer Footnote. Install that version to open it.")
            _tables.create_all(run)
            _add_missing_columns(run)
            run.exec_driver_sql(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        self._engine.dispose()

    # Collections

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

    # Documents

    def begin(self, collection: str, document: Document, *, size: int) -> None:
        """Announces a document whose chunks are about to be written; one that is leaving comes back as new."""
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
        }
        with self._transaction() as run:
            run.execute(insert(_documents).values(values).on_conflict_do_update(set_=values))

    def finish(self, collection: str, document_id: str, *, source: str, chunks: int) -> list[str]:
        """Marks a document as whole and as the one that `source` holds now.

        Returns:
            ids of the documents that this replaced: they are `leaving`, their chunks are to be deleted.
        """
        with self._transaction() as run:
            run.execute(
                sql.update(_documents)
                .where(_documents.c.collection == collection, _documents.c.id == document_id)
                .values(state=DocumentState.READY.value, chunks=chunks)
            )
            return _point_source(run, collection, source, document_id)

    def add_source(self, collection: str, document_id: str, *, source: str) -> list[str]:
        """Notes that `source` holds a known document; returns replaced ids like `finish`."""
        with self._transaction() as run:
            return _point_source(run, collection, source, document_id)

    def leave(self, collection: str, document_id: str) -> None:
        """Takes a document out of every answer at once; its chunks are to be deleted next."""
        with self._transaction() as run:
            _leave(run, collection, document_id)

    def forget(self, collection: str, document_id: str) -> None:
        """Removes the row of a document whose chunks are gone."""
        with self._transaction() as run:
            for table, column in ((_sources, _sources.c.document_id), (_documents, _documents.c.id)):
                run.execute(sql.delete(table).where(table.c.collection == collection, column == document_id))

    def documents(self, collection: str) -> list[DocumentRecord]:
        """Every document of a collection, newest first."""
        with self._transaction() as run:
            sources: dict[str, list[str]] = {}
            for row in run.execute(sql.select(_sources).where(_sources.c.collection == collection)):
                sources.setdefault(row.document_id, []).append(row.source)
            query = sql.select(_documents).where(_documents.c.collection == collection)
            rows = run.execute(query.order_by(_documents.c.added_at.desc(), _documents.c.name)).all()
        return [_record(row, tuple(sorted(sources.get(row.id, ())))) for row in rows]

    def find_documents(
        self, collection: str, query: DocumentQuery, *, order: DocumentOrder, limit: int, offset: int = 0
    ) -> list[DocumentRecord]:
        """One screen of the documents that are asked for; their sources are left out."""
        rows = sql.select(_documents).where(*_conditions(collection, query)).order_by(*_ORDERS[order])
        with self._transaction() as run:
            return [_record(row, ()) for row in run.execute(rows.limit(limit).offset(offset))]

    def document_totals(self, collection: str, query: DocumentQuery = DocumentQuery()) -> Totals:
        """Sums over the documents that are asked for."""
        columns = (sql.func.coalesce(sql.func.sum(_documents.c[name]), 0) for name in ("pages", "chunks", "size"))
        sums = sql.select(sql.func.count(), *columns).where(*_conditions(collection, query))
        with self._transaction() as run:
            return Totals(*run.execute(sums).one())

    def document_names(self, collection: str, *, limit: int) -> list[str]:
        """The first names of documents that are ready, in their order."""
        names = (
            sql.select(_documents.c.name)
            .where(*_conditions(collection, DocumentQuery(states=(DocumentState.READY,))))
            .distinct()
            .order_by(_documents.c.name)
        )
        with self._transaction() as run:
            return list(run.execute(names.limit(limit)).scalars())

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
            query = sql.select(_sources.c.source).where(
                _sources.c.collection == collection, _sources.c.document_id == document_id
            )
            return _record(row, tuple(sorted(run.execute(query).scalars())))

    def document_ids(self, collection: str, state: DocumentState) -> list[str]:
        """Ids of the documents in a state."""
        with self._transaction() as run:
            query = sql.select(_documents.c.id).where(
                _documents.c.collection == collection, _documents.c.state == state.value
            )
            return list(run.execute(query).scalars())

    def is_used(self, document_id: str) -> bool:
        """Whether any collection still has the document."""
        with self._transaction() as run:
            query = sql.select(sql.func.count()).select_from(_documents).where(_documents.c.id == document_id)
            return bool(run.execute(query).scalar_one())

    # Queue

    def enqueue(self, collection: str, path: Path, *, name: str, source: str, size: int, is_copy: bool) -> int:
        """Puts a file at the end of the queue and gives its id; later ones have higher ids."""
        row = {
            "collection": collection,
            "path": str(path),
            "name": name,
            "source": source,
            "size": size,
            "is_copy": is_copy,
            "state": QueueState.WAITING.value,
            "message": "",
        }
        with self._transaction() as run:
            return int(run.execute(sql.insert(_queue).values(row).returning(_queue.c.id)).scalar_one())

    def queue(self, collection: str, *states: QueueState, limit: int | None = None) -> list[QueuedFile]:
        """Files of the queue in these states, or in every state when none is named, in their order."""
        query = sql.select(_queue).where(_queue.c.collection == collection).order_by(_queue.c.id).limit(limit)
        if states:
            query = query.where(_queue.c.state.in_([state.value for state in states]))
        with self._transaction() as run:
            rows = run.execute(query).all()
        return [
            QueuedFile(
                row.id, Path(row.path), row.name, row.source, row.size, row.is_copy, QueueState(row.state), row.message
            )
            for row in rows
        ]

    def queue_totals(self, collection: str, *, since: int = 0) -> dict[QueueState, tuple[int, int]]:
        """(files, bytes) of the queue by state, of those with at least the id `since`."""
        query = (
            sql.select(_queue.c.state, sql.func.count(), sql.func.sum(_queue.c.size))
            .where(_queue.c.collection == collection, _queue.c.id >= since)
            .group_by(_queue.c.state)
        )
        with self._transaction() as run:
            return {QueueState(state): (count, size) for state, count, size in run.execute(query)}

    def set_queue_state(self, ids: Sequence[int], state: QueueState, message: str = "") -> None:
        """Moves files of the queue to a state."""
        with self._transaction() as run:
            query = sql.update(_queue).where(_queue.c.id.in_(ids))
            run.execute(query.values(state=state.value, message=message))

    def rename_queued(self, file_id: int, name: str, source: str) -> None:
        """Gives a file of the queue another name and source."""
        with self._transaction() as run:
            run.execute(sql.update(_queue).where(_queue.c.id == file_id).values(name=name, source=source))

    def dequeue(self, ids: Sequence[int]) -> None:
        """Takes files out of the queue."""
        with self._transaction() as run:
            run.execute(sql.delete(_queue).where(_queue.c.id.in_(ids)))

    # Conversations

    def start_conversation(self, title: str) -> Conversation:
        """A new conversation with no questions yet."""
        now = time.time()
        conversation = Conversation(uuid.uuid4().hex, title, now, now)
        with self._transaction() as run:
            run.execute(
                sql.insert(_conversations).values(id=conversation.id, title=title, created_at=now, updated_at=now)
            )
        return conversation

    def conversations(self) -> list[Conversation]:
        """Every conversation, last used first."""
        with self._transaction() as run:
            rows = run.execute(sql.select(_conversations).order_by(_conversations.c.updated_at.desc())).all()
        return [Conversation(row.id, row.title, row.created_at, row.updated_at) for row in rows]

    def add_answer(self, conversation_id: str, answer: dict[str, Any]) -> None:
        """Appends an answer, as JSON values, to a conversation. A deleted conversation stays deleted."""
        with self._transaction() as run:
            touched = run.execute(
                sql.update(_conversations).where(_conversations.c.id == conversation_id).values(updated_at=time.time())
            )
            if touched.rowcount:
                run.execute(sql.insert(_messages).values(conversation=conversation_id, answer=json.dumps(answer)))

    def answers(self, conversation_id: str) -> list[dict[str, Any]]:
        """The answers of a conversation, oldest first, as they were added."""
        with self._transaction() as run:
            query = sql.select(_messages.c.answer).where(_messages.c.conversation == conversation_id)
            return [json.loads(text) for text in run.execute(query.order_by(_messages.c.position)).scalars()]

    def kept_answers(self, conversation_id: str) -> list[KeptAnswer]:
        """The answers of a conversation with what was thought of them, oldest first."""
        query = (
            sql.select(_messages.c.position, _messages.c.answer, _feedback.c.good)
            .outerjoin(_feedback, _feedback.c.answer == _messages.c.position)
            .where(_messages.c.conversation == conversation_id)
            .order_by(_messages.c.position)
        )
        with self._transaction() as run:
            return [KeptAnswer(row.position, json.loads(row.answer), row.good) for row in run.execute(query)]

    def replace_last_answer(self, conversation_id: str, answer: dict[str, Any]) -> None:
        """Puts an answer in the place of the last one of a conversation, and of what was thought of that."""
        of_it = _messages.c.conversation == conversation_id
        last = sql.select(sql.func.max(_messages.c.position)).where(of_it)
        with self._transaction() as run:
            position = run.execute(last).scalar_one()
            if position is not None:
                run.execute(sql.delete(_messages).where(_messages.c.position == position))
                run.execute(sql.insert(_messages).values(conversation=conversation_id, answer=json.dumps(answer)))

    def rate_answer(self, answer_id: int, good: bool | None) -> None:
        """Keeps what was thought of an answer; None takes it back."""
        with self._transaction() as run:
            run.execute(sql.delete(_feedback).where(_feedback.c.answer == answer_id))
            if good is not None:
                values = {"answer": answer_id, "good": good, "given_at": time.time()}
                run.execute(sql.insert(_feedback).values(values))

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Gives a conversation another title."""
        with self._transaction() as run:
            run.execute(sql.update(_conversations).where(_conversations.c.id == conversation_id).values(title=title))

    def delete_conversation(self, conversation_id: str) -> None:
        """Removes a conversation with its answers."""
        with self._transaction() as run:
            run.execute(sql.delete(_conversations).where(_conversations.c.id == conversation_id))

    # Marks: things that are done once in the life of a library

    def is_marked(self, name: str) -> bool:
        """Whether `mark(name)` was called before."""
        with self._transaction() as run:
            return run.execute(sql.select(_marks).where(_marks.c.name == name)).first() is not None

    def mark(self, name: str) -> None:
        """Remembers that something was done."""
        with self._transaction() as run:
            run.execute(insert(_marks).values(name=name).on_conflict_do_nothing())

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        try:
            with self._engine.begin() as run:
                yield run
        except sql.exc.DatabaseError as exc:
            raise CatalogError(
                f"The catalog {self._file} could not be used: {exc.orig}. If the disk is full, make room and try "
                "again; if the file is damaged, put back a copy of it. The documents themselves are untouched."
            ) from exc


def _on_connect(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)  # SQLite's own knows ASCII only


def _add_missing_columns(run: sql.Connection) -> None:
    """Brings the tables of an older Footnote up to date."""
    if "gaps" not in {column["name"] for column in sql.inspect(run).get_columns("documents")}:
        run.exec_driver_sql("ALTER TABLE documents ADD COLUMN gaps TEXT NOT NULL DEFAULT ''")


def _conditions(collection: str, query: DocumentQuery) -> list[sql.ColumnElement[bool]]:
    searched = sql.func.casefold(_documents.c.name + "\n" + _documents.c.title)
    found = [_documents.c.collection == collection]
    found += [searched.contains(word.casefold(), autoescape=True) for word in query.words.split()]
    if query.states:
        found.append(_documents.c.state.in_([state.value for state in query.states]))
    if query.with_gaps:
        found.append(_documents.c.gaps != "")
    return found


def _point_source(run: sql.Connection, collection: str, source: str, document_id: str) -> list[str]:
    """Points a source at its document; a document that no source holds any longer begins to leave."""
    this = (_sources.c.collection == collection, _sources.c.source == source)
    before = run.execute(sql.select(_sources.c.document_id).where(*this)).scalar_one_or_none()
    values = {"collection": collection, "source": source, "document_id": document_id}
    run.execute(insert(_sources).values(values).on_conflict_do_update(set_=values))
    if before is None or before == document_id:
        return []
    holders = sql.select(sql.func.count()).where(_sources.c.collection == collection, _sources.c.document_id == before)
    if run.execute(holders).scalar_one():
        return []
    _leave(run, collection, before)
    return [before]


def _leave(run: sql.Connection, collection: str, document_id: str) -> None:
    run.execute(
        sql.update(_documents)
        .where(_documents.c.collection == collection, _documents.c.id == document_id)
        .values(state=DocumentState.LEAVING.value)
    )
    run.execute(sql.delete(_sources).where(_sources.c.collection == collection, _sources.c.document_id == document_id))


def _record(row: Any, sources: tuple[str, ...]) -> DocumentRecord:
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
    )
