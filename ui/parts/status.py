"""How far the models are, and by what is answered."""

import streamlit as st

from ui.parts.text import plain
from ui.session import Engine


@st.fragment(run_every=1.0)
def show_status(engine: Engine) -> None:
    """One line, or the reason why nothing can be asked."""
    state = engine.state
    if state.failure:
        st.error(plain(state.failure), icon=":material/error:")
    elif not state.can_answer:
        st.caption(state.text)
        st.progress(state.fraction or 0.0)
    else:
        kind = "exact" if engine.library.store.search_kind() == "exact" else "HNSW index"
        st.caption(f"Ready · {engine.settings.generator_model} · search: {kind}")
