"""A changed file is a new version: what stays is not embedded again, what was stays in the history."""

import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import ingest
from ingest.report import IngestReport
from rag import originals
from rag.__main__ import main
from rag.backup import back_up, restore
from rag.catalog import DocumentRecord, Version
from rag.collections import create_collection, delete_collection, move_documents
from rag.deletion import delete_document
from rag.diff import Kind
from rag.errors import FootnoteError
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.packing import PackError
from rag.purge import purge
from rag.settings import Settings, load_settings
from rag.versions import compare, forget_history, original_of, pack_passages, passages_of, unpack_passages
from tests.documents import write_pdf
from tests.fakes import HashingEmbedder, chunk
from tests.test_quotes import answer

RULES = [
    f"Rule {number}: the gate number {number * 7} is closed at night{', and on holidays too' * (number % 5)}."
    for number in range(60)
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_CHUNK_TOKENS", "40")
    monkeypatch.setenv("FOOTNOTE_CHUNK_OVERLAP", "8")
    return load_settings()


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.txt"


def add(library: Library, settings: Settings, path: Path, text: str = "") -> IngestReport:
    if text:
        path.write_text(text)
    report = ingest(find_files([path]), library=library, embedder=HashingEmbedder(), settings=settings)
    assert not report.failed
    return report


def rules(changed: dict[int, str] | None = None) -> str:
    return "\n\n".join((changed or {}).get(number, rule) for number, rule in enumerate(RULES))


def history(library: Library) -> list[Version]:
    """Of the only document."""
    (record,) = library.catalog.documents(library.collection)
    return library.catalog.versions(library.collection, record.id)


def only(library: Library) -> DocumentRecord:
    (record,) = library.catalog.documents(library.collection)
    return record


def test_only_changed_passages_are_embedded_again(library: Library, settings: Settings, file: Path) -> None:
    first = add(library, settings, file, rules())
    assert first.chunks == library.store.count() > 15
    assert first.changes == ()
    before = {entry.chunk.text: entry for entry in library.store.records()}
    again = add(library, settings, file, rules({30: "Rule 30 is no longer in force."}))
    assert 1 <= again.chunks <= 3
    assert again.changes == (f"rules.txt: {again.chunks} of {library.store.count()} passages embedded anew",)
    assert again.replaced == ("rules.txt",)
    for entry in library.store.records():
        if entry.chunk.text in before:
            assert (entry.vector == before[entry.chunk.text].vector).all()
            assert entry.lines == before[entry.chunk.text].lines
        assert entry.chunk.document_id == only(library).id


def test_a_paragraph_before_all_others_costs_the_passages_that_it_shifts(
    library: Library, settings: Settings, file: Path
) -> None:
    add(library, settings, file, rules())
    again = add(library, settings, file, f"A new preamble of a few words.\n\n{rules()}")
    assert again.chunks <= library.store.count() / 3


def test_a_version_equals_what_is_read_anew(library: Library, settings: Settings, file: Path, tmp_path: Path) -> None:
    add(library, settings, file, rules())
    add(library, settings, file, rules({7: "Seven.", 59: "The end."}))
    with Library.open(replace(settings, library=tmp_path / "fresh"), holder="fresh") as fresh:
        fresh.open_store(HashingEmbedder())
        add(fresh, settings, file)
        assert set(library.store.chunks()) == set(fresh.store.chunks())
        assert sorted(library.lexical.listing()) == sorted(fresh.lexical.listing())
        assert [*library.store.listing()] != []


def test_vectors_do_not_drift_over_many_versions(library: Library, settings: Settings, file: Path) -> None:
    add(library, settings, file, rules())
    (first,) = (entry for entry in library.store.records() if entry.chunk.position == 0)
    for number in range(8):
        add(library, settings, file, rules({59: f"Version {number}."}))
    (last,) = (entry for entry in library.store.records() if entry.chunk.position == 0)
    assert (last.vector == first.vector).all()


def test_an_old_version_answers_nothing_and_stays_in_the_history(
    library: Library, settings: Settings, file: Path
) -> None:
    add(library, settings, file, "Gannets dive for fish.")
    old = only(library)
    add(library, settings, file, "Terns hover over the bay.")
    assert [chunk.text for chunk in library.store.chunks()] == ["Terns hover over the bay."]
    assert library.lexical.search("gannets", k=5) == []
    (version,) = history(library)
    facts = (version.document_id, version.name, version.size, version.chunks, version.came, version.went)
    assert facts == (old.id, "rules.txt", old.size, 1, 1, 1)
    assert version.added_at == old.added_at
    assert version.left_at >= version.added_at
    assert [chunk.text for chunk in passages_of(library, version)] == ["Gannets dive for fish."]
    assert original_of(library, version).read_text() == "Gannets dive for fish."
    assert examine(library).findings == ()


def test_the_difference_can_be_read_from_any_version_to_any_other(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "rules.pdf"
    for fee in (10, 12, 15):
        write_pdf(path, ["Contents of the rules.", f"The fee is {fee} euros."])
        add(library, settings, path)
    first, second = history(library)
    for before, after, words in (
        (first, None, ("10", "15")),
        (first, second, ("10", "12")),
        (second, None, ("12", "15")),
    ):
        (change,) = compare(library, only(library), before, after).changes
        assert (change.before, change.after) == (2, 2)
        assert [piece.text for piece in change.pieces if piece.kind is not Kind.SAME] == list(words)


def test_a_file_that_becomes_what_it_was_has_both_versions_behind_it(
    library: Library, settings: Settings, file: Path
) -> None:
    for text in ("About gulls.", "About terns.", "About gulls."):
        add(library, settings, file, text)
    texts = [original_of(library, version).read_text() for version in history(library)]
    assert texts == ["About gulls.", "About terns."]
    delete_document(library, only(library).id)
    assert originals.every(library.folder) == []
    assert library.catalog.all_versions("library") == []


def test_a_document_that_another_file_still_holds_stays_beside_its_history(
    library: Library, settings: Settings, file: Path, tmp_path: Path
) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, tmp_path / "copy.txt", "About gulls.")
    assert add(library, settings, file, "About terns.").changes == ("rules.txt: 1 of 1 passage embedded anew",)
    assert sorted(chunk.text for chunk in library.store.chunks()) == ["About gulls.", "About terns."]
    terns = library.catalog.document_at("library", str(file))
    assert terns is not None
    assert len(library.catalog.versions("library", terns.id)) == 1
    gulls = library.catalog.document_at("library", str(tmp_path / "copy.txt"))
    assert gulls is not None
    receipt = delete_document(library, gulls.id)
    assert receipt is not None
    assert (receipt.versions, receipt.left) == (1, ())
    assert library.catalog.versions("library", terns.id) == []
    assert [path.stem for path in originals.every(library.folder)] == [terns.id]


def test_more_versions_than_are_kept_leave_their_facts(library: Library, settings: Settings, file: Path) -> None:
    two = replace(settings, kept_versions=2)
    for number in range(5):
        add(library, two, file, f"Version {number}.")
    found = history(library)
    assert [version.is_kept for version in found] == [False, False, True, True]
    assert [version.chunks for version in found] == [1, 1, 1, 1]
    assert len(originals.every(library.folder)) == 3
    with pytest.raises(FootnoteError, match="no longer kept"):
        compare(library, only(library), found[0])
    with pytest.raises(FootnoteError, match="no longer kept"):
        original_of(library, found[1])
    add(library, replace(settings, kept_versions=0), file, "The last one.")
    assert not any(version.is_kept for version in history(library))
    assert len(originals.every(library.folder)) == 1
    assert examine(library).findings == ()


def test_versions_grow_old(library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, file, "About terns.")
    for days, is_kept in ((9, True), (11, False)):
        now = time.time() + days * 86_400
        monkeypatch.setattr("rag.catalog.versions.time.time", lambda now=now: now)
        add(library, replace(settings, version_days=10), file)
        assert history(library)[0].is_kept is is_kept


def test_a_deletion_takes_every_version_and_says_so(library: Library, settings: Settings, file: Path) -> None:
    for text in ("About gulls.", "About terns, twice."):
        add(library, settings, file, text)
    old = history(library)[0].document_id
    conversation = library.catalog.start_conversation("About gulls?")
    library.catalog.add_answer(conversation.id, answer("Gulls. [1]", old))
    receipt = delete_document(library, only(library).id)
    assert receipt is not None
    assert (receipt.versions, receipt.version_copies, receipt.left) == (1, len("About gulls."), ())
    assert receipt.quoted_in == ("About gulls?",)
    assert "1 old version with its text and kept copy (12 bytes): deleted." in receipt.lines
    assert originals.every(library.folder) == []
    assert library.catalog.all_versions("library") == []


def test_quotes_go_with_a_deletion_when_that_is_asked_for(library: Library, settings: Settings, file: Path) -> None:
    add(library, settings, file, "About gulls.")
    conversation = library.catalog.start_conversation("Birds")
    library.catalog.add_answer(conversation.id, answer("Gulls are white. [1]", only(library).id))
    library.catalog.add_answer(conversation.id, answer("Terns are white. [1]", "another"))
    receipt = delete_document(library, only(library).id, quotes=True)
    assert receipt is not None
    assert (receipt.quoted_in, receipt.unquoted) == ((), 1)
    kept = json.dumps(library.catalog.answers(conversation.id))
    assert "Gulls are white" not in kept
    assert "Terns are white" in kept


def test_a_deletion_that_breaks_off_is_carried_out_by_the_next_opening(
    library: Library, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, file, "About terns.")
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(originals, "remove", lambda *_: (_ for _ in ()).throw(SystemExit))
        delete_document(library, only(library).id)
    add(library, settings, file.with_name("other.txt"), "Another file.")
    assert library.catalog.all_versions("library") == []
    assert [path.stem for path in originals.every(library.folder)] == [only(library).id]


def test_the_history_moves_with_its_document_and_goes_with_its_collection(
    library: Library, settings: Settings, file: Path
) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, file, "About terns.")
    record = only(library)
    target = create_collection(library, "Birds")
    move_documents(library, [record], target)
    assert library.catalog.all_versions("library") == []
    (version,) = library.catalog.versions(target.name, record.id)
    assert original_of(library, version).read_text() == "About gulls."
    moved = library.catalog.collection(target.name)
    assert moved is not None
    delete_collection(library, moved)
    assert originals.every(library.folder) == []


def test_a_purge_can_take_the_old_versions(library: Library, settings: Settings, file: Path) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, file, "About terns.")
    library.close_store()
    purge(library, settings, on_progress=lambda *_: None)
    assert len(history(library)) == 1
    purge(library, settings, on_progress=lambda *_: None, versions=True)
    assert history(library) == []
    assert [path.stem for path in originals.every(library.folder)] == [only(library).id]


def test_the_history_of_one_document_is_deleted_alone(library: Library, settings: Settings, file: Path) -> None:
    for path in (file, file.with_name("other.txt")):
        add(library, settings, path, f"First of {path.name}.")
        add(library, settings, path, f"Second of {path.name}.")
    record = library.document("rules.txt")
    assert forget_history(library, "library", record.id) == 1
    assert library.catalog.versions("library", record.id) == []
    assert len(library.catalog.all_versions("library")) == 1
    assert len(originals.every(library.folder)) == 3


def test_a_backup_and_an_export_hold_the_history(
    library: Library, settings: Settings, file: Path, tmp_path: Path
) -> None:
    for text in ("About gulls.", "About terns.", "About skuas."):
        add(library, replace(settings, kept_versions=1), file, text)
    back_up(library, tmp_path / "backup.zip")
    export_collection(library, tmp_path / "export.zip")
    for name in ("restored", "imported"):
        other = replace(settings, library=tmp_path / name)
        if name == "restored":
            restore(tmp_path / "backup.zip", other)
        with Library.open(other, holder=name) as opened:
            if name == "imported":
                import_collection(opened, tmp_path / "export.zip", embedding_model="hashing")
            opened.open_store(HashingEmbedder())
            thinned, kept = history(opened)
            assert not thinned.is_kept
            assert original_of(opened, kept).read_text() == "About terns."
            (change,) = compare(opened, only(opened), kept).changes
            assert [piece.text for piece in change.pieces if piece.kind is Kind.NEW] == ["skuas"]
            assert examine(opened).findings == ()


def test_a_damaged_history_in_a_pack_is_refused(
    library: Library, settings: Settings, file: Path, tmp_path: Path
) -> None:
    add(library, settings, file, "About gulls.")
    add(library, settings, file, "About terns.")
    version = history(library)[0]
    library.catalog.add_version("library", replace(version, document_id="../../etc/passwd"), None)
    export_collection(library, tmp_path / "export.zip")
    with (
        Library.open(replace(settings, library=tmp_path / "other"), holder="other") as opened,
        pytest.raises(PackError, match="old versions of documents are damaged"),
    ):
        import_collection(opened, tmp_path / "export.zip", embedding_model="hashing")


def test_the_commands_list_compare_save_and_delete(
    library: Library, settings: Settings, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(library, settings, file, "Six days of leave carry over.")
    add(library, settings, file, "Nine days of leave carry over.")
    library.close()
    assert main(["versions", "rules.txt"]) == 0
    listed = capsys.readouterr().out
    assert "29 bytes" in listed
    assert "then 1 passage came and 1 went" in listed
    assert main(["diff", "rules.txt"]) == 0
    assert "  [-Six-]{+Nine+} days of leave carry over." in capsys.readouterr().out
    assert main(["versions", "rules.txt", "--save", "1", str(tmp_path / "old.txt")]) == 0
    assert (tmp_path / "old.txt").read_text() == "Six days of leave carry over."
    assert main(["versions", "rules.txt", "--save", "2", str(tmp_path / "none.txt")]) == 1
    assert "no old version 2" in capsys.readouterr().err
    assert main(["versions", "rules.txt", "--save", "1", str(tmp_path / "old.txt")]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["versions", "rules.txt", "--delete", "--yes"]) == 0
    assert main(["diff", "rules.txt"]) == 1
    assert "has no old versions" in capsys.readouterr().err


def test_packed_passages_come_back_as_they_were() -> None:
    passages = [chunk("Erste Zeile\n二", position=0), replace(chunk("b", position=1, page=None), sections=((0, "H"),))]
    assert unpack_passages(pack_passages(passages)) == passages
    assert unpack_passages(pack_passages([])) == []
    foreign = zlib.compress(json.dumps([{}, [{**asdict(passages[0]), "text": 7}]]).encode())
    for damaged in (b"", b"nothing", pack_passages(passages)[:-9], foreign):
        with pytest.raises(FootnoteError, match="damaged"):
            unpack_passages(damaged)
