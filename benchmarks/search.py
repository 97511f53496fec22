"""How long the search of a large library takes, beyond the embedding of the question, and whether it finds the nearest.

    python -m benchmarks.search nq/corpus.jsonl nq/qa.jsonl --rows 1000 10000 100000 --peers

Passages are put together from sentences of the corpus, so that words are as frequent as they are; vectors are drawn
from clusters, since the time does not depend on what they mean. Asked are the questions of the second file, by meaning
and by words, everywhere, in one document and in a tenth of them. Beside the time on the clock stands that of the
processor, which other programs change less. With `--peers`, FAISS, hnswlib and NumPy search the same vectors, without
texts, words and filters, in a virtual environment of their own.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from rag import sentences
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import load_settings
from rag.types import Chunk, Scope

DIMENSION = 768
BATCH = 1_000  # chunks written at once
BLOCK = 50_000  # vectors made at once
SENTENCES = 5  # of a chunk, about 75 words
LINES = 5  # vectors of a chunk's lines
DOCUMENT = 50  # chunks of a document
COUNT = 50  # candidates of each search, as the retriever asks for them
PEERS = Path(".stamps/search-peers")
PINNED = ("faiss-cpu==1.15.1", "hnswlib==0.8.0", "numpy==2.4.6")


@dataclass(frozen=True)
class Remembered:
    """An embedder for questions that have their vectors already."""

    vectors: dict[str, np.ndarray]
    name: str = "all-mpnet-base-v2"
    dimension: int = DIMENSION

    def encode_query(self, text: str) -> np.ndarray:
        return self.vectors[text]

    def reads(self, text: str) -> bool:
        return True


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def clustered(count: int, seed: int) -> np.ndarray:
    """Unit rows of 400 clusters within forty dimensions, as embeddings lie."""
    chance = np.random.default_rng(seed)
    mix = np.random.default_rng(0).standard_normal((40, DIMENSION))
    centres = np.random.default_rng(1).standard_normal((400, 40))
    places = centres[chance.integers(0, 400, count)] + 0.5 * chance.standard_normal((count, 40))
    blocks = (places[start : start + BLOCK] @ mix for start in range(0, count, BLOCK))  # all at once would be 12 GB
    return np.concatenate([unit(block) for block in blocks])


def sentences_of(corpus: Path) -> list[str]:
    texts = [json.loads(line)["text"] for line in corpus.read_text(encoding="utf-8").splitlines()]
    found = [text[line.start : line.end].strip() for text in texts for line in sentences.split(text)]
    return [sentence for sentence in found if 20 < len(sentence) < 400]


def chunks_of(pool: Sequence[str], count: int) -> list[Chunk]:
    chance = random.Random(2)
    return [
        Chunk(
            document_id=f"{place // DOCUMENT:064}",
            document_name=f"{place // DOCUMENT}.txt",
            title=f"Document {place // DOCUMENT}",
            page=1 + place % DOCUMENT // 4,
            heading="",
            start=place,
            end=place + 1,
            position=place % DOCUMENT,
            text=" ".join(chance.choices(pool, k=SENTENCES)),
        )
        for place in range(count)
    ]


def fill(library: Library, chunks: Sequence[Chunk], vectors: np.ndarray) -> None:
    """Writes the chunks that are not there yet as an ingest does."""
    chance = np.random.default_rng(3)
    written = library.store.count() // BATCH - 1  # of the last batch, words may be missing
    for start in range(max(0, written) * BATCH, len(chunks), BATCH):
        some = slice(start, start + BATCH)
        noise = chance.standard_normal((len(vectors[some]), LINES, DIMENSION)) / DIMENSION**0.5
        library.store.upsert(chunks[some], vectors[some], list(unit(vectors[some][:, None] + noise)))
        library.lexical.add(chunks[some])


def spread(seconds: Sequence[float]) -> str:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    return f"{p50:.1f} / {p95:.1f}"


def measure(library: Library, questions: Sequence[str], chunks: Sequence[Chunk], vectors: np.ndarray) -> list[str]:
    asked = clustered(len(questions), 4)
    embedder = Remembered(dict(zip(questions, asked, strict=True)))
    retriever = Retriever.of_library(library, embedder, load_settings())
    documents = list(dict.fromkeys(chunk.document_id for chunk in chunks))
    scopes = {
        "everywhere": Scope(),
        "in one document": Scope(tuple(documents[len(documents) // 2 :][:1])),
        "in a tenth of them": Scope(tuple(documents[::10])),
    }
    rows = []
    for name, scope in scopes.items():
        clock, processor, stages = [], [], []
        retriever.stages(questions[0], count=COUNT, scope=scope)
        for question in questions:
            started, spent = time.perf_counter(), time.process_time()
            result = retriever.stages(question, count=COUNT, scope=scope)
            clock.append(time.perf_counter() - started)
            processor.append(time.process_time() - spent)
            stages.append(result.seconds)
        parts = (spread([one[stage] for one in stages]) for stage in ("dense", "lexical", "fused"))
        found = recall(library, asked[:50], chunks, vectors, set(scope.documents))
        kind = library.store.search_kind()
        rows.append(
            f"| {len(chunks):,} | {kind} | {name} | {spread(clock)} | {spread(processor)} | {' | '.join(parts)} "
            f"| {found:.3f} |"
        )
    return rows


def recall(
    library: Library, asked: np.ndarray, chunks: Sequence[Chunk], vectors: np.ndarray, documents: set[str]
) -> float:
    """Share of the ten nearest, by exact comparison, that are found."""
    places = [place for place, chunk in enumerate(chunks) if not documents or chunk.document_id in documents]
    within, shares = vectors[places] if documents else vectors, []
    for vector in asked:
        nearest = {chunks[places[place]].id for place in np.argsort(-(within @ vector), kind="stable")[:10]}
        hits = library.store.search(vector, k=10, documents=tuple(documents))
        shares.append(len(nearest & {hit.chunk.id for hit in hits}) / len(nearest))
    return statistics.mean(shares)


def peers(vectors: np.ndarray, folder: Path) -> None:
    """Prints what others need for the same vectors; they come from a virtual environment of their own."""
    python = PEERS / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PINNED], check=True)
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "asked.npy", clustered(100, 4))
    subprocess.run([python, Path(__file__).with_name("search_peers.py"), folder], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="{title, text} as JSON lines")
    parser.add_argument("questions", type=Path, help="{question} as JSON lines")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--keep", type=Path, default=Path(".stamps/search"), help="where the libraries are kept")
    parser.add_argument("--exact-rows", type=int, default=load_settings().exact_rows)
    parser.add_argument("--peers", action="store_true")
    parsed = parser.parse_args()
    pool = sentences_of(parsed.corpus)
    questions = [json.loads(line)["question"] for line in parsed.questions.read_text(encoding="utf-8").splitlines()]
    names = ("numpy", "pymilvus", "milvus-lite", "faiss-cpu")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in names), f"load {os.getloadavg()[0]:.1f}")
    print("milliseconds, median / 95th percentile\n")
    print("| passages | search | asked | clock | processor | dense | lexical | fused | recall@10 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count in parsed.rows:
        chunks, vectors = chunks_of(pool, count), clustered(count, 5)
        folder = parsed.keep / str(count)
        settings = load_settings(library=folder, exact_rows=parsed.exact_rows)
        library = Library.open(settings, holder="benchmarks.search")
        library.open_store(Remembered({}))
        if library.store.count() < count:
            fill(library, chunks, vectors)
        for row in measure(library, questions[:100], chunks, vectors):
            print(row, flush=True)
        library.close()
        if parsed.peers:
            peers(vectors, folder)


if __name__ == "__main__":
    main()
