"""Prompts that were read, as keys and values: one that begins like another is read from where it differs.

Prompts begin alike that ask about the same passage, as the next question of a conversation often does, or one about
the same page some questions later. What follows the passage is dropped, and nothing is approximated.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_KEPT_BYTES = 256 * 2**20  # about ten prompts of 480 tokens in float32, twenty in bfloat16
_SHARED_TOKENS = 32  # below this two prompts share nothing but the frame of the chat template


@dataclass(eq=False)
class Beginning:
    """Tokens that were read, and their keys and values (transformers' DynamicCache)."""

    tokens: list[int]
    cache: Any

    def first(self, count: int, cache: Any) -> "Beginning":
        """A copy of the first `count` tokens, their keys and values in `cache`, which holds none."""
        for place, layer in enumerate(self.cache.layers):
            if layer.is_initialized:
                cache.update(layer.keys[..., :count, :], layer.values[..., :count, :], place)
        return Beginning(self.tokens[:count], cache)

    def keep(self, count: int) -> None:
        """Drops all but the first `count` tokens."""
        if count < len(self.tokens):
            self.cache.crop(count - len(self.tokens))
            del self.tokens[count:]

    @property
    def size(self) -> int:
        """Bytes of keys and values."""
        parts = (part for layer in self.cache.layers if layer.is_initialized for part in (layer.keys, layer.values))
        return sum(int(part.nbytes) for part in parts)


class Beginnings:
    """Those of the prompts that were read last, as many as fit some memory. One prompt at a time."""

    def __init__(self, nothing: Callable[[], Any], *, kept_bytes: int = _KEPT_BYTES) -> None:
        """`nothing` makes keys and values of no tokens."""
        self._nothing = nothing
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._kept: list[Beginning] = []  # the one in use comes last

    def take(self, tokens: Sequence[int], *, most: int) -> Beginning:
        """What is known of the beginning of a prompt, at most so many of its tokens.

        The prompt that it comes from goes on with this one if they share the most of it; else it is kept, too.
        """
        with self._lock:
            best = max(self._kept, key=lambda kept: alike(kept.tokens, tokens), default=None)
            shared = 0 if best is None else min(alike(best.tokens, tokens), most)
            if best is None or shared < _SHARED_TOKENS:
                best, shared = Beginning([], self._nothing()), 0
            elif 2 * shared < len(best.tokens):
                best = best.first(shared, self._nothing())
            else:
                self._kept.remove(best)
                best.keep(shared)
            self._kept = [*self._fitting(), best]
            return best

    def clear(self) -> None:
        """Forgets all; from any thread."""
        with self._lock:
            self._kept = []

    def _fitting(self) -> list[Beginning]:
        left, found = self._kept_bytes, []
        for kept in reversed(self._kept):
            left -= kept.size
            if left < 0:
                break
            found.append(kept)
        return found[::-1]


def alike(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens both begin with."""
    differing = (place for place, (one, other) in enumerate(zip(first, second, strict=False)) if one != other)
    return next(differing, min(len(first), len(second)))
