"""Rows out of a damaged catalog into a new one, as far as they can be read."""

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert

from rag.catalog.database import Database
from rag.catalog.quarantine import Release
from rag.catalog.queue import QueueState
from rag.catalog.records import DocumentState
from rag.catalog.tables import metadata
from rag.catalog.versions import VersionState

_STATES = {  # columns whose words must be among these
    ("documents", "state"): {state.value for state in DocumentState},
    ("queue", "state"): {state.value for state in QueueState},
    ("quarantine", "release"): {release.value for release in Release},
    ("versions", "state"): {state.value for state in VersionState},
}


class Salvage(Database):
    """A new catalog that takes what there is."""

    def salvage(self, damaged: Path) -> int:
        """Takes every row that can still be read in a damaged catalog; returns how many those are."""
        engine = sql.create_engine(
            f"sqlite:///file:{quote(str(damaged))}?mode=ro&uri=true", poolclass=sql.pool.NullPool
        )
        return sum(self._take(table, _readable(engine, table)) for table in metadata.sorted_tables)

    def _take(self, table: sql.Table, rows: list[dict[str, Any]]) -> int:
        taken = 0
        with self._transaction() as run:
            for row in rows:
                # What does not fit (a text where a number belongs, an answer without its conversation) is left behind.
                with contextlib.suppress(sql.exc.IntegrityError, sql.exc.StatementError), run.begin_nested():
                    taken += run.execute(insert(table).values(row).on_conflict_do_nothing()).rowcount
        return taken


def _readable(engine: sql.Engine, table: sql.Table) -> list[dict[str, Any]]:
    """The rows from the beginning up to a damaged page, and from the end back to one."""
    found: dict[int, dict[str, Any]] = {}
    for direction in ("ASC", "DESC"):
        with contextlib.suppress(sql.exc.DatabaseError), engine.connect() as run:
            for row in run.exec_driver_sql(f"SELECT rowid AS _place, * FROM {table.name} ORDER BY rowid {direction}"):
                values = dict(row._mapping)
                found[values.pop("_place")] = {name: values[name] for name in values if name in table.columns}
    return [values for _, values in sorted(found.items()) if _fits(table, values)]


def _fits(table: sql.Table, values: dict[str, Any]) -> bool:
    return all(values.get(column) in words for (name, column), words in _STATES.items() if name == table.name) and all(
        isinstance(value, _kind(table.columns[name])) for name, value in values.items() if value is not None
    )


def _kind(column: sql.Column[Any]) -> tuple[type, ...]:
    """What SQLite gives for a column."""
    kind = column.type.python_type
    return (int, float) if kind is float else (int,) if kind in (bool, int) else (kind,)
