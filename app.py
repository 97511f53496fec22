"""Entry of the page: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from ui import chat, document, evaluation, library, settings
from ui.parts.leaving import has_left

ICON = Path(__file__).parent / "ui" / "icon.svg"  # a file: the browser would fetch a named icon from Google

st.set_page_config(page_title="Footnote", page_icon=str(ICON), layout="centered")
documents = library.page()
chosen = st.navigation(
    [
        chat.page(),
        documents,
        document.page(),
        st.Page(evaluation.show, title="Evaluation", icon=":material/monitoring:", url_path="evaluation"),
        st.Page(settings.show, title="Settings", icon=":material/settings:", url_path="settings"),
    ]
)
if has_left():
    st.switch_page(documents)
chosen.run()
