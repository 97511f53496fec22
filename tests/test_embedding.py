"""New documents are found by their words at once, and their vectors fill in behind."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingest import embedding
from ingest.discovery import find_files
from ingest.embedding import embed_next
from ingest.examination import Fault, examine
from ingest.following import follow
from ingest.pipeline import ingest
from ingest.queue import IngestQueue
from ingest.renaming import rename_document
from ingest.repair import repair
from ingest.report import IngestReport
from rag.backup import back_up, restore
from rag.catalog import DocumentState, Embedded, QueueState
from rag.deletion import delete_document
from rag.embedders import OnBatch, Vectors
from rag.errors import StoreError
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Span
from tests.fakes import HashingEmbedder
from tests.test_ingest_queue import GatedEmbedder, finish, states, wait

SIZE = 12  # paragraphs of the long document


class Meanwhile(HashingEmbedder):
    """Does something while it embeds passages, once."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        act, self._act = self._act, None
        if act is not None:
            act()
        return super().encode_passages(texts, lines, on_batch=on_batch)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", chunk_tokens=16, chunk_overlap=0, isolate_readers=False)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "documents" / "birds.txt"
    path.parent.mkdir()
    path.write_text(
        "\n\n".join(f"Paragraph {number} tells how bird {number} came to the dunes." for number in range(SIZE))
    )
    return path


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_WRITTEN", 4)
    monkeypatch.setattr(embedding, "_STEP", 2)


def read(library: Library, settings: Settings, *files: Path) -> IngestReport:
    """Words only, as the queue does."""
    return ingest(find_files(files), library=library, embedder=HashingEmbedder(), settings=settings, embed=False)


def the_document(library: Library) -> tuple[DocumentState, int]:
    (record,) = library.catalog.documents(library.collection)
    return record.state, record.chunks


def found(library: Library, settings: Settings, question: str = "bird 7 dunes") -> list[tuple[str, float, float]]:
    hits = Retriever.of_library(library, HashingEmbedder(), settings).retrieve(question, k=3, minimum_score=0.0).hits
    return [(hit.chunk.text, round(hit.score, 2), round(hit.line, 2)) for hit in hits]


def test_a_document_is_found_by_its_words_before_anything_is_embedded(
    library: Library, settings: Settings, file: Path
) -> None:
    report = read(library, settings, file)
    (identifier,) = report.waiting
    assert (report.added, report.chunks) == (("birds.txt",), 0)
    assert the_document(library) == (DocumentState.EMBEDDING, SIZE)
    assert (library.store.count(), library.lexical.count()) == (0, SIZE)
    retriever = Retriever.of_library(library, HashingEmbedder(), settings)
    (best, *_) = retriever.retrieve("How did bird 7 come to the dunes?", k=3, minimum_score=0.3).hits
    assert best.chunk.text == "Paragraph 7 tells how bird 7 came to the dunes."
    (line, *_) = retriever.evidence("How did bird 7 come to the dunes?", [best])
    assert line.text == best.chunk.text
    assert [chunk.position for chunk in retriever.passages(identifier)] == list(range(SIZE))
    assert retriever.count() == SIZE


def test_a_passage_scores_the_same_before_and_after_it_has_a_vector(
    library: Library, settings: Settings, file: Path
) -> None:
    read(library, settings, file)
    before = found(library, settings)
    ingest([], library=library, embedder=HashingEmbedder(), settings=settings)
    assert the_document(library) == (DocumentState.READY, SIZE)
    after = found(library, settings)
    assert before[0][0] == after[0][0]
    assert [score for _, *score in before] == [pytest.approx(score, abs=0.02) for _, *score in after]


def test_passages_that_are_many_are_ranked_by_their_words(library: Library, settings: Settings, file: Path) -> None:
    read(library, settings, file)
    fused = Retriever.of_library(library, HashingEmbedder(), settings).stages("bird 7 dunes", count=50).fused
    assert len(fused) == SIZE
    assert [hit.line > 0 for hit in fused] == [True] * 8 + [False] * (SIZE - 8)
    assert all(hit.words > 0 for hit in fused)


def test_steps_tell_how_far_a_document_is(library: Library, settings: Settings, file: Path) -> None:
    (identifier,) = read(library, settings, file).waiting
    steps = []
    while embed_next(library, HashingEmbedder()):
        steps.append(library.catalog.embedded("library").get(identifier))
    assert steps == [Embedded(4, SIZE), Embedded(8, SIZE), None]
    assert library.catalog.embedded(library.collection) == {}
    read(library, settings, file)
    assert the_document(library) == (DocumentState.READY, SIZE)


def test_a_step_ends_early_for_what_is_urgent_and_keeps_what_it_did(
    library: Library, settings: Settings, file: Path
) -> None:
    (identifier,) = read(library, settings, file).waiting
    assert embed_next(library, HashingEmbedder(), is_urgent=lambda: True) == 2
    assert library.catalog.embedded("library") == {identifier: Embedded(2, SIZE)}
    assert library.store.count([identifier]) == 2


def test_what_was_embedded_is_written_after_some_seconds(
    library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_SECONDS", 0.0)
    (identifier,) = read(library, settings, file).waiting
    assert embed_next(library, HashingEmbedder()) == 2
    assert library.store.count([identifier]) == 2


@pytest.mark.parametrize("place", ["upsert", "note_embedded"])
def test_a_kill_between_words_and_vectors_costs_nothing_twice(
    library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before the store has a batch it is lost, at most once; after that nothing is embedded again."""
    owner = library.store if place == "upsert" else library.catalog
    original, calls, embedder = getattr(owner, place), [], HashingEmbedder()

    def killed(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise SystemExit
        return original(*arguments)

    read(library, settings, file)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(owner, place, killed)
        ingest([], library=library, embedder=embedder, settings=settings)
    assert the_document(library) == (DocumentState.EMBEDDING, SIZE)
    report = ingest(find_files([file]), library=library, embedder=embedder, settings=settings)
    assert report.unchanged == ("birds.txt",)
    assert embedder.encoded == (SIZE + 4 if place == "upsert" else SIZE)
    assert the_document(library) == (DocumentState.READY, SIZE)
    assert examine(library).findings == ()


def test_a_document_that_is_deleted_while_it_is_embedded_leaves_nothing(
    library: Library, settings: Settings, file: Path
) -> None:
    (identifier,) = read(library, settings, file).waiting
    receipts = []
    embedder = Meanwhile(lambda: receipts.append(delete_document(library, identifier)))
    ingest([], library=library, embedder=embedder, settings=settings)
    assert (library.store.count(), library.lexical.count(), library.catalog.count_unembedded("library")) == (0, 0, 0)
    assert (receipts[0].passages, receipts[0].words, receipts[0].asked, receipts[0].left) == (0, SIZE, SIZE, ())


def test_a_document_that_is_renamed_while_it_is_embedded_has_its_new_name_everywhere(
    library: Library, settings: Settings, file: Path
) -> None:
    read(library, settings, file)
    embed_next(library, HashingEmbedder())
    (record,) = library.catalog.documents("library")
    embedder = Meanwhile(lambda: rename_document(library, record, "gulls.txt"))
    ingest([], library=library, embedder=embedder, settings=settings)
    assert {(chunk.document_name, chunk.title) for chunk in library.store.chunks()} == {("gulls.txt", "gulls")}
    assert the_document(library) == (DocumentState.READY, SIZE)
    assert examine(library).findings == ()


def test_a_changed_file_answers_by_its_old_version_until_the_new_one_is_whole(
    library: Library, settings: Settings, file: Path
) -> None:
    ingest(find_files([file]), library=library, embedder=HashingEmbedder(), settings=settings)
    file.write_text("Now terns came to the dunes.")
    seen: list[list[str]] = []
    embedder = Meanwhile(lambda: seen.append([text for text, *_ in found(library, settings, "terns dunes")]))
    report = ingest(find_files([file]), library=library, embedder=embedder, settings=settings, embed=False)
    assert (report.replaced, report.waiting, library.store.count()) == (("birds.txt",), (), 1)
    assert len(seen[0]) == 3
    assert all(text.startswith("Paragraph") for text in seen[0])
    assert [text for text, *_ in found(library, settings, "terns dunes")] == ["Now terns came to the dunes."]


def test_a_new_file_that_changes_before_it_is_embedded_is_found_by_its_new_words(
    library: Library, settings: Settings, file: Path
) -> None:
    read(library, settings, file)
    embed_next(library, HashingEmbedder())
    file.write_text("Now terns came to the dunes.")
    read(library, settings, file)
    assert the_document(library) == (DocumentState.EMBEDDING, 1)
    assert (library.store.count(), library.lexical.count(), library.catalog.count_unembedded("library")) == (0, 1, 1)


def test_a_document_without_all_its_vectors_takes_no_place_before_it_has_them(
    library: Library, settings: Settings, file: Path
) -> None:
    other = file.with_name("other.txt")
    other.write_text("The old text is about terns.")
    ingest(find_files([other]), library=library, embedder=HashingEmbedder(), settings=settings)
    read(library, settings, file)
    other.write_bytes(file.read_bytes())
    report = read(library, settings, other)
    assert report.replaced == ("other.txt",)
    assert the_document(library) == (DocumentState.READY, SIZE)


def test_an_examination_knows_what_waits_and_a_repair_embeds_it(
    library: Library, settings: Settings, file: Path
) -> None:
    read(library, settings, file)
    embed_next(library, HashingEmbedder())
    (finding,) = examine(library).findings
    assert (finding.fault, finding.count) == (Fault.UNEMBEDDED, SIZE - 4)
    library.lexical.delete_document(finding.document_id)
    assert {entry.fault for entry in examine(library).findings} == {Fault.UNEMBEDDED, Fault.WORDS_MISSING}
    results = repair(examine(library).findings, library=library, embedder=HashingEmbedder(), settings=settings)
    assert all(result.done for result in results)
    assert "8 passages were embedded" in results[-1].text
    assert examine(library).findings == ()
    assert the_document(library) == (DocumentState.READY, SIZE)


def test_passages_that_are_nowhere_are_read_again(library: Library, settings: Settings, file: Path) -> None:
    (identifier,) = read(library, settings, file).waiting
    library.catalog.note_embedded("library", identifier, [library.passages(identifier)[3].id])  # and nothing is stored
    faults = {finding.fault for finding in examine(library).findings}
    assert faults == {Fault.UNEMBEDDED, Fault.PASSAGES_MISSING, Fault.WORDS_OF_NOTHING}
    repair(examine(library).findings, library=library, embedder=HashingEmbedder(), settings=settings)
    assert examine(library).findings == ()


def test_passages_without_a_document_are_removed(library: Library, settings: Settings, file: Path) -> None:
    (identifier,) = read(library, settings, file).waiting
    passages = library.passages(identifier)
    delete_document(library, identifier)
    library.catalog.finish("library", identifier, source="", chunks=SIZE, unembedded=passages)  # its row is lost
    library.lexical.add(passages)
    (finding,) = examine(library).findings
    assert (finding.fault, finding.count) == (Fault.UNEMBEDDED_OF_NOTHING, SIZE)
    repair([finding], library=library, embedder=HashingEmbedder(), settings=settings)
    assert examine(library).findings == ()


def test_words_of_what_waits_are_indexed_anew_and_a_backup_has_it(
    library: Library, settings: Settings, file: Path, tmp_path: Path
) -> None:
    read(library, settings, file)
    embed_next(library, HashingEmbedder())
    back_up(library, tmp_path / "backup.zip")
    library.close()
    restore(tmp_path / "backup.zip", settings)
    with Library.open(settings, holder="again") as again:
        again.open_store(HashingEmbedder())
        assert (again.store.count(), again.lexical.count()) == (4, SIZE)
        assert found(again, settings)[0][0] == "Paragraph 7 tells how bird 7 came to the dunes."
        ingest([], library=again, embedder=HashingEmbedder(), settings=settings)
        assert the_document(again) == (DocumentState.READY, SIZE)


def test_a_followed_folder_is_carried_on_where_nothing_has_changed(
    library: Library, settings: Settings, file: Path
) -> None:
    def add(files: Sequence[object], *, embed: bool) -> bool:
        ingest(files, library=library, embedder=HashingEmbedder(), settings=settings, embed=embed)
        return True

    follow(library, file.parent, add=lambda files: add(files, embed=False))
    assert the_document(library) == (DocumentState.EMBEDDING, SIZE)
    follow(library, file.parent, add=lambda files: add(files, embed=True))
    assert the_document(library) == (DocumentState.READY, SIZE)


@pytest.fixture
def queue(library: Library, settings: Settings) -> Iterator[IngestQueue]:
    made = IngestQueue(library, settings)
    yield made
    made.close()


def test_files_of_the_queue_are_all_found_before_the_first_is_embedded(
    library: Library, settings: Settings, file: Path, queue: IngestQueue
) -> None:
    embedder = GatedEmbedder()
    queue.receive("a.txt", file.read_bytes())
    queue.receive("b.txt", b"Terns rest.")
    embedder.gate.clear()
    queue.start(embedder)
    embedder.waiting.wait(20)  # the first two passages, which tell the pace
    queue.receive("c.txt", b"Gulls shout.")
    embedder.gate.set()
    embedder.waiting.clear()
    wait(lambda: states(queue).get("c.txt") is not QueueState.WAITING)
    assert finish(queue) == dict.fromkeys(("a.txt", "b.txt", "c.txt"), QueueState.ADDED)
    assert {record.state for record in library.catalog.documents("library")} == {DocumentState.READY}
    assert not list((library.folder / "incoming").iterdir())


def test_a_snapshot_says_how_far_the_vectors_are(
    library: Library, settings: Settings, file: Path, queue: IngestQueue
) -> None:
    embedder = GatedEmbedder()
    queue.receive("a.txt", file.read_bytes())
    queue.start(embedder)
    embedder.gate.clear()
    embedder.waiting.wait(20)
    snapshot = queue.snapshot()
    (shown,) = snapshot.files
    assert shown.state is QueueState.EMBEDDING
    assert snapshot.embedded[shown.id].of == snapshot.embedded_of_all.of == SIZE
    assert 0 < snapshot.fraction < 1
    assert [text for text, *_ in found(library, settings)]
    embedder.gate.set()
    finish(queue)
    assert queue.snapshot().embedded == {}


def test_what_cannot_be_embedded_stays_found_by_words_and_can_be_tried_again(
    library: Library, settings: Settings, file: Path, queue: IngestQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("No room")

    with monkeypatch.context() as patched:
        patched.setattr(library.store, "upsert", full)
        queue.receive("a.txt", file.read_bytes())
        queue.start(HashingEmbedder())
        assert finish(queue) == {"a.txt": QueueState.FAILED}
    (failed,) = queue.snapshot().files
    assert failed.message == "a.txt is found by its words only: No room"
    assert found(library, settings)[0][0] == "Paragraph 7 tells how bird 7 came to the dunes."
    queue.retry(failed)
    assert finish(queue) == {"a.txt": QueueState.ADDED}
    assert the_document(library) == (DocumentState.READY, SIZE)


def test_a_restart_goes_on_with_the_vectors(
    library: Library, settings: Settings, file: Path, queue: IngestQueue
) -> None:
    embedder = GatedEmbedder()
    queue.receive("a.txt", file.read_bytes())
    queue.start(embedder)
    embedder.gate.clear()
    embedder.waiting.wait(20)
    closing = threading.Thread(target=queue.close)
    closing.start()
    wait(queue._closing.is_set)
    embedder.gate.set()
    closing.join()
    assert the_document(library)[0] is DocumentState.EMBEDDING
    second = IngestQueue(library, settings)
    assert states(second) == {"a.txt": QueueState.EMBEDDING}
    second.start(HashingEmbedder())
    assert finish(second) == {"a.txt": QueueState.ADDED}
    second.close()
    assert examine(library).findings == ()


def test_a_document_that_is_deleted_leaves_the_queue(
    library: Library, settings: Settings, file: Path, queue: IngestQueue
) -> None:
    embedder = GatedEmbedder()
    queue.receive("a.txt", file.read_bytes())
    queue.start(embedder)
    embedder.gate.clear()
    embedder.waiting.wait(20)
    (record,) = library.catalog.documents("library")
    delete_document(library, record.id)
    embedder.gate.set()
    finish(queue)
    assert library.catalog.documents("library") == []
    assert (library.store.count(), library.lexical.count()) == (0, 0)


def test_vectors_wait_for_an_answer_but_not_for_ever(
    library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering = threading.Event()
    answering.set()
    embedder = HashingEmbedder()
    queue = IngestQueue(library, settings, is_answering=answering.is_set)
    try:
        queue.receive("a.txt", file.read_bytes())
        queue.start(embedder)
        wait(lambda: states(queue).get("a.txt") is QueueState.EMBEDDING)  # it is read, and found by its words
        wait(lambda: queue._gave_way >= 0.4)
        assert embedder.encoded == 0
        monkeypatch.setattr("ingest.queue._PATIENCE", 0.2)
        wait(lambda: embedder.encoded > 0)
        monkeypatch.setattr("ingest.queue._PATIENCE", 60.0)
        answering.clear()
        assert finish(queue) == {"a.txt": QueueState.ADDED}
    finally:
        queue.close()


def test_passages_that_were_stored_before_a_kill_and_still_wait_let_no_words_be_indexed_anew(
    library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = HashingEmbedder()
    ingest(find_files([file]), library=library, embedder=embedder, settings=settings, embed=False)
    (document,) = library.catalog.embedded(library.collection)
    waiting = library.catalog.unembedded(library.collection, document)[:5]
    library.store.upsert(waiting, embedder.encode_documents([chunk.embedded for chunk in waiting]))

    def anew(*anything: object) -> None:
        raise AssertionError("words were indexed anew")

    with monkeypatch.context() as patched:
        patched.setattr(Library, "index_words", anew)
        library.open_store(embedder)
    library.lexical.delete_document(document)
    library.open_store(embedder)
    assert library.lexical.count() == SIZE
