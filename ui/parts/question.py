"""A question of a report: what was expected, what was found, and what became of the right passage."""

import html

import streamlit as st

from rag.errors import FootnoteError
from rag.evaluation.faults import faults, rank
from rag.evaluation.places import expected
from rag.evaluation.run import AS_RUN, CROSS_ENCODER, RERANKED, Record, Report
from ui.measuring import Corpus, corpus_of
from ui.parts.page_view import page_button
from ui.parts.sources import show_text
from ui.parts.text import plain
from ui.parts.why import show_fate
from ui.session import Engine

_STAGES = {
    "dense": "by meaning",
    "lexical": "by words",
    "fused": "by both",
    CROSS_ENCODER: "by the cross-encoder",
    AS_RUN: "as run",
    RERANKED: "as read",
}
_SHOWN = 3  # right passages shown
_STYLE = """<style>
.right {border-left: 3px solid rgba(20, 130, 135, .6); padding-left: .8rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: .92em; max-height: 16rem; overflow: auto}
</style>"""


def show_question(engine: Engine, report: Report, record: Record) -> None:
    """Read top-down: question, faults, the answer, ranks, the right passages."""
    with st.container(border=True):
        st.markdown(f"**{plain(record['question'])}**")
        if found := faults(record):
            st.markdown(f":material/report: {plain('; '.join(fault.value for fault in found))}")
        if not record["answerable"]:
            st.caption("The documents do not answer it.")
        if record["accepted"]:
            st.markdown(f"Accepted: {plain(' · '.join(record['accepted']))}")
        if "answer" in record:
            _show_answer(record)
        if "found" in record:
            told = (f"{_STAGES[stage]} {rank(record, stage) or 'not found'}" for stage in record["found"])
            st.markdown(f"Rank of the right place in this run: {', '.join(told)}")
        if record["expected"]:
            st.caption(f"It stands in {plain(', '.join(record['expected']))}.")
            _show_passages(engine, report, record)


def _show_answer(record: Record) -> None:
    if record["understood"] != record["question"]:
        st.caption(f"Understood as: {plain(record['understood'])}")
    show_text(record["answer"])
    st.caption(f"Cited: {plain(', '.join(record['cited'])) or 'nothing'}")


def _show_passages(engine: Engine, report: Report, record: Record) -> None:
    """At once where the collection is open; else it has to be opened first."""
    run = report.run
    path = "" if run["corpus"] == "library" else str(run["corpus"])
    collection = str(run["settings"]["collection"])
    if not engine.queue.is_started:
        st.caption("Its passage can be seen once the embedding model is loaded.")
        return
    is_open = not path and collection == engine.settings.collection
    label = "Why was it not found?"
    if not is_open and not st.toggle(
        label, key=f"why-{record['id']}", help="Opens what was asked, which takes a moment"
    ):
        return
    try:
        with corpus_of(engine, path, collection) as corpus:
            _show_fates(engine, corpus, record, is_open=is_open)
    except FootnoteError as exc:
        st.warning(plain(str(exc)), icon=":material/search_off:")


def _show_fates(engine: Engine, corpus: Corpus, record: Record, *, is_open: bool) -> None:
    chunks = expected(record, corpus.retriever, corpus.library.catalog, corpus.settings.collection)
    if not chunks:
        st.warning("No passage stands there: the document is not in the library, or this page could not be read.")
    for chunk in chunks[:_SHOWN]:
        question = record.get("understood") or record["question"]
        show_fate(engine, question, chunk, corpus.retriever, corpus.settings)
        st.html(f'{_STYLE}<div class="right">{html.escape(chunk.text)}</div>')
        if is_open:
            page_button(engine, chunk, (), key=f"right-page-{record['id']}-{chunk.id}")
    if len(chunks) > _SHOWN:
        st.caption(f"and {len(chunks) - _SHOWN:,} more passages there")
