"""What is found for a wording of a question, and whether that answers it."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.answerability import Judge, Reading
from rag.course import Course, Stage
from rag.evidence import Line, certainty
from rag.generators import Generator
from rag.queue import TurnQueue
from rag.retriever import Retrieval, Retriever
from rag.settings import Settings
from rag.types import Finish, Hit, Scope


@dataclass(frozen=True)
class Parts:
    """What every reply works with."""

    retriever: Retriever
    generator: Generator
    settings: Settings
    queue: TurnQueue
    judge: Judge


@dataclass(frozen=True)
class Found:
    """What was found for one wording of the question: `lines` of its hits, both nearest first.

    Attributes:
        every_issue: the issues of a series were searched alike, whatever period the question names.
        beside: what is said beside the question, where the wording is without it.
    """

    wording: str
    retrieval: Retrieval
    lines: tuple[Line, ...]
    every_issue: bool = False
    beside: str = ""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The passages."""
        return self.retrieval.hits

    def sure(self) -> float:
        """How certainly the nearest line answers."""
        return certainty(self.lines, self.hits)


@dataclass(frozen=True)
class Judged:
    """What was found, and how the answer ends before anything is written, if it does (`why`).

    Attributes:
        reading: what the generator made of the lines; None where it did not look at them.
    """

    found: Found
    why: Finish | None
    reading: Reading | None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Those that may answer, nearest first."""
        return self.reading.lines if self.reading else self.found.lines


@dataclass(frozen=True)
class Finder:
    """Finds passages and their lines, and has the generator judge them; the seconds of both are counted in `course`."""

    parts: Parts
    scope: Scope
    course: Course

    def find(self, wording: str, *, every_issue: bool = False, overview: bool = True) -> Found:
        """What is found for a wording, once what is plainly misspelt is put right."""
        settings, retriever = self.parts.settings, self.parts.retriever
        with self.course.searching():
            wording = retriever.corrected(wording)
            found = retriever.retrieve(
                wording,
                k=settings.top_k,
                minimum_score=settings.minimum_score,
                scope=self.scope,
                every_issue=every_issue,
                overview=overview and not every_issue,
            )
            lines = retriever.evidence(found.topic, found.hits)
        own = (line for line in lines if not found.part or found.part.heads(line.heading))
        return Found(wording, found, tuple(own), every_issue)

    def glance(self, wording: str) -> tuple[tuple[Hit, ...], tuple[Line, ...]]:
        """The best passage with its lines, at once: of more passages, lines take seconds."""
        retriever = self.parts.retriever
        with self.course.searching():
            wording = retriever.corrected(wording)
            hits = retriever.glance(wording, minimum_score=self.parts.settings.minimum_score, scope=self.scope)
            return hits, tuple(retriever.evidence(wording, hits))

    def treating(self, each: Found) -> Found | None:
        """What is found in issues of a series by what is asked of them instead of how; None where they treat it not."""
        retriever = self.parts.retriever
        with self.course.searching():
            found = retriever.treating(each.retrieval, minimum_score=self.parts.settings.minimum_score)
            if found is None:
                return None
            return replace(each, retrieval=found, lines=tuple(retriever.evidence(found.matter, found.hits)))

    def judge(self, found: Found) -> Judged:
        """Whether its lines answer."""
        return Judged(found, *self.judge_lines(found.wording, found.lines, found.hits))

    def judge_lines(
        self, question: str, lines: Sequence[Line], hits: Sequence[Hit]
    ) -> tuple[Finish | None, Reading | None]:
        """Why these lines are no answer, if they are none, and what the generator makes of them."""
        judge = self.parts.judge
        if judge.by_evidence(question, lines, hits):
            return Finish.NOTHING_NEAR, None
        if not judge.reads:
            return None, None
        with self.judging():
            reading = judge.read(question, lines, hits)
        return Finish.NO_ANSWER if judge.by_reading(reading) else None, reading

    @contextlib.contextmanager
    def judging(self) -> Iterator[None]:
        """Holds the generator for what is counted as time to judge.

        Raises:
            Cancelled: somebody stopped the answer.
        """
        with self.course.turn(Stage.READING):
            started = time.perf_counter()
            yield
            self.course.spent(judge=time.perf_counter() - started)
        self.course.check()
