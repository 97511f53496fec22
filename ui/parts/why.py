"""Why a passage that somebody expected was not read."""

import streamlit as st

from rag.errors import FootnoteError
from rag.types import Answer
from rag.why import Explanation, explain
from ui.parts.text import plain
from ui.session import Engine

_PASSAGE_LIMIT = 2_000


def show_why(engine: Engine, answer: Answer, *, key: str) -> None:
    """A field for the expected passage, folded away."""
    if engine.retriever is None:
        return
    with st.expander("Expected another passage?"):
        passage = st.text_area("Paste its words", key=key, max_chars=_PASSAGE_LIMIT).strip()
        if not passage:
            return
        try:
            found = explain(
                answer.standalone,
                passage,
                library=engine.library,
                retriever=engine.retriever,
                settings=engine.settings,
            )
        except FootnoteError as exc:
            st.warning(plain(str(exc)), icon=":material/search_off:")
            return
        st.markdown(f"**{plain(found.chunk.label)}** · {plain(found.reason)}")
        st.caption(_ranks(found))


def _ranks(found: Explanation) -> str:
    ranks = (("meaning", found.dense_rank), ("words", found.lexical_rank), ("both", found.fused_rank))
    told = (f"by {name}: {rank or 'not among the nearest'}" for name, rank in ranks)
    return f"Rank of {found.of:,} passages {', '.join(told)}"
