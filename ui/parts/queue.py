"""The queue of files that are being added: progress of each, pause, cancel, failures with their remedy.

What a button does is its callback: those run first, while a click that is looked at later is lost where the page is
drawn anew because a file is done.
"""

import html
from collections.abc import Callable

import streamlit as st

from ingest.queue import WAITING_FOR_A_WORD, IngestQueue
from ingest.snapshot import QueueSnapshot
from rag.catalog import QueuedFile, QueueState
from ui.parts.dialogs import may_redraw
from ui.parts.text import duration, far, plain
from ui.session import Engine

_WELL = {
    QueueState.ADDED: "added",
    QueueState.REPLACED: "replaced an earlier version",
    QueueState.UNCHANGED: "already in the library",
}
_STYLE = """<style>
.queue {font-size: .88em; opacity: .75}
.queue div {display: flex; flex-wrap: wrap; column-gap: 1rem; line-height: 1.7}
.queue .name {flex: 1 1 8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap}
.queue span:last-child {flex: none; margin-left: auto; font-variant-numeric: tabular-nums}
</style>"""
_NEXT = "queue-next"  # the file that was chosen to be read next
_OUT = "queue-out"  # the file that was chosen to be left out
_LISTED = 8  # files in work and waiting that are listed at once


def show_queue(engine: Engine) -> None:
    """Nothing while the queue is empty."""
    snapshot = engine.queue.snapshot()
    if not snapshot.files:
        return
    with st.container(border=True):
        if snapshot.is_open:
            _show_work(engine, snapshot.mark)
        else:
            _show_result(engine.queue, snapshot)
        _show_failures(engine.queue, snapshot)


@st.fragment(run_every=1.0)
def _show_work(engine: Engine, mark: tuple[int, int, int]) -> None:
    """Drawn every second; the whole page is drawn anew when there is more of a file to be told."""
    snapshot = engine.queue.snapshot()
    if (snapshot.mark != mark or not snapshot.is_open) and may_redraw():
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(snapshot.fraction, 1.0), headline(engine, snapshot))
        _controls(engine.queue, paused=snapshot.paused)
    _choose(engine.queue, [file for file in snapshot.files if file.state.is_open])
    _list(
        [(file.name, _doing(snapshot, file)) for file in snapshot.files if file.state.is_open],
        sum(count for state, count in snapshot.totals.items() if state.is_open),
    )


def _controls(queue: IngestQueue, *, paused: bool) -> None:
    if paused:
        st.button("Go on", icon=":material/play_arrow:", key="resume", on_click=queue.resume)
    else:
        keeps = "Everything done so far is kept"
        st.button("Pause", icon=":material/pause:", key="pause", help=keeps, on_click=queue.pause)
    drops = "Drops the files that are not done"
    st.button("Cancel", icon=":material/close:", key="cancel", help=drops, on_click=queue.cancel)


def _choose(queue: IngestQueue, files: list[QueuedFile]) -> None:
    """One file is read next, or left out; nothing where there is no choice."""
    if len(files) < 2:
        return
    waiting = [file for file in files if file.state is QueueState.WAITING]
    with st.container(horizontal=True):
        if len(waiting) > 1:
            _choose_one("Read next", "Read one of the waiting files next", waiting[1:], _NEXT, queue.hasten)
        _choose_one("Leave out", "Leave one of these files out", files, _OUT, queue.leave_out)


def _choose_one(label: str, invites: str, files: list[QueuedFile], key: str, do: Callable[[QueuedFile], None]) -> None:
    by_id = {file.id: file for file in files}
    st.selectbox(
        label,
        list(by_id),
        index=None,
        format_func=lambda file_id: by_id[file_id].name if file_id in by_id else "",
        placeholder=invites,
        label_visibility="collapsed",
        key=key,
        on_change=_chosen,
        args=(by_id, key, do),
    )


def _chosen(by_id: dict[int, QueuedFile], key: str, do: Callable[[QueuedFile], None]) -> None:
    if (file := by_id.get(st.session_state[key])) is not None:
        do(file)
    st.session_state[key] = None


def headline(engine: Engine, snapshot: QueueSnapshot) -> str:
    """ "2 of 6 files done · 1 waits for your word · about 40 s left"."""
    total = sum(snapshot.batch.values())
    asking = sum(count for state, count in snapshot.batch.items() if state in WAITING_FOR_A_WORD)
    text = f"{snapshot.closed - asking} of {total} {'file' if total == 1 else 'files'} done"
    if asking:
        text += f" · {asking} {'waits' if asking == 1 else 'wait'} for your word"
    if snapshot.paused:
        return f"{text} · paused"
    if not engine.queue.is_started:
        return f"{text} · waiting for the embedding model"
    if snapshot.seconds_left is not None:
        text += f" · about {duration(snapshot.seconds_left)} left"
    return text


def _doing(snapshot: QueueSnapshot, file: QueuedFile) -> str:
    if file.state is QueueState.WAITING:
        return "waiting"
    if file.state is QueueState.EMBEDDING:
        return far(snapshot.embedded[file.id])
    if snapshot.stopping:
        return "stopping after this step"
    if snapshot.progress is None:
        return "starting"
    return f"{snapshot.progress.stage} {snapshot.progress.part:.0%}"


def _show_result(queue: IngestQueue, snapshot: QueueSnapshot) -> None:
    words = [f"{snapshot.totals[state]} {word}" for state, word in _WELL.items() if state in snapshot.totals]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {' · '.join(words)}" if words else _without_success(snapshot))
        if snapshot.totals.keys() - WAITING_FOR_A_WORD:
            st.button(
                "Clear this list", icon=":material/close:", type="tertiary", key="dismiss", on_click=queue.dismiss
            )


def _without_success(snapshot: QueueSnapshot) -> str:
    if snapshot.totals.keys() & WAITING_FOR_A_WORD:
        return "Nothing was added yet: your word is waited for."
    return "Nothing was added."


def _show_failures(queue: IngestQueue, snapshot: QueueSnapshot) -> None:
    for file in snapshot.files:
        if file.state is QueueState.FAILED:
            _show_failure(queue, file)
        elif file.state is QueueState.NAMESAKE:
            _ask_namesake(queue, file)
        elif file.state is QueueState.LOCKED:
            _ask_password(queue, file)
        elif file.message:
            st.warning("  \n".join(map(plain, file.message.splitlines())), icon=":material/warning:")
    _show_notes([line for file in snapshot.files if not file.state.is_open for line in file.note.splitlines()])


def _show_notes(notes: list[str]) -> None:
    """What is good to know of files that were added."""
    if notes:
        more = [f"and {len(notes) - _LISTED:,} more"] if len(notes) > _LISTED else []
        st.caption("  \n".join([*map(plain, notes[:_LISTED]), *more]))


def _show_failure(queue: IngestQueue, file: QueuedFile) -> None:
    st.error(plain(file.message), icon=":material/error:")
    with st.container(horizontal=True):
        if not file.is_copy or file.path.is_file():
            key, icon = f"retry-{file.id}", ":material/refresh:"
            st.button("Try again", icon=icon, type="tertiary", key=key, on_click=queue.retry, args=(file,))
        _leave_out(queue, file)


def _leave_out(queue: IngestQueue, file: QueuedFile) -> None:
    key = f"drop-{file.id}"
    st.button("Leave it out", icon=":material/close:", type="tertiary", key=key, on_click=queue.drop, args=(file,))


def _ask_namesake(queue: IngestQueue, file: QueuedFile) -> None:
    """Replacing would take the other document away: the person decides."""
    with st.container(border=True, gap="small"):
        st.markdown(f":material/difference: {plain(file.message)} Is this a new version of it?")
        with st.container(horizontal=True):
            st.button("Replace it", key=f"replace-{file.id}", on_click=queue.replace, args=(file,))
            st.button("Keep both", key=f"both-{file.id}", on_click=queue.keep_both, args=(file,))
            _leave_out(queue, file)


def _ask_password(queue: IngestQueue, file: QueuedFile) -> None:
    st.warning(plain(file.message), icon=":material/lock:")
    with (
        st.form(f"password-{file.id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input("Password", type="password", key=_secret(file))
        st.form_submit_button("Open", on_click=_open, args=(queue, file))
    _leave_out(queue, file)


def _open(queue: IngestQueue, file: QueuedFile) -> None:
    if password := st.session_state[_secret(file)]:
        queue.retry(file, password)


def _secret(file: QueuedFile) -> str:
    """Where the password is while it is typed."""
    return f"secret-{file.id}"


def _list(rows: list[tuple[str, str]], total: int) -> None:
    lines = [
        f'<div><span class="name">{html.escape(name)}</span><span>{html.escape(state)}</span></div>'
        for name, state in rows[:_LISTED]
    ]
    if total > len(lines):
        lines.append(f"<div>and {total - len(lines):,} more</div>")
    st.html(f'{_STYLE}<div class="queue">{"".join(lines)}</div>')
