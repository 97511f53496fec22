"""The way from documents to questions about them alone."""

from collections.abc import Sequence

import streamlit as st

from rag.catalog import DocumentRecord
from ui.chat import ASKED, ASKED_TAGS, page


def ask_only(documents: Sequence[DocumentRecord]) -> None:
    """Leaves for the chat page, in a new conversation that asks these documents."""
    st.session_state[ASKED] = [document.name for document in documents]
    st.session_state[ASKED_TAGS] = []
    st.session_state["conversation"] = ""
    st.switch_page(page())
