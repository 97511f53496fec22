"""Old versions: what a document was before its file changed. They answer nothing and stay in its history."""

import time
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.tables import documents as _documents
from rag.catalog.tables import versions as _versions

_SECONDS_OF_A_DAY = 86_400


class VersionState(str, Enum):
    """What there is of an old version."""

    KEPT = "kept"  # its text and its file
    THINNING = "thinning"  # both are about to go
    THINNED = "thinned"  # its facts only
    LEAVING = "leaving"  # all of it is about to go


@dataclass(frozen=True)
class Version:
    """An old version of a document.

    Attributes:
        current: id of the document whose history it belongs to.
        document_id: the sha256 of its own bytes.
        added_at: when it came, seconds since 1970, UTC; `left_at` is when the next one took its place.
        came: passages of the next version that this one has not.
        went: passages of this one that the next version has not.
    """

    id: int
    current: str
    document_id: str
    name: str
    pages: int
    chunks: int
    size: int  # bytes
    added_at: float
    left_at: float
    came: int
    went: int
    state: VersionState

    @property
    def is_kept(self) -> bool:
        """Whether its text can be read and its file opened."""
        return self.state is VersionState.KEPT


@dataclass(frozen=True)
class Succession:
    """What becomes of a document that another one takes the place of.

    Attributes:
        passages: its text as `rag.versions` packs it; None where only its facts are kept.
        came: passages that the next version brings; `went`: those that it has no longer.
    """

    document_id: str
    passages: bytes | None
    came: int
    went: int


class Versions(Database):
    """The old versions of every document."""

    def versions(self, collection: str, current: str) -> list[Version]:
        """The history of a document, oldest first, without what is about to go."""
        these = (_versions.c.collection == collection, _versions.c.current == current)
        return self._find(*these, _versions.c.state != VersionState.LEAVING.value)

    def all_versions(self, collection: str) -> list[Version]:
        """Every old version in a collection, by document and oldest first."""
        return self._find(_versions.c.collection == collection)

    def versions_with(self, collection: str, document_id: str) -> list[Version]:
        """The history of a document, and where it is itself an old version of another one."""
        its = (_versions.c.current == document_id) | (_versions.c.document_id == document_id)
        return self._find(_versions.c.collection == collection, its)

    def version_of(self, collection: str, document_id: str) -> Version | None:
        """The old version with these bytes, the last one where there are several."""
        these = (_versions.c.collection == collection, _versions.c.document_id == document_id)
        found = self._find(*these, _versions.c.state != VersionState.LEAVING.value)
        return max(found, key=lambda version: version.left_at) if found else None

    def version_passages(self, version_id: int) -> bytes | None:
        """The packed text of a version; None where it is not kept."""
        query = sql.select(_versions.c.passages).where(_versions.c.id == version_id)
        with self._transaction() as run:
            return run.execute(query).scalar_one_or_none()

    def add_version(self, collection: str, version: Version, passages: bytes | None) -> None:
        """An old version of another library, with its packed text."""
        values = {**asdict(version), "collection": collection, "state": version.state.value, "passages": passages}
        del values["id"]
        with self._transaction() as run:
            run.execute(sql.insert(_versions).values(values))

    def thin_versions(self, collection: str, *, keep: int, days: int) -> None:
        """Of old versions that are too many for their document, or too old, text and file are to go next.

        Args:
            keep: versions of each document that stay.
            days: after which one goes, 0 for never.
        """
        kept = (_versions.c.collection == collection, _versions.c.state == VersionState.KEPT.value)
        rank = sql.func.row_number().over(
            partition_by=_versions.c.current, order_by=(_versions.c.left_at.desc(), _versions.c.id.desc())
        )
        ranked = sql.select(_versions.c.id, _versions.c.left_at, rank.label("rank")).where(*kept).subquery()
        is_over = ranked.c.rank > keep
        if days:
            is_over = is_over | (ranked.c.left_at < time.time() - days * _SECONDS_OF_A_DAY)
        these = _versions.c.id.in_(sql.select(ranked.c.id).where(is_over))
        with self._transaction() as run:
            run.execute(sql.update(_versions).where(these).values(state=VersionState.THINNING.value))

    def thin_version(self, collection: str, document_id: str) -> None:
        """Of the old versions with these bytes, text and file are to go next."""
        these = (_versions.c.collection == collection, _versions.c.document_id == document_id)
        kept = _versions.c.state == VersionState.KEPT.value
        with self._transaction() as run:
            run.execute(sql.update(_versions).where(*these, kept).values(state=VersionState.THINNING.value))

    def leave_versions(self, collection: str, current: str | None = None) -> int:
        """The history of a document, or of all of a collection, is to go next; returns how many versions that are."""
        these = [_versions.c.collection == collection]
        if current is not None:
            these.append(_versions.c.current == current)
        with self._transaction() as run:
            left = sql.update(_versions).where(*these).values(state=VersionState.LEAVING.value)
            return int(run.execute(left).rowcount)

    def versions_to_go(self, collection: str) -> list[Version]:
        """Those of which something is about to go."""
        going = (VersionState.THINNING.value, VersionState.LEAVING.value)
        return self._find(_versions.c.collection == collection, _versions.c.state.in_(going))

    def finish_version(self, version: Version) -> None:
        """Carries out what a version is about to lose, once its file is gone."""
        this = _versions.c.id == version.id
        thinned = sql.update(_versions).where(this).values(state=VersionState.THINNED.value, passages=None)
        with self._transaction() as run:
            run.execute(sql.delete(_versions).where(this) if version.state is VersionState.LEAVING else thinned)

    def _find(self, *conditions: sql.ColumnElement[bool]) -> list[Version]:
        columns = [column for column in _versions.columns if column.name not in ("collection", "passages")]
        query = sql.select(*columns).where(*conditions)
        with self._transaction() as run:
            rows = run.execute(query.order_by(_versions.c.current, _versions.c.left_at, _versions.c.id)).all()
        return [_version(row) for row in rows]


def succeed(run: sql.Connection, collection: str, successor: str, succession: Succession, *, is_held: bool) -> None:
    """Puts a document into the history of the one that takes its place.

    Args:
        is_held: the document stays as well, with a history of its own, because another source holds it.
    """
    this = (_documents.c.collection == collection, _documents.c.id == succession.document_id)
    old = run.execute(sql.select(_documents).where(*this)).one()
    if not is_held:
        its = (_versions.c.collection == collection, _versions.c.current == succession.document_id)
        run.execute(sql.update(_versions).where(*its).values(current=successor))
    facts = {name: getattr(old, name) for name in ("name", "pages", "chunks", "size", "added_at")}
    state = VersionState.THINNED if succession.passages is None else VersionState.KEPT
    row = {**asdict(succession), **facts, "collection": collection, "current": successor, "left_at": time.time()}
    run.execute(sql.insert(_versions).values({**row, "state": state.value}))


def leave_history(run: sql.Connection, collection: str, document_id: str, *, everywhere: bool) -> None:
    """The history of a document is to go with it.

    Args:
        everywhere: also where it is itself an old version of another one.
    """
    its = _versions.c.current == document_id
    these = its | (_versions.c.document_id == document_id) if everywhere else its
    left = sql.update(_versions).where(_versions.c.collection == collection, these)
    run.execute(left.values(state=VersionState.LEAVING.value))


def move_history(run: sql.Connection, document_id: str, source: str, target: str) -> None:
    """The history of a document goes to another collection with it."""
    its = (_versions.c.collection == source, _versions.c.current == document_id)
    run.execute(sql.update(_versions).where(*its).values(collection=target))


def is_kept(document_id: str) -> sql.Select[Any]:
    """How many histories keep the file of these bytes."""
    kept = (_versions.c.document_id == document_id, _versions.c.state == VersionState.KEPT.value)
    return sql.select(sql.func.count()).select_from(_versions).where(*kept)


def _version(row: Any) -> Version:
    return Version(**{**row._mapping, "state": VersionState(row.state)})
