"""What every session shares, one engine, and the jobs that go on when a page is left.

The engine opens the library at once and loads the models behind it. Jobs run in threads that never call Streamlit;
pages look at them from fragments.
"""

import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from ingest.beside import OtherCollections
from ingest.discovery import find_files
from ingest.pipeline import SAMPLES
from ingest.queue import IngestQueue
from ingest.watch import FolderWatcher
from rag import reembedding
from rag.assistant import Assistant
from rag.catalog import Collection, DocumentRecord, Reembedding
from rag.collections import move_documents
from rag.cross_encoders import CrossEncoders
from rag.embedders import Embedder
from rag.errors import FootnoteError, ModelMismatch
from rag.evaluation.runs import Runs, Task
from rag.generators import Generator
from rag.library import Library
from rag.own_settings import give_settings
from rag.progress import OnProgress
from rag.prompt import answer_messages
from rag.purge import purge
from rag.retriever import Retriever
from rag.settings import Settings, load_settings, origins
from rag.types import Scope
from rag.why import CountTokens
from ui import first_page
from ui.answering import AnswerJob
from ui.measuring import EvaluationJob
from ui.parts.dialogs import none_is_open
from ui.parts.text import plain
from ui.reembedding import ReembeddingJob

_log = logging.getLogger(__name__)
SAMPLES_FOLDER = Path(__file__).parents[1] / "samples"


def load_models(settings: Settings, on_progress: OnProgress) -> tuple[Embedder, Callable[[], Generator]]:
    """The embedder, and a function that loads the generator; tests put fakes here."""
    from rag.build import load_embedder, load_generator  # torch takes seconds; the page is shown before

    embedder = load_embedder(settings, on_progress=on_progress)

    def load() -> Generator:
        generator = load_generator(settings, on_progress=on_progress)
        generator.prepare(answer_messages("", (), ()))  # all prompts begin alike
        return generator

    return embedder, load


def load_cross_encoders(settings: Settings, on_progress: OnProgress) -> CrossEncoders:
    """Those that the settings name."""
    if not settings.names_cross_encoder:
        return CrossEncoders()
    from rag.build import load_cross_encoders as load  # torch takes seconds

    return load(settings, on_progress=on_progress)


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
        try:
            self._recall(origins()["collection"])
            self.queue = self._new_queue()
        except FootnoteError:
            self.library.close()
            raise
        self.library.on_removed = self._forget
        self.answer_jobs: dict[str, AnswerJob] = {}  # by conversation
        self.runs = Runs.of_home(settings)
        self.evaluation: EvaluationJob | None = None  # the one in work, or the last
        self.reembedding: ReembeddingJob | None = None  # the one in work, or the last
        self.watcher: FolderWatcher | None = None
        self.embedder: Embedder | None = None
        self._generator: Generator | None = None
        self.cross_encoders = CrossEncoders()
        self.retriever: Retriever | None = None
        self.assistant: Assistant | None = None
        self._switching = threading.Lock()
        self._is_closed = False
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

    def evaluate(self, task: Task) -> None:
        """Starts a run whose report is kept, whether or not somebody watches.

        Raises:
            FootnoteError: another one is in work.
        """
        if self.is_evaluating:
            raise FootnoteError("An evaluation is in work. Stop it, or wait for it.")
        self.evaluation = EvaluationJob(self, task)

    @property
    def is_evaluating(self) -> bool:
        """Whether a run is in work."""
        return self.evaluation is not None and not self.evaluation.ended.is_set()

    def switch(self, collection: str) -> None:
        """Opens another collection, for every window.

        Raises:
            FootnoteError: something is in work, or the collection belongs to another embedding model.
        """
        with self._at_rest():
            embedder = self.embedder_of(self.library.settings_of(collection).embedding_model)
            self.library.switch(collection, embedder)
            self.embedder = embedder
            self.settings = replace(self.settings, collection=collection)
            self.library.catalog.note_opened(collection)

    def purge(self, *, versions: bool = False) -> int:
        """Writes the vectors anew, without what was deleted; returns the bytes that went.

        Args:
            versions: without the old versions of documents as well.

        Raises:
            FootnoteError: something is in work, or there is no room.
        """
        with self._without_reembedding(), self._at_rest() as embedder:
            self.library.close_store()
            try:
                return purge(self.library, self.settings, on_progress=self._progress, versions=versions)
            finally:
                self.library.open_store(embedder)

    def move(self, records: Sequence[DocumentRecord], target: Collection) -> None:
        """Moves documents to another collection; none is opened or takes new vectors meanwhile.

        Raises:
            FootnoteError: a document is not whole, or the other collection has another embedding model.
        """
        with self._switching:
            move_documents(self.library, records, target)

    def give_settings(self, collection: Collection, given: Mapping[str, str]) -> None:
        """Settings of its own for a collection, by which it is filled and asked from now on.

        Raises:
            FootnoteError: something is in work, or one is no setting that a collection can have.
        """
        with self._at_rest():
            give_settings(self.library, collection, given)

    # Another embedding model

    def embedder_of(self, name: str) -> Embedder:
        """The embedding model of this name, loaded where it is another than that of the open collection.

        Raises:
            FootnoteError: it is not here and cannot be fetched.
        """
        if self.embedder is not None and self.embedder.name == name:
            return self.embedder
        return load_models(replace(self.settings, embedding_model=name), self._tell_loading)[0]

    def reembed(self, collection: Collection, embedding_model: str) -> None:
        """Begins to embed a collection with another model, or goes on; it answers by the old one meanwhile.

        Raises:
            FootnoteError: it has that model, or another collection is being embedded.
        """
        if self.reembedding is not None and not self.reembedding.ended.is_set():
            raise FootnoteError("A collection is being embedded already. Pause that, or wait for it.")
        task = reembedding.begin(self.library, collection, embedding_model)
        if task is not None:
            self.reembedding = ReembeddingJob(self, task)

    def pause_reembedding(self, collection: str) -> None:
        """Stops it until somebody goes on, also after a restart."""
        self.library.catalog.change_reembedding(collection, is_paused=True)
        self._halt_reembedding()

    def cancel_reembedding(self, collection: str) -> None:
        """Gives it up; the collection stays with its model."""
        self._halt_reembedding()
        reembedding.cancel(self.library, collection)

    def take_vectors(self, task: Reembedding, embedder: Embedder) -> bool:
        """A collection is asked by its new vectors from now on; False while something is in work or missing."""
        try:
            with self._at_rest():
                reembedding.finish(self.library, task)
                if task.collection == self.settings.collection:
                    self.embedder = embedder
        except FootnoteError as exc:
            _log.info("the new vectors wait: %s", exc)
            if self.library.catalog.reembedding(task.collection) is None:
                raise
            return False
        return True

    def _begin_to_reembed(self) -> None:
        """What an earlier process left is deleted, what it began goes on; one after the other."""
        reembedding.sweep(self.library)
        waiting = [task for task in self.library.catalog.reembeddings() if not task.is_paused]
        if waiting:
            self.reembedding = ReembeddingJob(self, waiting[0])

    def _halt_reembedding(self) -> None:
        if self.reembedding is not None:
            self.reembedding.halt()

    @contextlib.contextmanager
    def _without_reembedding(self) -> Iterator[None]:
        was_in_work = self.reembedding is not None and not self.reembedding.ended.is_set()
        self._halt_reembedding()
        try:
            yield
        finally:
            if was_in_work:
                self._begin_to_reembed()

    def _tell_loading(self, done: int, total: int, what: str) -> None:
        """Of a model that is loaded while another one answers: it is no state of the engine."""

    @contextlib.contextmanager
    def _at_rest(self) -> Iterator[Embedder]:
        """Nothing is asked and nothing added meanwhile; then all goes on with the collection that is open."""
        with self._switching:
            if not self.is_idle or self.embedder is None or self._generator is None:
                raise FootnoteError("This waits until no file is being added and no answer or evaluation is in work.")
            state, self.state = self.state, EngineState("One moment…")
            self._close_queue()
            self.queue = self._new_queue()  # takes files, and begins afterwards
            try:
                yield self.embedder
            finally:
                self.queue = self._new_queue()
                self.queue.start(self.embedder)
                self._begin_to_watch(self.embedder)
                self._begin_to_answer(self.embedder, self._generator)
                self.state = state

    @property
    def waits_until(self) -> str:
        """What a question that is asked now has to wait for, "" where it can be answered or never will be.

        At the first start everybody asks the samples; who paused their way into the library does not wait for them.
        """
        if not self.answering.is_set():
            return "the models are loaded"
        snapshot = self.queue.snapshot()
        coming = (SAMPLES_FOLDER in file.path.parents for file in snapshot.files if file.state.is_open)
        waits = self.assistant is not None and not snapshot.paused and any(coming)
        return "the samples are in the library" if waits else ""

    @property
    def embedding_model(self) -> str:
        """That of the open collection."""
        return self.embedder.name if self.embedder is not None else self.library.settings_of().embedding_model

    @property
    def count_tokens(self) -> CountTokens | None:
        """How the generator counts a prompt, None until it is loaded."""
        return self._generator.count_tokens if self._generator is not None else None

    @property
    def context_tokens(self) -> int | None:
        """That the generator reads and writes, None until it is loaded."""
        return self._generator.context_tokens if self._generator is not None else None

    @property
    def is_answering(self) -> bool:
        """Whether the models are at an answer; one that waits for files is not in work."""
        return any(job.is_at_work and not job.done.is_set() for job in [*self.answer_jobs.values()])

    def _new_queue(self) -> IngestQueue:
        return IngestQueue(self.library, self.library.settings_of(), is_answering=lambda: self.is_answering)

    @property
    def is_idle(self) -> bool:
        """Whether everything is loaded, and no file, no answer and no evaluation is in work."""
        answering = self.is_evaluating or any(not job.done.is_set() for job in self.answer_jobs.values())
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
        """Lets go of the library; answers in work are dropped, a run goes on another time."""
        self._is_closed = True
        if self.evaluation is not None:
            self.evaluation.stop(wait=True)
        self._halt_reembedding()
        self._close_queue()
        self.library.close()

    def _close_queue(self) -> None:
        """The queue first: the watcher waits for its files."""
        self.queue.close()
        if self.watcher is not None:
            self.watcher.close()
            self.watcher = None

    def _begin_to_watch(self, embedder: Embedder) -> None:
        others = OtherCollections(self.library, embedder)
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
            self.queue = self._new_queue()
            self.library.open_store(embedder)

    def _queue_samples(self) -> None:
        """On the first start, so that there is something to ask; not into a library that was filled in the terminal."""
        catalog = self.library.catalog
        if not catalog.is_marked(SAMPLES):
            if not any(catalog.document_totals(one.name).documents for one in catalog.collections()):
                self.queue.put(find_files([SAMPLES_FOLDER]))
            catalog.mark(SAMPLES)

    def _load(self) -> None:
        first_page.wait()
        if self._is_closed:
            return
        try:
            embedder, load_generator = load_models(self.library.settings_of(), self._progress)
            self._open_store(embedder)
            self.embedder = embedder
            self.queue.start(embedder)
            self._begin_to_watch(embedder)
            self.state = EngineState("Loading the model that writes answers…")
            self._generator = load_generator()
            self.cross_encoders = load_cross_encoders(self.settings, self._progress)
            self._begin_to_answer(embedder, self._generator)
            gc.freeze()  # the million objects of the loaded libraries stay: no collection has to look at them again
            self.state = EngineState("Ready", can_answer=True)
            self._begin_to_reembed()
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
        own = self.library.settings_of()
        self.retriever = Retriever.of_library(self.library, embedder, own, self.cross_encoders)
        self.assistant = Assistant(self.retriever, generator, own)

    def _forget(self) -> None:
        """Drops what the models keep of texts, as one was removed: on a page, or in a folder that is watched."""
        if self.assistant is not None:
            self.assistant.forget()

    def _progress(self, done: int, total: int, what: str) -> None:
        self.state = EngineState(what, done / total if total else None)


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
    none_is_open()
    try:
        return get_engine(load_settings())
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        st.stop()
