"""Which of the lines that were found hold the answer to a question, and whether any does, before anything is written.

A small generator that is asked so says yes to nearly everything, but its hidden states tell questions that a text
answers from those that it only touches (Slobodkin et al. 2023, https://arxiv.org/abs/2310.11877). So the first blocks
of the generator read the question and the lines, with small additions to the weights of some of them (LoRA, Hu et al.
2021, https://arxiv.org/abs/2106.09685), and what they make of the end of each line and of the prompt is weighed. A file
for each generator, fitted by benchmarks/answerability.py. Where there is none, the evidence decides alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from rag import headings, ranges
from rag.embedders import Vectors
from rag.evidence import Line, about, certainty, in_context, missing_codes
from rag.generators import Additions, Generator, Message
from rag.settings import Settings
from rag.types import Hit
from rag.yes_or_no import asks_yes_or_no

_PROBES = Path(__file__).parent / "probes"
_DOWN, _UP = ".down", ".up"  # of an addition, in the file of a probe
LIKELY = 0.45  # from here on a line is quoted where no answer of the generator's own is borne (docs/evaluation.md)
_FLOOR = 0.8  # certainty under which the generator need not be asked; none of 161 questions with an answer lies there
_LINES = 6  # that the generator is shown
_LOG_ODDS = 0.03  # of a line, in the score of lines: choose() takes lines as near as that for about as good
_UNLIKELY = 4.0  # log odds below the likeliest line (docs/evaluation.md)
_SYSTEM = (
    "You are a careful reader. You say which lines of documents hold the answer to a question, and whether any does: "
    "only if the very thing that is asked for is written there."
)


@runtime_checkable
class StateReader(Protocol):
    """A generator whose inside can be read. One caller at a time, as for its streams."""

    def states(self, messages: Sequence[Message], ends: Sequence[int], *, layers: int, additions: Additions) -> Vectors:
        """float32[len(ends) + 1, width]: what the first `layers` blocks make of some tokens of the prompt.

        Args:
            ends: places of characters in the last message, in their order; their tokens are read, and the last one.
            additions: for modules, by name inside the model, float[rank, inputs] and float[outputs, rank]: their
                product is added to the weights while this is read.
        """
        ...


@dataclass(frozen=True, eq=False)
class Readout:
    """Logistic regression on a hidden state and one value beside it.

    Attributes:
        weights: float32[width].
        beside: weight of the value.
    """

    weights: Vectors
    beside: float
    bias: float

    def log_odds(self, states: Vectors, values: Sequence[float]) -> Vectors:
        """float32[n] of float32[n, width] and n values."""
        return np.asarray(states @ self.weights + self.beside * np.asarray(values) + self.bias, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Probe:
    """How the states of a generator are made and weighed.

    Attributes:
        answer: that the lines hold the answer, with the certainty of the evidence beside the last state.
        line: that a line holds it, with its score beside the state at its end.
        yes_or_no: the same as `answer` for questions that are answered by yes or no: "Batteries may not be taken along"
            holds the answer to "May I take the battery along?", but not what it asks for.
    """

    layers: int
    additions: Additions
    answer: Readout
    line: Readout
    yes_or_no: Readout | None = None

    def answer_to(self, question: str) -> Readout:
        """What weighs whether this question is answered."""
        return self.yes_or_no if self.yes_or_no and asks_yes_or_no(question) else self.answer


@dataclass(frozen=True)
class Reading:
    """What the generator makes of the lines: probability that they hold the answer; the likeliest comes first."""

    likely: float
    lines: tuple[Line, ...]

    @property
    def passages(self) -> int:
        """How many passages hold a line that is not unlikely beside the first: the answer is written from those."""
        least = self.lines[0].score - _LOG_ODDS * _UNLIKELY
        return len({line.number for line in self.lines if line.score >= least})


def load_probe(generator: str) -> Probe | None:
    """The probe for a generator of the table, by its name; None where there is none."""
    file = _PROBES / f"{generator}.npz"
    if "/" in generator or not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as kept:
        names = sorted({name.removesuffix(_DOWN) for name in kept if name.endswith(_DOWN)})
        additions = {name: (kept[name + _DOWN], kept[name + _UP]) for name in names}
        answer, line = (_readout(kept, name) for name in ("answer", "line"))
        yes_or_no = _readout(kept, "yes_or_no") if "yes_or_no.weights" in kept else None
        return Probe(int(kept["layers"]), additions, answer, line, yes_or_no)


def _readout(kept: Mapping[str, Vectors], name: str) -> Readout:
    beside, bias = kept[f"{name}.beside_and_bias"].tolist()
    return Readout(kept[f"{name}.weights"].astype(np.float32), beside, bias)


def shown(question: str, lines: Sequence[Line]) -> list[Line]:
    """The lines that the generator is shown, nearest first: those that answers are written from, and others."""
    first = list(dict.fromkeys([*about(question, lines), *lines[:_LINES]]))[:_LINES]
    return sorted(first, key=lambda line: -line.score)


def messages(question: str, texts: Sequence[str]) -> tuple[list[Message], list[int]]:
    """The prompt that is read, and where each text ends in its last message."""
    start = f"Question: {question}\n\nLines of the documents:\n"
    rows = [f"- {' '.join(text.split())}\n" for text in texts]
    ends = [len(start) + end - 1 for end in accumulate(map(len, rows))]
    asked = f"\nIs the answer to the question written in these lines? {question}"
    return [Message("system", _SYSTEM), Message("user", start + "".join(rows) + asked)], ends


@dataclass(frozen=True)
class Judge:
    """Says why a question is not answered. Without `probe` and `generator` the evidence decides alone."""

    settings: Settings
    probe: Probe | None = None
    generator: StateReader | None = None

    def by_evidence(self, question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> str:
        """A reason, empty where there is none: the nearest line is not certain enough, or a code stands nowhere."""
        sure, least = certainty(lines, hits), self.settings.minimum_evidence
        if self.reads:
            least = min(least, _FLOOR)
        if sure < least:
            return (
                f"the nearest line of all passages answers with a certainty of {sure:.2f}, below "
                f"minimum_evidence ({least:g})"
            )
        missing = missing_codes(question, hits)
        return f"{', '.join(missing)} stands in no passage" if missing else ""

    @property
    def reads(self) -> bool:
        """Whether the generator is asked, too."""
        return self.probe is not None and self.generator is not None and self.settings.minimum_answerable > 0

    def read(self, question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> Reading | None:
        """What the generator makes of the nearest lines; None without lines or a probe. Needs its turn.

        None, too, where a row leads because a number falls in its range, in a table of what is asked: its states do not
        count. In another table that row stays before the others of it.

        Args:
            lines: of all `hits`, nearest first.
        """
        if self.probe is None or self.generator is None or not lines or ranges.is_plain(question, lines):
            return None
        some, probe = shown(question, lines), self.probe
        prompt, ends = messages(question, [in_context(hits[line.number - 1].chunk, line) for line in some])
        states = self.generator.states(prompt, ends, layers=probe.layers, additions=probe.additions)
        odds = probe.answer_to(question).log_odds(states[-1:], [certainty(lines, hits)])[0]
        of_lines = probe.line.log_odds(states[:-1], [line.score for line in some]).tolist()
        ordered = _reordered(lines, dict(zip(some, of_lines, strict=True)))
        return Reading(
            float(1 / (1 + np.exp(-odds))), headings.settled(question, ranges.settled(question, ordered), hits)
        )

    def by_reading(self, reading: Reading | None) -> str:
        """A reason, empty where there is none: the generator does not see the answer in the lines."""
        least = self.settings.minimum_answerable
        if reading is None or reading.likely >= least:
            return ""
        return (
            f"the generator finds the answer in the nearest lines with a probability of {reading.likely:.2f}, below "
            f"minimum_answerable ({least:g})"
        )


def _reordered(lines: Sequence[Line], odds: Mapping[Line, float]) -> tuple[Line, ...]:
    """The lines that were read by their log odds, before all others; scores fall with them."""
    best, most = lines[0].score, max(odds.values())
    scores = {line: best - _LOG_ODDS * (most - value) for line, value in odds.items()}
    last = min(scores.values())
    found = (replace(line, score=scores.get(line, min(line.score, last))) for line in lines)
    return tuple(sorted(found, key=lambda line: -line.score))


def judge_for(generator: Generator, settings: Settings) -> Judge:
    """Asks the generator too, where there is a probe for it."""
    return Judge(settings, load_probe(generator.name), generator if isinstance(generator, StateReader) else None)
