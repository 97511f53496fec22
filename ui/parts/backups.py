"""Backups of the whole library: write one, put one in its place."""

import time
from pathlib import Path

import streamlit as st

from rag.backup import back_up, swap, unpack
from rag.errors import FootnoteError
from rag.models.space import readable
from rag.wording import counted
from ui.parts.confirm import confirm
from ui.parts.dialogs import dialog
from ui.parts.page_view import forget_pages
from ui.parts.text import plain
from ui.session import Engine, close_engine

_SAID = "backup-said"  # what the last action did
_PROMISE = (
    "The backup is verified first. Then it takes the place of the library that is open now, which is kept in a folder "
    "beside it."
)
_SENT = 1_000_000_000  # bytes up to which a browser is given a file: it is read into memory for that


def show_backups(engine: Engine) -> None:
    """Read top-down: what is written, what is there, what can be put back."""
    st.subheader("Backup")
    folder = engine.settings.backups_folder
    st.markdown(
        "Documents, passages with their vectors, conversations: all in one file, that opens anywhere without embedding "
        f"again. Backups lie in {plain(str(folder))}."
    )
    for said in st.session_state.get(_SAID, ()):
        st.success(plain(said), icon=":material/check:")
    backups = sorted(folder.glob("footnote *.zip"), reverse=True)
    with st.container(horizontal=True):
        make = st.button("Back up now", icon=":material/archive:", disabled=not engine.is_idle)
        put_back = st.button("Restore…", icon=":material/settings_backup_restore:", disabled=not engine.is_idle)
        if backups and backups[0].stat().st_size < _SENT:
            name = f"Download the last ({readable(backups[0].stat().st_size)})"
            st.download_button(
                name, backups[0].read_bytes, backups[0].name, icon=":material/download:", on_click="ignore"
            )
    if not engine.is_idle:
        st.caption("Once everything is loaded and no file is being added.")
    if make:
        _back_up(engine, folder / f"footnote {time.strftime('%Y-%m-%d %H.%M.%S')}.zip")
    elif put_back:
        _restore_dialog(engine, backups)


def _back_up(engine: Engine, file: Path) -> None:
    try:
        with st.spinner("Writing the backup…"):
            file.parent.mkdir(parents=True, exist_ok=True)
            contents = back_up(engine.library, file)
    except (FootnoteError, OSError) as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    size = f"{counted(contents.documents, 'document')}, {counted(contents.passages, 'passage')}"
    st.session_state[_SAID] = [f"{file.name}: {size}, {readable(file.stat().st_size)}."]
    st.rerun()


@dialog("Restore a backup")
def _restore_dialog(engine: Engine, backups: list[Path]) -> None:
    """Which one; the library that is there now is kept."""
    st.write(_PROMISE)
    chosen = st.selectbox("Backup", backups, format_func=lambda path: path.name) if backups else None
    typed = st.text_input(f"{'Or the path of another' if chosen else 'Path of the'} file on this machine").strip()
    file = Path(typed).expanduser() if typed else chosen
    if confirm("Restore", disabled=file is None) and file is not None:
        _restore(engine, file)


def _restore(engine: Engine, file: Path) -> None:
    try:
        with st.spinner("Unpacking and verifying the backup…"):
            made = unpack(file, engine.settings)
        place = engine.library.folder
        close_engine(engine)
        before = swap(made, place)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    forget_pages()
    for key in ("conversation", "examination", "repairs"):
        st.session_state.pop(key, None)
    st.session_state[_SAID] = [f"The library is that of {file.name} now. The one before lies in {before}."]
    st.rerun()
