"""Fits the probe that tells whether lines answer a question:
`PYTHONPATH=. python benchmarks/answerability.py STATES/ SET/ [SET/ …] [--sample N] [--out PROBE.npz]`.

A set is a folder with corpus.jsonl and qa.jsonl. An answerable question is read twice: as it is, and with the passages
taken away that answer it; one that is written to look answerable, once. The states are kept in STATES, so that a run
that was stopped goes on. It is fitted to the half on which defaults are chosen, and printed for the other half.
"""

import argparse
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from rag.answerability import Probe, messages
from rag.build import load_embedder, load_generator
from rag.embedders import Vectors
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import Question, held_out, read_questions
from rag.evidence import certainty
from rag.folding import fold
from rag.generators.local import LocalGenerator
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Hit

LAYER = 20  # of 28: the best of 16, 18, 20, 22 and 24 where it is fitted, left out by fifths
PENALTY = 1.0  # of the squared weights of a standardised state; of 0.3 to 30, left out by fifths
KINDS = ("answerable", "taken away", "unanswerable")
FALSE_REFUSALS = (0.02, 0.04, 0.06, 0.08)
SEED = 11


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read for one question: `state` float32[width]."""

    id: str
    kind: str
    certainty: float
    state: Vectors


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("states", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument(
        "--sample", type=int, default=350, help="of the first questions of a set: those it is fitted to"
    )
    parser.add_argument("--test", type=int, default=60, help="of the first held-out ones: those that are printed")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    generator = load_generator(load_settings())
    found = {folder.name: list(read(folder, arguments, generator)) for folder in arguments.sets}
    chosen = [reading for readings in found.values() for reading in readings if not held_out(reading.id)]
    probe = fitted(chosen)
    if arguments.out:
        np.savez(arguments.out, layer=probe.layer, weights=probe.weights, certainty=probe.certainty, bias=probe.bias)
    right = [reading for reading in chosen if reading.kind == KINDS[0]]
    for share in FALSE_REFUSALS:
        least = float(np.quantile(_probabilities(right, probe), share))
        print(f"{share:.2f} of the answerable ones it was fitted to lie below {least:.2f}")
        for name, readings in found.items():
            _print(name, [reading for reading in readings if held_out(reading.id)], probe, least)


def read(folder: Path, arguments: argparse.Namespace, generator: LocalGenerator) -> Iterator[Reading]:
    """The states of a set's questions, those that are kept from an earlier run as they are."""
    kept = arguments.states / folder.name
    kept.mkdir(parents=True, exist_ok=True)
    questions = read_questions(folder / "qa.jsonl")
    random.Random(SEED).shuffle(questions)
    chosen: list[Question] = []
    for answerable in (True, False):
        part = [one for one in questions if one.answerable == answerable]
        chosen += [one for one in part[: arguments.sample] if not held_out(one.id)]
        chosen += [one for one in part if held_out(one.id)][: arguments.test]
    settings = settings_of(folder / "corpus.jsonl", load_settings(), kept)
    with Library.open(settings, holder="benchmarks/answerability.py") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        fill(library, embedder, folder / "corpus.jsonl", lambda *progress: None)
        retriever = Retriever.of_library(library, embedder, settings)
        for question in chosen:
            for kind in KINDS[:2] if question.answerable else KINDS[2:]:
                file = kept / f"{hashlib.sha256(f'{question.id} {kind}'.encode()).hexdigest()[:20]}.npz"
                if not file.exists():
                    _keep(file, question, kind, retriever, generator, settings)
                with np.load(file, allow_pickle=False) as values:
                    if "state" in values:
                        yield Reading(question.id, kind, float(values["certainty"]), values["state"])


def _keep(
    file: Path, question: Question, kind: str, retriever: Retriever, generator: LocalGenerator, settings: Settings
) -> None:
    """Nothing but the name of the file where the passages were not found that answer an answerable question."""
    found: Sequence[Hit] = retriever.stages(question.text, count=50).fused
    if kind == "taken away":
        found = [hit for hit in found if question.place(hit.chunk) not in question.relevant]
    hits = [hit for hit in fold(found, count=settings.top_k) if hit.score >= settings.minimum_score]
    lines = retriever.evidence(question.text, hits)
    if not lines or (kind == "answerable" and not any(question.place(hit.chunk) in question.relevant for hit in hits)):
        np.savez(file)
        return
    state = generator.state(messages(question.text, lines, hits), layer=LAYER)
    np.savez(file, state=state, certainty=certainty(lines, hits))


def fitted(readings: Sequence[Reading]) -> Probe:
    """Logistic regression with a penalty, on standardised states; both answers weigh the same."""
    states = np.stack([reading.state for reading in readings]).astype(np.float64)
    sure = np.array([reading.certainty for reading in readings])
    right = np.array([reading.kind == KINDS[0] for reading in readings], dtype=np.float64)
    mean, spread = states.mean(axis=0), states.std(axis=0) + 1e-3
    rows = np.c_[
        (states - mean) / spread / np.sqrt(states.shape[1]), (sure - sure.mean()) / sure.std(), np.ones(len(sure))
    ]
    penalty = np.r_[np.full(states.shape[1], PENALTY / len(sure)), 0.0, 0.0]
    balance = np.where(right == 1, len(right) / right.sum(), len(right) / (len(right) - right.sum())) / 2

    def loss(weights: Vectors) -> tuple[float, Vectors]:
        logits = rows @ weights
        slope = balance * (1 / (1 + np.exp(-logits)) - right)
        value = (balance * (np.logaddexp(0, logits) - right * logits)).mean() + penalty @ weights**2 / 2
        return float(value), rows.T @ slope / len(right) + penalty * weights

    weights = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    of_state = weights[:-2] / spread / np.sqrt(states.shape[1])
    of_sure = weights[-2] / sure.std()
    bias = weights[-1] - of_state @ mean - of_sure * sure.mean()
    return Probe(LAYER, of_state.astype(np.float32), float(of_sure), float(bias))


def _probabilities(readings: Sequence[Reading], probe: Probe) -> Vectors:
    return np.array([probe.probability(reading.state, reading.certainty) for reading in readings])


def _print(name: str, readings: Sequence[Reading], probe: Probe, least: float) -> None:
    parts = []
    for kind in KINDS:
        likely = _probabilities([reading for reading in readings if reading.kind == kind], probe)
        if len(likely):
            parts.append(f"{kind} {np.mean(likely < least):.3f} of {len(likely)}")
    print(f"  {name}, held out, refused: {', '.join(parts)}")


if __name__ == "__main__":
    main()
