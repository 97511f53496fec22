"""The library page: add documents, see them, delete them."""

import datetime

import streamlit as st

from ingest.pipeline import IngestReport, delete_document
from ingest.readers import SUFFIXES
from rag.catalog import DocumentRecord, DocumentState
from rag.errors import FootnoteError
from ui.session import Engine, IngestJob, open_engine, receive

_STATES = {
    DocumentState.READY: "ready",
    DocumentState.WRITING: "being added, or interrupted: add it again to carry on",
    DocumentState.LEAVING: "being deleted",
}


def show() -> None:
    """The page, read top-down: upload, the run in work, documents."""
    engine = open_engine()
    st.title("Library")
    if engine.state.failure:
        st.error(engine.state.failure, icon=":material/error:")
    job = engine.ingest_job
    busy = job is not None and not job.done.is_set()
    _upload(engine, busy=busy)
    if job is not None:
        _show_run(job) if busy else _show_result(job)
    documents = engine.library.catalog.documents(engine.settings.collection)
    if not documents and busy:
        return
    if not documents:
        st.info("No documents yet. Drop files above: they stay on this machine.", icon=":material/folder_open:")
        return
    _table(engine, documents, busy=busy)


def _upload(engine: Engine, *, busy: bool) -> None:
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader("Add documents", type=[suffix[1:] for suffix in SUFFIXES], accept_multiple_files=True)
        ready = engine.state.can_add and not busy
        submitted = st.form_submit_button("Add to library", type="primary", disabled=not ready)
    if not engine.state.can_add and not engine.state.failure:
        _wait(engine)
    if submitted and files:
        receive(engine, [(file.name, file.getvalue()) for file in files])
        st.rerun()


@st.fragment(run_every=0.5)
def _wait(engine: Engine) -> None:
    st.caption(f"Documents can be added once the embedding model is loaded. {engine.state.text}")
    if engine.state.can_add or engine.state.failure:
        st.rerun()


@st.fragment(run_every=0.5)
def _show_run(job: IngestJob) -> None:
    if job.done.is_set():
        st.rerun()
    progress = job.progress
    if progress is None:
        st.progress(0.0, "Starting…")
    else:
        left = "" if progress.seconds_left is None else f" · about {progress.seconds_left:.0f} s left"
        name = progress.name.replace("[", "\\[")
        st.progress(
            min(progress.fraction, 1.0), f"{name} ({progress.position} of {progress.files}) · {progress.stage}{left}"
        )
    if st.button("Stop", icon=":material/stop_circle:"):
        job.stop.set()


def _show_result(job: IngestJob) -> None:
    if job.failure:
        st.error(job.failure, icon=":material/error:")
    if job.report is not None:
        _show_report(job.report)


def _show_report(report: IngestReport) -> None:
    counts = (("added", report.added), ("replaced", report.replaced), ("unchanged", report.unchanged))
    words = [f"{len(names)} {word}" for word, names in counts if names]
    if words:
        st.success(f"{', '.join(words)} · {report.chunks} passages in {report.seconds:.0f} s", icon=":material/check:")
    if report.stopped:
        st.warning("Stopped. Add the same files again to carry on.", icon=":material/pause:")
    for failure in report.failed:
        st.error(failure.message.replace("[", "\\["), icon=":material/error:")


def _table(engine: Engine, documents: list[DocumentRecord], *, busy: bool) -> None:
    event = st.dataframe(
        [_row(document) for document in documents],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="documents",
    )
    chosen = [documents[row] for row in event.selection.rows if row < len(documents)]
    if st.button(
        f"Delete {len(chosen)} selected" if chosen else "Select rows to delete documents",
        icon=":material/delete:",
        disabled=not chosen or busy or not engine.state.can_add,
    ):
        _confirm_delete(engine, chosen)


def _row(document: DocumentRecord) -> dict[str, object]:
    return {
        "Name": document.name,
        "Title": document.title,
        "Pages": document.pages,
        "Passages": document.chunks,
        "Size": f"{max(1, round(document.size / 1_000)):,} kB",
        "Added": datetime.datetime.fromtimestamp(document.added_at).strftime("%Y-%m-%d %H:%M"),
        "State": _STATES[document.state],
    }


@st.dialog("Delete documents?")
def _confirm_delete(engine: Engine, documents: list[DocumentRecord]) -> None:
    st.write("They leave the answers at once, with their passages and the kept copies. Your own files stay.")
    st.text("\n".join(document.name for document in documents))
    if st.button("Delete", type="primary"):
        try:
            for document in documents:
                delete_document(engine.library, document.id)
        except FootnoteError as exc:
            st.error(str(exc), icon=":material/error:")
            return
        st.rerun()
