"""Tiny real implementations of the seams: deterministic, with readable behaviour."""

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from rag.answerability import Probe, Readout
from rag.embedders import OnBatch, Vectors
from rag.generators import Additions, Message, StopReason
from rag.types import Chunk, Hit, Span


class HashingEmbedder:
    """A bag of words: texts that share words are near each other."""

    name = "hashing"
    max_tokens = 384

    def __init__(self, dimension: int = 64) -> None:
        self.dimension = dimension
        self.encoded = 0

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\w+|[^\w\s]", text))

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        if on_batch is not None:
            on_batch(0)
        self.encoded += len(texts)
        return self._rows(texts)

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        parts = ([text[line.start : line.end] for line in own] for text, own in zip(texts, lines, strict=True))
        found = [self._rows(part) for part in parts]
        return self.encode_documents(texts, on_batch=on_batch), found

    def reads(self, text: str) -> bool:
        return True

    def _rows(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or ["?"]:
                row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_query(self, text: str) -> Vectors:
        return self.encode_documents([text])[0]


class ScriptedStream:
    def __init__(self, text: str, limit: int, stop: threading.Event) -> None:
        self.stop_reason = StopReason.END
        self._pieces = re.findall(r"\S+\s*", text)
        self._limit = limit
        self._stop = stop

    def __iter__(self) -> Iterator[str]:
        for count, piece in enumerate(self._pieces):
            if self._stop.is_set():
                self.stop_reason = StopReason.STOPPED
                return
            if count == self._limit:
                self.stop_reason = StopReason.LENGTH
                return
            yield piece


class ScriptedGenerator:
    """Replays its replies in order and keeps the prompts it was given; a token is a word."""

    name = "scripted"

    def __init__(self, *replies: str, context_tokens: int = 4_096) -> None:
        self.replies = list(replies)
        self.prompts: list[Sequence[Message]] = []
        self.context_tokens = context_tokens
        self.forgotten = 0  # times

    def forget(self) -> None:
        self.forgotten += 1

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    def states(self, messages: Sequence[Message], ends: Sequence[int], *, layers: int, additions: Additions) -> Vectors:
        """Of two numbers: whether a line, and at last any, holds half the question's words; what it was made of."""
        text = messages[-1].content
        words = set(re.findall(r"\w+", text.splitlines()[0].removeprefix("Question: ").lower()))
        lines = [text[:end].splitlines()[-1] for end in ends]
        held = [2 * len(words & set(re.findall(r"\w+", line.lower()))) >= len(words) for line in lines]
        depth = layers + sum(float((up @ down).sum()) for down, up in additions.values())
        read = [depth + place / 10 for place in (*ends, len(text))]
        return np.array(list(zip([*held, any(held)], read, strict=True)), dtype=np.float32)

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> ScriptedStream:
        self.prompts.append(messages)
        return ScriptedStream(self.replies.pop(0), max_new_tokens, stop)


def probe(answer: Readout, line: Readout = Readout(np.zeros(2, dtype=np.float32), 1 / 0.03, 0.0)) -> Probe:
    """Of a scripted generator; its lines keep their order unless `line` says otherwise."""
    return Probe(1, {}, answer, line)


class WeighingGenerator(ScriptedGenerator):
    """Finds its replies likely (`value` is the logarithm), and all else its square; keeps what it weighed."""

    def __init__(self, *replies: str, value: float = -1.0) -> None:
        super().__init__(*replies)
        self.value = value
        self.weighed: Sequence[str] = ()

    def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        self.prompts.append(messages)
        self.weighed = answers
        return [self.value if answer in self.replies else 2 * self.value for answer in answers]


def chunk(text: str, *, document: str = "d1", position: int = 0, page: int | None = 1) -> Chunk:
    return Chunk(document, f"{document}.pdf", "Title", page, "", position, position + len(text), position, text)


def hit(text: str, score: float = 0.5, **place: object) -> Hit:
    return Hit(chunk(text, **place), score)
