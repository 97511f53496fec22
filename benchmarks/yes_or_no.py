"""Fits what tells whether lines answer a question for yes or no: `PYTHONPATH=. python benchmarks/yes_or_no.py
docs/samples/yes-or-no-squad.jsonl --corpus squad/corpus.jsonl [--states STATES.npz] [--out PROBE.npz]`.

The states of the generator, with the additions of its probe, are read as they are in use (rag/answerability.py), and
kept in STATES.npz: of a question with an answer as it is, and with the lines or the passages taken away that answer it,
in turn. Fitted is only how they are weighed, as a change to how those of other questions are. The questions are of two
halves of the articles in turn: what is fitted to one is printed for the other, and what is fitted to all is written.
Seconds for each reading on two cores.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.adaptation import ANSWERABLE, LINES_AWAY, PASSAGES_AWAY, Array, logistic
from benchmarks.readings import line_holds, shown_lines
from rag.answerability import load_probe, messages, shown
from rag.build import load_embedder, load_generator
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import Question, read_questions
from rag.evaluation.runs import Runs
from rag.evidence import certainty, in_context
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings, load_settings

PENALTY = 0.3  # of the squared change of the weights, which counts once for all readings
REFUSED = 0.86  # of the readings without an answer, at the default: as many as were before
LOW = float(np.log(Settings.minimum_answerable / (1 - Settings.minimum_answerable)))
RIGHT_REFUSALS = (0.95, 0.9, 0.85, 0.8)


@dataclass(frozen=True, eq=False)
class Readings:
    """Rows in the order of the questions: float64[n, width], and of each row [n]."""

    states: Array
    odds: Array  # by what weighs other questions
    certainty: Array
    right: Array  # 1 where the lines hold the answer
    half: Array  # 0 or 1

    def of(self, rows: npt.NDArray[np.bool_]) -> "Readings":
        return Readings(self.states[rows], self.odds[rows], self.certainty[rows], self.right[rows], self.half[rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("questions", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--states", type=Path, default=Path("states.npz"))
    parser.add_argument("--out", type=Path, help="a probe to write it into")
    parser.add_argument("--most", type=int, help="questions")
    arguments = parser.parse_args()
    if not arguments.states.exists():
        rows = list(read(read_questions(arguments.questions)[: arguments.most], arguments.corpus))
        columns = zip(*rows, strict=True)
        names = ("states", "odds", "certainty", "right", "half")
        np.savez(arguments.states, **{name: np.array(column) for name, column in zip(names, columns, strict=True)})
    readings = Readings(**dict(np.load(arguments.states, allow_pickle=False)))
    mean, spread = readings.states.mean(axis=0), readings.states.std(axis=0) + 1e-3
    shifts = []
    for half in (0, 1):
        own = readings.of(readings.half == half)
        weights, beside, bias, share = fitted(readings.of(readings.half != half), mean, spread)
        odds = own.states @ weights + share * own.odds + beside * own.certainty + bias
        print_refusals(f"half {half}, as other questions", own.odds, own.right)
        print_refusals(f"half {half}, fitted to the other", odds, own.right)
        shifts.append(LOW - np.quantile(odds[own.right == 0], REFUSED))
    if arguments.out:
        write(arguments.out, readings, mean, spread, shift=float(np.mean(shifts)))


def read(questions: Sequence[Question], corpus: Path) -> Iterator[tuple[Array, float, float, float, int]]:
    """A row of `Readings` for each reading of the questions."""
    settings = load_settings()
    generator = load_generator(settings)
    probe = load_probe(generator.name)
    if probe is None:
        raise SystemExit(f"There is no probe for {generator.name}.")
    with Library.open(settings_of(corpus, settings, Runs.of_home(settings).folder), holder=__file__) as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        fill(library, embedder, corpus, lambda *progress: None)
        retriever = Retriever.of_library(library, embedder, settings)
        for number, question in enumerate(questions):
            print(f"\r{number + 1} of {len(questions)} ", end="", file=sys.stderr, flush=True)
            left_out = (PASSAGES_AWAY, LINES_AWAY)[number // 2 % 2]
            is_held = False
            for kind, lines, hits in shown_lines(question, retriever, settings):
                some = shown(question.text, lines) if lines else []
                right = kind == ANSWERABLE and any(line_holds(question, line, hits, kind) for line in some)
                is_held = is_held or right
                if not some or kind == left_out or (kind in (ANSWERABLE, LINES_AWAY) and not is_held):
                    continue  # as the six lines do not hold it
                prompt, ends = messages(question.text, [in_context(hits[line.number - 1].chunk, line) for line in some])
                states = generator.states(prompt, ends, layers=probe.layers, additions=probe.additions)
                sure = certainty(lines, hits)
                odds = float(probe.answer.log_odds(states[-1:], [sure])[0])
                yield states[-1].astype(np.float64), odds, sure, float(right), number % 2


def fitted(readings: Readings, mean: Array, spread: Array) -> tuple[Array, float, float, float]:
    """Weights of the states, of the certainty, the bias, and the weight of the log odds as of other questions.

    Only the change of the weights of the states is held small.
    """
    scale = spread * readings.states.shape[1] ** 0.5
    rows, right = (readings.states - mean) / scale, readings.right
    rows = np.c_[rows, readings.odds, readings.certainty, np.ones(len(rows))]
    found = logistic(rows, right, penalty=PENALTY, free=3)
    weights = found[:-3] / scale
    share, beside, bias = found[-3:].tolist()
    return weights, beside, bias - float(weights @ mean), share


def write(file: Path, readings: Readings, mean: Array, spread: Array, *, shift: float) -> None:
    """Puts what is fitted to all readings into a probe, as one regression on the state and the certainty.

    Args:
        shift: of the log odds, so that `REFUSED` of the others are refused at the default.
    """
    with np.load(file, allow_pickle=False) as opened:
        kept = dict(opened)
    weights, beside, bias, share = fitted(readings, mean, spread)
    before, before_bias = kept["answer.beside_and_bias"].tolist()
    kept["yes_or_no.weights"] = weights + share * kept["answer.weights"]
    kept["yes_or_no.beside_and_bias"] = np.array([beside + share * before, bias + share * before_bias + shift])
    np.savez(file, **kept)


def print_refusals(of: str, odds: Array, right: Array) -> None:
    """The area under the curve, and what is refused though it is answered where so much is refused rightly."""
    yes, no = odds[right == 1], odds[right == 0]
    area = (yes[:, None] > no).mean()
    told = ", ".join(f"{(yes < np.quantile(no, share)).mean():.3f} at {share}" for share in RIGHT_REFUSALS)
    print(f"{of}: area {area:.3f}; refused of {len(yes)} answerable {told} of {len(no)} others refused")
    print(f"  at the default: {(yes < LOW).mean():.3f} and {(no < LOW).mean():.3f}")


if __name__ == "__main__":
    main()
