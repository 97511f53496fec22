"""Answers that go on when the page is left. They run in a thread that never calls Streamlit."""

import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answered import Answered, basis_of
from rag.errors import FootnoteError
from rag.reply import Reply
from rag.several import SeveralReplies
from rag.types import Answer, Finish, Scope, Timings, Turn, answer_from_json, answer_to_json

if TYPE_CHECKING:
    from ui.session import Engine

_log = logging.getLogger(__name__)
_LOOK = 0.2  # seconds between two looks at what is waited for


class AnswerJob:
    """One question on its way to an answer that is kept in its conversation."""

    def __init__(
        self, engine: "Engine", conversation: str, question: str, scope: Scope, *, again: bool = False
    ) -> None:
        self.question = question
        self.again = again
        self.reply: Reply | SeveralReplies | None = None
        self.waits_until = ""  # what is missing before it can begin
        self.is_at_work = False
        self.failure = ""
        self.done = threading.Event()
        self._engine = engine
        self._conversation = conversation
        self._scope = scope
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    def stop(self) -> None:
        """Ends the answer after the word in work."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self._answer()
        except FootnoteError as exc:
            self.failure = str(exc)
        except Exception as exc:  # a defect: the question must not vanish with its thread
            _log.exception("the answer broke off")
            self.failure = f"The answer broke off: {type(exc).__name__}: {exc}. The log of the program tells more."
        finally:
            self.done.set()

    def _answer(self) -> None:
        began = time.monotonic()
        if not self.again:
            self._engine.library.catalog.note_question(self._conversation, self.question)
        while waits_until := self._engine.waits_until:
            self.waits_until = waits_until
            if self._stop.wait(timeout=_LOOK):
                waited = Timings(wait=time.monotonic() - began)
                self._keep(Answer(self.question, self.question, "", (), (), (), Finish.STOPPED, waited))
                return
        self.waits_until = ""
        self.is_at_work = True
        if self._engine.retriever is None:
            raise FootnoteError(self._engine.state.failure)
        answers = [answer_from_json(values) for values in self._engine.library.catalog.answers(self._conversation)]
        before = answers[:-1] if self.again else answers
        answer = self._given_before() if not before and not self.again else None
        self._keep(answer or self._written(before))

    def _keep(self, answer: Answer) -> None:
        """One that was stopped takes no other's place."""
        catalog = self._engine.library.catalog
        if not self.again:
            catalog.add_answer(self._conversation, answer_to_json(answer))
        elif answer.finish is not Finish.STOPPED:
            catalog.replace_last_answer(self._conversation, answer_to_json(answer))

    def _given_before(self) -> Answer | None:
        library, retriever, assistant = self._engine.library, self._engine.retriever, self._engine.assistant
        if retriever is None or assistant is None:
            return None
        before = Answered(library.catalog, retriever, library.settings_of(), self._scope)
        if answer := before.find(self.question):
            return answer
        answer = before.find_in_other_words(
            self.question, lambda question, other: assistant.are_the_same(question, other, self._stop)
        )
        return None if self._stop.is_set() else answer

    def _written(self, before: list[Answer]) -> Answer:
        assistant = self._engine.assistant
        if assistant is None:
            raise FootnoteError(self._engine.state.failure)
        history = [Turn.of(answer.questions[-1], answer) for answer in before]
        self.reply = assistant.ask(self.question, history=history, scope=self._scope, stop=self._stop)
        for _ in self.reply:
            pass
        alone = not before and isinstance(self.reply, Reply)  # several questions have no search in common
        basis = "" if not alone else basis_of(self.question, self._engine.library.settings_of())
        return replace(self.reply.answer, basis=basis)
