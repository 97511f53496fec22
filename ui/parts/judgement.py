"""What an answer is worth, and what would have been right: a judged answer becomes a question of an evaluation."""

from typing import Any

import streamlit as st

from rag.catalog import KeptAnswer
from rag.evaluation.judged import Correction, place, question_of
from rag.types import Answer, answer_from_json, page_label
from ui.parts.text import plain
from ui.session import Engine

_PASSAGES, _NOTHING = "In these passages", "Nowhere: the documents do not answer it"
_WORDS = 300  # characters of the words that an answer must hold


def rate(engine: Engine, kept: KeptAnswer) -> None:
    """Two thumbs."""
    key = f"rate-{kept.id}"

    def keep() -> None:
        thumb = st.session_state[key]
        engine.library.catalog.rate_answer(kept.id, None if thumb is None else bool(thumb))

    st.feedback("thumbs", key=key, default=None if kept.good is None else int(kept.good), on_change=keep)


def show_judgement(engine: Engine, kept: KeptAnswer) -> None:
    """Nothing until a thumb is chosen; then what is kept of it, and a field for what would have been right."""
    now = engine.library.catalog.kept_answer(kept.id)  # a fragment keeps what it was given
    if now is None or now.good is None:
        return
    question = question_of(now)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/checklist: {_told(question)}", width="content")
        label = "Say more" if now.good else "Correct it"
        with st.popover(label, icon=":material/edit_note:", type="tertiary", key=f"right-{kept.id}"):
            _correct(engine, now, answer_from_json(now.values))


def _told(question: dict[str, Any] | None) -> str:
    if question is None:
        return "Say where the answer stands, and it becomes a question to evaluate."
    if not question["answerable"]:
        return "Kept as a question to evaluate: the documents do not answer it."
    places = [plain(page_label(one["file"], one.get("page"))) for one in question["passages"]]
    where = f" It stands in {', '.join(places)}." if places else ""
    words = f" It must say “{plain(question['answers'][0])}”." if question["answers"] else ""
    return f"Kept as a question to evaluate.{where}{words}"


def _correct(engine: Engine, kept: KeptAnswer, answer: Answer) -> None:
    """A form, so that nothing is kept before it is whole."""
    before = Correction.from_json(kept.correction)
    hits = [*answer.used, *answer.dropped]
    places = {page_label(**_label(one)): one for one in (place(hit.chunk) for hit in hits)}
    cited = before.passages or (tuple(place(c.hit.chunk) for c in answer.citations) if kept.good else ())
    chosen = [label for label, one in places.items() if one in cited]
    with st.form(f"correct-{kept.id}", border=False):
        where = st.radio("Where does the answer stand?", (_PASSAGES, _NOTHING), index=int(before.unanswerable))
        picked = st.multiselect(
            "Passages",
            list(places),
            default=chosen,
            placeholder="Those that hold it",
            label_visibility="collapsed",
            key=f"right-passages-{kept.id}",
        )
        other = st.text_input(
            "Another document", placeholder="Its name, as on the Library page", key=f"right-other-{kept.id}"
        )
        words = st.text_input(
            "Words that the answer must hold",
            before.words,
            max_chars=_WORDS,
            placeholder="Optional",
            key=f"right-words-{kept.id}",
        )
        if st.form_submit_button("Keep", type="primary"):
            named = [places[label] for label in picked]
            if name := other.strip():
                if engine.library.catalog.document_named(engine.settings.collection, name) is None:
                    st.error(f"There is no document {plain(name)} in this collection.", icon=":material/error:")
                    return
                named.append({"file": name})
            unanswerable = where == _NOTHING
            right = Correction(words.strip(), () if unanswerable else tuple(named), unanswerable)
            engine.library.catalog.rate_answer(kept.id, bool(kept.good), right.to_json())
            st.rerun()


def _label(one: dict[str, Any]) -> dict[str, Any]:
    return {"document_name": one["file"], "number": one.get("page")}
