"""The local generator: any causal chat model of a folder, run by transformers. The only file that generates."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    StoppingCriteria,
    StoppingCriteriaList,
    TextIteratorStreamer,
)
from transformers.utils import logging

from rag.devices import choose_device, choose_dtype
from rag.errors import FootnoteError, ModelUnavailable
from rag.generators import Message, StopReason

# Answers copy from the passages, so the next tokens are looked up in the prompt and checked in one pass
# (prompt lookup decoding, https://github.com/apoorvumang/prompt-lookup-decoding). The text stays the same.
_LOOKUP_TOKENS = 8
_LOOKUP_NGRAM = 3
_WAIT = 0.5  # seconds between two looks at whether the thread is alive

logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # its bar of weights would run over ours


class GenerationError(FootnoteError):
    """The generator broke off."""


class LocalGenerator:
    """Greedy answers of a chat model.

    Raises:
        ModelUnavailable: the folder holds no chat model.
    """

    def __init__(self, folder: Path, *, name: str, device: str = "auto", dtype: str = "auto") -> None:
        self.name = name
        where = choose_device(device)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=choose_dtype(dtype, where),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
        except (OSError, ValueError, KeyError, ImportError) as exc:
            raise ModelUnavailable(
                f"{folder} could not be loaded as a chat model: {exc}. "
                "Run `python -m rag models verify`, or name another generator."
            ) from exc
        if not self._tokenizer.chat_template:
            raise ModelUnavailable(f"{folder} has no chat template. Name a chat (instruct) model as generator.")
        self._model: Any = model.to(where).eval()
        self.context_tokens = int(self._model.config.get_text_config().max_position_embeddings)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return int(self._prompt(messages)["input_ids"].shape[1])

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> "LocalStream":
        return LocalStream(self._model, self._tokenizer, self._prompt(messages), max_new_tokens, stop)

    def _prompt(self, messages: Sequence[Message]) -> Any:
        return self._tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            add_generation_prompt=messages[-1].role != "assistant",
            continue_final_message=messages[-1].role == "assistant",
            return_dict=True,
            return_tensors="pt",
        )


class LocalStream:
    """Pieces of text from one call of `generate`, which runs in a thread of its own."""

    def __init__(self, model: Any, tokenizer: Any, prompt: Any, max_new_tokens: int, stop: threading.Event) -> None:
        self.stop_reason = StopReason.END
        self._model = model
        self._tokenizer = tokenizer
        self._prompt = prompt.to(model.device)
        self._max_new_tokens = max_new_tokens
        self._stop = stop
        self._abandoned = threading.Event()
        self._failure: RuntimeError | None = None
        self._streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, timeout=_WAIT, skip_special_tokens=True)

    def __iter__(self) -> Iterator[str]:
        thread = threading.Thread(target=self._generate, name="generator", daemon=True)
        thread.start()
        try:
            yield from self._pieces(thread)
        finally:
            self._leave(thread)
        if self._failure is not None:
            raise GenerationError(
                f"The generator broke off: {self._failure}. If memory ran out, close other programs or name a smaller "
                "generator (`python -m rag models list`)."
            ) from self._failure

    def _pieces(self, thread: threading.Thread) -> Iterator[str]:
        pieces = iter(self._streamer)
        while True:
            try:
                piece = next(pieces)
            except StopIteration:
                return
            except Empty:
                if thread.is_alive():
                    continue
                return
            if piece:
                yield piece

    def _leave(self, thread: threading.Thread) -> None:
        """A reader that goes away early takes the thread with it."""
        self._abandoned.set()
        thread.join()

    @torch.inference_mode()
    def _generate(self) -> None:
        length = self._prompt["input_ids"].shape[1]
        try:
            tokens = self._model.generate(
                **self._prompt,
                max_new_tokens=self._max_new_tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                prompt_lookup_num_tokens=_LOOKUP_TOKENS,
                max_matching_ngram_size=_LOOKUP_NGRAM,
                stopping_criteria=StoppingCriteriaList([_Stopped(self._stop, self._abandoned)]),
                streamer=self._streamer,
                pad_token_id=self._tokenizer.pad_token_id,
            )[0, length:]
            self.stop_reason = self._reason(tokens)
        except RuntimeError as exc:  # torch's out of memory and kernel failures
            self._failure = exc
            self._streamer.end()  # type: ignore[no-untyped-call]

    def _reason(self, tokens: torch.Tensor) -> StopReason:
        ends = self._model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        if len(tokens) and int(tokens[-1]) in ends:
            return StopReason.END
        return StopReason.STOPPED if self._stop.is_set() else StopReason.LENGTH


class _Stopped(StoppingCriteria):
    """True once one of the events is set; asked after every step."""

    def __init__(self, *events: threading.Event) -> None:
        self._events = events

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object) -> Any:
        stopped = any(event.is_set() for event in self._events)
        return torch.full((input_ids.shape[0],), stopped, dtype=torch.bool, device=input_ids.device)
