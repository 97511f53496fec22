"""Conversations: questions with their answers, and what was thought of them."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql

from rag.catalog.database import Database
from rag.catalog.tables import conversations as _conversations
from rag.catalog.tables import feedback as _feedback
from rag.catalog.tables import messages as _messages

_AT_ONCE = 200  # documents looked for in one statement


@dataclass(frozen=True)
class Conversation:
    """A row of questions and answers; the times are seconds since 1970, UTC.

    Attributes:
        asked: a question that is not answered yet, "" where there is none.
    """

    id: str
    title: str
    created_at: float
    updated_at: float
    asked: str = ""


@dataclass(frozen=True)
class KeptAnswer:
    """An answer of a conversation, as JSON values, and what the person who asked thinks of it.

    Attributes:
        good: None while nobody said so or otherwise.
        correction: what would have been right, as JSON values; {} where nothing was said.
    """

    id: int
    values: dict[str, Any]
    good: bool | None
    correction: dict[str, Any] = field(default_factory=dict)


class Conversations(Database):
    """The conversations of a library."""

    def start_conversation(self, title: str) -> Conversation:
        """A new conversation with no questions yet."""
        now = time.time()
        conversation = Conversation(uuid.uuid4().hex, title, now, now)
        with self._transaction() as run:
            run.execute(
                sql.insert(_conversations).values(id=conversation.id, title=title, created_at=now, updated_at=now)
            )
        return conversation

    def conversations(self) -> list[Conversation]:
        """Every conversation, last used first."""
        with self._transaction() as run:
            rows = run.execute(sql.select(_conversations).order_by(_conversations.c.updated_at.desc())).all()
        return [Conversation(row.id, row.title, row.created_at, row.updated_at, row.asked) for row in rows]

    def note_question(self, conversation_id: str, question: str) -> None:
        """Keeps a question until its answer is added, so that no end of the program loses it; "" takes it back."""
        of_it = _conversations.c.id == conversation_id
        with self._transaction() as run:
            run.execute(sql.update(_conversations).where(of_it).values(asked=question, updated_at=time.time()))

    def noted_question(self, conversation_id: str) -> str:
        """The question of a conversation that is not answered yet, "" where there is none."""
        query = sql.select(_conversations.c.asked).where(_conversations.c.id == conversation_id)
        with self._transaction() as run:
            return run.execute(query).scalar_one_or_none() or ""

    def add_answer(self, conversation_id: str, answer: dict[str, Any]) -> None:
        """Appends an answer, as JSON values, to a conversation. A deleted conversation stays deleted."""
        of_it = _conversations.c.id == conversation_id
        with self._transaction() as run:
            touched = run.execute(sql.update(_conversations).where(of_it).values(asked="", updated_at=time.time()))
            if touched.rowcount:
                run.execute(sql.insert(_messages).values(conversation=conversation_id, answer=json.dumps(answer)))

    def answers(self, conversation_id: str) -> list[dict[str, Any]]:
        """The answers of a conversation, oldest first, as they were added."""
        with self._transaction() as run:
            query = sql.select(_messages.c.answer).where(_messages.c.conversation == conversation_id)
            return [json.loads(text) for text in run.execute(query.order_by(_messages.c.position)).scalars()]

    def kept_answers(self, conversation_id: str) -> list[KeptAnswer]:
        """The answers of a conversation with what was thought of them, oldest first."""
        return self._kept(_messages.c.conversation == conversation_id)

    def kept_answer(self, answer_id: int) -> KeptAnswer | None:
        """One answer, None where it is gone."""
        return next(iter(self._kept(_messages.c.position == answer_id)), None)

    def judged_answers(self) -> list[KeptAnswer]:
        """The answers of all conversations of which somebody said what they are worth, oldest first."""
        return self._kept(_feedback.c.good.is_not(None))

    def answers_holding(self, text: str) -> list[KeptAnswer]:
        """The answers of all conversations in whose JSON a text stands, oldest first."""
        return self._kept(_messages.c.answer.contains(text, autoescape=True))

    def asked_lately(self, latest: int) -> dict[str, int]:
        """The questions of so many of the latest answers, with the id of the last answer to each."""
        question = sql.func.json_extract(_messages.c.answer, "$.question")
        query = sql.select(question, _messages.c.position).order_by(_messages.c.position.desc()).limit(latest)
        with self._transaction() as run:
            return {str(asked): position for asked, position in reversed(run.execute(query).all())}

    def _kept(self, where: sql.ColumnElement[bool]) -> list[KeptAnswer]:
        query = (
            sql.select(_messages.c.position, _messages.c.answer, _feedback.c.good, _feedback.c.correction)
            .outerjoin(_feedback, _feedback.c.answer == _messages.c.position)
            .where(where)
            .order_by(_messages.c.position)
        )
        with self._transaction() as run:
            return [
                KeptAnswer(row.position, json.loads(row.answer), row.good, json.loads(row.correction or "{}"))
                for row in run.execute(query)
            ]

    def replace_last_answer(self, conversation_id: str, answer: dict[str, Any]) -> None:
        """Puts an answer in the place of the last one of a conversation, and of what was thought of that."""
        of_it = _messages.c.conversation == conversation_id
        last = sql.select(sql.func.max(_messages.c.position)).where(of_it)
        with self._transaction() as run:
            position = run.execute(last).scalar_one()
            if position is not None:
                run.execute(sql.delete(_messages).where(_messages.c.position == position))
                run.execute(sql.insert(_messages).values(conversation=conversation_id, answer=json.dumps(answer)))

    def rate_answer(self, answer_id: int, good: bool | None, correction: dict[str, Any] | None = None) -> None:
        """Keeps what was thought of an answer, and what would have been right; None takes both back."""
        with self._transaction() as run:
            run.execute(sql.delete(_feedback).where(_feedback.c.answer == answer_id))
            if good is not None:
                said = json.dumps(correction) if correction else ""
                values = {"answer": answer_id, "good": good, "given_at": time.time(), "correction": said}
                run.execute(sql.insert(_feedback).values(values))

    def conversations_quoting(self, documents: Sequence[str]) -> list[Conversation]:
        """Conversations in which an answer quotes one of these documents (ids), last used first."""
        found: set[str] = set()
        with self._transaction() as run:
            for some in _portions(documents):
                found.update(run.execute(sql.select(_messages.c.conversation).where(_quotes(some))).scalars())
        return [conversation for conversation in self.conversations() if conversation.id in found]

    def change_quoting(self, documents: Sequence[str], change: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
        """Changes every answer that quotes one of these documents (ids), all or none; returns how many those are."""
        answers: dict[int, str] = {}
        with self._transaction() as run:
            for some in _portions(documents):
                query = sql.select(_messages.c.position, _messages.c.answer).where(_quotes(some))
                answers.update({row.position: row.answer for row in run.execute(query)})
            for position, answer in answers.items():
                changed = json.dumps(change(json.loads(answer)))
                run.execute(sql.update(_messages).where(_messages.c.position == position).values(answer=changed))
        return len(answers)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Gives a conversation another title."""
        with self._transaction() as run:
            run.execute(sql.update(_conversations).where(_conversations.c.id == conversation_id).values(title=title))

    def delete_conversation(self, conversation_id: str) -> None:
        """Removes a conversation with its answers."""
        with self._transaction() as run:
            run.execute(sql.delete(_conversations).where(_conversations.c.id == conversation_id))


def _portions(documents: Sequence[str]) -> list[Sequence[str]]:
    return [documents[start : start + _AT_ONCE] for start in range(0, len(documents), _AT_ONCE)]


def _quotes(documents: Sequence[str]) -> sql.ColumnElement[bool]:
    """Whether an answer holds the id of one of these documents."""
    return sql.or_(sql.false(), *(_messages.c.answer.contains(document, autoescape=True) for document in documents))
