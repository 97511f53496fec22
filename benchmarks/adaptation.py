"""Small additions to the weights of a generator (LoRA, Hu et al. 2021, https://arxiv.org/abs/2106.09685) that make its
inner states tell which lines answer a question; used by benchmarks/answerability.py.
"""

import copy
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from torch.nn import Linear, Module, Parameter
from torch.nn.functional import binary_cross_entropy_with_logits, linear
from transformers import AutoModelForCausalLM

from rag.devices import choose_device, choose_dtype

FIRST, LAYERS = 12, 20  # of 28 blocks: those before are left as they are, those after are not asked
ANSWERABLE, PASSAGES_AWAY, LINES_AWAY, UNANSWERABLE = "answerable", "passages away", "lines away", "unanswerable"
KINDS = (ANSWERABLE, PASSAGES_AWAY, LINES_AWAY, UNANSWERABLE)
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj")
RANK, SCALE = 8, 2.0
PENALTY = 5.0  # of the squared weights of a readout, before the additions are fitted
RATE, READOUT_RATE, WARMING, LEAST = 4e-4, 2e-3, 15, 0.05
BATCH, EPOCHS = 8, 2
FITTED = 400  # readings that the readouts are fitted to before the additions are
SEED = 0

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What is read for one question.

    Attributes:
        set: the questions it is of.
        number: of the question, among those of its set and half that have an answer or those that have none.
        scores: of the lines that are shown.
        holds: 1 for lines that hold the answer, 0 for others, None where that is not known.
        tokens: the prompt.
        places: tokens at which the lines end.
    """

    set: str
    id: str
    kind: str
    held_out: bool
    number: int
    certainty: float
    scores: tuple[float, ...]
    holds: tuple[float | None, ...]
    tokens: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def known(self) -> tuple[float, ...]:
        """`holds`, NaN where that is not known."""
        return tuple(math.nan if hold is None else hold for hold in self.holds)

    @property
    def answers(self) -> float | None:
        """1 if the lines hold the answer, 0 if not, None where that is not known."""
        if self.kind == ANSWERABLE:
            return 1.0 if 1.0 in self.holds else None
        return None if None in self.holds else 0.0


def read_readings(file: Path) -> list[Reading]:
    """Those of a file of JSON lines (benchmarks/readings.py)."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Reading(**{name: _frozen(value) for name, value in json.loads(line).items()}) for line in lines]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Blocks:
    """A generator of a folder, in two parts: the blocks that are left as they are, and those that are adapted."""

    def __init__(self, folder: Path) -> None:
        where = choose_device("auto")
        dtype = choose_dtype("auto", where)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        self.model: Any = model.model.to(where)
        self.model.requires_grad_(False)

    @property
    def device(self) -> torch.device:
        found: torch.device = self.model.device
        return found

    def states(self, readings: Sequence[Reading]) -> list[torch.Tensor]:
        """Of each, [lines + 1, width]: what is made of the ends of its lines, and of the end of its prompt."""
        longest = max(len(reading.tokens) for reading in readings)
        rows = [[*one.tokens, *[0] * (longest - len(one.tokens))] for one in readings]  # no token sees those after it
        with torch.no_grad():
            first = self._part(0, FIRST)(input_ids=torch.tensor(rows, device=self.device), use_cache=False)
        found = self._part(FIRST, LAYERS)(inputs_embeds=first.last_hidden_state, use_cache=False).last_hidden_state
        ends = ([*reading.places, len(reading.tokens) - 1] for reading in readings)
        return [states[places] for states, places in zip(found, ends, strict=True)]

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
        where = base.weight.device
        self.down = Parameter((torch.randn(RANK, base.in_features) / math.sqrt(base.in_features)).to(where))
        self.up = Parameter(torch.zeros(base.out_features, RANK, device=where))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        narrow = linear(given, self.down.to(given.dtype))
        found: torch.Tensor = self.base(given) + SCALE * linear(narrow, self.up.to(given.dtype))
        return found


class Weighed(Module):
    """Logistic regression on standardised states and one value beside each, fitted to states without additions."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, states: Array, values: Array, right: Array) -> None:
        super().__init__()
        self.register_buffer("mean", _tensor(states.mean(axis=0)))
        self.register_buffer("spread", _tensor((states.std(axis=0) + 1e-3) * states.shape[1] ** 0.5))
        self.middle, self.width = float(values.mean()), float(values.std())
        rows = np.c_[(states - self.mean.numpy()) / self.spread.numpy(), (values - self.middle) / self.width]
        *weights, beside, bias = logistic(np.c_[rows, np.ones(len(rows))], right)
        self.weights = Parameter(_tensor(np.array(weights)))
        self.beside, self.bias = Parameter(torch.tensor(float(beside))), Parameter(torch.tensor(float(bias)))

    def forward(self, states: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        by_state = (states.float() - self.mean) / self.spread @ self.weights
        return by_state + self.beside * (values - self.middle) / self.width + self.bias

    def begin_from(self, probe: Mapping[str, Array], name: str) -> None:
        """Takes what an earlier fit came to, for kept() the same."""
        weights = _tensor(probe[f"{name}.weights"]).to(self.mean.device)
        beside, bias = probe[f"{name}.beside_and_bias"].tolist()
        with torch.no_grad():
            self.weights.copy_(weights * self.spread)
            self.beside.fill_(beside * self.width)
            self.bias.fill_(bias + float(weights @ self.mean) + beside * self.middle)

    def settle(self, odds: Array, values: Array, right: Array) -> None:
        """Weighs its own log odds and the value beside the state anew."""
        by_odds, by_value, bias = logistic(np.c_[odds, values, np.ones(len(right))], right)
        with torch.no_grad():
            self.weights.mul_(by_odds)
            self.beside.copy_(by_odds * self.beside + by_value * self.width)
            self.bias.copy_(by_odds * self.bias + by_value * self.middle + bias)

    def kept(self, name: str) -> dict[str, Array]:
        """As rag.answerability reads them: standardisation is part of the weights."""
        weights = (self.weights.detach() / self.spread).double().cpu()
        beside = self.beside.item() / self.width
        bias = self.bias.item() - float(weights @ self.mean.double().cpu()) - beside * self.middle
        return {f"{name}.weights": weights.numpy(), f"{name}.beside_and_bias": np.array([beside, bias])}


class Adapted:
    """Blocks with additions, and what their states are weighed by."""

    def __init__(self, blocks: Blocks, readings: Sequence[Reading]) -> None:
        torch.manual_seed(SEED)
        self._blocks = blocks
        self._readings = [reading for reading in readings if reading.answers is not None]
        some = random.Random(SEED).sample(self._readings, min(FITTED, len(self._readings)))
        with torch.inference_mode():
            found = [states.double().cpu().numpy() for part in _parts(some) for states in blocks.states(part)]
        sure, right = np.array([one.certainty for one in some]), np.array([one.answers for one in some])
        holds = np.array([hold for one in some for hold in one.known], dtype=np.float64)
        scores, known = np.array([score for one in some for score in one.scores]), ~np.isnan(holds)
        ends = np.concatenate([states[:-1] for states in found])
        self._answer = Weighed(np.stack([states[-1] for states in found]), sure, right).to(blocks.device)
        self._line = Weighed(ends[known], scores[known], holds[known]).to(blocks.device)
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
            module.down.data = _tensor(probe[f"{path}.down"]).to(self._blocks.device)
            module.up.data = _tensor(probe[f"{path}.up"]).to(self._blocks.device) / SCALE

    def weigh(self, readings: Sequence[Reading]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Of each, log odds that the lines hold the answer, and that each line does."""
        for part in _parts(readings):
            for reading, states in zip(part, self._blocks.states(part), strict=True):
                answer = self._answer(states[-1], self._number(reading.certainty))
                yield answer, self._line(states[:-1], self._number(reading.scores))

    def steps(self, epochs: int = EPOCHS, rate: float = RATE) -> Iterator[tuple[int, int, float]]:
        """Fits everything, step by step: how many are done, of how many, and the loss of the last."""
        added = [half for module in self._added.values() for half in (module.down, module.up)]
        readouts = [*self._answer.parameters(), *self._line.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": added, "weight_decay": 0.01},
            {"params": readouts, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
        order, total = _order(self._readings), epochs * len(self._readings) // BATCH
        for step in range(total):
            share = min(1.0, (step + 1) / WARMING) * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * step / total)) / 2)
            for group, most in zip(optimizer.param_groups, (rate, READOUT_RATE), strict=True):
                group["lr"] = most * share
            loss = self._loss([next(order) for _ in range(BATCH)])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([*added, *readouts], 1.0)
            optimizer.step()
            optimizer.zero_grad()
            yield step + 1, total, float(loss.detach())

    def settle(self, readings: Sequence[Reading]) -> None:
        """Weighs the certainty anew beside what the states tell, on readings to which nothing was fitted.

        States tell those that were fitted to better than others, so that the certainty counts too little beside them.
        """
        known = [one for one in readings if one.answers is not None]
        with torch.inference_mode():
            odds = np.array([float(odds) for odds, _ in self.weigh(known)])
        sure = np.array([one.certainty for one in known])
        self._answer.settle(odds, sure, np.array([one.answers for one in known]))

    def _loss(self, readings: Sequence[Reading]) -> torch.Tensor:
        losses = []
        for reading, (answer, of_lines) in zip(readings, self.weigh(readings), strict=True):
            right, holds = self._number(reading.answers), self._number(reading.known)
            known = ~holds.isnan()
            of_answer, of_line = self._balance
            losses.append(of_answer[int(reading.answers or 0)] * binary_cross_entropy_with_logits(answer, right))
            weights = self._number(of_line)[holds[known].int()]
            each = binary_cross_entropy_with_logits(of_lines[known], holds[known], weights, reduction="sum")
            losses.append(each / len(holds))
        return torch.stack(losses).sum() / len(readings)

    def _number(self, value: Any) -> torch.Tensor:
        return torch.tensor(value, device=self._blocks.device, dtype=torch.float32)

    def kept(self) -> dict[str, Array]:
        """The file of a probe (rag.answerability)."""
        found: dict[str, Any] = {"layers": np.array(LAYERS), **self._answer.kept("answer"), **self._line.kept("line")}
        for path, module in self._added.items():
            found[f"{path}.down"] = module.down.detach().half().cpu().numpy()
            found[f"{path}.up"] = (SCALE * module.up.detach()).half().cpu().numpy()
        return found


def logistic(rows: Array, right: Array, *, penalty: float = PENALTY, free: int = 2) -> Array:
    """Weights of a logistic regression; the last `free` are not held small, and both answers weigh the same."""
    penalties = np.r_[np.full(rows.shape[1] - free, penalty / len(rows)), np.zeros(free)]
    balance = np.array(_balance(right))[right.astype(int)]

    def loss(weights: Array) -> tuple[float, Array]:
        logits = rows @ weights
        slope = balance * (1 / (1 + np.exp(-logits)) - right)
        value = (balance * (np.logaddexp(0, logits) - right * logits)).mean() + penalties @ weights**2 / 2
        return float(value), rows.T @ slope / len(right) + penalties * weights

    start = np.zeros(rows.shape[1])
    weights: Array = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return weights


def _balance(right: Array) -> tuple[float, float]:
    """What each no and each yes counts, so that all of both count the same."""
    share = float(right.mean())
    return 0.5 / (1 - share), 0.5 / share


def _parts(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    """As many as are read at once."""
    return (readings[start : start + BATCH] for start in range(0, len(readings), BATCH))


def _order(readings: Sequence[Reading]) -> Iterator[Reading]:
    """All of them in a random order, again and again."""
    order, chance = list(readings), random.Random(SEED)
    while True:
        chance.shuffle(order)
        yield from order


def _tensor(values: Array) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)
