"""Follow-up questions: read as a question of their own, or together with the one before.

Those that only name what is different are completed from the question before (`rag/ellipsis.py`). A small generator
rewrites most others well, but leaves some as they are and turns a few into another question. Those are searched in both
readings; the one that the documents answer more surely counts (docs/evaluation.md).
"""

import re
import threading
from collections.abc import Sequence

from rag import background, ellipsis, sentences
from rag.evidence import Line
from rag.generators import Generator, Message, Scorer, StopReason
from rag.phrases import ENGLISH, phrases_for
from rag.pointing import points_back
from rag.terms import is_unspaced, terms
from rag.types import Turn

_REWRITE = (
    "A user talks with a program about documents. Rewrite the follow-up as one complete question that is understood "
    "without the conversation: name what it leaves out or calls it, they, that, there or then. Keep its language and "
    "its meaning, and do not answer it. A question that is complete already is repeated word for word."
)
_EXAMPLES = (
    (
        "Who may use the car park?",
        "All members of staff [1].",
        "Does it cost anything?",
        "Does the car park for members of staff cost anything?",
    ),
    (
        "How long is the guarantee of the pump?",
        "It is two years [1].",
        "And of the filter?",
        "How long is the guarantee of the filter?",
    ),
    (
        "What does a ticket cost on weekdays, and where do I buy it?",
        "It costs 4 EUR at the counter [1].",
        "And on Sundays?",
        "What does a ticket cost on Sundays, and where do I buy it?",
    ),
    (
        "When does the night shift begin?",
        "At ten in the evening [2].",
        "What if I come too late?",
        "What happens if I come too late to the night shift?",
    ),
    (
        "When does the night shift begin?",
        "At ten in the evening [2].",
        "How do I order a new badge?",
        "How do I order a new badge?",
    ),
)
_SURER = 0.15  # in certainty, that a question is with the one before, if it does not point back (docs/evaluation.md)
_AND = re.compile(r",?\s+(?:and|und)\s+(?=\S)", re.IGNORECASE)
_WHOLE = 3  # terms of a follow-up that may stand alone
_REWRITE_TOKENS = 64
_TURNS = 3  # earlier questions that a follow-up may refer to
_TURN_CHARACTERS = 400  # of each earlier question or answer


def rewrite_messages(question: str, history: Sequence[Turn]) -> list[Message]:
    """The prompt that turns a follow-up into a question of its own, with examples."""
    messages = [Message("system", _REWRITE)]
    for asked, answered, follow_up, complete in _EXAMPLES:
        messages += [_follow_up([Turn(asked, answered)], follow_up), Message("assistant", complete)]
    return [*messages, _follow_up(history[-_TURNS:], question)]


def understood(question: str, history: Sequence[Turn], generator: Generator, stop: threading.Event) -> tuple[str, ...]:
    """The readings of a follow-up, the first as a question of its own; needs the generator's turn."""
    if completed := _completed(question, history, generator):
        return (completed,)
    return readings(question, _rewritten(question, history, generator, stop), history)


def at_once(question: str, history: Sequence[Turn]) -> str:
    """What is searched for a follow-up until the generator has read it: after its subject, where it says little."""
    is_whole = not points_back(question) and len(set(terms(question))) >= _WHOLE
    return question if is_whole else _after_subject(question, history)


def readings(question: str, rewritten: str, history: Sequence[Turn]) -> tuple[str, ...]:
    """The rewritten question; where it took nothing from the conversation, also the follow-up after its subject.

    One that is the question before again or in another script counts as not rewritten.
    """
    rewritten = _alone(rewritten, question, history[-1].question)
    if _repeats(rewritten, question, history[-1].question) or is_unspaced(rewritten) != is_unspaced(question):
        rewritten = question
    talked = {term for turn in history[-_TURNS:] for term in terms(f"{turn.question} {turn.answer}")}
    if (set(terms(rewritten)) - set(terms(question))) & talked:
        return (rewritten,)
    return (rewritten, _after_subject(question, history))


def _repeats(rewritten: str, question: str, before: str) -> bool:
    """Whether it is the question before, and what the follow-up asks is lost."""
    earlier, asked, found = ({*terms(text)} for text in (before, question, rewritten))
    return found == earlier if points_back(question) else found <= earlier and not asked <= earlier


def _alone(rewritten: str, question: str, before: str) -> str:
    """What is asked, where the question before was only put before it: "What is the pay, and how long is leave?"."""
    for match in _AND.finditer(rewritten):
        first, rest = rewritten[: match.start()], rewritten[match.end() :]
        is_before = {*terms(first)} == {*terms(before)}
        if is_before and {*terms(question)} <= {*terms(rest)} and not points_back(rest):
            return rest[0].upper() + rest[1:]
    return rewritten


def belongs(question: str, history: Sequence[Turn], line: Line) -> bool:
    """Whether a line that was found for both questions together has to do with the follow-up.

    A follow-up that points back may leave out all that it means; one that does not may have changed the subject, and
    then the line must hold a word of its own.
    """
    if points_back(question):
        return True
    own = set(terms(question, parts=True)) - set(terms(history[-1].question, parts=True))
    return not own or bool(own & set(terms(f"{line.heading} {line.text}", parts=True)))


def surer_by(question: str) -> float:
    """By how much more certainty a follow-up must be answered together with the question before than alone."""
    return 0.0 if points_back(question) else _SURER


def _after_subject(question: str, history: Sequence[Turn]) -> str:
    return f"{_subject(history)[-_TURN_CHARACTERS:]} {question}"


def _subject(history: Sequence[Turn]) -> str:
    """The last question that does not point back; of a follow-up that was read after its subject, that."""
    for turn in reversed(history[-_TURNS:]):
        alone = background.alone(turn.question)
        first = sentences.split(alone.question if alone else turn.question)[0].text
        if not points_back(first):
            return first
    return history[-1].question


def _follow_up(history: Sequence[Turn], question: str) -> Message:
    turns = "\n".join(f"User: {turn.question}\nProgram: {turn.answer[:_TURN_CHARACTERS]}" for turn in history)
    return Message("user", f"{turns}\nFollow-up: {question}\nComplete question:")


def _completed(question: str, history: Sequence[Turn], generator: Generator) -> str | None:
    """A follow-up that only names what is different, as a whole question; not in the words of another language."""
    subject = _subject(history)
    if not isinstance(generator, Scorer) or phrases_for(subject) is not ENGLISH:
        return None
    return ellipsis.completed(question, subject, generator)


def _rewritten(question: str, history: Sequence[Turn], generator: Generator, stop: threading.Event) -> str:
    """The question as the generator rewrites it; as it is where it does not come to an end."""
    stream = generator.stream(rewrite_messages(question, history), max_new_tokens=_REWRITE_TOKENS, stop=stop)
    text = "".join(stream).strip().strip('"').splitlines()
    return text[0].strip() if text and stream.stop_reason is StopReason.END else question
