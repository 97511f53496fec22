"""Whether the lines that were found hold the answer to a question, decided before anything is written.

A small generator that is asked so says yes to nearly everything, but its hidden state tells questions that a text
answers from those that it only touches (Slobodkin et al. 2023, https://arxiv.org/abs/2310.11877). A linear probe reads
that state; its weights are fitted by benchmarks/answerability.py, a file for each generator. Where there is none, the
certainty of the evidence decides alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from rag.embedders import Vectors
from rag.evidence import Line, certainty, choose, in_context, missing_codes
from rag.generators import Generator, Message
from rag.settings import Settings
from rag.types import Hit

_PROBES = Path(__file__).parent / "probes"
LIKELY = 0.4  # from here on a line is quoted where no answer of the generator's own is borne (docs/evaluation.md)
_FLOOR = 0.8  # certainty under which the generator need not be asked; none of 161 questions with an answer lies there
_LINES = 6  # that the generator is shown
_NEAREST = 5
_SYSTEM = (
    "You are a careful reader. You say whether lines of documents hold the answer to a question. Answer yes only if "
    "the very thing that is asked for is written there."
)


@runtime_checkable
class StateReader(Protocol):
    """A generator whose inside can be read. One caller at a time, as for its streams."""

    def state(self, messages: Sequence[Message], *, layer: int) -> Vectors:
        """float32[width]: the hidden state after block `layer` (the first is 1) at the last token of the prompt."""
        ...


@dataclass(frozen=True, eq=False)
class Probe:
    """Logistic regression on a hidden state and the certainty of the evidence.

    Attributes:
        layer: block after which the state is read.
        weights: float32[width].
        certainty: weight of the certainty.
    """

    layer: int
    weights: Vectors
    certainty: float
    bias: float

    def probability(self, state: Vectors, sure: float) -> float:
        """That the lines hold the answer."""
        logit = float(state @ self.weights) + self.certainty * sure + self.bias
        return float(1 / (1 + np.exp(-logit)))


def load_probe(generator: str) -> Probe | None:
    """The probe for a generator of the table, by its name; None where there is none."""
    file = _PROBES / f"{generator}.npz"
    if "/" in generator or not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as kept:
        return Probe(
            int(kept["layer"]), kept["weights"].astype(np.float32), float(kept["certainty"]), float(kept["bias"])
        )


def messages(question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> list[Message]:
    """The prompt whose last state is read: the nearest lines, and those that answers are written from."""
    shown = list(dict.fromkeys([*choose(question, lines), *lines[:_NEAREST]]))[:_LINES]
    body = "\n".join(f"- {in_context(hits[line.number - 1].chunk, line)}" for line in shown)
    asked = f"Question: {question}\n\nIs the answer to the question written in these lines?"
    return [Message("system", _SYSTEM), Message("user", f"Lines of the documents:\n{body}\n\n{asked}")]


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

    def likelihood(self, question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> float | None:
        """Probability that the generator sees the answer in the lines; None without a probe. Needs its turn."""
        if self.probe is None or self.generator is None:
            return None
        state = self.generator.state(messages(question, lines, hits), layer=self.probe.layer)
        return self.probe.probability(state, certainty(lines, hits))

    def by_reading(self, likely: float | None) -> str:
        """A reason, empty where there is none: the generator does not see the answer in the lines."""
        least = self.settings.minimum_answerable
        if likely is None or likely >= least:
            return ""
        return (
            f"the generator finds the answer in the nearest lines with a probability of {likely:.2f}, below "
            f"minimum_answerable ({least:g})"
        )


def judge_for(generator: Generator, settings: Settings) -> Judge:
    """Asks the generator too, where there is a probe for it."""
    return Judge(settings, load_probe(generator.name), generator if isinstance(generator, StateReader) else None)
