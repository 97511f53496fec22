"""What is kept of evaluations: sets of questions, runs that are not done, reports. Everything lies in one folder."""

import contextlib
import hashlib
import itertools
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import FootnoteError
from rag.evaluation.questions import read_questions
from rag.evaluation.run import Report, read_report
from rag.settings import Settings

_NAME = 80  # characters of the name of a set
_VARIES = ("when", "machine")  # what a run that goes on may have another of


@dataclass(frozen=True)
class Task:
    """What a run asks of what; enough to go on with it after a restart.

    Attributes:
        questions: path of the set.
        corpus: path of JSON lines or of a folder of documents; "" where a collection of the library is asked.
        collection: the one that is asked, "" where `corpus` is.
        sample: questions asked, None for all.
        refusals: whether it measures which questions are refused, also with their passages taken away.
    """

    id: str
    questions: str
    corpus: str
    collection: str
    answers: bool
    sample: int | None
    seed: int
    refusals: bool = False


class Runs:
    """What is kept in a folder. Two processes may use it at once: every file is written whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder  # corpora are embedded here, and runs that were cut lie here
        self._reports = self.folder / "reports"
        self._tasks = self.folder / "tasks"
        self._questions = self.folder / "questions"

    @classmethod
    def of_home(cls, settings: Settings) -> "Runs":
        """Those of the user."""
        return cls(settings.home / "evaluation")

    # Sets of questions

    def add_questions(self, name: str, text: str) -> Path:
        """Keeps a set of questions as JSON lines; one of the same name is replaced.

        Raises:
            FootnoteError: a line is no question; the message names it, and nothing is kept.
        """
        stem = re.sub(r"[^\w\- ]+", " ", name.removesuffix(".jsonl")).strip()[:_NAME] or "questions"
        file = self._questions / f"{stem}.jsonl"
        half = file.with_suffix(".part")
        self._questions.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        try:
            read_questions(half)
        except FootnoteError as exc:
            half.unlink()
            raise FootnoteError(str(exc).replace(str(half), name)) from exc
        os.replace(half, file)
        return file

    def question_sets(self) -> list[Path]:
        """The kept sets, by name."""
        return sorted(self._questions.glob("*.jsonl"))

    def remove_questions(self, file: Path) -> None:
        """Removes a kept set."""
        if file.parent == self._questions:
            file.unlink(missing_ok=True)

    # Runs in work

    def begin(self, task: Task) -> None:
        """Remembers a run until it is done or given up."""
        self._tasks.mkdir(parents=True, exist_ok=True)
        _write(self._tasks / f"{task.id}.json", asdict(task))

    def unfinished(self) -> list[Task]:
        """Runs that were begun and not done, the oldest first."""
        found = []
        for file in sorted(self._tasks.glob("*.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):  # of another version: nothing to go on with
                found.append(Task(**json.loads(file.read_text(encoding="utf-8"))))
        return found

    def end(self, task: Task) -> None:
        """Forgets a run that is done or given up."""
        (self._tasks / f"{task.id}.json").unlink(missing_ok=True)

    def partial(self, run: Mapping[str, Any]) -> Path:
        """Where the records of a run are kept until it is whole; another place for every other run."""
        depends = {name: value for name, value in run.items() if name not in _VARIES}
        name = hashlib.sha256(json.dumps(depends, sort_keys=True, default=str).encode()).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{name}.partial.jsonl"

    # Reports

    def keep(self, report: Report) -> Path:
        """Keeps a report, and lets go of the records of its run."""
        self._reports.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"\D+", "-", str(report.run["when"]))
        names = itertools.chain((stem,), (f"{stem}-{number}" for number in itertools.count(2)))
        file = next(file for name in names if not (file := self._reports / f"{name}.json").exists())
        report.write(file)
        self.partial(report.run).unlink(missing_ok=True)
        return file

    def reports(self) -> list[Path]:
        """The kept reports, newest first."""
        return sorted(self._reports.glob("*.json"), key=lambda file: (file.stat().st_mtime, file.name), reverse=True)

    def remove_report(self, file: Path) -> None:
        """Removes a kept report."""
        if file.parent == self._reports:
            file.unlink(missing_ok=True)

    def find_report(self, name: str) -> Report:
        """A report by its path, or by its name among those that are kept.

        Raises:
            FootnoteError: there is none.
        """
        kept = next((file for file in self.reports() if name in (file.stem, file.name)), None)
        return read_report(kept or Path(name))


def _write(file: Path, values: Mapping[str, Any]) -> None:
    half = file.with_suffix(".part")
    half.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    os.replace(half, file)
