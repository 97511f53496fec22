"""A fair queue before the generator: one question at a time, in order of arrival, each told its position."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator


class Cancelled(Exception):
    """The one who waited gave up before its turn."""


class TurnQueue:
    """First come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Turns that are held or waited for."""
        return len(self._waiting)

    @contextlib.contextmanager
    def turn(self, stop: threading.Event, on_position: Callable[[int], None]) -> Iterator[None]:
        """Waits for the turn and holds it.

        Args:
            stop: gives up waiting when set.
            on_position: called with the number of turns before this one, each time it changes; 0 comes last.

        Raises:
            Cancelled: `stop` was set before the turn came.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
        try:
            self._wait(ticket, stop, on_position)
            yield
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object, stop: threading.Event, on_position: Callable[[int], None]) -> None:
        told = None
        with self._changed:
            while True:
                if stop.is_set():
                    raise Cancelled
                position = self._waiting.index(ticket)
                if position != told:
                    on_position(position)
                    told = position
                if position == 0:
                    return
                self._changed.wait(timeout=0.2)  # wakes by itself to see `stop`
