"""What every session shares, one engine, and the jobs that go on when a page is left.

The engine opens the library at once and loads the models behind it. Jobs run in threads that never call Streamlit;
pages look at them from fragments.
"""

import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from ingest.beside import OtherCollections
from ingest.pipeline import SAMPLES, find_files
from ingest.queue import IngestQueue
from ingest.watch import FolderWatcher
from rag.assistant import Assistant, Reply
from rag.embedders import Embedder
from rag.errors import FootnoteError, ModelMismatch
from rag.generators import Generator
from rag.library import Library
from rag.progress import OnProgress
from rag.purge import purge
from rag.retriever import Retriever
from rag.settings import Settings, load_settings, origins
from rag.types import Finish, Scope, Turn, answer_from_json, answer_to_json
from ui.parts.text import plain

_log = logging.getLogger(__name__)
SAMPLES_FOLDER = Path(__file__).parents[1] / "samples"


def load_models(settings: Settings, on_progress: OnProgress) -> tuple[Embedder, Callable[[], Generator]]:
    """The embedder, and a function that loads the generator; tests put fakes here."""
    from rag.build import load_embedder, load_generator  # torch takes seconds; the page is shown before

    embedder = load_embedder(settings, on_progress=on_progress)
    return embedder, lambda: load_generator(settings, on_progress=on_progress)


@dataclass(frozen=True)
class EngineState:
    """How far the engine is. `fraction` is None where it cannot be told; `failure` is for the user."""

    text: str
    fraction: float | None = None
    can_answer: bool = False
    failure: str = ""


class Engine:
    """Library and models of this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library.open(settings, holder=f"the page at {_address()}")
        self.state = EngineState("Starting…")
        self._configured = settings.collection
        self._recall(origins()["collection"])
        self.queue = IngestQueue(self.library, self.settings)
        self.answer_jobs: dict[str, AnswerJob] = {}  # by conversation
        self.watcher: FolderWatcher | None = None
        self.embedder: Embedder | None = None
        self._generator: Generator | None = None
        self.retriever: Retriever | None = None
        self.assistant: Assistant | None = None
        self._switching = threading.Lock()
        self.answering = threading.Event()  # set when the assistant is there, or never will be
        try:
            self._queue_samples()
        except FootnoteError:
            self.close()
            raise
        threading.Thread(target=self._load, name="models", daemon=True).start()

    def ask(self, conversation: str, question: str, scope: Scope = Scope(), *, again: bool = False) -> None:
        """Starts an answer that ends in the conversation, whether or not somebody watches.

        Args:
            again: it takes the place of the last answer, once it is whole.

        Raises:
            FootnoteError: an answer is in work there, asked in another window.
        """
        job = self.answer_jobs.get(conversation)
        if job is not None and not job.done.is_set():
            raise FootnoteError(
                f"This conversation is still answering “{job.question}”. Ask again when it is done, or begin a new one."
            )
        self.answer_jobs[conversation] = AnswerJob(self, conversation, question, scope, again=again)

    def switch(self, collection: str) -> None:
        """Opens another collection, for every window.

        Raises:
            FootnoteError: something is in work, or the collection belongs to another embedding model.
        """
        with self._at_rest() as embedder:
            self.library.switch(collection, embedder)
            self.settings = replace(self.settings, collection=collection)
            self.library.catalog.note_opened(collection)

    def purge(self, *, versions: bool = False) -> int:
        """Writes the vectors anew, without what was deleted; returns the bytes that went.

        Args:
            versions: without the old versions of documents as well.

        Raises:
            FootnoteError: something is in work, or there is no room.
        """
        with self._at_rest() as embedder:
            self.library.close_store()
            try:
                return purge(self.library, self.settings, on_progress=self._progress, versions=versions)
            finally:
                self.library.open_store(embedder)

    @contextlib.contextmanager
    def _at_rest(self) -> Iterator[Embedder]:
        """Nothing is asked and nothing added meanwhile; then all goes on with the collection that is open."""
        with self._switching:
            if not self.is_idle or self.embedder is None or self._generator is None:
                raise FootnoteError("This waits until no file is being added and no answer is in work.")
            state, self.state = self.state, EngineState("One moment…")
            self._close_queue()
            self.queue = IngestQueue(self.library, self.settings)  # takes files, and begins afterwards
            try:
                yield self.embedder
            finally:
                self.queue = IngestQueue(self.library, self.settings)
                self.queue.start(self.embedder)
                self._begin_to_watch(self.embedder)
                self._begin_to_answer(self.embedder, self._generator)
                self.state = state

    @property
    def is_idle(self) -> bool:
        """Whether everything is loaded, and no file and no answer is in work."""
        answering = any(not job.done.is_set() for job in self.answer_jobs.values())
        elsewhere = self.watcher is not None and self.watcher.is_busy_elsewhere
        return self.answering.is_set() and not answering and not elsewhere and not self.queue.snapshot().is_open

    def watch(self, folder: Path) -> None:
        """Follows a folder from now on, also after a restart."""
        self.library.catalog.watch(self.settings.collection, str(folder))
        if self.watcher is not None:
            self.watcher.refresh()

    def unwatch(self, folder: str) -> None:
        """Follows a folder no longer; what came from it stays."""
        self.library.catalog.unwatch(self.settings.collection, folder)
        if self.watcher is not None:
            self.watcher.refresh()

    def close(self) -> None:
        """Lets go of the library; answers in work are dropped."""
        self._close_queue()
        self.library.close()

    def _close_queue(self) -> None:
        """The queue first: the watcher waits for its files."""
        self.queue.close()
        if self.watcher is not None:
            self.watcher.close()
            self.watcher = None

    def _begin_to_watch(self, embedder: Embedder) -> None:
        others = OtherCollections(self.library, embedder, self.settings)
        self.watcher = FolderWatcher(self.library, self.queue.add, others=others)
        self.watcher.start()

    def _recall(self, origin: str) -> None:
        """Opens the collection that was chosen last, unless the settings name one."""
        last = self.library.catalog.last_opened()
        if last and origin == "default":
            self._take(last)

    def _take(self, collection: str) -> None:
        self.library.collection = collection
        self.settings = replace(self.settings, collection=collection)

    def _open_store(self, embedder: Embedder) -> None:
        """The collection chosen last may belong to another model by now: then that of the settings is opened."""
        try:
            self.library.open_store(embedder)
        except ModelMismatch:
            if self.settings.collection == self._configured:
                raise
            self._take(self._configured)
            self.queue.close()
            self.queue = IngestQueue(self.library, self.settings)
            self.library.open_store(embedder)

    def _queue_samples(self) -> None:
        """On the first start, so that there is something to ask."""
        if not self.library.catalog.is_marked(SAMPLES):
            self.queue.put(find_files([SAMPLES_FOLDER]))
            self.library.catalog.mark(SAMPLES)

    def _load(self) -> None:
        try:
            embedder, load_generator = load_models(self.settings, self._progress)
            self._open_store(embedder)
            self.embedder = embedder
            self.queue.start(embedder)
            self._begin_to_watch(embedder)
            self.state = EngineState("Loading the model that writes answers…")
            self._generator = load_generator()
            self._begin_to_answer(embedder, self._generator)
            gc.freeze()  # the million objects of the loaded libraries stay: no collection has to look at them again
            self.state = EngineState("Ready", can_answer=True)
        except FootnoteError as exc:
            self.state = EngineState("Stopped", failure=str(exc))
        except Exception as exc:  # a defect: who waits for the models must not wait for ever
            _log.exception("the models could not be loaded")
            what = f"{type(exc).__name__}: {exc}"
            self.state = EngineState(
                "Stopped", failure=f"Loading broke off: {what}. The log of the program tells more."
            )
        finally:
            self.answering.set()

    def _begin_to_answer(self, embedder: Embedder, generator: Generator) -> None:
        self.retriever = Retriever.of_library(self.library, embedder, self.settings)
        self.assistant = Assistant(self.retriever, generator, self.settings)

    def _progress(self, done: int, total: int, what: str) -> None:
        self.state = EngineState(what, done / total if total else None)


class AnswerJob:
    """One question on its way to an answer that is kept in its conversation."""

    def __init__(self, engine: Engine, conversation: str, question: str, scope: Scope, *, again: bool = False) -> None:
        self.question = question
        self.again = again
        self.reply: Reply | None = None
        self.failure = ""
        self.done = threading.Event()
        self._engine = engine
        self._conversation = conversation
        self._scope = scope
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    def stop(self) -> None:
        """Ends the answer after the word in work."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self._answer()
        except FootnoteError as exc:
            self.failure = str(exc)
        except Exception as exc:  # a defect: the question must not vanish with its thread
            _log.exception("the answer broke off")
            self.failure = f"The answer broke off: {type(exc).__name__}: {exc}. The log of the program tells more."
        finally:
            self.done.set()

    def _answer(self) -> None:
        while not self._engine.answering.wait(timeout=0.2):
            if self._stop.is_set():
                return
        if self._engine.assistant is None:
            raise FootnoteError(self._engine.state.failure)
        catalog = self._engine.library.catalog
        answers = [answer_from_json(values) for values in catalog.answers(self._conversation)]
        before = answers[:-1] if self.again else answers
        history = [Turn(answer.standalone, answer.text) for answer in before]
        self.reply = self._engine.assistant.ask(self.question, history=history, scope=self._scope, stop=self._stop)
        for _ in self.reply:
            pass
        answer = self.reply.answer
        if not self.again:
            catalog.add_answer(self._conversation, answer_to_json(answer))
        elif answer.finish is not Finish.STOPPED:
            catalog.replace_last_answer(self._conversation, answer_to_json(answer))


def _address() -> str:
    """Where this server is reached."""
    host, port = st.get_option("server.address") or "127.0.0.1", st.get_option("server.port")
    return f"http://{host}:{port}"


@st.cache_resource(show_spinner=False)
def get_engine(settings: Settings) -> Engine:
    """The one engine of this process."""
    return Engine(settings)


def close_engine(engine: Engine) -> None:
    """Ends the engine; the next page that is drawn begins another one."""
    get_engine.clear()
    engine.close()


def open_engine() -> Engine:
    """The engine, or the message that says why there is none; the page ends there."""
    try:
        return get_engine(load_settings())
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        st.stop()
