"""What of a document was set aside and why, and the way back."""

import html
from collections.abc import Sequence

import streamlit as st

from rag.catalog import DocumentRecord, Quarantined, Release
from rag.errors import FootnoteError
from rag.types import page_label
from rag.wording import counted
from ui.parts.page_view import forget_pages
from ui.parts.text import plain
from ui.session import Engine

_STYLE = """<style>
.aside {border-left: 3px solid rgba(200, 120, 0, .7); padding: .1rem 0 .1rem .8rem}
.aside .why {opacity: .75; font-size: .85em}
.aside .words {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; margin-top: .2rem; max-height: 14rem;
  overflow: auto}
</style>"""
_SHOWN = 20  # passages shown at once


def show_set_aside(engine: Engine, record: DocumentRecord) -> None:
    """Nothing where nothing was set aside."""
    passages = engine.library.catalog.quarantined(engine.settings.collection, record.id)
    held = [one for one in passages if one.release is Release.HELD]
    waiting = [one for one in passages if one.release in (Release.ASKED, Release.WITHDRAWN)]
    if waiting:
        _show_return(engine, record, waiting)
    if held:
        with st.expander(f"Set aside: {counted(len(held), 'passage')}", icon=":material/shield:", expanded=not waiting):
            _show_held(engine, record, held)
    if done := [one for one in passages if one.release is Release.DONE]:
        with st.expander(f"Released: {counted(len(done), 'suspicious passage')}", icon=":material/lock_open:"):
            _show_released(engine, record, done)


def _show_held(engine: Engine, record: DocumentRecord, held: Sequence[Quarantined]) -> None:
    st.caption(
        "Neither search nor answers read these: whoever opens the document does not see them, or they speak to a "
        "language model instead of a reader. Release what you trust."
    )
    for one in held[:_SHOWN]:
        _show_passage(record, one)
        if st.button("Release", icon=":material/lock_open:", type="tertiary", key=f"release-{one.passage.id}"):
            _release(engine, record, [one])
    if len(held) > _SHOWN:
        st.caption(f"and {len(held) - _SHOWN:,} more")
    if len(held) > 1 and st.button(f"Release all {len(held):,}", icon=":material/lock_open:", key="release-all"):
        _release(engine, record, held)


def _show_released(engine: Engine, record: DocumentRecord, done: Sequence[Quarantined]) -> None:
    st.caption("Search finds these and answers read them, because somebody released them.")
    for one in done[:_SHOWN]:
        _show_passage(record, one)
        if st.button("Set aside again", icon=":material/shield:", type="tertiary", key=f"withdraw-{one.passage.id}"):
            _withdraw(engine, record, [one])
    if len(done) > _SHOWN:
        st.caption(f"and {len(done) - _SHOWN:,} more")
    if len(done) > 1 and st.button(f"Set all {len(done):,} aside again", icon=":material/shield:", key="withdraw-all"):
        _withdraw(engine, record, done)


def _show_passage(record: DocumentRecord, one: Quarantined) -> None:
    why = f"{page_label(record.name, one.passage.page)} · {one.passage.reason}"
    st.html(
        f'{_STYLE}<div class="aside"><div class="why">{html.escape(why)}</div>'
        f'<div class="words">{html.escape(one.passage.text)}</div></div>'
    )


def _release(engine: Engine, record: DocumentRecord, passages: Sequence[Quarantined]) -> None:
    try:
        engine.queue.release(record, [one.passage.id for one in passages])
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.rerun()


def _withdraw(engine: Engine, record: DocumentRecord, passages: Sequence[Quarantined]) -> None:
    try:
        engine.queue.withdraw(record, [one.passage.id for one in passages])
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.rerun()


@st.fragment(run_every=1.0)
def _show_return(engine: Engine, record: DocumentRecord, waiting: Sequence[Quarantined]) -> None:
    """Drawn every second until the document is read again; then the whole page is drawn anew."""
    if not engine.library.catalog.is_release_asked(engine.settings.collection, record.id):
        forget_pages()
        st.rerun()
    verb = "to be set aside" if waiting[0].release is Release.WITHDRAWN else "released"
    waits = "" if engine.queue.snapshot().is_open else " It waits: the library page says what for."
    told = f"{counted(len(waiting), 'passage')} {verb}: the document is being read again.{waits}"
    st.info(told, icon=":material/sync:")
