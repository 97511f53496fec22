"""Documents from the collection that is open to another one."""

import streamlit as st

from rag.catalog import DocumentRecord
from rag.collections import find_collection
from rag.errors import FootnoteError
from rag.wording import counted
from ui.parts.confirm import confirm
from ui.parts.dialogs import dialog
from ui.parts.page_view import forget_pages
from ui.parts.text import plain
from ui.session import Engine


def others(engine: Engine) -> dict[str, str]:
    """Name and title of the collections that are not open."""
    collections = engine.library.catalog.collections()
    return {entry.name: entry.title for entry in collections if entry.name != engine.settings.collection}


@dialog("Move documents")
def move_dialog(engine: Engine, records: list[DocumentRecord]) -> None:
    """Which way; nothing is embedded again."""
    titles = others(engine)
    st.write(f"{counted(len(records), 'document')} with passages, vectors and tags. Nothing is embedded again.")
    name = st.selectbox("To", list(titles), format_func=lambda name: titles.get(name, name))
    if confirm("Move", disabled=not engine.queue.is_started):
        try:
            full = [engine.library.catalog.document(engine.settings.collection, record.id) for record in records]
            with st.spinner("Moving…"):
                there = [record for record in full if record is not None]
                engine.move(there, find_collection(engine.library, name))
        except FootnoteError as exc:
            st.error(plain(str(exc)), icon=":material/error:")
            return
        forget_pages()
        st.query_params.clear()
        st.rerun()
