"""Why a passage that somebody expected was not read."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from rag.errors import FootnoteError
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Chunk, Scope
from rag.why import Explanation, explain, find_passage, with_room
from rag.wording import counted
from ui.parts.page_view import page_button
from ui.parts.text import plain
from ui.session import Engine

_PASSAGE_LIMIT = 2_000
_PASTE, _PICK = "Paste its words", "Pick it"
_OFFERED = 2_000  # documents to pick from
_BEGINNING = 70  # characters of a passage by which it is picked


def show_why(engine: Engine, answer: Answer, scope: Callable[[], Scope], *, key: str) -> None:
    """A field for the expected passage, folded away. `scope`: the documents that are asked."""
    if engine.retriever is None:
        return
    with st.expander("Expected another passage?"):
        how = st.segmented_control(
            "How", (_PASTE, _PICK), default=_PASTE, required=True, key=f"{key}-how", label_visibility="collapsed"
        )
        try:
            chunk = _pasted(engine.retriever, key) if how == _PASTE else _picked(engine, engine.retriever, key)
            if chunk is None:
                return
            own = engine.library.settings_of()
            is_whole = not answer.parts and answer.standalone == answer.question
            asked = answer.question if is_whole else answer.questions  # a whole one is also followed without its story
            show_fate(engine, asked, chunk, engine.retriever, own, scope=scope(), answer=answer)
            page_button(engine, chunk, (), key=f"{key}-page")
        except FootnoteError as exc:
            st.warning(plain(str(exc)), icon=":material/search_off:")


def show_fate(
    engine: Engine,
    asked: str | Sequence[str],
    chunk: Chunk,
    retriever: Retriever,
    settings: Settings,
    *,
    scope: Scope = Scope(),
    answer: Answer | None = None,
) -> None:
    """What became of a passage, and its ranks; see `explain`."""
    found = explain(
        asked,
        chunk,
        retriever=retriever,
        settings=with_room(settings, engine.context_tokens) if engine.context_tokens else settings,
        scope=scope,
        count_tokens=engine.count_tokens,
        judge=replace(engine.assistant.judge, settings=settings) if engine.assistant else None,
        answer=answer,
    )
    st.markdown(f"**{plain(found.chunk.label)}** · {plain(found.reason)}")
    st.caption(_ranks(found))


def _pasted(retriever: Retriever, key: str) -> Chunk | None:
    words = st.text_area("Its words", key=key, max_chars=_PASSAGE_LIMIT, label_visibility="collapsed").strip()
    return find_passage(words, retriever) if words else None


def _picked(engine: Engine, retriever: Retriever, key: str) -> Chunk | None:
    """A document, then one of its passages."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    names = catalog.document_names(collection, limit=_OFFERED)
    name = st.selectbox("Document", names, index=None, key=f"{key}-document")
    record = catalog.document_named(collection, name) if name else None
    if record is None:
        return None
    return st.selectbox(
        "Passage", retriever.passages(record.id), index=None, format_func=_beginning, key=f"{key}-passage-{record.id}"
    )


def _beginning(chunk: Chunk) -> str:
    words = " ".join(chunk.text.split())
    return f"{chunk.label}: {words if len(words) <= _BEGINNING else f'{words[:_BEGINNING]}…'}"


def _ranks(found: Explanation) -> str:
    told = (f"by {name}: {rank or 'not among the nearest'}" for name, rank in found.ranks)
    score = "" if found.score is None else f" · score {found.score:.2f}"
    return f"Rank of {counted(found.of, 'passage')} {', '.join(told)}{score}"
