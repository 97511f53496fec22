"""Entry of the page: `streamlit run app.py`."""

import streamlit as st

from ui import chat, library

st.set_page_config(page_title="Footnote", page_icon=":material/format_quote:", layout="centered")
st.navigation(
    [
        st.Page(chat.show, title="Ask", icon=":material/forum:", url_path="ask", default=True),
        st.Page(library.show, title="Library", icon=":material/folder_open:", url_path="library"),
    ]
).run()
