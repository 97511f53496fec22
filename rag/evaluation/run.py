"""Asks every question and measures what came back. Records are written as they come, so that a cut run goes on."""

import json
import os
import platform
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import citations
from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.evaluation import measures
from rag.evaluation.measures import Estimate
from rag.evaluation.questions import Question, held_out
from rag.evaluation.refusals import RefusalTest
from rag.models import file_hashes
from rag.queue import Cancelled
from rag.retriever import Retriever
from rag.settings import Settings
from rag.support import Verdict
from rag.types import Answer, Hit

Record = dict[str, Any]  # one line of the results: JSON only
OnQuestion = Callable[[int, int], None]  # done, total

_DEPTH = 50  # places kept of each stage
CROSS_ENCODER = "cross_encoder"  # the stage that orders what both found, where the settings name one
AS_RUN = "as run"  # the stage whose passages an answer is made of: repeats folded, top_k and minimum_score applied
RERANKED = "reranked"  # those that an answer was written from, the nearest line first; all that were found if refused


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        assistant: answers too; None: passages are searched only.
        refusals: measures too which questions are refused; None: not.
    """

    retriever: Retriever
    settings: Settings
    assistant: Assistant | None = None
    refusals: RefusalTest | None = None

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages whose rankings are measured."""
        searched = ("dense", "lexical", "fused") if self.settings.word_weight else ("dense", "fused")
        return (*searched, CROSS_ENCODER) if self.retriever.reranks else searched


@dataclass(frozen=True)
class Report:
    """What a run measured.

    Attributes:
        run: settings, models, questions and machine, enough to run it again.
        estimates: by measure: "fused nDCG@10", "contains answer", …
        records: one for each question, in their order.
    """

    run: Mapping[str, Any]
    estimates: Mapping[str, Estimate]
    records: tuple[Record, ...]

    def held_out(self) -> dict[str, Estimate]:
        """The estimates over the half of the questions on which no default was chosen."""
        return summarise([record for record in self.records if held_out(record["id"])], int(self.run.get("seed", 0)))

    def write(self, file: Path) -> None:
        """As JSON, for `read_report`."""
        estimates = {name: asdict(value) for name, value in self.estimates.items()}
        values = {"run": self.run, "estimates": estimates, "records": self.records}
        half = file.with_name(f"{file.name}.part")
        half.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(half, file)


def read_report(file: Path) -> Report:
    """A report that `Report.write` wrote.

    Raises:
        FootnoteError: the file is none.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        estimates = {name: Estimate(**value) for name, value in values["estimates"].items()}
        return Report(values["run"], estimates, tuple(values["records"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise FootnoteError(f"{file} is no report of `python -m rag evaluate`: {exc}.") from exc


def describe(settings: Settings, questions: Sequence[Question], **more: object) -> dict[str, Any]:
    """What the run depends on: settings, weights, questions; and where it ran."""
    from rag.build import bits_of_generator  # torch takes seconds

    return {
        "settings": {name: str(value) for name, value in asdict(settings).items() if name not in ("home", "library")},
        "models": {name: file_hashes(name, settings) for name in settings.models},
        "generator bits": bits_of_generator(settings),
        "questions": len(questions),
        "commit": _commit(),
        "machine": f"{platform.machine()}, {platform.platform()}, Python {platform.python_version()}",
        "when": time.strftime("%Y-%m-%d %H:%M"),
        **more,
    }


def measure(
    questions: Sequence[Question],
    subject: Subject,
    *,
    run: Mapping[str, Any],
    partial: Callable[[Mapping[str, Any]], Path],
    on_question: OnQuestion,
    stop: threading.Event | None = None,
) -> Report:
    """A whole run: as `evaluate`, with its estimates.

    Args:
        run: of `describe`.
        partial: where the records of this run are kept meanwhile.
    """
    records = evaluate(questions, subject, partial=partial(run), on_question=on_question, stop=stop)
    return Report(run, summarise(records, int(run.get("seed", 0))), records)


def evaluate(
    questions: Sequence[Question],
    subject: Subject,
    *,
    partial: Path,
    on_question: OnQuestion,
    stop: threading.Event | None = None,
) -> tuple[Record, ...]:
    """Records of all questions; those that stand in `partial` already are not asked again.

    Args:
        partial: JSON lines that grow by one for each question.
        on_question: told first how many are there already.

    Raises:
        Cancelled: `stop` was set; `partial` holds what was measured before.
    """
    stop = stop or threading.Event()
    known = {record["id"]: record for record in _read_partial(partial)}
    left = [question for question in questions if question.id not in known]
    on_question(len(questions) - len(left), len(questions))
    with partial.open("a", encoding="utf-8") as lines:
        for number, question in enumerate(left, len(questions) - len(left) + 1):
            known[question.id] = _ask(question, subject, stop)
            lines.write(json.dumps(known[question.id], ensure_ascii=False) + "\n")
            lines.flush()
            on_question(number, len(questions))
    return tuple(known[question.id] for question in questions)


def summarise(records: Sequence[Record], seed: int = 0) -> dict[str, Estimate]:
    """The mean of every measure over the questions that have it."""
    names = dict.fromkeys(name for record in records for name in record["measures"])
    return {
        name: measures.estimate([r["measures"][name] for r in records if name in r["measures"]], seed) for name in names
    }


def _ask(question: Question, subject: Subject, stop: threading.Event) -> Record:
    record: Record = {
        "id": question.id,
        "question": question.text,
        "accepted": list(question.answers),
        "expected": list(question.relevant),
        "evidence": list(question.evidence),
        "answerable": question.answerable,
        "measures": {},
    }
    if not question.history:
        record["measures"] |= _search(question, question.text, subject, record)
    if stop.is_set():
        raise Cancelled
    if subject.refusals is not None:
        record["measures"] |= subject.refusals.measure(question)
    if subject.assistant is not None:
        reply = subject.assistant.ask(question.text, history=question.history, stop=stop)
        for _ in reply:
            pass
        if stop.is_set():
            raise Cancelled
        answer = reply.answer
        record |= {"answer": answer.text, "finish": answer.finish.value, "understood": answer.standalone}
        record["read"] = _places(question, answer.used)
        record["cited"] = [question.place(citation.hit.chunk) for citation in answer.citations]
        record["measures"] |= _answer_measures(question, answer)
        if question.history:
            found = _search(question, answer.standalone, subject, record)
            record["measures"] |= {f"follow-up {name}": value for name, value in found.items()}
        if question.relevant:
            record["found"][RERANKED] = _places(question, reply.hits)
            record["measures"] |= _ranking(question, {RERANKED: record["found"][RERANKED]})
    return record


def _search(question: Question, text: str, subject: Subject, record: Record) -> dict[str, float]:
    """Measures of every stage for a question that stands alone; what was found is noted in the record."""
    if not question.relevant:
        return {}
    retriever, settings = subject.retriever, subject.settings
    asked = retriever.corrected(text)
    found = retriever.stages(asked, count=_DEPTH)
    as_run = retriever.retrieve(asked, k=settings.top_k, minimum_score=settings.minimum_score, overview=True).hits
    record["found"] = {name: _places(question, getattr(found, name)) for name in subject.stages}
    record["found"][AS_RUN] = _places(question, as_run)
    times = {f"{name} ms": 1_000 * seconds for name, seconds in found.seconds.items()}
    return {**_ranking(question, record["found"]), **times}


def _places(question: Question, hits: Sequence[Hit]) -> list[str]:
    """Places in order; one that is found by several chunks counts once, at its best, a repeat after what it repeats."""
    places = (question.place(chunk) for hit in hits for chunk in (hit.chunk, *hit.copies))
    return list(dict.fromkeys(places))[:_DEPTH]


def _ranking(question: Question, found: Mapping[str, Sequence[str]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for stage, places in found.items():
        measured = measures.ranking_measures({question.id: question.relevant}, {question.id: places})
        values |= {f"{stage} {name}": value for name, value in measured[question.id].items()}
    return values


def _answer_measures(question: Question, answer: Answer) -> dict[str, float]:
    refused = float(answer.finish.is_refusal)
    values = {"invented citations": float(_invented(answer)), **_seconds(answer)}
    if not refused:
        said = Counter(verdict for _, verdict in citations.verdicts(answer.text))
        values["sentences in doubt"] = float(said[Verdict.WEAK] + said[Verdict.UNSUPPORTED])
        values["sentences borne by nothing"] = float(said[Verdict.UNSUPPORTED])
    if not question.answerable:
        return values | {"right refusal": refused}
    values["false refusal"] = refused
    if question.answers:
        text = citations.strip(answer.text)
        values |= {
            "exact match": measures.exact_match(text, question.answers),
            "token F1": measures.token_f1(text, question.answers),
            "contains answer": measures.contains(text, question.answers),
        }
    return values | citation_measures(question, answer)


def _seconds(answer: Answer) -> dict[str, float]:
    timings = answer.timings
    values = {"seconds to find": timings.retrieve, "seconds in all": timings.total}
    if timings.rewrite:
        values["seconds to understand"] = timings.rewrite
    if timings.judge:
        values["seconds to judge"] = timings.judge
    if timings.generate:
        values |= {"seconds to first token": timings.first_token, "seconds to write": timings.generate}
    return values


def citation_measures(question: Question, answer: Answer) -> dict[str, float]:
    """Precision: which of the cited passages hold the answer. Recall: which of those that hold it are cited."""
    places = [question.place(citation.hit.chunk) for citation in answer.citations]
    values = {}
    if question.relevant:
        values["right passage cited"] = float(any(place in question.relevant for place in places))
    if answer.finish.is_refusal or not (question.answers or question.relevant):
        return values
    holds = [
        place in question.relevant or bool(measures.contains(citation.hit.chunk.text, question.answers))
        for place, citation in zip(places, answer.citations, strict=True)
    ]
    if holds:
        values["citation precision"] = _share(holds)
    missed = [place for place in question.relevant if place not in places]
    values["citation recall"] = 1 - len(missed) / len(question.relevant) if question.relevant else float(any(holds))
    return values


def _invented(answer: Answer) -> int:
    """Numbers in the text that belong to no citation."""
    return len(citations.numbers(answer.text) - {citation.number for citation in answer.citations})


def _share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / len(values)


def _read_partial(file: Path) -> list[Record]:
    """Whole lines; the last may have been cut."""
    records = []
    if file.is_file():
        for line in file.read_text(encoding="utf-8").split("\n"):
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return records


def _commit() -> str:
    """Of the code that ran; with "-dirty" where files differ from it."""
    ran = subprocess.run(
        ["git", "describe", "--always", "--exclude=*", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip() or "unknown"
