"""Questions with known answers, from JSON lines."""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import FootnoteError
from rag.types import Chunk, Turn

_TEXTS = ("question", "query", "text")


@dataclass(frozen=True)
class Question:
    """A question and what is known of its answer.

    Attributes:
        answers: accepted texts; empty where only the passage is known.
        relevant: grade of each passage that answers it, by place: the id of a passage, "file" or "file#page".
        answerable: whether the documents answer it.
        evidence: words of the passages that answer it, where they are known.
    """

    id: str
    text: str
    answers: tuple[str, ...]
    relevant: Mapping[str, float]
    answerable: bool
    history: tuple[Turn, ...] = ()
    evidence: tuple[str, ...] = ()

    def place(self, chunk: Chunk) -> str:
        """The place of a chunk, as exact as those of `relevant`."""
        by_page = any("#" in place for place in self.relevant) and chunk.page is not None
        name = chunk.document_name
        return f"{name}#{chunk.page}" if by_page and f"{name}#{chunk.page}" not in name else name


def read_questions(file: Path, qrels: Path | None = None) -> list[Question]:
    """The questions of a file, one JSON object in a line.

    Known fields: id; question (or query, text); answers or answer; context_id, context_ids, or contexts of
    {document_id}, for ids of passages; file and page, or passages, of {file, page}; has_answer, answerable,
    is_impossible, or answerability ("UNANSWERABLE"); evidence, words of the passages; history, of {question, answer} or
    ["user" | "agent", text]. Lines whose question is empty are left out.

    Args:
        qrels: grades in TREC's form (query, [iteration,] passage, grade), which then stand for the fields' passages;
            questions without a grade are left out.

    Raises:
        FootnoteError: the file cannot be read; the message names the line.
    """
    grades = _read_qrels(qrels) if qrels else None
    questions: list[Question] = []
    seen: set[str] = set()
    for number, line in enumerate(_lines(file), 1):
        try:
            question = _question(json.loads(line), number)
        except StopIteration:
            raise FootnoteError(f'{file}, line {number}: this is no question, it has no field "question".') from None
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise FootnoteError(f"{file}, line {number}: this is no question ({exc!r}).") from exc
        if not question.text.strip():
            continue
        if question.id in seen:
            raise FootnoteError(f"{file}, line {number}: there is a question with the id {question.id!r} before it.")
        seen.add(question.id)
        if grades is None:
            questions.append(question)
        elif question.id in grades:
            questions.append(replace(question, relevant=grades[question.id], answerable=True))
    if not questions:
        raise FootnoteError(f"{file} holds no questions.")
    return questions


def sample(questions: Sequence[Question], size: int | None, seed: int) -> list[Question]:
    """`size` questions chosen by `seed`, in the order of the file; all where there are no more."""
    if size is None or size >= len(questions):
        return list(questions)
    chosen = random.Random(seed).sample(range(len(questions)), size)
    return [questions[index] for index in sorted(chosen)]


def held_out(question_id: str) -> bool:
    """Whether a question belongs to the half on which no default was chosen: its id has an odd sha256."""
    return hashlib.sha256(question_id.encode()).digest()[-1] % 2 == 1


def _lines(file: Path) -> Iterable[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise FootnoteError(f"{file} cannot be read: {exc}. Name a file of JSON lines.") from exc


def _question(row: Mapping[str, Any], number: int) -> Question:
    answers = row.get("answers", [row["answer"]] if row.get("answer") else [])
    is_impossible = row.get("is_impossible", str(row.get("answerability", "")).casefold() == "unanswerable")
    answerable = bool(row.get("has_answer", row.get("answerable", not is_impossible)))
    return Question(
        id=str(row.get("id", row.get("_id", number))),
        text=str(next(row[name] for name in _TEXTS if name in row)),
        answers=tuple(str(answer) for answer in answers),
        relevant=dict.fromkeys(_places(row), 1.0) if answerable else {},
        answerable=answerable,
        history=_history(row.get("history") or ()),
        evidence=tuple(_quotes(row.get("evidence") or ())),
    )


def _quotes(value: Any) -> Iterator[str]:
    """The words in a text, or in lists of them by file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _quotes(list(value.values()))
    else:
        for part in value:
            yield from _quotes(part)


def _places(row: Mapping[str, Any]) -> list[str]:
    if row.get("file") or row.get("passages"):
        found = row.get("passages") or [row]
        return [f"{one['file']}#{one['page']}" if one.get("page") else str(one["file"]) for one in found]
    contexts = [one["document_id"] for one in row.get("contexts") or () if "document_id" in one]
    ids = row.get("context_ids") or contexts or [row.get("context_id")]
    return [str(place) for place in ids if place is not None]


def _history(turns: Sequence[Any]) -> tuple[Turn, ...]:
    if turns and isinstance(turns[0], Mapping):
        return tuple(Turn(str(turn["question"]), str(turn["answer"])) for turn in turns)
    texts = [str(text) for _, text in turns]
    return tuple(Turn(asked, answered) for asked, answered in zip(texts[::2], texts[1::2], strict=False))


def _read_qrels(file: Path) -> dict[str, dict[str, float]]:
    grades: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(file), 1):
        query, *_, passage, grade = line.split()
        try:
            worth = float(grade)
        except ValueError as exc:
            if number == 1:
                continue  # a heading
            raise FootnoteError(f"{file}, line {number}: {grade!r} is no grade.") from exc
        if worth > 0:
            grades.setdefault(query, {})[passage] = worth
    return grades
