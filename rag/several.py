"""Several questions in one message, each answered by itself.

Asked together they are searched together: the passages for one leave no room for those of the other, and what is said
of one is taken for an answer to both.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace

from rag import citations, prompt, quotations
from rag.evidence import Line
from rag.reply import Progress, Reply
from rag.types import Answer, Citation, Finish, Hit, Timings


class SeveralReplies:
    """The answers to several questions under each other, as one reply; see `Reply`."""

    def __init__(self, question: str, replies: Sequence[Reply]) -> None:
        self.question = question
        self.standalone = question
        self._replies = replies
        self._place = 0
        self._answer: Answer | None = None

    @property
    def stop(self) -> threading.Event:
        """Ends all of them."""
        return self._now.stop

    @property
    def progress(self) -> Progress:
        """Of the one in work, as all that follows."""
        return self._now.progress

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What was found for it."""
        return self._now.hits

    @property
    def evidence(self) -> tuple[Line, ...]:
        """Lines of that, nearest first."""
        return tuple(self._now.evidence)

    @property
    def read(self) -> tuple[Hit, ...]:
        """What the generator reads."""
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
        now, place = self._now, self._place
        done = _joined(self.question, [reply.answer for reply in self._replies[:place]])
        if not now.text:
            return done.text
        later = citations.renumbered(now.text, {n: n + len(done.citations) for n in range(1, len(now.hits) + 1)})
        return "\n\n".join(part for part in (done.text, _asked(now.question), later) if part)

    def __iter__(self) -> Iterator[str]:
        for place, reply in enumerate(self._replies):
            self._place = place
            yield f"{_asked(reply.question)}\n\n"
            yield from reply
            yield "\n\n"
            if reply.stop.is_set():
                break
        self._answer = _joined(self.question, [reply.answer for reply in self._replies[: self._place + 1]])

    @property
    def _now(self) -> Reply:
        return self._replies[self._place]


def _joined(question: str, answers: Sequence[Answer]) -> Answer:
    """One answer of several, each under its question; the refusal alone where all are refused."""
    used = tuple({hit.chunk.id: hit for answer in answers for hit in answer.used}.values())
    places = {hit.chunk.id: number for number, hit in enumerate(used, 1)}
    parts: list[str] = []
    cited: dict[int, Citation] = {}
    for answer in answers:
        numbers = {number: places[hit.chunk.id] for number, hit in enumerate(answer.used, 1)}
        parts += [_asked(answer.question), citations.renumbered(answer.text, numbers)] if answer.text else []
        for citation in answer.citations:
            number = numbers[citation.number]
            before = cited[number].marks if number in cited else ()
            cited[number] = replace(citation, number=number, marks=(*before, *citation.marks))
    text, order = citations.in_reading_order("\n\n".join(parts), len(used))
    finish = _finish(answers)
    return Answer(
        question=question,
        standalone=question,
        text=prompt.REFUSAL if finish.is_refusal else text,
        citations=tuple(replace(cited[old], number=new) for new, old in enumerate(order, 1) if old in cited),
        used=tuple(used[old - 1] for old in order),
        dropped=tuple(
            {hit.chunk.id: hit for answer in answers for hit in answer.dropped if hit.chunk.id not in places}.values()
        ),
        finish=finish,
        timings=_timings([answer.timings for answer in answers]),
        sql=";\n".join(answer.sql for answer in answers if answer.sql),
    )


def _finish(answers: Sequence[Answer]) -> Finish:
    """Of the last where it broke off; else of the first that is an answer."""
    if answers and answers[-1].finish is Finish.STOPPED:
        return Finish.STOPPED
    finishes = [answer.finish for answer in answers]
    return next((finish for finish in finishes if not finish.is_refusal), finishes[0] if finishes else Finish.STOPPED)


def _timings(parts: Sequence[Timings]) -> Timings:
    """Their sums; the first word is that of the first that was written."""
    sums = Timings(*map(sum, zip(*map(astuple, parts), strict=True)))
    return replace(sums, first_token=next((part.first_token for part in parts if part.first_token), 0.0))


def _asked(question: str) -> str:
    return quotations.named(question)
