"""A catalog that is damaged or gone is explained, and made anew from what is there."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import rag.build
from ingest import doctor
from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import SAMPLES, ingest
from ingest.rebuild import rebuild
from rag import originals, reembedding
from rag.catalog import CatalogDamaged, CatalogError
from rag.collections import create_collection, move_documents
from rag.library import Library
from rag.settings import Settings, load_settings
from tests.fakes import HashingEmbedder

NAMES = [f"paper {number:02}.txt" for number in range(40)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "hashing")
    monkeypatch.setattr(rag.build, "load_embedder", lambda *_, **__: HashingEmbedder())
    return load_settings()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library: two collections, a tag, a conversation."""
    folder = tmp_path_factory.mktemp("documents")
    settings = Settings(home=tmp_path_factory.mktemp("home"), embedding_model="hashing")
    for name in NAMES:
        (folder / name).write_text(f"About the bird of {name}. It nests on sand and eats fish. {'Words. ' * 40}")
    with Library.open(settings, holder="the test") as library:
        library.open_store(HashingEmbedder())
        report = ingest(find_files([folder]), library=library, embedder=HashingEmbedder(), settings=settings)
        assert len(report.added) == len(NAMES)
        library.catalog.tag("library", [library.document(NAMES[0]).id], ["sand"])
        library.catalog.add_answer(library.catalog.start_conversation("Birds").id, {"text": "They nest."})
        move_documents(
            library, [library.document(name) for name in NAMES[-3:]], create_collection(library, "Sea birds")
        )
        return library.folder


@pytest.fixture
def catalog(made: Path, settings: Settings) -> Path:
    """The file of the catalog of a library of one's own."""
    shutil.copytree(made, settings.library_folder)
    return settings.library_folder / "catalog.db"


def names(settings: Settings, collection: str = "library") -> list[str]:
    """What a whole collection holds; it answers, and nothing is wrong with it."""
    with Library.open(replace(settings, collection=collection), holder="the test") as library:
        library.open_store(HashingEmbedder())
        assert examine(library).findings == ()
        return sorted(record.name for record in library.catalog.documents(collection))


def lose(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def overwrite(file: Path) -> None:
    file.write_bytes(b"nothing that SQLite knows " * 500)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def spoil(file: Path) -> None:
    """Some pages in the middle, where documents and sources lie."""
    with sqlite3.connect(file) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'documents'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    data = bytearray(file.read_bytes())
    data[(root - 1) * size : root * size] = b"\xa7" * size
    file.write_bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [lose, empty, overwrite, cut, spoil])
def test_a_damaged_catalog_is_made_anew(
    damage: Callable[[Path], None], catalog: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(catalog)
    assert doctor.main([]) == 1
    assert "--repair" in capsys.readouterr().err
    assert doctor.main(["--repair"]) == 0
    said = capsys.readouterr().out
    assert "A new catalog was made" in said
    assert "All is well" in said
    assert names(settings) == NAMES[:-3]
    assert names(settings, "sea_birds") == NAMES[-3:]
    if damage is not lose:
        assert (catalog.parent / "set-aside" / "catalog.db").exists()
    assert doctor.main([]) == 0
    with Library.open(settings, holder="the test") as library:
        assert library.catalog.is_marked(SAMPLES)
        assert library.catalog.document_at("library", f"kept:{NAMES[5]}") is not None or damage in (spoil, cut)


@pytest.mark.slow
def test_what_is_not_damaged_comes_back(catalog: Path, settings: Settings) -> None:
    spoil(catalog)
    assert doctor.main(["--repair"]) == 0
    with Library.open(settings, holder="the test") as library:
        (conversation,) = library.catalog.conversations()
        assert library.catalog.answers(conversation.id) == [{"text": "They nest."}]
        assert library.document(NAMES[0]).tags == ("sand",)
        titles = {entry.name: entry.title for entry in library.catalog.collections()}
        assert titles == {"library": "library", "sea_birds": "Sea birds"}


def test_passages_without_a_kept_file_answer_as_they_are(catalog: Path, settings: Settings) -> None:
    for path in originals.every(catalog.parent):
        path.unlink()
    overwrite(catalog)
    assert doctor.main(["--repair"]) == 1  # the kept copies are still missing
    with Library.open(settings, holder="the test") as library:
        library.open_store(HashingEmbedder())
        assert sorted(record.name for record in library.catalog.documents("library")) == NAMES[:-3]
        assert library.scope([NAMES[3]]).documents
        assert library.store.count() > 30


def test_a_page_says_what_to_do_and_nothing_is_begun_anew(catalog: Path, settings: Settings) -> None:
    lose(catalog)
    with pytest.raises(CatalogDamaged, match=r"missing or empty.*doctor --repair"):
        Library.open(settings, holder="the test")
    assert not catalog.exists()
    overwrite(catalog)
    with pytest.raises(CatalogDamaged, match="not a database"):
        Library.open(settings, holder="the test")


def test_a_catalog_of_a_newer_footnote_is_left_alone(
    catalog: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(catalog) as database:
        database.execute("PRAGMA user_version = 999")
    assert doctor.main(["--repair"]) == 1
    assert "newer Footnote" in capsys.readouterr().err
    with pytest.raises(CatalogError):
        Library.open(settings, holder="the test")
    assert not (catalog.parent / "set-aside").exists()


def test_rows_that_make_no_sense_are_left_behind(catalog: Path, settings: Settings) -> None:
    with sqlite3.connect(catalog) as database:
        database.execute("UPDATE documents SET state = 'sideways' WHERE name = ?", (NAMES[1],))
        database.execute("UPDATE documents SET pages = 'many' WHERE name = ?", (NAMES[2],))
    with Library.open(settings, holder="the test", anew=True) as library:
        assert library.salvaged > 100
        found = {record.name for record in library.catalog.documents("library")}
        assert found == set(NAMES[:-3]) - {NAMES[1], NAMES[2]}


def test_vectors_that_were_embedded_anew_are_found_for_their_collection(catalog: Path, settings: Settings) -> None:
    with Library.open(settings, holder="the test") as library:
        library.open_store(HashingEmbedder())
        (collection,) = (one for one in library.catalog.collections() if one.name == "library")
        task = reembedding.begin(library, collection, "other")
        assert task is not None
        other = HashingEmbedder(32)
        other.name = "other"
        task = reembedding.embed(library, task, other, on_progress=lambda *_: None, stop=threading.Event())
        reembedding.finish(library, task)
    catalog.unlink()
    again = replace(settings, embedding_model="other")
    assert rebuild(again, holder="the test").collections[0] == "library"
    with Library.open(again, holder="the test") as library:
        library.open_store(other)
        assert library.store.count() > 0
        assert {record.name for record in library.catalog.documents("library")} == set(NAMES[:-3])
