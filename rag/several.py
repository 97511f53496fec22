"""Several questions in one message, each answered by itself.

Asked together they are searched together: the passages for one leave no room for those of the other, and what is said
of one is taken for an answer to both.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, replace

from rag import citations
from rag.compound import OneQuestion
from rag.course import Progress
from rag.errors import GenerationError
from rag.evidence import Line
from rag.phrases import phrases_for
from rag.reply import Reply
from rag.types import Answer, Citation, Finish, Hit, Timings, Turn

_SIGNS = re.compile(r"([\\*_`~<>#|$\[\]])")  # of Markdown


class SeveralReplies:
    """The answers to several questions under each other, as one reply; see `Reply`."""

    def __init__(
        self, question: str, parts: Sequence[OneQuestion], begin: Callable[[str, Sequence[Turn]], Reply]
    ) -> None:
        """`begin` makes the reply to a question after others."""
        self.question = question
        self._parts = parts
        self._begin = begin
        self._replies = [begin(parts[0].asked, ())]  # of those begun; all but the last are done
        self._answer: Answer | None = None

    @property
    def standalone(self) -> str:
        """The questions as they were understood."""
        return self._understood(self._replies)

    @property
    def progress(self) -> Progress:
        """Of the one in work."""
        return self._now.progress

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What was found for the one in work; the passages of all when they are done."""
        return self._answer.used if self._answer else self._now.hits

    @property
    def nearest(self) -> tuple[Line, Sequence[Hit]] | None:
        """Of the one in work."""
        return self._now.nearest

    @property
    def read(self) -> tuple[Hit, ...]:
        """What the generator reads for the one in work."""
        return self._now.read

    @property
    def answer(self) -> Answer:
        """The finished answer to all; only after the last piece."""
        if self._answer is None:
            raise RuntimeError("Iterate the reply to its end first.")
        return self._answer

    @property
    def text(self) -> str:
        """What has been written so far, its passages numbered as they are met."""
        if self._answer is not None:
            return self._answer.text
        *before, now = self._replies  # once: the thread that answers goes on
        done = self._joined(before)
        if not now.text:
            return done.text
        later = citations.renumbered(now.text, {n: n + len(done.citations) for n in range(1, len(now.hits) + 1)})
        return "\n\n".join(part for part in (done.text, self._heading(len(before)), later) if part)

    def __iter__(self) -> Iterator[str]:
        failure = ""
        for place, part in enumerate(self._parts):
            if place:
                self._replies.append(self._begin(part.asked, self._turns() if part.leans else ()))
            yield f"{self._heading(place)}\n\n"
            try:
                yield from self._now
            except GenerationError as exc:
                if not place:
                    raise
                failure = str(exc)
                break
            yield "\n\n"
            if self._now.stop.is_set():
                break
        if failure:  # what was answered before stays
            self._replies.pop()
        joined = self._joined(self._replies)
        if joined.finish.is_refusal:
            joined = replace(joined, text=phrases_for(self.question).refusal)
        if failure:
            joined = replace(joined, finish=Finish.BROKEN, failure=failure)
        elif len(self._replies) < len(self._parts):
            joined = replace(joined, finish=Finish.STOPPED)
        self._answer = joined

    @property
    def _now(self) -> Reply:
        return self._replies[-1]

    def _turns(self) -> list[Turn]:
        """Those that are done, as what was asked before."""
        return [
            Turn.of(reply.standalone if part.leans else part.asked, reply.answer)
            for part, reply in zip(self._parts, self._replies, strict=False)
        ]

    def _heading(self, place: int) -> str:
        return "**" + _SIGNS.sub(r"\\\1", self._parts[place].question) + "**"

    def _understood(self, replies: Sequence[Reply]) -> str:
        """What the questions are understood as, without what was told before; those not begun as they are asked."""
        meant = [part.question for part in self._parts]
        for place, (part, reply) in enumerate(zip(self._parts, replies, strict=False)):
            if reply.standalone != part.asked:
                meant[place] = reply.standalone.removeprefix(part.asked.removesuffix(part.question))
        return " ".join(meant) if meant != [part.question for part in self._parts] else self.question

    def _joined(self, replies: Sequence[Reply]) -> Answer:
        """One answer of several, each under its question."""
        answers = [reply.answer for reply in replies]
        used: dict[str, Hit] = {}
        for answer in answers:
            for hit in answer.used:
                used.setdefault(hit.chunk.id, hit)
        places = {chunk: number for number, chunk in enumerate(used, 1)}
        parts: list[str] = []
        cited: dict[int, Citation] = {}
        for place, answer in enumerate(answers):
            numbers = {number: places[hit.chunk.id] for number, hit in enumerate(answer.used, 1)}
            parts += [self._heading(place), citations.renumbered(answer.text, numbers)] if answer.text else []
            for citation in answer.citations:
                number = numbers[citation.number]
                before = cited.get(number, citation)
                marks = sorted({*before.marks, *citation.marks}, key=lambda mark: mark.start)
                cited[number] = replace(before, number=number, marks=tuple(marks))
        text, order = citations.in_reading_order("\n\n".join(parts), len(used))
        hits = list(used.values())
        dropped = {hit.chunk.id: hit for answer in answers for hit in answer.dropped if hit.chunk.id not in places}
        return Answer(
            question=self.question,
            standalone=self._understood(replies),
            text=text,
            citations=tuple(replace(cited[old], number=new) for new, old in enumerate(order, 1) if old in cited),
            used=tuple(hits[old - 1] for old in order),
            dropped=tuple(dropped.values()),
            finish=_finish([answer.finish for answer in answers]),
            timings=_timings([answer.timings for answer in answers]),
            sql=";\n".join(answer.sql for answer in answers if answer.sql),
            parts=tuple(reply.standalone for reply in replies),
            failure=next((answer.failure for answer in answers if answer.failure), ""),
        )


def _finish(finishes: Sequence[Finish]) -> Finish:
    """Stopped, cut or broken off where one is; answered where one is; else refused like the first."""
    first = [*finishes, Finish.STOPPED][0]
    ranked = (Finish.STOPPED, Finish.LENGTH, Finish.BROKEN, Finish.COMPLETE)
    return next((finish for finish in ranked if finish in finishes), first)


def _timings(parts: Sequence[Timings]) -> Timings:
    """Their sums; the first word is that of the first that was written."""
    sums = Timings(*map(sum, zip(*map(astuple, parts), strict=True)))
    return replace(sums, first_token=next((part.first_token for part in parts if part.first_token), 0.0))
