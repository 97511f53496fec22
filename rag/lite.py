"""Milvus Lite, made to find rows without walking over all of them in Python. Only it and `rag.segments` import it.

For every search and every query, Milvus Lite 3.2.2 decides of each row in a loop whether it is the newest of its id and
not deleted, copies the vectors to compare them, and turns whole rows into Python objects, vectors and all: by far most
of the time (docs/performance.md). `speed_up` puts other methods in the place of its own, which give the same:

- which rows are alive is found out once after each write (`rag.snapshots`), from the ids that two segments share and
  those deleted;
- an exact search compares the vectors where they lie, in all threads, or only those that a filter leaves; of large
  segments it compares a byte for each number first (`rag.codes`);
- under a filter HNSW is asked where it is sure to be good at it, and otherwise each row that is left is compared;
- only the fields that were asked for are turned into Python objects, and a page of a listing is not sorted anew;
- a question (`nearest`, `fetch`) does not go through Milvus's protocol, which takes as long as the search itself.

While rows are being written, which lasts until they are flushed, and for what the store never asks, its own methods
answer. So they do, a little slower, when another version than this one is installed: then nothing is replaced.
"""

import functools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from rag import segments as on_disk
from rag.codes import Mask, Rows
from rag.embedders import Vectors
from rag.snapshots import Snapshot

VERSION = "3.2.2"  # of the methods that are replaced

Found = list[dict[str, Any]]


_folders: Counter[str] = Counter()
_folders_lock = threading.Lock()


def hold(uri: str) -> None:
    """Counts the collections that are open in one folder."""
    with _folders_lock:
        _folders[uri] += 1


def release(uri: str) -> None:
    """The last one lets go of the folder, which closing a client alone does not."""
    with _folders_lock:
        _folders[uri] -= 1
        if _folders[uri] > 0 or not uri.endswith(".db"):
            return
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_server(uri)


@functools.cache
def speed_up() -> bool:
    """Replaces the slow methods, once; False where another version is installed and nothing was replaced."""
    if version("milvus-lite") != VERSION:
        return False
    from milvus_lite.engine import collection

    found: Any = collection.Collection
    found._read_snapshot = _read_snapshot(found._read_snapshot)
    found._num_entities = _num_entities(found._num_entities)
    found.query = _query(found.query)
    found.get = _get(found.get)
    collection.execute_search_with_index = _search(collection.execute_search_with_index)
    on_disk.keep_on_disk()
    return True


@dataclass(frozen=True)
class Near:
    """A row with its cosine to a vector."""

    id: str
    score: float
    fields: dict[str, Any]


def nearest(
    uri: str, name: str, vector: Vectors, *, k: int, where: str, fields: Sequence[str], ef: int
) -> list[Near] | None:
    """The k rows of a collection nearest to a vector, best first; None where Milvus's protocol has to be asked."""

    def search(collection: Any) -> list[Near]:
        asked = {"top_k": k, "metric_type": "IP", "anns_field": "embedding", "search_params": {"ef": ef}}
        found = collection.search([vector], expr=where or None, output_fields=list(fields), **asked)[0]
        return [Near(str(row["id"]), float(row["distance"]), row["entity"]) for row in found]

    return _directly(uri, name, search)


def fetch(uri: str, name: str, ids: Sequence[str], vector: Vectors, fields: Sequence[str]) -> list[Near] | None:
    """Those of the rows that a collection has, with their cosine; None where Milvus's protocol has to be asked."""

    def read(collection: Any) -> list[Near] | None:
        segments, _ = collection._read_snapshot()
        if not _is_simple(collection, segments, list(fields), None):
            return None
        found = {own: place for own in ids if (place := segments.place(own)) is not None}
        places = np.array([*found.values()], dtype=np.int64)
        records = _records(segments, places, fields)
        scores = segments.scores(places, vector).tolist()
        return [Near(own, score, record) for own, score, record in zip(found, scores, records, strict=True)]

    return _directly(uri, name, read)


def _directly(uri: str, name: str, ask: Callable[[Any], list[Near] | None]) -> list[Near] | None:
    """What a collection of a folder that is open in this process answers, if its methods are replaced.

    Where it refuses, as while its index is changed, the protocol is asked after all, and says why.
    """
    from milvus_lite.exceptions import MilvusLiteError

    database = _database(uri)
    if database is None or not speed_up():
        return None
    try:
        collection = database.get_collection(name)
        collection._require_loaded()
        return ask(collection)
    except MilvusLiteError:
        return None


def _database(uri: str) -> Any:
    from milvus_lite.server_manager import server_manager_instance

    _, database, _ = server_manager_instance._servers.get(os.path.abspath(uri), (None, None, None))
    return database


def _read_snapshot(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def read_snapshot(self: Any) -> tuple[Sequence[Any], Any]:
        segments, deletions = original(self)
        segments = tuple(segment for segment in segments if segment.num_rows)
        if not all(_is_plain(segment) for segment in segments):
            return segments, deletions
        last = getattr(self, "_last_snapshot", None)
        if last is None or last.deleted != deletions.snapshot or not _same(last, segments):
            last = self._last_snapshot = Snapshot.of(segments, deletions.snapshot, last)
        return last, deletions

    return read_snapshot


def _is_plain(segment: Any) -> bool:
    """Whether no id is twice in it and no vector is missing; of others its own methods know more."""
    return len(segment.pk_to_row) == segment.num_rows and segment.vector_null_mask is None


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(first is second for first, second in zip(one, other, strict=True))


def _num_entities(original: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(original)
    def num_entities(self: Any, partition_names: list[str] | None) -> int:
        segments, _ = self._read_snapshot()
        if partition_names or self._memtable.size() or not isinstance(segments, Snapshot):
            return original(self, partition_names)
        return len(segments.places(segments.alive, in_order=False))

    return num_entities


def _query(original: Callable[..., Found]) -> Callable[..., Found]:
    @functools.wraps(original)
    def query(
        self: Any,
        expr: str | None = None,
        output_fields: list[str] | None = None,
        partition_names: list[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        timezone: str | None = None,
        order_by_pk: bool = False,
    ) -> Found:
        self._require_loaded()
        segments, _ = self._read_snapshot()
        if not _is_simple(self, segments, output_fields, partition_names):
            return original(self, expr, output_fields, partition_names, limit, offset, timezone, order_by_pk)
        condition = self._compile_filter(expr, timezone=timezone) if expr else None
        masks = _masks(segments, condition, self._indexed_filter_plan(condition))
        places = segments.places(masks, in_order=order_by_pk)[offset : None if limit is None else offset + limit]
        return list(_records(segments, places, _fields(self, output_fields)))

    return query


def _get(original: Callable[..., Found]) -> Callable[..., Found]:
    @functools.wraps(original)
    def get(
        self: Any,
        pks: list[Any],
        partition_names: list[str] | None = None,
        expr: str | None = None,
        output_fields: list[str] | None = None,
        timezone: str | None = None,
    ) -> Found:
        self._require_loaded()
        segments, _ = self._read_snapshot()
        if expr or not _is_simple(self, segments, output_fields, partition_names):
            return original(self, pks, partition_names, expr, output_fields, timezone)
        places = (segments.place(own) for own in pks)
        chosen = np.array([place for place in places if place is not None], dtype=np.int64)
        return list(_records(segments, chosen, _fields(self, output_fields)))

    return get


def _is_simple(self: Any, segments: Sequence[Any], names: list[str] | None, partitions: list[str] | None) -> bool:
    is_plain = isinstance(segments, Snapshot) and not self._schema.enable_dynamic_field
    return is_plain and not partitions and not self._memtable.size() and "*" not in (names or ())


def _fields(self: Any, names: list[str] | None) -> list[str]:
    """Those asked for, or all, the id among them."""
    known = [field.name for field in self._schema.fields]
    return [name for name in known if names is None or name in names or name == self._pk_name]


def _search(original: Callable[..., list[Found]]) -> Callable[..., list[Found]]:
    @functools.wraps(original)
    def search(**asked: Any) -> list[Found]:
        segments, names = asked["segments"], asked["output_fields"]
        plain = asked["metric_type"] == "IP" and not asked["partition_names"] and names and "*" not in names
        if not plain or asked["memtable"].size() or not isinstance(segments, Snapshot):
            return original(**asked)
        masks = _masks(segments, asked["compiled_filter"], asked["indexed_filter_plan"])
        return [_nearest(segments, masks, vector, asked) for vector in asked["query_vectors"]]

    return search


def _nearest(segments: Snapshot, masks: Sequence[Mask | None], vector: Vectors, asked: dict[str, Any]) -> Found:
    k, field, params = asked["top_k"], asked["vector_field"], asked["search_params"]
    places, scores = segments.nearest(masks, vector, k=k, field=field, params=params)
    names = [name for name in asked["output_fields"] if name != asked["pk_field"]]
    records = _records(segments, places, names)
    ids = _records(segments, places, [asked["pk_field"]])
    return [
        {"id": own[asked["pk_field"]], "distance": -float(near), "entity": record}
        for own, record, near in zip(ids, records, scores, strict=True)
    ]


def _masks(segments: Snapshot, condition: Any, plan: Any) -> list[Mask | None]:
    """Of each segment, which rows are alive and meet a filter; None for all."""
    from milvus_lite.search.indexed_filter import evaluate_segment_filter

    if condition is None:
        return list(segments.alive)
    met = [np.asarray(evaluate_segment_filter(segment, condition, plan), dtype=bool) for segment in segments]
    return [own if alive is None else own & alive for own, alive in zip(met, segments.alive, strict=True)]


def _records(segments: Sequence[Any], places: Rows, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Fields of rows, counted through the segments, in the order of `places`."""
    starts = np.cumsum([0, *(segment.num_rows for segment in segments)])
    owners = np.searchsorted(starts, places, side="right") - 1
    read = {
        owner: _columns(segments[owner], places[owners == owner] - starts[owner], names) for owner in np.unique(owners)
    }
    for owner in owners:
        yield dict(zip(names, next(read[owner]), strict=True))


def _columns(segment: Any, rows: Rows, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(_column(segment, name, rows) for name in names), strict=True)


def _column(segment: Any, name: str, rows: Rows) -> list[Any]:
    import pyarrow

    column = segment.table.column(name)
    if pyarrow.types.is_fixed_size_list(column.type):
        return list(segment.vector_data(name)[0][rows].tolist())
    return list(column.take(pyarrow.array(rows)).to_pylist())
