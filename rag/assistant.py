"""Answers questions from one collection; how is the matter of rag.reply."""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import replace

from rag import compound, sameness
from rag.answerability import Judge, judge_for
from rag.errors import FootnoteError, GenerationError
from rag.findings import Parts
from rag.generators import Generator, Scorer
from rag.phrases import phrases_for
from rag.queue import Cancelled, TurnQueue
from rag.reply import Reply
from rag.retriever import Retriever
from rag.settings import Settings
from rag.several import SeveralReplies
from rag.types import Answer, Scope, Turn

QUESTION_CHARACTERS = 4_000  # longer questions are refused


class QuestionError(FootnoteError):
    """A question that cannot be asked."""


class Assistant:
    """Answers questions from one collection. Shared by all sessions: the generator serves them in turn."""

    def __init__(
        self, retriever: Retriever, generator: Generator, settings: Settings, judge: Judge | None = None
    ) -> None:
        """`judge` decides which questions are answered; None: the one that there is for the generator."""
        self._parts = Parts(retriever, generator, settings, TurnQueue(), judge or judge_for(generator, settings))

    @property
    def judge(self) -> Judge:
        """Which questions are answered."""
        return self._parts.judge

    def forget(self) -> None:
        """Lets go of texts of passages in memory, as after a deletion; an answer in work goes on."""
        self._parts.retriever.forget()
        self._parts.generator.forget()

    def over(self, retriever: Retriever) -> "Assistant":
        """An assistant for other passages, that waits for the same generator in the same queue."""
        other = Assistant(retriever, self._parts.generator, self._parts.settings)
        other._parts = replace(self._parts, retriever=retriever)
        return other

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        scope: Scope = Scope(),
        stop: threading.Event | None = None,
    ) -> Reply | SeveralReplies:
        """A reply that answers while it is iterated; several questions in one are answered one after the other.

        Raises:
            QuestionError: the question is empty or longer than 4,000 characters.
        """
        asked = question.strip()
        if not asked:
            raise QuestionError("The question is empty. Type what you want to know.")
        if len(asked) > QUESTION_CHARACTERS:
            raise QuestionError(
                f"The question has {len(asked):,} characters, at most {QUESTION_CHARACTERS:,} can be asked. "
                "Add long texts to the library as documents."
            )
        stop = stop or threading.Event()
        phrases = phrases_for(asked)  # of the whole message

        def begin(one: str, before: Sequence[Turn] = ()) -> Reply:
            return Reply(self._parts, one, (*history, *before), scope, stop, phrases)

        parts = compound.parts(asked, follows=bool(history))
        return SeveralReplies(asked, parts, begin) if parts else begin(asked)

    def are_the_same(self, question: str, other: str, stop: threading.Event) -> bool:
        """Whether two questions ask for the same, as the generator finds; not where it is at work, or fails."""
        generator, queue = self._parts.generator, self._parts.queue
        if not isinstance(generator, Scorer) or len(queue):
            return False  # who waits for another answer would wait twice
        with contextlib.suppress(GenerationError, Cancelled), queue.turn(stop, lambda _: None):
            return sameness.are_the_same(question, other, generator)
        return False

    def answer(self, question: str, *, history: Sequence[Turn] = (), scope: Scope = Scope()) -> Answer:
        """The finished answer, for callers that do not stream."""
        reply = self.ask(question, history=history, scope=scope)
        for _ in reply:
            pass
        return reply.answer
