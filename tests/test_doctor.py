"""A library on the real Milvus Lite that is damaged in each way, told what is wrong, and repaired."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import rag.build
from ingest import doctor
from ingest.discovery import find_files
from ingest.examination import OF_THE_LIBRARY, Fault, Finding, examine, examine_all
from ingest.hashing import document_id
from ingest.pipeline import ingest
from ingest.repair import Repair, repair
from rag import __main__ as commands
from rag import originals
from rag.catalog import DocumentRecord, Version
from rag.collections import create_collection
from rag.library import Library
from rag.settings import Settings, load_settings
from rag.versions import passages_of
from tests.fakes import HashingEmbedder

TEXTS = {
    "herons.txt": "\n\n".join(f"Heron {n} stands for {n * 7} hours beside the river." for n in range(30)),
    "terns.md": "# Terns\n\nTerns dive for fish.\n\n# Nests\n\nThey nest on sand.",
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_CHUNK_TOKENS", "30")
    monkeypatch.setenv("FOOTNOTE_CHUNK_OVERLAP", "5")
    monkeypatch.setattr(rag.build, "load_embedder", lambda *_, **__: HashingEmbedder())
    return load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    for name, text in TEXTS.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def library(settings: Settings, folder: Path) -> Library:
    """Two documents, and nothing wrong with them."""
    opened = Library.open(settings, holder="the test")
    opened.open_store(HashingEmbedder())
    add(opened, settings, folder)
    assert faults(opened) == set()
    yield opened
    opened.close()


def add(library: Library, settings: Settings, *paths: Path) -> None:
    report = ingest(find_files(paths), library=library, embedder=HashingEmbedder(), settings=settings)
    assert not report.failed


def faults(library: Library) -> set[Fault]:
    return {finding.fault for finding in examine(library).findings}


def mend(library: Library, settings: Settings) -> list[Repair]:
    findings = examine(library).findings
    assert all(finding.text for finding in findings)
    return repair(findings, library=library, embedder=HashingEmbedder(), settings=settings)


def record(library: Library, name: str = "herons.txt") -> DocumentRecord:
    found = library.catalog.document_named(library.collection, name)
    assert found is not None
    return found


def contents(library: Library) -> set[tuple[str, str, int, str]]:
    return {(c.id, c.document_name, c.position, c.text) for c in library.store.chunks()}


def forget(library: Library, name: str = "herons.txt") -> None:
    """As if the catalog came from an older copy."""
    library.catalog.forget(library.collection, record(library, name).id)


def original(library: Library) -> Path:
    found = originals.find(library.folder, record(library).id)
    assert found is not None
    return found


def lose_passages(library: Library) -> None:
    library.store.delete([chunk.id for chunk in library.store.chunks([record(library).id]) if chunk.position < 3])


def lose_every_passage(library: Library) -> None:
    library.store.delete_document(record(library).id)


def lose_words(library: Library) -> None:
    library.lexical.delete_document(record(library).id)


def leave_words(library: Library) -> None:
    chunk = next(library.store.chunks([record(library).id]))
    library.lexical.add([type(chunk)(**{**vars(chunk), "text": "gone", "document_id": "nobody"})])


def double_passages(library: Library) -> None:
    """Chunks that another version of the chunker cut."""
    kept = list(library.store.records([record(library).id]))[:2]
    stale = [type(r)(type(r.chunk)(**{**vars(r.chunk), "text": r.chunk.text[:9]}), r.vector, r.lines) for r in kept]
    library.store.put(stale)
    library.lexical.add([r.chunk for r in stale])


def half_delete(library: Library) -> None:
    library.catalog.leave(library.collection, record(library, "terns.md").id)


def leave_copies(library: Library) -> None:
    (original(library).parent / ".1234.part").write_bytes(b"half")
    (library.folder / "unpacked").mkdir()


DAMAGES: list[tuple[Callable[[Library], None], set[Fault]]] = [
    (lose_passages, {Fault.PASSAGES_MISSING, Fault.WORDS_OF_NOTHING}),
    (lose_every_passage, {Fault.PASSAGES_MISSING, Fault.WORDS_OF_NOTHING}),
    (lose_words, {Fault.WORDS_MISSING}),
    (leave_words, {Fault.WORDS_OF_NOTHING}),
    (double_passages, {Fault.PASSAGES_FOREIGN}),
    (lambda library: original(library).unlink(), {Fault.ORIGINAL_MISSING}),
    (lambda library: original(library).write_bytes(b"other"), {Fault.ORIGINAL_DAMAGED}),
    (forget, {Fault.PASSAGES_OF_NOTHING}),
    (leave_copies, {Fault.LEFTOVER}),
]


@pytest.mark.parametrize(("damage", "expected"), DAMAGES, ids=lambda value: getattr(value, "__name__", None))
def test_a_damage_is_found_and_everything_is_there_again(
    library: Library, settings: Settings, damage: Callable[[Library], None], expected: set[Fault]
) -> None:
    before = contents(library)
    damage(library)
    assert faults(library) == expected
    assert all(result.done for result in mend(library, settings))
    assert faults(library) == set()
    assert contents(library) == before
    assert library.lexical.count() == len(before)
    assert library.lexical.search("heron river", k=1)
    assert document_names(library) == set(TEXTS)


def document_names(library: Library) -> set[str]:
    return {document.name for document in library.catalog.documents(library.collection)}


def test_a_deletion_that_broke_off_is_carried_out(library: Library, settings: Settings) -> None:
    half_delete(library)
    assert faults(library) == {Fault.LEAVING}
    assert all(result.done for result in mend(library, settings))
    assert (faults(library), document_names(library)) == (set(), {"herons.txt"})


def test_a_document_that_was_begun_is_finished_as_if_nothing_had_been(
    library: Library, settings: Settings, folder: Path
) -> None:
    begun = record(library)
    with sqlite3.connect(library.folder / "catalog.db") as database:
        database.execute("UPDATE documents SET state = 'writing', chunks = 0 WHERE name = 'herons.txt'")
        database.execute("DELETE FROM sources WHERE document_id = ?", (begun.id,))
    library.store.delete([next(library.store.chunks([begun.id])).id])
    assert Fault.UNFINISHED in faults(library)
    mend(library, settings)
    assert faults(library) == set()
    assert record(library).sources == (str((folder / "herons.txt").resolve()),)
    (folder / "herons.txt").write_text("A new version.")
    add(library, settings, folder)  # it takes the place of the one that was repaired
    assert document_names(library) == set(TEXTS)


def test_a_document_that_comes_back_by_a_repair_keeps_its_tables(library: Library, settings: Settings) -> None:
    forget(library, "terns.md")
    assert faults(library) == {Fault.PASSAGES_OF_NOTHING, Fault.TABLES_OF_NOTHING}

    assert all(made.done for made in mend(library, settings))
    assert faults(library) == set()


def test_a_kept_file_of_nothing_is_set_aside_and_not_deleted(library: Library, settings: Settings) -> None:
    path, content = original(library), original(library).read_bytes()
    identifier = record(library).id
    forget(library)
    library.store.delete_document(identifier)
    library.lexical.delete_document(identifier)
    assert faults(library) == {Fault.ORIGINAL_OF_NOTHING}
    mend(library, settings)
    assert faults(library) == set()
    assert (library.folder / "set-aside" / path.name).read_bytes() == content


def test_passages_of_nothing_without_their_file_no_longer_answer_and_their_text_is_kept(
    library: Library, settings: Settings
) -> None:
    original(library).unlink()
    forget(library)
    assert faults(library) == {Fault.PASSAGES_OF_NOTHING}
    mend(library, settings)
    assert faults(library) == set()
    assert not library.lexical.search("heron", k=1)
    kept = (library.folder / "set-aside" / "herons.txt").read_text()
    assert all(f"Heron {number} stands" in kept for number in range(30))


def test_what_cannot_be_repaired_says_what_to_do_and_the_file_added_again_repairs_it(
    library: Library, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    before = contents(library)
    original(library).unlink()
    moved = shutil.move(folder / "herons.txt", tmp_path / "moved.txt")
    lose_passages(library)
    results = [result for result in mend(library, settings) if not result.done]
    assert {result.finding.fault for result in results} == {Fault.ORIGINAL_MISSING, Fault.PASSAGES_MISSING}
    assert all("herons.txt" in result.text and "again" in result.text for result in results)
    add(library, settings, Path(moved))
    assert (faults(library), contents(library)) == (set(), before)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in OF_THE_LIBRARY])
def test_what_is_wrong_with_one_is_said_of_one(fault: Fault) -> None:
    text = Finding(fault, "a.txt", count=1).text
    assert not re.search(r"\b1 (old )?(passages|versions)|\b1\b.*\b(have|are|belong)\b", text)
    assert "{" not in text


def test_the_command_tells_then_repairs_and_is_quiet_when_all_is_well(
    library: Library, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_passages(library)
    library.close()
    assert doctor.main([]) == 1
    told = capsys.readouterr().out
    assert "herons.txt lacks 3 of its passages." in told
    assert "2 faults. Repair them with" in told
    assert "--repair" in told
    assert doctor.main(["--repair"]) == 0
    assert "repaired: herons.txt was read again" in capsys.readouterr().out
    assert doctor.main([]) == 0
    assert "All is well: 2 documents" in capsys.readouterr().out


def test_the_doctor_stands_among_the_other_commands(library: Library, capfd: pytest.CaptureFixture[str]) -> None:
    lose_passages(library)
    library.close()
    assert commands.main(["doctor"]) == 1
    assert "herons.txt lacks 3 of its passages." in capfd.readouterr().out
    with pytest.raises(SystemExit):
        commands.main(["--help"])
    assert "doctor" in capfd.readouterr().out


def test_what_the_doctor_is_told_is_passed_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["doctor", "--repair"]) == 0
    assert "Nothing was ever added" in capfd.readouterr().out
    started: list[list[str]] = []

    def killed(command: list[str], *, check: bool) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        return subprocess.CompletedProcess(command, -9)

    monkeypatch.setattr(subprocess, "run", killed)
    assert commands.main(["doctor", "--repair"]) == 137
    assert started == [[sys.executable, "-m", "ingest.doctor", "--repair"]]


@pytest.fixture
def birds(library: Library, settings: Settings, tmp_path: Path) -> Library:
    """The library with a document of its own in another collection, whose row is lost."""
    create_collection(library, "Sea birds")
    (tmp_path / "gulls.txt").write_text("Gulls follow the plough.")
    with library.other("sea_birds", HashingEmbedder()) as other:
        add(other, settings, tmp_path / "gulls.txt")
        forget(other, "gulls.txt")
    return library


def test_the_command_looks_at_every_collection(birds: Library, capsys: pytest.CaptureFixture[str]) -> None:
    birds.close()
    assert doctor.main([]) == 1
    told = capsys.readouterr().out
    assert "All is well: 2 documents" in told
    assert "Collection Sea birds:\nwrong: gulls.txt: 1 of the passages that answer belongs to no document." in told


def test_a_kept_copy_that_another_collection_needs_stays_for_its_repair(
    birds: Library, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faults(birds) == set()
    assert mend(birds, settings) == []
    birds.close()
    assert doctor.main(["--repair"]) == 0
    assert "gulls.txt was read again" in capsys.readouterr().out
    with Library.open(replace(settings, collection="sea_birds"), holder="again") as again:
        again.open_store(HashingEmbedder())
        assert record(again, "gulls.txt").chunks == 1
        assert faults(again) == set()


@pytest.mark.parametrize("broken", ["manifest", "vectors", "words"])
def test_files_that_cannot_be_opened_are_set_aside_and_made_anew(
    library: Library, settings: Settings, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    before = contents(library)
    library.close()
    if broken == "words":
        (library.folder / "words.db").write_bytes(b"no database" * 500)
    elif broken == "manifest":
        for manifest in (library.folder / "vectors.db").rglob("manifest.json*"):
            manifest.write_text("{")
    else:
        for data in (library.folder / "vectors.db").rglob("*.parquet"):
            data.write_bytes(b"PAR1 and nothing more")
    assert doctor.main([]) == 1
    assert "--repair" in capsys.readouterr().err
    assert doctor.main(["--repair"]) == 0
    assert any((library.folder / "set-aside").iterdir())
    with Library.open(settings, holder="again") as again:
        again.open_store(HashingEmbedder())
        assert contents(again) == before
        assert faults(again) == set()


@pytest.fixture
def damaged(library: Library, settings: Settings, tmp_path: Path) -> Library:
    """The library with three collections, the second of which cannot be opened."""
    for title in ("Sea birds", "Terns"):
        name = create_collection(library, title).name
        (tmp_path / f"{name}.txt").write_text(f"About {title}.")
        with library.other(name, HashingEmbedder()) as other:
            add(other, settings, tmp_path / f"{name}.txt")
    for manifest in (library.folder / "vectors.db" / "collections" / "sea_birds").glob("manifest.json*"):
        manifest.write_text("{")
    library.close()
    return library


@pytest.mark.parametrize("is_unused_kept", [False, True])
def test_one_collection_that_cannot_be_opened_hides_no_other(
    damaged: Library, settings: Settings, tmp_path: Path, is_unused_kept: bool
) -> None:
    if is_unused_kept:
        (tmp_path / "unused.txt").write_text("Of no document.")
        originals.keep(damaged.folder, document_id(tmp_path / "unused.txt"), tmp_path / "unused.txt")
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder())
        first, birds, terns = examine_all(library)
    assert (first.documents, first.findings, first.failure) == (2, (), "")
    assert birds.failure.startswith("Collection Sea birds: The vectors at")
    assert "--repair" in birds.failure
    assert (terns.collection, terns.documents, terns.findings, terns.failure) == ("terns", 1, (), "")


def test_the_command_repairs_the_one_that_cannot_be_opened_and_leaves_the_others(
    damaged: Library, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.main([]) == 1
    told = capsys.readouterr()
    assert "could not be opened" in told.err
    assert "Collection Terns:\nAll is well: 1 document" in told.out
    assert doctor.main(["--repair"]) == 0
    assert "sea_birds.txt was read again" in capsys.readouterr().out
    assert [place.name for place in (damaged.folder / "set-aside").iterdir()] == ["vectors of sea_birds"]
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder())
        found = examine_all(library)
    assert [(one.documents, one.findings, one.failure) for one in found] == [(2, (), ""), (1, (), ""), (1, (), "")]


def test_a_library_that_was_never_filled_is_well(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main([]) == 0
    assert "Nothing was ever added" in capsys.readouterr().out


def test_a_half_damaged_index_of_words_is_found(library: Library, settings: Settings) -> None:
    before = library.lexical.count()
    library.close()
    file = library.folder / "words.db"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(bytes(content))
    doctor.main(["--repair"])
    with Library.open(settings, holder="again") as again:
        again.open_store(HashingEmbedder())
        assert again.lexical.count() == before
        assert faults(again) == set()


def with_history(library: Library, settings: Settings, folder: Path) -> Version:
    """An old version of the terns."""
    (folder / "terns.md").write_text("Terns are gone.")
    add(library, settings, folder)
    (version,) = library.catalog.all_versions("library")
    assert faults(library) == set()
    return version


def test_a_lost_copy_of_an_old_version_is_told_and_its_text_stays(
    library: Library, settings: Settings, folder: Path
) -> None:
    version = with_history(library, settings, folder)
    file = originals.find(library.folder, version.document_id)
    assert file is not None
    file.write_text("something else")
    assert faults(library) == {Fault.VERSION_DAMAGED}
    file.unlink()
    assert faults(library) == {Fault.VERSION_MISSING}
    (result,) = mend(library, settings)
    assert not result.done
    assert "its text stays" in result.text
    assert passages_of(library, version)


def test_a_damaged_text_of_an_old_version_leaves_its_file(library: Library, settings: Settings, folder: Path) -> None:
    version = with_history(library, settings, folder)
    with sqlite3.connect(library.folder / "catalog.db") as database:
        database.execute("UPDATE versions SET passages = x'0011'")
    assert faults(library) == {Fault.VERSION_UNREADABLE}
    (result,) = mend(library, settings)
    assert result.done
    assert faults(library) == set()
    (line,) = library.catalog.all_versions("library")
    assert not line.is_kept
    assert (library.folder / "set-aside" / f"{version.document_id}.md").read_text() == TEXTS["terns.md"]


def test_old_versions_of_no_document_leave_their_files(library: Library, settings: Settings, folder: Path) -> None:
    version = with_history(library, settings, folder)
    with sqlite3.connect(library.folder / "catalog.db") as database:
        database.execute("UPDATE versions SET current = 'nothing'")
    assert faults(library) == {Fault.VERSION_OF_NOTHING}
    (result,) = mend(library, settings)
    assert result.done
    assert faults(library) == set()
    assert library.catalog.all_versions("library") == []
    assert (library.folder / "set-aside" / f"{version.document_id}.md").read_text() == TEXTS["terns.md"]
