"""Several questions in one message, each answered by itself.

Asked together they are searched together: the passages for one leave no room for those of the other, and what is said
of one is taken for an answer to both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace

from rag import citations, compound, prompt
from rag.evidence import Line
from rag.reply import Progress, Reply
from rag.types import Answer, Citation, Finish, Hit, Timings

_SIGNS = re.compile(r"([\\*_`~<>#|$\[\]])")  # of Markdown


class SeveralReplies:
    """The answers to several questions under each other, as one reply; see `Reply`."""

    def __init__(self, question: str, replies: Sequence[Reply]) -> None:
        self.question = question
        self._replies = replies
        self._place = 0
        self._answer: Answer | None = None

    @property
    def standalone(self) -> str:
        """The questions as they were understood."""
        return _understood(self.question, [(reply.question, reply.standalone) for reply in self._replies])

    @property
    def progress(self) -> Progress:
        """Of the one in work."""
        return self._now.progress

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What was found for the one in work; the passages of all when they are done."""
        return self._answer.used if self._answer else self._now.hits

    @property
    def evidence(self) -> Sequence[Line]:
        """Lines of what was found for the one in work, nearest first."""
        return self._now.evidence

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
        place = self._place  # once: the thread that answers goes on
        now, done = self._replies[place], _joined(self.question, [reply.answer for reply in self._replies[:place]])
        if not now.text:
            return done.text
        later = citations.renumbered(now.text, {n: n + len(done.citations) for n in range(1, len(now.hits) + 1)})
        return "\n\n".join(part for part in (done.text, _bold(now.question), later) if part)

    def __iter__(self) -> Iterator[str]:
        for place, reply in enumerate(self._replies):
            self._place = place
            yield f"{_bold(reply.question)}\n\n"
            yield from reply
            yield "\n\n"
            if reply.stop.is_set():
                break
        answers = [reply.answer for reply in self._replies[: self._place + 1]]
        joined = _joined(self.question, answers)
        if joined.finish.is_refusal:
            joined = replace(joined, text=prompt.REFUSAL)
        if len(answers) < len(self._replies):
            joined = replace(joined, finish=Finish.STOPPED)
        self._answer = joined

    @property
    def _now(self) -> Reply:
        return self._replies[self._place]


def questions_of(answer: Answer) -> tuple[str, ...]:
    """What an answer is to, as it was understood: several questions, or one."""
    several = compound.questions(answer.question) and compound.questions(answer.standalone)
    return several or (answer.standalone,)


def _joined(question: str, answers: Sequence[Answer]) -> Answer:
    """One answer of several, each under its question."""
    used: dict[str, Hit] = {}
    for answer in answers:
        for hit in answer.used:
            used.setdefault(hit.chunk.id, hit)
    places = {chunk: number for number, chunk in enumerate(used, 1)}
    parts: list[str] = []
    cited: dict[int, Citation] = {}
    for answer in answers:
        numbers = {number: places[hit.chunk.id] for number, hit in enumerate(answer.used, 1)}
        parts += [_bold(answer.question), citations.renumbered(answer.text, numbers)] if answer.text else []
        for citation in answer.citations:
            number = numbers[citation.number]
            before = cited.get(number, citation)
            marks = sorted({*before.marks, *citation.marks}, key=lambda mark: mark.start)
            cited[number] = replace(before, number=number, marks=tuple(marks))
    text, order = citations.in_reading_order("\n\n".join(parts), len(used))
    hits = list(used.values())
    dropped = {hit.chunk.id: hit for answer in answers for hit in answer.dropped if hit.chunk.id not in places}
    return Answer(
        question=question,
        standalone=_understood(question, [(answer.question, answer.standalone) for answer in answers]),
        text=text,
        citations=tuple(replace(cited[old], number=new) for new, old in enumerate(order, 1) if old in cited),
        used=tuple(hits[old - 1] for old in order),
        dropped=tuple(dropped.values()),
        finish=_finish([answer.finish for answer in answers]),
        timings=_timings([answer.timings for answer in answers]),
        sql=";\n".join(answer.sql for answer in answers if answer.sql),
    )


def _understood(question: str, parts: Sequence[tuple[str, str]]) -> str:
    """What all were understood as, where any was not as it was asked."""
    return " ".join(meant for _, meant in parts) if any(asked != meant for asked, meant in parts) else question


def _finish(finishes: Sequence[Finish]) -> Finish:
    """Stopped or cut where one is; answered where one is; else refused like the first."""
    first = [*finishes, Finish.STOPPED][0]
    ranked = (Finish.STOPPED, Finish.LENGTH, Finish.COMPLETE)
    return next((finish for finish in ranked if finish in finishes), first)


def _timings(parts: Sequence[Timings]) -> Timings:
    """Their sums; the first word is that of the first that was written."""
    sums = Timings(*map(sum, zip(*map(astuple, parts), strict=True)))
    return replace(sums, first_token=next((part.first_token for part in parts if part.first_token), 0.0))


def _bold(question: str) -> str:
    return "**" + _SIGNS.sub(r"\\\1", question) + "**"
