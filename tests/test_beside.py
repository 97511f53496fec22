"""Collections that are not open are filled from their watched folders, while another one is."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.beside import OtherCollections
from ingest.discovery import find_files
from ingest.examination import examine
from ingest.following import follow, glance
from ingest.pipeline import ingest
from ingest.queue import IngestQueue
from ingest.watch import FolderWatcher
from rag.catalog import Collection
from rag.collections import create_collection, delete_collection
from rag.errors import FootnoteError, ModelMismatch
from rag.library import Library
from rag.settings import Settings
from tests.documents import write_zip
from tests.fakes import HashingEmbedder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", chunk_tokens=30, chunk_overlap=5, isolate_readers=False)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


@pytest.fixture
def birds(library: Library, tmp_path: Path) -> tuple[Collection, Path]:
    """A collection that is not open, and its watched folder."""
    made = create_collection(library, "Birds")
    folder = (tmp_path / "birds").resolve()
    folder.mkdir()
    (folder / "terns.txt").write_text("Terns dive for fish.")
    library.catalog.watch(made.name, str(folder))
    return made, folder


def others(library: Library, settings: Settings) -> OtherCollections:
    return OtherCollections(library, HashingEmbedder())


def names(library: Library, collection: str) -> list[str]:
    return sorted(record.name for record in library.catalog.documents(collection) if record.state.value == "ready")


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_folders_of_every_collection_are_followed(
    library: Library, settings: Settings, birds: tuple[Collection, Path], tmp_path: Path
) -> None:
    collection, folder = birds
    own = (tmp_path / "own").resolve()
    own.mkdir()
    (own / "pumps.txt").write_text("Pumps hum.")
    library.catalog.watch("library", str(own))
    queue = IngestQueue(library, settings)
    queue.start(HashingEmbedder())
    watcher = FolderWatcher(library, queue.add, others=others(library, settings))
    watcher.start()
    key = (collection.name, str(folder))
    wait(lambda: key in watcher.other_results)
    assert (names(library, "library"), names(library, collection.name)) == (["pumps.txt"], ["terns.txt"])
    assert watcher.other_results[key].files == 1
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    (folder / "terns.txt").write_text("Terns hover.")
    wait(lambda: names(library, collection.name) == ["gulls.txt", "terns.txt"])
    wait(lambda: len(library.catalog.all_versions(collection.name)) == 1)
    (folder / "gulls.txt").unlink()
    wait(lambda: names(library, collection.name) == ["terns.txt"])
    watcher.close()
    queue.close()
    assert not watcher.is_busy_elsewhere
    library.switch(collection.name, HashingEmbedder())
    assert [chunk.text for chunk in library.store.chunks()] == ["Terns hover."]
    assert examine(library).findings == ()


def test_two_collections_are_filled_at_once(
    library: Library, settings: Settings, birds: tuple[Collection, Path], tmp_path: Path
) -> None:
    collection, folder = birds
    for number in range(12):
        write_zip(folder / f"{number}.zip", {f"{number}.txt": f"Bird number {number} sings.".encode()})
        (tmp_path / f"pump {number}.txt").write_text(f"Pump number {number} hums.")
    done: list[int] = []

    def fill() -> None:
        with others(library, settings).opened(collection.name, threading.Event()) as (view, add):
            follow(view, folder, add=add)
            done.append(view.store.count())

    thread = threading.Thread(target=fill)
    thread.start()
    files = [file for file in find_files([tmp_path]) if file.name.startswith("pump")]
    report = ingest(files, library=library, embedder=HashingEmbedder(), settings=settings)
    thread.join()
    assert (len(report.added), report.failed, done) == (12, (), [13])
    assert library.store.count() == library.lexical.count() == 12
    assert examine(library).findings == ()
    library.switch(collection.name, HashingEmbedder())
    assert library.store.count() == library.lexical.count() == 13
    assert examine(library).findings == ()


def test_a_look_tells_whether_there_is_anything_to_do(
    library: Library, settings: Settings, birds: tuple[Collection, Path]
) -> None:
    collection, folder = birds
    assert glance(library.catalog, collection.name, folder) is None
    with others(library, settings).opened(collection.name, threading.Event()) as (view, add):
        follow(view, folder, add=add)
    seen = glance(library.catalog, collection.name, folder)
    assert seen is not None
    assert (seen.files, seen.problem) == (1, "")
    (folder / "gulls.txt").write_text("Gulls eat chips.")
    assert glance(library.catalog, collection.name, folder) is None
    folder.rename(folder.with_name("away"))
    away = glance(library.catalog, collection.name, folder)
    assert away is not None
    assert "not there" in away.problem


def test_a_collection_of_another_model_is_named_and_the_others_go_on(
    library: Library, settings: Settings, birds: tuple[Collection, Path], tmp_path: Path
) -> None:
    collection, folder = birds
    library.catalog.claim_collection("foreign", embedding_model="another", dimension=64)
    foreign = (tmp_path / "foreign").resolve()
    foreign.mkdir()
    (foreign / "a.txt").write_text("About nothing.")
    library.catalog.watch("foreign", str(foreign))
    with pytest.raises(ModelMismatch), others(library, settings).opened("foreign", threading.Event()):
        pass
    watcher = FolderWatcher(library, lambda files: True, others=others(library, settings))
    watcher.start()
    wait(lambda: len(watcher.other_results) == 2)
    watcher.close()
    assert "another" in watcher.other_results["foreign", str(foreign)].problem
    assert watcher.other_results[collection.name, str(folder)].problem == ""


def test_a_collection_that_is_being_filled_is_not_deleted_under_it(
    library: Library, settings: Settings, birds: tuple[Collection, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, _ = birds
    monkeypatch.setattr("rag.library._PATIENCE", 0.1)
    with others(library, settings).opened(collection.name, threading.Event()):
        there = library.catalog.collection(collection.name)
        assert there is not None
        with pytest.raises(FootnoteError, match="being followed"):
            delete_collection(library, there)
    delete_collection(library, there)
    with (
        pytest.raises(FootnoteError, match="any more"),
        others(library, settings).opened(collection.name, threading.Event()),
    ):
        pass
    assert library.catalog.collection(collection.name) is None


def test_a_stop_leaves_the_rest_for_the_next_time(
    library: Library, settings: Settings, birds: tuple[Collection, Path]
) -> None:
    collection, folder = birds
    stop = threading.Event()
    stop.set()
    with others(library, replace(settings)).opened(collection.name, stop) as (view, add):
        assert follow(view, folder, add=add).stopped
    assert names(library, collection.name) == []
