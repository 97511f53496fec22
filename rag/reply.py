"""The way of a question: what is found for it, the prompt, the generator, the citations."""

import contextlib
import threading
import time
from collections import abc
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag import (
    background,
    citations,
    follow_ups,
    grounding,
    overview_questions,
    prompt,
    quotations,
    quoted_answers,
    steps,
    table_answers,
    table_questions,
    understanding,
)
from rag.answerability import LIKELY, Reading
from rag.course import Course, Progress, Stage
from rag.errors import GenerationError
from rag.evidence import Line, choose, narrow
from rag.findings import Finder, Found, Judged, Parts
from rag.generators import StopReason
from rag.grounding import Basis
from rag.models import find_row
from rag.phrases import Phrases, is_refusal, phrases_for
from rag.queue import Cancelled
from rag.quoted_answers import Items
from rag.settings import Settings
from rag.types import Answer, Citation, Finish, Hit, Scope, Turn

_FINISHES = {
    StopReason.END: Finish.COMPLETE,
    StopReason.LENGTH: Finish.LENGTH,
    StopReason.STOPPED: Finish.STOPPED,
}


class Reply:
    """One answer on its way: iterate it for pieces of text, then read `answer`. `stop` may be set from any thread.

    `progress`, `standalone` and `hits` can be read at any time from other threads; `text` is what has been written.
    """

    def __init__(
        self,
        parts: Parts,
        question: str,
        history: tuple[Turn, ...],
        scope: Scope,
        stop: threading.Event,
        phrases: Phrases | None = None,
    ) -> None:
        """`phrases` are those of the language of the answer; None: of the question's."""
        self.question = question
        self.standalone = question
        self.hits: tuple[Hit, ...] = ()
        self.evidence: tuple[Line, ...] = ()  # nearest first
        self.nearest: tuple[Line, Sequence[Hit]] | None = None  # the first of them with the hits that it is of
        self._written = ""
        self._reading: Reading | None = None
        self._answer: Answer | None = None
        self._parts = parts
        self._history = history
        self._course = Course(parts.queue, stop)
        self._dropped: tuple[Hit, ...] = ()
        self._phrases = phrases or phrases_for(question)
        self._alone = background.alone(question)
        self._is_of_one = (
            bool(history) and len(history[-1].documents) == 1 and overview_questions.is_of_one(self._asked)
        )
        is_of_last = self._is_of_one and not scope.documents
        self._finder = Finder(parts, Scope(history[-1].documents) if is_of_last else scope, self._course)

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return self._course.progress

    @property
    def stop(self) -> threading.Event:
        """Ends it when it is set."""
        return self._course.stop

    @property
    def answer(self) -> Answer:
        """The finished answer; only after the last piece."""
        if self._answer is None:
            raise RuntimeError("Iterate the reply to its end first.")
        return self._answer

    @property
    def read(self) -> tuple[Hit, ...]:
        """Those of `hits` that the generator reads: all while it looks at their lines, then those that may answer."""
        reading = self._reading  # once: the thread that answers may forget it
        return self.hits[: reading.passages] if reading else self.hits

    @property
    def text(self) -> str:
        """What has been written so far, its passages numbered as they are met."""
        return citations.in_reading_order(self._written, len(self.hits))[0]

    def __iter__(self) -> Iterator[str]:
        yield from self._steps()
        self._course.reaches(Stage.DONE)

    def _steps(self) -> Iterator[str]:
        try:
            found = self._found()
            self._take(found)
            for answered in (self._calculated, self._quoted, self._written_or_refused):
                yield from answered(found)
                if self._answer is not None:
                    return
        except Cancelled:
            self._conclude("", (), self.hits, Finish.STOPPED)
        except GenerationError as exc:
            if not self.evidence or self._parts.judge.by_evidence(self.standalone, self.evidence, self.hits):
                raise  # nothing was found yet that may answer
            self._fall_back(str(exc))

    # Steps

    def _found(self) -> Found:
        if not self._history:
            return understanding.of_first(self.question, self._alone, self._finder)
        return understanding.of_follow_up(self.question, self._alone, self._wordings(), self._history, self._finder)

    def _wordings(self) -> tuple[str, ...]:
        """A follow-up as a question of its own, and after its subject where that may have failed."""
        if self._is_of_one:
            return (self._asked,)
        if whole := overview_questions.whole(self._asked, self._history[-1].question):
            return (whole,)
        self.hits, self.evidence = self._finder.glance(follow_ups.at_once(self._asked, self._history))
        self._look()  # for whoever looks on, before the generator has said what is meant
        with self._course.turn(Stage.REWRITING):
            started = time.perf_counter()
            found = follow_ups.understood(self._asked, self._history, self._parts.generator, self.stop)
            self._course.spent(rewrite=time.perf_counter() - started)
        self._course.check()
        return found

    @property
    def _asked(self) -> str:
        """The question without what is said beside it: only that may lean on what was asked before."""
        return self._alone.question if self._alone else self.question

    def _take(self, found: Found) -> None:
        self._reading = None
        self.standalone, self.hits, self.evidence = found.wording, found.hits, found.lines
        self._dropped = found.retrieval.below
        self._look()

    def _look(self) -> None:
        """Shows the nearest line: at once with its hits, as other threads read them."""
        self.nearest = (self.evidence[0], self.hits) if self.evidence else None

    def _calculated(self, found: Found) -> Iterator[str]:
        """Answers from the cells of a table what asks for that; otherwise does nothing."""
        if found.retrieval.overview:  # what was found stands for all of a document
            if not table_questions.asked(found.wording):
                return
            found = self._finder.find(found.wording, every_issue=True)
        generator, started, waited = self._parts.generator, time.perf_counter(), self._course.timings.wait
        folder, below = self._parts.settings.library_folder, found.retrieval.below
        with table_answers.begun(found.wording, found.hits, found.lines, folder, below=below) as calculation:
            if calculation is None:
                return
            with self._course.turn(Stage.CALCULATING):
                result = calculation.answer(generator, budget=self._budget(), stop=self.stop)
        self._course.check()
        seconds = time.perf_counter() - started - (self._course.timings.wait - waited)
        if result is None:
            self._course.spent(retrieve=seconds)
        else:
            self._course.spent(first_token=seconds, generate=seconds)
            self._dropped = (*found.hits, *below)
            self.hits = (result.hit,)
            self._written = result.text
            yield result.text
            self._conclude(
                result.text, (Citation(1, result.hit, result.marks),), self.hits, Finish.COMPLETE, result.sql
            )

    def _quoted(self, found: Found) -> Iterator[str]:
        """Answers by what documents say, word for word, where each of several is asked, or an overview of them."""
        return self._quote(found, quoted_answers.answers(found, self._finder))

    def _written_or_refused(self, found: Found) -> Iterator[str]:
        """Answers by the generator, from passages that may hold the answer, or not at all."""
        judged = self._judged(found)
        why = judged.why
        if why is None and (told := steps.steps(self.standalone, self.evidence)):
            yield from self._quote(judged.found, quotations.of_steps(self.hits, told))
            return
        if why is None and self.evidence:
            self._narrow(judged.found)
            why = yield from self._generate(judged.found)
            if why is None:
                return
            self._written = ""
        near = self._finder.treating(found) if found.retrieval.matter else None
        if near:
            self._take(near)
            yield from self._quote(near, quoted_answers.nearest(near), f"{self._phrases.nearest}\n\n")
        if self._answer is None:
            yield from self._refuse(why or Finish.NOTHING_NEAR)

    def _judged(self, found: Found) -> Judged:
        """What is answered, or why nothing is: issues that the question names come before others."""
        if found.retrieval.issues or found.retrieval.overview:
            found = self._found_in_all(found)
        judged = self._judge(found)
        if judged.why is not None and found.retrieval.left and not found.every_issue:
            judged = self._judge(self._found_in_all(found))
        other = understanding.without_beside(judged, self._alone, self._finder)
        other = understanding.in_other_words(other, self._alone, self._finder)
        if other is not judged:
            self._take(other.found)
            self._show(other)
        return other

    def _found_in_all(self, found: Found) -> Found:
        """The same in all issues of a series alike: what was found in those that are asked for is no answer."""
        found = replace(self._finder.find(found.wording, every_issue=True), beside=found.beside)
        self._take(found)
        return found

    def _judge(self, found: Found) -> Judged:
        self._show(judged := self._finder.judge(found))
        return judged

    def _show(self, judged: Judged) -> None:
        self._reading, self.evidence = judged.reading, judged.lines
        self._look()

    def _quote(self, found: Found, items: Items, before_all: str = "") -> Iterator[str]:
        """Answers by lines of documents, word for word; does nothing where there are none."""
        cited: dict[int, Citation] = {}
        with contextlib.suppress(Cancelled):
            for text, citation in items:
                if self.stop.is_set():
                    break
                if before_all and not cited:
                    self._written += before_all
                    yield before_all
                before = cited.get(citation.number)
                marks = (*(before.marks if before else ()), *citation.marks)
                cited[citation.number] = replace(citation, marks=marks)
                self._written += f"{text}\n"
                yield f"{text}\n"
        if self.stop.is_set() and not cited:
            raise Cancelled
        if cited:
            used = tuple(citation.hit for citation in cited.values())
            told = {hit.chunk.document_id for hit in used}
            if not self.stop.is_set() and (note := quoted_answers.left_out(found, told, self._finder, self._phrases)):
                self._written += note
                yield note
            self._dropped = (*(hit for hit in self.hits if hit not in used), *self._dropped)
            self.hits = used
            finish = Finish.STOPPED if self.stop.is_set() else Finish.COMPLETE
            self._conclude(self._written.rstrip(), tuple(cited.values()), used, finish)

    def _narrow(self, found: Found) -> None:
        """Keeps the passages that may bear the answer: those with the nearest lines, as many as fit a prompt."""
        told = background.told(found.wording, found.beside)
        near, lines, far = narrow(self.hits, self.evidence, self._parts.settings.prompt_passages)
        used, over = prompt.fit(told, near, count_tokens=self._parts.generator.count_tokens, budget=self._budget())
        if over:
            _, lines, _ = narrow(near, [line for line in lines if near[line.number - 1] in used], len(used))
        self.evidence, self.hits = tuple(lines), tuple(used)
        self._look()
        self._dropped = (*over, *far, *self._dropped)

    def _generate(self, found: Found) -> abc.Generator[str, None, Finish | None]:
        """Answers by what the generator writes; returns how the answer ends instead, where that is no answer."""
        settings = self._parts.settings
        with self._course.turn(Stage.READING):
            started = time.perf_counter()
            stream = self._parts.generator.stream(
                prompt.answer_messages(
                    background.told(found.wording, found.beside),
                    self.read,
                    choose(self.standalone, self.evidence),
                    may_refuse=_may_refuse(settings),
                ),
                max_new_tokens=settings.answer_tokens,
                stop=self.stop,
            )
            for piece in stream:
                if not self._written:
                    self._course.spent(first_token=time.perf_counter() - started)
                    self._course.reaches(Stage.WRITING)
                self._written += piece
                yield piece
                if is_refusal(self._written):
                    break
            self._course.spent(generate=time.perf_counter() - started)
        if is_refusal(self._written):
            return Finish.NO_ANSWER
        finish = _FINISHES[stream.stop_reason]
        grounded = grounding.grounded(self._written, finish, self._basis(), self._parts.retriever)
        if grounded is None:
            return Finish.UNSUPPORTED
        self._dropped = (*grounded.left, *self._dropped)
        self._conclude(grounded.text, grounded.citations, grounded.used, grounded.finish)
        return None

    def _basis(self) -> Basis:
        return Basis(
            self.standalone,
            self.question,
            self.hits,
            len(self.read),
            tuple(self.evidence),
            self._reading is not None and self._reading.likely >= LIKELY,
            self._phrases,
        )

    def _refuse(self, finish: Finish) -> Iterator[str]:
        self.evidence = ()
        self._look()
        self._written = self._phrases.refusal
        yield self._phrases.refusal
        self._conclude(self._phrases.refusal, (), self.hits, finish)

    def _fall_back(self, failure: str) -> None:
        """Answers by the nearest lines, as the generator broke off."""
        quoted = grounding.fallback(replace(self._basis(), read=0))
        self._dropped = (*quoted.left, *self._dropped)
        self._conclude(quoted.text, quoted.citations, quoted.used, quoted.finish, failure=failure)

    def _conclude(
        self,
        text: str,
        cited: tuple[Citation, ...],
        used: tuple[Hit, ...],
        finish: Finish,
        sql: str = "",
        failure: str = "",
    ) -> None:
        self._answer = Answer(
            question=self.question,
            standalone=self.standalone,
            text=text,
            citations=cited,
            used=used,
            dropped=self._dropped,
            finish=finish,
            timings=self._course.timings,
            sql=sql,
            failure=failure,
        )

    # Parts of the steps

    def _budget(self) -> int:
        return prompt.budget(self._parts.settings, self._parts.generator.context_tokens)


def _may_refuse(settings: Settings) -> bool:
    """Whether the generator is told how to refuse; the small ones we know then refuse and misread (evaluation.md)."""
    told = settings.generator_refuses
    return find_row(settings.generator_model) is None if told is None else told
