"""Fits what tells whether lines answer a question, and which of them:
`PYTHONPATH=. python benchmarks/answerability.py STATES/ SET/[=[M-]N] [SET/[=[M-]N] …] [--test N] [--out PROBE.npz]`.

A set is a folder with corpus.jsonl and qa.jsonl; N questions of each kind are fitted to, 350 if it is not said, or
those from M to N, so that a probe that was fitted to others goes on with them (--start). An answerable question is
read twice: as it is, and with the passages taken away that answer it; one that is written to look answerable, once.
What the first blocks make of each prompt is kept in STATES (a megabyte each), so that a run that was stopped goes on.
It is fitted to the half on which defaults are chosen, and printed for the other half. Two thousand passes forwards and
backwards: more than an hour on two cores, with the reading.
"""

import argparse
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.adaptation import EPOCHS, Adapted, Blocks, Reading, load_reading, save_reading
from rag.answerability import messages, shown
from rag.build import load_embedder
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import Question, held_out, read_questions
from rag.evidence import Line, certainty, in_context
from rag.folding import fold
from rag.library import Library
from rag.models import ensure_model
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Hit

KINDS = ("answerable", "taken away", "unanswerable")
FALSE_REFUSALS = (0.02, 0.04, 0.08, 0.12)
SAMPLE = 350
SEED = 11


@dataclass(frozen=True)
class Readings:
    """Of a set: what is fitted to, what the certainty is weighed with then, and, of the other half, what is printed."""

    fitted: list[Reading]
    settled: list[Reading]
    others: list[Reading]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("states", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--test", type=int, default=45, help="held-out questions of a set and kind that are printed")
    parser.add_argument(
        "--settle", type=int, default=0, help="questions of a set and kind that the certainty is weighed with"
    )
    parser.add_argument("--start", type=Path, help="a probe to go on from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    settings = load_settings()
    blocks = Blocks(ensure_model(settings.generator_model, settings, on_progress=lambda *progress: None))
    found = {one: read(one, arguments, blocks) for one in arguments.sets}
    adapted = Adapted(blocks, [one for readings in found.values() for one in readings.fitted])
    if arguments.start:
        with np.load(arguments.start, allow_pickle=False) as probe:
            adapted.begin_from(probe)
    for done, of, loss in adapted.steps(arguments.epochs):
        print(f"\r{done} of {of} steps, loss {loss:.3f} ", end="", flush=True)
    print()
    if settled := [one for readings in found.values() for one in readings.settled]:
        adapted.settle(settled)
    if arguments.out:
        np.savez(arguments.out, **adapted.kept())
    for name, readings in found.items():
        if readings.others:
            _print(name, readings.others, adapted)


def read(of: str, arguments: argparse.Namespace, blocks: Blocks) -> Readings:
    """The states of a set's questions, those that are kept from an earlier run as they are."""
    name, _, count = of.partition("=")
    start, _, stop = count.rpartition("-")
    first, last = int(start or 0), int(stop or SAMPLE)
    folder, found = Path(name), Readings([], [], [])
    questions = read_questions(folder / "qa.jsonl")
    random.Random(SEED).shuffle(questions)
    for answerable in (True, False):
        part = [one for one in questions if one.answerable == answerable]
        ours, others = ([one for one in part if held_out(one.id) == half] for half in (False, True))
        found.fitted.extend(_states(folder, ours[first:last], arguments.states, blocks))
        found.settled.extend(_states(folder, ours[last : last + arguments.settle], arguments.states, blocks))
        found.others.extend(_states(folder, others[: arguments.test], arguments.states, blocks))
    return found


def _states(folder: Path, questions: Sequence[Question], states: Path, blocks: Blocks) -> Iterator[Reading]:
    if not questions:
        return
    kept = states / folder.name
    kept.mkdir(parents=True, exist_ok=True)
    settings = settings_of(folder / "corpus.jsonl", load_settings(), kept)
    with Library.open(settings, holder="benchmarks/answerability.py") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        fill(library, embedder, folder / "corpus.jsonl", lambda *progress: None)
        retriever = Retriever.of_library(library, embedder, settings)
        for question in questions:
            for kind in KINDS[:2] if question.answerable else KINDS[2:]:
                file = kept / f"{hashlib.sha256(f'{question.id} {kind}'.encode()).hexdigest()[:20]}.pt"
                if not file.exists():
                    save_reading(file, _reading(question, kind, retriever, blocks, settings))
                if reading := load_reading(file):
                    yield reading


def _reading(question: Question, kind: str, retriever: Retriever, blocks: Blocks, settings: Settings) -> Reading | None:
    """None where the passages were not found that answer an answerable question."""
    found: Sequence[Hit] = retriever.stages(question.text, count=50).fused
    if kind == "taken away":
        found = [hit for hit in found if question.place(hit.chunk) not in question.relevant]
    hits = [hit for hit in fold(found, count=settings.top_k) if hit.score >= settings.minimum_score]
    lines = retriever.evidence(question.text, hits)
    if not lines or (kind == "answerable" and not any(question.place(hit.chunk) in question.relevant for hit in hits)):
        return None
    some = shown(question.text, lines)
    prompt, ends = messages(question.text, [in_context(hits[line.number - 1].chunk, line) for line in some])
    places, states = blocks.begin(prompt, ends)
    return Reading(
        question.id,
        kind,
        certainty(lines, hits),
        tuple(line.score for line in some),
        tuple(_holds(question, line, hits, kind) for line in some),
        places,
        states,
    )


def _holds(question: Question, line: Line, hits: Sequence[Hit], kind: str) -> float:
    """1 if the line holds the answer, 0 if not, NaN where an accepted answer stands in a line of another passage."""
    if not any(answer.lower() in line.text.lower() for answer in question.answers):
        return 0.0
    right = kind == KINDS[0] and question.place(hits[line.number - 1].chunk) in question.relevant
    return 1.0 if right else float("nan")


def _print(name: str, readings: Sequence[Reading], adapted: Adapted) -> None:
    with torch.inference_mode():
        weighed = [(reading, *adapted.weigh(reading)) for reading in readings]
    odds = {kind: [float(odds) for reading, odds, _ in weighed if reading.kind == kind] for kind in KINDS}
    right = odds.pop(KINDS[0])
    for share in FALSE_REFUSALS:
        least = float(np.quantile(right, share))
        parts = [f"{kind} {np.mean(np.array(own) < least):.2f} of {len(own)}" for kind, own in odds.items() if own]
        probability = 1 / (1 + np.exp(-least))
        print(f"{name}, held out: {share:.2f} of the answerable refused at {probability:.2f}: {', '.join(parts)}")
    first = [(one.holds[0] == 1, one.holds[int(of.argmax())] == 1) for one, _, of in weighed if one.kind == KINDS[0]]
    before, after = np.mean(first, axis=0)
    print(f"{name}, held out: first line holds the answer: {before:.2f} before, {after:.2f} as reordered")


if __name__ == "__main__":
    main()
