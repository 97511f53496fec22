"""How fast each part is beside plain use of the same models: `python benchmarks/speed.py [PART …]`.

Every part runs its peers in the same process, in turn, several times, and prints medians, their spread and ratios as
Markdown; with the machine and the versions, and for what only multiplies or only reads, the share of what the machine
can do at all in the number format that we take there (measured first). Parts:

    embed    passages to vectors, beside SentenceTransformer.encode with its defaults (float32, batch 32)
    query    one question to a vector, beside the same
    search   one question among the passages of a library (Milvus Lite), beside exact search in memory by NumPy
    answer   the same prompts answered greedily, beside transformers' generate with its defaults
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer

from ingest.chunker import chunk, embedding_text
from rag import prompt
from rag.build import load_embedder, load_generator
from rag.devices import choose_dtype
from rag.generators import Message
from rag.models import ensure_model
from rag.settings import Settings, load_settings
from rag.store import MilvusStore
from rag.types import Chunk, Document, Hit, Page

REPEATS = 3
ROUNDS = 2  # of what takes minutes
MPNET_WEIGHTS = 12 * (4 * 768 * 768 + 2 * 768 * 3072)  # those that multiply: 12 layers of attention and feed-forward
QUESTIONS = [
    "How many days of unused leave can be carried over?",
    "What does error E-14 mean and what should I do?",
    "How long must a password be?",
    "For how long may I work from another European country?",
    "What is the notice period during probation?",
]


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds of ours and of the peer, and a remark."""

    name: str
    ours: Sequence[float]
    peer: Sequence[float]
    remark: str = ""

    def __str__(self) -> str:
        def shown(values: Sequence[float]) -> str:
            return f"{statistics.median(values):.3g} s ({min(values):.3g} to {max(values):.3g})" if values else ""

        ratio = statistics.median(self.peer) / statistics.median(self.ours) if self.peer else None
        return (
            f"| {self.name} | {shown(self.ours)} | {shown(self.peer)} | {f'{ratio:.1f}×' if ratio else ''} "  # noqa: RUF001
            f"| {self.remark} |"
        )


def timed(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def in_turn(ours: Callable[..., object], peer: Callable[..., object], *cases: object) -> tuple[list, list]:
    """Seconds of both on each case, measured alternately so that a busy machine slows both."""
    pairs = [(timed(ours, case), timed(peer, case)) for case in cases]
    return [one for one, _ in pairs], [other for _, other in pairs]


def matmul_rate(dtype: torch.dtype) -> float:
    """Floating-point operations a second of a product of two 2048 × 2048 matrices."""  # noqa: RUF002
    left, right = (torch.randn(2048, 2048).to(dtype) for _ in range(2))
    _ = left @ right
    return 2 * 2048**3 / min(timed(lambda: left @ right) for _ in range(8))


def read_rate() -> float:
    """Bytes a second of reading a gigabyte."""
    block = torch.ones(2**28, dtype=torch.float32)
    return block.nbytes / min(timed(block.sum) for _ in range(4))


def chunks_of(texts: Sequence[tuple[str, str]], count_tokens: Callable[[str], int], settings: Settings) -> list[Chunk]:
    found = []
    for number, (title, text) in enumerate(texts):
        document = Document(f"{number:064}", f"{number}.txt", title, (Page(None, text),))
        found += chunk(
            document,
            count_tokens=count_tokens,
            chunk_tokens=settings.chunk_tokens,
            overlap_tokens=settings.chunk_overlap,
            max_tokens=384,
        )
    return found


def embed(settings: Settings, chunks: Sequence[Chunk], floor: float) -> Iterator[Row]:
    embedder = load_embedder(settings)
    plain = SentenceTransformer(str(ensure_model(settings.embedding_model, settings)), device="cpu")
    texts = [embedding_text(item) for item in chunks]
    tokens = sum(embedder.count_tokens(text) + 2 for text in texts)
    rows: list[np.ndarray] = []
    ours, peer = in_turn(
        lambda case: rows.append(embedder.encode_documents(case)),
        lambda case: rows.append(plain.encode(case, normalize_embeddings=True)),
        *[texts] * ROUNDS,
    )
    cosine = float((rows[0] * rows[1]).sum(axis=1).min())
    share = 2 * MPNET_WEIGHTS * tokens / floor / statistics.median(ours)
    yield Row(
        f"embed {len(texts):,} passages of {tokens / len(texts):.0f} tokens",
        ours,
        peer,
        f"{share:.0%} of the matrix floor, least cosine {cosine:.4f}",
    )


def query(settings: Settings) -> Iterator[Row]:
    embedder = load_embedder(settings)
    plain = SentenceTransformer(str(ensure_model(settings.embedding_model, settings)), device="cpu")
    for question in QUESTIONS:
        embedder.encode_query(question)
        plain.encode(question)
    yield Row("embed one question", *in_turn(embedder.encode_query, plain.encode, *QUESTIONS * REPEATS))


def search(count: int, read: float) -> Row:
    """Random unit vectors: the time does not depend on what they mean."""
    chance = np.random.default_rng(0)
    vectors = unit(chance.standard_normal((count, 768), dtype=np.float32))
    asked = unit(chance.standard_normal((20, 768), dtype=np.float32))
    chunks = [Chunk("d", "d.txt", "T", None, "", i, i + 1, i, f"text {i}") for i in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        store = MilvusStore(str(Path(folder) / "vectors.db"), "library", 768, exact_rows=Settings.exact_rows)
        for start in range(0, count, 5_000):
            store.upsert(chunks[start : start + 5_000], vectors[start : start + 5_000])
        found = [[hit.chunk.position for hit in store.search(question, k=10)] for question in asked]
        exact = [np.argsort(-(vectors @ question))[:10].tolist() for question in asked]
        recall = np.mean([len(set(one) & set(other)) / 10 for one, other in zip(found, exact, strict=True)])
        ours, peer = in_turn(
            lambda question: store.search(question, k=10),
            lambda question: np.argpartition(-(vectors @ question), 10)[:10],
            *asked,
        )
        kind = store.search_kind()
        store.close()
    share = vectors.nbytes / read / statistics.median(ours)
    return Row(
        f"search {count:,} passages", ours, peer, f"{kind}, recall@10 {recall:.3f}, {share:.0%} of reading the vectors"
    )


def answer(settings: Settings, chunks: Sequence[Chunk], floor: float, read: float) -> Iterator[Row]:
    """Three passages a question, chosen by meaning; both answer at most 64 tokens."""
    embedder = load_embedder(settings)
    rows = embedder.encode_documents([embedding_text(item) for item in chunks])
    prompts = []
    for question in QUESTIONS:
        scores = rows @ embedder.encode_query(question)
        hits = [Hit(chunks[place], float(scores[place])) for place in np.argsort(-scores)[:3]]
        prompts.append(prompt.answer_messages(question, hits, ()))
    generator = load_generator(settings)
    folder = ensure_model(settings.generator_model, settings)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    dtype = choose_dtype(settings.dtype, "cpu")  # bfloat16 is slower where the processor does not multiply it
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    size = sum(parameter.nbytes for parameter in plain.parameters())
    weights = sum(parameter.numel() for parameter in plain.parameters())

    def ours(messages: Sequence[Message], tokens: int) -> str:
        return "".join(generator.stream(messages, max_new_tokens=tokens, stop=threading.Event()))

    def theirs(messages: Sequence[Message], tokens: int) -> str:
        chat = [{"role": message.role, "content": message.content} for message in messages]
        ids = tokenizer.apply_chat_template(chat, continue_final_message=True, return_dict=True, return_tensors="pt")
        with torch.inference_mode():
            out = plain.generate(**ids, max_new_tokens=tokens, do_sample=False)
        return str(tokenizer.decode(out[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))

    length = statistics.mean(generator.count_tokens(messages) for messages in prompts)
    for name, tokens in (("first token", 1), ("whole answer", 64)):
        texts: list[tuple[str, str]] = []
        mine, peer = [], []
        for messages in prompts:
            generator.forget()  # neither finds the prompt in its memory
            started = time.perf_counter()
            own = ours(messages, tokens)
            between = time.perf_counter()
            other = theirs(messages, tokens)
            mine.append(between - started)
            peer.append(time.perf_counter() - between)
            texts.append((own.strip(), other.strip()))
        same = sum(own == other for own, other in texts)
        remark = f"same text in {same} of {len(prompts)}"
        if tokens == 1:
            remark += f", {2 * weights * length / floor / statistics.median(mine):.0%} of the matrix floor"
        yield Row(f"{name}, prompts of {length:.0f} tokens", mine, peer, remark)
    yield Row(f"reading the peer's weights once ({size / 1e9:.1f} GB)", [size / read], [])


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def texts_of(path: Path | None) -> list[tuple[str, str]]:
    if path is None:
        names = sorted(Path("samples").glob("*.[mt][dx]*"))
        return [(name.stem, name.read_text(encoding="utf-8")) for name in names]
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(entry.get("title", ""), entry["text"]) for entry in entries]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["embed", "query", "search", "answer"])
    parser.add_argument("--texts", type=Path, help="passages as JSON lines; default: the texts among the samples")
    parser.add_argument("--count", type=int, default=2_000, help="passages that are embedded at most")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parsed = parser.parse_args()
    settings = load_settings()
    dtype = choose_dtype(settings.dtype, "cpu")  # only of that: multiplying the other may take minutes
    floor, read = matmul_rate(dtype), read_rate()
    names = ("torch", "transformers", "sentence-transformers", "pymilvus", "milvus-lite")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in names))
    print(f"{str(dtype).removeprefix('torch.')} {floor / 1e12:.2f} TFLOP/s, ", end="")
    print(f"reading {read / 1e9:.0f} GB/s\n\n| work | ours | peer | ratio | |\n|---|---|---|---|---|")
    chunks = chunks_of(texts_of(parsed.texts), load_embedder(settings).count_tokens, settings)[: parsed.count]
    work = {
        "embed": lambda: embed(settings, chunks, floor),
        "query": lambda: query(settings),
        "search": lambda: (search(count, read) for count in parsed.rows),
        "answer": lambda: answer(settings, chunks, floor, read),
    }
    for part in parsed.parts:
        for row in work[part]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
