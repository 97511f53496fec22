"""Dialogs that stay open while work goes on behind them: a page that is drawn anew closes its dialog."""

from collections.abc import Callable
from typing import Any

import streamlit as st

_OPEN = "a dialog is open"


def none_is_open() -> None:
    """No dialog is open: the whole page is drawn anew, or the dialog was dismissed."""
    st.session_state[_OPEN] = False


def dialog(title: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`st.dialog`, known to be open until it is dismissed or the page is drawn anew."""

    def wrap(show: Callable[..., None]) -> Callable[..., None]:
        opened = st.dialog(title, on_dismiss=none_is_open, **options)(show)

        def call(*arguments: Any) -> None:
            st.session_state[_OPEN] = True
            opened(*arguments)

        return call

    return wrap


def may_redraw() -> bool:
    """Whether the whole page may be drawn anew for what happened behind it; with a dialog open it waits."""
    return not st.session_state.get(_OPEN, False)
