"""Deleted is deleted: on the real store, with a receipt that a search proves."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import rag.deletion
from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import originals
from rag.__main__ import main
from rag.deletion import delete_document
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings, load_settings
from tests.fakes import HashingEmbedder
from tests.test_quotes import answer


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_CHUNK_TOKENS", "20")
    monkeypatch.setenv("FOOTNOTE_CHUNK_OVERLAP", "4")
    return load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    (made / "herons.txt").write_text("\n\n".join(f"Heron {n} stands {n * 7} hours by the river." for n in range(60)))
    (made / "terns.txt").write_text("Terns dive for fish.")
    return made


@pytest.fixture
def library(settings: Settings, folder: Path) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        fill(opened, settings, folder)
        yield opened


def fill(library: Library, settings: Settings, folder: Path) -> None:
    library.open_store(HashingEmbedder())
    ingest(find_files([folder]), library=library, embedder=HashingEmbedder(), settings=settings)


def test_a_receipt_lists_what_went_and_a_search_finds_nothing(library: Library, folder: Path) -> None:
    record = library.document("herons.txt")
    conversation = library.catalog.start_conversation("About herons")
    library.catalog.add_answer(conversation.id, {"citations": [{"document_id": record.id}]})
    receipt = delete_document(library, record.id)
    assert receipt is not None
    assert (receipt.passages, receipt.words) == (record.chunks, record.chunks)
    assert receipt.copy == record.size
    assert receipt.sources == (str((folder / "herons.txt").resolve()),)
    assert 10 <= receipt.asked <= 20
    assert receipt.left == ()
    assert receipt.quoted_in == ("About herons",)
    assert any("none answers any more" in line for line in receipt.lines)
    assert [chunk.document_name for chunk in library.store.chunks()] == ["terns.txt"]
    assert library.lexical.search("heron river", k=5) == []
    assert delete_document(library, record.id) is None


def test_what_stays_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    record = library.document("herons.txt")
    monkeypatch.setattr(library.lexical, "delete_document", lambda document_id: None)
    monkeypatch.setattr(originals, "remove", lambda folder, document_id: None)
    receipt = delete_document(library, record.id)
    assert receipt is not None
    assert {"words", "its kept copy", "passage 1 by its words"} <= set(receipt.left)
    assert "passages" not in receipt.left
    assert "which is a fault" in receipt.lines[-1]
    monkeypatch.undo()


def test_the_kept_copy_stays_for_another_collection(library: Library, settings: Settings, folder: Path) -> None:
    record = library.document("herons.txt")
    library.close()
    other = replace(settings, collection="other")
    with Library.open(other, holder="other") as opened:
        fill(opened, other, folder)
        receipt = delete_document(opened, record.id)
        assert receipt is not None
        assert (receipt.shared_with, receipt.copy, receipt.left) == (("library",), 0, ())
        assert originals.find(opened.folder, record.id) is not None
    with Library.open(settings, holder="first") as opened:
        opened.open_store(HashingEmbedder())
        last = delete_document(opened, record.id)
        assert last is not None
        assert (last.passages, last.copy) == (record.chunks, record.size)
        assert originals.find(opened.folder, record.id) is None


def test_who_keeps_texts_in_memory_is_told_once_they_are_gone(library: Library) -> None:
    record = library.document("herons.txt")
    told: list[object] = []
    library.on_removed = lambda: told.append(library.catalog.document("library", record.id))
    delete_document(library, record.id)
    assert told == [None]


def test_a_deletion_that_breaks_off_is_finished_later(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    record = library.document("herons.txt")

    def fail(*_: object) -> None:
        raise OSError("the power went")

    monkeypatch.setattr(rag.deletion.originals, "remove", fail)
    with pytest.raises(OSError, match="power"):
        delete_document(library, record.id)
    monkeypatch.undo()
    assert originals.find(library.folder, record.id) is not None
    rag.deletion.finish_deletions(library)
    assert originals.find(library.folder, record.id) is None
    assert library.catalog.document("library", record.id) is None


def test_deleted_words_are_not_left_in_the_files_of_catalog_and_words(library: Library, folder: Path) -> None:
    identifier = library.document("terns.txt").id
    delete_document(library, identifier)
    library.close()
    files = [library.folder / name for name in ("catalog.db", "words.db")]
    for trace in (identifier, "terns.txt", "tern fish"):
        found = subprocess.run(["grep", "-la", trace, *files], capture_output=True, text=True)
        assert found.stdout == "", trace


def test_the_command_deletes_by_name_or_id_and_prints_the_receipt(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    identifier = library.document("terns.txt").id
    library.close()
    assert main(["delete", "herons.txt"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert main(["delete", "--yes", "gulls.txt"]) == 1
    assert "'gulls.txt'" in capsys.readouterr().err
    assert main(["delete", "--yes", "herons.txt", identifier[:10]]) == 0
    shown = capsys.readouterr().out
    assert shown.count("none answers any more") == 2
    assert identifier in shown


def test_two_documents_of_one_name_are_told_apart(library: Library, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "terns.txt").write_text("Other terns.")
    ingest(find_files([tmp_path / "terns.txt"]), library=library, embedder=HashingEmbedder(), settings=settings)
    with pytest.raises(FootnoteError, match="2 documents are called 'terns.txt'") as told:
        library.document("terns.txt")
    identifier = str(told.value).rstrip(".").rsplit(" ", 1)[1]
    assert library.document(identifier).name == "terns.txt"


@pytest.mark.parametrize(
    ("options", "replies", "is_kept"),
    [
        ([], ["y", "y"], False),
        ([], ["y", "n"], True),
        (["--keep-quotes"], ["y"], True),
        (["--quotes", "--yes"], [], False),
        (["--yes"], [], True),
    ],
)
def test_the_command_asks_whether_quotes_are_to_go(
    library: Library, monkeypatch: pytest.MonkeyPatch, options: list[str], replies: list[str], is_kept: bool
) -> None:
    conversation = library.catalog.start_conversation("Birds").id
    library.catalog.add_answer(conversation, answer("Herons stand. [1]", library.document("herons.txt").id))
    settings = load_settings()
    library.close()
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    left = list(replies)
    monkeypatch.setattr("builtins.input", lambda question: left.pop(0))
    assert main(["delete", "herons.txt", *options]) == 0
    assert left == []
    with Library.open(settings, holder="the test") as opened:
        (kept,) = opened.catalog.answers(conversation)
        assert ("Herons stand" in kept["text"]) is is_kept
