"""What does it cost to look for near-duplicates? `python -m benchmarks.likeness --documents 10000`; needs no model.

A library gets so many documents with their signatures, all but a few without passages. Then pages of a handbook are
added, each of them twice with some words changed, and what is spent on comparing them is measured.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.library import Library
from rag.likeness import compare_document, runs, signature
from rag.settings import Settings
from tests.fakes import HashingEmbedder

_WORDS = 4_000  # of a document that is compared: ten pages
_CHANGED = 40  # of them in its copy
_PAIRS = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what one comparison takes, what the lists take, and how many pairs were found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.likeness", description="Time the near-duplicates.")
    parser.add_argument("--documents", type=int, default=10_000)
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = Settings(home=place / "home")
        with Library.open(settings, holder="benchmark") as library:
            library.open_store(HashingEmbedder())
            _fill(library, parsed.documents)
            _measure(library, settings, place / "documents")


def _fill(library: Library, documents: int) -> None:
    """Documents without passages, with signatures like those of random texts."""
    chance = np.random.default_rng(1)
    rows = []
    for number in range(documents):
        name = f"paper {number}.txt"
        identifier = f"{number:064x}"
        rows.append((library.collection, identifier, name, name, 1, 0, 100, float(number), "ready", "", ""))
    with sqlite3.connect(library.folder / "catalog.db") as database:
        fields = "collection, id, name, title, pages, chunks, size, added_at, state, gaps, begun_from"
        database.executemany(f"INSERT INTO documents ({fields}) VALUES ({', '.join('?' * 11)})", rows)
        made = ((row[0], row[1], chance.integers(0, 2**22, 128, dtype="<u4").tobytes()) for row in rows)
        database.executemany("INSERT INTO signatures VALUES (?, ?, ?)", made)


def _measure(library: Library, settings: Settings, folder: Path) -> None:
    folder.mkdir()
    chance = random.Random(1)
    for number in range(_PAIRS):
        words = [f"word{chance.randrange(5_000)}" for _ in range(_WORDS)]
        (folder / f"{number} final.txt").write_text(_text(words))
        for place in chance.sample(range(_WORDS), _CHANGED):
            words[place] = "changed"
        (folder / f"{number} final v2.txt").write_text(_text(words))
    report = ingest(find_files([folder]), library=library, embedder=HashingEmbedder(), settings=settings)
    seconds, signing = [], []
    for record in library.catalog.documents(library.collection)[: 2 * _PAIRS]:
        passages = list(library.store.chunks([record.id]))
        began = time.perf_counter()
        compare_document(library, record.id, passages)
        seconds.append(time.perf_counter() - began)
    text = _text([f"word{number}" for number in range(_WORDS)])
    for _ in range(5):
        began = time.perf_counter()
        signature(runs(text))
        signing.append(time.perf_counter() - began)
    began = time.perf_counter()
    listed = library.catalog.alike(library.collection, limit=10)
    counted = library.catalog.alike_count(library.collection)
    listing = time.perf_counter() - began
    total = library.catalog.document_totals(library.collection).documents
    print(f"{total:,} documents; {len(report.added)} added, {len(report.alike)} pointed out, {counted} pairs")
    print(f"a document of {_WORDS:,} words compared with all: {1_000 * statistics.median(seconds):.0f} ms")
    print(f"of that its signature: {1_000 * statistics.median(signing):.0f} ms")
    print(f"the list of pairs on the library page ({len(listed)} shown): {1_000 * listing:.1f} ms")


def _text(words: Sequence[str]) -> str:
    return "\n\n".join(" ".join(words[start : start + 100]) + "." for start in range(0, len(words), 100))


if __name__ == "__main__":
    main()
