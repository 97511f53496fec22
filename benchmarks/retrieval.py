"""How well passages are found, by meaning and by words: `python benchmarks/retrieval.py FOLDER [--questions N]`.

FOLDER holds corpus.jsonl ({id, title, text}), and either qa.jsonl ({id, question, context_id, is_impossible}) or
qa*.jsonl or queries.jsonl with qrels*.tsv (query, document, grade). Prints hit@1, hit@5, nDCG@10 and MRR@10.
"""

import argparse
import json
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag.build import load_embedder
from rag.embedders import Embedder
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import load_settings
from rag.types import Chunk


def read_lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read_questions(folder: Path) -> list[tuple[str, dict[str, float]]]:
    """(question, grade of each relevant document)."""
    qrels = next(iter(sorted(folder.glob("qrels*.tsv"))), None)
    if qrels is None:
        rows = [row for row in read_lines(folder / "qa.jsonl") if not row.get("is_impossible")]
        return [(row["question"], {str(row["context_id"]): 1.0}) for row in rows]
    texts = {
        str(row.get("id", row.get("_id"))): row.get("text", row.get("question"))
        for row in read_lines(next(iter(sorted(folder.glob("q*.jsonl")))))
    }
    grades: dict[str, dict[str, float]] = {}
    for line in qrels.read_text().splitlines():
        query, *_, document, grade = line.split("\t")
        if query in texts and float(grade) > 0:  # a heading names no query
            grades.setdefault(query, {})[document] = float(grade)
    return [(texts[query], documents) for query, documents in grades.items()]


def ndcg(found: list[str], grades: dict[str, float], depth: int = 10) -> float:
    """Järvelin and Kekäläinen (2002), with gain = grade."""
    gains = [grades.get(document, 0.0) for document in found[:depth]]
    best = sorted(grades.values(), reverse=True)[:depth]
    return sum(g / np.log2(r + 2) for r, g in enumerate(gains)) / sum(g / np.log2(r + 2) for r, g in enumerate(best))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, help="a sample of this size, seed 0; default: all")
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 0.5], help="of the words; 0: meaning only")
    parser.add_argument("--exact-rows", type=int, default=10_000, help="larger corpora are searched with HNSW")
    parsed = parser.parse_args()
    questions = read_questions(parsed.folder)
    if parsed.questions:
        questions = random.Random(0).sample(questions, parsed.questions)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(library=Path(folder), exact_rows=parsed.exact_rows)
        embedder = load_embedder(settings)
        with Library.open(settings, holder="benchmarks/retrieval.py") as library:
            store = library.open_store(embedder)
            seconds, count = fill(library, embedder, read_lines(parsed.folder / "corpus.jsonl"))
            print(
                f"{parsed.folder.name}: {count} passages embedded in {seconds:.0f} s, {len(questions)} questions, "
                f"{store.search_kind()}",
                flush=True,
            )
            for weight in parsed.weights:
                retriever = Retriever.of_library(library, embedder, replace(settings, word_weight=weight))
                print(f"words {weight:.2f}: {measure(retriever, questions)}", flush=True)


def fill(library: Library, embedder: Embedder, corpus: list[dict]) -> tuple[float, int]:
    """Seconds of embedding, and passages."""
    texts = [" ".join(filter(None, (row.get("title"), row["text"]))) for row in corpus]
    chunks = [
        Chunk(str(row["id"]), str(row["id"]), "", None, "", 0, len(text), 0, text[:8_000])
        for row, text in zip(corpus, texts, strict=True)
    ]
    started = time.perf_counter()
    vectors = embedder.encode_documents(texts)
    seconds = time.perf_counter() - started
    for start in range(0, len(chunks), 1_000):
        library.lexical.add(chunks[start : start + 1_000])
        library.store.upsert(chunks[start : start + 1_000], vectors[start : start + 1_000])
    return seconds, len(chunks)


def measure(retriever: Retriever, questions: list[tuple[str, dict[str, float]]]) -> str:
    ranks, scores, best = [], [], []
    for question, grades in questions:
        hits = retriever.retrieve(question, k=10, minimum_score=-1).hits
        found = [hit.chunk.document_id for hit in hits]
        ranks.append(next((rank for rank, document in enumerate(found, 1) if document in grades), 0))
        scores.append(ndcg(found, grades))
        best.append(hits[0].score if hits else 0.0)
    place = np.array(ranks)
    return (
        f"hit@1 {np.mean(place == 1):.3f}, hit@5 {np.mean((place > 0) & (place <= 5)):.3f}, "
        f"nDCG@10 {np.mean(scores):.4f}, MRR@10 {np.mean(np.where(place > 0, 1 / np.maximum(place, 1), 0)):.3f}, "
        f"lowest best score {min(best):.2f}, at 5 % {np.quantile(best, 0.05):.2f}"
    )


if __name__ == "__main__":
    main()
