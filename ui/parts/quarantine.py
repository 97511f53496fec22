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
    asked = [one for one in passages if one.release is Release.ASKED]
    if asked:
        _show_return(engine, record, len(asked))
    if held:
        with st.expander(f"Set aside: {counted(len(held), 'passage')}", icon=":material/shield:", expanded=not asked):
            _show_held(engine, record, held)
    done = len(passages) - len(held) - len(asked)
    if done:
        verb = "was" if done == 1 else "were"
        st.caption(f":material/lock_open: {counted(done, 'suspicious passage')} {verb} released and can be found.")


def _show_held(engine: Engine, record: DocumentRecord, held: Sequence[Quarantined]) -> None:
    st.caption(
        "Neither search nor answers read these: whoever opens the document does not see them, or they speak to a "
        "language model instead of a reader. Release what you trust."
    )
    for one in held[:_SHOWN]:
        why = f"{page_label(record.name, one.passage.page)} · {one.passage.reason}"
        st.html(
            f'{_STYLE}<div class="aside"><div class="why">{html.escape(why)}</div>'
            f'<div class="words">{html.escape(one.passage.text)}</div></div>'
        )
        if st.button("Release", icon=":material/lock_open:", type="tertiary", key=f"release-{one.passage.id}"):
            _release(engine, record, [one])
    if len(held) > _SHOWN:
        st.caption(f"and {len(held) - _SHOWN:,} more")
    if len(held) > 1 and st.button(f"Release all {len(held):,}", icon=":material/lock_open:", key="release-all"):
        _release(engine, record, held)


def _release(engine: Engine, record: DocumentRecord, passages: Sequence[Quarantined]) -> None:
    try:
        engine.queue.release(record, [one.passage.id for one in passages])
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.rerun()


@st.fragment(run_every=1.0)
def _show_return(engine: Engine, record: DocumentRecord, count: int) -> None:
    """Drawn every second until the document is read again; then the whole page is drawn anew."""
    if not engine.library.catalog.is_release_asked(engine.settings.collection, record.id):
        forget_pages()
        st.rerun()
    waiting = "" if engine.queue.snapshot().is_open else " It waits: the library page says what for."
    st.info(f"{counted(count, 'passage')} released: the document is being read again.{waiting}", icon=":material/sync:")
