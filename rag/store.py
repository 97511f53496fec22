"""The vector store: one Milvus collection of chunks with their embeddings. The only file that imports pymilvus.

It is given vectors, never an embedder. What Milvus Lite 3.2 needs and the calls below show:

- Unflushed rows are searched as Python lists, a hundred times slower: every write ends with a flush.
- A reopened collection is released: it is loaded on opening.
- Index parameters reach Lite only in a nested "params", a server only flat: both are given.
- Filter templates are unknown to it: values are quoted by `_quote`.
- FAISS's HNSW loses rows when hundreds of vectors are exactly equal (milvus-lite#369): repeats are moved apart by
  `_REPEAT_SHIFT`, and the search looks at `_EF` candidates. Under a selective filter it may return fewer rows than
  there are, or miss the nearest: a few documents are scored row by row.
"""

import contextlib
import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Literal, Protocol

import numpy as np
from pymilvus import DataType, MilvusClient, MilvusException

from rag.embedders import Vectors
from rag.errors import ModelMismatch, StoreError
from rag.lines import nearest, pack
from rag.types import Chunk, Hit

SearchKind = Literal["exact", "HNSW"]

_FIELDS = ["document_id", "document_name", "title", "page", "heading", "start", "end", "position", "text"]
_NO_PAGE = 0  # Milvus has no null on every version; pages are 1-based
_HNSW = {"M": 32, "efConstruction": 200}
_EF = 512  # candidates of a search; at 5,000 rows with 1,000 copies 64 lost rows, 256 lost none
_REPEAT_SHIFT = 0.02  # length of the random step added to a repeated unit vector; changes its cosine by 0.0002
_FETCH = 1_000  # rows of one query
_SCORED = 1_000  # rows of the documents asked for up to which each is scored: a tenth of a second

for _name in ("pymilvus", "grpc._server"):  # every failure is raised here; no second report on stderr
    logging.getLogger(_name).setLevel(logging.CRITICAL)


# pymilvus asks every ten seconds whether the other side lives; Milvus Lite hangs up on such impatience.
_QUIET = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": 0}


class Store(Protocol):
    """Chunks with their vectors, found by vector. Every method is thread-safe."""

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors, lines: Sequence[Vectors] = ()) -> None:
        """Writes chunks with their unit rows float32[n, dimension]; a chunk with a known id is written over.

        Args:
            lines: unit rows of the lines of each chunk; without them a chunk is compared as a whole.
        """
        ...

    def search(
        self, vector: Vectors, *, k: int, documents: Sequence[str] = (), hidden: Sequence[str] = ()
    ) -> list[Hit]:
        """The k nearest chunks by their whole text, best first, or all when there are fewer.

        Args:
            documents: ids to look in; empty means everywhere.
            hidden: ids to leave out.
        """
        ...

    def existing(self, ids: Sequence[str]) -> set[str]:
        """Those of the chunk ids that are stored."""
        ...

    def fetch(self, ids: Sequence[str], vector: Vectors) -> list[Hit]:
        """Those of the chunks that are stored, with their score for a vector, in the order of `ids`."""
        ...

    def chunks(self, documents: Sequence[str] = ()) -> Iterator[Chunk]:
        """Every chunk, or every one of these documents (ids), in no order."""
        ...

    def delete_document(self, document_id: str) -> None:
        """Removes every chunk of a document."""
        ...

    def count(self) -> int:
        """Chunks stored."""
        ...

    def search_kind(self) -> SearchKind:
        """Whether a search compares every chunk or walks the HNSW graph."""
        ...

    def close(self) -> None:
        """Lets go of the files."""
        ...


class MilvusStore:
    """A collection in Milvus Lite (uri: a path ending in .db) or on a Milvus server (uri: http://…).

    Raises:
        ModelMismatch: the collection exists with another dimension.
        StoreError: Milvus cannot be opened, or refuses a call.
    """

    def __init__(self, uri: str, collection: str, dimension: int, *, exact_rows: int) -> None:
        self._uri = uri
        self._collection = collection
        self._dimension = dimension
        self._exact_rows = exact_rows
        self._write_lock = threading.Lock()
        with _milvus_errors(f"The vectors at {uri} could not be opened"):
            self._client = MilvusClient(uri, grpc_options=_QUIET if uri.endswith(".db") else {})
            self._open()

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors, lines: Sequence[Vectors] = ()) -> None:
        if vectors.shape != (len(chunks), self._dimension):
            raise ModelMismatch(f"Got vectors of shape {vectors.shape} for {len(chunks)} × {self._dimension}.")
        if lines and len(lines) != len(chunks):
            raise ValueError(f"Got the lines of {len(lines)} chunks for {len(chunks)}.")
        if not np.isfinite(vectors).all():
            raise StoreError("The embedding model gave a vector that is not finite; nothing was written.")
        if not chunks:
            return
        with self._write_lock, _milvus_errors("The chunks could not be written"):
            moved = zip(chunks, self._apart(chunks, vectors), lines or repeat(None), strict=False)
            rows = [self._row(chunk, vector, own) for chunk, vector, own in moved]
            self._client.upsert(self._collection, rows)
            self._client.flush(self._collection)
            self._grow()

    def search(
        self, vector: Vectors, *, k: int, documents: Sequence[str] = (), hidden: Sequence[str] = ()
    ) -> list[Hit]:
        where = _where(documents, hidden)
        with _milvus_errors("The search failed"):
            if documents and self.search_kind() == "HNSW" and self._count(where) <= _SCORED:
                return self._score_all(vector, k=k, where=where)
            found = self._client.search(
                self._collection,
                data=[vector],
                anns_field="embedding",
                limit=k,
                filter=where,
                output_fields=self._read,
                search_params={"metric_type": "IP", "params": {"ef": max(_EF, 4 * k)}},
            )[0]
            hits = _hits([row["entity"] for row in found], [row["distance"] for row in found], vector)
            if len(hits) < k and where and self.search_kind() == "HNSW":
                return self._score_all(vector, k=k, where=where)
        return hits

    def existing(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        with _milvus_errors("The chunks could not be looked up"):
            for start in range(0, len(ids), _FETCH):
                rows = self._client.get(self._collection, ids=list(ids[start : start + _FETCH]), output_fields=["id"])
                found.update(row["id"] for row in rows)
        return found

    def fetch(self, ids: Sequence[str], vector: Vectors) -> list[Hit]:
        if not ids:
            return []
        with _milvus_errors("The chunks could not be read"):
            rows = self._client.get(self._collection, ids=list(ids), output_fields=["id", *self._read, "embedding"])
        scores = np.array([row["embedding"] for row in rows], dtype=np.float32).reshape(len(rows), -1) @ vector
        found = dict(zip((row["id"] for row in rows), _hits(rows, scores, vector), strict=True))
        return [found[chunk_id] for chunk_id in ids if chunk_id in found]

    def chunks(self, documents: Sequence[str] = ()) -> Iterator[Chunk]:
        with _milvus_errors("The chunks could not be read"):
            for row in self._query(_where(documents, ()), _FIELDS):
                yield _chunk(row)

    def delete_document(self, document_id: str) -> None:
        with self._write_lock, _milvus_errors("The document's chunks could not be deleted"):
            self._client.delete(self._collection, filter=_where([document_id], ()))
            self._client.flush(self._collection)

    def count(self) -> int:
        with _milvus_errors("The chunks could not be counted"):
            return self._count("")

    def search_kind(self) -> SearchKind:
        with _milvus_errors("The index could not be read"):
            return "HNSW" if self._index_type() == "HNSW" else "exact"

    def close(self) -> None:
        self._client.close()
        if self._uri.endswith(".db"):
            from milvus_lite.server_manager import server_manager_instance  # client.close() alone keeps the folder

            server_manager_instance.release_server(self._uri)

    # Opening and indexing

    def _open(self) -> None:
        if not self._client.has_collection(self._collection):
            self._client.create_collection(
                self._collection,
                schema=self._schema(),
                index_params=self._index("FLAT"),
                consistency_level="Session",
            )
        fields = self._client.describe_collection(self._collection)["fields"]
        has_lines = any(field["name"] == "lines" for field in fields)  # earlier ones have none
        self._read = [*_FIELDS, "lines"] if has_lines else _FIELDS
        dimension = next(int(field["params"]["dim"]) for field in fields if field["name"] == "embedding")
        if dimension != self._dimension:
            raise ModelMismatch(
                f"Collection {self._collection!r} holds vectors of {dimension} dimensions, the embedding model gives "
                f"{self._dimension}. Ask with the model it was built with, or fill another collection."
            )
        if not self._client.list_indexes(self._collection):  # a process died while the index was changed
            self._client.create_index(self._collection, self._index("FLAT"))
        self._client.load_collection(self._collection)
        self._grow()

    def _schema(self) -> Any:
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("text_hash", DataType.VARCHAR, max_length=64)
        for name in _FIELDS:
            if name in ("page", "start", "end", "position"):
                schema.add_field(name, DataType.INT64)
            else:
                schema.add_field(name, DataType.VARCHAR, max_length=65_535)
        schema.add_field("lines", DataType.VARCHAR, max_length=65_535)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=self._dimension)
        return schema

    def _index(self, kind: str) -> Any:
        index = self._client.prepare_index_params()
        params = {**_HNSW, "params": _HNSW} if kind == "HNSW" else {}
        index.add_index("embedding", index_type=kind, metric_type="IP", params=params)
        return index

    def _index_type(self) -> str:
        return str(self._client.describe_index(self._collection, "embedding")["index_type"])

    def _grow(self) -> None:
        """Above `exact_rows` the exact index gives way to HNSW, once."""
        if self._index_type() == "HNSW" or self._count("") <= self._exact_rows:
            return
        self._client.release_collection(self._collection)
        self._client.drop_index(self._collection, "embedding")
        self._client.create_index(self._collection, self._index("HNSW"))
        self._client.load_collection(self._collection)

    # Rows

    def _row(self, chunk: Chunk, vector: Vectors, lines: Vectors | None) -> dict[str, Any]:
        values = {name: getattr(chunk, name) for name in _FIELDS}
        values["page"] = _NO_PAGE if chunk.page is None else chunk.page
        if "lines" in self._read:
            values["lines"] = "" if lines is None else pack(lines)
        return {**values, "id": chunk.id, "text_hash": _text_hash(chunk), "embedding": vector}

    def _count(self, where: str) -> int:
        return int(self._client.query(self._collection, filter=where, output_fields=["count(*)"])[0]["count(*)"])

    def _apart(self, chunks: Sequence[Chunk], vectors: Vectors) -> Iterator[Vectors]:
        """The vectors, those of a text that is stored already moved a little, always by the same step."""
        seen = self._stored_texts({_text_hash(chunk) for chunk in chunks})
        for chunk, vector in zip(chunks, vectors, strict=True):
            text_hash = _text_hash(chunk)
            yield _shifted(vector, chunk.id) if text_hash in seen else vector
            seen.add(text_hash)

    def _stored_texts(self, hashes: set[str]) -> set[str]:
        where = f"text_hash in [{', '.join(_quote(text_hash) for text_hash in sorted(hashes))}]"
        return {row["text_hash"] for row in self._query(where, ["text_hash"])}

    def _score_all(self, vector: Vectors, *, k: int, where: str) -> list[Hit]:
        rows = list(self._query(where, [*self._read, "embedding"]))
        if not rows:
            return []
        scores = np.array([row["embedding"] for row in rows], dtype=np.float32) @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return _hits([rows[i] for i in best], scores[best], vector)

    def _query(self, where: str, fields: list[str]) -> Iterator[dict[str, Any]]:
        pages = self._client.query_iterator(self._collection, batch_size=_FETCH, filter=where, output_fields=fields)
        try:
            while rows := pages.next():
                yield from rows
        finally:
            pages.close()


def _hits(rows: Sequence[dict[str, Any]], scores: Iterable[float], vector: Vectors) -> list[Hit]:
    lines = nearest([row.get("lines", "") for row in rows], vector)
    return [
        Hit(_chunk(row), float(score), line=float(score) if line is None else line)
        for row, score, line in zip(rows, scores, lines, strict=True)
    ]


def _chunk(row: dict[str, Any]) -> Chunk:
    values = {name: row[name] for name in _FIELDS}
    values["page"] = None if values["page"] == _NO_PAGE else values["page"]
    return Chunk(**values)


def _text_hash(chunk: Chunk) -> str:
    return hashlib.sha256(f"{chunk.context}\0{chunk.text}".encode()).hexdigest()[:32]


def _shifted(vector: Vectors, seed: str) -> Vectors:
    step = np.random.default_rng(int(seed[:16], 16)).standard_normal(len(vector)).astype(np.float32)
    moved = vector + _REPEAT_SHIFT * step / np.linalg.norm(step)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


def _where(documents: Sequence[str], hidden: Sequence[str]) -> str:
    parts = []
    if documents:
        parts.append(f"document_id in [{_quoted(documents)}]")
    if hidden:
        parts.append(f"document_id not in [{_quoted(hidden)}]")
    return " and ".join(parts)


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(_quote(value) for value in values)


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


@contextlib.contextmanager
def _milvus_errors(what: str) -> Iterator[None]:
    try:
        yield
    except MilvusException as exc:
        detail = str(exc.message or exc).strip().splitlines()[-1:] or ["no reason given"]
        raise StoreError(f"{what}. Milvus says: {detail[0]}") from exc
