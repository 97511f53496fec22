"""What FAISS, hnswlib and NumPy need to search the vectors of a folder; run by `benchmarks.search`, in its own venv."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import faiss
import hnswlib
import numpy as np

K = 10
EF = 128


def main(folder: Path) -> None:
    vectors, asked = np.load(folder / "vectors.npy"), np.load(folder / "asked.npy")
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    started = time.perf_counter()
    graph = hnswlib.Index("ip", vectors.shape[1])
    graph.init_index(len(vectors), M=16, ef_construction=200)
    graph.add_items(vectors)
    graph.set_ef(EF)
    built = time.perf_counter() - started
    exact = np.argsort(-(asked[:50] @ vectors.T), axis=1)[:, :K]
    searches: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "NumPy": lambda one: np.argpartition(-(vectors @ one), K)[:K],
        "FAISS Flat": lambda one: flat.search(one[None], K)[1][0],
        f"hnswlib, built in {built:.0f} s": lambda one: graph.knn_query(one[None], K)[0][0],
    }
    for name, search in searches.items():
        seconds, spent = [], []
        for one in asked:
            started, used = time.perf_counter(), time.process_time()
            search(one)
            seconds.append(time.perf_counter() - started)
            spent.append(time.process_time() - used)
        found = np.mean([len(set(search(one)) & set(own)) / K for one, own in zip(asked, exact, strict=False)])
        clock, processor = (np.percentile(values, [50, 95]) * 1e3 for values in (seconds, spent))
        print(
            f"| {len(vectors):,} | {name} | everywhere | {clock[0]:.1f} / {clock[1]:.1f} "
            f"| {processor[0]:.1f} / {processor[1]:.1f} | | | | {found:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
