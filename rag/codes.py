"""The nearest of many vectors, compared first in a byte for each number, a quarter of what there is to read.

The best are compared again as they are, and more of them until no other can be among the nearest: how far a row lies
from its bytes is known, and so how much its score can differ. What is found is what comparing all of them finds.

The only file that imports faiss, which Milvus Lite brings along.
"""

from typing import Any

import faiss
import numpy as np

from rag.embedders import Vectors

_PART = 8_192  # rows that are turned into bytes at a time
_FACTORS = (4, 16)  # rows compared again, for each of the nearest that are wanted: at first, and if that is not sure
_LEAST = 200  # and not fewer
_ROUNDING = 1e-5  # of sums of float32

_faiss: Any = faiss  # its annotations lack what its Python layer adds to the C++ classes

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Rows = np.ndarray[Any, np.dtype[np.int64]]


class Codes:
    """Rows float32[n, dimension] as bytes, each dimension within the largest number that is in it."""

    def __init__(self, rows: Vectors) -> None:
        self._largest = np.maximum(np.maximum(rows.max(axis=0), -rows.min(axis=0)), np.float32(1e-12))
        kind = _faiss.ScalarQuantizer.QT_8bit_uniform  # QT_8bit_direct would make bytes of the question as well
        self._index = _faiss.IndexScalarQuantizer(rows.shape[1], kind, _faiss.METRIC_INNER_PRODUCT)
        self._index.train(np.array([[-1], [1]], dtype=np.float32).repeat(rows.shape[1], axis=1))
        self._distance = 0.0  # of a row from its bytes, at most
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            coded = self._index.sa_encode(part / self._largest)
            self._index.add_sa_codes(coded)
            off = np.linalg.norm(part - self._index.sa_decode(coded) * self._largest, axis=1)
            self._distance = max(self._distance, float(off.max()))

    def nearest(self, rows: Vectors, vector: Vectors, k: int, mask: Mask | None) -> tuple[Rows, Vectors] | None:
        """The k best of the rows, the ones this was made of, in no order; None where it would have to compare most.

        Args:
            mask: which of them are searched.
        """
        left = len(rows) if mask is None else int(np.count_nonzero(mask))
        error = self._distance * float(np.linalg.norm(vector)) + _ROUNDING
        allowed = None if mask is None else _faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        for factor in _FACTORS:
            count = max(_LEAST, factor * k)
            if count >= left:
                return None
            asked = (vector * self._largest)[None]
            near, (found,) = self._index.search(asked, count, params=_faiss.SearchParameters(sel=allowed))
            scores = np.einsum("ij,j->i", rows[found], vector)
            best = np.argpartition(scores, -k)[-k:]
            if scores[best].min() >= near[0, -1] + error:
                return found[best], scores[best]
        return None


def use_one_thread() -> None:
    """In the thread that calls this, a search stays in it."""
    _faiss.omp_set_num_threads(1)
