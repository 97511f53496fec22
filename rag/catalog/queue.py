"""The queue: files that wait to be added, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.records import DocumentState
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import queue as _queue


class QueueState(str, Enum):
    """How far a file of the queue is."""

    WAITING = "waiting"
    WORKING = "working"
    EMBEDDING = "embedding"  # what is in it is found by its words, its vectors fill in
    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    LOCKED = "locked"  # it waits for a password
    NAMESAKE = "namesake"  # it waits for word whether to replace the document of its name
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in (QueueState.WAITING, QueueState.WORKING, QueueState.EMBEDDING)


@dataclass(frozen=True)
class QueuedFile:
    """A file of the queue.

    Attributes:
        path: where its bytes lie.
        is_copy: `path` is a copy of ours, to be deleted when the file is done.
        message: for the user: why it failed, or what of it could not be read.
        note: for the user: what is good to know of a file that was added.
        documents: ids of those in it whose vectors were not all there when it was read.
    """

    id: int
    path: Path
    name: str
    source: str
    size: int  # bytes
    is_copy: bool
    state: QueueState
    message: str = ""
    note: str = ""
    documents: tuple[str, ...] = ()


_IN_ORDER = (_queue.c.urgency.desc(), _queue.c.id)


class Queue(Database):
    """The files of the queue, by collection."""

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
        query = sql.select(_queue).where(_queue.c.collection == collection).order_by(*_IN_ORDER).limit(limit)
        if states:
            query = query.where(_queue.c.state.in_([state.value for state in states]))
        with self._transaction() as run:
            rows = run.execute(query).all()
        return list(map(_file, rows))

    def queue_by_state(self, collection: str, order: Sequence[QueueState], *, limit: int) -> list[QueuedFile]:
        """The first files of the queue, ordered by state; states that `order` leaves out come last.

        One look at the queue: a file that changes its state meanwhile is neither missed nor told twice.
        """
        places = {state.value: place for place, state in enumerate(order)}
        rank = sql.case(places, value=_queue.c.state, else_=len(order))
        query = sql.select(_queue).where(_queue.c.collection == collection).order_by(rank, *_IN_ORDER).limit(limit)
        with self._transaction() as run:
            return list(map(_file, run.execute(query)))

    def is_queued(
        self, collection: str, *states: QueueState, name: str | None = None, source: str | None = None
    ) -> bool:
        """Whether a file of this name, or from this source, is in the queue, in one of these states if any is named."""
        query = sql.select(_queue.c.id).where(_queue.c.collection == collection).limit(1)
        if states:
            query = query.where(_queue.c.state.in_([state.value for state in states]))
        if name is not None:
            query = query.where(_queue.c.name == name)
        if source is not None:
            query = query.where(_queue.c.source == source)
        with self._transaction() as run:
            return run.execute(query).first() is not None

    def queue_totals(self, collection: str, *, since: int = 0) -> dict[QueueState, tuple[int, int]]:
        """(files, bytes) of the queue by state, of those with at least the id `since`."""
        query = (
            sql.select(_queue.c.state, sql.func.count(), sql.func.sum(_queue.c.size))
            .where(_queue.c.collection == collection, _queue.c.id >= since)
            .group_by(_queue.c.state)
        )
        with self._transaction() as run:
            return {QueueState(state): (count, size) for state, count, size in run.execute(query)}

    def set_queue_state(
        self,
        ids: Sequence[int],
        state: QueueState,
        message: str = "",
        note: str = "",
        *,
        documents: Sequence[str] = (),
    ) -> None:
        """Moves files of the queue to a state."""
        values = {"state": state.value, "message": message, "note": note, "documents": " ".join(documents)}
        with self._transaction() as run:
            run.execute(sql.update(_queue).where(_queue.c.id.in_(ids)).values(values))

    def finish_embedded(self, collection: str, document_id: str | None = None) -> list[QueuedFile]:
        """Says of files that they are added whose documents have all their vectors, or are gone; returns those.

        A file whose documents are all those of files before it was in the library already.

        Args:
            document_id: only files with this document are looked at, which takes a quarter of the time.
        """
        of_it = [_queue.c.collection == collection, _queue.c.state == QueueState.EMBEDDING.value]
        if document_id is not None:
            of_it.append(_holds(_queue, document_id))
        its = sql.func.json_each(_ids(_queue)).table_valued("value")
        is_filling = sql.exists().where(
            _documents.c.collection == collection,
            _documents.c.id == its.c.value,
            _documents.c.state == DocumentState.EMBEDDING.value,
        )
        waits = sql.select(its.c.value).where(is_filling)
        query = sql.select(_queue, _is_known(_queue).label("is_known")).where(*of_it, ~sql.exists(waits))
        with self._transaction() as run:
            rows = run.execute(query.order_by(*_IN_ORDER)).all()
            for row in rows:
                state = QueueState.UNCHANGED if row.is_known else QueueState.ADDED
                run.execute(sql.update(_queue).where(_queue.c.id == row.id).values(state=state.value))
        return [_file(row) for row in rows]

    def hasten(self, collection: str, file_id: int) -> None:
        """Puts a file before all others of the queue."""
        most = sql.select(sql.func.max(_queue.c.urgency)).where(_queue.c.collection == collection).scalar_subquery()
        with self._transaction() as run:
            run.execute(sql.update(_queue).where(_queue.c.id == file_id).values(urgency=most + 1))

    def rename_queued(self, file_id: int, name: str, source: str) -> None:
        """Gives a file of the queue another name and source."""
        with self._transaction() as run:
            run.execute(sql.update(_queue).where(_queue.c.id == file_id).values(name=name, source=source))

    def dequeue(self, ids: Sequence[int]) -> None:
        """Takes files out of the queue."""
        with self._transaction() as run:
            run.execute(sql.delete(_queue).where(_queue.c.id.in_(ids)))

    def move_queue(self, folder: Path) -> None:
        """Says of every copy of ours that it lies in a folder, under the name it has."""
        query = sql.select(_queue.c.id, _queue.c.path).where(_queue.c.is_copy)
        with self._transaction() as run:
            for row in run.execute(query).all():
                moved = sql.update(_queue).where(_queue.c.id == row.id)
                run.execute(moved.values(path=str(folder / Path(row.path).name)))


def _file(row: Any) -> QueuedFile:
    return QueuedFile(
        row.id,
        Path(row.path),
        row.name,
        row.source,
        row.size,
        row.is_copy,
        QueueState(row.state),
        row.message,
        row.note,
        tuple(row.documents.split()),
    )


def _holds(files: Any, document_id: Any) -> sql.ColumnElement[bool]:
    return sql.func.instr(" " + files.c.documents + " ", sql.literal(" ") + document_id + " ") > 0


def _ids(files: Any) -> sql.ColumnElement[str]:
    """The documents of files as a list in JSON, of which SQLite makes rows."""
    listed = sql.literal('["') + sql.func.replace(files.c.documents, " ", '","') + sql.literal('"]')
    return sql.case((files.c.documents == "", "[]"), else_=listed)


def _is_known(files: Any) -> sql.ColumnElement[bool]:
    """Whether all documents of a file are among those of the files before it."""
    its, before = sql.func.json_each(_ids(files)).table_valued("value"), _queue.alias("before")
    is_before = sql.or_(
        before.c.urgency > files.c.urgency, sql.and_(before.c.urgency == files.c.urgency, before.c.id < files.c.id)
    )
    is_same = before.c.collection == files.c.collection
    of_earlier = sql.exists().where(is_same, is_before, _holds(before, its.c.value)).correlate(files, its)
    return ~sql.exists(sql.select(its.c.value).where(~of_earlier))
