"""Which chunk size finds the evidence: `python benchmarks/chunk_size.py FOLDER [--sizes 100/20 200/40]`.

FOLDER holds corpus.jsonl ({id, title, text} in Markdown) and qa.jsonl, whose rows name evidence sentences by document.
The sizes are compared at the same prompt: the best chunks are taken until their texts fill `--budget` tokens of the
embedding model. Prints the share of questions of whose evidence at least one sentence was taken, and the share of all
evidence sentences taken, with and without title and headings in the embedded text.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.chunker import chunk, embedding_text
from ingest.readers import read
from rag.build import load_embedder
from rag.embedders import Embedder, Vectors
from rag.errors import UnreadableDocument
from rag.settings import load_settings
from rag.types import Chunk, Document

WORDS = re.compile(r"\w+")


def read_corpus(folder: Path) -> list[Document]:
    documents = []
    with tempfile.TemporaryDirectory() as place:
        for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            file = Path(place) / "page.md"
            file.write_text(row["text"], encoding="utf-8")
            try:
                documents.append(read(file, name=row["id"], max_bytes=10**8))
            except UnreadableDocument as exc:
                print(exc)
    return documents


def read_questions(folder: Path) -> list[tuple[str, list[str]]]:
    """(question, evidence sentences as their words); questions without evidence or that point back are left out."""
    found = []
    for line in (folder / "qa.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        evidence = [
            words(sentence)
            for entry in row.get("evidence") or ()
            for sentences in entry.values()
            for sentence in sentences
            if words(sentence)
        ]
        if evidence and "anaphora" not in row.get("type", "").lower():
            found.append((row["question"], evidence))
    return found


def words(text: str) -> str:
    return " ".join(WORDS.findall(text.lower()))


def taken(order: Sequence[int], chunks: Sequence[Chunk], lengths: Sequence[int], budget: int) -> list[str]:
    """Words of the best chunks that fit the budget."""
    texts, left = [], budget
    for index in order:
        if lengths[index] > left:
            break
        left -= lengths[index]
        texts.append(words(chunks[index].text))
    return texts


def measure(
    chunks: Sequence[Chunk],
    vectors: Vectors,
    embedder: Embedder,
    questions: Sequence[tuple[str, list[str]]],
    budget: int,
) -> tuple[float, float]:
    lengths = [embedder.count_tokens(item.text) for item in chunks]
    every = [words(item.text) for item in chunks]
    some, all_, total = [], 0, 0
    for question, evidence in questions:
        known = [sentence for sentence in evidence if any(sentence in text for text in every)]
        if not known:
            known = evidence  # cut apart by this size: counted as not found
        scores = vectors @ embedder.encode_query(question)
        texts = taken(np.argsort(-scores), chunks, lengths, budget)
        hits = sum(any(sentence in text for text in texts) for sentence in known)
        some.append(hits > 0)
        all_, total = all_ + hits, total + len(evidence)
    return float(np.mean(some)), all_ / total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", nargs="+", default=["100/20", "150/30", "200/40", "250/50", "300/60"])
    parser.add_argument("--budget", type=int, default=1_000)
    parser.add_argument("--plain", action="store_true", help="also without title and headings")
    parsed = parser.parse_args()
    embedder = load_embedder(load_settings())
    documents, questions = read_corpus(parsed.folder), read_questions(parsed.folder)
    print(f"{len(documents)} documents, {len(questions)} questions, {parsed.budget} tokens of passages", flush=True)
    for size in parsed.sizes:
        tokens, overlap = map(int, size.split("/"))
        chunks = [
            item
            for document in documents
            for item in chunk(
                document,
                count_tokens=embedder.count_tokens,
                chunk_tokens=tokens,
                overlap_tokens=overlap,
                max_tokens=embedder.max_tokens,
            )
        ]
        for heading in (True, False) if parsed.plain else (True,):
            texts = [embedding_text(item) if heading else item.text for item in chunks]
            some, share = measure(chunks, embedder.encode_documents(texts), embedder, questions, parsed.budget)
            name = f"{size} {'with' if heading else 'without'} headings"
            print(f"{name:24} {len(chunks):6} chunks: any {some:.3f}, sentences {share:.3f}", flush=True)


if __name__ == "__main__":
    main()
