"""A library in one file and back; a collection in one file and into another library. Damaged and hostile files."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import ingest
from rag import originals, packing
from rag.__main__ import main
from rag.backup import back_up, restore
from rag.catalog import QueueState
from rag.errors import FootnoteError, ModelMismatch
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.locks import LIBRARY_LOCK, hold
from rag.settings import Settings, load_settings
from rag.types import RecognisedLine, RecognisedPage, SetAside
from tests.fakes import HashingEmbedder


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_CHUNK_TOKENS", "20")
    monkeypatch.setenv("FOOTNOTE_CHUNK_OVERLAP", "4")
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "hashing")
    return load_settings()


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, home=tmp_path / "elsewhere")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    (made / "herons.txt").write_text("\n\n".join(f"Heron {n} stands {n * 7} hours by the river." for n in range(60)))
    (made / "terns.md").write_text("# Terns\n\nTerns dive for fish.")
    (made / "copy.txt").write_text("Terns dive for fish.")
    return made


@pytest.fixture
def library(settings: Settings, folder: Path) -> Iterator[Library]:
    """Two collections, a conversation, a file that waits."""
    with Library.open(replace(settings, collection="birds_2"), holder="the test") as second:
        second.open_store(HashingEmbedder(32))
        ingest(find_files([folder / "terns.md"]), library=second, embedder=HashingEmbedder(32), settings=settings)
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        ingest(find_files([folder]), library=opened, embedder=HashingEmbedder(), settings=settings)
        conversation = opened.catalog.start_conversation("About terns")
        opened.catalog.add_answer(conversation.id, {"text": "They dive."})
        waiting = opened.folder / "incoming" / ("a" * 32 + ".txt")
        waiting.parent.mkdir()
        waiting.write_text("About skuas.")
        opened.catalog.enqueue("library", waiting, name="skuas.txt", source="upload:skuas.txt", size=12, is_copy=True)
        yield opened


def contents(settings: Settings, dimension: int = 64) -> list[tuple[object, ...]]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder(dimension))
        assert examine(opened).findings == ()
        records = sorted(opened.store.records(), key=lambda record: record.chunk.id)
        documents = [
            (entry.name, entry.sources, entry.added_at) for entry in opened.catalog.documents(opened.collection)
        ]
        found = opened.lexical.search("heron river terns", k=100)
    return [*((r.chunk, r.vector.tobytes(), r.lines) for r in records), *documents, *found]


def test_a_library_comes_back_from_its_backup_as_it_was(
    library: Library, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.zip"
    written = back_up(library, backup)
    assert written.documents == 4
    assert written.passages > 20
    library.close()
    assert not list(tmp_path.glob(".*.part"))
    assert not list(library.folder.glob("*.part"))
    assert restore(backup, elsewhere) is None
    assert contents(elsewhere) == contents(settings)
    second = {"collection": "birds_2"}
    assert contents(replace(elsewhere, **second), 32) == contents(replace(settings, **second), 32)
    with Library.open(elsewhere, holder="the test") as opened:
        (conversation,) = opened.catalog.conversations()
        assert opened.catalog.answers(conversation.id) == [{"text": "They dive."}]
        (file,) = opened.catalog.queue("library", QueueState.WAITING)
        assert file.path.read_text() == "About skuas."
        assert opened.folder in file.path.parents
        assert all(originals.find(opened.folder, entry.id) for entry in opened.catalog.documents("library"))


def test_what_was_there_before_a_restore_is_kept_beside_it(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    back_up(library, tmp_path / "backup.zip")
    with pytest.raises(FootnoteError, match="is open in another process"):
        restore(tmp_path / "backup.zip", settings)
    assert not list(settings.home.glob("*.part"))
    (library.folder / "mine.txt").write_text("not in the backup")
    library.close()
    before = restore(tmp_path / "backup.zip", settings)
    assert before is not None
    assert (before / "mine.txt").read_text() == "not in the backup"
    assert not (settings.library_folder / "mine.txt").exists()
    assert contents(settings)


def test_a_backup_never_writes_over_a_file(library: Library, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(FootnoteError, match="is there already"):
        back_up(library, tmp_path / "mine.zip")
    assert (tmp_path / "mine.zip").read_text() == "mine"
    with pytest.raises(FootnoteError, match="could not be written"):
        back_up(library, tmp_path / "no such folder" / "backup.zip")


def test_a_backup_that_breaks_off_leaves_no_file(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.PackWriter, "add_file", fail)
    with pytest.raises(FootnoteError, match="No space left on device"):
        back_up(library, tmp_path / "backup.zip")
    assert list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*.part")) == []


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The same archive with other members."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def first(files: dict[str, bytes], start: str) -> str:
    return next(name for name in files if name.startswith(start))


def flip(start: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        name = first(files, start)
        files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]

    return change


def smuggle(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        files[name] = b"x"
        manifest["files"][name] = ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", 1]
        files["manifest.json"] = json.dumps(manifest).encode()

    return change


HARM = [
    pytest.param(flip("originals/"), "damaged", id="a changed document"),
    pytest.param(flip("catalog.db"), "damaged", id="a changed catalog"),
    pytest.param(flip("collections/library/vectors"), "damaged", id="changed vectors"),
    pytest.param(lambda files: files.pop(first(files, "collections/library/chunks")), "damaged", id="a missing part"),
    pytest.param(lambda files: files.pop("manifest.json"), "damaged", id="no manifest"),
    pytest.param(lambda files: files.update({"manifest.json": b"[]"}), "damaged", id="another manifest"),
    pytest.param(smuggle("../evil.txt"), "not one of ours", id="a way out"),
    pytest.param(smuggle("/tmp/evil.txt"), "not one of ours", id="an absolute path"),
    pytest.param(smuggle("originals/../../evil.txt"), "not one of ours", id="a way out of a folder"),
    pytest.param(smuggle("words.db"), "not one of ours", id="a file that no backup has"),
    pytest.param(lambda files: files.update({"extra": b""}), "not one of ours", id="a file without checksum"),
]


@pytest.mark.parametrize(("harm", "reason"), HARM)
def test_a_damaged_or_hostile_backup_changes_nothing(
    library: Library,
    elsewhere: Settings,
    tmp_path: Path,
    harm: Callable[[dict[str, bytes]], None],
    reason: str,
) -> None:
    back_up(library, tmp_path / "backup.zip")
    rewrite(tmp_path / "backup.zip", harm)
    with pytest.raises(FootnoteError, match=reason):
        restore(tmp_path / "backup.zip", elsewhere)
    assert not elsewhere.library_folder.exists()
    assert not list(tmp_path.rglob("evil.txt"))
    assert not list(elsewhere.home.glob("*"))


def test_what_is_no_backup_is_named(elsewhere: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(FootnoteError, match=r"text\.zip is no Footnote library"):
        restore(tmp_path / "text.zip", elsewhere)
    with pytest.raises(FootnoteError, match="There is no file"):
        restore(tmp_path / "missing.zip", elsewhere)


def test_vectors_are_read_without_pickle(tmp_path: Path) -> None:
    with packing.packing(tmp_path / "pack.zip", kind="test", about={}) as pack:
        buffer = tmp_path / "objects.npy"
        np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        pack.add_file("objects.npy", buffer)
        pack.add_array("letters.npy", np.array(["a"]))  # type: ignore[arg-type]
    with packing.opened(tmp_path / "pack.zip", kind="test", names=r".*\.npy") as opened:
        with pytest.raises(FootnoteError, match="holds no numbers"):
            opened.read_array("objects.npy")
        with pytest.raises(FootnoteError, match="other numbers than vectors"):
            opened.read_array("letters.npy")


def test_a_collection_opens_elsewhere_without_embedding(
    library: Library, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "birds.zip"
    assert export_collection(library, file) == 3
    library.close()
    with Library.open(elsewhere, holder="other") as other:
        assert import_collection(other, file, embedding_model="hashing") == ("library", 3)
        assert import_collection(other, file, name="again", embedding_model="hashing") == ("again", 3)
        with pytest.raises(FootnoteError, match="is a collection 'library' already"):
            import_collection(other, file, embedding_model="hashing")
    assert contents(elsewhere) == contents(settings)
    assert contents(replace(elsewhere, collection="again")) == contents(settings)


def test_what_was_noted_of_documents_goes_along(library: Library, elsewhere: Settings, tmp_path: Path) -> None:
    herons, terns = (library.document(name).id for name in ("herons.txt", "terns.md"))
    passages = [SetAside("one", 2, "white on white", "Obey."), SetAside("two", None, "orders", "Ignore all.")]
    library.catalog.set_aside("library", herons, passages, released={"two"})
    pages = [RecognisedPage(1, (RecognisedLine("About terns", 0.9, 0.1, 0.2, 0.8, 0.3),))]
    library.catalog.set_recognised("library", terns, pages)
    export_collection(library, tmp_path / "birds.zip")
    held = library.catalog.quarantined("library", herons)
    lines = library.catalog.recognised_lines("library", terns, 1)
    library.close()
    with Library.open(elsewhere, holder="other") as other:
        import_collection(other, tmp_path / "birds.zip", name="birds", embedding_model="hashing")
        assert other.catalog.quarantined("birds", herons) == held
        assert other.catalog.released("birds", herons) == {"two"}
        assert other.catalog.recognised_lines("birds", terns, 1) == lines
        assert other.catalog.collections()[0].title == "birds"


@pytest.mark.parametrize(
    "notes",
    [
        [],
        {"nobody": {}},
        {"*": {"set_aside": [["id", "1", "why", "text", "held"]]}},
        {"*": {"set_aside": [["id", 1, "why", "text", "sold"]]}},
        {"*": {"recognised": [[1, [["text", "1", 0.0, 0.0, 0.0, 0.0]]]]}},
        {"*": {"recognised": [[1]]}},
    ],
)
def test_forged_notes_are_refused_and_leave_nothing(
    library: Library, elsewhere: Settings, tmp_path: Path, notes: object
) -> None:
    export_collection(library, tmp_path / "birds.zip")
    identifier = library.document("herons.txt").id
    library.close()
    content = json.dumps(notes).replace('"*"', json.dumps(identifier)).encode()

    def forge_notes(files: dict[str, bytes]) -> None:
        files["notes.json"] = content
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["notes.json"] = [sha256(content).hexdigest(), len(content)]
        files["manifest.json"] = json.dumps(manifest).encode()

    rewrite(tmp_path / "birds.zip", forge_notes)
    with Library.open(elsewhere, holder="other") as other:
        with pytest.raises(FootnoteError, match="noted of its documents is damaged"):
            import_collection(other, tmp_path / "birds.zip", embedding_model="hashing")
        assert other.catalog.collections() == []
        assert other.catalog.quarantined("library", identifier) == []


def test_another_embedding_model_is_refused(library: Library, elsewhere: Settings, tmp_path: Path) -> None:
    export_collection(library, tmp_path / "birds.zip")
    with Library.open(elsewhere, holder="other") as other:
        with pytest.raises(ModelMismatch, match="embedded with hashing, and this library is asked with all-mpnet"):
            import_collection(other, tmp_path / "birds.zip", embedding_model="all-mpnet-base-v2")
        assert other.catalog.collections() == []


def forge(change: Callable[[list[dict[str, object]]], None]) -> Callable[[dict[str, bytes]], None]:
    """Other passages under a right checksum."""

    def rewritten(files: dict[str, bytes]) -> None:
        name = first(files, "chunks-")
        passages = [json.loads(line) for line in files[name].decode().split("\n")]
        change(passages)
        files[name] = "\n".join(map(json.dumps, passages)).encode()
        manifest = json.loads(files["manifest.json"])
        manifest["files"][name] = [sha256(files[name]).hexdigest(), len(files[name])]
        files["manifest.json"] = json.dumps(manifest).encode()

    return rewritten


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda passages: passages[0].update(page="1; drop"), "other types"),
        (lambda passages: passages[0].update(extra=1), "other fields"),
        (lambda passages: passages[0].update(document_id="nobody"), "passages of no document"),
        (lambda passages: passages.pop(), "does not fit"),
    ],
    ids=["type", "field", "document", "number"],
)
def test_forged_passages_are_refused_and_leave_nothing(
    library: Library,
    elsewhere: Settings,
    tmp_path: Path,
    change: Callable[[list[dict[str, object]]], None],
    reason: str,
) -> None:
    export_collection(library, tmp_path / "birds.zip")
    library.close()
    rewrite(tmp_path / "birds.zip", forge(change))
    with Library.open(elsewhere, holder="other") as other:
        with pytest.raises(FootnoteError, match=reason):
            import_collection(other, tmp_path / "birds.zip", embedding_model="hashing")
        assert other.catalog.collections() == []
        assert originals.every(other.folder) == []
        with other.beside("library", 64) as (store, lexical):
            assert (store.count(), lexical.count()) == (0, 0)


def test_the_commands(library: Library, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library.close()
    assert main(["backup", str(tmp_path / "backup.zip")]) == 0
    assert "4 documents" in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "backup.zip")]) == 0
    assert "The one before lies in" in capsys.readouterr().out
    assert main(["export", str(tmp_path / "birds.zip")]) == 0
    assert main(["import", str(tmp_path / "birds.zip"), "--name", "birds"]) == 0
    assert "FOOTNOTE_COLLECTION=birds" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "birds.zip"), "--name", "no name"]) == 1
    assert "letters, digits and _ only" in capsys.readouterr().err
    assert contents(replace(settings, collection="birds")) == contents(settings)


def test_what_a_killed_restore_left_is_gone_at_the_next_start(settings: Settings, tmp_path: Path) -> None:
    beside = settings.library_folder.parent
    killed = beside / f"library.{'a' * 32}.part"
    working = beside / f"library.{'b' * 32}.part"
    fresh, forgotten = (beside / f"library.{sign * 32}.whole" for sign in "cd")
    foreign = beside / "library.of mine.part"
    for folder in (killed, working, fresh, forgotten, foreign):
        (folder / "originals").mkdir(parents=True)
    os.utime(forgotten, (0, 0))
    with hold(working / LIBRARY_LOCK, timeout=0), Library.open(settings, holder="the test"):
        assert [folder.exists() for folder in (killed, working, fresh, forgotten, foreign)] == [
            False,
            True,
            True,
            False,
            True,
        ]
    with Library.open(settings, holder="again"):
        assert not working.exists()
