"""The course of an answer: where it stands, how long its stages took, and its turn at the generator."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from rag.queue import Cancelled, TurnQueue
from rag.types import Timings


class Stage(str, Enum):
    """What an answer is waiting for."""

    SEARCHING = "searching"
    QUEUED = "queued"
    REWRITING = "rewriting"
    CALCULATING = "calculating"  # with the cells of a spreadsheet
    READING = "reading"  # the generator reads the passages
    WRITING = "writing"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """Where an answer stands. `ahead` counts the questions before it while it is searched or queued."""

    stage: Stage
    ahead: int = 0


class Course:
    """`progress` and `timings` may be read from any thread, and `stop` set."""

    def __init__(self, queue: TurnQueue, stop: threading.Event) -> None:
        self.progress = Progress(Stage.SEARCHING)
        self.timings = Timings()
        self.stop = stop
        self._queue = queue

    def reaches(self, stage: Stage) -> None:
        """Says what it waits for from now on."""
        self.progress = Progress(stage)

    def spent(self, **seconds: float) -> None:
        """Adds seconds to stages, named as in Timings."""
        spent = {stage: getattr(self.timings, stage) + count for stage, count in seconds.items()}
        self.timings = replace(self.timings, **spent)

    def check(self) -> None:
        """Does nothing while nobody stopped it.

        Raises:
            Cancelled: somebody did.
        """
        if self.stop.is_set():
            raise Cancelled

    @contextlib.contextmanager
    def searching(self) -> Iterator[None]:
        """Counts as time to find."""
        self.progress = Progress(Stage.SEARCHING, len(self._queue))
        started = time.perf_counter()
        yield
        self.spent(retrieve=time.perf_counter() - started)

    @contextlib.contextmanager
    def turn(self, stage: Stage) -> Iterator[None]:
        """Waits for the generator and holds it for a stage.

        Raises:
            Cancelled: it was stopped before its turn came.
        """
        started = time.perf_counter()
        with self._queue.turn(self.stop, self._queued):
            self.spent(wait=time.perf_counter() - started)
            self.reaches(stage)
            yield

    def _queued(self, ahead: int) -> None:
        self.progress = Progress(Stage.QUEUED, ahead)
