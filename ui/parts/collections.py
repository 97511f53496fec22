"""Which collection is open, and what can be done with collections."""

import time
from pathlib import Path

import streamlit as st

from rag.catalog import Collection
from rag.collections import check_title, collection_quoting, create_collection, delete_collection
from rag.errors import FootnoteError
from rag.exchange import export_collection, import_collection
from rag.models import known_models
from rag.own_settings import OWN, own_settings, parsed
from rag.wording import counted, fits
from ui.parts.deletion import ask_for_quotes, forget_texts
from ui.parts.dialogs import dialog
from ui.parts.embedding import change_model, choose_model, show_reembedding
from ui.parts.text import plain
from ui.session import Engine

_OPEN = "open-collection"  # key of the choice
_SAID = "collections-said"  # what the last action did
_FAILED = "collections-failed"  # why the last one could not be opened, and until when it is told
_OWN = (
    f"One a line; they go before those of the settings page, in this collection alone. It can have {', '.join(OWN)}. "
    "How passages are cut holds for files that are added from now on."
)
_TOLD = 30.0  # seconds: the page is drawn anew meanwhile, as watched folders are looked at again
_ASKED = ("asked-documents", "asked-tags", "conversation")  # they belong to the collection that was open


def show_collections(engine: Engine) -> None:
    """Read top-down: what the last action did, the choice, the way to the rest."""
    for said in st.session_state.pop(_SAID, ()):
        st.success(plain(said), icon=":material/check:")
    failed, until = st.session_state.get(_FAILED, ("", 0.0))
    if failed and time.monotonic() < until:
        st.error(plain(failed), icon=":material/error:")
    current = engine.library.catalog.collection(engine.settings.collection)
    if current is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choose(engine, current)
        if st.button("Collections…", icon=":material/folder_managed:"):
            _dialog(engine, current)
    if current.description:
        st.caption(plain(current.description))
    show_reembedding(engine)


def _choose(engine: Engine, current: Collection) -> None:
    collections = {collection.name: collection for collection in engine.library.catalog.collections()}
    st.session_state[_OPEN] = current.name
    st.selectbox(
        "Collection",
        list(collections),
        format_func=lambda name: collections[name].title if name in collections else name,
        key=_OPEN,
        on_change=_switch,
        args=(engine,),
    )


def _switch(engine: Engine) -> None:
    _open(engine, st.session_state[_OPEN])


def _open(engine: Engine, name: str) -> None:
    """Opens a collection; where that fails, the one before stays and it is said why."""
    if name == engine.settings.collection:
        return
    try:
        engine.switch(name)
    except FootnoteError as exc:
        st.session_state[_FAILED] = (str(exc), time.monotonic() + _TOLD)
        return
    st.session_state.pop(_FAILED, None)
    for key in _ASKED:
        st.session_state.pop(key, None)


@dialog("Collections", width="medium")
def _dialog(engine: Engine, current: Collection) -> None:
    this, new, others, export, bring = st.tabs(["This one", "New", "Delete", "Export", "Import"])
    try:
        with this:
            _change(engine, current)
            if change_model(engine, current):
                st.rerun()
        with new:
            _create(engine)
        with others:
            _delete(engine, current)
        with export:
            _export(engine, current)
        with bring:
            _import(engine)
    except (FootnoteError, OSError) as exc:
        st.error(plain(str(exc)), icon=":material/error:")


def _done(said: str) -> None:
    """Closes the dialog; what was done is told on the page."""
    st.session_state[_SAID] = [said]
    st.rerun()


def _change(engine: Engine, current: Collection) -> None:
    with st.form("change-collection", border=False):
        title = st.text_input("Title", current.title)
        description = st.text_area("Description", current.description, height=80)
        own = "\n".join(f"{name} = {value}" for name, value in own_settings(current).items())
        typed = st.text_area("Settings of its own", own, height=80, placeholder="top_k = 8", help=_OWN)
        if st.form_submit_button("Save", type="primary"):
            title = check_title(engine.library, title, of=current.name)
            if parsed(typed) != parsed(own):
                engine.give_settings(current, parsed(typed))
            engine.library.catalog.change_collection(current.name, title=title, description=description.strip())
            st.rerun()


def _create(engine: Engine) -> None:
    title = st.text_input("Title of the new collection")
    description = st.text_area("What it is for", height=80)
    model = choose_model(engine, engine.settings.embedding_model, key="create")
    if st.button("Create and open", type="primary", disabled=not model):
        with st.spinner("Opening…"):
            made = create_collection(engine.library, title, description, model)
            _open(engine, made.name)
        st.rerun()


def _delete(engine: Engine, current: Collection) -> None:
    others = {entry.name: entry for entry in engine.library.catalog.collections() if entry.name != current.name}
    if not others:
        st.write("There is no other collection. The one that is open cannot be deleted.")
        return
    name = st.selectbox("Collection to delete", list(others), format_func=lambda name: others[name].title)
    count = engine.library.catalog.document_totals(name).documents
    copies = fits(count, "its kept copy", "their kept copies")
    st.write(f"{counted(count, 'document')} and {copies} go with it. Your own files stay.")
    quotes = ask_for_quotes(collection_quoting(engine.library, others[name]))
    if st.button(f"Delete {plain(others[name].title)}", type="primary", icon=":material/delete:"):
        with st.spinner("Deleting…"):
            deleted = delete_collection(engine.library, others[name], quotes=quotes)
        forget_texts(engine)
        _done(f"Collection {others[name].title} was deleted with {counted(deleted, 'document')}.")


def _export(engine: Engine, current: Collection) -> None:
    folder = engine.settings.backups_folder
    st.write(f"Documents, passages and vectors of “{plain(current.title)}” in one file in {plain(str(folder))}.")
    if st.button("Export", type="primary", icon=":material/upload_file:", disabled=not engine.is_idle):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"collection {current.name} {time.strftime('%Y-%m-%d %H.%M.%S')}.zip"
        with st.spinner("Writing…"):
            count = export_collection(engine.library, file)
        _done(f"{counted(count, 'document')} of {current.title}: {file}")


def _import(engine: Engine) -> None:
    st.write("Opens an exported collection with the embedding model it was made with. Nothing is embedded again.")
    with st.form("import-collection", border=False):
        files = sorted(engine.settings.backups_folder.glob("collection *.zip"), reverse=True)
        chosen = st.selectbox("File", files, format_func=lambda path: path.name) if files else None
        typed = st.text_input(f"{'Or the path of another' if chosen else 'Path of the'} file on this machine").strip()
        name = st.text_input("Name", placeholder="as it was called", help="Letters, digits and _").strip()
        file = Path(typed).expanduser() if typed else chosen
        if st.form_submit_button("Import and open", type="primary") and file is not None:
            with st.spinner("Reading…"):
                imported, _ = import_collection(
                    engine.library,
                    file,
                    name=name,
                    embedding_model=engine.embedding_model,
                    others=known_models(engine.settings),
                )
            _open(engine, imported)
            st.rerun()
