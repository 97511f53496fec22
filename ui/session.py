"""What every session shares, one engine, and the jobs that go on when a page is left.

The engine opens the library at once and loads the models behind it. Jobs run in threads that never call Streamlit;
pages look at them from fragments.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ingest.pipeline import SAMPLES, IncomingFile, IngestProgress, IngestReport, find_files, ingest
from rag.assistant import Assistant, Reply
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.generators import Generator
from rag.library import Library
from rag.progress import OnProgress
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Turn, answer_from_json, answer_to_json

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
    can_add: bool = False
    can_answer: bool = False
    failure: str = ""


class Engine:
    """Library and models of this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library.open(settings, holder="the Footnote page")
        self.state = EngineState("Starting…")
        self.ingest_job: IngestJob | None = None
        self.answer_jobs: dict[str, AnswerJob] = {}  # by conversation
        self.embedder: Embedder | None = None
        self.assistant: Assistant | None = None
        self.answering = threading.Event()  # set when the assistant is there, or never will be
        threading.Thread(target=self._load, name="models", daemon=True).start()

    def add(self, files: Sequence[IncomingFile], folder: Path | None = None) -> None:
        """Starts to add files; `folder` is deleted afterwards."""
        if self.embedder is None:
            raise RuntimeError("the embedder is not loaded yet")
        self.ingest_job = IngestJob(self, self.embedder, files, folder)

    def ask(self, conversation: str, question: str) -> None:
        """Starts an answer that ends in the conversation, whether or not somebody watches."""
        self.answer_jobs[conversation] = AnswerJob(self, conversation, question)

    def _load(self) -> None:
        try:
            self.embedder, load_generator = load_models(self.settings, self._progress)
            store = self.library.open_store(self.embedder)
            self.state = EngineState("Loading the model that writes answers…", can_add=True)
            if not self.library.catalog.is_marked(SAMPLES):
                self.add(find_files([SAMPLES_FOLDER]))
                self.library.catalog.mark(SAMPLES)
            generator = load_generator()
            retriever = Retriever(self.embedder, store, self.library.catalog, collection=self.settings.collection)
            self.assistant = Assistant(retriever, generator, self.settings)
            self.state = EngineState("Ready", can_add=True, can_answer=True)
        except FootnoteError as exc:
            self.state = EngineState("Stopped", failure=str(exc), can_add=self.state.can_add)
        finally:
            self.answering.set()

    def _progress(self, done: int, total: int, what: str) -> None:
        self.state = EngineState(what, done / total if total else None, can_add=self.state.can_add)


class AnswerJob:
    """One question on its way to an answer that is kept in its conversation."""

    def __init__(self, engine: Engine, conversation: str, question: str) -> None:
        self.question = question
        self.reply: Reply | None = None
        self.failure = ""
        self.done = threading.Event()
        self._engine = engine
        self._conversation = conversation
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
        history = [Turn(answer.standalone, answer.text) for answer in answers]
        self.reply = self._engine.assistant.ask(self.question, history=history, stop=self._stop)
        for _ in self.reply:
            pass
        catalog.add_answer(self._conversation, answer_to_json(self.reply.answer))


class IngestJob:
    """Files on their way into the library."""

    def __init__(self, engine: Engine, embedder: Embedder, files: Sequence[IncomingFile], folder: Path | None) -> None:
        self.progress: IngestProgress | None = None
        self.report: IngestReport | None = None
        self.failure = ""
        self.stop = threading.Event()
        self.done = threading.Event()
        self._engine = engine
        self._embedder = embedder
        self._files = files
        self._folder = folder
        threading.Thread(target=self._run, name="ingest", daemon=True).start()

    def _run(self) -> None:
        try:
            self.report = ingest(
                self._files,
                library=self._engine.library,
                embedder=self._embedder,
                settings=self._engine.settings,
                on_progress=self._tell,
                stop=self.stop,
            )
        except FootnoteError as exc:
            self.failure = str(exc)
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self.done.set()

    def _tell(self, progress: IngestProgress) -> None:
        self.progress = progress


@st.cache_resource(show_spinner=False)
def get_engine(settings: Settings) -> Engine:
    """The one engine of this process."""
    return Engine(settings)


def open_engine() -> Engine:
    """The engine, or the message that says why there is none; the page ends there."""
    try:
        return get_engine(load_settings())
    except FootnoteError as exc:
        st.error(str(exc), icon=":material/error:")
        st.stop()


def receive(engine: Engine, uploads: Sequence[tuple[str, bytes]]) -> None:
    """Takes uploaded files into the library. The name is the user's, the path on disk is ours."""
    folder = Path(tempfile.mkdtemp(prefix="upload-", dir=engine.library.folder))
    files = []
    for number, (name, content) in enumerate(uploads):
        path = folder / f"{number}{Path(name).suffix.lower()[:16]}"
        path.write_bytes(content)
        files.append(IncomingFile(path, name, f"upload:{name}"))
    engine.add(files, folder)
