"""Asks every question and measures what came back. Records are written as they come, so that a cut run goes on."""

import json
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import citations
from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.evaluation import measures
from rag.evaluation.measures import Estimate
from rag.evaluation.questions import Question
from rag.evaluation.refusals import RefusalTest
from rag.models import find_row
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Hit

Record = dict[str, Any]  # one line of the results: JSON only
OnQuestion = Callable[[int, int], None]  # done, total

_DEPTH = 50  # places kept of each stage


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

    def write(self, file: Path) -> None:
        """As JSON, for `read_report`."""
        estimates = {name: asdict(value) for name, value in self.estimates.items()}
        values = {"run": self.run, "estimates": estimates, "records": self.records}
        file.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")


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
    return {
        "settings": {name: str(value) for name, value in asdict(settings).items() if name not in ("home", "library")},
        "models": {name: _hashes(name) for name in (settings.embedding_model, settings.generator_model)},
        "questions": len(questions),
        "commit": _commit(),
        "machine": f"{platform.machine()}, {platform.platform()}, Python {platform.python_version()}",
        "when": time.strftime("%Y-%m-%d %H:%M"),
        **more,
    }


def evaluate(
    questions: Sequence[Question],
    retriever: Retriever,
    assistant: Assistant | None,
    *,
    refusals: RefusalTest | None = None,
    stages: Sequence[str],
    partial: Path,
    on_question: OnQuestion,
) -> tuple[Record, ...]:
    """Records of all questions; those that stand in `partial` already are not asked again.

    Args:
        assistant: answers too; None: passages are searched only.
        refusals: measures too which questions are refused; None: not.
        stages: of `Stages`, whose rankings are measured.
        partial: JSON lines that grow by one for each question.
    """
    known = {record["id"]: record for record in _read_partial(partial)}
    with partial.open("a", encoding="utf-8") as lines:
        for number, question in enumerate(questions, 1):
            if question.id not in known:
                known[question.id] = _ask(question, retriever, assistant, stages)
                known[question.id]["measures"] |= refusals.measure(question) if refusals else {}
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


def _ask(question: Question, retriever: Retriever, assistant: Assistant | None, stages: Sequence[str]) -> Record:
    record: Record = {"id": question.id, "question": question.text, "measures": {}}
    if question.relevant and not question.history:
        found = retriever.stages(question.text, count=_DEPTH)
        record["found"] = {name: _places(question, getattr(found, name)) for name in stages}
        record["measures"] |= _ranking(question, record["found"])
        record["measures"] |= {f"{name} ms": 1_000 * seconds for name, seconds in found.seconds.items()}
    if assistant is not None:
        answer = assistant.answer(question.text, history=question.history)
        record |= {"answer": answer.text, "finish": answer.finish.value, "understood": answer.standalone}
        record["cited"] = [question.place(citation.hit.chunk) for citation in answer.citations]
        record["measures"] |= _answer_measures(question, answer)
    return record


def _places(question: Question, hits: Sequence[Hit]) -> list[str]:
    """Places in order; one that is found by several chunks counts once, at its best."""
    return list(dict.fromkeys(question.place(hit.chunk) for hit in hits))[:_DEPTH]


def _ranking(question: Question, found: Mapping[str, Sequence[str]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for stage, places in found.items():
        measured = measures.ranking_measures({question.id: question.relevant}, {question.id: places})
        values |= {f"{stage} {name}": value for name, value in measured[question.id].items()}
    return values


def _answer_measures(question: Question, answer: Answer) -> dict[str, float]:
    refused = float(answer.finish.is_refusal)
    timings = answer.timings
    values = {
        "invented citations": float(_invented(answer)),
        "seconds to find": timings.retrieve,
        "seconds in all": timings.total,
    }
    if not refused:
        values["seconds to first token"] = timings.first_token
    if not question.answerable:
        return values | {"right refusal": refused}
    values["false refusal"] = refused
    places = [question.place(citation.hit.chunk) for citation in answer.citations]
    if question.answers:
        text = citations.strip(answer.text)
        values |= {
            "exact match": measures.exact_match(text, question.answers),
            "token F1": measures.token_f1(text, question.answers),
            "contains answer": measures.contains(text, question.answers),
        }
    if question.relevant:
        values["right passage cited"] = float(any(place in question.relevant for place in places))
    if places and (question.answers or question.relevant):
        values["citation precision"] = _share(
            place in question.relevant or bool(measures.contains(citation.hit.chunk.text, question.answers))
            for place, citation in zip(places, answer.citations, strict=True)
        )
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
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return records


def _hashes(name: str) -> dict[str, str]:
    """sha256 of the files that the table of models names; empty for models of the user."""
    row = find_row(name)
    return {} if row is None else {file.path: file.sha256 for file in row.files}


def _commit() -> str:
    ran = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "unknown"
