"""Watched folders, what was seen in them, and the sources that went away."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.documents import leave_without_sources
from rag.catalog.records import DocumentState
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import folders as _folders
from rag.catalog.tables import seen as _seen
from rag.catalog.tables import sources as _sources
from rag.catalog.unembedded import keep_unembedded
from rag.types import Chunk

_AT_ONCE = 500  # values in one statement


class Folders(Database):
    """The watched folders of every collection."""

    def watch(self, collection: str, folder: str) -> None:
        """Keeps in mind that a folder is watched."""
        with self._transaction() as run:
            run.execute(insert(_folders).values(collection=collection, folder=folder).on_conflict_do_nothing())

    def unwatch(self, collection: str, folder: str) -> None:
        """A folder is no longer watched; what came from it stays."""
        with self._transaction() as run:
            for table in (_folders, _seen):
                run.execute(sql.delete(table).where(table.c.collection == collection, table.c.folder == folder))

    def watched(self, collection: str) -> list[str]:
        """The watched folders of a collection."""
        query = sql.select(_folders.c.folder).where(_folders.c.collection == collection).order_by(_folders.c.folder)
        with self._transaction() as run:
            return list(run.execute(query).scalars())

    def watched_everywhere(self) -> list[tuple[str, str]]:
        """Every watched folder with its collection."""
        query = sql.select(_folders.c.collection, _folders.c.folder)
        with self._transaction() as run:
            rows = run.execute(query.order_by(_folders.c.collection, _folders.c.folder))
            return [(row.collection, row.folder) for row in rows]

    def seen(self, collection: str, folder: str) -> dict[str, str]:
        """Files of a folder that were looked at, with what told their state then."""
        query = sql.select(_seen.c.path, _seen.c.state).where(
            _seen.c.collection == collection, _seen.c.folder == folder
        )
        with self._transaction() as run:
            return {path: state for path, state in run.execute(query)}

    def left_out(self, collection: str, folder: str) -> int:
        """Files of a folder that were looked at and are no document: they failed, or wait for a password."""
        source = _sources.c.source
        is_own = (source == _seen.c.path) | source.between(_seen.c.path + "!", _seen.c.path + '"')  # of an archive
        is_held = sql.exists().where(_sources.c.collection == collection, is_own)
        query = sql.select(sql.func.count()).where(_seen.c.collection == collection, _seen.c.folder == folder, ~is_held)
        with self._transaction() as run:
            return int(run.execute(query).scalar_one())

    def see(self, collection: str, folder: str, states: Mapping[str, str]) -> None:
        """Keeps the state of files that were looked at."""
        with self._transaction() as run:
            for path, state in states.items():
                row = {"collection": collection, "folder": folder, "path": path, "state": state}
                run.execute(insert(_seen).values(row).on_conflict_do_update(set_=row))

    def sources(self, collection: str, prefix: str) -> dict[str, str]:
        """Sources that begin with a prefix, with the id of their document."""
        query = sql.select(_sources.c.source, _sources.c.document_id).where(
            _sources.c.collection == collection, sql.func.substr(_sources.c.source, 1, len(prefix)) == prefix
        )
        with self._transaction() as run:
            return {source: document_id for source, document_id in run.execute(query)}

    def drop_sources(self, collection: str, sources: Collection[str], *, folder: str = "") -> None:
        """Forgets sources that are gone; a document that no source holds any longer begins to leave.

        Args:
            folder: the watched one in which these were seen, as files.
        """
        gone = list(sources)
        touched: set[str] = set()
        with self._transaction() as run:
            for start in range(0, len(gone), _AT_ONCE):
                some = gone[start : start + _AT_ONCE]
                these = (_sources.c.collection == collection, _sources.c.source.in_(some))
                touched.update(run.execute(sql.select(_sources.c.document_id).where(*these)).scalars())
                run.execute(sql.delete(_sources).where(*these))
                if folder:
                    run.execute(
                        sql.delete(_seen).where(
                            _seen.c.collection == collection, _seen.c.folder == folder, _seen.c.path.in_(some)
                        )
                    )
            leave_without_sources(run, collection, touched)

    def leave_begun(self, collection: str, prefix: str) -> None:
        """Lets documents leave that were begun from a source with this prefix and never became whole."""
        begun = (
            _documents.c.collection == collection,
            _documents.c.state == DocumentState.WRITING.value,
            sql.func.substr(_documents.c.begun_from, 1, len(prefix)) == prefix,
        )
        with self._transaction() as run:
            run.execute(sql.update(_documents).where(*begun).values(state=DocumentState.LEAVING.value))

    def rename_document(
        self, collection: str, document_id: str, *, name: str, title: str, unembedded: Sequence[Chunk] = ()
    ) -> None:
        """Gives a document another name and title; those of its chunks are the caller's.

        Args:
            unembedded: its chunks without vectors, under the new name.
        """
        this = (_documents.c.collection == collection, _documents.c.id == document_id)
        with self._transaction() as run:
            run.execute(sql.update(_documents).where(*this).values(name=name, title=title))
            keep_unembedded(run, collection, document_id, unembedded)
