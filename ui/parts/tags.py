"""Tags of documents: one document's own, those of several, and the choice among all."""

import streamlit as st

from rag.catalog import DocumentRecord
from rag.collections import clean_tag
from rag.errors import FootnoteError
from rag.wording import counted
from ui.parts.confirm import submit
from ui.parts.dialogs import dialog
from ui.parts.text import plain
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


@dialog("Tags")
def tag_dialog(engine: Engine, records: list[DocumentRecord]) -> None:
    """Gives tags to several documents; one that all of them have can be taken away."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    common = set.intersection(*(set(record.tags) for record in records))
    st.write(f"For {counted(len(records), 'document')}.")
    with st.form("tags", border=False):
        tags = list(catalog.tags(collection))
        chosen = st.pills("Tags", tags, selection_mode="multi", default=sorted(common)) if tags else []
        typed = st.text_input("New tags, with commas between", placeholder="staff, 2026")
        if not submit("Save"):
            return
    try:
        added = [*chosen, *(clean_tag(tag) for tag in typed.split(",") if tag.strip())]
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    ids = [record.id for record in records]
    catalog.untag(collection, ids, sorted(common - set(added)))
    catalog.tag(collection, ids, added)
    st.rerun()


def choose_tags(engine: Engine, label: str, *, key: str, placeholder: str) -> tuple[str, ...]:
    """Some of all tags; nothing is shown where there are none."""
    tags = engine.library.catalog.tags(engine.settings.collection)
    st.session_state[key] = [tag for tag in st.session_state.get(key, ()) if tag in tags]
    if tags:
        st.multiselect(label, list(tags), placeholder=placeholder, key=key, persist_state="session")
    return tuple(st.session_state[key])
