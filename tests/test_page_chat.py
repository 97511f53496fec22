"""The chat page, headless, with fakes for the models and the real library under it."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.session
from ingest.discovery import find_files
from rag import originals
from rag.deletion import delete_document
from rag.embedders import OnBatch, Vectors
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings, load_settings
from rag.types import Answer, Finish, answer_to_json
from rag.versions import ANOTHER_NOW, forget_history
from tests.documents import write_encrypted_pdf, write_pdf
from tests.fakes import HashingEmbedder, WeighingGenerator, hit
from tests.page import APP, Page, button, unescaped
from ui import first_page
from ui.chat import EXAMPLES
from ui.session import AnswerJob

SAMPLES = Path(__file__).parents[1] / "samples"


def test_an_empty_library_says_where_to_begin(page: Page) -> None:
    at = page.open()
    assert "Library page" in at.info[0].value
    assert at.chat_input[0].disabled
    assert "Library page" in at.chat_input[0].placeholder
    assert not at.exception


def test_the_first_start_shows_the_samples_on_their_way(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    (page.samples / "skua-4-manual.pdf").write_bytes((SAMPLES / "skua-4-manual.pdf").read_bytes())
    loaded = threading.Event()
    models = (HashingEmbedder(), lambda: page.generator)
    monkeypatch.setattr(ui.session, "load_models", lambda *_: models if loaded.wait(20) else None)
    at = page.test.run()
    assert not at.info
    assert [bar.proto.text for bar in at.get("progress")][0].startswith("0 of 1 file done")
    loaded.set()
    at = page.open()
    assert set(EXAMPLES) <= {button.label for button in at.button}
    assert not at.exception


def test_the_models_are_loaded_behind_the_first_page_of_a_process(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, was_drawn = threading.Event(), []
    models = (HashingEmbedder(), lambda: page.generator)
    monkeypatch.setattr(first_page, "_is_drawn", drawn)
    monkeypatch.setattr(first_page, "_DRAWN_WITHIN", 60.0)
    monkeypatch.setattr(first_page, "_SHOWN_WITHIN", 0.0)
    monkeypatch.setattr(ui.session, "load_models", lambda *_: was_drawn.append(drawn.is_set()) or models)
    page.open()
    assert was_drawn == [True]


def test_an_engine_that_was_closed_before_the_first_page_loads_no_models(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, loaded = threading.Event(), []
    monkeypatch.setattr(first_page, "_is_drawn", drawn)
    monkeypatch.setattr(first_page, "_DRAWN_WITHIN", 60.0)
    monkeypatch.setattr(first_page, "_SHOWN_WITHIN", 0.0)
    monkeypatch.setattr(ui.session, "load_models", lambda *_: loaded.append(True))
    ui.session.Engine(load_settings()).close()
    drawn.set()
    for thread in threading.enumerate():
        if thread.name == "models":
            thread.join(20)
    assert not loaded


def test_where_no_page_says_that_it_is_drawn_models_are_loaded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = threading.Event()
    monkeypatch.setattr(first_page, "_is_drawn", drawn)
    monkeypatch.setattr(first_page, "_DRAWN_WITHIN", 0.0)
    monkeypatch.setattr(first_page, "_SHOWN_WITHIN", 0.0)
    first_page.wait()
    assert drawn.is_set()  # what is opened next waits no more


class GatedEmbedder(HashingEmbedder):
    """Embeds no document before its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        self.gate.wait(60)
        return super().encode_documents(texts, on_batch=on_batch)


def test_a_question_at_the_first_start_waits_for_the_models_and_the_samples(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    loaded, embedder = threading.Event(), GatedEmbedder()
    models = (embedder, lambda: page.generator)
    monkeypatch.setattr(ui.session, "load_models", lambda *_: models if loaded.wait(20) else None)
    at = page.test.run()
    at.chat_input[0].set_value("How many days of leave carry over?").run()
    (job,) = page.engine.answer_jobs.values()
    page.wait(lambda: bool(job.waits_until))
    at.run()
    assert any("Waiting until the models are loaded…" in text.value for text in at.caption)
    loaded.set()
    page.wait(lambda: job.waits_until == "the samples are in the library")
    at.run()
    assert any("Waiting until the samples are in the library… 0 of 1 file" in text.value for text in at.caption)
    assert not any("not asked yet" in text.value for text in at.caption)
    assert button(at, "Stop")
    assert not page.engine.is_answering  # files need not give way
    embedder.gate.set()
    page.wait(job.done.is_set)
    assert not job.waits_until
    at.run()
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    assert not at.exception


def test_a_question_that_waits_for_the_samples_can_be_stopped_and_asked_again(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    embedder = GatedEmbedder()
    monkeypatch.setattr(ui.session, "load_models", lambda *_: (embedder, lambda: page.generator))
    at = page.test.run()
    at.chat_input[0].set_value("How many days of leave carry over?").run()
    (job,) = page.engine.answer_jobs.values()
    page.wait(lambda: job.waits_until == "the samples are in the library")
    button(at.run(), "Stop").click().run()
    page.wait(job.done.is_set)
    at.run()
    assert any("Stopped after" in text.value for text in at.caption)
    button(at, "Ask again").click().run()
    embedder.gate.set()
    page.wait_for_answers()
    at.run()
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    assert not at.exception


def test_an_answer_that_was_stopped_before_its_first_word_tells_of_no_passages_read(page: Page) -> None:
    catalog = page.engine.library.catalog
    stopped = Answer("How many eggs?", "How many eggs?", "", (), (hit("Three eggs."),), (), Finish.STOPPED)
    conversation = catalog.start_conversation("Eggs").id
    catalog.add_answer(conversation, answer_to_json(stopped))
    page.test.query_params["conversation"] = conversation
    at = page.open()
    assert [expander.label for expander in at.expander][0] == "Nearest passages"
    assert any("before you stopped" in caption.value for caption in at.caption)
    assert not at.exception


def test_a_question_does_not_wait_for_samples_that_somebody_paused(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    embedder = GatedEmbedder()
    monkeypatch.setattr(ui.session, "load_models", lambda *_: (embedder, lambda: page.generator))
    page.test.run()
    page.wait(lambda: page.engine.waits_until == "the samples are in the library")
    page.engine.queue.pause()
    page.wait(lambda: page.engine.waits_until == "")
    embedder.gate.set()


def test_an_answer_shows_its_source_and_stays(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert "leave.txt" in page.html()
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    assert 'title="leave.txt">1</a>' in page.html()
    assert not at.exception
    conversation = page.engine.library.catalog.conversations()[0]
    assert conversation.title == "How many days of leave carry over?"
    assert len(page.engine.library.catalog.answers(conversation.id)) == 1


def test_a_sentence_in_doubt_is_marked_and_explained(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over.")
    page.generator.replies = ["Six days of leave carry over [1]. The director sings in Antarctica [1]."]
    page.open()
    at = page.ask("How many days of leave carry over?")
    assert 'title="No passage bears this sentence out: check it.">?</span>' in page.html()
    assert "[?]" not in page.html()
    assert any("borne out only in part" in unescaped(caption.value) for caption in at.caption)


def test_the_same_question_is_answered_at_once_and_anew_when_that_is_asked(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over [1].", "Six days carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    button(at, "New conversation").click().run()
    page.ask("how many days of leave carry over")
    assert any("Answered before" in caption.value for caption in at.caption)
    assert "Six days of leave carry over" in page.html()
    assert len(page.generator.prompts) == 1
    button(at, "Ask again").click().run()
    page.wait_for_answers()
    at.run()
    assert len(page.generator.prompts) == 2
    assert not any("Answered before" in caption.value for caption in at.caption)
    assert not at.exception


def test_a_question_in_other_words_gets_the_answer_until_it_is_asked_again(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    written = "Six days of leave carry over [1].", "Six days carry over [1]."
    page.generator = WeighingGenerator(*written, "yes", value=-3.0)
    at = page.open()
    engine, compare, was_at_work = page.engine, page.engine.assistant.are_the_same, []
    monkeypatch.setattr(
        engine.assistant, "are_the_same", lambda *asked: was_at_work.append(engine.is_answering) or compare(*asked)
    )
    page.ask("How many days of leave carry over?")
    button(at, "New conversation").click().run()
    page.ask("So how many days of leave carry over?")
    assert was_at_work == [True]
    shown = [unescaped(caption.value) for caption in at.caption]
    assert "Understood as: How many days of leave carry over?" in shown
    assert any("Answered before" in caption for caption in shown)
    button(at, "Ask again").click().run()
    page.wait_for_answers()
    at.run()
    assert "Six days carry over" in page.html()
    assert not any("Understood as" in caption.value for caption in at.caption)
    assert not at.exception


def test_a_setting_that_a_collection_gets_of_its_own_lets_its_questions_be_answered_anew(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over [1].", "Six days carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    (collection,) = page.engine.library.catalog.collections()
    page.engine.give_settings(collection, {"answer_tokens": "50"})
    button(at, "New conversation").click().run()
    page.ask("How many days of leave carry over?")
    assert len(page.generator.prompts) == 2
    button(at, "New conversation").click().run()
    page.ask("How many days of leave carry over?")
    assert len(page.generator.prompts) == 2
    assert any("Answered before" in caption.value for caption in at.caption)


def test_a_source_opens_as_the_picture_of_its_page(page: Page) -> None:
    write_pdf(page.samples / "leave.pdf", ["Page of contents.", "Six days of leave carry over.", "About sick notes."])
    page.generator.replies = ["Six days of leave carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert "<img" not in page.html()
    button(at, "Show page").click().run()
    assert 'alt="Page 2 of leave.pdf"' in page.html()
    assert 'class="place"' in page.html()
    assert any(text.value == "Page 2 of 3" for text in at.markdown)
    assert not at.exception
    at.session_state["page-dialog-1-shown"] = 3
    button(at, "Show page").click().run()  # AppTest reruns the page, which closes the view: it opens where it was cited
    assert 'alt="Page 2 of leave.pdf"' in page.html()
    assert "Six days of leave carry over" in page.html(), "the conversation is still there"


def test_a_source_without_pages_opens_as_text_with_its_marks(page: Page) -> None:
    attack = "<img src=x onerror=alert(1)>"
    text = "\n\n".join(f"Rule {number}: {attack} is typed into a form." for number in range(200))
    (page.samples / "rules.txt").write_text(f"{text}\n\nSix days of leave carry over.\n\n{text}")
    page.generator.replies = ["Six days of leave carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    button(at, "Show in its place").click().run()
    shown = page.html().split('<div class="sheet">')[1]
    assert "<mark>Six days of leave carry over.</mark>" in shown
    assert "Rule 199" in shown
    assert "<img" not in shown
    assert any("Part" in text.value and " of " in text.value for text in at.markdown)
    assert not at.exception


def test_a_page_that_cannot_be_drawn_is_shown_as_text(page: Page) -> None:
    write_pdf(page.samples / "leave.pdf", ["Six days of leave carry over."])
    page.generator.replies = ["Six days of leave carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    (document,) = page.engine.library.catalog.documents("library")
    file = originals.find(page.engine.library.folder, document.id)
    assert file is not None
    write_encrypted_pdf(file, "locked", "heron")
    button(at, "Show page").click().run()
    assert "locked with a password, which is not kept" in unescaped(at.warning[0].value)
    assert "<mark>Six days of leave carry over.</mark>" in page.html().split('<div class="sheet">')[1]
    delete_document(page.engine.library, document.id)
    button(at, "Show page").click().run()
    assert "no longer in the library" in at.info[0].value
    assert not at.exception


def test_the_last_question_is_asked_again_from_the_documents_of_now(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1].", "They carry over until 31 March [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    button(at, "Ask again").click().run()
    page.wait_for_answers()
    at.run()
    (conversation,) = page.engine.library.catalog.conversations()
    texts = [kept.values["text"] for kept in page.engine.library.catalog.kept_answers(conversation.id)]
    assert texts == ["They carry over until 31 March. [1]"]
    assert not at.exception


def test_an_answer_that_fails_again_leaves_the_last_one(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    button(at, "Ask again").click().run()  # the generator has no reply left
    page.wait_for_answers()
    at.run()
    assert "The answer broke off" in unescaped(at.error[0].value)
    assert "Six days of leave" in page.html()


def test_a_long_conversation_shows_its_last_answers_first(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    catalog = page.engine.library.catalog
    (conversation,) = catalog.conversations()
    for number in range(12):
        catalog.add_answer(conversation.id, {**catalog.answers(conversation.id)[0], "question": f"Question {number}?"})
    at.run()
    assert [text.value for text in at.text] == [f"Question {number}?" for number in range(2, 12)]
    button(at, "Show 3 earlier answers").click().run()
    assert len(at.text) == 13
    assert not at.exception


def test_a_thumb_is_kept(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    at.feedback[0].set_value(1).run()
    (conversation,) = page.engine.library.catalog.conversations()
    (kept,) = page.engine.library.catalog.kept_answers(conversation.id)
    assert kept.good is True
    again = AppTest.from_file(APP, default_timeout=30)
    again.query_params["conversation"] = conversation.id
    again.run()
    assert again.feedback[0].value == 1
    assert not at.exception


def test_an_answer_is_copied_with_its_footnotes(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    button(at, "Copy").click().run()
    assert "Six days of leave.[^1]" in at.code[0].value
    assert "[^1]: leave.txt: “Six days of leave carry over until 31 March.”" in at.code[0].value
    button(at, "Edit question").click().run()
    assert "How many days of leave carry over?" in [area.value for area in at.text_area]
    assert not at.exception


def test_the_page_says_why_a_passage_was_not_read(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    at.text_area[0].set_value("leave carry over until 31 March").run()
    assert "It is cited, as number 1" in unescaped(at.markdown[-1].value)
    assert any("by meaning: 1" in text.value for text in at.caption)
    at.text_area[0].set_value("The moon is made of cheese").run()
    assert "not in the library" in unescaped(at.warning[0].value)
    assert not at.exception


def test_a_page_that_is_loaded_again_shows_its_conversation(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave [1]."]
    page.open()
    page.ask("How many days of leave carry over?")
    address = page.test.query_params["conversation"]
    page.test = AppTest.from_file(APP, default_timeout=30)
    page.test.query_params["conversation"] = address
    page.test.run()
    assert "leave.txt" in page.html()
    page.test = AppTest.from_file(APP, default_timeout=30)
    page.test.query_params["conversation"] = "of nobody"
    page.test.run()
    assert page.test.title[0].value == "Ask your documents"
    assert not page.test.exception


def test_only_the_chosen_documents_are_asked(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (page.samples / "old.txt").write_text("Nine days of leave carry over until 1 May.")
    page.generator.replies = ["Nine days of leave carry over [1]."]
    at = page.open()
    at.multiselect[0].select("old.txt").run()
    page.ask("How many days of leave carry over?")
    assert "old.txt" in page.html()
    assert "leave.txt" not in page.html()
    assert not at.exception


def test_a_blank_question_leaves_no_conversation(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    at = page.open()
    at.chat_input[0].set_value("   ").run()
    assert page.engine.library.catalog.conversations() == []
    assert not at.exception


def test_a_conversation_answers_one_question_at_a_time(page: Page) -> None:
    page.open()
    conversation = page.engine.library.catalog.start_conversation("Leave").id
    page.engine.answer_jobs[conversation] = busy = AnswerJob.__new__(AnswerJob)
    busy.question, busy.done = "How many days?", threading.Event()
    with pytest.raises(FootnoteError, match="still answering “How many days\\?”"):
        page.engine.ask(conversation, "And now?")
    busy.done.set()
    page.engine.ask(conversation, "And now?")
    page.wait_for_answers()


def test_a_defect_in_an_answer_is_told(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    at = page.open()  # the generator has no reply left: an IndexError
    page.ask("How many days of leave carry over?")
    assert "The answer broke off: IndexError" in unescaped(at.error[0].value)
    assert not at.exception


def test_a_defect_while_loading_is_told(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise IndexError("no such layer")

    monkeypatch.setattr(ui.session, "load_models", broken)
    page.test.run()
    page.wait(page.engine.answering.is_set)
    at = page.test.run()
    assert "Loading broke off: IndexError: no such layer" in unescaped(at.error[0].value)
    assert not at.exception


def test_a_source_in_markdown_is_read_without_its_signs(page: Page) -> None:
    (page.samples / "leave.md").write_text(
        "# Leave\n\nSix **days** of leave\ncarry over, says [Tern](https://tern.example).\n\n"
        "<img src=x onerror=alert(1)> ![p](https://tracker.example/p.png)\n"
    )
    page.generator.replies = ["Six days of leave carry over [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert "<strong><mark>days</mark></strong><mark> of leave</mark>\n<mark>carry over" in page.html()
    assert "<h1>Leave</h1>" in page.html()
    button(at, "Show in its place").click().run()
    assert "<mark>carry over" in page.html().split('<div class="sheet">')[1]
    assert "<img" not in page.html()
    assert "<a href" not in page.html()
    assert not at.exception


def test_hostile_text_is_only_text(page: Page) -> None:
    attack = "<img src=x onerror=alert(1)> days of leave ![p](https://tracker.example/p.png)"
    (page.samples / "leave.txt").write_text(attack)
    page.generator.replies = [f"{attack} <script>alert(1)</script> [1]"]
    at = page.open()
    page.ask("How many days of leave?")
    assert "<img" not in page.html()
    assert "<script>alert" not in page.html()
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


def test_a_source_that_has_changed_says_so_and_shows_every_version(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    assert not any("has changed since" in caption.value for caption in at.caption)
    (page.samples / "leave.txt").write_text("Nine days of leave carry over until 31 March.")
    page.engine.queue.put(find_files([page.samples]))
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert any("Its document has changed since, on 20" in caption.value for caption in at.caption)
    button(at, "Show in its place").click().run()
    assert "This document has changed on" in at.info[0].value
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html().split('<div class="sheet">')[1]
    page.engine.library.catalog.thin_versions("library", keep=0, days=0)
    button(at, "Show in its place").click().run()
    assert "no longer kept" in "".join(caption.value for caption in at.caption)
    forget_history(page.engine.library, "library")
    button(at, "Show in its place").click().run()
    assert at.info[0].value.startswith(ANOTHER_NOW)
    assert any(ANOTHER_NOW in caption.value for caption in at.caption)
    assert not any("no longer in the library" in caption.value for caption in at.caption)
    delete_document(page.engine.library, page.engine.library.document("leave.txt").id)
    at.run()
    assert any("no longer in the library" in caption.value for caption in at.caption)
    assert not at.exception
