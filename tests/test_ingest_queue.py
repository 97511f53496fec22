"""The queue of the page: order, pause, cancel, passwords, restarts."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingest.pipeline import find_files
from ingest.queue import IngestQueue
from rag.catalog import QueueState
from rag.embedders import OnBatch, Vectors
from rag.library import Library
from rag.settings import Settings
from tests.documents import write_encrypted_pdf, write_zip
from tests.fakes import HashingEmbedder


class GatedEmbedder(HashingEmbedder):
    """Waits at a gate before each batch, so that a test can look in between."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.waiting = threading.Event()
        self.gate.set()

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        self.waiting.set()
        self.gate.wait(20)
        return super().encode_documents(texts, on_batch=on_batch)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


@pytest.fixture
def embedder() -> GatedEmbedder:
    return GatedEmbedder()


@pytest.fixture
def queue(library: Library, embedder: GatedEmbedder) -> Iterator[IngestQueue]:
    made = IngestQueue(library, Settings())
    made.start(embedder)
    yield made
    embedder.gate.set()
    made.close()


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def states(queue: IngestQueue) -> dict[str, QueueState]:
    return {file.name: file.state for file in queue.snapshot().files}


def finish(queue: IngestQueue) -> dict[str, QueueState]:
    wait(lambda: not queue.snapshot().is_open)
    return states(queue)


def names(library: Library) -> set[str]:
    return {document.name for document in library.catalog.documents("library")}


def test_files_are_added_in_their_order_and_copies_do_not_stay(queue: IngestQueue, library: Library) -> None:
    queue.receive("a.txt", b"About herons.")
    queue.receive("../../b.txt", b"About terns.")
    queue.receive("broken.pdf", b"%PDF-1.7 nothing")
    assert finish(queue) == {
        "broken.pdf": QueueState.FAILED,
        "a.txt": QueueState.ADDED,
        "../../b.txt": QueueState.ADDED,
    }
    assert names(library) == {"a.txt", "../../b.txt"}
    assert len(list((library.folder / "incoming").iterdir())) == 1  # what failed may be tried again
    queue.dismiss()
    assert not list((library.folder / "incoming").iterdir())
    assert queue.snapshot().files == ()


def test_a_locked_file_waits_for_its_password(queue: IngestQueue, library: Library, tmp_path: Path) -> None:
    path = write_encrypted_pdf(tmp_path / "locked.pdf", "A page about herons.", "heron")
    queue.receive("locked.pdf", path.read_bytes())
    assert finish(queue) == {"locked.pdf": QueueState.LOCKED}
    queue.retry(queue.snapshot().files[0], "wrong")
    assert finish(queue) == {"locked.pdf": QueueState.LOCKED}
    assert "the password does not open it" in queue.snapshot().files[0].message
    queue.retry(queue.snapshot().files[0], "heron")
    assert finish(queue) == {"locked.pdf": QueueState.ADDED}
    assert names(library) == {"locked.pdf"}


def test_a_pause_keeps_the_file_in_work(queue: IngestQueue, library: Library, embedder: GatedEmbedder) -> None:
    embedder.gate.clear()
    queue.receive("a.txt", b"About herons.")
    queue.receive("b.txt", b"About terns.")
    embedder.waiting.wait(20)
    queue.pause()
    embedder.gate.set()
    wait(lambda: states(queue) == {"a.txt": QueueState.WAITING, "b.txt": QueueState.WAITING})
    assert queue.snapshot().paused
    queue.resume()
    assert finish(queue) == {"a.txt": QueueState.ADDED, "b.txt": QueueState.ADDED}


def test_a_cancel_leaves_nothing_half_done(queue: IngestQueue, library: Library, embedder: GatedEmbedder) -> None:
    queue.receive("first.txt", b"About gulls.")
    finish(queue)
    embedder.gate.clear()
    embedder.waiting.clear()
    queue.receive("a.txt", b"About herons.")
    queue.receive("b.txt", b"About terns.")
    embedder.waiting.wait(20)
    queue.cancel()
    embedder.gate.set()
    wait(lambda: not queue.snapshot().is_open)
    assert names(library) == {"first.txt"}
    assert library.store.count() == 1
    assert not list((library.folder / "incoming").iterdir())


def test_an_archive_is_one_file_of_the_queue_and_names_what_failed_in_it(
    queue: IngestQueue, library: Library, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"About gulls.", "half.pdf": b"%PDF-1.7 half"})
    queue.receive("a.zip", path.read_bytes())
    assert finish(queue) == {"a.zip": QueueState.ADDED}
    assert "a.zip: half.pdf: it is damaged" in queue.snapshot().files[0].message
    assert names(library) == {"a.txt"}
    assert not list((library.folder / "incoming").iterdir())


def test_a_cancelled_archive_keeps_its_whole_documents_only(
    queue: IngestQueue, library: Library, embedder: GatedEmbedder, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"About gulls.", "b.txt": b"About terns."})
    embedder.gate.clear()
    queue.receive("a.zip", path.read_bytes())
    embedder.waiting.wait(20)
    queue.cancel()
    embedder.gate.set()
    wait(lambda: not queue.snapshot().is_open)
    assert names(library) == set()
    assert not (library.folder / "unpacked").exists()


def test_what_was_in_work_goes_on_after_a_restart(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("About herons.")
    first = IngestQueue(library, Settings())
    first.put(find_files([tmp_path / "a.txt"]))
    first.receive("b.txt", b"About terns.")
    library.catalog.set_queue_state([first.snapshot().files[0].id], QueueState.WORKING)  # and then it was killed
    (library.folder / "incoming" / "stray.txt").write_text("A copy that was never noted.")
    second = IngestQueue(library, Settings())
    assert not (library.folder / "incoming" / "stray.txt").exists()
    second.start(HashingEmbedder())
    assert finish(second) == {"a.txt": QueueState.ADDED, "b.txt": QueueState.ADDED}
    second.close()


def test_a_defect_of_ours_is_named_and_stops_nothing(
    queue: IngestQueue, monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    original = HashingEmbedder.encode_documents

    def faulty(self: HashingEmbedder, texts: Sequence[str], **options: object) -> Vectors:
        if "herons" in texts[0]:
            raise ZeroDivisionError
        return original(self, texts, **options)

    monkeypatch.setattr(HashingEmbedder, "encode_documents", faulty)
    queue.receive("a.txt", b"About herons.")
    queue.receive("b.txt", b"About terns.")
    assert finish(queue) == {"a.txt": QueueState.FAILED, "b.txt": QueueState.ADDED}
    assert "a.txt" in queue.snapshot().files[0].message
