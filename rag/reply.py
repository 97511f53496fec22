"""The way of a question: history, retrieval, prompt, generator, citations. The only place that knows them all."""

import contextlib
import threading
import time
from collections import abc
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from rag import (
    background,
    citations,
    follow_ups,
    grounding,
    overview_questions,
    overviews,
    prompt,
    quotations,
    rewording,
    series,
    steps,
    table_answers,
    table_questions,
)
from rag.answerability import LIKELY, Judge, Reading
from rag.course import Course, Progress, Stage
from rag.errors import GenerationError
from rag.evidence import Line, certainty, choose, narrow, quoted
from rag.generators import Generator, Scorer, StopReason
from rag.grounding import Basis
from rag.models import find_row
from rag.overviews import Overview
from rag.phrases import Phrases, is_refusal, phrases_for
from rag.queue import Cancelled, TurnQueue
from rag.retriever import Retrieval, Retriever
from rag.settings import Settings
from rag.terms import terms
from rag.types import Answer, Citation, Finish, Hit, Scope, Turn

_FINISHES = {
    StopReason.END: Finish.COMPLETE,
    StopReason.LENGTH: Finish.LENGTH,
    StopReason.STOPPED: Finish.STOPPED,
}


@dataclass(frozen=True)
class Parts:
    """What every reply works with."""

    retriever: Retriever
    generator: Generator
    settings: Settings
    queue: TurnQueue
    judge: Judge


@dataclass(frozen=True)
class _Found:
    """What was found for one reading of the question: `lines` of its hits, both nearest first."""

    reading: str
    retrieval: Retrieval
    lines: tuple[Line, ...]

    def sure(self) -> float:
        """How certainly the nearest line answers."""
        return certainty(self.lines, self.retrieval.hits)


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
        self._issues: tuple[str, ...] = ()
        self._left: tuple[str, ...] = ()  # documents that were not searched, or left out of an overview
        self._overview: Overview | None = None
        self._treated: _Found | None = None  # what was found in issues of a series that treat what is asked of them
        self._is_of_all = False  # issues of a series, whatever period the question names
        self._phrases = phrases or phrases_for(question)
        self._alone = background.alone(question)
        self._is_of_one = (
            bool(history) and len(history[-1].documents) == 1 and overview_questions.is_of_one(self._asked)
        )
        self._scope = Scope(history[-1].documents) if self._is_of_one and not scope.documents else scope
        self._beside = ""  # what is said beside the question, where it is answered without

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
            readings = self._readings() if self._history else (self.question,)
            with self._course.searching():
                self._take(self._follow_up(readings) if self._history else self._first())
            for answered in (self._calculate, self._quoted, self._written_or_refused):
                yield from answered()
                if self._answer is not None:
                    return
        except Cancelled:
            self._conclude("", (), self.hits, Finish.STOPPED)
        except GenerationError as exc:
            if not self.evidence or self._parts.judge.by_evidence(self.standalone, self.evidence, self.hits):
                raise  # nothing was found yet that may answer
            self._fall_back(str(exc))

    # Steps

    def _readings(self) -> tuple[str, ...]:
        """A follow-up as a question of its own, and after its subject where that may have failed."""
        if self._is_of_one:
            return (self._asked,)
        if whole := overview_questions.whole(self._asked, self._history[-1].question):
            return (whole,)
        with self._course.searching():
            self._glance()
        with self._course.turn(Stage.REWRITING):
            started = time.perf_counter()
            found = follow_ups.understood(self._asked, self._history, self._parts.generator, self.stop)
            self._course.spent(rewrite=time.perf_counter() - started)
        self._course.check()
        return found

    def _glance(self) -> None:
        """Finds a nearest line for whoever looks on, before the generator has said what a follow-up means."""
        settings, retriever = self._parts.settings, self._parts.retriever
        asked = retriever.corrected(follow_ups.at_once(self._asked, self._history))
        hits = retriever.glance(asked, minimum_score=settings.minimum_score, scope=self._scope)
        self.hits, self.evidence = hits, tuple(retriever.evidence(asked, hits))  # of more, lines take seconds
        self._look()

    @property
    def _asked(self) -> str:
        """The question without what is said beside it: only that may lean on what was asked before."""
        return self._alone.question if self._alone else self.question

    def _first(self) -> _Found:
        """What is found for a question that follows none; where it alone asks for an overview, for that."""
        whole = self._found(self.question)
        if self._alone and not whole.retrieval.overview and overview_questions.subject(self._asked) is not None:
            alone = self._found(self._asked)
            return alone if alone.retrieval.overview else whole
        return whole

    def _follow_up(self, readings: Sequence[str]) -> _Found:
        """What is found for the reading of a follow-up that is answered most surely."""
        asked, history = self._asked, self._history
        first, *others = map(self._found, readings)
        fitting = (one for one in others if one.lines and follow_ups.belongs(asked, history, one.lines[0]))
        best = max(fitting, default=first, key=_Found.sure)
        if first.retrieval.overview or best.sure() <= first.sure() + follow_ups.surer_by(asked):
            best = first
        if self._alone is None or best.retrieval.overview:
            return best
        if best is first and terms(readings[0]) == terms(asked):  # it does not lean on what was asked before
            return self._found(self.question)
        self._beside = self._alone.beside
        return best

    def _take(self, found: _Found) -> None:
        self._reading = None
        retrieval = found.retrieval
        self.standalone, self.hits, self.evidence = found.reading, retrieval.hits, found.lines
        self._dropped, self._issues, self._left = retrieval.below, retrieval.issues, retrieval.left
        self._overview = retrieval.overview
        self._treated = found if retrieval.matter else None
        self._look()

    def _look(self) -> None:
        """Shows the nearest line: at once with its hits, as other threads read them."""
        self.nearest = (self.evidence[0], self.hits) if self.evidence else None

    def _search_all(self) -> None:
        """Searches all issues of a series alike: what was found in those that the question asks for is no answer."""
        with self._course.searching():
            self._take(self._found(self.standalone, every_issue=True))
            self._left, self._is_of_all = (), True  # there is nothing more to search

    def _calculate(self) -> Iterator[str]:
        """Answers from the cells of a table what asks for that; otherwise does nothing."""
        if self._overview and not table_questions.asked(self.standalone):
            return
        generator, started, waited = self._parts.generator, time.perf_counter(), self._course.timings.wait
        folder = self._parts.settings.library_folder
        found = self._found(self.standalone, every_issue=True) if self._overview else None  # not what stands for all
        hits, below = (found.retrieval.hits, found.retrieval.below) if found else (self.hits, self._dropped)
        lines = found.lines if found else self.evidence
        with table_answers.begun(self.standalone, hits, lines, folder, below=below) as calculation:
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
            self._dropped = (*hits, *below)
            self.hits = (result.hit,)
            self._written = result.text
            yield result.text
            self._conclude(
                result.text, (Citation(1, result.hit, result.marks),), self.hits, Finish.COMPLETE, result.sql
            )

    def _quoted(self) -> Iterator[str]:
        """Answers by what documents say, word for word, where each of several is asked, or an overview of them."""
        if self._issues:
            yield from self._quote(self._each(self._told))
        elif self._overview:
            told = overviews.told(self._overview, self.evidence)
            yield from self._quote(quotations.of_sections(self.hits, told))

    def _written_or_refused(self) -> Iterator[str]:
        """Answers by the generator, from passages that may hold the answer, or not at all."""
        each = self._treated
        if self._issues or self._overview:
            self._search_all()
        why = self._refused()
        if why is not None and self._left:
            self._search_all()
            why = self._refused()
        why = self._refused_reworded(self._refused_alone(why))
        if why is None and (found := steps.steps(self.standalone, self.evidence)):
            yield from self._quote(quotations.of_steps(self.hits, found))
            return
        if why is None:
            self._narrow()
        if why is None and self.evidence:
            why = yield from self._generate()
            if why is None:
                return
            self._written = ""
        if each:
            with self._course.searching():
                near = self._nearest_in(each)
            if near is not None:
                self._take(near)
                yield from self._quote(self._each(self._nearest), f"{self._phrases.nearest}\n\n")
        if self._answer is None:
            yield from self._refuse(why or Finish.NOTHING_NEAR)

    def _found(self, reading: str, *, every_issue: bool = False, overview: bool = True) -> _Found:
        settings, retriever = self._parts.settings, self._parts.retriever
        reading = retriever.corrected(reading)
        found = retriever.retrieve(
            reading,
            k=settings.top_k,
            minimum_score=settings.minimum_score,
            scope=self._scope,
            every_issue=every_issue,
            overview=overview and not every_issue,
        )
        lines = retriever.evidence(found.topic, found.hits)
        return _Found(reading, found, tuple(line for line in lines if not found.part or found.part.heads(line.heading)))

    def _refused(self) -> Finish | None:
        """How the answer ends before anything is written, if it does."""
        why, reading = self._judged(self.standalone, self.evidence, self.hits)
        if reading:
            self._reading, self.evidence = reading, reading.lines
            self._look()
        return why

    def _refused_alone(self, whole: Finish | None) -> Finish | None:
        """The same after the question was read without what is said beside it, too.

        That reading counts where it is answered and the question as it is is not, or less likely. A name that is said
        beside the question may say which line is meant.

        Args:
            whole: how the answer ends to the question as it is.
        """
        if self._alone is None or self._beside or self.standalone == self._asked:
            return whole
        with self._course.searching():
            found = self._found(self._asked, every_issue=self._is_of_all, overview=False)
        why, reading = self._judged(found.reading, found.lines, found.retrieval.hits)
        lines = reading.lines if reading else found.lines
        if (
            why is not None
            or not lines
            or (self.evidence and self._alone.loses_name(_said(self.evidence[0]), _said(lines[0])))
        ):
            return whole
        likely = self._reading.likely if self._reading else 1.0
        if whole is None and (reading is None or reading.likely <= likely):
            return whole
        self._take(found)
        self._reading, self.evidence, self._beside = reading, lines, self._alone.beside
        self._look()
        return None

    def _refused_reworded(self, why: Finish | None) -> Finish | None:
        """The same after words that no passage has were put into the words of the documents.

        Args:
            why: how the answer ends without; so it does, too, where the generator breaks off here.
        """
        scorer = self._parts.generator
        if why is None or not isinstance(scorer, Scorer):
            return why
        is_alone = self._alone is not None and not self._beside
        asked = self._asked if is_alone else self.standalone
        readings = rewording.reworded(asked, self.hits, self.evidence, self._parts.retriever.likeness, scorer)
        with contextlib.suppress(GenerationError):
            while one := self._next(readings):
                with self._course.searching():
                    found = self._found(one, every_issue=self._is_of_all, overview=False)
                still, reading = self._judged(found.reading, found.lines, found.retrieval.hits)
                if still is None and found.lines:
                    self._take(found)
                    self._reading, self.evidence = reading, reading.lines if reading else found.lines
                    self._beside = self._alone.beside if self._alone and is_alone else self._beside
                    self._look()
                    return None
        return why

    def _next(self, readings: Iterator[str]) -> str | None:
        """One more reading of the question, for which the generator compares words."""
        with self._course.turn(Stage.READING):
            started = time.perf_counter()
            one = next(readings, None)
            self._course.spent(judge=time.perf_counter() - started)
        self._course.check()
        return one

    def _judged(
        self, question: str, lines: Sequence[Line], hits: Sequence[Hit]
    ) -> tuple[Finish | None, Reading | None]:
        """Why these lines are no answer, if they are none, and what the generator makes of them."""
        judge = self._parts.judge
        if judge.by_evidence(question, lines, hits):
            return Finish.NOTHING_NEAR, None
        if not judge.reads:
            return None, None
        with self._course.turn(Stage.READING):
            started = time.perf_counter()
            reading = judge.read(question, lines, hits)
            self._course.spent(judge=time.perf_counter() - started)
        self._course.check()
        return Finish.NO_ANSWER if judge.by_reading(reading) else None, reading

    def _each(self, tell: Callable[[Sequence[Line]], Sequence[Line]]) -> Iterator[tuple[str, Citation]]:
        """What each of several documents says: generators mix up what several say.

        Args:
            tell: the lines that are quoted of those of a document.
        """
        number = 0
        for own in series.by_issue(self._issues, self.hits, self.evidence).values():
            if told := tell(own):
                number += 1
                yield quotations.of_document(number, self.hits[told[0].number - 1], told)

    def _quote(self, items: Iterator[tuple[str, Citation]], before_all: str = "") -> Iterator[str]:
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
            if note := self._left_out({hit.chunk.document_id for hit in used}):
                self._written += note
                yield note
            self._dropped = (*(hit for hit in self.hits if hit not in used), *self._dropped)
            self.hits = used
            finish = Finish.STOPPED if self.stop.is_set() else Finish.COMPLETE
            self._conclude(self._written.rstrip(), tuple(cited.values()), used, finish)

    def _left_out(self, told: Collection[str]) -> str:
        """Which of the documents that an overview is asked of are not told."""
        more = [*(one for one in self._issues if one not in told), *self._left]
        if self._overview is not Overview.DOCUMENTS or not more or self.stop.is_set():
            return ""
        return f"\n{quotations.of_names(self._parts.retriever.names(more), self._phrases)}"

    def _told(self, own: Sequence[Line]) -> Sequence[Line]:
        """Which of the lines of a document are quoted, none where they are no answer."""
        if self._overview:
            return self._lead(self._overview, own)
        why, reading = self._judged(self.standalone, own, self.hits)
        lines = reading.lines if reading else own
        return () if why else quoted(list(filter(overviews.says, lines)) or lines)[0]

    def _nearest_in(self, each: _Found) -> _Found | None:
        """What is found in issues of a series by what is asked of them instead of how; None where they treat it not."""
        retriever = self._parts.retriever
        found = retriever.treating(each.retrieval, minimum_score=self._parts.settings.minimum_score)
        if found is None:
            return None
        lines = retriever.evidence(found.matter, found.hits)
        return replace(each, retrieval=found, lines=tuple(lines))

    def _nearest(self, own: Sequence[Line]) -> Sequence[Line]:
        """What a document says of the matter, though it may be no answer."""
        return self._lead(Overview.MATTER, own)

    def _lead(self, of: Overview, own: Sequence[Line]) -> Sequence[Line]:
        line = overviews.lead(of, own, best=self.evidence[0].score)
        return (line,) if line else ()

    def _narrow(self) -> None:
        """Keeps the passages that may bear the answer: those with the nearest lines, as many as fit a prompt."""
        told = background.told(self.standalone, self._beside)
        near, lines, far = narrow(self.hits, self.evidence, self._parts.settings.prompt_passages)
        used, over = prompt.fit(told, near, count_tokens=self._parts.generator.count_tokens, budget=self._budget())
        if over:
            _, lines, _ = narrow(near, [line for line in lines if near[line.number - 1] in used], len(used))
        self.evidence, self.hits = tuple(lines), tuple(used)
        self._look()
        self._dropped = (*over, *far, *self._dropped)

    def _generate(self) -> abc.Generator[str, None, Finish | None]:
        """Answers by what the generator writes; returns how the answer ends instead, where that is no answer."""
        settings = self._parts.settings
        with self._course.turn(Stage.READING):
            started = time.perf_counter()
            stream = self._parts.generator.stream(
                prompt.answer_messages(
                    background.told(self.standalone, self._beside),
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


def _said(line: Line) -> str:
    return f"{line.heading} {line.reading}"
