"""A document on its own: what is known of it, its pages and its passages."""

import datetime

import streamlit as st

from ingest.readers.source import readable_stem
from rag.catalog import ANSWERING, DocumentRecord, DocumentState
from rag.models.space import readable
from rag.wording import counted
from ui.parts.alike import show_alike_to
from ui.parts.asking import ask_only
from ui.parts.deletion import delete_dialog
from ui.parts.history import show_history
from ui.parts.moving import move_dialog, others
from ui.parts.page_view import show_pages
from ui.parts.quarantine import show_set_aside
from ui.parts.tags import edit_tags
from ui.parts.text import far, plain, sure
from ui.session import Engine

DOCUMENT = "document"  # the part of the address that names it
_NAMED = 12  # pages that are named one by one


def show_document(engine: Engine, document_id: str) -> None:
    """Read top-down: back, name, facts, what is missing, tags, history, what is set aside, pages."""
    st.query_params[DOCUMENT] = document_id  # again: a rerun on the way here may have kept it from the browser
    if st.button("All documents", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    record = engine.library.catalog.document(engine.settings.collection, document_id)
    if record is None:
        st.info("This document is not in the library, or no longer.", icon=":material/search_off:")
        return
    st.header(plain(record.name), anchor=False)
    _facts(record)
    _filling(engine, record)
    _recognition(engine, record)
    if record.gaps:
        st.warning("  \n".join(plain(gap) for gap in record.gaps), icon=":material/warning:")
    _act(engine, record)
    show_alike_to(engine, record)
    edit_tags(engine, record)
    show_history(engine, record)
    show_set_aside(engine, record)
    if record.state in ANSWERING:
        show_pages(engine, record, key=f"document-{document_id[:12]}")
    elif record.state is DocumentState.WRITING:
        st.info("It is not whole yet, so no answer reads it. If nothing is being added now, add it again to carry on.")
    else:
        st.info("It is being deleted; no answer reads it any longer.")


def _filling(engine: Engine, record: DocumentRecord) -> None:
    """How many of its passages have vectors, while they fill in."""
    if embedded := engine.library.catalog.embedded(engine.settings.collection, [record.id]).get(record.id):
        st.caption(f":material/hourglass_top: {far(embedded).capitalize()}. Questions find it by its words already.")


def _recognition(engine: Engine, record: DocumentRecord) -> None:
    """Which pages are pictures, and how sure their text is."""
    pages = engine.library.catalog.recognised(engine.settings.collection, record.id)
    if not pages:
        return
    mean = sum(pages.values()) / len(pages)
    numbers = [f"{number}" for number in pages if number is not None]
    named = ", ".join(numbers[:_NAMED]) + (f" and {len(numbers) - _NAMED:,} more" if len(numbers) > _NAMED else "")
    of = f"of {'page' if len(numbers) == 1 else 'pages'} {named} " if numbers else ""
    st.caption(
        f":material/document_scanner: The text {of}was recognised in a picture, {sure(mean)}. Compare what matters."
    )


def _act(engine: Engine, record: DocumentRecord) -> None:
    with st.container(horizontal=True):
        ask = record.state in ANSWERING and st.button("Ask only this document", icon=":material/forum:")
        move = bool(others(engine)) and st.button("Move", icon=":material/drive_file_move:", key="move-document")
        delete = st.button("Delete", icon=":material/delete:", key="delete-document")
    if ask:
        ask_only([record])
    elif move:
        move_dialog(engine, [record])
    elif delete:
        delete_dialog(engine, [record])


def _facts(record: DocumentRecord) -> None:
    added = datetime.datetime.fromtimestamp(record.added_at)
    if record.title != readable_stem(record.name):
        st.markdown(plain(record.title))
    st.caption(
        f"Added {added:%Y-%m-%d %H:%M} · {readable(record.size)} · {counted(record.pages, 'page')} · "
        f"{counted(record.chunks, 'passage')}"
    )
    with st.expander("Where it comes from"):
        st.text("\n".join(map(_source, record.sources)) or "unknown")
        st.caption("sha256 of its bytes")
        st.code(record.id, language=None, wrap_lines=True)


def _source(source: str) -> str:
    name = source.removeprefix("upload:")
    return f"{name} (uploaded)" if name != source else name
