"""What can be done with an answer: say what it is worth, copy it, ask again."""

from collections.abc import Callable

import streamlit as st

from rag.assistant import QUESTION_CHARACTERS
from rag.catalog import KeptAnswer
from rag.errors import FootnoteError
from rag.export import to_markdown
from rag.types import Answer, Scope, answer_from_json
from ui.parts.confirm import confirm
from ui.parts.dialogs import dialog
from ui.parts.judgement import rate
from ui.parts.text import file_name, plain
from ui.session import Engine

GetScope = Callable[[], Scope]


def show_actions(engine: Engine, kept: KeptAnswer, conversation: str, scope: GetScope | None) -> None:
    """One row under an answer. `scope` tells of what the last one is asked again, None for those before it."""
    answer = answer_from_json(kept.values)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rate(engine, kept)
        if st.button("Copy", icon=":material/content_copy:", type="tertiary", key=f"copy-{kept.id}"):
            copy_dialog(answer.question, [answer])
        if scope is None:
            return
        again = st.button(
            "Ask again",
            icon=":material/refresh:",
            type="tertiary",
            key=f"again-{kept.id}",
            help="Answers the question anew, from the documents as they are now",
        )
        edit = st.button("Edit question", icon=":material/edit:", type="tertiary", key=f"edit-{kept.id}")
    if again:
        _ask_again(engine, conversation, answer.question, scope)
    elif edit:
        _edit(engine, conversation, answer.question, scope)


@dialog("Copy or save as Markdown", width="medium")
def copy_dialog(title: str, answers: list[Answer]) -> None:
    """The text with its footnotes, to be copied or saved; one answer goes under its question alone."""
    text = to_markdown("" if [title] == [answer.question for answer in answers] else title, answers)
    st.code(text, language="markdown", wrap_lines=True, height=360)
    with st.container(horizontal=True):
        st.download_button(
            "Save", text, file_name=file_name(title, ".md"), mime="text/markdown", type="primary", on_click="ignore"
        )
        if st.button("Close", key="dialog-close"):
            st.rerun()


@dialog("Edit the question")
def _edit(engine: Engine, conversation: str, question: str, scope: GetScope) -> None:
    st.caption("The new answer takes the place of the last one.")
    changed = st.text_area("Question", question, max_chars=QUESTION_CHARACTERS, key="edited-question").strip()
    if confirm("Ask") and changed:
        _ask_again(engine, conversation, changed, scope)


def _ask_again(engine: Engine, conversation: str, question: str, scope: GetScope) -> None:
    try:
        engine.ask(conversation, question, scope(), again=True)
    except FootnoteError as exc:
        st.warning(plain(str(exc)), icon=":material/hourglass:")
        return
    st.rerun()
