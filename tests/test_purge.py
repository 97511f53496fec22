"""After a purge nothing of a deleted document is left in any file of the library."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import ingest
from rag.__main__ import main
from rag.deletion import delete_document
from rag.library import Library
from rag.purge import purge
from rag.settings import Settings, load_settings
from tests.fakes import HashingEmbedder

SECRET = "zanzibarophone"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two collections; from each a document with a secret word was deleted."""
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    (tmp_path / "secret.txt").write_text(f"The {SECRET} is hidden here. " * 5)
    (tmp_path / "open.txt").write_text("Everyone may read this.")
    settings = load_settings()
    for collection in ("library", "other"):
        own = replace(settings, collection=collection)
        with Library.open(own, holder="the test") as library:
            library.open_store(HashingEmbedder())
            files = find_files([tmp_path / "secret.txt", tmp_path / "open.txt"])
            ingest(files, library=library, embedder=HashingEmbedder(), settings=own)
            delete_document(library, library.document("secret.txt").id)
    return settings


def holding(settings: Settings) -> list[str]:
    """Files of the library with the secret in them, or with the name of its document."""
    files = (path for path in settings.library_folder.rglob("*") if path.is_file())
    return [path.name for path in files if any(word in path.read_bytes() for word in (SECRET.encode(), b"secret.txt"))]


def check(settings: Settings) -> None:
    for collection in ("library", "other"):
        with Library.open(replace(settings, collection=collection), holder="the test") as library:
            library.open_store(HashingEmbedder())
            assert examine(library).findings == ()
            assert [chunk.document_name for chunk in library.store.chunks()] == ["open.txt"]


def test_nothing_of_a_deleted_document_is_left_on_the_disk(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert holding(settings)  # Milvus keeps it until then
    assert main(["purge"]) == 0
    assert "written anew" in capsys.readouterr().out
    assert holding(settings) == []
    check(settings)


def test_no_word_of_a_deleted_document_is_left_among_others(tmp_path: Path) -> None:
    """The index of words keeps the beginnings of neighbouring words once only."""
    settings = Settings(home=tmp_path / "home", chunk_tokens=30, chunk_overlap=0)
    secret, kept = (
        "\n\n".join(f"{word}{number} lies in the drawer of the desk." for number in range(300))
        for word in ("zanzibar", "wren")
    )
    for name, text in (("secret.txt", secret), ("kept.txt", kept)):
        (tmp_path / name).write_text(text)
    with Library.open(settings, holder="the test") as library:
        library.open_store(HashingEmbedder())
        for name in ("secret.txt", "kept.txt"):
            ingest(find_files([tmp_path / name]), library=library, embedder=HashingEmbedder(), settings=settings)
        delete_document(library, library.document("secret.txt").id)
    with Library.open(settings, holder="the test") as library:
        purge(library, settings, on_progress=lambda done, total, what: None)
    assert b"zanzibar" not in (settings.library_folder / "words.db").read_bytes()
    with Library.open(settings, holder="the test") as library:
        library.open_store(HashingEmbedder())
        assert examine(library).findings == ()
        assert library.lexical.search("wren7", k=1)


@pytest.mark.parametrize("renamings", [0, 1])
def test_a_purge_that_breaks_off_loses_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, renamings: int
) -> None:
    """Before the old files are moved, and between the two renamings."""
    rename, done = Path.rename, []

    def breaking(self: Path, target: Path) -> Path:
        if self.name.startswith("vectors"):
            if len(done) == renamings:
                raise KeyboardInterrupt
            done.append(self)
        return rename(self, target)

    with Library.open(settings, holder="the test") as library:
        monkeypatch.setattr(Path, "rename", breaking)
        with pytest.raises(KeyboardInterrupt):
            purge(library, settings, on_progress=lambda done, total, what: None)
        monkeypatch.undo()
    check(settings)
    assert not list(settings.library_folder.glob("vectors.*.*"))


def test_an_empty_library_has_nothing_to_purge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "empty"))
    assert main(["purge"]) == 0
    assert "0 bytes went" in capsys.readouterr().out
