"""Is everything in the library that belongs there, and nothing else? Looks, tells, and repairs when asked."""

import streamlit as st

from ingest.examination import Examination, examine
from ingest.repair import Repair, repair
from ingest.report import IngestProgress
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.models.space import readable
from ui.parts.page_view import forget_pages
from ui.parts.text import counted, plain
from ui.session import Engine

_FOUND = "examination"
_DONE = "repairs"
_PROMISE = (
    "Repairing throws nothing away: passages are made again from the kept files; what belongs nowhere is set aside in "
    "the library's folder."
)
_PURGE = "Milvus keeps the bytes of deleted passages until it merges its files. A purge writes them anew at once."
_NAMED = 50  # faults listed one by one


def show_health(engine: Engine) -> None:
    """Read top-down: the check, what became of repairs, what was found, the purge."""
    st.markdown("Compares the kept files, the catalog, the passages and the words of the library.")
    is_busy = engine.queue.snapshot().is_open
    if not engine.queue.is_started or is_busy:
        st.caption("It can be checked once no file is being added." if is_busy else engine.state.text)
    elif st.button("Check the library", icon=":material/health_and_safety:"):
        st.session_state[_FOUND] = _examine(engine)
        st.session_state.pop(_DONE, None)
    for result in st.session_state.get(_DONE, ()):
        _tell(result)
    if found := st.session_state.get(_FOUND):
        _show(engine, found)
    st.caption(_PURGE)
    versions = st.checkbox("Delete the earlier versions of all documents as well", key="purge-versions")
    if st.button("Purge", icon=":material/delete_sweep:", disabled=not engine.is_idle):
        _purge(engine, versions=versions)


def _purge(engine: Engine, *, versions: bool) -> None:
    try:
        with st.spinner("Writing the vectors anew…"):
            freed = engine.purge(versions=versions)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return
    st.success(f"Nothing of deleted documents is left on the disk; {readable(max(freed, 0))} went.")


def _examine(engine: Engine) -> Examination:
    with st.spinner("Looking at every document…"):
        return examine(engine.library)


def _show(engine: Engine, found: Examination) -> None:
    if not found.findings:
        size = f"{counted(found.documents, 'document')}, {counted(found.passages, 'passage')}"
        st.success(f"All is well: {size}.", icon=":material/check:")
        return
    more = len(found.findings) - _NAMED
    lines = [f"- {plain(finding.text)}" for finding in found.findings[:_NAMED]]
    st.warning("\n".join([*lines, f"- and {more:,} more"] if more > 0 else lines), icon=":material/warning:")
    st.caption(_PROMISE)
    embedder = engine.embedder
    if embedder is not None and st.button("Repair", icon=":material/build:", type="primary"):
        st.session_state[_DONE] = _repair(engine, embedder, found)
        st.session_state[_FOUND] = _examine(engine)
        forget_pages()
        st.rerun()


def _repair(engine: Engine, embedder: Embedder, found: Examination) -> list[Repair]:
    bar = st.progress(0.0, "Repairing…")

    def tell(progress: IngestProgress) -> None:
        bar.progress(min(progress.part, 1.0), f"Repairing {plain(progress.name)}")

    return repair(found.findings, library=engine.library, embedder=embedder, settings=engine.settings, on_progress=tell)


def _tell(result: Repair) -> None:
    if result.done:
        st.markdown(f":material/check: {plain(result.text)}")
    else:
        st.error(plain(result.text), icon=":material/error:")
