"""Tags of documents: one document's own, those of several, and the choice among all."""

import streamlit as st

from rag.catalog import DocumentRecord
from rag.collections import clean_tag
from rag.errors import FootnoteError
from ui.parts.confirm import confirm
from ui.parts.text import counted, plain
from ui.session import Engine


def edit_tags(engine: Engine, record: DocumentRecord) -> None:
    """The tags of one document, kept at once."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    key = f"tags-{record.id[:12]}"

    def keep() -> None:
        try:
            chosen = [clean_tag(tag) for tag in st.session_state[key]]
        except FootnoteError as exc:
            st.session_state[f"{key}-failed"] = str(exc)
            return
        catalog.untag(collection, [record.id], [tag for tag in record.tags if tag not in chosen])
        catalog.tag(collection, [record.id], chosen)

    st.session_state[key] = list(record.tags)
    st.multiselect(
        "Tags",
        sorted({*catalog.tags(collection), *record.tags}, key=str.casefold),
        key=key,
        on_change=keep,
        accept_new_options=True,
        placeholder="Type a word to find it by",
    )
    if failed := st.session_state.pop(f"{key}-failed", ""):
        st.error(plain(failed), icon=":material/error:")


@st.dialog("Tags")
def tag_dialog(engine: Engine, records: list[DocumentRecord]) -> None:
    """Gives tags to several documents, and takes some away."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    st.write(f"For {counted(len(records), 'document')}.")
    add = st.multiselect("Add", list(catalog.tags(collection)), accept_new_options=True, placeholder="Choose or type")
    given = sorted({tag for record in records for tag in record.tags}, key=str.casefold)
    remove = st.multiselect("Remove", given, placeholder="None") if given else []
    if confirm("Save"):
        try:
            added = [clean_tag(tag) for tag in add]
        except FootnoteError as exc:
            st.error(plain(str(exc)), icon=":material/error:")
            return
        ids = [record.id for record in records]
        catalog.tag(collection, ids, added)
        catalog.untag(collection, ids, remove)
        st.rerun()


def choose_tags(engine: Engine, label: str, *, key: str, placeholder: str) -> tuple[str, ...]:
    """Some of all tags; nothing is shown where there are none."""
    tags = engine.library.catalog.tags(engine.settings.collection)
    st.session_state[key] = [tag for tag in st.session_state.get(key, ()) if tag in tags]
    if tags:
        st.multiselect(label, list(tags), placeholder=placeholder, key=key, persist_state="session")
    return tuple(st.session_state[key])
