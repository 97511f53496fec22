"""Calculates with tables: a database in memory that holds nothing else, reads no file and runs one SELECT at a time.

The only file that imports duckdb, and only when there is something to calculate: the page starts without it.
"""

import contextlib
import datetime
import json
import re
import tempfile
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cells import Column, DataTable, Kind, letters
from rag.queries import ROW, Query, QueryError, read

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Value = str | int | float | Decimal | bool | datetime.date | datetime.datetime | None
_SECONDS = 10.0  # that a query may take
_MEMORY = "512MB"
_NAME = 40  # characters of a table's or a column's name
_FETCHED = 200  # rows of a result that are read
_TYPES = {Kind.TEXT: "VARCHAR", Kind.DATE: "DATE", Kind.MOMENT: "TIMESTAMP", Kind.TRUTH: "BOOLEAN"}


@dataclass(frozen=True)
class NamedTable:
    """A table under the names by which SQL knows it and its columns, in their order."""

    name: str
    columns: tuple[str, ...]
    data: DataTable

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((one for own, one in zip(self.columns, self.data.columns, strict=True) if own == name), None)


@dataclass(frozen=True)
class Result:
    """What a query found.

    Attributes:
        heads: of its columns, as SQL calls them.
        is_whole: False where there are more rows.
        rows_read: numbers of the rows that it looked at, None where they are not those of one table.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    is_whole: bool
    rows_read: tuple[int, ...] | None


class Calculator:
    """Runs queries over tables; `opened` makes one."""

    def __init__(self, connection: "DuckDBPyConnection", tables: Sequence[NamedTable]) -> None:
        self.tables = tuple(tables)
        self._connection = connection
        self._names = frozenset(table.name for table in tables)

    def check(self, sql: str) -> Query:
        """What a query asks for.

        Raises:
            QueryError: it is no single SELECT over the tables, or names what is not there.
        """
        with _errors():
            found = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
            try:
                query = read(sql, json.loads(found[0]) if found else {"error": True}, self._names)
            except (KeyError, TypeError, IndexError, ValueError) as exc:
                raise QueryError(f"It cannot be read ({exc!r}).") from exc
            self._connection.execute(f"EXPLAIN {sql}")
        return query

    def with_order(self, query: Query) -> Query:
        """A query that takes the first row, with what makes it the first among what it selects."""
        return query if query.with_order is None else self.check(self._spelled(query.with_order))

    def run(self, query: Query) -> Result:
        """Its result.

        Raises:
            QueryError: it failed, or took too long.
        """
        with _errors(), self._limited():
            cursor = self._connection.execute(query.sql)
            heads = tuple(str(column[0]) for column in cursor.description or ())
            rows = cursor.fetchmany(_FETCHED + 1)
            shown = [index for index, head in enumerate(heads) if head != ROW]
            heads, rows = tuple(heads[index] for index in shown), [tuple(row[index] for index in shown) for row in rows]
            read_rows: tuple[int, ...] | None = None
            if query.of_rows is not None:
                numbers = self._connection.execute(self._spelled(query.of_rows)).fetchall()
                read_rows = tuple(number for (number,) in numbers)
        return Result(heads, tuple(rows[:_FETCHED]), len(rows) <= _FETCHED, read_rows)

    def _spelled(self, tree: dict[str, object]) -> str:
        """A tree as SQL."""
        found = self._connection.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchone()
        return str(found[0]) if found else ""

    def values(self, table: NamedTable, column: str, *, most: int) -> list[Value]:
        """The different values of a column, the most frequent first; at most `most` and one more."""
        quoted = f'"{column}"'
        sql = (
            f'SELECT {quoted} FROM "{table.name}" WHERE {quoted} IS NOT NULL '
            f"GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {most + 1}"
        )
        with _errors(), self._limited():
            return [value for (value,) in self._connection.execute(sql).fetchall()]

    def values_in(self, table: NamedTable, column: str, text: str, *, most: int) -> list[str]:
        """The different values of a column of words that are part of a text, whatever their case; at most `most`."""
        quoted = f'"{column}"'
        sql = (
            f'SELECT DISTINCT {quoted} FROM "{table.name}" '
            f"WHERE length({quoted}) > 1 AND contains(lower(?), lower({quoted})) ORDER BY 1 LIMIT {most}"
        )
        with _errors(), self._limited():
            return [str(value) for (value,) in self._connection.execute(sql, [text]).fetchall()]

    def span(self, table: NamedTable, column: str) -> tuple[Value, Value]:
        """The smallest and the largest value of a column."""
        with _errors(), self._limited():
            found = self._connection.execute(f'SELECT min("{column}"), max("{column}") FROM "{table.name}"').fetchone()
        return (found[0], found[1]) if found else (None, None)

    def is_unique(self, table: NamedTable, column: str) -> bool:
        """Whether no value of a column stands in two rows."""
        with _errors(), self._limited():
            sql = f'SELECT count("{column}") = count(DISTINCT "{column}") FROM "{table.name}"'
            found = self._connection.execute(sql).fetchone()
        return bool(found and found[0])

    def rows(self, table: NamedTable, columns: Sequence[str], numbers: Sequence[int]) -> list[tuple[Value, ...]]:
        """The number and some cells of these rows, in the order of the sheet."""
        named = ", ".join(f'"{column}"' for column in (ROW, *columns))
        listed = ", ".join(str(int(number)) for number in numbers)
        if not listed:
            return []
        with _errors(), self._limited():
            sql = f'SELECT {named} FROM "{table.name}" WHERE {ROW} IN ({listed}) ORDER BY {ROW}'
            return self._connection.execute(sql).fetchall()

    def numbers(self, table: NamedTable) -> tuple[int, ...]:
        """The numbers of all its rows."""
        with _errors(), self._limited():
            found = self._connection.execute(f'SELECT {ROW} FROM "{table.name}" ORDER BY {ROW}').fetchall()
        return tuple(number for (number,) in found)

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        timer = threading.Timer(_SECONDS, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextlib.contextmanager
def opened(tables: Sequence[DataTable], *, folder: Path) -> Iterator[Calculator]:
    """A calculator over tables.

    Args:
        folder: where their cells are written for a moment, in a folder that ends in ".part".

    Raises:
        QueryError: the tables hold something else than they say.
    """
    import duckdb

    named = name_tables(tables)
    connection = duckdb.connect(":memory:")
    try:
        with _errors(), tempfile.TemporaryDirectory(suffix=".part", dir=folder, ignore_cleanup_errors=True) as place:
            connection.execute("SET threads=2")
            connection.execute(f"SET memory_limit='{_MEMORY}'")
            connection.execute("SET default_collation='NOCASE'")
            for table in named:
                _load(connection, table, Path(place) / "cells.csv")
            connection.execute("SET temp_directory=''")
            connection.execute("SET enable_external_access=false")
            connection.execute("SET lock_configuration=true")
        yield Calculator(connection, named)
    finally:
        connection.close()


def name_tables(tables: Sequence[DataTable]) -> list[NamedTable]:
    """Tables with names that need no quotation marks: their own in small letters, numbered where they are alike."""
    names = _distinct(_identifier(table.sheet, otherwise="data") for table in tables)
    return [NamedTable(name, _column_names(table), table) for name, table in zip(names, tables, strict=True)]


def type_of(column: Column) -> str:
    """What SQL calls the kind of a column."""
    if column.kind is not Kind.NUMBER:
        return _TYPES[column.kind]
    return "DOUBLE" if column.decimals is None else f"DECIMAL(38,{column.decimals})"


def _column_names(table: DataTable) -> tuple[str, ...]:
    names = (_identifier(one.head, otherwise=f"column_{letters(one.number).lower()}") for one in table.columns)
    return tuple(_distinct(names))


def _identifier(text: str, *, otherwise: str) -> str:
    words = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text).lower()).strip("_")[:_NAME].strip("_")
    name = f"year_{words}" if re.fullmatch(r"(?:19|20)\d\d", words) else f"n_{words}" if words[:1].isdigit() else words
    return f"{name}_" if name in _reserved() else name or otherwise


def _distinct(names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        free, count = name, 1
        while free in found:
            count += 1
            free = f"{name}_{count}"
        found[free] = None
    return list(found)


_RESERVED: set[str] = set()


def _reserved() -> set[str]:
    """Words that SQL keeps for itself."""
    if not _RESERVED:
        import duckdb

        with contextlib.closing(duckdb.connect(":memory:")) as connection:
            sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
            _RESERVED.update(name for (name,) in connection.execute(sql).fetchall())
    return _RESERVED


def _load(connection: "DuckDBPyConnection", table: NamedTable, path: Path) -> None:
    types = {ROW: "INTEGER"} | dict(zip(table.columns, map(type_of, table.data.columns), strict=True))
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
    if not table.data.values:
        return
    path.write_text(table.data.values, encoding="utf-8", newline="")
    read_as = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    connection.execute(
        f"INSERT INTO \"{table.name}\" SELECT * FROM read_csv(?, auto_detect=false, header=false, delim=',', "
        f"quote='\"', escape='\"', nullstr='', columns={{{read_as}}}, max_line_size=20000000)",
        [str(path)],
    )
    path.unlink()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.InterruptException as exc:
        raise QueryError(f"It took more than {_SECONDS:.0f} s.") from exc
    except (duckdb.Error, OSError, OverflowError, UnicodeError) as exc:
        raise QueryError(str(exc).split("\n\nLINE")[0].strip()) from exc
