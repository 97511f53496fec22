"""The page, headless, with fakes for the models and the real library under it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.session
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings
from tests.fakes import HashingEmbedder, ScriptedGenerator

APP = str(Path(__file__).parents[1] / "app.py")


class Page:
    """The app with scripted models."""

    def __init__(self, home: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.generator = ScriptedGenerator()
        self.samples = samples
        monkeypatch.setenv("FOOTNOTE_HOME", str(home))
        monkeypatch.setenv("FOOTNOTE_MINIMUM_SCORE", "0.1")
        monkeypatch.setattr(ui.session, "SAMPLES_FOLDER", samples)
        monkeypatch.setattr(ui.session, "load_models", lambda *_: (HashingEmbedder(), lambda: self.generator))
        self.test = AppTest.from_file(APP, default_timeout=30)

    def open(self) -> AppTest:
        self.test.run()
        self.wait(lambda: ui.session.open_engine().state.can_answer and self.engine.ingest_job.done.is_set())
        return self.test.run()

    @property
    def engine(self) -> ui.session.Engine:
        return ui.session.open_engine()

    def ask(self, question: str) -> AppTest:
        self.test.chat_input[0].set_value(question).run()
        self.wait(lambda: all(job.done.is_set() for job in self.engine.answer_jobs.values()))
        return self.test.run()

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)

    def html(self) -> str:
        return "\n".join(element.proto.body for element in self.test.get("html"))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    samples = tmp_path / "samples"
    samples.mkdir()
    st.cache_resource.clear()
    made = Page(tmp_path / "home", samples, monkeypatch)
    yield made
    made.engine.library.close()
    st.cache_resource.clear()


def test_an_empty_library_says_where_to_begin(page: Page) -> None:
    at = page.open()
    assert "Library page" in at.info[0].value
    assert not at.exception


def test_an_answer_shows_its_source_and_stays(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert "leave.txt" in page.html()
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    assert '<span class="footnote">1</span>' in page.html()
    assert not at.exception
    conversation = page.engine.library.catalog.conversations()[0]
    assert conversation.title == "How many days of leave carry over?"
    assert len(page.engine.library.catalog.answers(conversation.id)) == 1


def test_hostile_text_is_only_text(page: Page) -> None:
    attack = "<img src=x onerror=alert(1)> days of leave ![p](https://tracker.example/p.png)"
    (page.samples / "leave.txt").write_text(attack)
    page.generator.replies = [f"{attack} <script>alert(1)</script> [1]"]
    at = page.open()
    page.ask("How many days of leave?")
    assert "<img" not in page.html()
    assert "<script" not in page.html()
    assert not at.exception


def test_a_file_that_fails_is_named_with_its_remedy(page: Page) -> None:
    at = page.open()
    ui.session.receive(page.engine, [("broken.pdf", b"%PDF-1.7 nothing"), ("good.txt", b"Something to read.")])
    page.wait(page.engine.ingest_job.done.is_set)
    report = page.engine.ingest_job.report
    assert report is not None
    assert (report.added, [failure.name for failure in report.failed]) == (("good.txt",), ["broken.pdf"])
    assert not at.exception


def test_the_library_page_lists_documents_and_failures(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave.")
    (page.samples / "empty.txt").write_text("")
    page.open()

    def library_page() -> None:
        from ui import library

        library.show()

    at = AppTest.from_function(library_page, default_timeout=30).run()
    assert list(at.dataframe[0].value["Name"]) == ["leave.txt"]
    assert "empty.txt" in at.error[0].value
    assert not at.exception


def test_a_generator_that_breaks_off_is_shown(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over.")

    def broken(*_: object, **__: object) -> None:
        raise FootnoteError("Memory ran out. Close other programs.")

    monkeypatch.setattr(page.generator, "stream", broken)
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert "Memory ran out" in at.error[0].value
    assert not at.exception


def test_a_library_that_is_held_elsewhere_is_explained(page: Page, tmp_path: Path) -> None:
    with Library.open(Settings(home=tmp_path / "home"), holder="somebody else"):
        at = page.test.run()
        assert "somebody else" in at.error[0].value
        assert not at.exception
    st.cache_resource.clear()
