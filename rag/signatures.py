"""The signatures of documents in memory, so that a new one is compared with all of them in a moment.

They are read once, and after that only those that came since. The catalog has the last word: what left it, or no longer
answers, is left out when it is found.
"""

import threading

import numpy as np
import numpy.typing as npt

from rag.catalog import Catalog, Signature

NUMBERS = 128  # of a signature
_MAY_BE = 0.5  # of the numbers of two signatures, from which their texts are compared
_COMPARED = 3  # others that a document is compared with: forms that are filled in alike by the hundred are enough so
_BATCH = 500  # documents that the catalog is asked for at once


class Signatures:
    """The signatures of a library. Thread-safe."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._last: Signature | None = None
        self._places: dict[str, dict[str, int]] = {}  # by collection: the row of each document
        self._rows: dict[str, npt.NDArray[np.uint32]] = {}  # by collection, with room for more

    def nearest(self, collection: str, own: bytes, *, besides: str) -> list[str]:
        """Ids of the documents that answer whose signatures agree most, where they agree enough; the first ids first
        where they agree alike."""
        with self._lock:
            self._catch_up()
            ids = list(self._places.get(collection, ()))
            if not ids or len(own) != 4 * NUMBERS:
                return []
            agree = (self._rows[collection][: len(ids)] == np.frombuffer(own, dtype="<u4")).mean(axis=1)
        may_be = {ids[place]: float(agree[place]) for place in np.flatnonzero(agree >= _MAY_BE)}
        may_be.pop(besides, None)
        near = sorted(may_be, key=lambda identifier: (-may_be[identifier], identifier))
        found: list[str] = []
        for start in range(0, len(near), _BATCH):
            batch = near[start : start + _BATCH]
            answering = self._catalog.with_signature(collection, batch)
            found += [identifier for identifier in batch if identifier in answering]
            if len(found) >= _COMPARED:
                break
        return found[:_COMPARED]

    def _catch_up(self) -> None:
        last = self._last
        fresh = self._catalog.signatures(since=last.number if last is not None else 0)
        if last is not None and (not fresh or fresh[0] != last):  # the last one went, and its number may be given again
            self._places, self._rows = {}, {}
            fresh = self._catalog.signatures()
        elif last is not None:
            fresh = fresh[1:]
        self._last = fresh[-1] if fresh else (last if self._places else None)
        for collection in {one.collection for one in fresh}:
            self._append(collection, [one for one in fresh if one.collection == collection])

    def _append(self, collection: str, fresh: list[Signature]) -> None:
        fresh = [one for one in fresh if len(one.numbers) == 4 * NUMBERS]
        places = self._places.setdefault(collection, {})
        rows = self._rows.get(collection, np.empty((0, NUMBERS), np.uint32))
        if len(places) + len(fresh) > len(rows):
            grown = np.empty((2 * (len(places) + len(fresh)), NUMBERS), np.uint32)
            grown[: len(places)] = rows[: len(places)]
            rows = grown
        for one in fresh:
            rows[places.setdefault(one.document_id, len(places))] = np.frombuffer(one.numbers, dtype="<u4")
        self._rows[collection] = rows
