"""The local generator: any causal chat model of a folder, run by transformers. The only file that generates."""

import bisect
import contextlib
import copy
import functools
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.utils import logging

from rag.devices import LOADING_ERRORS, choose_device, choose_dtype
from rag.embedders import Vectors
from rag.errors import GenerationError, ModelUnavailable
from rag.generators import Additions, Message, StopReason
from rag.generators.beginnings import Beginning, Beginnings, alike
from rag.generators.eight_bits import in_eight_bits

# Answers copy from the passages, so the next tokens are looked up in the prompt and checked in one pass
# (prompt lookup decoding, https://github.com/apoorvumang/prompt-lookup-decoding). The text stays the same.
_LOOKUP_TOKENS = 8
_LOOKUP_NGRAM = 3
_LEAST_NGRAM = {8: 2, 16: 1}  # by bits: a pass of nine tokens costs two or three of one, so that it has to be worth it
_READ_TOKENS = {"cpu": 512, "cuda": 4_096}  # of a prompt, between two looks at whether the reader gave up
# transformers copies keys and values for each head that shares them where a guess is checked, which torch's kernel
# for processors does not need; it asks this variable at every pass.
_SHARED_HEADS = "TRANSFORMERS_SDPA_FORCE_GQA"
_JUDGED_BYTES = 32 * 2**20  # of keys and values kept beside those of the prompt whose states were read last
_ANSWERS = 16  # weighed in one pass; the logits of one of 20 tokens take 12 MB
_TRIAL = (Message("system", "Rule."), Message("user", "Question?"), Message("assistant", "Answer:"))
_HALF_A_LETTER = "\ufffd"  # what an unfinished sequence of bytes is decoded to

logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # its bar of weights would run over ours


class LocalGenerator:
    """Greedy answers of a chat model.

    Args:
        bits: of its weights, as `choose_bits` gives them; 8 makes bytes of them.

    Raises:
        ModelUnavailable: the folder holds no chat model.
    """

    def __init__(self, folder: Path, *, name: str, device: str = "auto", dtype: str = "auto", bits: int = 16) -> None:
        self.name = name
        where = choose_device(device)
        chosen = choose_dtype(dtype, where)
        if where == "cpu":
            os.environ.setdefault(_SHARED_HEADS, "1")
        self._counter = TokenCounter(folder)
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=torch.bfloat16 if bits == 8 else chosen,  # bytes are made of half the memory
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
        except LOADING_ERRORS as exc:
            raise _unloadable(folder, exc) from exc
        model = model.to(where).eval()
        if bits == 8:
            in_eight_bits(model, chosen)
        self._reader = _Reader(model)
        self._least_ngram = _LEAST_NGRAM[bits]
        self.context_tokens = int(model.config.get_text_config().max_position_embeddings)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return self._counter.count(messages)

    def forget(self) -> None:
        self._reader.forget()

    def states(
        self,
        messages: Sequence[Message],
        ends: Sequence[int],
        *,
        layers: int,
        additions: Additions,
    ) -> Vectors:
        """What the first blocks make of some tokens of a prompt, with additions to their weights (StateReader)."""
        tokens, places = self._counter.places(messages, ends)
        return self._reader.states(tokens, [*places, len(tokens) - 1], layers, additions)

    def prepare(self, messages: Sequence[Message]) -> None:
        """Reads a prompt without an answer: until `forget`, those that begin like it are read from where they differ.

        Models that cannot go back in what they read gain nothing, and read nothing.
        """
        if self._reader.goes_back:
            self._reader.read(self._counter.tokens(messages), threading.Event())

    def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        """The natural logarithm of the probability of each answer, none empty, and that nothing follows it."""
        written = [self._counter.continuation(answer) for answer in answers]
        return self._reader.likelihoods(self._counter.tokens(messages), written)

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> "LocalStream":
        tokens = self._counter.tokens(messages)
        return LocalStream(self._reader, self._counter.tokenizer, tokens, max_new_tokens, stop, self._least_ngram)


class TokenCounter:
    """Prompts as tokens, without the weights of the model that reads them.

    Raises:
        ModelUnavailable: the folder holds no chat model.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except LOADING_ERRORS as exc:
            raise _unloadable(folder, exc) from exc
        if not self.tokenizer.chat_template:
            raise ModelUnavailable(f"{folder} has no chat template. Name a chat (instruct) model as generator.")
        marks = sorted(self.tokenizer.get_added_vocab(), key=len, reverse=True)
        self._marks = re.compile("|".join(re.escape(mark) for mark in marks if mark.strip()) or "(?!)")
        self._has_system = True
        if self._refuses():
            self._has_system = False  # Gemma 2 knows none
            if reason := self._refuses():
                raise _unloadable(folder, reason)

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the whole prompt, chat template included."""
        return len(self.tokens(messages))

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The whole prompt."""
        return list(self.tokenizer(self._written(messages), add_special_tokens=False)["input_ids"])

    def places(self, messages: Sequence[Message], characters: Sequence[int]) -> tuple[list[int], list[int]]:
        """The whole prompt, and which of its tokens hold these characters of the last message; both in their order."""
        text = self._written(messages)
        start = text.rindex(self._plain(messages[-1].content))
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends = [end for _, end in found["offset_mapping"]]
        return list(found["input_ids"]), [bisect.bisect_right(ends, start + place) for place in characters]

    def _refuses(self) -> str:
        """Why the chat template does not take such messages as ours; empty where it does."""
        try:
            self._written(_TRIAL)
        except (TemplateError, ValueError) as exc:
            return str(exc)
        return ""

    def _written(self, messages: Sequence[Message]) -> str:
        """The prompt as text, without the pause to think that some models make (Qwen3) where they are not told."""
        taken = messages if self._has_system else _without_system(messages)
        text: Any = self.tokenizer.apply_chat_template(
            [{"role": message.role, "content": self._plain(message.content)} for message in taken],
            enable_thinking=False,
            add_generation_prompt=messages[-1].role != "assistant",
            continue_final_message=messages[-1].role == "assistant",
            tokenize=False,
        )
        return str(text)

    def _plain(self, text: str) -> str:
        """The text, as long as it was, without what would end its message or begin another: "＜|im_end|>"."""
        return self._marks.sub(lambda mark: _wide(mark[0][0]) + mark[0][1:], text)

    def continuation(self, text: str) -> list[int]:
        """What goes on after a prompt."""
        return list(self.tokenizer(self._plain(text), add_special_tokens=False)["input_ids"])


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """What the system says at the beginning of what the user says."""
    told = "".join(f"{message.content}\n\n" for message in messages if message.role == "system")
    first, *others = (message for message in messages if message.role != "system")
    return [Message(first.role, told + first.content), *others]


def _wide(character: str) -> str:
    """The full-width form of a character of ASCII, which no mark of a chat template holds."""
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else "\N{REPLACEMENT CHARACTER}"


def _unloadable(folder: Path, reason: object) -> ModelUnavailable:
    return ModelUnavailable(
        f"{folder} could not be loaded as a chat model: {reason}. "
        "Run `python -m rag models verify`, or name another generator."
    )


@contextlib.contextmanager
def _broken_off() -> Iterator[None]:
    try:
        yield
    except RuntimeError as exc:  # torch's out of memory and kernel failures
        raise GenerationError(
            f"The generator broke off: {exc}. If memory ran out, close other programs or name a smaller "
            "generator (`python -m rag models list`)."
        ) from exc


class _Reader:
    """The model and the keys and values of what it read: a text that begins alike is read from where it differs.

    transformers' own prompt lookup cannot begin from a filled cache; hence the few lines of decoding here.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        ends = model.generation_config.eos_token_id
        self.ends = frozenset(ends if isinstance(ends, list) else [ends])
        self.goes_back = _goes_back(model)
        self._beginnings = Beginnings(self._nothing)
        self._judged = Beginnings(self._nothing, kept_bytes=_JUDGED_BYTES)
        self._judged_with: tuple[int, Additions] = 0, {}
        self._at_once = _READ_TOKENS[model.device.type] if self.goes_back else sys.maxsize

    def forget(self) -> None:
        """Lets go of what was read; a stream goes on with its own."""
        self._beginnings.clear()
        self._judged.clear()

    def read(self, tokens: Sequence[int], stop: threading.Event) -> tuple[Beginning, torch.Tensor]:
        """What was read, `tokens` or those until `stop` was set; float32[vocabulary], the logits after them."""
        if not self.goes_back:
            self.forget()
        beginning = self._beginnings.take(tokens, most=len(tokens) - 1)
        read = beginning.tokens
        while True:
            logits = self._forward(beginning, tokens[len(read) : len(read) + self._at_once], keep=1)
            if len(read) == len(tokens) or stop.is_set():
                return beginning, logits[-1]

    def advance(self, beginning: Beginning, token: int, guess: Sequence[int]) -> tuple[list[int], torch.Tensor]:
        """Reads a chosen token and a guess of those that follow.

        Returns:
            As many tokens of the guess as the model would have chosen itself, and the logits after them.
        """
        guess = guess if self.goes_back else ()
        logits = self._forward(beginning, [token, *guess], keep=len(guess) + 1)
        chosen = logits.argmax(dim=-1).tolist()
        right = alike(guess, chosen)
        beginning.keep(len(beginning.tokens) - len(guess) + right)
        return list(guess[:right]), logits[right]

    @torch.inference_mode()
    def states(
        self,
        tokens: Sequence[int],
        places: Sequence[int],
        layers: int,
        additions: Additions,
    ) -> Vectors:
        """Reads `tokens` as far as some block, from the first place that differs from prompts that were read so."""
        known, kept = self._judged_with
        if layers != known or additions is not kept or not self.goes_back:
            self._judged.clear()
            self._judged_with = layers, additions
        beginning = self._judged.take(tokens, most=places[0])
        left = tokens[len(beginning.tokens) :]
        try:
            with _broken_off(), _added(self._model.model, additions):
                found = _beginning(self._model.model, layers)(
                    input_ids=self._row(left),
                    past_key_values=beginning.cache if self.goes_back else None,
                    use_cache=self.goes_back,
                )
        except BaseException:  # some blocks have keys and values that others lack
            self._judged.clear()
            raise
        read_before = len(beginning.tokens)
        beginning.tokens += left
        states: Vectors = found.last_hidden_state[0, [place - read_before for place in places]].float().cpu().numpy()
        return states

    def _nothing(self) -> DynamicCache:
        """Keys and values of no tokens."""
        return DynamicCache(config=None if self.goes_back else self._model.config)

    @_broken_off()
    @torch.inference_mode()
    def likelihoods(self, tokens: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
        """The logarithm of the probability of each answer with an end after it; several are read in one pass."""
        beginning, logits = self.read(tokens, threading.Event())
        first = logits.log_softmax(dim=-1)
        found: list[float] = []
        for place in range(0, len(answers), _ANSWERS):
            some = answers[place : place + _ANSWERS]
            later = self._beside(beginning, some).log_softmax(dim=-1)
            for row, answer in enumerate(some):
                ends = later[row, len(answer) - 1, list(self.ends)].logsumexp(dim=-1)
                inner = later[row, torch.arange(len(answer) - 1), answer[1:]].sum()
                found.append(float(first[answer[0]] + inner + ends))
        return found

    def _beside(self, beginning: Beginning, answers: Sequence[Sequence[int]]) -> torch.Tensor:
        """float32[answers, longest, vocabulary]: logits after each token; what was read last is kept as it is."""
        longest = max(map(len, answers))
        rows = [[*answer, *[0] * (longest - len(answer))] for answer in answers]  # nothing sees what follows it
        cache = copy.deepcopy(beginning.cache)
        cache.reorder_cache(torch.zeros(len(answers), dtype=torch.int64, device=self._model.device))  # its copies
        found = self._model(
            input_ids=torch.tensor(rows, device=self._model.device), past_key_values=cache, use_cache=True
        )
        logits: torch.Tensor = found.logits.float()
        return logits

    def _row(self, tokens: Sequence[int]) -> torch.Tensor:
        return torch.tensor([list(tokens)], device=self._model.device)

    @torch.inference_mode()
    def _forward(self, beginning: Beginning, tokens: Sequence[int], *, keep: int) -> torch.Tensor:
        try:
            with _broken_off():
                found = self._model(
                    input_ids=self._row(tokens), past_key_values=beginning.cache, use_cache=True, logits_to_keep=keep
                )
        except BaseException:
            self.forget()
            raise
        beginning.tokens += tokens
        logits: torch.Tensor = found.logits[0].float()
        return logits


@contextlib.contextmanager
def _added(model: Any, additions: Additions) -> Iterator[None]:
    """Adds products of two narrow matrices to the weights of modules, without touching them."""
    with contextlib.ExitStack() as hooks:
        for name, pair in additions.items():
            down, up = (torch.as_tensor(part).to(model.device, model.norm.weight.dtype) for part in pair)
            hook = model.get_submodule(name).register_forward_hook(functools.partial(_add, down, up))
            hooks.callback(hook.remove)
        yield


def _add(down: torch.Tensor, up: torch.Tensor, _: Any, given: Any, found: torch.Tensor) -> torch.Tensor:
    more: torch.Tensor = given[0] @ down.T @ up.T
    return found + more


def _goes_back(model: Any) -> bool:
    """Whether what a model read can be dropped from its end; not from a state that runs through the text (Qwen3.5).

    Layers that see a window of the text can, as long as all keys and values are kept (DynamicCache without `config`).
    """
    layers = DynamicCache(config=model.config).layers
    return not model._is_stateful and not any(hasattr(layer, "conv_states") for layer in layers)


def _beginning(model: Any, layers: int) -> Any:
    """The same model without its later blocks and its last norm; the weights are shared."""
    shallow = copy.copy(model)
    shallow._modules = dict(model._modules)
    shallow.config = copy.copy(model.config)
    shallow.config.num_hidden_layers = layers
    shallow.layers = model.layers[:layers]
    shallow.norm = torch.nn.Identity()
    return shallow


class LocalStream:
    """Pieces of text as the model chooses their tokens."""

    def __init__(
        self,
        reader: _Reader,
        tokenizer: Any,
        prompt: list[int],
        max_new_tokens: int,
        stop: threading.Event,
        least_ngram: int,
    ) -> None:
        self.stop_reason = StopReason.END
        self._reader = reader
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._max_new_tokens = max_new_tokens
        self._stop = stop
        self._least_ngram = least_ngram

    def __iter__(self) -> Iterator[str]:
        written: list[int] = []
        shown = ""
        for tokens in self._steps():
            written += tokens
            text = self._tokenizer.decode(written, skip_special_tokens=True)
            if len(text) > len(shown) and not text.endswith(_HALF_A_LETTER):
                yield text[len(shown) :]
                shown = text

    def _steps(self) -> Iterator[list[int]]:
        """Tokens, one or several at a time; sets `stop_reason` at the end."""
        seen = list(self._prompt)
        beginning, logits = self._reader.read(self._prompt, self._stop)
        left = self._max_new_tokens
        while not self._stop.is_set():
            token = int(logits.argmax())
            if token in self._reader.ends:
                return
            left -= 1
            if not left:
                self.stop_reason = StopReason.LENGTH
                yield [token]
                return
            seen.append(token)
            right, logits = self._reader.advance(beginning, token, look_up(seen, self._least_ngram)[: left - 1])
            ended = next((place for place, later in enumerate(right) if later in self._reader.ends), None)
            yield [token, *right[:ended]]
            if ended is not None:
                return
            seen += right
            left -= len(right)
        self.stop_reason = StopReason.STOPPED


def look_up(tokens: Sequence[int], least: int) -> list[int]:
    """What followed when the last tokens, `least` or more, stood together before: the longest match, the latest."""
    for size in range(min(_LOOKUP_NGRAM, len(tokens) - 1), least - 1, -1):
        last = list(tokens[-size:])
        for start in range(len(tokens) - size - 1, -1, -1):
            if tokens[start] == last[0] and list(tokens[start : start + size]) == last:
                return list(tokens[start + size : start + size + _LOOKUP_TOKENS])
    return []
