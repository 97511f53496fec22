"""A collection that is embedded anew while the page goes on. In a thread that never calls Streamlit."""

import logging
import threading
import time
from typing import TYPE_CHECKING

from rag import reembedding
from rag.catalog import Reembedding
from rag.errors import FootnoteError
from rag.queue import Cancelled
from rag.wording import counted
from ui.measuring import JobState

if TYPE_CHECKING:
    from ui.session import Engine

_log = logging.getLogger(__name__)
_AGAIN = 1.0  # seconds between two looks at whether nothing is asked or added


class ReembeddingJob:
    """One collection on its way to another model; it ends when the collection is asked by it, or it is halted."""

    def __init__(self, engine: "Engine", task: Reembedding) -> None:
        self.task = task
        self.state = JobState("Waiting for the models…")
        self.failure = ""
        self.ended = threading.Event()
        self._engine = engine
        self._stop = threading.Event()
        self._started: tuple[float, int] | None = None  # when, and how many were done before
        self._thread = threading.Thread(target=self._run, name="reembedding", daemon=True)
        self._thread.start()

    def halt(self) -> None:
        """Ends after the passages in work; what is embedded stays."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._embed()
        except Cancelled:
            pass
        except FootnoteError as exc:
            self.failure = str(exc)
        except Exception as exc:  # a defect: it must not vanish with its thread
            _log.exception("the embedding broke off")
            self.failure = f"The embedding broke off: {type(exc).__name__}: {exc}. The log of the program tells more."
        finally:
            self.ended.set()

    def _embed(self) -> None:
        while not self._engine.answering.wait(timeout=0.2):
            self._look()
        self.state = JobState(f"Loading {self.task.embedding_model}…")
        embedder = self._engine.embedder_of(self.task.embedding_model)
        while True:
            self._look()
            library = self._engine.library
            self.task = reembedding.embed(library, self.task, embedder, on_progress=self._tell, stop=self._stop)
            self.state = JobState("Done once nothing is asked and no file is being added…", 1, 1)
            if self._engine.take_vectors(self.task, embedder):
                return
            self._stop.wait(_AGAIN)

    def _look(self) -> None:
        if self._stop.is_set():
            raise Cancelled

    def _tell(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if self._started is None:
            self._started = (now, done)
        began, before = self._started
        left = (now - began) / (done - before) * (total - done) if done > before else None
        self.state = JobState(f"{done:,} of {counted(total, 'passage')}", done, total, left)
