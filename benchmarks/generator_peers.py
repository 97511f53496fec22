"""First token and whole answer beside llama.cpp, OpenVINO GenAI and transformers, with the same weights:

    PYTHONPATH=. python benchmarks/generator_peers.py squad/qa.jsonl squad/corpus.jsonl model.gguf --questions 12

The GGUF file is the one that our weights were converted from; transformers has our weights (float32 where the processor
multiplies no bfloat16). All answer greedily, at most 64 tokens, question by question in turn, and none finds a prompt
in its memory. The prompt is that of the assistant with six passages. With `--as-asked` ours is the assistant with its
defaults instead, from the question on: it searches, judges, and reads what it has narrowed the passages down to, while
the others still are given the six; with `--seen` as well, ours was asked another question about the same paragraph
before. Each peer runs in a process that is loaded before and waits, llama.cpp and OpenVINO in virtual environments of
their own (pinned).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rag import prompt
from rag.build import build_assistant, load_embedder, load_generator
from rag.devices import choose_device, choose_dtype
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.measures import contains, token_f1
from rag.evaluation.questions import read_questions, sample
from rag.evidence import choose, narrow
from rag.generators import Message
from rag.library import Library
from rag.models import ensure_model
from rag.retriever import Retriever
from rag.settings import load_settings

TOKENS = 64
PASSAGES = 6
THREADS = 2
_LLAMA = """
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
_OPENVINO = """
import json, sys, time
import openvino_genai as genai
pipeline = genai.LLMPipeline(sys.argv[1], "CPU", INFERENCE_NUM_THREADS=int(sys.argv[2]))
config = genai.GenerationConfig(max_new_tokens=int(sys.argv[3]), do_sample=False, apply_chat_template=False)
print("ready", flush=True)
for line in sys.stdin:
    began, first = time.perf_counter(), 0.0
    def take(piece):
        global first
        first = first or time.perf_counter() - began
        return genai.StreamingStatus.RUNNING
    text = str(pipeline.generate(json.loads(line), config, take))
    print(json.dumps([first, time.perf_counter() - began, text]), flush=True)
"""
_TRANSFORMERS = """
import json, sys, time
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
torch.set_num_threads(int(sys.argv[2]))
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=getattr(torch, sys.argv[4])).eval()
print("ready", flush=True)
class Clock:
    def __init__(self):
        self.times = []
    def put(self, value):
        self.times.append(time.perf_counter())
    def end(self):
        pass
for line in sys.stdin:
    began, clock = time.perf_counter(), Clock()
    given = tokenizer(json.loads(line), add_special_tokens=False, return_tensors="pt")
    with torch.inference_mode():
        out = model.generate(**given, max_new_tokens=int(sys.argv[3]), do_sample=False, streamer=clock)
    text = tokenizer.decode(out[0][given["input_ids"].shape[1]:], skip_special_tokens=True)
    print(json.dumps([clock.times[1] - began, time.perf_counter() - began, text]), flush=True)
"""


@dataclass(frozen=True)
class Peer:
    """Another program: what it runs, and the package that it needs in an environment of its own, if any."""

    script: str
    pinned: str = ""


PEERS = {
    "llama.cpp": Peer(_LLAMA, "xllamacpp==2026.10.11549"),
    "OpenVINO GenAI": Peer(_OPENVINO, "openvino-genai==2026.4.1.0"),
    "transformers": Peer(_TRANSFORMERS),
}


@dataclass(frozen=True)
class Answered:
    """Seconds to the first token and in all, and the text."""

    first: float
    whole: float
    text: str


@dataclass(frozen=True)
class Case:
    """A question with its prompt."""

    question: str
    messages: Sequence[Message]
    accepted: Sequence[str]
    before: str  # another question about the same paragraph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions_file", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--questions", type=int, default=12)
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--as-asked", action="store_true", help="ours from the question on, with its defaults")
    parser.add_argument("--seen", action="store_true", help="ours after another question about the same paragraph")
    parser.add_argument("--work", type=Path, default=Path(".stamps/generator-peers"))
    arguments = parser.parse_args()
    settings = settings_of(arguments.corpus, load_settings(), arguments.work)
    generator, embedder = load_generator(settings), load_embedder(settings)
    template = generator._counter  # the same text for all
    with Library.open(settings, holder="benchmarks/generator_peers.py") as library:
        library.open_store(embedder)
        fill(library, embedder, arguments.corpus, lambda *progress: None)
        cases = cases_of(arguments, Retriever.of_library(library, embedder, settings))
        peers = {name: started(name, arguments) for name in arguments.peers}
        sides: dict[str, list[Answered]] = {name: [] for name in ("ours", *peers)}
        lengths = []
        for case in cases:
            tokens = template.tokens(case.messages)
            lengths.append(len(tokens))
            generator._reader.forget()
            assistant = build_assistant(library, embedder, generator, settings)  # its retriever remembers lines
            if arguments.seen:
                assistant.answer(case.before)
            prompted = generator.stream(case.messages, max_new_tokens=TOKENS, stop=threading.Event())
            sides["ours"].append(answered(assistant.ask(case.question) if arguments.as_asked else prompted))
            for name, peer in peers.items():
                sides[name].append(asked(peer, template.tokenizer.decode(tokens)))
    for peer in peers.values():
        peer.terminate()
    print(f"{len(cases)} prompts of {statistics.median(lengths):.0f} tokens, load {os.getloadavg()[0]:.1f}\n")
    show(cases, sides)


def show(cases: Sequence[Case], sides: dict[str, list[Answered]]) -> None:
    """Medians with their spread and how many times ours the others take, then how good the answers are."""
    print(f"| | {' | '.join(sides)} |\n|---|{'---|' * len(sides)}")
    for name in ("first", "whole"):
        seconds = {side: [getattr(answer, name) for answer in own] for side, own in sides.items()}
        own = statistics.median(seconds["ours"])
        cells = (
            f"{_spread(times)}" + ("" if side == "ours" else f", {statistics.median(times) / own:.1f}×")
            for side, times in seconds.items()
        )
        print(f"| {name} | {' | '.join(cells)} |")
    for name, measure in (("token F1", token_f1), ("contains an accepted answer", contains)):
        shares = (
            statistics.mean(measure(answer.text, case.accepted) for answer, case in zip(own, cases, strict=True))
            for own in sides.values()
        )
        print(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} |")


def cases_of(arguments: argparse.Namespace, retriever: Retriever) -> list[Case]:
    """Questions with prompts as the assistant makes them, of six passages."""
    answerable = [one for one in read_questions(arguments.questions_file) if one.answerable]
    of: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for one in answerable:
        of[frozenset(one.relevant)].append(one.text)
    several = [one for one in answerable if len(of[frozenset(one.relevant)]) > 1]
    cases = []
    for question in sample(several if arguments.seen else answerable, arguments.questions, 0):
        hits = retriever.retrieve(question.text, k=PASSAGES, minimum_score=0.0).hits
        near, lines, _ = narrow(hits, retriever.evidence(question.text, hits), PASSAGES)
        messages = prompt.answer_messages(question.text, near, choose(question.text, lines))
        before = next((text for text in of[frozenset(question.relevant)] if text != question.text), "")
        cases.append(Case(question.text, messages, question.answers, before))
    return cases


def started(name: str, arguments: argparse.Namespace) -> "subprocess.Popen[str]":
    """A peer with its model loaded."""
    peer, python = PEERS[name], Path(sys.executable)
    if peer.pinned:
        environment = Path(".stamps") / f"peer-{peer.pinned.partition('=')[0]}"
        python = environment / "bin/python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", peer.pinned], check=True)
    settings = load_settings()
    model = str(arguments.gguf if peer.pinned else ensure_model(settings.generator_model, settings))
    dtype = str(choose_dtype("auto", choose_device("auto"))).removeprefix("torch.")
    process = subprocess.Popen(
        [python, "-c", peer.script, model, str(THREADS), str(TOKENS), dtype],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while (said := _line(process.stdout)) != "ready":
        if not said and process.poll() is not None:
            raise SystemExit(f"{name} could not be started: run its process by hand to see why.")
    return process


def asked(peer: "subprocess.Popen[str]", text: str) -> Answered:
    """One prompt answered by a peer."""
    assert peer.stdin is not None
    peer.stdin.write(json.dumps(text) + "\n")
    peer.stdin.flush()
    while not (said := _line(peer.stdout)).startswith("["):
        pass
    return Answered(*json.loads(said))


def answered(stream: Iterable[str]) -> Answered:
    """One question answered by ours."""
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
