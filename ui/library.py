"""The library page: add documents, find them, look at one, delete some."""

from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ingest.discovery import ACCEPTED
from ingest.fetching import fetch
from ingest.readers.cleaning import clean_name
from rag.errors import FootnoteError
from ui.document import DOCUMENT, show_document
from ui.parts.alike import show_alike
from ui.parts.collections import show_collections
from ui.parts.deletion import show_receipts
from ui.parts.documents import show_documents
from ui.parts.folders import show_folders
from ui.parts.queue import show_queue
from ui.parts.status import show_status
from ui.parts.text import plain
from ui.session import Engine, open_engine

_KINDS = "PDF, Word, PowerPoint, Excel, e-mail, books, web pages, Markdown, text, code and ZIP archives"
# The widget's own line would list a hundred endings. Its own refusals are gone with the next redraw: what it refuses is
# far above the limit, so that the queue can name what is too large, or of another ending, and say what to do.
_WITHOUT_LINE = '<style>[data-testid="stFileUploaderDropzoneInstructions"] {display: none}</style>'
_ENTRIES = ("library", "documents")  # addresses of the page
_ENTRY = "library-entry"  # key of the one that the browser is on
_REFUSED = 5  # times the largest file that is read
# What browsers write into the name of an upload for the signs that would end it.
_QUOTED = (("%22", '"'), ("%0D", " "), ("%0A", " "))


def pages() -> list[StreamlitPage]:
    """The page as the navigation knows it, twice: a browser does not change to the page that it is on. While a document
    is open, "Library" is the other one, and so leads back to the list.
    """
    on = st.session_state.get(_ENTRY, _ENTRIES[0])
    named = next(entry for entry in _ENTRIES if (entry != on) is (DOCUMENT in st.query_params))
    return [
        st.Page(
            partial(_show_at, entry),
            title="Library",
            icon=":material/folder_open:",
            url_path=entry,
            visibility="visible" if entry == named else "hidden",
        )
        for entry in _ENTRIES
    ]


def _show_at(entry: str) -> None:
    if st.session_state.get(_ENTRY, _ENTRIES[0]) != entry:
        st.session_state[_ENTRY] = entry
        st.rerun()  # the navigation was drawn for the other one
    show()


def show() -> None:
    """One document where the address names it, else the list of all."""
    engine = open_engine()
    with st.sidebar:
        show_status(engine)
    if asked := st.query_params.get(DOCUMENT):
        show_document(engine, asked)
    else:
        _list(engine)


def _list(engine: Engine) -> None:
    """Read top-down: the collection, upload, watched folders, the queue, receipts, near-duplicates, documents."""
    st.title("Library")
    show_collections(engine)
    _upload(engine)
    _fetch(engine)
    show_folders(engine)
    show_queue(engine)
    show_receipts()
    show_alike(engine)
    show_documents(engine)


def _upload(engine: Engine) -> None:
    """Dropping files is adding them; the uploader is then drawn anew, empty."""
    limit = engine.settings.file_megabytes
    st.html(_WITHOUT_LINE)
    turn = st.session_state.setdefault("upload", 0)
    files = st.file_uploader(
        "Add documents",
        accept_multiple_files=True,
        max_upload_size=_REFUSED * limit,
        key=f"upload-{turn}",
        help=f"Files ending in {', '.join(ACCEPTED)}.",
    )
    st.caption(f"Drop {_KINDS} here; up to {limit:,} MB each. They stay on this machine.")
    if not files:
        return
    try:
        for file in files:
            engine.queue.receive(_name(file.name), file.getvalue())
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.session_state["upload"] = turn + 1
    st.rerun()


def _fetch(engine: Engine) -> None:
    """A page of the web, because a person says so."""
    with st.expander("Add a page of the web", icon=":material/language:"), st.form("fetch", border=False):
        address = st.text_input("Address", placeholder="https://…", max_chars=2_000)
        st.caption("It is fetched once, from this machine, and kept in the library. Nothing else is fetched.")
        if not st.form_submit_button("Fetch and add") or not address.strip():
            return
        settings = engine.settings
        try:
            with st.spinner("Fetching…"):
                page = fetch(address.strip(), max_bytes=settings.max_bytes, allow_private=settings.private_addresses)
            engine.queue.receive(page.name, page.data, source=page.url)
        except FootnoteError as exc:
            st.error(plain(str(exc)), icon=":material/error:")
            return
    st.rerun()


def _name(name: str) -> str:
    for quoted, sign in _QUOTED:
        name = name.replace(quoted, sign)
    return clean_name(name)
