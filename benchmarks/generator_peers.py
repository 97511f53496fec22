"""First token and whole answer beside llama.cpp, on the same prompts:

    PYTHONPATH=. python benchmarks/generator_peers.py squad/qa.jsonl squad/corpus.jsonl model.gguf --questions 12

The GGUF file is the one that our weights were converted from. Prompts are those of the assistant with six passages;
both sides answer greedily, at most 64 tokens, prompt by prompt in turn, and none finds a prompt in its memory.
llama.cpp runs in a virtual environment of its own (xllamacpp, pinned), in a process that is loaded before and waits.
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from rag import prompt
from rag.build import load_embedder, load_generator
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.measures import contains, token_f1
from rag.evaluation.questions import read_questions, sample
from rag.evidence import choose, narrow
from rag.generators import Message
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import load_settings

ENVIRONMENT = Path(".stamps/llama-peer")
PINNED = "xllamacpp==2026.10.11549"
TOKENS = 64
PASSAGES = 6
PEER = """
import json, sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel = 4096, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(sys.argv[2])
server = xllamacpp.Server(params)
print("ready", flush=True)
for line in sys.stdin:
    began, first, text = time.perf_counter(), 0.0, []
    def take(chunk):
        global first
        for piece in chunk if isinstance(chunk, list) else [chunk]:
            if piece.get("choices") and piece["choices"][0].get("text"):
                first = first or time.perf_counter() - began
                text.append(piece["choices"][0]["text"])
    asked = {"prompt": json.loads(line), "max_tokens": int(sys.argv[3]), "temperature": 0, "stream": True}
    server.handle_completions(asked | {"cache_prompt": False}, take)
    print(json.dumps([first, time.perf_counter() - began, "".join(text)]), flush=True)
"""


@dataclass(frozen=True)
class Answered:
    """Seconds to the first token and in all, and the text."""

    first: float
    whole: float
    text: str


@dataclass(frozen=True)
class Case:
    """A question with its prompt."""

    messages: Sequence[Message]
    accepted: Sequence[str]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("questions_file", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--questions", type=int, default=12)
    parser.add_argument("--work", type=Path, default=Path(".stamps/llama-peer-corpus"))
    arguments = parser.parse_args()
    cases = cases_of(arguments)
    generator = load_generator(load_settings())
    template = generator._counter  # the same text for both
    peer = started(arguments.gguf)
    ours, theirs, lengths = [], [], []
    for case in cases:
        tokens = template.tokens(case.messages)
        lengths.append(len(tokens))
        generator._reader._kept = [generator._reader._nothing()]  # nothing is remembered of the prompt before
        ours.append(answered(generator.stream(case.messages, max_new_tokens=TOKENS, stop=threading.Event())))
        theirs.append(asked(peer, template.tokenizer.decode(tokens)))
    peer.terminate()
    print(f"{len(cases)} prompts of {statistics.median(lengths):.0f} tokens\n")
    print("| | ours | llama.cpp | ratio |\n|---|---|---|---|")
    for name in ("first", "whole"):
        one, other = ([getattr(answer, name) for answer in side] for side in (ours, theirs))
        ratio = statistics.median(other) / statistics.median(one)
        print(f"| {name} | {_spread(one)} | {_spread(other)} | {ratio:.1f}× |")
    for name, measure in (("token F1", token_f1), ("contains an accepted answer", contains)):
        pairs = [zip(side, cases, strict=True) for side in (ours, theirs)]
        one, other = ([measure(answer.text, case.accepted) for answer, case in pair] for pair in pairs)
        print(f"| {name} | {statistics.mean(one):.2f} | {statistics.mean(other):.2f} | |")


def cases_of(arguments: argparse.Namespace) -> list[Case]:
    """Prompts as the assistant makes them, of six passages."""
    questions = sample(
        [one for one in read_questions(arguments.questions_file) if one.answerable], arguments.questions, 0
    )
    settings = replace(settings_of(arguments.corpus, load_settings(), arguments.work), prompt_passages=PASSAGES)
    cases = []
    with Library.open(settings, holder="benchmarks/generator_peers.py") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        fill(library, embedder, arguments.corpus, lambda *progress: None)
        retriever = Retriever.of_library(library, embedder, settings)
        for question in questions:
            hits = retriever.retrieve(question.text, k=PASSAGES, minimum_score=0.0).hits
            near, lines, _ = narrow(hits, retriever.evidence(question.text, hits), PASSAGES)
            cases.append(
                Case(prompt.answer_messages(question.text, near, choose(question.text, lines)), question.answers)
            )
    return cases


def started(gguf: Path) -> "subprocess.Popen[str]":
    """llama.cpp with its model loaded."""
    if not ENVIRONMENT.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([ENVIRONMENT / "bin/pip", "install", "-q", PINNED], check=True)
    command = [ENVIRONMENT / "bin/python", "-c", PEER, str(gguf), "2", str(TOKENS)]
    peer = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    while (said := _line(peer.stdout)) != "ready":
        if not said and peer.poll() is not None:
            raise SystemExit("llama.cpp could not be started: run its process by hand to see why.")
    return peer


def asked(peer: "subprocess.Popen[str]", text: str) -> Answered:
    """One prompt answered by it."""
    assert peer.stdin is not None
    peer.stdin.write(json.dumps(text) + "\n")
    peer.stdin.flush()
    while not (said := _line(peer.stdout)).startswith("["):
        pass
    return Answered(*json.loads(said))


def answered(stream: Iterable[str]) -> Answered:
    """One prompt answered by ours."""
    began, first, text = time.perf_counter(), 0.0, ""
    for piece in stream:
        first = first or time.perf_counter() - began
        text += piece
    return Answered(first, time.perf_counter() - began, text)


def _line(stream: "IO[str] | None") -> str:
    assert stream is not None
    return stream.readline().strip()


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
