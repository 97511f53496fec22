"""The evaluation page: begin a run, watch it, read what it found, compare two."""

import time
from dataclasses import replace
from pathlib import Path

import streamlit as st

from rag.catalog import Collection
from rag.errors import FootnoteError
from rag.evaluation.judged import to_lines
from rag.evaluation.questions import read_questions
from rag.evaluation.runs import Task
from rag.wording import counted
from ui.parts.report import SAMPLES, set_title, show_kept
from ui.parts.status import show_status
from ui.parts.text import duration, plain
from ui.session import Engine, open_engine

_JUDGED = Path("From your answers.jsonl")  # made of the catalog when it is asked
_COLLECTION, _OWN = "A collection", "Other documents"  # short: both stand side by side in a narrow window
_SEARCH, _ANSWERS = "Passages only", "Passages and answers"
_CHOSEN = "evaluation-questions"  # key of the set that is chosen
_UPLOADED = "evaluation-uploaded"  # the set that is to be chosen next
_UPLOADS = "evaluation-uploads"  # how many were uploaded: each uploader begins empty
_FORM = """A line for each question, for example
`{"question": "How many days?", "answers": ["28 days"], "file": "handbook.pdf", "page": 4}`"""


def show() -> None:
    """Read top-down: a run in work or a new one, runs that wait, what is kept."""
    engine = open_engine()
    with st.sidebar:
        show_status(engine)
    st.title("Evaluation")
    st.write("Questions whose answers are known show how much is found and how many answers are right.")
    job = engine.evaluation
    if job is not None and not job.ended.is_set():
        _show_job(engine)
    else:
        if job is not None and job.failure:
            st.error(plain(job.failure), icon=":material/error:")
        _show_unfinished(engine)
        _show_start(engine)
    show_kept(engine)


# A new run


def _show_start(engine: Engine) -> None:
    with st.expander("New run", icon=":material/add:", expanded=not engine.runs.reports()):
        file = _choose_questions(engine)
        path, collection = _choose_corpus(engine)
        left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
        what = left.segmented_control(
            "Measure", (_SEARCH, _ANSWERS), default=_SEARCH, required=True, key="evaluation-measure"
        )
        size = middle.number_input("Sample", min_value=0, value=0, help="How many questions are asked; 0: all")
        seed = right.number_input("Seed", min_value=0, value=0, help="The same seed chooses the same questions")
        refusals = st.checkbox(
            "Which questions are refused, too",
            key="evaluation-refusals",
            help="Decided before the model writes; questions with an answer also with their passages taken away",
        )
        if what == _ANSWERS:
            st.caption("An answer takes seconds on this machine. What is measured is kept: stop and go on at any time.")
        missing = file is None or not (path or collection)
        if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=missing) and file is not None:
            begun = time.strftime("%Y-%m-%d %H.%M.%S")
            answers, sample = what == _ANSWERS, int(size) or None
            _start(engine, Task(begun, str(file), path, collection, answers, sample, int(seed), refusals))


def _choose_questions(engine: Engine) -> Path | None:
    judged = engine.library.catalog.judged_answers()
    sets = [*engine.runs.question_sets(), *([SAMPLES] if SAMPLES.is_file() else [])]
    sets = [file for file in sets if file.name != _JUDGED.name] + ([_JUDGED] if to_lines(judged) else [])
    if uploaded := st.session_state.pop(_UPLOADED, None):
        st.session_state[_CHOSEN] = uploaded
    if st.session_state.get(_CHOSEN) not in sets:
        st.session_state[_CHOSEN] = sets[0] if sets else None
    chosen = st.selectbox("Questions", sets, format_func=set_title, key=_CHOSEN, placeholder="Upload some first")
    if chosen == _JUDGED:
        lines = to_lines(judged)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{counted(lines.count(chr(10)), 'question')} that you judged under answers.", width="content")
            st.download_button(
                "Save", lines, _JUDGED.name, icon=":material/download:", type="tertiary", on_click="ignore"
            )
    elif chosen is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            _tell_size(chosen)
            if chosen != SAMPLES:
                remove = engine.runs.remove_questions
                st.button("Remove", icon=":material/delete:", type="tertiary", on_click=remove, args=(chosen,))
    _upload(engine)
    return chosen


def _tell_size(file: Path) -> None:
    try:
        questions = read_questions(file)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    without = sum(not question.answerable for question in questions)
    told = f"{counted(len(questions), 'question')}, {without:,} of them without an answer in the documents."
    st.caption(told, width="content")


def _upload(engine: Engine) -> None:
    """A set that is uploaded is chosen at once."""
    with st.popover("Upload questions", icon=":material/upload:", width="content"):
        turn = st.session_state.setdefault(_UPLOADS, 0)
        st.caption(_FORM)
        given = st.file_uploader(
            "JSON lines", type=["jsonl", "json"], key=f"{_UPLOADS}-{turn}", label_visibility="collapsed"
        )
        if given is None:
            return
        try:
            file = engine.runs.add_questions(given.name, given.getvalue().decode("utf-8", "replace"))
        except FootnoteError as exc:
            st.error(plain(str(exc)), icon=":material/error:")
            return
        st.session_state[_UPLOADS] = turn + 1
        st.session_state[_UPLOADED] = file
        st.rerun()


def _choose_corpus(engine: Engine) -> tuple[str, str]:
    """A path, or the name of a collection."""
    kind = st.segmented_control("Ask", (_COLLECTION, _OWN), default=_COLLECTION, required=True)
    if kind == _OWN:
        typed = st.text_input(
            "Path of a folder of documents, or of passages as JSON lines", placeholder="/data/manuals"
        )
        st.caption("They are read and embedded once, apart from the library, and kept for the next run.")
        return (str(Path(typed.strip()).expanduser()) if typed.strip() else ""), ""
    there = {entry.name: entry for entry in engine.library.catalog.collections() if entry.dimension}
    if not there:
        st.info("The library is empty. Add documents on the Library page.", icon=":material/folder_open:")
        return "", ""
    names = list(there)
    current = names.index(engine.settings.collection) if engine.settings.collection in there else 0
    name = st.selectbox("Collection", names, current, format_func=lambda name: _told(engine, there[name]))
    return "", name


def _told(engine: Engine, collection: Collection) -> str:
    documents = engine.library.catalog.document_totals(collection.name).documents
    return f"{collection.title}: {counted(documents, 'document')}"


def _start(engine: Engine, task: Task) -> None:
    try:
        if task.questions == str(_JUDGED):
            kept = engine.runs.add_questions(_JUDGED.name, to_lines(engine.library.catalog.judged_answers()))
            task = replace(task, questions=str(kept))
        engine.evaluate(task)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.rerun()


# A run in work, and those that wait


@st.fragment(run_every=1.0)
def _show_job(engine: Engine) -> None:
    """Drawn every second; once the run has ended, the page is drawn anew."""
    job = engine.evaluation
    if job is None or job.ended.is_set():
        st.rerun()
    state = job.state
    left = f" · about {duration(state.seconds_left)} left" if state.seconds_left is not None else ""
    with st.container(border=True):
        st.markdown(f"**{_describe(engine, job.task)}**")
        text = "Stopping after this question…" if job.is_stopping else f"{state.text}{left}"
        st.progress(min(state.done / state.total, 1.0) if state.total else 0.0, plain(text))
        st.button("Stop", icon=":material/stop_circle:", key="stop-evaluation", on_click=job.stop)
        st.caption("It goes on when this page is left, and after a restart where it was.")


def _show_unfinished(engine: Engine) -> None:
    for task in engine.runs.unfinished():
        with st.container(border=True):
            st.markdown(f":material/pause_circle: **Not done:** {_describe(engine, task)}, begun {task.id[:16]}")
            with st.container(horizontal=True):
                go_on = st.button("Go on", icon=":material/play_arrow:", key=f"go-on-{task.id}")
                give_up = st.button("Give up", icon=":material/close:", key=f"give-up-{task.id}")
        if give_up:
            engine.runs.end(task)
            st.rerun()
        if go_on:
            try:
                engine.evaluate(task)
            except FootnoteError as exc:
                st.error(plain(str(exc)), icon=":material/error:")
                return
            st.rerun()


def _describe(engine: Engine, task: Task) -> str:
    known = {entry.name: entry.title for entry in engine.library.catalog.collections()}
    on = Path(task.corpus).name if task.corpus else known.get(task.collection, task.collection)
    size = "" if task.sample is None else f", {counted(task.sample, 'question')}"
    what = "passages and answers" if task.answers else "passages"
    return plain(f"{set_title(Path(task.questions))} on {on}: {what}{size}")
