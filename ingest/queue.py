"""The queue of the page: files wait in the catalog, one worker adds them one after the other.

Files are read before anything is embedded, so that each is found by its words within seconds; vectors fill in whenever
no file waits to be read. The queue outlives the process: what waited or was in work goes on at the next start, a
document by its stored chunks.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.archives import SUFFIX
from ingest.discovery import ACCEPTED
from ingest.filling import DEFECT, Filling
from ingest.incoming import Incoming
from ingest.isolation import IsolatedReader, ReadFile
from ingest.namesakes import Namesakes, free_name, why_it_waits
from ingest.pace import Pace
from ingest.pipeline import abandon, ingest
from ingest.readers import read
from ingest.report import IncomingFile, IngestProgress, IngestReport
from ingest.snapshot import QueueSnapshot, take_snapshot
from ingest.tables import MissingTables
from rag import originals
from rag.catalog import DocumentRecord, QueuedFile, QueueState
from rag.deletion import finish_deletions
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings

_log = logging.getLogger(__name__)
_TO_READ = (QueueState.WAITING, QueueState.WORKING)
WAITING_FOR_A_WORD = frozenset([QueueState.LOCKED, QueueState.NAMESAKE])
_PATIENCE = 60.0  # seconds that vectors wait for answers before some are made all the same
_LOOK = 0.2  # seconds between two looks at files that are waited for


class IngestQueue:
    """Adds files in the background. Thread-safe; files can be put before `start`."""

    def __init__(
        self, library: Library, settings: Settings, *, is_answering: Callable[[], bool] = lambda: False
    ) -> None:
        """`is_answering` tells whether an answer is in work: vectors then wait, so that it has the processor."""
        self._library = library
        self._is_answering = is_answering
        self._gave_way = 0.0  # seconds, since the last vectors
        self._settings = settings
        self._catalog = library.catalog
        self._incoming = Incoming(library)
        self._passwords: dict[int, str] = {}  # by id; never written down
        self._left_out: set[int] = set()  # ids of files that were in work when they were left out
        self._decided: dict[int, Namesakes] = {}  # by id, of files that are called like other documents
        self._reader = IsolatedReader()
        self._progress: IngestProgress | None = None
        self._tables = MissingTables(library, settings)
        self._pace = Pace()
        self._filling = Filling(library, self._pace, on_added=self._forget_copy)
        self._taking = threading.Lock()  # no file is taken between the two steps of a pause or a cancel
        self._wake = threading.Event()
        self._stop = threading.Event()  # ends the file in work
        self._in_work = threading.Event()  # the worker is at a file or at vectors
        self._to_delete = threading.Event()  # something is to be deleted
        self._paused = f"queue of {library.collection} is paused"
        self._resume = threading.Event()
        self._closing = threading.Event()
        self._worker: threading.Thread | None = None
        interrupted = self._catalog.queue(library.collection, QueueState.WORKING)
        self._catalog.set_queue_state([file.id for file in interrupted], QueueState.WAITING)
        to_do = self._catalog.is_queued(library.collection, *(state for state in QueueState if state.is_open))
        if not (to_do and self._catalog.is_marked(self._paused)):  # what is dropped later waits for no pause of before
            self.resume()

    def start(self, embedder: Embedder) -> None:
        """Begins to work. The library's store must be open for `embedder`."""
        self._to_delete.set()  # what an earlier process left
        self._worker = threading.Thread(target=self._run, args=(embedder,), name="ingest", daemon=True)
        self._worker.start()

    @property
    def is_started(self) -> bool:
        """Whether files are worked on, and the store is open."""
        return self._worker is not None

    def put(self, files: Sequence[IncomingFile]) -> None:
        """Files that stay where they are."""
        self._incoming.forget_finished()
        for file in files:
            self._incoming.put(file.path, file.name, file.source)
        self._wake.set()

    def add(self, files: Sequence[IncomingFile]) -> bool:
        """Puts files that stay where they are, and waits until they were read; False where the queue closes before."""
        waiting = {file.source for file in self._catalog.queue(self._library.collection, *_TO_READ)}
        self.put([file for file in files if file.source not in waiting])
        for file in reversed(files):  # the last is mostly read last: then one look at each of the others is enough
            while self._catalog.is_queued(self._library.collection, *_TO_READ, source=file.source):
                if self._closing.wait(_LOOK):
                    return False
        return not self._closing.is_set()

    def receive(self, name: str, content: bytes, *, source: str = "") -> None:
        """A file that is handed over as bytes.

        Where the library has another document of this name, the file waits for `replace` or `keep_both`, unless that
        came from the same `source`.

        Raises:
            FootnoteError: it cannot be kept.
        """
        self._incoming.forget_finished()
        self._incoming.keep(name, content, source or _upload(name))
        self._wake.set()

    def release(self, record: DocumentRecord, ids: Sequence[str]) -> None:
        """Passages of a document that were set aside come back: it waits to be read again from its kept copy.

        Raises:
            FootnoteError: the copy is missing.
        """
        kept = self._kept_copy(record, "then release")
        self._catalog.release(self._library.collection, record.id, ids)
        self._read_again(record, kept)

    def withdraw(self, record: DocumentRecord, ids: Sequence[str]) -> None:
        """Passages of a document that were released are set aside again, when it is read again from its kept copy.

        Raises:
            FootnoteError: the copy is missing.
        """
        kept = self._kept_copy(record, "then set them aside")
        self._catalog.withdraw(self._library.collection, record.id, ids)
        self._read_again(record, kept)

    def _kept_copy(self, record: DocumentRecord, then: str) -> Path:
        kept = originals.find(self._library.folder, record.id)
        if kept is None:
            raise FootnoteError(f"{record.name}: its kept copy is missing. Add the file again, {then}.")
        return kept

    def _read_again(self, record: DocumentRecord, kept: Path) -> None:
        self._incoming.forget_finished()
        source = record.sources[0] if record.sources else ""
        self._incoming.put(kept, record.name, source)
        self._wake.set()

    def retry(self, file: QueuedFile, password: str | None = None) -> None:
        """A file that failed waits again, with a password if one is given."""
        if password:
            self._passwords[file.id] = password
        self._filling.try_again(file.documents)
        self._catalog.set_queue_state([file.id], QueueState.WAITING)
        self._wake.set()

    def hasten(self, file: QueuedFile) -> None:
        """A file that waits is read next."""
        self._catalog.hasten(self._library.collection, file.id)

    def replace(self, file: QueuedFile) -> None:
        """A namesake goes on and takes the place of the document of its name, wherever that came from."""
        other = self._catalog.document_named(self._library.collection, file.name)
        if other is not None and other.sources:
            self._catalog.rename_queued(file.id, file.name, other.sources[0])
        self._decided[file.id] = Namesakes.REPLACE
        self.retry(file)

    def keep_both(self, file: QueuedFile) -> None:
        """A namesake goes on under a name that no upload has yet: "report (2).pdf"; of an archive, its files do."""
        if Path(file.name).suffix.lower() == SUFFIX:
            self._decided[file.id] = Namesakes.NUMBER
            self.retry(file)
            return
        name = free_name(file.name, self._is_taken)
        self._catalog.rename_queued(file.id, name, _upload(name))
        self.retry(file)

    def pause(self) -> None:
        """Lets the file in work wait too, after the batch in work, until `resume`, even if the program ends before."""
        with self._taking:
            self._catalog.mark(self._paused)
            self._resume.clear()
            self._stop.set()

    def resume(self) -> None:
        self._catalog.unmark(self._paused)
        self._resume.set()

    def cancel(self) -> None:
        """Drops every file that is not done; of those begun nothing answers any more, and the worker deletes it."""
        with self._taking:
            filling = self._catalog.queue(self._library.collection, QueueState.EMBEDDING)
            self._catalog.give_up(self._library.collection, [each for file in filling for each in file.documents])
            self._incoming.drop([*filling, *self._catalog.queue(self._library.collection, QueueState.WAITING)])
            self._to_delete.set()
            self._stop.set()
            self.resume()
            self._wake.set()

    def leave_out(self, file: QueuedFile) -> None:
        """Drops one file that is not done, as `cancel` does all of them; the others go on, or wait on."""
        collection = self._library.collection
        with self._taking:
            unfinished = [state for state in QueueState if state.is_open]
            others = {entry.id: entry for entry in self._catalog.queue(collection, *unfinished)}
            found = others.pop(file.id, None)
            if found is None:
                return  # it is done meanwhile
            if found.state is QueueState.WORKING:
                self._left_out.add(file.id)
                self._stop.set()  # the worker drops it
                return
            shared = {document for entry in others.values() for document in entry.documents}
            self._catalog.give_up(collection, [each for each in found.documents if each not in shared])
            self._incoming.drop([found])
            self._to_delete.set()
            self._wake.set()

    def dismiss(self) -> None:
        """Drops every file that is done, well or not; one that waits for a password or a decision stays."""
        done = [state for state in QueueState if not state.is_open and state not in WAITING_FOR_A_WORD]
        self._incoming.drop(self._catalog.queue(self._library.collection, *done))

    def drop(self, file: QueuedFile) -> None:
        """Drops one file that is done, well or not."""
        self._incoming.drop([file])

    def snapshot(self) -> QueueSnapshot:
        """How far everything is."""
        return take_snapshot(
            self._catalog,
            self._library.collection,
            since=self._incoming.batch,
            progress=self._progress,
            pace=self._pace,
            paused=not self._resume.is_set(),
            stopping=self._stop.is_set() and self._in_work.is_set(),
        )

    def close(self) -> None:
        """Ends the worker; what it had in work goes on at the next start."""
        self._closing.set()
        self._stop.set()
        self._resume.set()
        self._wake.set()
        if self._worker is not None:
            self._worker.join()
        self._reader.close()

    # Worker

    def _run(self, embedder: Embedder) -> None:
        while not self._closing.is_set():
            self._resume.wait()
            if self._closing.is_set():
                return
            if self._to_delete.is_set():
                self._to_delete.clear()
                finish_deletions(self._library)
            elif not self._work_once(embedder) and self._resume.is_set():
                self._tables.make(self._read_file, stop=self._wake)
                self._pace.begin()
                self._reader.close()
                self._wake.wait()
                self._wake.clear()

    def _work_once(self, embedder: Embedder) -> bool:
        """Reads a file, or makes some vectors where none waits; False where there is nothing to do.

        Vectors come first once, so that there is a pace by which the rest can be told.
        """
        self._in_work.set()
        try:
            if not self._pace.is_known and not self._is_answering() and self._embed(embedder):
                return True
            file = self._take()
            if file is not None:
                self._work(file, embedder)
                return True
            return self._gives_way() or self._embed(embedder)
        finally:
            self._in_work.clear()

    def _gives_way(self) -> bool:
        """Whether vectors waited a moment for an answer; where answers never end, only so long."""
        if not self._is_answering() or self._gave_way >= _PATIENCE:
            self._gave_way = 0.0
            return False
        self._gave_way += _LOOK
        self._closing.wait(_LOOK)
        return True

    @property
    def _read_file(self) -> ReadFile:
        return self._reader.read if self._settings.isolate_readers else read

    def _take(self) -> QueuedFile | None:
        with self._taking:
            waiting = self._catalog.queue(self._library.collection, QueueState.WAITING, limit=1)
            if not waiting or not self._resume.is_set() or self._closing.is_set():  # closing ends a pause
                return None
            self._stop.clear()
            self._left_out.discard(waiting[0].id)  # it was done before that could be heeded, and is tried again
            self._catalog.set_queue_state([waiting[0].id], QueueState.WORKING)
            return waiting[0]

    def _embed(self, embedder: Embedder) -> bool:
        """Some vectors; False where nothing waits for them, or they have to wait."""
        with self._taking:
            if not self._resume.is_set() or self._to_delete.is_set() or self._closing.is_set():
                return False
            self._stop.clear()
        return self._filling.step(embedder, is_urgent=self._is_urgent)

    def _is_urgent(self) -> bool:
        """Whether vectors have to wait: for a pause, the end, an answer, or a file that can be found in a moment."""
        waiting = self._catalog.queue(self._library.collection, QueueState.WAITING, limit=1)
        return self._stop.is_set() or bool(waiting) or self._is_answering()

    def _work(self, file: QueuedFile, embedder: Embedder) -> None:
        decided = self._decided.get(file.id, Namesakes.AS_THEY_ARE)
        password = self._passwords.pop(file.id, None)
        incoming = IncomingFile(file.path, file.name, file.source, password, namesakes=decided)
        try:
            if file.id not in self._decided and (namesake := why_it_waits(self._library, file)):
                self._catalog.set_queue_state([file.id], QueueState.NAMESAKE, namesake)
                return
            with self._pace.of(file.size):
                report = ingest(
                    [incoming],
                    library=self._library,
                    embedder=embedder,
                    settings=self._settings,
                    on_progress=self._tell,
                    stop=self._stop,
                    read_file=self._read_file,
                    embed=False,
                )
        except Exception:  # a defect of ours: this file is named, the others go on
            _log.exception("%s could not be added", file.name)
            message = f"{file.name}: {DEFECT}"
            self._catalog.set_queue_state([file.id], QueueState.FAILED, message)
            return
        finally:
            self._progress = None
        if report.stopped or file.id in self._left_out:
            self._stopped(file, report)
            return
        far = self._catalog.embedded(self._library.collection, report.waiting)
        self._pace.found(sum(entry.of - entry.done for entry in far.values()))
        state = QueueState.EMBEDDING if far else _state_of(report)
        messages = [*(failure.message for failure in report.failed), *report.gaps, *report.set_aside]
        self._catalog.set_queue_state(
            [file.id],
            state,
            "\n".join(messages),
            note="\n".join((*report.changes, *report.alike)),
            documents=tuple(far),
        )
        if state not in (QueueState.LOCKED, QueueState.FAILED, QueueState.EMBEDDING):
            self._forget_copy(file)
        elif file.size > self._settings.max_bytes or Path(file.name).suffix.lower() not in ACCEPTED:
            self._incoming.delete_copy(file)  # no other try would take it

    def _forget_copy(self, file: QueuedFile) -> None:
        self._decided.pop(file.id, None)
        self._incoming.delete_copy(file)

    def _is_taken(self, name: str) -> bool:
        collection = self._library.collection
        is_queued = self._catalog.is_queued(collection, name=name)
        return is_queued or self._catalog.document_named(collection, name) is not None

    def _stopped(self, file: QueuedFile, report: IngestReport) -> None:
        is_left_out = file.id in self._left_out
        self._left_out.discard(file.id)
        if not is_left_out and (self._closing.is_set() or not self._resume.is_set()):
            self._catalog.set_queue_state([file.id], QueueState.WAITING)
            return
        abandon(self._library, (*report.waiting, report.unfinished))
        self._incoming.drop([file])

    def _tell(self, progress: IngestProgress) -> None:
        self._progress = progress


def _upload(name: str) -> str:
    """The source of an upload: browsers tell its name and nothing else."""
    return f"upload:{name}"


def _state_of(report: IngestReport) -> QueueState:
    """Of an archive as of its best file: what failed in it is named all the same."""
    for files, state in (
        (report.added, QueueState.ADDED),
        (report.replaced, QueueState.REPLACED),
        (report.unchanged, QueueState.UNCHANGED),
    ):
        if files:
            return state
    return QueueState.LOCKED if report.failed[0].locked else QueueState.FAILED
