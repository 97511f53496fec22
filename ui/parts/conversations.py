"""The conversations in the sidebar: begin, open, rename, copy, delete."""

import streamlit as st

from rag.catalog import Conversation
from rag.types import answer_from_json
from ui.parts.actions import copy_dialog
from ui.parts.confirm import confirm, submit
from ui.parts.dialogs import dialog
from ui.parts.text import plain
from ui.session import Engine

_TITLE_LIMIT = 200
_TO_THE_LEFT = """<style>
[class*="st-key-open-"] button, [class*="st-key-open-"] button > div {justify-content: flex-start; text-align: start}
</style>"""


def show_conversations(engine: Engine) -> None:
    """The last used one first."""
    if st.button("New conversation", icon=":material/add:", width="stretch"):
        st.session_state["conversation"] = ""
        st.rerun()
    st.html(_TO_THE_LEFT)
    for conversation in engine.library.catalog.conversations():
        _conversation(engine, conversation)


def _conversation(engine: Engine, conversation: Conversation) -> None:
    current = conversation.id == st.session_state["conversation"]
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", wrap=False):
        if st.button(
            plain(conversation.title),
            key=f"open-{conversation.id}",
            type="secondary" if current else "tertiary",
            width="stretch",
        ):
            st.session_state["conversation"] = conversation.id
            st.rerun()
        chosen = st.menu_button(
            "",
            ("Rename", "Copy", "Delete"),
            icon=":material/more_horiz:",
            type="tertiary",
            key=f"menu-{conversation.id}",
        )
    if chosen == "Rename":
        _rename(engine, conversation)
    elif chosen == "Copy":
        answers = engine.library.catalog.answers(conversation.id)
        copy_dialog(conversation.title, [answer_from_json(values) for values in answers])
    elif chosen == "Delete":
        _confirm_delete(engine, conversation.id)


@dialog("Rename this conversation")
def _rename(engine: Engine, conversation: Conversation) -> None:
    with st.form("rename", border=False):
        title = st.text_input("Name", conversation.title, max_chars=_TITLE_LIMIT).strip()
        if submit("Rename") and title:
            engine.library.catalog.rename_conversation(conversation.id, title)
            st.rerun()


@dialog("Delete this conversation?")
def _confirm_delete(engine: Engine, conversation: str) -> None:
    st.write("Its questions and answers are deleted. The documents stay.")
    if confirm("Delete"):
        if job := engine.answer_jobs.pop(conversation, None):
            job.stop()
        engine.library.catalog.delete_conversation(conversation)
        if st.session_state["conversation"] == conversation:
            st.session_state["conversation"] = ""
        st.rerun()
