"""The app, headless, with scripted models."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

import ui.session
from tests.fakes import HashingEmbedder, ScriptedGenerator

APP = str(Path(__file__).parents[1] / "app.py")


class Page:
    """The app with scripted models."""

    def __init__(self, home: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.generator = ScriptedGenerator()
        self.samples = samples
        monkeypatch.setenv("FOOTNOTE_HOME", str(home))
        monkeypatch.setenv("FOOTNOTE_MINIMUM_SCORE", "0.1")
        monkeypatch.setenv("FOOTNOTE_ISOLATE_READERS", "false")
        monkeypatch.setattr(ui.session, "SAMPLES_FOLDER", samples)
        monkeypatch.setattr(ui.session, "load_models", lambda *_: (HashingEmbedder(), lambda: self.generator))
        self.test = AppTest.from_file(APP, default_timeout=30)

    def open(self) -> AppTest:
        self.test.run()
        self.wait(lambda: self.engine.state.can_answer and not self.engine.queue.snapshot().is_open)
        return self.test.run()

    def open_library(self) -> AppTest:
        """The library page, after the start page has loaded the models."""
        self.open()
        return AppTest.from_function(library_page, default_timeout=30).run()

    @property
    def engine(self) -> ui.session.Engine:
        return ui.session.open_engine()

    def ask(self, question: str) -> AppTest:
        self.test.chat_input[0].set_value(question).run()
        self.wait_for_answers()
        return self.test.run()

    def wait_for_answers(self) -> None:
        """Until no question is being answered; a page that is drawn after its answer has let the job go."""
        self.wait(lambda: all(job.done.is_set() for job in self.engine.answer_jobs.values()))

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"the engine says {self.engine.state}"
            time.sleep(0.05)

    def html(self) -> str:
        return html_of(self.test)


def library_page() -> None:
    from ui import library

    library.show()


def settings_page() -> None:
    from ui import settings

    settings.show()


def button(at: AppTest, label: str) -> Button:
    """The first button of this label."""
    return next(button for button in at.button if button.label == label)


def html_of(at: AppTest) -> str:
    """All of our own HTML that is shown."""
    return "\n".join(element.proto.body for element in at.get("html"))


def unescaped(text: str) -> str:
    """Markdown as it is read."""
    return text.replace("\\", "")
