"""What was read is found again by how it begins, with a tiny real model; it answers as transformers' own loop does."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    Lfm2Config,
    MistralConfig,
    PreTrainedConfig,
    Qwen2Config,
)
from transformers.models.qwen3_5 import Qwen3_5TextConfig

from rag.embedders import Vectors
from rag.errors import GenerationError
from rag.generators import Additions
from rag.generators.beginnings import Beginning
from rag.generators.local import LocalStream, _Reader

WORDS = 200
TINY: dict[str, Any] = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}
RUNNING: dict[str, Any] = {
    "head_dim": 16,
    "linear_num_value_heads": 2,
    "linear_num_key_heads": 1,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
WINDOWED = {"head_dim": 16, "sliding_window": 16}
FRAME = list(range(40))  # the same for all prompts
FIRST, SECOND = (FRAME + [place] * 60 for place in (150, 160))  # two passages


def reader_of(config: PreTrainedConfig) -> _Reader:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    model.generation_config.eos_token_id = WORDS - 1
    return _Reader(model)


class Counting(_Reader):
    """Notes how many tokens each pass reads."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(AutoModelForCausalLM.from_config(Qwen2Config(**TINY)).eval())
        self.passes: list[int] = []

    def _forward(self, beginning: Beginning, tokens: Sequence[int], *, keep: int) -> torch.Tensor:
        self.passes.append(len(tokens))
        return super()._forward(beginning, tokens, keep=keep)


def read(reader: Counting, tokens: Sequence[int]) -> int:
    """How many tokens were read of a prompt."""
    reader.passes.clear()
    reader.read(tokens, threading.Event())
    return sum(reader.passes)


def test_a_passage_that_was_read_before_others_is_not_read_again() -> None:
    reader = Counting()
    assert read(reader, [*FIRST, 1, 2, 3]) == len(FIRST) + 3
    assert read(reader, [*SECOND, 1, 2, 3]) == len(SECOND) + 3 - len(FRAME)
    assert read(reader, [*FIRST, 4, 5]) == 2
    assert read(reader, [*SECOND, 4, 5]) == 2
    assert read(reader, [*SECOND, 4, 5]) == 1  # there is always something to read
    assert read(reader, [7, 8, 9]) == 3


def test_what_was_read_again_tells_the_same_as_when_it_is_read_whole() -> None:
    reader = Counting()
    for tokens in ([*FIRST, 1, 2, 3], [*SECOND, 1], [*FIRST, 4, 5]):
        _, again = reader.read(tokens, threading.Event())
        torch.testing.assert_close(again, Counting().read(tokens, threading.Event())[1])


def test_so_much_is_kept_as_fits_the_memory_that_was_read_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Counting()
    first, _ = reader.read(FIRST, threading.Event())
    monkeypatch.setattr(reader._beginnings, "_kept_bytes", first.size)  # one beside the one in use
    read(reader, SECOND)
    third = [*FRAME, *[170] * 60]
    read(reader, third)
    assert read(reader, [*SECOND, 1]) == 1
    assert read(reader, [*third, 1]) == 1
    assert read(reader, [*FIRST, 1]) == len(FIRST) + 1 - len(FRAME)


def test_a_pass_that_fails_forgets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Counting()
    read(reader, FIRST)

    def fail(**_: Any) -> None:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patched, pytest.raises(GenerationError):
        patched.setattr(reader._model, "forward", fail)
        reader.read(SECOND, threading.Event())
    assert read(reader, FIRST) == len(FIRST)


def test_a_stream_goes_on_when_all_is_forgotten() -> None:
    reader = Counting()
    whole = "".join(LocalStream(reader, Numbers(), FIRST, 20, threading.Event(), 1))
    pieces = iter(LocalStream(reader, Numbers(), FIRST, 20, threading.Event(), 1))
    begun = next(pieces)
    reader.forget()
    assert begun + "".join(pieces) == whole
    assert read(reader, FIRST) == len(FIRST)


def states(reader: Counting, tokens: Sequence[int], places: Sequence[int], additions: Additions) -> Vectors:
    return reader.states(tokens, places, 2, additions)


def test_a_prompt_that_is_judged_is_read_from_where_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, additions, passes = Counting(), dict[str, tuple[Vectors, Vectors]](), list[int]()
    monkeypatch.setattr(reader, "_row", lambda tokens: (passes.append(len(tokens)), _Reader._row(reader, tokens))[1])
    for tokens, places in (([*FIRST, 1, 2], [90, 101]), ([*SECOND, 1], [50, 100]), ([*SECOND, 1], [50, 100])):
        again = states(reader, tokens, places, additions)
        np.testing.assert_allclose(again, states(Counting(), tokens, places, {}), atol=1e-5)
    assert passes == [102, 101 - len(FRAME), 101 - 50]  # what is asked for is read
    reader.forget()
    states(reader, [*SECOND, 1], [100], additions)
    states(reader, [*SECOND, 1], [100], {"layers.0.self_attn.q_proj": narrow()})
    assert passes[3:] == [101, 101], "other additions make other keys and values"
    assert read(reader, FIRST) == len(FIRST), "prompts that are answered are read without additions"


def narrow() -> tuple[Vectors, Vectors]:
    return np.full((1, 32), 0.1, dtype=np.float32), np.full((32, 1), 0.1, dtype=np.float32)


def test_what_was_judged_to_another_depth_is_read_anew() -> None:
    reader, additions = Counting(), dict[str, tuple[Vectors, Vectors]]()
    reader.states([*FIRST, 1], [100], 1, additions)
    np.testing.assert_allclose(
        states(reader, [*FIRST, 1], [100], additions), states(Counting(), [*FIRST, 1], [100], {}), atol=1e-5
    )


def test_a_model_that_cannot_go_back_is_judged_from_the_beginning() -> None:
    reader = reader_of(Qwen3_5TextConfig(**TINY, **RUNNING, layer_types=["linear_attention", "full_attention"]))
    additions = dict[str, tuple[Vectors, Vectors]]()
    first, again = (reader.states([*FIRST, 1], [100], 2, additions) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_what_was_judged_is_forgotten_where_a_pass_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no memory")

    reader, additions = Counting(), dict[str, tuple[Vectors, Vectors]]()
    found = states(reader, FIRST, [99], additions)
    with monkeypatch.context() as patched, pytest.raises(GenerationError):
        patched.setattr(reader._model.model.layers[1], "forward", fail)  # the first block has its keys by then
        states(reader, [*FIRST, 1], [100], additions)
    np.testing.assert_allclose(states(reader, FIRST, [99], additions), found, atol=1e-5)


class Numbers:
    """Tokens as text."""

    def decode(self, tokens: Sequence[int], **_: Any) -> str:
        return "".join(f"{token} " for token in tokens)


@pytest.mark.parametrize(
    "config",
    [
        Qwen2Config(**TINY),
        MistralConfig(**TINY, **WINDOWED),
        Gemma3TextConfig(**TINY, **WINDOWED, layer_types=["sliding_attention", "full_attention"]),
        Qwen3_5TextConfig(**TINY, **RUNNING, layer_types=["linear_attention", "full_attention"]),
        Lfm2Config(**TINY, layer_types=["conv", "full_attention"]),
    ],
    ids=lambda config: config.model_type,
)
def test_models_with_windows_and_running_states_answer_prompts_that_begin_alike(config: PreTrainedConfig) -> None:
    reader = reader_of(config)
    base = torch.randint(9, WORDS - 1, (60,)).tolist()  # generate() leaves out what pads
    for prompt in (base, [*base[:50], 5, 6, 7, 8], [*base[:40], 1, 2, 3], base):
        stream = LocalStream(reader, Numbers(), prompt, 20, threading.Event(), 1)
        wanted = reader._model.generate(torch.tensor([prompt]), max_new_tokens=20, do_sample=False)[0][len(prompt) :]
        assert "".join(stream) == Numbers().decode(wanted.tolist())
        told = reader.likelihoods(prompt, [[1, 2, 3], [4]])
        reader.forget()
        torch.testing.assert_close(torch.tensor(told), torch.tensor(reader.likelihoods(prompt, [[1, 2, 3], [4]])))
