"""An answer with its footnotes and sources. Document and model text is escaped before it becomes HTML."""

import html
import re
from collections.abc import Sequence

import streamlit as st

from rag.evidence import Line
from rag.markdown import render
from rag.types import Answer, Citation, Finish, Hit, Span
from ui.parts.text import duration, plain

_STYLE = """<style>
.footnote {font-size: .72em; vertical-align: super; line-height: 0; margin-left: .1em; font-weight: 600; opacity: .75}
.source {border-left: 3px solid rgba(20, 130, 135, .6); padding: .1rem 0 .1rem .8rem; margin: .3rem 0 .8rem}
.source .place {font-weight: 600; overflow-wrap: anywhere}
.source .detail {opacity: .7; font-size: .85em}
.source .passage {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; margin-top: .2rem}
.source mark {background: rgba(255, 206, 84, .45); color: inherit; border-radius: 2px}
</style>"""
_NUMBER = re.compile(r"\s*\[(\d+)\]")
_ENDINGS = {
    Finish.LENGTH: "The answer was cut at its length limit.",
    Finish.STOPPED: "You stopped this answer.",
    Finish.NOTHING_NEAR: "No line of your documents is near enough to the question, so the model was not asked.",
}


def show_text(text: str) -> None:
    """Model text with its numbers as small footnotes."""
    st.html(_STYLE + _NUMBER.sub(r'<span class="footnote">\1</span>', render(text)))


def show_line(line: Line, hits: Sequence[Hit]) -> None:
    """The nearest line, while the answer is not begun."""
    place = html.escape(hits[line.number - 1].chunk.label)
    st.html(
        f'{_STYLE}<div class="source"><div class="detail">Nearest line · {place}</div>'
        f'<div class="passage"><mark>{html.escape(line.text)}</mark></div></div>'
    )


def show_answer(answer: Answer) -> None:
    """A finished answer: text, how it ended, sources."""
    if answer.standalone != answer.question:
        st.caption(f"Understood as: {plain(answer.standalone)}")
    show_text(answer.text)
    ending = _ENDINGS.get(answer.finish, "")
    st.caption(f"{ending} Answered in {duration(answer.timings.total)}.".strip())
    if answer.citations:
        st.html(_STYLE + "".join(_cited(citation) for citation in answer.citations))
    _show_others(answer)


def _show_others(answer: Answer) -> None:
    cited = {citation.number for citation in answer.citations}
    read = [(number, hit) for number, hit in enumerate(answer.used, 1) if number not in cited]
    if not read and not answer.dropped:
        return
    refused = answer.finish is Finish.NOTHING_NEAR
    title = "Nearest passages" if refused else f"{len(read)} more passages read, {len(answer.dropped)} left out"
    with st.expander(title):
        if read:
            st.caption("Nothing here seems to answer the question" if refused else "Read by the model, not cited")
            st.html(_STYLE + "".join(_source(str(number), hit, ()) for number, hit in read))
        if answer.dropped:
            st.caption("Found, but too far from the question or too many for the prompt")
            st.html(_STYLE + "".join(_source("–", hit, ()) for hit in answer.dropped))


def _cited(citation: Citation) -> str:
    return _source(str(citation.number), citation.hit, citation.marks)


def _source(number: str, hit: Hit, marks: Sequence[Span]) -> str:
    also = ", ".join(dict.fromkeys(copy.label for copy in hit.copies))
    details = " · ".join(filter(None, (hit.chunk.heading, f"score {hit.score:.2f}", also and f"also in {also}")))
    return (
        f'<div class="source"><div class="place">{number} · {html.escape(hit.chunk.label)}</div>'
        f'<div class="detail">{html.escape(details)}</div>'
        f'<div class="passage">{_marked(hit.chunk.text, marks)}</div></div>'
    )


def _marked(text: str, marks: Sequence[Span]) -> str:
    parts, end = [], 0
    for mark in marks:
        parts += [html.escape(text[end : mark.start]), f"<mark>{html.escape(text[mark.start : mark.end])}</mark>"]
        end = mark.end
    return "".join([*parts, html.escape(text[end:])])
