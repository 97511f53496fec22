"""A collection on its way to another embedding model: it answers meanwhile, and nothing is lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import reembedding
from rag.__main__ import main
from rag.backup import back_up, restore
from rag.catalog import Collection
from rag.collections import create_collection, delete_collection
from rag.deletion import delete_document
from rag.embedders import Embedder
from rag.errors import FootnoteError, ModelMismatch
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.purge import purge
from rag.queue import Cancelled
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Chunk
from tests.fakes import HashingEmbedder

ROOT = Path(__file__).parents[1]
TEXTS = {bird: f"This one is about {bird}." for bird in ("herons", "terns", "gulls")}


class Wide(HashingEmbedder):
    """Another model, of another dimension."""

    name = "wide"

    def __init__(self) -> None:
        super().__init__(96)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", embedding_model="hashing")


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        for bird, text in TEXTS.items():
            (tmp_path / f"{bird}.txt").write_text(text)
        add(opened, settings, *(tmp_path / f"{bird}.txt" for bird in TEXTS))
        yield opened


def add(library: Library, settings: Settings, *paths: Path) -> None:
    assert not ingest(find_files(paths), library=library, embedder=HashingEmbedder(), settings=settings).failed


def here(library: Library) -> Collection:
    found = library.catalog.collection("library")
    assert found is not None
    return found


def embed(library: Library, *, stop: threading.Event | None = None, embedder: Embedder | None = None) -> Wide:
    task = reembedding.begin(library, here(library), "wide")
    assert task is not None
    wide = Wide()
    reembedding.embed(library, task, embedder or wide, on_progress=lambda *_: None, stop=stop or threading.Event())
    return wide


def finish(library: Library) -> None:
    task = library.catalog.reembedding("library")
    assert task is not None
    reembedding.finish(library, task)


def asked(library: Library, embedder: Embedder, settings: Settings, question: str = "about terns") -> list[str]:
    hits = Retriever.of_library(library, embedder, settings).stages(question, count=10).dense
    return [hit.chunk.document_name for hit in hits]


def test_the_old_vectors_answer_until_all_new_ones_are_there(library: Library, settings: Settings) -> None:
    wide = embed(library)
    assert asked(library, HashingEmbedder(), settings)[0] == "terns.txt"
    assert here(library).embedding_model == "hashing"
    finish(library)
    assert (here(library).embedding_model, here(library).dimension) == ("wide", 96)
    assert asked(library, wide, settings)[0] == "terns.txt"
    assert (library.store.count(), library.lexical.count()) == (3, 3)
    assert library.catalog.reembeddings() == []
    assert library.catalog.leftovers() == {}
    with library.vectors("library", 64) as old:
        assert old.count() == 0
    library.open_store(wide)
    with pytest.raises(ModelMismatch, match="built with wide"):
        library.open_store(HashingEmbedder())


def test_it_can_go_back_again(library: Library, settings: Settings) -> None:
    embed(library)
    finish(library)
    task = reembedding.begin(library, here(library), "hashing")
    assert task is not None
    small = HashingEmbedder()
    reembedding.finish(
        library, reembedding.embed(library, task, small, on_progress=lambda *_: None, stop=threading.Event())
    )
    assert asked(library, small, settings)[0] == "terns.txt"
    assert library.settings_of().embedding_model == "hashing"


def test_what_is_added_and_deleted_meanwhile_is_followed(library: Library, settings: Settings, tmp_path: Path) -> None:
    wide = embed(library)
    (tmp_path / "auks.txt").write_text("This one is about auks.")
    add(library, settings, tmp_path / "auks.txt")
    delete_document(library, library.document("gulls.txt").id)
    task = library.catalog.reembedding("library")
    assert task is not None
    with library.vectors(task.vectors, task.dimension) as target:
        assert {chunk.document_name for chunk in target.chunks()} == {"herons.txt", "terns.txt"}
    with pytest.raises(FootnoteError, match="added meanwhile"):
        finish(library)
    assert here(library).embedding_model == "hashing"
    embed(library)
    finish(library)
    assert set(asked(library, wide, settings)) == {"herons.txt", "terns.txt", "auks.txt"}


def test_a_name_that_was_changed_meanwhile_is_taken_over(library: Library) -> None:
    embed(library)
    (chunk,) = library.store.chunks([library.document("terns.txt").id])
    library.store.upsert([replace(chunk, document_name="sterna.txt")], HashingEmbedder().encode_documents([chunk.text]))
    embed(library)
    finish(library)
    assert "sterna.txt" in {chunk.document_name for chunk in library.store.chunks()}


def test_a_stopped_one_goes_on_where_it_was(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reembedding, "_BATCH", 1)
    stop = threading.Event()

    class Once(Wide):
        def encode_passages(self, texts, lines, *, on_batch=None):
            made = super().encode_passages(texts, lines, on_batch=on_batch)
            stop.set()
            return made

    with pytest.raises(Cancelled):
        embed(library, stop=stop, embedder=Once())
    assert embed(library).encoded == 2
    assert embed(library).encoded == 0


def test_given_up_it_leaves_nothing(library: Library, settings: Settings) -> None:
    embed(library)
    task = library.catalog.reembedding("library")
    assert task is not None
    with pytest.raises(FootnoteError, match="is being embedded with wide"):
        reembedding.begin(library, here(library), "third")
    reembedding.cancel(library, "library")
    assert (library.catalog.reembeddings(), library.catalog.leftovers()) == ([], {})
    with library.vectors(task.vectors, 96) as target:
        assert target.count() == 0
    assert asked(library, HashingEmbedder(), settings)[0] == "terns.txt"
    with pytest.raises(FootnoteError, match="has the embedding model hashing already"):
        reembedding.begin(library, here(library), "hashing")


def test_vectors_that_a_killed_process_left_are_deleted(library: Library) -> None:
    embed(library)
    task = library.catalog.reembedding("library")
    assert task is not None
    library.close_store()
    library.catalog.take_vectors(task)  # and the process dies
    assert library.catalog.leftovers() == {"library": 64}
    library.open_store(Wide())
    reembedding.sweep(library)
    assert library.catalog.leftovers() == {}
    assert library.store.count() == 3


def test_vectors_that_are_in_use_are_never_taken_for_left_over(library: Library) -> None:
    embed(library)
    finish(library)
    library.switch(create_collection(library, "Sea").name, HashingEmbedder())
    delete_collection(library, here(library))
    task = library.catalog.begin_reembedding("sea", "wide")
    library.catalog.take_vectors(replace(task, dimension=96))
    assert library.catalog.leftovers() == {"sea": 64}
    library.catalog.forget_collection("sea")
    library.catalog.add_collection(Collection("sea", "Sea", "", "hashing", 64), [])
    library.open_store(HashingEmbedder())
    (chunk,) = [Chunk("d", "d.txt", "", None, "", 0, 4, 0, "gull")]
    library.store.upsert([chunk], HashingEmbedder().encode_documents(["gull"]))
    reembedding.sweep(library)
    assert library.store.count() == 1
    assert library.catalog.leftovers() == {}


def test_an_empty_collection_has_its_model_at_once(library: Library) -> None:
    made = create_collection(library, "Sea", embedding_model="hashing")
    assert reembedding.begin(library, made, "wide") is None
    assert library.settings_of("sea").embedding_model == "wide"
    with pytest.raises(ModelMismatch, match="wide"):
        library.catalog.claim_collection("sea", embedding_model="hashing", dimension=64)
    library.catalog.claim_collection("sea", embedding_model="wide", dimension=96)
    with pytest.raises(FootnoteError, match="has the embedding model"):
        reembedding.begin(library, library.catalog.collections()[-1], "wide")


def test_a_collection_without_a_choice_takes_the_setting(library: Library) -> None:
    create_collection(library, "Sea")
    assert library.settings_of("sea").embedding_model == "hashing"
    library.catalog.claim_collection("sea", embedding_model="wide", dimension=96)
    assert library.settings_of("sea").embedding_model == "wide"


def test_purge_backup_and_deletion_know_the_new_vectors(library: Library, settings: Settings, tmp_path: Path) -> None:
    wide = embed(library)
    finish(library)
    library.close_store()
    purge(library, settings, on_progress=lambda *_: None)
    library.open_store(wide)
    assert asked(library, wide, settings)[0] == "terns.txt"
    back_up(library, tmp_path / "backup.zip")
    other = Settings(home=tmp_path / "other", embedding_model="hashing")
    restore(tmp_path / "backup.zip", other)
    with Library.open(other, holder="test") as restored:
        restored.open_store(wide)
        assert asked(restored, wide, other)[0] == "terns.txt"
    sea = create_collection(library, "Sea")
    library.switch(sea.name, HashingEmbedder())
    delete_collection(library, here(library))
    assert [entry.name for entry in library.catalog.collections()] == ["sea"]


def test_a_collection_of_another_model_is_imported_where_that_is_known(library: Library, tmp_path: Path) -> None:
    embed(library)
    finish(library)
    export_collection(library, tmp_path / "birds.zip")
    with pytest.raises(ModelMismatch, match="embedded with wide"):
        import_collection(library, tmp_path / "birds.zip", name="birds", embedding_model="hashing")
    import_collection(library, tmp_path / "birds.zip", name="birds", embedding_model="hashing", others={"wide"})
    assert library.settings_of("birds").embedding_model == "wide"
    library.switch("birds", Wide())
    assert library.store.count() == 3


def test_a_collection_that_is_deleted_takes_what_was_begun_with_it(library: Library) -> None:
    embed(library)
    library.switch(create_collection(library, "Sea").name, HashingEmbedder())
    delete_collection(library, here(library))
    assert (library.catalog.reembeddings(), library.catalog.leftovers()) == ([], {})


VICTIM = """
import sys, threading
from pathlib import Path
from rag import reembedding
from rag.library import Library
from rag.settings import Settings
from tests.test_reembedding import Wide
reembedding._BATCH = 1
class Slow(Wide):
    def encode_passages(self, texts, lines, *, on_batch=None):
        print("embedded", flush=True)
        threading.Event().wait(0.05)
        return super().encode_passages(texts, lines, on_batch=on_batch)
with Library.open(Settings(home=Path(sys.argv[1]), embedding_model="hashing"), holder="victim") as library:
    task = reembedding.begin(library, library.catalog.collection("library"), "wide")
    reembedding.embed(library, task, Slow(), on_progress=lambda *_: None, stop=threading.Event())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_process_loses_nothing_and_is_carried_on(settings: Settings, tmp_path: Path) -> None:
    paths = []
    for number in range(30):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(f"This one is about bird number{number}.")
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder())
        add(library, settings, *paths)
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(settings.home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert victim.stdout is not None
    for _ in range(4):
        assert victim.stdout.readline() == "embedded\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait(20)
    victim.stdout.close()
    end = time.monotonic() + 20
    while True:
        try:
            library = Library.open(settings, holder="test")
            break
        except FootnoteError:
            assert time.monotonic() < end
            time.sleep(0.1)
    with library:
        library.open_store(HashingEmbedder())
        assert asked(library, HashingEmbedder(), settings, "number7")[0] == "7.txt"
        wide = embed(library)
        assert 0 < wide.encoded <= 28
        finish(library)
        assert asked(library, Wide(), settings, "number7")[0] == "7.txt"
        assert library.store.count() == 30


def test_the_commands_choose_change_and_give_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("rag.build.load_embedder", lambda settings, **_: known[settings.embedding_model]())
    known = {"hashing": HashingEmbedder, "wide": Wide}
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "hashing")
    (tmp_path / "terns.txt").write_text("This one is about terns.")
    with Library.open(load_settings(), holder="test") as library:
        library.open_store(HashingEmbedder())
        add(library, load_settings(), tmp_path / "terns.txt")
    assert main(["collections", "create", "Sea", "--model", "wide"]) == 0
    assert main(["collections", "embed", "library", "wide"]) == 0
    assert "library is asked by wide now." in capsys.readouterr().out
    assert main(["search", "terns"]) == 0
    assert "terns.txt" in capsys.readouterr().out
    with Library.open(load_settings(), holder="test") as library:
        reembedding.begin(library, here(library), "hashing")
    assert main(["collections"]) == 0
    shown = capsys.readouterr().out
    assert "library: 1 document, wide, open\n  on its way to hashing" in shown
    assert "Sea (sea): 0 documents, wide" in shown
    assert main(["collections", "embed", "library", "--cancel"]) == 0
    assert "library stays with wide." in capsys.readouterr().out
    assert main(["collections", "embed", "library"]) == 1
    assert "Name the embedding model" in capsys.readouterr().err
    assert main(["collections", "embed", "Sea", "hashing"]) == 0
    assert "Sea is asked by hashing now." in capsys.readouterr().out


@pytest.mark.model
def test_the_real_models_follow_each_other(tmp_path: Path) -> None:
    from rag.build import load_embedder

    settings = load_settings(library=tmp_path / "library")
    multilingual = "universal-sentence-encoder-multilingual"
    for name, text in (("warranty", "The warranty is two years."), ("lunch", "Lunch is served on the first floor.")):
        (tmp_path / f"{name}.txt").write_text(text)
    mpnet = load_embedder(settings)
    with Library.open(settings, holder="test") as library:
        library.open_store(mpnet)
        ingest(
            find_files([tmp_path / "warranty.txt", tmp_path / "lunch.txt"]),
            library=library,
            embedder=mpnet,
            settings=settings,
        )
        assert asked(library, mpnet, settings, "How long is the warranty?")[0] == "warranty.txt"
        task = reembedding.begin(library, here(library), multilingual)
        assert task is not None
        other = load_embedder(load_settings(embedding_model=multilingual))
        task = reembedding.embed(library, task, other, on_progress=lambda *_: None, stop=threading.Event())
        assert reembedding.cut(library, here(library), other) == 0
        reembedding.finish(library, task)
        assert library.settings_of().embedding_model == multilingual
        assert asked(library, other, settings, "保修期多长？")[0] == "warranty.txt"
