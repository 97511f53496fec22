"""The two buttons under a dialog."""

import streamlit as st


def confirm(action: str, *, disabled: bool = False) -> bool:
    """Whether the action was chosen; Cancel closes the dialog."""
    with st.container(horizontal=True):
        chosen = st.button(action, type="primary", key="dialog-confirm", disabled=disabled)
        if st.button("Cancel", key="dialog-cancel"):
            st.rerun()
    return chosen


def submit(action: str) -> bool:
    """The same inside a form, where the Enter key chooses the action."""
    with st.container(horizontal=True):
        chosen = st.form_submit_button(action, type="primary")
        if st.form_submit_button("Cancel"):
            st.rerun()
    return chosen
