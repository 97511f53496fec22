"""Small additions to the weights of a generator (LoRA, Hu et al. 2021, https://arxiv.org/abs/2106.09685) that make its
inner states tell which lines answer a question; used by benchmarks/answerability.py.
"""

import copy
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from torch.nn import Linear, Module, Parameter
from torch.nn.functional import binary_cross_entropy_with_logits, linear
from transformers import AutoModelForCausalLM

from rag.generators import Message
from rag.generators.local import TokenCounter

FIRST, LAYERS = 12, 20  # of 28 blocks: those before are left as they are, those after are not asked
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj")
RANK, SCALE = 8, 2.0
PENALTY = 5.0  # of the squared weights of a readout, before the additions are fitted
RATE, READOUT_RATE, WARMING, LEAST = 4e-4, 2e-3, 15, 0.05
BATCH, EPOCHS = 8, 2
FITTED = 400  # readings that the readouts are fitted to before the additions are
SEED = 0

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read for one question.

    Attributes:
        scores: of the lines that were shown.
        holds: 1 for lines that hold the answer, 0 for others, NaN where that is not known.
        places: tokens at which the lines end.
        states: bfloat16[tokens, width] after the first blocks.
    """

    id: str
    kind: str
    certainty: float
    scores: tuple[float, ...]
    holds: tuple[float, ...]
    places: tuple[int, ...]
    states: torch.Tensor

    @property
    def answers(self) -> float | None:
        """1 if the lines hold the answer, 0 if not, None where that is not known."""
        if self.kind == "answerable":
            return 1.0 if 1.0 in self.holds else None
        return None if any(map(math.isnan, self.holds)) else 0.0


def save_reading(file: Path, reading: Reading | None) -> None:
    torch.save(asdict(reading) if reading else {}, file)


def load_reading(file: Path) -> Reading | None:
    kept = torch.load(file, weights_only=True)
    return Reading(**kept) if kept else None


class Blocks:
    """A generator of a folder, in two parts: the blocks that are left as they are, and those that are adapted."""

    def __init__(self, folder: Path) -> None:
        self._counter = TokenCounter(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, local_files_only=True
        ).model
        self.model.requires_grad_(False)

    @torch.inference_mode()
    def begin(self, messages: Sequence[Message], ends: Sequence[int]) -> tuple[tuple[int, ...], torch.Tensor]:
        """Tokens at which the characters `ends` of the last message stand; bfloat16[tokens, width] of all tokens."""
        tokens, places = self._counter.places(messages, ends)
        states = self._part(0, FIRST)(input_ids=torch.tensor([tokens]), use_cache=False).last_hidden_state[0]
        return tuple(places), states.clone()

    def go_on(self, states: torch.Tensor) -> torch.Tensor:
        """What the adapted blocks make of them."""
        found: torch.Tensor = self._part(FIRST, LAYERS)(inputs_embeds=states[None], use_cache=False).last_hidden_state[
            0
        ]
        return found

    def _part(self, first: int, last: int) -> Any:
        part = copy.copy(self.model)
        part._modules = dict(self.model._modules)
        part.config = copy.copy(self.model.config)
        part.config.num_hidden_layers = last - first
        part.layers, part.norm = self.model.layers[first:last], torch.nn.Identity()
        return part


class Added(Module):
    """A linear module with a product of two narrow matrices added to its weights."""

    def __init__(self, base: Linear) -> None:
        super().__init__()
        self.base = base
        self.down = Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.up = Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        narrow = linear(given, self.down.to(given.dtype))
        found: torch.Tensor = self.base(given) + SCALE * linear(narrow, self.up.to(given.dtype))
        return found


class Weighed(Module):
    """Logistic regression on standardised states and one value beside each, fitted to states without additions."""

    def __init__(self, states: Array, values: Array, right: Array) -> None:
        super().__init__()
        self.mean, self.spread = (
            _tensor(states.mean(axis=0)),
            _tensor((states.std(axis=0) + 1e-3) * states.shape[1] ** 0.5),
        )
        self.middle, self.width = float(values.mean()), float(values.std())
        rows = np.c_[(states - self.mean.numpy()) / self.spread.numpy(), (values - self.middle) / self.width]
        *weights, beside, bias = _fitted(np.c_[rows, np.ones(len(rows))], right)
        self.weights = Parameter(_tensor(np.array(weights)))
        self.beside, self.bias = Parameter(torch.tensor(float(beside))), Parameter(torch.tensor(float(bias)))

    def forward(self, states: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        by_state = (states.float() - self.mean) / self.spread @ self.weights
        return by_state + self.beside * (values - self.middle) / self.width + self.bias

    def begin_from(self, probe: Mapping[str, Array], name: str) -> None:
        """Takes what an earlier fit came to, for kept() the same."""
        weights = _tensor(probe[f"{name}.weights"])
        beside, bias = probe[f"{name}.beside_and_bias"].tolist()
        self.weights.data = weights * self.spread
        self.beside.data = torch.tensor(beside * self.width)
        self.bias.data = torch.tensor(bias + float(weights @ self.mean) + beside * self.middle)

    def settle(self, odds: Array, values: Array, right: Array) -> None:
        """Weighs its own log odds and the value beside the state anew."""
        by_odds, by_value, bias = _fitted(np.c_[odds, values, np.ones(len(right))], right)
        with torch.no_grad():
            self.weights *= by_odds
            self.beside.copy_(by_odds * self.beside + by_value * self.width)
            self.bias.copy_(by_odds * self.bias + by_value * self.middle + bias)

    def kept(self, name: str) -> dict[str, Array]:
        """As rag.answerability reads them: standardisation is part of the weights."""
        weights = (self.weights.detach() / self.spread).double()
        beside = float(self.beside) / self.width
        bias = float(self.bias) - float(weights @ self.mean.double()) - beside * self.middle
        return {f"{name}.weights": weights.numpy(), f"{name}.beside_and_bias": np.array([beside, bias])}


class Adapted:
    """Blocks with additions, and what their states are weighed by."""

    def __init__(self, blocks: Blocks, readings: Sequence[Reading]) -> None:
        torch.manual_seed(SEED)
        self._blocks = blocks
        self._readings = [reading for reading in readings if reading.answers is not None]
        some = random.Random(SEED).sample(self._readings, min(FITTED, len(self._readings)))
        with torch.inference_mode():
            read = (blocks.go_on(one.states)[[*one.places, -1]] for one in some)
            found = [(one, states.float().numpy()) for one, states in zip(some, read, strict=True)]
        sure = np.array([one.certainty for one, _ in found])
        right = np.array([one.answers for one, _ in found])
        self._answer = Weighed(np.stack([states[-1] for _, states in found]).astype(np.float64), sure, right)
        holds = np.array([hold for one, _ in found for hold in one.holds])
        scores = np.array([score for one, _ in found for score in one.scores])
        ends = np.concatenate([states[:-1] for _, states in found]).astype(np.float64)
        known = ~np.isnan(holds)
        self._line = Weighed(ends[known], scores[known], holds[known])
        self._balance = _balance(right), _balance(holds[known])
        self._added = {
            f"layers.{number}.self_attn.{name}": Added(blocks.model.layers[number].self_attn.get_submodule(name))
            for number in range(FIRST, LAYERS)
            for name in MODULES
        }
        for path, module in self._added.items():
            blocks.model.set_submodule(path, module)

    def begin_from(self, probe: Mapping[str, Array]) -> None:
        """Takes what an earlier fit came to (kept())."""
        self._answer.begin_from(probe, "answer")
        self._line.begin_from(probe, "line")
        for path, module in self._added.items():
            module.down.data = _tensor(probe[f"{path}.down"])
            module.up.data = _tensor(probe[f"{path}.up"]) / SCALE

    def weigh(self, reading: Reading) -> tuple[torch.Tensor, torch.Tensor]:
        """Log odds that the lines hold the answer, and that each line does."""
        states = self._blocks.go_on(reading.states)
        answer = self._answer(states[-1], torch.tensor(reading.certainty))
        return answer, self._line(states[list(reading.places)], torch.tensor(reading.scores))

    def steps(self, epochs: int = EPOCHS) -> Iterator[tuple[int, int, float]]:
        """Fits everything, step by step: how many are done, of how many, and the loss of the last."""
        added = [half for module in self._added.values() for half in (module.down, module.up)]
        readouts = [*self._answer.parameters(), *self._line.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": added, "weight_decay": 0.01},
            {"params": readouts, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))
        order, total = _order(self._readings), epochs * len(self._readings) // BATCH
        for step in range(total):
            share = min(1.0, (step + 1) / WARMING) * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * step / total)) / 2)
            for group, rate in zip(optimizer.param_groups, (RATE, READOUT_RATE), strict=True):
                group["lr"] = rate * share
            loss = sum(self._learn(next(order)) for _ in range(BATCH)) / BATCH
            torch.nn.utils.clip_grad_norm_([*added, *readouts], 1.0)
            optimizer.step()
            optimizer.zero_grad()
            yield step + 1, total, loss

    def settle(self, readings: Sequence[Reading]) -> None:
        """Weighs the certainty anew beside what the states tell, on readings to which nothing was fitted.

        States tell those that were fitted to better than others, so that the certainty counts too little beside them.
        """
        known = [one for one in readings if one.answers is not None]
        with torch.inference_mode():
            odds = np.array([float(self.weigh(one)[0]) for one in known])
        sure = np.array([one.certainty for one in known])
        self._answer.settle(odds, sure, np.array([one.answers for one in known]))

    def _learn(self, reading: Reading) -> float:
        answer, of_lines = self.weigh(reading)
        right, holds = torch.tensor(reading.answers), torch.tensor(reading.holds)
        known = ~holds.isnan()
        of_answer, of_line = self._balance
        loss = of_answer[int(right)] * binary_cross_entropy_with_logits(answer, right)
        weights = torch.tensor(of_line)[holds[known].int()]
        each = binary_cross_entropy_with_logits(of_lines[known], holds[known], weights, reduction="sum")
        loss = loss + each / len(holds)
        (loss / BATCH).backward()
        return float(loss)

    def kept(self) -> dict[str, Array]:
        """The file of a probe (rag.answerability)."""
        found: dict[str, Any] = {"layers": np.array(LAYERS), **self._answer.kept("answer"), **self._line.kept("line")}
        for path, module in self._added.items():
            found[f"{path}.down"] = module.down.detach().half().numpy()
            found[f"{path}.up"] = (SCALE * module.up.detach()).half().numpy()
        return found


def _fitted(rows: Array, right: Array) -> Array:
    """Logistic regression; the last two weights are not held small, and both answers weigh the same."""
    penalty = np.r_[np.full(rows.shape[1] - 2, PENALTY / len(rows)), 0.0, 0.0]
    balance = np.array(_balance(right))[right.astype(int)]

    def loss(weights: Array) -> tuple[float, Array]:
        logits = rows @ weights
        slope = balance * (1 / (1 + np.exp(-logits)) - right)
        value = (balance * (np.logaddexp(0, logits) - right * logits)).mean() + penalty @ weights**2 / 2
        return float(value), rows.T @ slope / len(right) + penalty * weights

    start = np.zeros(rows.shape[1])
    weights: Array = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return weights


def _balance(right: Array) -> tuple[float, float]:
    """What each no and each yes counts, so that all of both count the same."""
    share = float(right.mean())
    return 0.5 / (1 - share), 0.5 / share


def _order(readings: Sequence[Reading]) -> Iterator[Reading]:
    """All of them in a random order, again and again."""
    order, chance = list(readings), random.Random(SEED)
    while True:
        chance.shuffle(order)
        yield from order


def _tensor(values: Array) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)
