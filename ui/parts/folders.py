"""Folders that the library follows: which they are, how they are doing, another one."""

from pathlib import Path

import streamlit as st

from ingest.following import Followed, check_folder
from rag.errors import FootnoteError
from ui.parts.text import counted, plain
from ui.session import Engine


def show_folders(engine: Engine) -> None:
    """Folded away while there are none."""
    folders = engine.library.catalog.watched(engine.settings.collection)
    label = f"Watched folders ({len(folders)})" if folders else "Watch a folder"
    with st.expander(label, icon=":material/folder_eye:"):
        _list(engine, folders)
        _add(engine, key=f"watch-path-{len(folders)}")


@st.fragment(run_every=2.0)
def _list(engine: Engine, folders: list[str]) -> None:
    """Drawn every two seconds: what is followed is told as soon as it is done."""
    for folder in folders:
        followed = engine.watcher.results.get(folder) if engine.watcher is not None else None
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(folder)}**  \n{_state(engine, followed)}", width="stretch")
            if st.button("Stop watching", icon=":material/close:", type="tertiary", key=f"unwatch-{folder}"):
                engine.unwatch(folder)
                st.rerun()


def _state(engine: Engine, followed: Followed | None) -> str:
    if followed is None:
        return ":material/hourglass: being compared with the library" if engine.queue.is_started else "waiting"
    if followed.problem:
        return f":material/warning: {plain(followed.problem)}"
    return f":material/check: {counted(followed.files, 'file')}, as in the library"


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
