"""A set of questions from the answers of conversations that a person judged. Knows nothing of how they were given."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rag.catalog import KeptAnswer
from rag.rewording import is_reworded
from rag.types import Answer, Chunk, answer_from_json


@dataclass(frozen=True)
class Correction:
    """What would have been right, as far as a person said so.

    Attributes:
        words: that must stand in the answer, "" where any will do.
        passages: places that hold the answer, of {file, page}.
        unanswerable: whether the documents do not answer the question.
    """

    words: str = ""
    passages: tuple[Mapping[str, Any], ...] = ()
    unanswerable: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Correction":
        """What `asdict` gave; {} is an empty one."""
        return cls(**{**values, "passages": tuple(values.get("passages", ()))})

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def place(chunk: Chunk) -> dict[str, Any]:
    """The place of a passage as a question names it."""
    return {"file": chunk.document_name} if chunk.page is None else {"file": chunk.document_name, "page": chunk.page}


def question_of(kept: KeptAnswer) -> dict[str, Any] | None:
    """The question of a judged answer, as `read_questions` reads it; None where nobody said what is right.

    A good answer says it itself: what it cites holds the answer, and a good refusal has none.
    """
    if kept.good is None:
        return None
    answer, right = answer_from_json(kept.values), Correction.from_json(kept.correction)
    refusal = kept.good and answer.finish.is_refusal
    is_part = answer.standalone in answer.question  # without what is said beside it
    is_whole = is_part or is_reworded(answer.question, answer.standalone)
    asked = answer.question if is_whole else answer.standalone
    question: dict[str, Any] = {"id": f"judged-{kept.id}", "question": asked}
    if right.unanswerable or refusal:
        return {**question, "answers": [], "answerable": False}
    passages = list(right.passages) or (_cited(answer) if kept.good else [])
    answers = [right.words] if right.words else []
    if not passages and not answers:
        return None
    return {**question, "answers": answers, "passages": passages, "answerable": True}


def to_lines(kept: Iterable[KeptAnswer]) -> str:
    """The questions of judged answers as JSON lines; of two that are alike the later one counts."""
    found = {row["question"]: row for answer in kept if (row := question_of(answer)) is not None}
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found.values())


def _cited(answer: Answer) -> list[dict[str, Any]]:
    places = [place(citation.hit.chunk) for citation in answer.citations]
    return [one for number, one in enumerate(places) if one not in places[:number]]
