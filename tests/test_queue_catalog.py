"""Which files of the queue are done is asked of SQLite, and is what a look at all of them one by one finds."""

import random
import threading
from pathlib import Path

import pytest

from ingest.pace import Pace
from ingest.snapshot import take_snapshot
from rag.catalog import Catalog, QueuedFile, QueueState
from rag.types import Document, Page


def expected(catalog: Catalog, left: set[str], of: str | None) -> list[tuple[str, QueueState]]:
    """Names and states of the files that are done, as rows are read one by one."""
    done: list[tuple[str, QueueState]] = []
    before: set[str] = set()
    for file in catalog.queue("library"):
        is_asked = of is None or of in file.documents
        if file.state is QueueState.EMBEDDING and is_asked and left.isdisjoint(file.documents):
            is_known = before.issuperset(file.documents)
            done.append((file.name, QueueState.UNCHANGED if is_known else QueueState.ADDED))
        before.update(file.documents)
    return done


def state_of(catalog: Catalog, file: QueuedFile) -> QueueState:
    return next(one.state for one in catalog.queue("library") if one.id == file.id)


@pytest.mark.parametrize("seed", range(12))
def test_the_files_that_are_done_are_those_of_a_look_at_each(tmp_path: Path, seed: int) -> None:
    chance, catalog = random.Random(seed), Catalog(tmp_path / "catalog.db")
    known = [f"{number:x}" * 2 for number in range(12)]  # "11" is a part of "1111" and no document of that file
    left = set(chance.sample(known, 5))
    for identifier in left:
        document = Document(id=identifier, name=identifier, title="", pages=(Page(1, "x"),))
        catalog.begin("library", document, size=1, source=identifier)
        with catalog._transaction() as run:
            run.exec_driver_sql("UPDATE documents SET state = 'embedding' WHERE id = ?", (identifier,))
    for number in range(40):
        collection = chance.choice(("library", "library", "other"))
        file_id = catalog.enqueue(collection, tmp_path / "x", name=f"{number}", source="", size=1, is_copy=False)
        state = chance.choice((QueueState.EMBEDDING, QueueState.EMBEDDING, QueueState.ADDED, QueueState.FAILED))
        catalog.set_queue_state([file_id], state, documents=chance.sample(known, chance.randrange(4)))
        if not chance.randrange(6):
            catalog.hasten(collection, file_id)
    of = chance.choice((None, chance.choice(known)))
    wanted = expected(catalog, left, of)
    done = catalog.finish_embedded("library", of)
    assert [(file.name, state_of(catalog, file)) for file in done] == wanted
    assert catalog.finish_embedded("library", of) == []
    catalog.close()


def test_a_file_that_changes_its_state_is_in_every_look_once(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db")
    file_id = catalog.enqueue("library", tmp_path / "x", name="x", source="", size=1, is_copy=False)
    ended = threading.Event()

    def move() -> None:
        while not ended.is_set():
            for state in (QueueState.WORKING, QueueState.EMBEDDING, QueueState.WAITING):
                catalog.set_queue_state([file_id], state)

    moving = threading.Thread(target=move)
    moving.start()
    try:
        looks = [
            take_snapshot(catalog, "library", since=0, progress=None, pace=Pace(), paused=False, stopping=False).files
            for _ in range(200)
        ]
    finally:
        ended.set()
        moving.join()
        catalog.close()
    assert all([file.id for file in files] == [file_id] for files in looks)


def test_files_are_ordered_by_state_then_by_place(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db")
    for name, state in (("a", "added"), ("b", "waiting"), ("c", "working"), ("d", "waiting"), ("e", "failed")):
        file_id = catalog.enqueue("library", tmp_path / name, name=name, source="", size=1, is_copy=False)
        catalog.set_queue_state([file_id], QueueState(state))
    order = (QueueState.WORKING, QueueState.FAILED, QueueState.WAITING)
    assert "".join(file.name for file in catalog.queue_by_state("library", order, limit=9)) == "cebda"
    assert "".join(file.name for file in catalog.queue_by_state("library", order, limit=3)) == "ceb"
    catalog.close()
