"""Evaluations that go on when the page is left. They run in a thread that never calls Streamlit."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.discovery import find_files
from ingest.isolation import IsolatedReader
from ingest.pipeline import ingest
from ingest.readers import read
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import read_questions, sample
from rag.evaluation.refusals import RefusalTest
from rag.evaluation.run import Subject, describe, measure
from rag.evaluation.runs import Task
from rag.library import Library
from rag.queue import Cancelled
from rag.retriever import Retriever
from rag.settings import Settings
from rag.wording import counted

if TYPE_CHECKING:
    from ui.session import Engine

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Corpus:
    """What is asked: a collection of the library or a corpus of its own, with the settings it is asked by."""

    library: Library
    retriever: Retriever
    settings: Settings
    notes: dict[str, object] = field(default_factory=dict)  # for the report


@dataclass(frozen=True)
class JobState:
    """How far an evaluation is. `total` is 0 where it is not known."""

    text: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


class EvaluationJob:
    """One run. Stopped or killed, it goes on where it was when it is begun again."""

    def __init__(self, engine: "Engine", task: Task) -> None:
        self.task = task
        self.state = JobState("Waiting for the models…")
        self.failure = ""
        self.report: Path | None = None
        self.ended = threading.Event()
        self._engine = engine
        self._stop = threading.Event()
        self._started: tuple[float, int] | None = None  # when, and how many were done before
        engine.runs.begin(task)
        self._thread = threading.Thread(target=self._run, name="evaluation", daemon=True)
        self._thread.start()

    def stop(self, *, wait: bool = False) -> None:
        """Ends the run after the question in work; what is measured is kept."""
        self._stop.set()
        if wait:
            self._thread.join()

    @property
    def is_stopping(self) -> bool:
        """Whether it was stopped and has not ended."""
        return self._stop.is_set() and not self.ended.is_set()

    def _run(self) -> None:
        try:
            self._measure()
        except Cancelled:
            self.state = replace(self.state, text="Stopped", seconds_left=None)
        except FootnoteError as exc:
            self.failure = str(exc)
        except Exception as exc:  # a defect: the run must not vanish with its thread
            _log.exception("the evaluation broke off")
            self.failure = f"The run broke off: {type(exc).__name__}: {exc}. The log of the program tells more."
        finally:
            self.ended.set()

    def _measure(self) -> None:
        task, engine = self.task, self._engine
        questions = sample(read_questions(Path(task.questions)), task.sample, task.seed)
        while not engine.answering.wait(timeout=0.2):
            self.tell(0, 0, "Waiting for the models…")
        with corpus_of(engine, task.corpus, task.collection, job=self) as corpus:
            if engine.assistant is None:
                raise FootnoteError(engine.state.failure)
            assistant = engine.assistant.over(corpus.retriever) if task.answers else None
            refusals = (
                RefusalTest(
                    corpus.retriever, corpus.settings, replace(engine.assistant.judge, settings=corpus.settings)
                )
                if task.refusals
                else None
            )
            run = describe(
                corpus.settings,
                questions,
                file=task.questions,
                corpus=task.corpus or "library",
                chunks=corpus.retriever.count(),
                sample=task.sample,
                seed=task.seed,
                answers=task.answers,
                refusals=task.refusals,
                **corpus.notes,
            )
            report = measure(
                questions,
                Subject(corpus.retriever, corpus.settings, assistant, refusals),
                run=run,
                partial=engine.runs.partial,
                on_question=self._asked,
                stop=self._stop,
            )
        self.report = engine.runs.keep(report)
        engine.runs.end(task)

    def tell(self, done: int, total: int, what: str) -> None:
        """Progress of what comes before the questions; leaves the run when it was stopped."""
        if self._stop.is_set():
            raise Cancelled
        self.state = JobState(what, done, total)

    def _asked(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._started is None:  # those before this one may come from an earlier run
            self._started = (now, done)
        began, before = self._started
        left = (now - began) / (done - before) * (total - done) if done > before else None
        self.state = JobState(f"{done:,} of {counted(total, 'question')}", done, total, left)
        if self._stop.is_set() and done < total:
            raise Cancelled


@contextlib.contextmanager
def corpus_of(engine: "Engine", path: str, collection: str, *, job: EvaluationJob | None = None) -> Iterator[Corpus]:
    """Opens what is asked; a corpus of its own is embedded first, which goes on where it was cut.

    Args:
        path: of JSON lines or of a folder, "" where a collection of the library is asked.

    Raises:
        FootnoteError: it is gone, or cannot be read.
    """
    embedder = engine.embedder
    if embedder is None:
        raise FootnoteError("The embedding model is not loaded yet.")
    if path:
        with _own_corpus(engine, Path(path), embedder, job) as corpus:
            yield corpus
        return
    settings = replace(engine.settings, collection=collection, embedding_model=embedder.name)
    if collection == engine.settings.collection and engine.retriever is not None:
        yield Corpus(engine.library, engine.retriever, settings)
        return
    found = engine.library.catalog.collection(collection)
    if found is None or not found.dimension:
        raise FootnoteError(f"The collection {collection!r} is gone, or holds no documents.")
    embedder = engine.embedder_of(found.embedding_model)
    settings = replace(settings, embedding_model=found.embedding_model)
    with engine.library.beside(collection, found.dimension) as (store, lexical):
        retriever = Retriever(
            embedder,
            store,
            lexical,
            engine.library.catalog,
            collection=collection,
            word_weight=settings.word_weight,
            diversity=settings.diversity,
            cross_encoders=engine.cross_encoders,
        )
        yield Corpus(engine.library, retriever, settings)


@contextlib.contextmanager
def _own_corpus(engine: "Engine", path: Path, embedder: Embedder, job: EvaluationJob | None) -> Iterator[Corpus]:
    if not path.exists():
        raise FootnoteError(f"{path} is not there. Name a JSON lines file or a folder of documents.")
    settings = replace(engine.settings, embedding_model=embedder.name)
    settings = settings_of(path, settings, engine.runs.folder)
    with Library.open(settings, holder="an evaluation of the page") as library:
        library.open_store(embedder)
        notes: dict[str, object] = {}
        if job is not None and path.is_dir():
            _add_documents(path, library, embedder, settings, job)
        elif job is not None:
            notes["passages cut by the embedding model"] = fill(library, embedder, path, job.tell)
        retriever = Retriever.of_library(library, embedder, settings, engine.cross_encoders)
        yield Corpus(library, retriever, settings, notes)


def _add_documents(folder: Path, library: Library, embedder: Embedder, settings: Settings, job: EvaluationJob) -> None:
    reader = IsolatedReader()
    with contextlib.closing(reader):
        report = ingest(
            find_files([folder]),
            library=library,
            embedder=embedder,
            settings=settings,
            on_progress=lambda told: job.tell(round(1_000 * told.fraction), 1_000, f"{told.stage} {told.name}"),
            read_file=reader.read if settings.isolate_readers else read,
        )
    if not report.added and not report.unchanged and not report.replaced:
        raise FootnoteError(f"No document of {folder} could be read." if report.failed else f"{folder} holds none.")
