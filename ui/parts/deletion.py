"""Deleting documents, after a question."""

import streamlit as st

from rag.catalog import DocumentRecord
from rag.deletion import delete_document
from rag.errors import FootnoteError
from ui.parts.confirm import confirm
from ui.parts.page_view import forget_pages
from ui.parts.text import counted, plain
from ui.session import Engine

_NAMED = 12  # documents listed before they are deleted


@st.dialog("Delete documents?")
def delete_dialog(engine: Engine, documents: list[DocumentRecord]) -> None:
    """Asks first; what is deleted is gone."""
    st.write("They leave the answers at once, with their passages and the kept copies. Your own files stay.")
    more = len(documents) - _NAMED
    names = [plain(document.name) for document in documents[:_NAMED]]
    st.markdown("\n".join(f"- {name}" for name in names) + (f"\n- and {more:,} more" if more > 0 else ""))
    if not engine.queue.is_started:
        st.warning("The embedding model is still loading: documents can be deleted in a moment.")
    if confirm("Delete", disabled=not engine.queue.is_started):
        _delete(engine, documents)


def _delete(engine: Engine, documents: list[DocumentRecord]) -> None:
    try:
        with st.spinner(f"Deleting {counted(len(documents), 'document')}…"):
            for document in documents:
                delete_document(engine.library, document.id)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    forget_pages()
    st.query_params.clear()
    st.rerun()
