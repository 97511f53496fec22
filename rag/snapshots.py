"""The rows of a collection of Milvus Lite at one moment: which of them are alive, and which are nearest to a vector.

Knows its segments, and nothing of the library itself (`rag.lite`): they have `num_rows`, `pks` (ids), `pk_to_row`,
`seqs` (the order of writing), `indexes` and `vector_data(field)`.
"""

import functools
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import combinations, repeat
from typing import Any

import numpy as np

from rag import codes
from rag import segments as on_disk
from rag.codes import Codes, Mask, Rows
from rag.embedders import Vectors

Older = Mapping[tuple[str, str], tuple[list[int], list[int]]]

_log = logging.getLogger(__name__)
_FEW = 4  # an index is asked when a filter leaves more than one in so many rows; below, each of them is compared
_SORTED = 2_000  # rows, as of a document, that are sorted alone as long as all are not: after each write they are
_PART = 8_192  # rows that one thread compares at a time
_CODED = 50_000  # the same of rows in bytes; segments of fewer than a quarter of it are compared as they are


class Snapshot(tuple[Any, ...]):
    """The segments of a collection at one moment.

    Attributes:
        alive: of each segment, which rows are the newest of their id and not deleted; None for all.
        deleted: the deletions that are counted in it.
        older: of the files of two segments, rows of the first and of the second that the other has a newer one of.
        coded: by file of the segment, its rows as bytes, which are made behind the first search.
    """

    alive: tuple[Mask | None, ...]
    deleted: dict[str, int]
    older: "Older"
    coded: dict[str, "Future[list[Codes]]"]

    @classmethod
    def of(cls, segments: Sequence[Any], deleted: dict[str, int], before: "Snapshot | None") -> "Snapshot":
        made = cls(segments)
        made.deleted = deleted
        files = {segment.file_path for segment in segments}
        made.older = _older(segments, before.older if before else {})
        made.alive = _alive(segments, made.older, deleted)
        made.coded = {file: ready for file, ready in before.coded.items() if file in files} if before else {}
        for segment in segments:
            _share_vectors(segment)
        return made

    def codes(self, segment: Any, vectors: Vectors) -> list[Codes]:
        """The rows of a large segment as bytes, in parts; none as long as there are none."""
        if len(vectors) < _CODED // 4:
            return []
        if segment.file_path not in self.coded:
            self.coded[segment.file_path] = coder().submit(_coded, segment.file_path, vectors)
        ready = self.coded[segment.file_path]
        return ready.result() if ready.done() else []

    def scores(self, places: Rows, vector: Vectors) -> Vectors:
        """The cosines of rows by their places, counted through the segments."""
        starts = np.cumsum([0, *(segment.num_rows for segment in self)])
        owners = np.searchsorted(starts, places, side="right") - 1
        scores = np.empty(len(places), dtype=np.float32)
        for owner in np.unique(owners):
            rows = self[owner].vectors[places[owners == owner] - starts[owner]]
            scores[owners == owner] = np.einsum("ij,j->i", rows, vector)
        return scores

    def places(self, masks: Sequence[Mask | None], *, in_order: bool) -> Rows:
        """Of the rows that the masks of the segments leave, counted through the segments; by id if `in_order`."""
        if not self:
            return np.empty(0, dtype=np.int64)
        pairs = zip(self, masks, strict=True)
        chosen = np.concatenate([np.ones(one.num_rows, dtype=bool) if mask is None else mask for one, mask in pairs])
        rows: Rows = np.flatnonzero(chosen)
        if not in_order:
            return rows
        if "order" not in self.__dict__ and len(rows) <= _SORTED and len(rows) * _FEW < len(chosen):
            return np.array(sorted(rows.tolist(), key=self._id), dtype=np.int64)
        ordered: Rows = self.order[chosen[self.order]]
        return ordered

    def _id(self, place: int) -> str:
        """Of a row by its place, counted through the segments."""
        for segment in self:
            if place < segment.num_rows:
                return str(segment.pks[place])
            place -= segment.num_rows
        raise IndexError(place)

    def nearest(
        self, masks: Sequence[Mask | None], vector: Vectors, *, k: int, field: str, params: Mapping[str, Any]
    ) -> tuple[Rows, Vectors]:
        """Places of the k rows with the greatest products, and these, of those that the masks leave; best first."""
        found = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))]
        start = 0
        for segment, mask in zip(self, masks, strict=True):
            of_segment = _nearest(self, segment, mask, vector, k, field, params)
            found += [(rows + start, scores) for rows, scores in of_segment]
            start += segment.num_rows
        places, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        best = np.argsort(-scores, kind="stable")[:k]
        return places[best], scores[best]

    @functools.cached_property
    def order(self) -> Rows:
        """Places of all rows, counted through the segments, by id."""
        ids = [own for segment in self for own in segment.pks]
        return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)

    def place(self, own: str) -> int | None:
        """The place of a row by its id, counted through the segments; None where none is alive."""
        start = 0
        for segment, mask in zip(self, self.alive, strict=True):
            row = segment.pk_to_row.get(own)
            if row is not None and (mask is None or mask[row]):
                return int(start + row)
            start += segment.num_rows
        return None


def _share_vectors(segment: Any) -> None:
    """An index that is only a copy of the vectors lets go of its own."""
    for name, index in segment.indexes.items():
        if index.index_type == "BRUTE_FORCE":
            index._vectors = segment.vector_data(name)[0]


def _older(segments: Sequence[Any], known: Older) -> Older:
    """Of each two segments; those of two that were there before are `known`."""
    return {
        files: known.get(files) or _older_rows(one, other)
        for one, other in combinations(segments, 2)
        for files in [(one.file_path, other.file_path)]
    }


def _older_rows(one: Any, other: Any) -> tuple[list[int], list[int]]:
    found: tuple[list[int], list[int]] = ([], [])
    for own in one.pk_to_row.keys() & other.pk_to_row.keys():
        row, later = one.pk_to_row[own], other.pk_to_row[own]
        if one.seqs[row] < other.seqs[later]:
            found[0].append(row)
        else:
            found[1].append(later)
    return found


def _alive(segments: Sequence[Any], older: Older, deleted: dict[str, int]) -> tuple[Mask | None, ...]:
    masks = [np.ones(segment.num_rows, dtype=bool) for segment in segments]
    for (one, first), (other, second) in combinations(zip(segments, masks, strict=True), 2):
        rows, later = older[one.file_path, other.file_path]
        first[rows] = False
        second[later] = False
    for segment, mask in zip(segments, masks, strict=True):
        for own in deleted.keys() & segment.pk_to_row.keys():
            row = segment.pk_to_row[own]
            if deleted[own] > segment.seqs[row]:
                mask[row] = False
    return tuple(None if mask.all() else mask for mask in masks)


def _nearest(
    snapshot: Snapshot,
    segment: Any,
    mask: Mask | None,
    vector: Vectors,
    k: int,
    field: str,
    params: Mapping[str, Any],
) -> Iterable[tuple[Rows, Vectors]]:
    """Rows of a segment with their scores, its k best among them."""
    left = int(segment.num_rows if mask is None else np.count_nonzero(mask))
    index = segment.indexes.get(field)
    is_graph = index is not None and index.index_type == "HNSW"
    if is_graph and left * _FEW > segment.num_rows:
        rows, distances = index.search(vector[None], min(k, left), valid_mask=mask, params=params)
        if (rows >= 0).all():
            return [(rows[0], -distances[0])]
    vectors, _ = segment.vector_data(field)
    coded = [] if is_graph or left < _PART else snapshot.codes(segment, vectors)
    parts: list[slice | Rows]
    if coded:
        parts = _parts(len(vectors), _CODED)
    elif mask is not None and left * _FEW < segment.num_rows:
        parts = [*np.array_split(np.flatnonzero(mask), 1 + left // _PART)]
    else:
        parts = _parts(len(vectors), _PART)
    return _workers().map(
        lambda part, codes: _compare(vectors, mask, part, vector, k, codes), parts, coded or repeat(None)
    )


def _parts(count: int, size: int) -> "list[slice | Rows]":
    return [slice(start, start + size) for start in range(0, count, size)]


def _coded(file: str, vectors: Vectors) -> list[Codes]:
    """Bytes of vectors; [] where memory does not suffice: then they are compared as they are."""
    try:
        made = [Codes(vectors[part]) for part in _parts(len(vectors), _CODED)]
    except MemoryError:
        _log.warning("%s: no memory for bytes of %d vectors, which are compared as they are", file, len(vectors))
        return []
    on_disk.let_go(file)  # of the vectors, few are read from now on
    return made


def _compare(
    vectors: Vectors, mask: Mask | None, part: slice | Rows, vector: Vectors, k: int, codes: Codes | None
) -> tuple[Rows, Vectors]:
    """The k best of some rows, without BLAS, whose threads wait for each other long while a file is being embedded."""
    if codes is not None and isinstance(part, slice):
        sure = codes.nearest(vectors[part], vector, k, None if mask is None else mask[part])
        if sure is not None:
            return sure[0] + part.start, sure[1]
    rows = np.arange(*part.indices(len(vectors))) if isinstance(part, slice) else part
    scores = np.einsum("ij,j->i", vectors[part], vector)
    if mask is not None:
        rows, scores = rows[mask[part]], scores[mask[part]]
    best = np.argpartition(scores, -k)[-k:] if k < len(rows) else slice(None)
    return rows[best], scores[best]


@functools.cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="compare", initializer=codes.use_one_thread)


@functools.cache
def coder() -> ThreadPoolExecutor:
    """One thread, which makes bytes of vectors."""
    return ThreadPoolExecutor(1, thread_name_prefix="code", initializer=codes.use_one_thread)
