"""The lexical index: which chunks hold the words of a question. The only file that imports sqlite3.

SQLite's FTS5 keeps the postings: persistent, incremental, one file beside the vectors, and the same whether those lie
in Milvus Lite or on a server, whose BM25 differs from version to version. They are scored here, since FTS5's own bm25()
has fixed parameters (https://www.sqlite.org/fts5.html#the_bm25_function) that find less.
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

_VERSION = 4  # of the way in which terms are made and kept
_K1, _B = 0.9, 0.4  # BM25's saturation and length: those of Anserini (Lin et al. 2016), chosen in docs/evaluation.md
_TERMS = 64  # terms of a question that are looked up; the rarest ones
_SCHEMA = """
CREATE TABLE IF NOT EXISTS places (
    place INTEGER PRIMARY KEY, collection TEXT NOT NULL, chunk TEXT NOT NULL, document TEXT NOT NULL,
    length INTEGER NOT NULL, UNIQUE (collection, chunk)
);
CREATE INDEX IF NOT EXISTS places_of_document ON places (collection, document);
"""
_SCORES = f"""
WITH asked (word, weight) AS (VALUES {{asked}}),
held AS (SELECT doc, weight, count(*) AS times FROM asked CROSS JOIN {{instances}} ON term = word GROUP BY word, doc)
SELECT chunk, sum(weight * times / (times + {_K1 * (1 - _B)} + {_K1 * _B} * length / ?)) AS score
FROM held JOIN places ON place = doc WHERE TRUE{{where}} GROUP BY doc ORDER BY score DESC, chunk LIMIT ?
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
        self._name = f"terms_{collection}"
        self._table = f'"{self._name}"'
        self._vocabulary = f'"vocabulary_{collection}"'
        self._instances = f'"instances_{collection}"'
        self._lock = threading.Lock()
        with self._errors():
            _discard_outdated(file)
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA secure_delete = ON")  # what is deleted is written over
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
            self._database.executescript(_SCHEMA)
            self._database.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self._table} USING fts5(terms, detail = full, {_TOKENS})"
            )
            if sqlite3.sqlite_version_info >= (3, 42):
                self._database.execute(f"INSERT INTO {self._table} ({self._name}, rank) VALUES ('secure-delete', 1)")
            for name, kind in ((self._vocabulary, "row"), (self._instances, "instance")):
                self._database.execute(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5vocab({self._table}, {kind})"
                )

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Adds the terms of chunks, those of title and headings twice; known chunks are left alone."""
        rows = [(chunk, 2 * terms(chunk.context, parts=True) + terms(chunk.text, parts=True)) for chunk in chunks]
        with self._transaction() as run:
            for chunk, words in rows:
                place = run.execute(
                    "INSERT OR IGNORE INTO places (collection, chunk, document, length) VALUES (?, ?, ?, ?)"
                    " RETURNING place",
                    (self._collection, chunk.id, chunk.document_id, len(words)),
                ).fetchone()
                if place is not None:
                    run.execute(f"INSERT INTO {self._table} (rowid, terms) VALUES (?, ?)", (place[0], " ".join(words)))

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
        weights = self.weights(question)
        if not weights:
            return []
        where, values = _where(documents, hidden)
        asked = ", ".join(["(?, ?)"] * len(weights))
        query = _SCORES.format(asked=asked, instances=self._instances, where=where)
        pairs = [value for pair in weights.items() for value in pair]
        with self._lock, self._errors():
            rows = self._database.execute(query, (*pairs, self._average(), *values, k)).fetchall()
        bound = sum(weights.values())
        return [(chunk, score / bound) for chunk, score in rows]

    def count(self) -> int:
        """Chunks in the index."""
        query = "SELECT count(*) FROM places WHERE collection = ?"
        with self._lock, self._errors():
            return int(self._database.execute(query, (self._collection,)).fetchone()[0])

    def weights(self, question: str) -> dict[str, float]:
        """Inverse document frequency of the question's terms among the chunks, the rarest first; at most 64."""
        asked = list(dict.fromkeys(terms(question, parts=True)))
        query = f"SELECT term, doc FROM {self._vocabulary} WHERE term IN ({', '.join('?' * len(asked))})"
        count = self.count()
        with self._lock, self._errors():
            found = dict(self._database.execute(query, asked))
        odds = {term: (count - found.get(term, 0) + 0.5) / (found.get(term, 0) + 0.5) for term in asked}
        weights = {term: math.log1p(max(odds[term], 0.0)) for term in asked}
        return dict(sorted(weights.items(), key=lambda entry: -entry[1])[:_TERMS])

    def listing(self, documents: Sequence[str] = ()) -> list[tuple[str, str]]:
        """(chunk id, document id) of what is indexed, or of these documents (ids)."""
        where, values = _where(documents, ())
        query = f"SELECT chunk, document FROM places WHERE collection = ?{where}"
        with self._lock, self._errors():
            return self._database.execute(query, (self._collection, *values)).fetchall()

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks."""
        with self._transaction() as run:
            for chunk_id in chunk_ids:
                self._delete(run, "chunk = ?", chunk_id)

    def delete_document(self, document_id: str) -> None:
        """Removes every chunk of a document."""
        with self._transaction() as run:
            self._delete(run, "document = ?", document_id)

    def drop(self) -> None:
        """Removes the collection; the index is of no use afterwards."""
        with self._transaction() as run:
            for name in (self._vocabulary, self._instances, self._table):
                run.execute(f"DROP TABLE {name}")
            run.execute("DELETE FROM places WHERE collection = ?", (self._collection,))

    def is_sound(self) -> bool:
        """Whether every page of the file can be read and holds together."""
        with self._lock:
            try:
                return bool(self._database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
            except sqlite3.DatabaseError:
                return False

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def _delete(self, run: sqlite3.Connection, condition: str, value: str) -> None:
        where = f"FROM places WHERE collection = ? AND {condition}"
        run.execute(f"DELETE FROM {self._table} WHERE rowid IN (SELECT place {where})", (self._collection, value))
        run.execute(f"DELETE {where}", (self._collection, value))

    def _average(self) -> float:
        """Mean number of terms of a chunk."""
        query = "SELECT avg(length) FROM places WHERE collection = ?"
        return float(self._database.execute(query, (self._collection,)).fetchone()[0] or 1.0)

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
                "if the file is damaged, `python -m ingest.doctor --repair` builds it anew."
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
