"""The file of the catalog: one SQLite database, one transaction a call."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from rag.catalog.sources import source_name
from rag.catalog.tables import VERSION, add_missing_columns, metadata
from rag.errors import FootnoteError

_DAMAGED = ("malformed", "not a database", "disk image")  # words of SQLite
REMEDY = (
    "Documents and passages are untouched: `python -m ingest.doctor --repair` sets it aside and makes it anew from "
    "kept files, passages and what of it can still be read. Or put back a backup."
)


class CatalogError(FootnoteError):
    """The catalog cannot be read or written."""


class CatalogDamaged(CatalogError):
    """The file of the catalog is missing, no catalog at all, or damaged: it can be made anew from what is there."""


class Database:
    """What the parts of the catalog share: one file. Thread-safe; a transaction is on disk when it ends.

    Raises:
        CatalogDamaged: the file is no catalog, or is damaged.
        CatalogError: it belongs to a newer Footnote, or the disk is full.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = sql.create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})
        sql.event.listen(self._engine, "connect", _on_connect)
        with self._transaction() as run:
            version = run.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > VERSION:
                raise CatalogError(f"{file} was written by a newer Footnote. Install that version to open it.")
            metadata.create_all(run)
            add_missing_columns(run)
            run.exec_driver_sql(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        self._engine.dispose()

    def is_sound(self) -> bool:
        """Whether every page of the file can be read and holds together."""
        try:
            with self._transaction() as run:
                return bool(run.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() == "ok")
        except CatalogDamaged:
            return False

    def copy_to(self, file: Path) -> None:
        """A copy of the whole catalog as it is now, also while it is in use."""
        with self._errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as run:
            run.exec_driver_sql("VACUUM INTO ?", (str(file),))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        with self._errors(), self._engine.begin() as run:
            yield run

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sql.exc.DatabaseError as exc:
            if any(sign in str(exc.orig) for sign in _DAMAGED):
                raise CatalogDamaged(f"The catalog {self._file} is damaged ({exc.orig}). {REMEDY}") from exc
            raise CatalogError(
                f"The catalog {self._file} could not be used: {exc.orig}. If the disk is full, make room and try again."
            ) from exc


def _on_connect(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)  # SQLite's own knows ASCII only
    connection.create_function("source_name", 1, source_name, deterministic=True)
    connection.create_function("ending", 1, lambda name: Path(name).suffix.lower(), deterministic=True)
