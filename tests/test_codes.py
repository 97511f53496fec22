"""Rows compared as bytes first are the same as those that comparing all of them finds."""

import numpy as np
import pytest

from rag.codes import Codes

DIMENSION = 96


def rows_like(kind: str) -> np.ndarray:
    """Unit rows: spread evenly, in clusters, or with a dimension that is always large, as some models have."""
    chance = np.random.default_rng(5)
    rows = chance.standard_normal((4_000, DIMENSION))
    if kind == "clustered":
        rows = rows[:20].repeat(200, axis=0) + 0.3 * rows
    if kind == "lopsided":
        rows[:, 3] = 20 + chance.standard_normal(len(rows))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("kind", ["even", "clustered", "lopsided"])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_the_nearest_are_those_of_all(kind: str, share: float) -> None:
    rows, chance = rows_like(kind), np.random.default_rng(6)
    codes, mask = Codes(rows), chance.random(len(rows)) < share
    sure = 0
    for vector in rows[::199] + 0.02 * chance.standard_normal((21, DIMENSION)).astype(np.float32):
        found = codes.nearest(rows, vector, 10, None if share == 1 else mask)
        if found is None:
            continue
        sure += 1
        scores = np.where(mask | (share == 1), rows @ vector, -2)
        assert sorted(found[0]) == sorted(np.argsort(-scores)[:10])
        assert found[1] == pytest.approx((rows @ vector)[found[0]], abs=1e-6)
    assert sure >= 15


def test_it_says_where_it_cannot_be_sure() -> None:
    rows = rows_like("even")[:1].repeat(1_000, axis=0)
    assert Codes(rows).nearest(rows, rows[0], 10, None) is None
    assert Codes(rows[:50]).nearest(rows[:50], rows[0], 10, None) is None
