"""An answer with its footnotes and sources. Document and model text is escaped before it becomes HTML."""

import html
import re
from collections.abc import Sequence

import streamlit as st

from rag.citations import DOUBT, DOUBT_MEANS, DOUBTS
from rag.evidence import Line
from rag.markdown import render
from rag.quotes import is_blank
from rag.support import Verdict
from rag.types import Answer, Citation, Finish, Hit, Span
from rag.versions import standing
from rag.wording import counted
from ui.parts.page_view import page_button
from ui.parts.text import READABLE, duration, passage, plain, sure
from ui.session import Engine

_STYLE = (
    """<style>
.footnote {font-size: .72em; vertical-align: super; line-height: 0; margin-left: .1em; font-weight: 600; opacity: .75}
.footnote + a.footnote::before {content: ", "}
.footnote + .doubt {margin-left: .35em}
.doubt {color: #b26a00; opacity: 1; cursor: help}
a.footnote {color: inherit; text-decoration: none}
a.footnote:hover {text-decoration: underline; opacity: 1}
[id^="source-"] {scroll-margin-top: 5rem}
[id^="source-"]:target .source {background: rgba(20, 130, 135, .08)}
.source {border-left: 3px solid rgba(20, 130, 135, .6); padding: .1rem 0 .1rem .8rem; margin: .3rem 0 0}
.source .place {font-weight: 600; overflow-wrap: anywhere}
.source .detail {opacity: .7; font-size: .85em}
.source .passage {white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; margin-top: .2rem}
.source mark {background: rgba(255, 206, 84, .45); color: inherit; border-radius: 2px}
"""
    + READABLE
    + "</style>"
)
_SCORE = "What it was ranked by: how near its meaning is, up to 1, plus the words it shares, so that it can be above 1"
_NUMBER = re.compile(r"\s*\[(\d+)\]")
_DOUBT_MARK = re.compile(rf"(\[\d+\])?\s*{re.escape(DOUBT)}")  # behind the number of a passage, or without one
_ENDINGS = {
    Finish.LENGTH: "The answer was cut at its length limit.",
    Finish.STOPPED: "You stopped this answer before its end.",
    Finish.BROKEN: "The model did not write an answer to its end, so the nearest lines are quoted.",
    Finish.NOTHING_NEAR: "No line of your documents surely answers the question, so the model was not asked.",
    Finish.NO_ANSWER: "The model read the nearest passages and found no answer in them.",
    Finish.UNSUPPORTED: "What the model wrote is borne out by none of the passages it read.",
}


def show_text(text: str, citations: Sequence[Citation] = (), *, key: str = "") -> None:
    """Model text with its numbers as small footnotes, each a link to its source below."""
    places = {str(citation.number): html.escape(citation.hit.chunk.label) for citation in citations}

    def doubt(match: re.Match[str]) -> str:
        means = DOUBTS[Verdict.WEAK if match[1] else Verdict.UNSUPPORTED]
        return f'{match[1] or ""}<span class="footnote doubt" title="{means}">?</span>'

    def footnote(match: re.Match[str]) -> str:
        number = match.group(1)
        if number not in places:
            return f'<span class="footnote">{number}</span>'
        return f'<a class="footnote" href="#source-{key}-{number}" title="{places[number]}">{number}</a>'

    st.html(_STYLE + _NUMBER.sub(footnote, _DOUBT_MARK.sub(doubt, render(text))))


def show_line(line: Line, hits: Sequence[Hit]) -> None:
    """The nearest line, while the answer is not begun."""
    chunk = hits[line.number - 1].chunk
    place = html.escape(chunk.label)
    words = passage(chunk.document_name, line.text, (Span(0, len(line.text)),))
    st.html(
        f'{_STYLE}<div class="source"><div class="detail">Nearest line · {place}</div>'
        f'<div class="passage">{words}</div></div>'
    )


def show_answer(engine: Engine, answer: Answer, *, key: str) -> None:
    """A finished answer: text, how it ended, sources."""
    if answer.standalone != answer.question:
        st.caption(f"Understood as: {plain(answer.standalone)}")
    show_text(answer.text, answer.citations, key=key)
    ending = _ENDINGS.get(answer.finish, "")
    if answer.is_repeated:
        ending = f"{ending} Answered before, and what it came from had not changed.".strip()
    how = "Stopped after" if answer.finish is Finish.STOPPED else "Answered in"
    st.caption(f"{ending} {how} {duration(answer.timings.total)}.".strip())
    if answer.failure:
        st.warning(plain(answer.failure), icon=":material/warning:")
    if DOUBT in answer.text:
        st.caption(f":material/help: {plain(DOUBT_MEANS)}")
    if answer.sql:
        with st.expander("How it was calculated", icon=":material/calculate:"):
            st.caption("This query was run over the cells of the source below; the numbers are as it found them.")
            st.code(answer.sql, language="sql", wrap_lines=True)
    for citation in answer.citations:
        _show_source(engine, str(citation.number), citation.hit, citation.marks, key=f"{key}-{citation.number}")
    _show_others(engine, answer, key=f"{key}-other")


def _show_others(engine: Engine, answer: Answer, *, key: str) -> None:
    cited = {citation.number for citation in answer.citations}
    read = [
        (number, hit)
        for number, hit in enumerate(answer.used, 1)
        if number not in cited and not is_blank(hit.chunk.document_id)
    ]
    if not read and not answer.dropped:
        return
    if answer.finish.is_refusal:
        title, about = "Nearest passages", "Nothing here seems to answer the question"
    elif not answer.text:
        title, about = "Nearest passages", "Found before you stopped the answer"
    else:
        more = "more " if cited else ""
        title, about = _others(len(read), len(answer.dropped), more), "Read by the model, not cited"
    with st.expander(title):
        if read:
            st.caption(about)
            for number, hit in read:
                _show_source(engine, str(number), hit, (), key=f"{key}-{number}")
        if answer.dropped:
            st.caption("Found, but farther from the question, unlikely to answer it, or too many for the prompt")
            for number, hit in enumerate(answer.dropped, 1):
                _show_source(engine, "–", hit, (), key=f"{key}-dropped-{number}")


def _others(read: int, left_out: int, more: str) -> str:
    if not read:
        return f"{counted(left_out, f'{more}passage')} found"
    return f"{counted(read, f'{more}passage')} read, {left_out} left out"


def _show_source(engine: Engine, number: str, hit: Hit, marks: Sequence[Span], *, key: str) -> None:
    """A passage with its marks, and the way to its page."""
    with st.container(key=f"source-{key}", gap="xxsmall"):
        recognised = engine.library.catalog.recognised(engine.settings.collection, hit.chunk.document_id)
        st.html(f'{_STYLE}<div id="source-{key}">{_source(number, hit, marks, recognised.get(hit.chunk.page))}</div>')
        _show_standing(engine, hit)
        page_button(engine, hit.chunk, marks, key=f"page-{key}")


def _show_standing(engine: Engine, hit: Hit) -> None:
    """Whether the source is still what it was when it was cited."""
    if changed := standing(engine.library, hit.chunk):
        st.caption(f":material/history: {changed}")


def _source(number: str, hit: Hit, marks: Sequence[Span], confidence: float | None) -> str:
    """`confidence`: how sure the text is, 0 to 1, where it was recognised in a picture."""
    also = ", ".join(dict.fromkeys(copy.label for copy in hit.copies))
    also = also and f"also in {also}"
    recognised = "" if confidence is None else f"text recognised in a picture, {sure(confidence)}"
    score = f'<span title="{_SCORE}">score {hit.score:.2f}</span>'
    before, after = html.escape(hit.chunk.heading), html.escape(" · ".join(filter(None, (recognised, also))))
    details = " · ".join(filter(None, (before, score, after)))
    return (
        f'<div class="source"><div class="place">{number} · <bdi>{html.escape(hit.chunk.label)}</bdi></div>'
        f'<div class="detail">{details}</div>'
        f'<div class="passage">{passage(hit.chunk.document_name, hit.chunk.text, marks)}</div></div>'
    )
