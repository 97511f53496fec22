"""How the tests share the processor, and what those of a page and of the model store begin with."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.settings import Settings

if TYPE_CHECKING:
    from ingest.report import IngestReport
    from rag.generators.local import LocalGenerator
    from tests.model_sources import Server
    from tests.page import Page

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait for work must not keep others from theirs


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real weights begin first and share one process, so that each model is loaded once; then slow ones."""
    items.sort(key=lambda item: (item.get_closest_marker("model") is None, item.get_closest_marker("slow") is None))
    for item in items:
        if item.get_closest_marker("model") and "test_browser" not in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("models"))
        elif "test_browser" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, IngestReport]":
    """A library of the samples, embedded once by the real model, and what its ingest reported. Nobody writes to it."""
    from ingest.discovery import find_files
    from ingest.pipeline import ingest
    from rag.build import load_embedder
    from rag.library import Library
    from rag.settings import load_settings

    settings = load_settings(library=tmp_path_factory.mktemp("samples") / "library")
    files = find_files([Path(__file__).parents[1] / "samples"])
    with Library.open(settings, holder="tests") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        return settings.library_folder, ingest(files, library=library, embedder=embedder, settings=settings)


@pytest.fixture(scope="session")
def chat_generator() -> "LocalGenerator":
    """The default generator, loaded once."""
    from rag.build import load_generator
    from rag.settings import load_settings

    return load_generator(load_settings())


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Page]":
    """The app with scripted models, not opened yet."""
    import streamlit as st  # a second to import, which most tests need not wait for

    from tests.page import Page

    samples = tmp_path / "samples"
    samples.mkdir()
    st.cache_resource.clear()
    made = Page(tmp_path / "home", samples, monkeypatch)
    yield made
    made.engine.close()
    st.cache_resource.clear()


@pytest.fixture
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """No index, no hub, no settings of the machine, unless a test names them."""
    from tests.model_sources import CLOSED

    for variable in [name for name in os.environ if name.startswith(("PIP_", "HF_", "FOOTNOTE_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", CLOSED)
    monkeypatch.setenv("PIP_RETRIES", "1")  # pip says why only when it tries again
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")


@pytest.fixture
def model_settings(tmp_path: Path, no_sources: None) -> Settings:
    """Of a home without models."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def server() -> "Iterator[Server]":
    """A hub and an index on the loopback."""
    from tests.model_sources import loopback

    with loopback() as server:
        yield server
