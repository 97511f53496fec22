"""The two buttons under a dialog."""

import streamlit as st


def confirm(action: str, *, disabled: bool = False) -> bool:
    """Whether the action was chosen; Cancel closes the dialog."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="dialog-cancel"):
            st.rerun()
        return st.button(action, type="primary", key="dialog-confirm", disabled=disabled)
