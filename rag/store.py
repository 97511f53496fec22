"""The vector store: one Milvus collection of chunks with their embeddings. The only file that imports pymilvus.

It is given vectors, never an embedder. What Milvus Lite 3.2 needs and the calls below show:

- Unflushed rows are searched as Python lists, a hundred times slower: every write ends with a flush.
- A reopened collection is released: it is loaded on opening.
- It writes index files in one go, so that a kill leaves half of one, which it cannot load: `_load` lets them go.
- Index parameters reach Lite only in a nested "params", a server only flat: both are given.
- Filter templates are unknown to it: values are quoted by `rag.rows`.
- FAISS's HNSW loses rows when hundreds of vectors are exactly equal (milvus-lite#369): repeats are moved apart by
  `rag.rows.shifted`, and the search looks at `_EF` candidates. Under a selective filter it may return fewer rows than
  there are, or miss the nearest: a few documents are scored row by row, where `rag.lite` does not do that already.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from pymilvus import DataType, MilvusClient, MilvusException

from rag import lite
from rag.embedders import Vectors
from rag.errors import ModelMismatch, StoreError
from rag.lines import pack
from rag.lite import Near
from rag.rows import FIELDS, LATER, Record, StoredChunk, any_of, chunk_of, hits_of, row_of, shifted, text_hash, where_of
from rag.types import Chunk, Hit

SearchKind = Literal["exact", "HNSW"]

_HNSW = {"M": 32, "efConstruction": 200}
_EF = 512  # candidates of a search; at 5,000 rows with 1,000 copies 64 lost rows, 256 lost none
_FETCH = 1_000  # rows of one query
_FULL = "No space left on device"
_SCORED = 1_000  # rows of the documents asked for up to which each is scored: a tenth of a second

for _name in (
    "pymilvus",
    "grpc._server",
    "milvus_lite.adapter.grpc.servicer",
):  # every failure is raised here; no second report on stderr
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

    def fetch(self, ids: Sequence[str], vector: Vectors) -> list[Hit]:
        """Those of the chunks that are stored, with their score for a vector, in the order of `ids`."""
        ...

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """float32[dimension] of each of the chunks that are stored, by their id."""
        ...

    def chunks(self, documents: Sequence[str] = ()) -> Iterator[Chunk]:
        """Every chunk, or every one of these documents (ids), in no order."""
        ...

    def listing(self, documents: Sequence[str] = ()) -> Iterator[StoredChunk]:
        """What is stored, or what of these documents (ids), without the texts, in no order."""
        ...

    def before(self, chunks: Sequence[Chunk], count: int) -> list[Chunk]:
        """The chunks that stand right before each of some in its document, at most `count` of each, in any order."""
        ...

    def records(self, documents: Sequence[str] = ()) -> Iterator[Record]:
        """Every chunk, or every one of these documents (ids), with what was embedded of it, in no order."""
        ...

    def put(self, records: Sequence[Record]) -> None:
        """Writes chunks as `records` gave them; one with a known id is written over."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Removes chunks."""
        ...

    def delete_document(self, document_id: str) -> None:
        """Removes every chunk of a document."""
        ...

    def drop(self) -> None:
        """Removes the collection with everything in it; the store is of no use afterwards."""
        ...

    def count(self, documents: Sequence[str] = ()) -> int:
        """Chunks stored, or those of these documents (ids)."""
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
        self._filters_surely = uri.endswith(".db") and lite.speed_up()
        with _milvus_errors(f"The vectors at {uri} could not be opened"):
            self._client = MilvusClient(uri, grpc_options=_QUIET if uri.endswith(".db") else {})
            lite.hold(uri)
            try:
                self._open()
            except BaseException:
                self.close()
                raise

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
        where = where_of(documents, hidden)
        with _milvus_errors("The search failed"):
            is_unsure = bool(where) and not self._filters_surely and self.search_kind() == "HNSW"
            if documents and is_unsure and self._are_few(where):
                return self._score_all(vector, k=k, where=where)
            hits = [hit for _, hit in self._nearest(vector, k=k, where=where)]
            if len(hits) < k and is_unsure:
                return self._score_all(vector, k=k, where=where)
        return hits

    def fetch(self, ids: Sequence[str], vector: Vectors) -> list[Hit]:
        if not ids:
            return []
        with _milvus_errors("The chunks could not be read"):
            near = lite.fetch(self._uri, self._collection, ids, vector, self._read)
            if near is None:
                found = dict(self._nearest(vector, k=len(ids), where=any_of("id", ids)))  # no vectors on the wire
                found |= self._read_and_score([chunk_id for chunk_id in ids if chunk_id not in found], vector)
            else:
                found = dict(_hits_of(near, vector))
        return [found[chunk_id] for chunk_id in ids if chunk_id in found]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        with _milvus_errors("The vectors could not be read"):
            rows = self._client.get(self._collection, ids=list(ids), output_fields=["id", "embedding"]) if ids else []
        return {str(row["id"]): np.asarray(row["embedding"], dtype=np.float32) for row in rows}

    def chunks(self, documents: Sequence[str] = ()) -> Iterator[Chunk]:
        with _milvus_errors("The chunks could not be read"):
            for row in self._query(where_of(documents, ()), [name for name in self._read if name != "lines"]):
                yield chunk_of(row)

    def listing(self, documents: Sequence[str] = ()) -> Iterator[StoredChunk]:
        fields = [*StoredChunk.__dataclass_fields__]
        with _milvus_errors("The chunks could not be listed"):
            for row in self._query(where_of(documents, ()), fields):
                yield StoredChunk(*(row[name] for name in fields))

    def before(self, chunks: Sequence[Chunk], count: int) -> list[Chunk]:
        places = [(chunk.document_id, chunk.position) for chunk in chunks if chunk.position]
        parts = [
            f"({where_of([document], ())} and position >= {place - count} and position < {place})"
            for document, place in places
        ]
        with _milvus_errors("The chunks could not be read"):  # one query: each reads all rows
            fields = [name for name in self._read if name != "lines"]
            return [chunk_of(row) for row in self._query(" or ".join(parts), fields)] if parts else []

    def records(self, documents: Sequence[str] = ()) -> Iterator[Record]:
        with _milvus_errors("The chunks could not be read"):
            for row in self._query(where_of(documents, ()), [*self._read, "embedding"]):
                vector = np.asarray(row["embedding"], dtype=np.float32)
                yield Record(chunk_of(row), vector, row.get("lines", ""))

    def put(self, records: Sequence[Record]) -> None:
        if any(record.vector.shape != (self._dimension,) for record in records):
            raise ModelMismatch(f"Got vectors that have not {self._dimension} dimensions; nothing was written.")
        if not records:
            return
        with self._write_lock, _milvus_errors("The chunks could not be written"):
            self._client.upsert(self._collection, [row_of(record, self._read) for record in records])
            self._client.flush(self._collection)
            self._grow()

    def delete(self, ids: Sequence[str]) -> None:
        with self._write_lock, _milvus_errors("The chunks could not be deleted"):
            for start in range(0, len(ids), _FETCH):
                self._client.delete(self._collection, ids=list(ids[start : start + _FETCH]))
            self._client.flush(self._collection)

    def drop(self) -> None:
        with self._write_lock, _milvus_errors("The collection could not be deleted"):
            self._client.drop_collection(self._collection)

    def delete_document(self, document_id: str) -> None:
        with self._write_lock, _milvus_errors("The document's chunks could not be deleted"):
            self._client.delete(self._collection, filter=where_of([document_id], ()))
            self._client.flush(self._collection)

    def count(self, documents: Sequence[str] = ()) -> int:
        with _milvus_errors("The chunks could not be counted"):
            return self._count(where_of(documents, ()))

    def search_kind(self) -> SearchKind:
        with _milvus_errors("The index could not be read"):
            return "HNSW" if self._index_type() == "HNSW" else "exact"

    def close(self) -> None:
        self._client.close()
        lite.release(self._uri)

    # Opening and indexing

    def _open(self) -> None:
        if not self._client.has_collection(self._collection):
            self._client.create_collection(self._collection, schema=self._schema(), consistency_level="Session")
        fields = self._client.describe_collection(self._collection)["fields"]
        self._read = [*FIELDS, *(name for name in LATER if any(field["name"] == name for field in fields))]
        dimension = next(int(field["params"]["dim"]) for field in fields if field["name"] == "embedding")
        if dimension != self._dimension:
            raise ModelMismatch(
                f"Collection {self._collection!r} holds vectors of {dimension} dimensions, the embedding model gives "
                f"{self._dimension}. Ask with the model it was built with, or fill another collection."
            )
        if not self._client.list_indexes(self._collection):  # new, or a process died while the index was changed
            # waiting for an index of next to nothing sleeps half a second; loading waits for it where it must
            self._client.create_index(self._collection, self._index("FLAT"), sync=False)
        self._load()
        if self._index_type() == "HNSW" and self._count("") <= self._exact_rows:
            self._change_index("FLAT")
        self._grow()

    def _load(self) -> None:
        """Loads the collection; index files that a killed process left half written are made anew from the rows."""
        try:
            self._client.load_collection(self._collection)
        except MilvusException:
            indexes = list(Path(self._uri, "collections", self._collection).glob("partitions/*/indexes/*.idx"))
            if not indexes:
                raise
            for file in indexes:
                file.unlink()
            self._client.load_collection(self._collection)

    def _schema(self) -> Any:
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("text_hash", DataType.VARCHAR, max_length=64)
        for name in FIELDS:
            if name in ("page", "start", "end", "position"):
                schema.add_field(name, DataType.INT64)
            else:
                schema.add_field(name, DataType.VARCHAR, max_length=65_535)
        for name in LATER:
            schema.add_field(name, DataType.VARCHAR, max_length=65_535)
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
        self._change_index("HNSW")

    def _change_index(self, kind: str) -> None:
        self._client.release_collection(self._collection)
        self._client.drop_index(self._collection, "embedding")
        self._client.create_index(self._collection, self._index(kind))
        self._client.load_collection(self._collection)

    # Rows

    def _row(self, chunk: Chunk, vector: Vectors, lines: Vectors | None) -> dict[str, Any]:
        return row_of(Record(chunk, vector, "" if lines is None else pack(lines)), self._read)

    def _count(self, where: str) -> int:
        return int(self._client.query(self._collection, filter=where, output_fields=["count(*)"])[0]["count(*)"])

    def _apart(self, chunks: Sequence[Chunk], vectors: Vectors) -> Iterator[Vectors]:
        """The vectors, those of a text that is stored already moved a little, always by the same step."""
        seen = self._stored_texts({text_hash(chunk) for chunk in chunks})
        for chunk, vector in zip(chunks, vectors, strict=True):
            own = text_hash(chunk)
            yield shifted(vector, chunk.id) if own in seen else vector
            seen.add(own)

    def _stored_texts(self, hashes: set[str]) -> set[str]:
        return {row["text_hash"] for row in self._query(any_of("text_hash", sorted(hashes)), ["text_hash"])}

    def _are_few(self, where: str) -> bool:
        rows = self._client.query(self._collection, filter=where, output_fields=["id"], limit=_SCORED + 1)
        return len(rows) <= _SCORED

    def _nearest(self, vector: Vectors, *, k: int, where: str) -> list[tuple[str, Hit]]:
        ef = max(_EF, 4 * k)
        near = lite.nearest(self._uri, self._collection, vector, k=k, where=where, fields=self._read, ef=ef)
        if near is None:
            found = self._client.search(
                self._collection,
                data=[vector],
                anns_field="embedding",
                limit=k,
                filter=where,
                output_fields=self._read,
                search_params={"metric_type": "IP", "params": {"ef": ef}},
            )[0]
            near = [Near(str(row["id"]), row["distance"], row["entity"]) for row in found]
        return _hits_of(near, vector)

    def _read_and_score(self, ids: Sequence[str], vector: Vectors) -> dict[str, Hit]:
        if not ids:
            return {}
        rows = self._client.get(self._collection, ids=list(ids), output_fields=["id", *self._read, "embedding"])
        scores = np.array([row["embedding"] for row in rows], dtype=np.float32).reshape(-1, self._dimension) @ vector
        return dict(zip((row["id"] for row in rows), hits_of(rows, scores, vector), strict=True))

    def _score_all(self, vector: Vectors, *, k: int, where: str) -> list[Hit]:
        rows = list(self._query(where, [*self._read, "embedding"]))
        if not rows:
            return []
        scores = np.array([row["embedding"] for row in rows], dtype=np.float32) @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return hits_of([rows[i] for i in best], scores[best], vector)

    def _query(self, where: str, fields: list[str]) -> Iterator[dict[str, Any]]:
        pages = self._client.query_iterator(self._collection, batch_size=_FETCH, filter=where, output_fields=fields)
        try:
            while rows := pages.next():
                yield from rows
        finally:
            pages.close()


def _hits_of(near: Sequence[Near], vector: Vectors) -> list[tuple[str, Hit]]:
    hits = hits_of([row.fields for row in near], [row.score for row in near], vector)
    return list(zip((row.id for row in near), hits, strict=True))


def stored_collections(uri: str) -> dict[str, int]:
    """Name and dimension of every collection that lies in a folder of Milvus Lite."""
    with _milvus_errors(f"The vectors at {uri} could not be opened"):
        client = MilvusClient(uri, grpc_options=_QUIET)
        lite.hold(uri)
        try:
            described = {name: client.describe_collection(name)["fields"] for name in client.list_collections()}
        finally:
            client.close()
            lite.release(uri)
    return {
        name: next(int(field["params"]["dim"]) for field in fields if field["name"] == "embedding")
        for name, fields in described.items()
    }


@contextlib.contextmanager
def _milvus_errors(what: str) -> Iterator[None]:
    try:
        yield
    except MilvusException as exc:
        detail = str(exc.message or exc).strip().splitlines()[-1:] or ["no reason given"]
        remedy = " Make room on the disk and try again; what was written before is kept." if _FULL in detail[0] else ""
        raise StoreError(f"{what}. Milvus says: {detail[0].rstrip('.')}.{remedy}") from exc
