"""The lexical index: which chunks hold the words of a question. The only file that imports sqlite3.

SQLite's FTS5 keeps it: persistent, incremental, one file beside the vectors, and the same whether those lie in Milvus
Lite or on a server, whose BM25 differs from version to version.
"""

import contextlib
import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import StoreError
from rag.terms import terms
from rag.types import Chunk

_VERSION = 3  # of the way in which terms are made
_K1 = 1.2  # fixed inside FTS5: https://www.sqlite.org/fts5.html#the_bm25_function
_TERMS = 64  # terms of a question that are looked up; the rarest ones
_SCHEMA = """
CREATE TABLE IF NOT EXISTS places (
    place INTEGER PRIMARY KEY, collection TEXT NOT NULL, chunk TEXT NOT NULL, document TEXT NOT NULL,
    UNIQUE (collection, chunk)
);
CREATE INDEX IF NOT EXISTS places_of_document ON places (collection, document);
"""
_TOKENS = "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '-._/,'''\""


class LexicalIndex:
    """BM25 over the terms of chunks, one collection of one file. Thread-safe; a write is on disk when it returns.

    Raises:
        StoreError: the file cannot be opened, read or written.
    """

    def __init__(self, file: Path, collection: str) -> None:
        self._file = file
        self._collection = collection
        self._table = f'"terms_{collection}"'
        self._vocabulary = f'"vocabulary_{collection}"'
        self._lock = threading.Lock()
        with self._errors():
            _discard_outdated(file)
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
            self._database.executescript(_SCHEMA)
            self._database.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self._table} USING fts5(terms, detail = full, {_TOKENS})"
            )
            self._database.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self._vocabulary} USING fts5vocab({self._table}, row)"
            )

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Adds the terms of chunks, those of title and headings twice; known chunks are left alone."""
        rows = [
            (chunk, " ".join(2 * terms(chunk.context, parts=True) + terms(chunk.text, parts=True))) for chunk in chunks
        ]
        with self._transaction() as run:
            for chunk, text in rows:
                place = run.execute(
                    "INSERT OR IGNORE INTO places (collection, chunk, document) VALUES (?, ?, ?) RETURNING place",
                    (self._collection, chunk.id, chunk.document_id),
                ).fetchone()
                if place is not None:
                    run.execute(f"INSERT INTO {self._table} (rowid, terms) VALUES (?, ?)", (place[0], text))

    def search(
        self, question: str, *, k: int, documents: Sequence[str] = (), hidden: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(chunk id, score) of the k chunks that hold most of the question's terms, best first.

        The score is BM25 divided by what a chunk would get that held every term of the question many times: 0 to 1, so
        that it can be compared from question to question.

        Args:
            documents: ids to look in; empty means everywhere.
            hidden: ids to leave out.
        """
        weights = self._weights(question)
        if not weights or not (bound := sum(weights.values()) * (_K1 + 1)):
            return []
        query = " OR ".join(f'"{term}"' for term in weights)
        where, values = _where(documents, hidden)
        with self._lock, self._errors():
            rows = self._database.execute(
                f"SELECT chunk, -bm25({self._table}) AS score FROM {self._table}"
                f" JOIN places ON place = {self._table}.rowid WHERE terms MATCH ?{where} ORDER BY score DESC LIMIT ?",
                (query, *values, k),
            ).fetchall()
        return [(chunk, score / bound) for chunk, score in rows]

    def count(self) -> int:
        """Chunks in the index."""
        with self._lock, self._errors():
            query = "SELECT count(*) FROM places WHERE collection = ?"
            return int(self._database.execute(query, (self._collection,)).fetchone()[0])

    def delete_document(self, document_id: str) -> None:
        """Removes every chunk of a document."""
        this = (self._collection, document_id)
        chosen = "SELECT place FROM places WHERE collection = ? AND document = ?"
        with self._transaction() as run:
            run.execute(f"DELETE FROM {self._table} WHERE rowid IN ({chosen})", this)
            run.execute("DELETE FROM places WHERE collection = ? AND document = ?", this)

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def _weights(self, question: str) -> dict[str, float]:
        """Inverse document frequency of the question's terms, the rarest first, as FTS5 reckons it."""
        asked = list(dict.fromkeys(term.replace('"', "") for term in terms(question, parts=True)))
        with self._lock, self._errors():
            total = self._database.execute("SELECT count(*) FROM places WHERE collection = ?", (self._collection,))
            count = int(total.fetchone()[0])
            marks = ", ".join("?" * len(asked))
            found = dict(
                self._database.execute(f"SELECT term, doc FROM {self._vocabulary} WHERE term IN ({marks})", asked)
            )
        weights = {term: math.log((count - found.get(term, 0) + 0.5) / (found.get(term, 0) + 0.5)) for term in asked}
        rarest = sorted(weights, key=lambda term: -weights[term])[:_TERMS]
        return {term: max(weights[term], 1e-6) for term in rarest}

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise StoreError(
                f"The word index {self._file} could not be used: {exc}. If the disk is full, make room and try again; "
                "if the file is damaged, delete it: it is built anew from the library."
            ) from exc


def _discard_outdated(file: Path) -> None:
    """Deletes an index whose terms were made in another way; the library builds it anew."""
    if not file.exists():
        return
    with contextlib.closing(sqlite3.connect(file)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
    if version != _VERSION:
        for ending in ("", "-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)


def _where(documents: Sequence[str], hidden: Sequence[str]) -> tuple[str, list[str]]:
    parts = [(f" AND document IN ({', '.join('?' * len(documents))})", documents)] if documents else []
    if hidden:
        parts.append((f" AND document NOT IN ({', '.join('?' * len(hidden))})", hidden))
    return "".join(text for text, _ in parts), [value for _, values in parts for value in values]
