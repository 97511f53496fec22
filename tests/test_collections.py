"""Collections and tags, on the real store: documents move with their vectors and are never lost between two."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import ingest
from rag import originals
from rag.__main__ import main
from rag.catalog import DocumentOrder, DocumentQuery
from rag.collections import (
    check_title,
    clean_tag,
    collection_quoting,
    create_collection,
    delete_collection,
    find_collection,
    move_documents,
)
from rag.errors import FootnoteError, ModelMismatch, SettingsError
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.own_settings import give_settings
from rag.settings import Settings, load_settings
from tests.fakes import HashingEmbedder
from tests.test_quotes import answer


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "hashing")
    return load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    for bird in ("herons", "terns", "gulls"):
        (made / f"{bird}.txt").write_text(f"This one is about {bird}.")
    return made


@pytest.fixture
def library(settings: Settings, folder: Path) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        add(opened, settings, folder)
        yield opened


def add(library: Library, settings: Settings, *paths: Path) -> None:
    assert not ingest(find_files(paths), library=library, embedder=HashingEmbedder(), settings=settings).failed


def names(library: Library, collection: str) -> set[str]:
    return {record.name for record in library.catalog.documents(collection)}


def found(library: Library, question: str) -> list[str]:
    return [hit.chunk.document_name for hit in library.store.search(HashingEmbedder().encode_query(question), k=1)]


def test_a_collection_is_made_renamed_and_described(library: Library) -> None:
    made = create_collection(library, "  Ärzte &\nCo ", "who treats whom")
    assert (made.name, made.title, made.description) == ("arzte_co", "Ärzte & Co", "who treats whom")
    assert create_collection(library, "Ärzte, Co").name == "arzte_co_2"
    assert create_collection(library, "日本").name == "collection"
    library.catalog.change_collection("arzte_co", title="Doctors", description="")
    assert find_collection(library, "doctors") == replace(made, title="Doctors", description="")
    assert find_collection(library, "arzte_co").title == "Doctors"
    with pytest.raises(FootnoteError, match="'DOCTORS' already"):
        check_title(library, "DOCTORS")
    assert check_title(library, "DOCTORS", of="arzte_co") == "DOCTORS"
    with pytest.raises(FootnoteError, match="1 to 80"):
        create_collection(library, " \n ")
    with pytest.raises(FootnoteError, match="There are: Doctors, library, "):
        find_collection(library, "nothing")


def test_a_document_is_found_by_the_name_of_each_file_with_its_bytes(
    library: Library, settings: Settings, folder: Path
) -> None:
    shutil.copy(folder / "terns.txt", folder / "Seeschwalben.txt")
    add(library, settings, folder)
    document = library.document("Seeschwalben.txt")
    assert (document.name, len(document.sources)) == ("terns.txt", 2)
    assert library.scope(["Seeschwalben.txt", "terns.txt"]).documents == (document.id,)
    for words, names in (("SEESCHWALBEN", ["terns.txt"]), ("seeschwalben herons", []), ("documents", [])):
        query = DocumentQuery(words=words)
        shown = library.catalog.find_documents(library.collection, query, order=DocumentOrder.NAME, limit=9)
        assert [record.name for record in shown] == names  # not by the folder, which is that of all

    other = folder / "other" / "Seeschwalben.txt"
    other.parent.mkdir()
    other.write_text("Terns in other words.")
    add(library, settings, other)
    assert library.document("Seeschwalben.txt").name == "Seeschwalben.txt"  # before what another's file is called


def test_a_collection_is_filled_and_asked_by_settings_of_its_own(
    library: Library, settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    create_collection(library, "Sea birds")
    open_one = library.catalog.collection("library")
    assert open_one is not None
    give_settings(library, open_one, {"top_k": "9", "word_weight": "0.5"})
    own = library.settings_of()
    assert (own.top_k, own.word_weight, own.chunk_tokens) == (9, 0.5, settings.chunk_tokens)
    assert library.settings_of("sea_birds") == replace(settings, collection="sea_birds")
    for given, told in (({"home": "/tmp"}, "no 'home' of its own"), ({"chunk_tokens": "20"}, "below chunk_tokens")):
        with pytest.raises(SettingsError, match=f"library: .*{told}"):
            give_settings(library, open_one, given)
    with pytest.raises(SettingsError, match="needs a number, got 'many'"):
        give_settings(library, open_one, {"top_k": "many"})
    assert library.settings_of() == own  # nothing was changed

    export_collection(library, tmp_path / "own.zip")
    import_collection(library, tmp_path / "own.zip", name="again", embedding_model="hashing")
    assert library.settings_of("again") == replace(own, collection="again")
    library.close()

    assert main(["collections", "settings", "library", "top_k=", "chunk_tokens=50"]) == 0
    assert capsys.readouterr().out == "chunk_tokens = 50\nword_weight = 0.5\n"
    assert main(["collections", "settings", "library", "speed=7"]) == 1
    assert "It can have: chunk_tokens, " in capsys.readouterr().err
    assert main(["collections", "settings", "library", "top_k"]) == 1
    assert "Write it as: top_k = 8" in capsys.readouterr().err
    assert main(["collections"]) == 0
    assert "  chunk_tokens = 50, word_weight = 0.5\n" in capsys.readouterr().out
    assert main(["collections", "settings", "sea birds"]) == 0
    assert "Sea birds has none of its own. It can have: " in capsys.readouterr().out


def test_settings_of_its_own_that_no_longer_go_with_those_of_the_program_are_named(
    library: Library, settings: Settings
) -> None:
    open_one = library.catalog.collection("library")
    assert open_one is not None
    give_settings(library, open_one, {"chunk_tokens": "50"})
    library.close()
    with (
        Library.open(replace(settings, chunk_overlap=60), holder="test") as opened,
        pytest.raises(SettingsError, match=r"library: chunk_overlap is 60, .* below chunk_tokens \(50\)"),
    ):
        opened.settings_of()


def test_a_title_is_not_taken_for_the_name_of_another_collection(library: Library, settings: Settings) -> None:
    create_collection(library, "Sea birds")
    library.catalog.change_collection("sea_birds", title="Ferries")
    library.close()
    with pytest.raises(FootnoteError, match="set FOOTNOTE_COLLECTION=sea_birds"):
        Library.open(replace(settings, collection="ferries"), holder="test")
    with Library.open(replace(settings, collection="sea_birds"), holder="test") as opened:
        opened.catalog.change_collection("library", title="sea_birds")
        assert find_collection(opened, "sea_birds").name == "sea_birds"


def test_documents_move_with_their_vectors_and_nothing_is_embedded(library: Library, settings: Settings) -> None:
    embedder = HashingEmbedder()
    target = create_collection(library, "Sea birds")
    library.catalog.tag("library", [library.document("terns.txt").id], ["sea"])
    before = library.document("terns.txt")
    move_documents(library, [before, library.document("gulls.txt")], target)
    assert (names(library, "library"), names(library, "sea_birds")) == ({"herons.txt"}, {"terns.txt", "gulls.txt"})
    assert found(library, "about terns") == ["herons.txt"]
    assert library.lexical.search("terns", k=5) == []
    library.switch("sea_birds", embedder)
    assert embedder.encoded == 0
    assert library.document("terns.txt") == before
    assert found(library, "about terns") == ["terns.txt"]
    assert len(library.lexical.search("terns", k=5)) == 1
    assert originals.find(library.folder, before.id) is not None
    assert examine(library).findings == ()
    library.switch("library", embedder)
    assert examine(library).findings == ()


def test_a_move_that_breaks_off_keeps_the_document_where_it_was(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = create_collection(library, "Sea birds")
    record = library.document("terns.txt")
    monkeypatch.setattr(library.catalog, "move", lambda *_: (_ for _ in ()).throw(OSError("the power went")))
    with pytest.raises(OSError, match="power"):
        move_documents(library, [record], target)
    monkeypatch.undo()
    assert library.document("terns.txt") == record
    assert library.catalog.tagged("sea_birds", []) == []
    move_documents(library, [record], find_collection(library, "sea birds"))
    assert names(library, "sea_birds") == {"terns.txt"}
    library.switch("sea_birds", HashingEmbedder())
    assert examine(library).findings == ()


def test_a_move_to_another_embedding_model_is_refused(library: Library, settings: Settings) -> None:
    library.catalog.claim_collection("other", embedding_model="another", dimension=64)
    with pytest.raises(ModelMismatch, match="built with another, these documents with hashing"):
        move_documents(library, [library.document("terns.txt")], find_collection(library, "other"))
    with pytest.raises(FootnoteError, match="another collection than"):
        move_documents(library, [library.document("terns.txt")], find_collection(library, "library"))
    with pytest.raises(ModelMismatch):
        library.switch("other", HashingEmbedder())
    assert (library.collection, library.store.count()) == ("library", 3)


def test_a_deleted_collection_leaves_nothing_but_what_others_share(
    library: Library, settings: Settings, folder: Path
) -> None:
    target = create_collection(library, "Sea birds")
    move_documents(library, [library.document("terns.txt"), library.document("gulls.txt")], target)
    add(library, settings, folder / "gulls.txt")
    sea = find_collection(library, "sea birds")
    ids = {record.name: record.id for record in library.catalog.documents(sea.name)}
    assert delete_collection(library, sea) == 2
    assert originals.find(library.folder, ids["terns.txt"]) is None
    assert originals.find(library.folder, ids["gulls.txt"]) is not None
    assert [collection.name for collection in library.catalog.collections()] == ["library"]
    with library.beside(sea.name, 64) as (store, lexical):
        assert (store.count(), lexical.count()) == (0, 0)
    assert examine(library).findings == ()
    with pytest.raises(FootnoteError, match="is open"):
        delete_collection(library, find_collection(library, "library"))


def test_tags_choose_documents_and_follow_a_new_version(library: Library, settings: Settings, folder: Path) -> None:
    catalog = library.catalog
    herons, terns = library.document("herons.txt").id, library.document("terns.txt").id
    catalog.tag("library", [herons, terns], ["fishers", "Wade"])
    catalog.tag("library", [terns], ["fishers", "sea"])
    catalog.untag("library", [terns], ["Wade", "none"])
    assert catalog.tags("library") == {"fishers": 2, "sea": 1, "Wade": 1}
    query = DocumentQuery(tags=("fishers", "sea"))
    (record,) = catalog.find_documents("library", query, order=DocumentOrder.NAME, limit=9)
    assert (record.name, record.tags) == ("terns.txt", ("fishers", "sea"))
    assert set(library.scope([], ["Wade", "sea"]).documents) == {herons, terns}
    assert library.scope(["herons.txt"], ["sea"]).documents == (herons, terns)
    with pytest.raises(FootnoteError, match="No document has the tag 'hills'. There are: fishers, sea, Wade."):
        library.scope([], ["hills"])
    (folder / "terns.txt").write_text("Another version about terns.")
    add(library, settings, folder)
    assert library.document("terns.txt").tags == ("fishers", "sea")
    assert library.document("terns.txt").id != terns


def test_tags_travel_with_an_exported_collection(library: Library, settings: Settings, tmp_path: Path) -> None:
    library.catalog.tag("library", [library.document("terns.txt").id], ["sea"])
    export_collection(library, tmp_path / "birds.zip")
    library.close()
    with Library.open(replace(settings, home=tmp_path / "elsewhere"), holder="other") as other:
        import_collection(other, tmp_path / "birds.zip", embedding_model="hashing")
        assert other.catalog.tags("library") == {"sea": 1}


def test_a_tag_is_kept_in_one_form() -> None:
    assert clean_tag("  to\n read ") == "to read"
    assert clean_tag("Ärzte") == "Ärzte"
    for wrong in ("", " ", "x" * 41):
        with pytest.raises(FootnoteError, match="1 to 40"):
            clean_tag(wrong)


def test_the_commands(library: Library, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    library.close()
    assert main(["collections", "create", "Sea birds", "--description", "salt"]) == 0
    assert "FOOTNOTE_COLLECTION=sea_birds" in capsys.readouterr().out
    assert main(["collections", "move", "sea birds", "terns.txt", "gulls.txt"]) == 0
    assert main(["collections", "rename", "sea birds", "Salt"]) == 0
    assert main(["collections", "describe", "Salt", "at sea"]) == 0
    assert main(["tag", "herons.txt", "--add", "Wade", "--add", "fish"]) == 0
    assert main(["tag", "herons.txt", "--remove", "fish"]) == 0
    capsys.readouterr()
    assert main(["tag"]) == 0
    assert capsys.readouterr().out == "Wade: 1 document\n"
    assert main(["collections"]) == 0
    listed = capsys.readouterr().out
    assert "library: 1 document, hashing, open" in listed
    assert "Salt (sea_birds): 2 documents, hashing\n  at sea" in listed
    assert main(["collections", "delete", "Salt"]) == 1
    assert main(["collections", "delete", "Salt", "--yes"]) == 0
    assert "2 documents" in capsys.readouterr().out


def test_a_collection_can_take_the_quotes_of_its_own_documents_along(
    library: Library, settings: Settings, folder: Path
) -> None:
    made = create_collection(library, "Birds")
    shared, own = library.document("herons.txt"), library.document("terns.txt")
    move_documents(library, [shared, own], made)
    add(library, settings, folder / "herons.txt")  # it is in both now
    conversation = library.catalog.start_conversation("Birds").id
    library.catalog.add_answer(conversation, answer("Herons stand. [1] Terns dive. [2]", shared.id, own.id))
    target = find_collection(library, "Birds")
    assert [entry.title for entry in collection_quoting(library, target)] == ["Birds"]
    assert delete_collection(library, target, quotes=True) == 2
    (kept,) = library.catalog.answers(conversation)
    assert "Herons stand. [1]" in kept["text"]
    assert "Terns dive" not in kept["text"]


def test_many_documents_are_looked_for_in_the_conversations_at_once(library: Library) -> None:
    conversation = library.catalog.start_conversation("Birds").id
    library.catalog.add_answer(conversation, answer("Herons stand. [1]", "f" * 64))
    ids = [f"{number:064x}" for number in range(5_000)]
    assert library.catalog.conversations_quoting(ids) == []
    assert len(library.catalog.conversations_quoting([*ids, "f" * 64])) == 1
