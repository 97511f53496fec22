"""Passages to vectors beside txtai, fastembed and OpenVINO, with the same weights:

    python -m benchmarks.embed_peers nq/corpus.jsonl --count 500 --rounds 2

txtai has our files; fastembed (ONNX Runtime) and OpenVINO read an ONNX file that is written from them in float32. All
get the same texts, in turn, so that a busy machine slows all of them; loading is not counted. They live in a virtual
environment of their own (benchmarks/peers-embedding.txt). Beside the clock stands the least cosine to the vectors of
SentenceTransformer.encode in float32, which reads the first of the texts.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.speed import chunks_of, texts_of, timed
from ingest.chunker import embedding_text
from rag.build import load_embedder
from rag.models import ensure_model
from rag.settings import load_settings

ENVIRONMENT = Path(".stamps/embedding-peers")
PINNED = Path("benchmarks/peers-embedding.txt")
PEER = Path(__file__).with_name("embed_peer.py")
PEERS = ("txtai", "fastembed", "openvino")
COMPARED = 100  # texts that are read in float32, too


def prepare(model: Path) -> Path:
    """The ONNX file of the model, and what reads it; both are made where they are not there, whole."""
    onnx, done = ENVIRONMENT / "mpnet/model.onnx", ENVIRONMENT / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        subprocess.run([ENVIRONMENT / "bin/pip", "install", "-q", "-r", PINNED], check=True)
        subprocess.run([ENVIRONMENT / "bin/python", PEER, "export", model, onnx], check=True)
        done.touch()
    return onnx


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="?", help="passages as JSON lines; default: the texts of the samples")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    parsed = parser.parse_args()
    settings = load_settings()
    model = ensure_model(settings.embedding_model, settings)
    onnx = prepare(model)
    embedder = load_embedder(settings)
    chunks = chunks_of(texts_of(parsed.texts), embedder.count_tokens, settings)[: parsed.count]
    texts = [embedding_text(one) for one in chunks]
    plain = SentenceTransformer(str(model), device="cpu").encode(texts[:COMPARED], normalize_embeddings=True)
    seconds: dict[str, list[float]] = {"ours": [], **{peer: [] for peer in PEERS}}
    cosines: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "texts.json", Path(folder) / "vectors.npy"
        asked.write_text(json.dumps(texts), encoding="utf-8")
        vectors = embedder.encode_documents(texts[:COMPARED])
        cosines["ours"] = least(vectors, plain)
        for _ in range(parsed.rounds):
            seconds["ours"].append(timed(embedder.encode_documents, texts))
            for peer in PEERS:
                command = [ENVIRONMENT / "bin/python", PEER, peer, model, onnx, asked, found]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                seconds[peer].append(float(done.stdout.split()[-1]))
                cosines[peer] = least(np.load(found)[:COMPARED], plain)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    tokens = statistics.mean(embedder.count_tokens(text) for text in texts)
    print(f"load {os.getloadavg()[0]:.1f}; {len(texts):,} passages of {tokens:.0f} tokens\n")
    print("| | clock | ratio | least cosine |\n|---|---|---|---|")
    own = statistics.median(seconds["ours"])
    for name, taken in seconds.items():
        clock = statistics.median(taken)
        print(
            f"| {name} | {clock:.1f} s ({min(taken):.1f} to {max(taken):.1f}) | {clock / own:.1f}× "  # noqa: RUF001
            f"| {cosines[name]:.4f} |"
        )


def least(vectors: np.ndarray, others: np.ndarray) -> float:
    return float((vectors * others).sum(axis=1).min())


if __name__ == "__main__":
    main()
