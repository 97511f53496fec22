"""Documents whose text is nearly another's: which they are, what they have otherwise, and what is to become of them."""

import streamlit as st

from rag.catalog import Alike, DocumentRecord
from rag.likeness import catch_up, sentence
from rag.wording import counted
from ui.parts.changes import show_differences
from ui.parts.deletion import delete_dialog
from ui.parts.dialogs import dialog
from ui.parts.text import plain, shortened
from ui.session import Engine

_SHOWN = 10  # pairs shown at once
_COUNTED = 1_000  # documents that were not compared, up to which they are counted
_WIDTH = 880  # pixels, like a page


def show_alike(engine: Engine) -> None:
    """Nothing where no two documents are alike; the most alike first."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    count = catalog.alike_count(collection)
    waiting = len(catalog.without_signature(collection, limit=_COUNTED))
    if not count and not waiting:
        return
    label = f"Nearly the same: {counted(count, 'pair')}" if count else "Nearly the same?"
    with st.expander(label, icon=":material/file_copy:"):
        for pair in catalog.alike(collection, limit=_SHOWN):
            _show(engine, pair, key="list")
        if count > _SHOWN:
            st.caption(f"And {counted(count - _SHOWN, 'more pair')}.")
        if waiting:
            _offer(engine, waiting)


def show_alike_to(engine: Engine, record: DocumentRecord) -> None:
    """The documents that one is nearly the same as."""
    for pair in engine.library.catalog.alike(engine.settings.collection, document_id=record.id, limit=_SHOWN):
        with st.container(border=True):
            _show(engine, pair, key="document")


def _show(engine: Engine, pair: Alike, *, key: str) -> None:
    catalog, collection = engine.library.catalog, engine.settings.collection
    key = f"{key}-{pair.document_id[:12]}-{pair.other_id[:12]}"
    before, after = (catalog.document(collection, each) for each in (pair.other_id, pair.document_id))
    st.markdown(plain(sentence(pair)))
    with st.container(horizontal=True, gap="small"):
        is_closed = not engine.queue.is_started
        differs = st.button(
            "What differs", icon=":material/difference:", type="tertiary", key=f"differs-{key}", disabled=is_closed
        )
        st.button(
            "Keep both",
            icon=":material/check:",
            type="tertiary",
            key=f"accept-{key}",
            on_click=catalog.accept_alike,
            args=(collection, pair.document_id, pair.other_id),
        )
        for record in filter(None, (before, after)):
            _delete_button(engine, record, key=f"drop-{record.id[:12]}-{key}")
    if differs and before is not None and after is not None:
        dialog("What differs", width=_WIDTH)(show_differences)(engine, before, after)


def _delete_button(engine: Engine, record: DocumentRecord, *, key: str) -> None:
    label = f"Delete {plain(shortened(record.name))}"
    if st.button(label, icon=":material/delete:", type="tertiary", key=key):
        delete_dialog(engine, [record])


def _offer(engine: Engine, waiting: int) -> None:
    """Documents of an earlier version, or of an import, were not compared."""
    more = " or more" if waiting == _COUNTED else ""
    st.caption(f"{counted(waiting, 'document')}{more} not compared yet.")
    if st.button("Compare", icon=":material/compare:", disabled=not engine.queue.is_started, key="compare-alike"):
        with st.spinner("Comparing…"):
            catch_up(engine.library)
        st.rerun()
