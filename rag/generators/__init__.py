"""Generators write text from messages; one file per engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Literal, Protocol, runtime_checkable

from rag.embedders import Vectors

Additions = Mapping[str, tuple[Vectors, Vectors]]  # by the name of a module: two narrow matrices, their product added


@dataclass(frozen=True)
class Message:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class StopReason(str, Enum):
    """Why a stream of text came to its end."""

    END = "end"  # the model was done
    LENGTH = "length"  # max_new_tokens reached
    STOPPED = "stopped"  # the stop event was set


class TextStream(Protocol):
    """Iterates pieces of text as they are written; afterwards `stop_reason` says why it ended."""

    stop_reason: StopReason

    def __iter__(self) -> Iterator[str]: ...


class Generator(Protocol):
    """Continues a chat. One caller at a time: the assistant queues them.

    A prompt that ends with a message of the assistant is continued inside that message.
    """

    name: str
    context_tokens: int  # prompt and answer together

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the whole prompt, chat template included; thread-safe."""
        ...

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: Event) -> TextStream:
        """Greedy continuation of `messages`; setting `stop` ends it after the token in work."""
        ...

    def forget(self) -> None:
        """Lets go of the prompts that are kept to be read faster again; thread-safe."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """A generator that can tell how likely it is to say something. One caller at a time, as for its streams."""

    def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        """The natural logarithm of the probability of each answer, none empty, and that nothing follows it."""
        ...
