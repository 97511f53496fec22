"""What changed between two versions of a document, as text with what went and what came."""

import html
from collections.abc import Sequence

import streamlit as st

from rag.catalog import DocumentRecord, Version
from rag.diff import Change, Kind, Piece
from rag.errors import FootnoteError
from rag.types import page_label
from rag.versions import Comparison, compare, compare_documents
from rag.wording import counted
from ui.parts.text import moment, plain
from ui.session import Engine

_SHOWN = 100  # changes shown at once
_LONGEST = 3_000  # characters of a piece that are shown
_STYLE = """<style>
.change {border: 1px solid rgba(128, 128, 128, .35); border-radius: 4px; margin: 0 0 .6rem; padding: .4rem .8rem .5rem}
.change .place {font-size: .8em; opacity: .7; overflow-wrap: anywhere}
.change .words {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95em; line-height: 1.55}
.change ins {background: rgba(46, 160, 67, .25); text-decoration: none; border-radius: 2px}
.change del {background: rgba(225, 80, 70, .22); border-radius: 2px}
</style>"""
_TAGS = {Kind.SAME: "{}", Kind.GONE: "<del>{}</del>", Kind.NEW: "<ins>{}</ins>"}


def show_changes(engine: Engine, record: DocumentRecord, before: Version, after: Version | None = None) -> None:
    """From an old version to a later one, or to the current one where none is named."""
    if not engine.queue.is_started:
        st.caption("What changed can be read once the embedding model is loaded.")
        return
    try:
        with st.spinner("Comparing…"):
            found = compare(engine.library, record, before, after)
    except FootnoteError as exc:
        st.info(plain(str(exc)), icon=":material/history:")
        return
    _show(record, found)


def show_differences(engine: Engine, before: DocumentRecord, after: DocumentRecord) -> None:
    """What one document has otherwise than another."""
    with st.spinner("Comparing…"):
        found = compare_documents(engine.library, before, after)
    if not found:
        st.info("The words of both are the same.")
        return
    st.caption(
        f"{counted(len(found), 'place')} where they differ. Red is in {plain(before.name)} only, green in "
        f"{plain(after.name)} only; pages are those of the latter."
    )
    _blocks(after.name, found)


def _show(record: DocumentRecord, found: Comparison) -> None:
    until = "now" if found.after is None else moment(found.after.added_at)
    if not found.changes:
        st.info(f"From {moment(found.before.added_at)} to {until} no word changed: layout or metadata did.")
        return
    number = counted(len(found.changes), "place")
    st.caption(f"{number} changed from {moment(found.before.added_at)} to {until}. Red is gone, green is new.")
    _blocks(record.name, found.changes)


def _blocks(name: str, changes: Sequence[Change]) -> None:
    st.html(_STYLE + "".join(_block(name, change) for change in changes[:_SHOWN]))
    if (more := len(changes) - _SHOWN) > 0:
        st.caption(f"And {counted(more, 'more place')}. `python -m rag diff` shows all of them.")


def _block(name: str, change: Change) -> str:
    words = "".join(map(_words, change.pieces, (None, *change.pieces)))
    place = "" if change.after is None else f'<div class="place">{html.escape(_place(name, change))}</div>'
    return f'<div class="change">{place}<div class="words" dir="auto">{words}</div></div>'


def _words(piece: Piece, before: Piece | None) -> str:
    """A piece in its colour; what came stands apart from what went before it."""
    gap = " " if before is not None and before.kind is Kind.GONE and piece.kind is Kind.NEW else ""
    return gap + _TAGS[piece.kind].format(html.escape(_cut(piece.text)))


def _place(name: str, change: Change) -> str:
    here = page_label(name, change.after)
    moved = change.before is not None and change.before != change.after
    return f"{here} (before: {page_label(name, change.before)})" if moved else here


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
