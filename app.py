"""Entry of the page: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from ui import chat, evaluation, first_page, library, settings

ICON = Path(__file__).parent / "ui" / "icon.svg"  # a file: the browser would fetch a named icon from Google

st.set_page_config(page_title="Footnote", page_icon=str(ICON), layout="centered")
page = st.navigation(
    [
        chat.page(),
        *library.pages(),
        st.Page(evaluation.show, title="Evaluation", icon=":material/monitoring:", url_path="evaluation"),
        st.Page(settings.show, title="Settings", icon=":material/settings:", url_path="settings"),
    ]
)
try:
    page.run()
finally:
    first_page.note_drawn()
