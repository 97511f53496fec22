"""The documents of the library: search, order, states, fifty at a time; open one, delete some."""

import datetime
from dataclasses import replace

import streamlit as st

from rag.catalog import ANSWERING, DocumentOrder, DocumentQuery, DocumentRecord, DocumentState, Embedded
from rag.wording import counted
from ui.document import DOCUMENT
from ui.parts.asking import ask_only
from ui.parts.deletion import delete_dialog
from ui.parts.moving import move_dialog, others
from ui.parts.tags import choose_tags, tag_dialog
from ui.session import Engine

_SCREEN = 50  # documents shown at once
_ORDERS = {
    DocumentOrder.NEWEST: "Newest first",
    DocumentOrder.OLDEST: "Oldest first",
    DocumentOrder.NAME: "By name",
    DocumentOrder.NAME_BACKWARDS: "By name, Z first",
    DocumentOrder.STATE: "Not ready first",
    DocumentOrder.LARGEST: "Largest first",
    DocumentOrder.SMALLEST: "Smallest first",
    DocumentOrder.LONGEST: "Most pages first",
    DocumentOrder.SHORTEST: "Fewest pages first",
    DocumentOrder.MOST_PASSAGES: "Most passages first",
    DocumentOrder.FEWEST_PASSAGES: "Fewest passages first",
}
# What a click on the head of a column asks for, and another one after it.
_HEADS = {
    "Name": (DocumentOrder.NAME, DocumentOrder.NAME_BACKWARDS),
    "State": (DocumentOrder.STATE, DocumentOrder.NEWEST),
    "Pages": (DocumentOrder.LONGEST, DocumentOrder.SHORTEST),
    "Passages": (DocumentOrder.MOST_PASSAGES, DocumentOrder.FEWEST_PASSAGES),
    "Size": (DocumentOrder.LARGEST, DocumentOrder.SMALLEST),
    "Added": (DocumentOrder.NEWEST, DocumentOrder.OLDEST),
}
_FILTERS = {
    "All": DocumentQuery(),
    "Ready": DocumentQuery(states=(DocumentState.READY,)),
    "With gaps": DocumentQuery(with_gaps=True),
    "With passages set aside": DocumentQuery(with_set_aside=True),
    "Nearly the same as another": DocumentQuery(is_alike=True),
    "Found by words so far": DocumentQuery(states=(DocumentState.EMBEDDING,)),
    "Unfinished": DocumentQuery(states=(DocumentState.WRITING,)),
    "Being deleted": DocumentQuery(states=(DocumentState.LEAVING,)),
}
# The page is 704 pixels wide on a screen of 1,200 and more, 34 of them for the ticks and some for a scroll bar; on a
# telephone the first two are seen.
_PLAIN = {
    "Name": st.column_config.TextColumn(width=200),
    "State": st.column_config.TextColumn(width=118),
    "Pages": st.column_config.NumberColumn(width=56),
    "Passages": st.column_config.NumberColumn(width=76),
    "Size": st.column_config.NumberColumn(width=76, format="bytes"),
    "Added": st.column_config.DatetimeColumn(width=130, format="YYYY-MM-DD HH:mm"),
}
_TAGGED = {
    "Name": st.column_config.TextColumn(width=200),
    "State": st.column_config.TextColumn(width=118),
    "Tags": st.column_config.ListColumn(width=150),
    "Size": st.column_config.NumberColumn(width=76, format="bytes"),
    "Added": st.column_config.DateColumn(width=110, format="YYYY-MM-DD"),
}
_FIRST = "documents-first"  # how many documents are before the screen
_ASKED = "documents-asked"  # what the screen was of
_DRAWN = "documents-drawn"  # how often the table was drawn anew, so that no cell and no head is selected in it
_TICKED = "documents-ticked"  # collection, and ids of the documents that are ticked on the screen
_ORDER = "documents-order"
_ENDING = "documents-ending"
_HEAD = "documents-head"  # the order that a click on a head asked for
_ROW = 35  # pixels of a table row
_ROWS = 15  # shown without scrolling


def show_documents(engine: Engine) -> None:
    """Read top-down: sums, what is looked for, the table, where one is in it."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    if not catalog.document_totals(collection).documents:
        if not engine.queue.snapshot().is_open:
            st.info("No documents yet. Drop files above: they stay on this machine.", icon=":material/folder_open:")
        return
    _sums(engine)
    query, order = _ask(engine)
    total = catalog.document_totals(collection, query).documents
    first = _first(query, order, total)
    documents = catalog.find_documents(collection, query, order=order, limit=_SCREEN, offset=first)
    if documents:
        _act(engine, _table(engine, documents))
    else:
        st.info("No document matches.", icon=":material/search_off:")
    _turn(first, total)


def _sums(engine: Engine) -> None:
    catalog, collection = engine.library.catalog, engine.settings.collection
    found = catalog.document_totals(collection, DocumentQuery(states=ANSWERING))
    st.subheader(counted(found.documents, "document"))
    of_all = catalog.embedded_of_all(collection)
    by_words = f" · {of_all.of - of_all.done:,} of them found by words so far" if of_all.done < of_all.of else ""
    st.caption(
        f"{counted(found.pages, 'page')} · {counted(found.chunks, 'passage')}{by_words} · {engine.embedding_model}"
    )


def _ask(engine: Engine) -> tuple[DocumentQuery, DocumentOrder]:
    words, state, order = st.columns([2, 1, 1], vertical_alignment="bottom")
    typed = words.text_input(
        "Search by name", placeholder="Name or title", key="documents-words", persist_state="session"
    )
    chosen = state.selectbox("State", list(_FILTERS), key="documents-state", persist_state="session")
    if asked := st.session_state.pop(_HEAD, None):
        st.session_state[_ORDER] = asked
    by = order.selectbox("Order", list(_ORDERS), format_func=_ORDERS.__getitem__, key=_ORDER, persist_state="session")
    tags = choose_tags(engine, "Tags", key="documents-tags", placeholder="All documents")
    return replace(_FILTERS[chosen], words=typed, tags=tags, ending=_choose_ending(engine)), by


def _choose_ending(engine: Engine) -> str:
    """How the names are to end; nothing is shown where all end alike."""
    endings = [ending for ending in engine.library.catalog.document_endings(engine.settings.collection) if ending]
    if st.session_state.get(_ENDING) not in endings:
        st.session_state[_ENDING] = None
    if len(endings) > 1:
        st.pills("Format", endings, key=_ENDING, persist_state="session", label_visibility="collapsed")
    return st.session_state[_ENDING] or ""


def _first(query: DocumentQuery, order: DocumentOrder, total: int) -> int:
    """Where the screen begins; another question begins at the top."""
    if st.session_state.get(_ASKED) != (query, order):
        st.session_state[_ASKED] = (query, order)
        _go_to(0)
    return min(int(st.session_state[_FIRST]), max(0, (total - 1) // _SCREEN * _SCREEN))


def _go_to(first: int) -> None:
    st.session_state[_FIRST] = first


def _draw_anew() -> None:
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1


def _table(engine: Engine, documents: list[DocumentRecord]) -> list[DocumentRecord]:
    """The rows that are ticked; a click into a row opens its document, one on a head orders all documents.

    Ticks stay with their documents where others come or go meanwhile, or another order is asked for.
    """
    is_open = engine.queue.snapshot().is_open
    columns = _TAGGED if any(document.tags for document in documents) else _PLAIN
    filling = [document.id for document in documents if document.state is DocumentState.EMBEDDING]
    embedded = engine.library.catalog.embedded(engine.settings.collection, filling) if filling else {}
    ticked = _ticked(engine)
    event = st.dataframe(
        [_row(document, is_open, embedded.get(document.id)) for document in documents],
        hide_index=True,
        height=_ROW * (min(len(documents), _ROWS) + 1) + 3,
        column_order=list(columns),
        column_config=columns,
        on_select="rerun",
        selection_mode=["multi-row", "single-column", "single-cell"],  # else a head orders what is shown, not all
        selection_default={
            "selection": {"rows": [row for row, document in enumerate(documents) if document.id in ticked]}
        },
        key=f"documents-{st.session_state.get(_DRAWN, 0)}-{hash(tuple(document.id for document in documents))}",
    )
    chosen = [documents[row] for row in event.selection.rows if row < len(documents)]
    st.session_state[_TICKED] = (engine.settings.collection, {document.id for document in chosen})
    if event.selection.columns:
        _draw_anew()
        st.session_state[_HEAD] = _turned(event.selection.columns[0])
        st.rerun()
    if event.selection.cells:
        _draw_anew()
        st.query_params[DOCUMENT] = documents[event.selection.cells[0][0]].id
        st.rerun()
    return chosen


def _ticked(engine: Engine) -> set[str]:
    collection, ids = st.session_state.get(_TICKED, ("", set()))
    return ids if collection == engine.settings.collection else set()


def _turned(head: str) -> DocumentOrder | None:
    """What a click on a head asks for; None of one that orders nothing."""
    orders = _HEADS.get(head)
    return orders and orders[st.session_state[_ORDER] == orders[0]]


def _row(document: DocumentRecord, is_open: bool, embedded: Embedded | None) -> dict[str, object]:
    return {
        "Name": document.name,
        "Pages": document.pages,
        "Passages": document.chunks,
        "Size": document.size,
        "Added": datetime.datetime.fromtimestamp(document.added_at),
        "State": _state(document, is_open, embedded),
        "Tags": list(document.tags),
    }


def _state(document: DocumentRecord, is_open: bool, embedded: Embedded | None) -> str:
    if document.state is DocumentState.READY:
        return "Ready, gaps" if document.gaps else "Ready"
    if document.state is DocumentState.EMBEDDING:
        return f"By words, {embedded.share:.0%}" if embedded is not None else "By words"
    if document.state is DocumentState.WRITING:
        return "Being added" if is_open else "Unfinished"
    return "Being deleted"


def _act(engine: Engine, chosen: list[DocumentRecord]) -> None:
    if not chosen:
        st.caption(
            "Click into a row to open its document, on a head to order by it; tick rows to ask only them, to tag, move "
            "or delete them."
        )
        return
    with st.container(horizontal=True):
        ask = st.button(f"Ask only {counted(len(chosen), 'document')}", icon=":material/forum:")
        tag = st.button("Tag", icon=":material/label:")
        move = bool(others(engine)) and st.button("Move", icon=":material/drive_file_move:")
        delete = st.button(f"Delete {counted(len(chosen), 'document')}", icon=":material/delete:")
    if ask:
        ask_only(chosen)
    elif tag:
        tag_dialog(engine, chosen)
    elif move:
        move_dialog(engine, chosen)
    elif delete:
        delete_dialog(engine, chosen)


def _turn(first: int, total: int) -> None:
    if total <= _SCREEN:
        return
    last = min(first + _SCREEN, total)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button("Previous", key="screen-back", on_click=_go_to, args=(first - _SCREEN,), disabled=not first)
        st.markdown(f"{first + 1:,} to {last:,} of {total:,}", width="content")
        st.button("Next", key="screen-on", on_click=_go_to, args=(first + _SCREEN,), disabled=last >= total)
