"""How fast files are read and passages are embedded, for an estimate."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Bytes and seconds of the files read so far, the passages that came of them, and those that were embedded."""

    def __init__(self) -> None:
        self._bytes = 0
        self._seconds = 0.0
        self._found = 0  # passages of those files that were left to be embedded
        self._embedded = 0
        self._embedding_seconds = 0.0

    @property
    def is_known(self) -> bool:
        """Whether passages were embedded, so that the rest can be told."""
        return self._embedded > 0

    def begin(self) -> None:
        """Other files are of another kind; passages are embedded as fast as before."""
        self._bytes, self._seconds, self._found = 0, 0.0, 0

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Times the reading of one file of `size` bytes."""
        started = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - started
        self._bytes += size

    def found(self, passages: int) -> None:
        """Notes that files read so far left passages to be embedded."""
        self._found += passages

    def embedded(self, passages: int, seconds: float) -> None:
        """Notes that passages were embedded and stored."""
        self._embedded += passages
        self._embedding_seconds += seconds

    def seconds_for(self, size: float, passages: int) -> float | None:
        """Seconds to read `size` bytes and to embed what comes of them and `passages` more; None while it is unknown.

        Of files that were embedded as they were read (changed ones) the reading holds it all.
        """
        if size and not self._bytes:
            return None
        to_come = passages + (size * self._found / self._bytes if size else 0.0)
        if to_come and not self.is_known:
            return None
        reading = size * self._seconds / self._bytes if size else 0.0
        return reading + (to_come * self._embedding_seconds / self._embedded if to_come else 0.0)
