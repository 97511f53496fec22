"""The lexical index: which chunks hold the words of a question. The only file that imports sqlite3.

SQLite's FTS5 keeps the postings: persistent, incremental, one file beside the vectors, and the same whether those lie
in Milvus Lite or on a server, whose BM25 differs from version to version. They are scored here, since FTS5's own bm25()
has fixed parameters (https://www.sqlite.org/fts5.html#the_bm25_function) that find less.
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.bm25 import Places, Posting, Sizes
from rag.errors import StoreError
from rag.terms import terms
from rag.types import Chunk

_VERSION = 4  # of the way in which terms are made and kept
_SCHEMA = """
CREATE TABLE IF NOT EXISTS places (
    place INTEGER PRIMARY KEY, collection TEXT NOT NULL, chunk TEXT NOT NULL, document TEXT NOT NULL,
    length INTEGER NOT NULL, UNIQUE (collection, chunk)
);
CREATE INDEX IF NOT EXISTS places_of_document ON places (collection, document);
CREATE TABLE IF NOT EXISTS sizes (
    collection TEXT PRIMARY KEY, chunks INTEGER NOT NULL, terms INTEGER NOT NULL,
    longest INTEGER NOT NULL, shortest INTEGER NOT NULL
);
INSERT OR IGNORE INTO sizes
SELECT collection, count(*), sum(length), max(length), min(length) FROM places GROUP BY collection;
CREATE TRIGGER IF NOT EXISTS chunk_added AFTER INSERT ON places BEGIN
    INSERT INTO sizes VALUES (new.collection, 1, new.length, new.length, new.length) ON CONFLICT DO UPDATE
    SET chunks = chunks + 1, terms = terms + new.length, longest = max(longest, new.length),
    shortest = min(shortest, new.length);
END;
CREATE TRIGGER IF NOT EXISTS chunk_removed AFTER DELETE ON places BEGIN
    UPDATE sizes SET chunks = chunks - 1, terms = terms - old.length WHERE collection = old.collection;
END;
"""
_HELD = (
    "SELECT group_concat(doc) FROM {instances} WHERE term = ?"  # a place for each time, several times as fast as rows
)
_CHOSEN = "SELECT place, chunk, length FROM places WHERE place IN (SELECT value FROM json_each(?))"
_TOKENS = "tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '-._/,'''\""


class LexicalIndex:
    """BM25 over the terms of chunks, one collection of one file. Thread-safe; a write is on disk when it returns.

    What is read comes through a connection of its own, so that no question waits for the disk while a batch is written.

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
        self._lock, self._reader_lock = threading.Lock(), threading.Lock()
        with self._errors():
            _discard_outdated(file)
            self._database = _connected(file)
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
            self._reader = _connected(file)
            self._reader.execute("PRAGMA query_only = ON")

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
        asked = list(dict.fromkeys(terms(question, parts=True)))
        held_in = _HELD.format(instances=self._instances)
        with self._snapshot() as read:
            sizes = self._sizes()
            held = {term: np.unique(self._places(held_in, term), return_counts=True) for term in asked}
            weights = sizes.weights({term: len(places) for term, (places, _) in held.items()})
            postings = [Posting(weight, *held[term]) for term, weight in weights.items() if len(held[term][0])]
            if not postings:
                return []
            last = max(int(posting.places[-1]) for posting in postings)
            chosen = sizes.candidates(postings, self._allowed(last, documents, hidden), k)
            rows = read.execute(_CHOSEN, (json.dumps(chosen.tolist()),)).fetchall()
        scores = sizes.scores(postings, np.array([place for place, *_ in rows]), [length for *_, length in rows])
        bound = sum(weights.values())
        found = [(chunk, score / bound) for (_, chunk, _), score in zip(rows, scores.tolist(), strict=True)]
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:k]

    def count(self) -> int:
        """Chunks in the index."""
        with self._snapshot():
            return self._sizes().chunks

    def weights(self, question: str) -> dict[str, float]:
        """Inverse document frequency of the question's terms among the chunks, the rarest first; at most 64."""
        asked = list(dict.fromkeys(terms(question, parts=True)))
        found = self.held(asked)
        with self._snapshot():
            return self._sizes().weights({term: found.get(term, 0) for term in asked})

    def held(self, asked: Sequence[str]) -> dict[str, int]:
        """In how many chunks each of these terms stands; those that stand in none are left out."""
        query = f"SELECT term, doc FROM {self._vocabulary} WHERE term IN (SELECT value FROM json_each(?))"
        with self._snapshot() as read:
            return dict(read.execute(query, (json.dumps(asked),)))

    def by_document(self, asked: Sequence[str]) -> dict[str, dict[str, int]]:
        """Of each of these terms, in how many chunks of which document (id) it stands."""
        query = (
            f"SELECT document, count(DISTINCT doc) FROM {self._instances} JOIN places ON place = doc"
            " WHERE term = ? GROUP BY document"
        )
        with self._snapshot() as read:
            return {term: dict(read.execute(query, (term,)).fetchall()) for term in asked}

    def listing(self, documents: Sequence[str] = ()) -> list[tuple[str, str]]:
        """(chunk id, document id) of what is indexed, or of these documents (ids)."""
        where, values = _where(documents, ())
        query = f"SELECT chunk, document FROM places WHERE collection = ?{where}"
        with self._snapshot() as read:
            return read.execute(query, (self._collection, *values)).fetchall()

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks."""
        with self._transaction() as run:
            for chunk_id in chunk_ids:
                self._delete(run, "chunk = ?", chunk_id)

    def delete_document(self, document_id: str) -> None:
        """Removes every chunk of a document."""
        with self._transaction() as run:
            self._delete(run, "document = ?", document_id)

    def compact(self) -> None:
        """Merges the index into one. Without it SQLite before 3.42 keeps the terms of deleted chunks in its file."""
        with self._lock, self._errors():
            self._database.execute(f"INSERT INTO {self._table} ({self._name}) VALUES ('optimize')")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
        self._reader.close()
        self._database.close()

    def _delete(self, run: sqlite3.Connection, condition: str, value: str) -> None:
        where = f"FROM places WHERE collection = ? AND {condition}"
        run.execute(f"DELETE FROM {self._table} WHERE rowid IN (SELECT place {where})", (self._collection, value))
        run.execute(f"DELETE {where}", (self._collection, value))

    def _sizes(self) -> Sizes:
        query = "SELECT chunks, terms, longest, shortest FROM sizes WHERE collection = ?"
        return Sizes(*self._reader.execute(query, (self._collection,)).fetchone() or ())

    def _places(self, query: str, *values: str) -> Places:
        found = self._reader.execute(query, values).fetchone()[0]
        return np.fromstring(found or "", dtype=np.int64, sep=",")

    def _allowed(
        self, last: int, documents: Sequence[str], hidden: Sequence[str]
    ) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Of each place up to the last one, whether its document is searched."""
        allowed = np.full(last + 1, not documents)
        for some, searched in ((documents, True), (hidden, False)):
            if some:
                where, values = _where(some, ())
                query = f"SELECT group_concat(place) FROM places WHERE collection = ?{where}"
                places = self._places(query, self._collection, *values)
                allowed[places[places <= last]] = searched
        return allowed

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
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """What is on disk now, whatever is written meanwhile."""
        with self._reader_lock, self._errors():
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                if self._reader.in_transaction:  # SQLite ends it by itself where the disk fails
                    self._reader.execute("COMMIT")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise StoreError(
                f"The word index {self._file} could not be used: {exc}. If the disk is full, make room and try again; "
                "if the file is damaged, `python -m ingest.doctor --repair` builds it anew."
            ) from exc


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)


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
