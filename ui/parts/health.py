"""Is everything in the library that belongs there, and nothing else? Looks at every collection, tells, and repairs."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from ingest.examination import OF_THE_LIBRARY, Examination, Finding, examine_all
from ingest.repair import repair
from ingest.report import IngestProgress
from rag.embedders import Embedder
from rag.errors import FootnoteError
from rag.library import Library
from rag.models.space import readable
from rag.wording import counted
from ui.parts.page_view import forget_pages
from ui.parts.text import plain
from ui.session import Engine

_FOUND = "examination"
_DONE = "repairs"
_PROMISE = (
    "Repairing throws nothing away: passages are made again from the kept files; what belongs nowhere is set aside in "
    "the library's folder."
)
_PURGE = "Milvus keeps the bytes of deleted passages until it merges its files. A purge writes them anew at once."
_NAMED = 50  # faults listed one by one


@dataclass(frozen=True)
class _Outcome:
    """What became of a finding, told to the user."""

    done: bool
    text: str


def show_health(engine: Engine) -> None:
    """Read top-down: the check, what became of repairs, what was found, the purge."""
    st.markdown("Compares the kept files, the catalog, the passages and the words of every collection.")
    elsewhere = engine.watcher is not None and engine.watcher.is_busy_elsewhere
    is_busy = engine.queue.snapshot().is_open or elsewhere
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


def _examine(engine: Engine) -> list[Examination]:
    """Of every collection; [] where that failed, which is told."""
    try:
        with st.spinner("Looking at every document…"):
            return examine_all(engine.library)
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")
        return []


def _show(engine: Engine, examined: Sequence[Examination]) -> None:
    found = [examination for examination in examined if not examination.failure]
    for examination in examined:
        if examination.failure:
            st.error(plain(examination.failure), icon=":material/error:")
    if not any(examination.findings for examination in found):
        documents = counted(sum(examination.documents for examination in found), "document")
        passages = counted(sum(examination.passages for examination in found), "passage")
        where = f" in {counted(len(found), 'collection')}" if len(examined) > 1 else ""
        st.success(f"All is well: {documents}, {passages}{where}.", icon=":material/check:")
        return
    lines = [f"- {plain(_named(engine, finding, of))}" for of in found for finding in of.findings]
    more = len(lines) - _NAMED
    st.warning("\n".join([*lines[:_NAMED], *([f"- and {more:,} more"] if more > 0 else [])]), icon=":material/warning:")
    st.caption(_PROMISE)
    if engine.embedder is not None and st.button("Repair", icon=":material/build:", type="primary"):
        st.session_state[_DONE] = [outcome for of in found for outcome in _repair(engine, of)]
        st.session_state[_FOUND] = _examine(engine)
        forget_pages()
        st.rerun()


def _named(engine: Engine, finding: Finding, of: Examination) -> str:
    """A finding with its collection, where there are others."""
    if finding.fault in OF_THE_LIBRARY:
        return finding.text
    return _in_collection(engine, of.collection, finding.text)


def _in_collection(engine: Engine, collection: str, text: str) -> str:
    titles = {entry.name: entry.title for entry in engine.library.catalog.collections()}
    return f"{titles.get(collection, collection)}: {text}" if len(titles) > 1 else text


def _repair(engine: Engine, found: Examination) -> list[_Outcome]:
    """Of one collection, whichever is open."""
    if not found.findings:
        return []
    bar = st.progress(0.0, "Repairing…")

    def tell(progress: IngestProgress) -> None:
        bar.progress(min(progress.part, 1.0), f"Repairing {plain(progress.name)}")

    try:
        with _opened(engine, found.collection) as (library, embedder):
            settings = library.settings_of()
            results = repair(found.findings, library=library, embedder=embedder, settings=settings, on_progress=tell)
    except FootnoteError as exc:
        return [_Outcome(False, _in_collection(engine, found.collection, str(exc)))]
    return [_Outcome(result.done, _in_collection(engine, found.collection, result.text)) for result in results]


@contextlib.contextmanager
def _opened(engine: Engine, collection: str) -> Iterator[tuple[Library, Embedder]]:
    """A collection with its own embedding model, beside the open one where it is another."""
    library = engine.library
    embedder = engine.embedder_of(library.settings_of(collection).embedding_model)
    if collection == library.collection:
        yield library, embedder
        return
    with library.other(collection, embedder) as other:
        yield other, embedder


def _tell(outcome: _Outcome) -> None:
    if outcome.done:
        st.markdown(f":material/check: {plain(outcome.text)}")
    else:
        st.error(plain(outcome.text), icon=":material/error:")
