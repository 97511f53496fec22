"""The embedding model of a collection: chosen for a new one, changed while the collection answers."""

import streamlit as st

from rag.catalog import Collection, Reembedding
from rag.errors import FootnoteError
from rag.models import Role, State, find_row, model_name, model_states
from rag.wording import counted
from ui.parts.text import duration, plain
from ui.session import Engine

_OTHER = "Another: a hub id or a folder"
_LANGUAGES = "The default is most exact in English; universal-sentence-encoder-multilingual reads sixteen languages."


def choose_model(engine: Engine, current: str, *, key: str) -> str:
    """A field for a model; "" while another one is asked for and none is typed."""
    states = {state.name: state for state in model_states(engine.settings) if state.role == Role.EMBEDDING.value}
    names = list(dict.fromkeys((current, *states, _OTHER)))

    def told(name: str) -> str:
        row = find_row(name)
        about = row.about if row is not None else ""
        is_here = name not in states or states[name].state is State.READY
        return " · ".join(filter(None, (name, about, "" if is_here else "fetched first")))

    chosen = st.selectbox("Embedding model", names, format_func=told, key=f"{key}-model", help=_LANGUAGES)
    if chosen != _OTHER:
        return chosen
    typed = st.text_input("Hub id or folder", key=f"{key}-typed", placeholder="organisation/name").strip()
    return model_name(typed) if typed else ""


def change_model(engine: Engine, current: Collection) -> bool:
    """The model of the collection and the way to another one; whether that was begun."""
    if engine.library.catalog.reembedding(current.name) is not None:
        st.caption("It is being embedded with another model: see the library page.")
        return False
    chosen = choose_model(engine, current.embedding_model or engine.embedding_model, key="change")
    if not chosen or chosen == current.embedding_model:
        st.caption("Choose another one, and the passages are embedded anew. Questions are answered meanwhile.")
        return False
    count = engine.library.catalog.document_totals(current.name).chunks
    st.caption(
        f"{counted(count, 'passage')} will be embedded anew beside the vectors that answer now. It goes on in the "
        "background, also after a restart, and takes over once all are there."
    )
    if st.button("Change the model", type="primary", icon=":material/swap_horiz:"):
        engine.reembed(current, chosen)
        return True
    return False


def show_reembedding(engine: Engine) -> None:
    """Nothing where no collection is on its way to another model."""
    for task in engine.library.catalog.reembeddings():
        job = engine.reembedding
        in_work = job is not None and job.task.collection == task.collection and not job.ended.is_set()
        if in_work:
            _show_work(engine, task)
        elif task.is_paused or engine.answering.is_set():
            _show_waiting(engine, task)
        else:
            _show_coming(engine, task)


@st.fragment(run_every=1.0)
def _show_work(engine: Engine, task: Reembedding) -> None:
    """Drawn every second; once it has ended, the whole page is drawn anew."""
    job = engine.reembedding
    if job is None or job.ended.is_set():
        st.rerun()
    state = job.state
    left = f" · about {duration(state.seconds_left)} left" if state.seconds_left is not None else ""
    with st.container(border=True):
        st.markdown(_title(engine, task))
        st.progress(min(state.done / state.total, 1.0) if state.total else 0.0, plain(f"{state.text}{left}"))
        with st.container(horizontal=True, vertical_alignment="center"):
            name = task.collection
            pause, keeps = engine.pause_reembedding, "What is embedded is kept"
            st.button("Pause", icon=":material/pause:", key=f"rest-{name}", help=keeps, on_click=pause, args=(name,))
            _cancel(engine, task)


@st.fragment(run_every=1.0)
def _show_coming(engine: Engine, task: Reembedding) -> None:
    """What an earlier process left in work; drawn every second until it goes on."""
    if engine.answering.is_set():
        st.rerun()
    with st.container(border=True):
        st.markdown(_title(engine, task))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("It goes on once the models are loaded. What is embedded is kept.", width="content")
            _cancel(engine, task)


def _show_waiting(engine: Engine, task: Reembedding) -> None:
    with st.container(border=True):
        st.markdown(_title(engine, task))
        job = engine.reembedding
        if job is not None and job.task.collection == task.collection and job.failure:
            st.error(plain(job.failure), icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Paused. The collection answers as before.", width="content")
            go_on = st.button("Go on", icon=":material/play_arrow:", key=f"go-on-{task.collection}")
            _cancel(engine, task)
        found = engine.library.catalog.collection(task.collection)
        if go_on and found is not None:
            try:
                engine.reembed(found, task.embedding_model)
            except FootnoteError as exc:
                st.error(plain(str(exc)), icon=":material/error:")
                return
            st.rerun()


def _cancel(engine: Engine, task: Reembedding) -> None:
    cancel, name = engine.cancel_reembedding, task.collection
    drops = "Drops what is embedded; the collection keeps its model"
    st.button("Cancel", icon=":material/close:", key=f"give-up-{name}", help=drops, on_click=cancel, args=(name,))


def _title(engine: Engine, task: Reembedding) -> str:
    found = engine.library.catalog.collection(task.collection)
    title = found.title if found is not None else task.collection
    return f":material/swap_horiz: **{plain(title)}** on its way to {plain(task.embedding_model)}"
