"""The way back from a document to the list of all, over app.py, which knows the pages."""

from typing import NoReturn

import streamlit as st

_LEFT = "left-document"


def leave() -> NoReturn:
    """Draws the page anew, as the list of all documents."""
    st.query_params.clear()
    st.session_state[_LEFT] = True
    st.rerun()


def has_left() -> bool:
    """Whether a document was left since this was last asked."""
    return bool(st.session_state.pop(_LEFT, False))
