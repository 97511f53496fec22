"""The library page: add documents, see them, delete them."""

import datetime

import streamlit as st

from ingest.pipeline import delete_document
from ingest.readers import SUFFIXES
from rag.catalog import DocumentRecord, DocumentState
from rag.errors import FootnoteError
from ui.parts.page_view import forget_pages
from ui.parts.queue import show_queue
from ui.parts.status import show_status
from ui.session import Engine, open_engine

_STATES = {
    DocumentState.READY: "ready",
    DocumentState.WRITING: "incomplete: add it again to carry on",
    DocumentState.LEAVING: "being deleted",
}
_WIDTHS = {"Name": 240, "Pages": 60, "Passages": 80, "Size": 80, "Added": 130, "State": 70}  # pixels; 700 in all
_DELETED = "deletions"  # how often: the table is then drawn anew, so that no other row is selected in their place
_ROW = 35  # pixels of a table row
_ROWS = 15  # shown without scrolling


def show() -> None:
    """The page, read top-down: upload, the queue, documents."""
    engine = open_engine()
    with st.sidebar:
        show_status(engine)
    st.title("Library")
    _upload(engine)
    show_queue(engine)
    open_queue = engine.queue.snapshot().is_open
    documents = [
        document
        for document in engine.library.catalog.documents(engine.settings.collection)
        if document.state is not DocumentState.WRITING or not open_queue
    ]
    if documents:
        _table(engine, documents)
    elif not open_queue:
        st.info("No documents yet. Drop files above: they stay on this machine.", icon=":material/folder_open:")


def _upload(engine: Engine) -> None:
    """Dropping files is adding them; the uploader is then drawn anew, empty."""
    turn = st.session_state.setdefault("upload", 0)
    files = st.file_uploader("Add documents", type=list(SUFFIXES), accept_multiple_files=True, key=f"upload-{turn}")
    if not files:
        return
    try:
        for file in files:
            engine.queue.receive(file.name, file.getvalue())
    except FootnoteError as exc:
        st.error(str(exc), icon=":material/error:")
        return
    st.session_state["upload"] = turn + 1
    st.rerun()


def _table(engine: Engine, documents: list[DocumentRecord]) -> None:
    ready = sum(document.state is DocumentState.READY for document in documents)
    pages = sum(document.pages for document in documents)
    passages = sum(document.chunks for document in documents)
    st.subheader(f"{ready:,} {'document' if ready == 1 else 'documents'}")
    st.caption(f"{pages:,} pages · {passages:,} passages · {engine.settings.embedding_model}")
    event = st.dataframe(
        [_row(document) for document in documents],
        hide_index=True,
        height=_ROW * (min(len(documents), _ROWS) + 1) + 3,
        column_config={
            "Name": st.column_config.TextColumn(width=_WIDTHS["Name"]),
            "Pages": st.column_config.NumberColumn(width=_WIDTHS["Pages"]),
            "Passages": st.column_config.NumberColumn(width=_WIDTHS["Passages"]),
            "Size": st.column_config.NumberColumn(width=_WIDTHS["Size"], format="bytes"),
            "Added": st.column_config.DatetimeColumn(width=_WIDTHS["Added"], format="YYYY-MM-DD HH:mm"),
            "State": st.column_config.TextColumn(width=_WIDTHS["State"]),
        },
        on_select="rerun",
        selection_mode="multi-row",
        key=f"documents-{st.session_state.setdefault(_DELETED, 0)}",
    )
    chosen = [documents[row] for row in event.selection.rows if row < len(documents)]
    if not chosen:
        st.caption("Select rows to delete documents.")
    elif st.button(f"Delete {len(chosen)} selected", icon=":material/delete:"):
        _confirm_delete(engine, chosen)


def _row(document: DocumentRecord) -> dict[str, object]:
    return {
        "Name": document.name,
        "Pages": document.pages,
        "Passages": document.chunks,
        "Size": document.size,
        "Added": datetime.datetime.fromtimestamp(document.added_at),
        "State": _STATES[document.state],
    }


@st.dialog("Delete documents?")
def _confirm_delete(engine: Engine, documents: list[DocumentRecord]) -> None:
    st.write("They leave the answers at once, with their passages and the kept copies. Your own files stay.")
    st.text("\n".join(document.name for document in documents))
    if not engine.queue.is_started:
        st.warning("The embedding model is still loading: documents can be deleted in a moment.")
        return
    if st.button("Delete", type="primary"):
        try:
            for document in documents:
                delete_document(engine.library, document.id)
            forget_pages()
            st.session_state[_DELETED] += 1
        except FootnoteError as exc:
            st.error(str(exc), icon=":material/error:")
            return
        st.rerun()
