"""Questions whose answer was never finished: nothing that was asked is lost."""

import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.page import APP, Page, button

ASKED = "How many days of leave carry over?"


def test_a_question_outlives_the_end_of_the_program(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.open()
    catalog = page.engine.library.catalog
    conversation = catalog.start_conversation(ASKED).id
    catalog.note_question(conversation, ASKED)  # as a killed process leaves it
    page.engine.close()
    st.cache_resource.clear()
    page.generator.replies = ["Six days of leave carry over [1]."]
    page.test = AppTest.from_file(APP, default_timeout=30)
    page.test.query_params["conversation"] = conversation
    at = page.open()
    assert any("This question was not answered" in caption.value for caption in at.caption)
    assert ASKED in [text.value for text in at.text]
    button(at, "Ask it again").click().run()
    page.wait_for_answers()
    at.run()
    assert "Six days of leave carry over" in page.html()
    assert not any("This question was not answered" in caption.value for caption in at.caption)
    assert page.engine.library.catalog.noted_question(conversation) == ""
    assert not at.exception


def test_a_question_whose_answer_broke_off_can_be_asked_again_or_dismissed(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    at = page.open()  # the generator has no reply: an IndexError
    page.ask(ASKED)
    assert "The answer broke off" in at.error[0].value
    conversation = page.engine.library.catalog.conversations()[0]
    assert conversation.asked == ASKED
    page.generator.replies = ["Six days of leave carry over [1]."]
    button(at, "Ask it again").click().run()
    page.wait_for_answers()
    at.run()
    assert "Six days of leave carry over" in page.html()
    page.ask("And of what else?")  # no reply again
    button(at, "Dismiss").click().run()
    assert page.engine.library.catalog.noted_question(conversation.id) == ""
    assert not at.error
    assert len(page.engine.library.catalog.answers(conversation.id)) == 1
    assert not at.exception


def test_a_question_that_is_answered_or_stopped_is_not_open(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over [1]."]
    page.open()
    page.ask(ASKED)
    catalog = page.engine.library.catalog
    assert [conversation.asked for conversation in catalog.conversations()] == [""]
    assert catalog.noted_question("of no conversation") == ""
