"""Folders that the library follows: which they are, how they are doing, another one."""

from pathlib import Path

import streamlit as st

from ingest.following import Followed, check_folder
from rag.errors import FootnoteError
from rag.wording import counted
from ui.parts.dialogs import may_redraw
from ui.parts.text import moment, plain
from ui.session import Engine

_NAMED = 5  # documents that left whose names are shown


def show_folders(engine: Engine) -> None:
    """Folded away at first."""
    folders = engine.library.catalog.watched(engine.settings.collection)
    with st.expander("Watched folders", icon=":material/folder_eye:"):
        _list(engine, folders, _results(engine), is_open=engine.queue.snapshot().is_open)
        _add(engine, key=f"watch-path-{len(folders)}")


@st.fragment(run_every=2.0)
def _list(engine: Engine, folders: list[str], drawn: dict[str, Followed], *, is_open: bool) -> None:
    """Looked at every two seconds: what was followed, or is being added, draws the page anew."""
    results = _results(engine)
    if (results != drawn or (engine.queue.snapshot().is_open and not is_open)) and may_redraw():
        st.rerun()
    for folder in folders:
        followed = results.get(folder)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            state = _state(engine, engine.settings.collection, folder, followed)
            st.markdown(f"**{plain(folder)}**  \n{state}", width="stretch")
            if st.button("Stop watching", icon=":material/close:", type="tertiary", key=f"unwatch-{folder}"):
                engine.unwatch(folder)
                st.rerun()
    _list_others(engine)


def _list_others(engine: Engine) -> None:
    """Folders of collections that are not open; they are let go where they belong."""
    titles = {entry.name: entry.title for entry in engine.library.catalog.collections()}
    results = dict(engine.watcher.other_results) if engine.watcher is not None else {}
    for collection, folder in engine.library.catalog.watched_everywhere():
        if collection != engine.settings.collection:
            state = _state(engine, collection, folder, results.get((collection, folder)))
            st.markdown(f"{plain(folder)}, in {plain(titles.get(collection, collection))}  \n{state}")


def _results(engine: Engine) -> dict[str, Followed]:
    return dict(engine.watcher.results) if engine.watcher is not None else {}


def _state(engine: Engine, collection: str, folder: str, followed: Followed | None) -> str:
    """ "2 files followed, 1 more could not be read · left at 14:02, no longer in the folder: notes.md"."""
    if followed is None:
        return ":material/hourglass: being compared with the library" if engine.queue.is_started else "waiting"
    if followed.problem:
        return f":material/warning: {plain(followed.problem)}"
    left_out = engine.library.catalog.left_out(collection, folder)
    without = f", {left_out:,} more could not be added" if left_out else ""
    text = f":material/check: {counted(max(followed.files - left_out, 0), 'file')} followed{without}"
    return f"{text}{_left(followed)}"


def _left(followed: Followed) -> str:
    if not followed.left:
        return ""
    more = len(followed.left) - _NAMED
    names = ", ".join(map(plain, followed.left[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")
    return f"  \nNo longer there, so that they left the library on {moment(followed.left_at)}: {names}"


def _add(engine: Engine, *, key: str) -> None:
    st.caption("Files that are added, changed, moved, renamed or deleted there are so here. Your files are only read.")
    with (
        st.form("watch-folder", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        example = str(Path.home() / "Documents")
        typed = st.text_input("Folder on this machine", placeholder=example, key=key).strip()
        if not st.form_submit_button("Watch", icon=":material/visibility:") or not typed:
            return
    try:
        engine.watch(check_folder(engine.library, Path(typed)))
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.rerun()
