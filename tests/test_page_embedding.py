"""Another embedding model for a collection, in the page, headless: two fakes of different dimension."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.session
from rag.collections import create_collection
from rag.embedders import Embedder
from rag.generators import Generator
from rag.progress import OnProgress
from rag.settings import Settings
from tests.fakes import HashingEmbedder
from tests.page import Page, button, library_page, unescaped
from ui.parts.collections import _dialog


class Wide(HashingEmbedder):
    """Another model, of another dimension; it waits until it may go on."""

    name = "wide"
    go_on = threading.Event()

    def __init__(self) -> None:
        super().__init__(96)

    def encode_passages(self, texts, lines, *, on_batch=None):
        while not Wide.go_on.wait(0.02):
            if on_batch is not None:
                on_batch(0)
        return super().encode_passages(texts, lines, on_batch=on_batch)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    monkeypatch.setenv("FOOTNOTE_EMBEDDING_MODEL", "hashing")
    st.cache_resource.clear()
    Wide.go_on.clear()
    made = Page(tmp_path / "home", samples, monkeypatch)

    def load(settings: Settings, _: object) -> tuple[HashingEmbedder, object]:
        return {"hashing": HashingEmbedder, "wide": Wide}[settings.embedding_model](), lambda: made.generator

    monkeypatch.setattr(ui.session, "load_models", load)
    yield made
    made.engine.close()
    st.cache_resource.clear()


def begin(page: Page) -> None:
    engine = page.engine
    collection = engine.library.catalog.collection("library")
    assert collection is not None
    engine.reembed(collection, "wide")


def shown() -> AppTest:
    return AppTest.from_function(library_page, default_timeout=30).run()


def test_a_collection_answers_while_it_is_embedded_anew(page: Page) -> None:
    again = "How many days of leave carry over until March?"
    page.generator.replies = ["Six days of leave [1].", again, "Six days of leave [1]."]
    page.open()
    begin(page)
    at = shown()
    assert any("**library** on its way to wide" in unescaped(text.value) for text in at.markdown)
    page.ask("How many days of leave carry over?")
    assert "leave.txt" in page.html()
    assert page.engine.embedding_model == "hashing"
    Wide.go_on.set()
    assert page.engine.reembedding is not None
    page.wait(page.engine.reembedding.ended.is_set)
    assert page.engine.reembedding.failure == ""
    assert page.engine.embedding_model == "wide"
    page.ask(again)
    (conversation,) = page.engine.library.catalog.conversations()
    assert len(page.engine.library.catalog.answers(conversation.id)) == 2
    assert any(caption.value.endswith("· wide") for caption in shown().caption)


def test_it_is_paused_and_goes_on_after_a_restart(page: Page) -> None:
    page.open()
    begin(page)
    button(shown(), "Pause").click().run()
    assert page.engine.library.catalog.reembeddings()[0].is_paused
    page.engine.close()
    st.cache_resource.clear()
    Wide.go_on.set()
    page.open()
    assert page.engine.reembedding is None
    at = shown()
    assert any("Paused" in caption.value for caption in at.caption)
    button(at, "Go on").click().run()
    assert page.engine.reembedding is not None
    page.wait(page.engine.reembedding.ended.is_set)
    assert page.engine.embedding_model == "wide"


def test_what_was_in_work_goes_on_by_itself_after_a_restart(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.open()
    begin(page)
    page.engine.close()
    st.cache_resource.clear()
    loading, load = threading.Event(), ui.session.load_models

    def load_late(settings: Settings, on_progress: OnProgress) -> tuple[Embedder, Callable[[], Generator]]:
        loading.wait(20)
        return load(settings, on_progress)

    monkeypatch.setattr(ui.session, "load_models", load_late)
    at = shown()
    assert any("It goes on once the models are loaded" in caption.value for caption in at.caption)
    assert not any("Paused" in caption.value for caption in at.caption)
    loading.set()
    page.wait(page.engine.answering.is_set)
    assert not any("It goes on once" in caption.value for caption in at.run().caption)
    Wide.go_on.set()
    page.wait(lambda: page.engine.embedding_model == "wide")
    assert page.engine.library.catalog.reembeddings() == []


def test_it_is_given_up(page: Page) -> None:
    page.open()
    begin(page)
    button(shown(), "Cancel").click().run()
    assert page.engine.library.catalog.reembeddings() == []
    assert page.engine.library.catalog.leftovers() == {}
    assert page.engine.embedding_model == "hashing"


def test_opening_a_collection_loads_its_model(page: Page) -> None:
    page.open()
    engine = page.engine
    sea = create_collection(engine.library, "Sea", embedding_model="wide")
    engine.switch(sea.name)
    assert (engine.embedding_model, engine.library.catalog.collection("sea").dimension) == ("wide", 96)  # type: ignore[union-attr]
    engine.switch("library")
    assert engine.embedding_model == "hashing"


def test_the_dialog_offers_models_and_begins(page: Page) -> None:
    page.open()
    engine = page.engine

    def dialog(engine, show):
        show(engine, engine.library.catalog.collection("library"))

    at = AppTest.from_function(dialog, args=(engine, _dialog), default_timeout=30).run()
    box = at.selectbox(key="change-model")
    assert box.value == "hashing"
    assert any("universal-sentence-encoder-multilingual" in option for option in box.options)
    box.select("Another: a hub id or a folder").run()
    at.text_input(key="change-typed").set_value("wide").run()
    button(at, "Change the model").click().run()
    assert engine.reembedding is not None
    assert engine.reembedding.task.embedding_model == "wide"
    Wide.go_on.set()
    page.wait(engine.reembedding.ended.is_set)
    assert engine.embedding_model == "wide"


def test_a_purge_lets_it_begin_again(page: Page) -> None:
    page.open()
    begin(page)
    page.engine.purge()
    Wide.go_on.set()
    page.wait(lambda: page.engine.embedding_model == "wide")
    assert page.engine.library.store.count() == 1
