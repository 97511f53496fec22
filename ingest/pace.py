"""How fast bytes become searchable, for an estimate."""

import contextlib
import time
from collections.abc import Iterator


class Pace:
    """Bytes and seconds of the files done so far."""

    def __init__(self) -> None:
        self._bytes = 0
        self._seconds = 0.0

    @contextlib.contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Times the work on one file of `size` bytes."""
        started = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - started
        self._bytes += size

    def seconds_for(self, size: float) -> float | None:
        """Seconds that `size` bytes will take at this pace, None while there is none."""
        return size * self._seconds / self._bytes if self._bytes else None
