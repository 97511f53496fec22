"""The chat page: conversations, questions, answers with their sources."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag.assistant import QUESTION_CHARACTERS
from rag.catalog import ANSWERING, DocumentQuery, KeptAnswer
from rag.course import Stage
from rag.errors import FootnoteError
from rag.types import Scope, answer_from_json
from rag.wording import counted
from ui.answering import AnswerJob
from ui.parts.actions import show_actions
from ui.parts.conversations import show_conversations
from ui.parts.dialogs import may_redraw
from ui.parts.judgement import show_judgement
from ui.parts.queue import headline
from ui.parts.sources import show_answer, show_line, show_text
from ui.parts.status import show_status
from ui.parts.tags import choose_tags
from ui.parts.text import plain
from ui.parts.why import show_why
from ui.session import Engine, open_engine

EXAMPLES = (
    "What does error E-14 mean and what should I do?",
    "How many days of unused leave can be carried over, and until when?",
    "How long must a password be?",
    "Give me an overview of the Skua 4 manual.",
)
_MANUAL = "skua-4-manual.pdf"  # the sample that the examples ask
_USER, _FOOTNOTE = ":material/person:", ":material/format_quote:"
ASKED = "asked-documents"  # key of the names chosen
ASKED_TAGS = "asked-tags"
_TITLE = 48  # characters of a question that name its conversation
# Not on a touch screen, where a keyboard would jump up, and not away from another field.
_FOCUS = """<script>
{
  let tries = 0;
  const timer = setInterval(() => {  // the field is drawn a moment later
    const field = document.querySelector('[data-testid="stChatInput"] textarea:enabled');
    const busy = document.activeElement.matches("input, textarea") || document.querySelector("[role=dialog]");
    if (field && !busy && matchMedia("(pointer: fine)").matches)
      field.focus({preventScroll: true});
    if (field || ++tries === 20) clearInterval(timer);
  }, 150);
}
</script>"""
# The last question goes to the top once when it is asked, answered, and its conversation opened: its answer is out of
# sight else, below an earlier one or above its own sources. Streamlit follows what grows to its end for a moment, hence
# several times.
_BRING_UP = """<script>
if (window.footnoteBroughtUp !== "%(key)s") {
  window.footnoteBroughtUp = "%(key)s";
  clearInterval(window.footnoteBringing);
  const stop = () => clearInterval(window.footnoteBringing);
  for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(event, stop, {once: true});
  let tries = 0;
  window.footnoteBringing = setInterval(() => {
    const messages = document.querySelectorAll('[data-testid="stChatMessage"]');
    if (messages.length > 1) messages[messages.length - 2].scrollIntoView({block: "start"});
    if (++tries === 12) stop();
  }, 150);
}
</script>"""
_RECENT = 10  # answers of a long conversation that are shown at first
_OFFERED = 2_000  # names to choose from; a longer list would be sent with every redraw


def page() -> StreamlitPage:
    """The page as the navigation knows it."""
    return st.Page(show, title="Ask", icon=":material/forum:", url_path="ask", default=True)


def show() -> None:
    """The page, read top-down: conversations, earlier answers, the answer in work, the question."""
    engine = open_engine()
    _recall(engine)
    _sidebar(engine)
    conversation = st.session_state["conversation"]
    answers = engine.library.catalog.kept_answers(conversation)
    job = engine.answer_jobs.get(conversation)
    asked = engine.library.catalog.noted_question(conversation)
    if not answers and job is None and not asked:
        _welcome(engine)
    if job is not None and job.again and not job.failure:
        answers = answers[:-1]
    for kept in _recent(answers, conversation):
        _show_answer(engine, conversation, kept, is_last=job is None and kept is answers[-1])
    if job is not None:
        _show_job(engine, conversation, job)
    elif asked:
        _show_unanswered(engine, conversation, asked)
    _bring_up(conversation, len(answers), is_open=job is not None)
    _question(engine, job)


def _bring_up(conversation: str, answers: int, *, is_open: bool) -> None:
    st.html(_BRING_UP % {"key": f"{conversation}-{answers}-{is_open}"}, unsafe_allow_javascript=True)


def _recent(answers: list[KeptAnswer], conversation: str) -> list[KeptAnswer]:
    """The last answers; those before them when they are asked for."""
    earlier = len(answers) - _RECENT
    shown = f"earlier-{conversation}"
    if earlier <= 0 or st.session_state.get(shown):
        return answers
    if st.button(f"Show {counted(earlier, 'earlier answer')}", icon=":material/history:", type="tertiary"):
        st.session_state[shown] = True
        st.rerun()
    return answers[earlier:]


@st.fragment
def _show_answer(engine: Engine, conversation: str, kept: KeptAnswer, *, is_last: bool) -> None:
    """A fragment: what is clicked in it does not draw the other answers anew."""
    answer = answer_from_json(kept.values)
    with st.chat_message("user", avatar=_USER):
        st.text(answer.question)
    with st.chat_message("assistant", avatar=_FOOTNOTE):
        show_answer(engine, answer, key=str(kept.id))
        show_actions(engine, kept, conversation, (lambda: _scope(engine)) if is_last else None)
        show_judgement(engine, kept)
        show_why(engine, answer, lambda: _scope(engine), key=f"why-{kept.id}")


def _show_unanswered(engine: Engine, conversation: str, question: str) -> None:
    """A question whose answer was never finished: it broke off, or Footnote ended meanwhile."""
    with st.chat_message("user", avatar=_USER):
        st.text(question)
    with st.chat_message("assistant", avatar=_FOOTNOTE):
        st.caption("This question was not answered: its answer broke off, or Footnote was closed meanwhile.")
        _offer_again(engine, conversation, question)


def _offer_again(engine: Engine, conversation: str, question: str, *, again: bool = False) -> None:
    """`again`: an earlier answer is there and stays until the new one is whole."""
    with st.container(horizontal=True):
        if st.button("Ask it again", icon=":material/refresh:"):
            engine.answer_jobs.pop(conversation, None)
            engine.ask(conversation, question, _scope(engine), again=again)
            st.rerun()
        if st.button("Dismiss", icon=":material/close:", type="tertiary"):
            engine.answer_jobs.pop(conversation, None)
            engine.library.catalog.note_question(conversation, "")
            st.rerun()


def _question(engine: Engine, job: AnswerJob | None) -> None:
    """The field at the foot of the page; it is ready to be typed into unless a question is on its way."""
    busy = job is not None and not job.done.is_set()
    waiting = engine.queue.snapshot()
    if waiting.is_open and st.session_state["conversation"] and not engine.waits_until:
        left = sum(waiting.batch.values()) - waiting.closed
        st.caption(f":material/hourglass: {counted(left, 'file')} still on the way into the library: not asked yet.")
    is_empty = not waiting.is_open and not _answering_documents(engine)
    hint = "Add documents on the Library page, then ask" if is_empty else "Ask your documents"
    question = st.chat_input(hint, max_chars=QUESTION_CHARACTERS, disabled=busy or is_empty)
    if not busy:
        st.html(_FOCUS, unsafe_allow_javascript=True)
    if question:
        _ask(engine, question)


def _scope(engine: Engine) -> Scope:
    return engine.library.scope(st.session_state[ASKED], st.session_state[ASKED_TAGS])


def _recall(engine: Engine) -> None:
    """The conversation of a new session is that of its address, so that a page can be loaded again."""
    if "conversation" not in st.session_state:
        asked = st.query_params.get("conversation", "")
        known = {conversation.id for conversation in engine.library.catalog.conversations()}
        st.session_state["conversation"] = asked if asked in known else ""
    if current := st.session_state["conversation"]:
        st.query_params["conversation"] = current
    else:
        st.query_params.clear()


def _sidebar(engine: Engine) -> None:
    with st.sidebar:
        show_conversations(engine)
        _choose_documents(engine)
        show_status(engine)


def _choose_documents(engine: Engine) -> None:
    """What the next questions are asked of."""
    catalog, collection = engine.library.catalog, engine.settings.collection
    names = catalog.document_names(collection, limit=_OFFERED)
    chosen = [name for name in st.session_state.get(ASKED, ()) if catalog.document_named(collection, name)]
    st.session_state[ASKED] = chosen
    names += [name for name in chosen if name not in names]
    collections = {entry.name: entry.title for entry in catalog.collections()}
    label = f"Ask only, of {plain(collections.get(collection, collection))}" if len(collections) > 1 else "Ask only"
    st.multiselect(label, names, placeholder="All documents", key=ASKED, persist_state="session")
    choose_tags(engine, "Ask only those tagged", key=ASKED_TAGS, placeholder="With any tag or none")


def _welcome(engine: Engine) -> None:
    st.title("Ask your documents")
    catalog, collection = engine.library.catalog, engine.settings.collection
    ready = _answering_documents(engine)
    if (snapshot := engine.queue.snapshot()).is_open:
        _show_filling(engine, None if ready else snapshot.mark)
    elif not ready:
        st.info("The library is empty. Add documents on the Library page, then ask.", icon=":material/folder_open:")
    if not ready:
        return
    verb = "is" if ready == 1 else "are"
    st.write(f"{counted(ready, 'document')} {verb} in the library. Every sentence of an answer shows where it stands.")
    if not snapshot.is_open and catalog.document_named(collection, _MANUAL):
        for example in EXAMPLES:
            if st.button(example, key=f"example-{example}", icon=":material/lightbulb:"):
                _ask(engine, example)


def _answering_documents(engine: Engine) -> int:
    """How many documents can be asked."""
    totals = engine.library.catalog.document_totals(engine.settings.collection, DocumentQuery(states=ANSWERING))
    return totals.documents


@st.fragment(run_every=1.0)
def _show_filling(engine: Engine, mark: tuple[int, int, int] | None) -> None:
    """Files on their way into the library; the page is drawn anew with the last, or when `mark` is another."""
    snapshot = engine.queue.snapshot()
    if (not snapshot.is_open or mark not in (None, snapshot.mark)) and may_redraw():
        st.rerun()
    st.progress(min(snapshot.fraction, 1.0), headline(engine, snapshot))


def _ask(engine: Engine, question: str) -> None:
    question = question.strip()
    conversation = st.session_state["conversation"]
    if not question:
        return
    if not conversation:
        title = question if len(question) <= _TITLE else f"{question[:_TITLE].rstrip()}…"
        conversation = engine.library.catalog.start_conversation(title).id
        st.session_state["conversation"] = conversation
    try:
        engine.ask(conversation, question, _scope(engine))
    except FootnoteError as exc:
        st.warning(plain(str(exc)), icon=":material/hourglass:")
        return
    st.rerun()


@st.fragment(run_every=0.3)
def _show_job(engine: Engine, conversation: str, job: AnswerJob) -> None:
    """The answer in work; once it is kept in the conversation, the page is drawn anew without it."""
    if job.done.is_set() and not job.failure and may_redraw():
        engine.answer_jobs.pop(conversation, None)
        st.rerun()
    with st.chat_message("user", avatar=_USER):
        st.text(job.question)
    with st.chat_message("assistant", avatar=_FOOTNOTE):
        if job.failure:
            st.error(plain(job.failure), icon=":material/error:")
            _offer_again(engine, conversation, job.question, again=job.again)
            return
        reply = job.reply
        if reply is not None and reply.standalone != reply.question:
            st.caption(f"Understood as: {plain(reply.standalone)}")
        if reply is not None and (text := reply.text):
            show_text(text)
        elif reply is not None and (nearest := reply.nearest):
            show_line(*nearest)
        st.caption(_stage(engine, job))
        if st.button("Stop", icon=":material/stop_circle:"):
            job.stop()


def _stage(engine: Engine, job: AnswerJob) -> str:
    if job.reply is None:
        return _waiting(engine, job)
    progress = job.reply.progress
    before = f"{counted(progress.ahead, 'question')} before yours…"
    return {
        Stage.SEARCHING: f"Searching… {before if progress.ahead else ''}".strip(),
        Stage.QUEUED: before,
        Stage.REWRITING: "Understanding the question…",
        Stage.CALCULATING: "Calculating with the cells…",
        Stage.READING: f"Reading {counted(len(job.reply.read), 'passage')}…",
        Stage.WRITING: "Writing…",
        Stage.DONE: "Done",
    }[progress.stage]


def _waiting(engine: Engine, job: AnswerJob) -> str:
    """ "Waiting until the samples are in the library… 2 of 6 files done"."""
    how_far = headline(engine, engine.queue.snapshot()) if engine.state.can_answer else engine.state.text
    return f"Waiting until {job.waits_until}… {how_far}" if job.waits_until else "Searching…"
