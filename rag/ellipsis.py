"""Follow-ups that only name what is different ("What about part-time staff?"), as whole questions.

A small generator that is asked to complete them mostly repeats the question before. Made to choose among all the
questions in which the new words stand for some of the old ones, it chooses well: how likely each is to be its answer
tells which (docs/evaluation.md).
"""

import re
from collections.abc import Sequence

from rag.generators import Message, Scorer

_LEAD = re.compile(r"(?:(?:and|but|so|or)\s+)?(?:what|how)\s+about\s+|(?:and|but|so|or)\s+", re.IGNORECASE)
_ASKS = re.compile(  # a question with a verb of its own
    r"(who|whom|whose|what|which|why|how)\b"
    r"|((where|when)\s+)?(am|is|are|was|were|do|does|did|has|have|can|could|may|might|must|shall|should|will|would)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(  # what must be looked up in the conversation; a condition speaks of the question before
    r"(?!(if|when|unless|while|once)\b)"
    r".*\b(((?-i:[iI]ts?)|they|them|their|these|those|this|he|she|him|her|his|same|else|then|there|one|ones)\b|that\W*$)",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset(
    word
    for line in (
        "about after against along around at before between beyond by during for from if in inside near of on outside",
        "over per since through to towards under unless until when while with within without",
    )
    for word in line.split()
)
_UNFINISHED = _PREPOSITIONS.union(
    ("a", "an", "and", "are", "can", "do", "does", "has", "have", "is", "may", "must", "or", "the"),
    ("my", "your", "our", "their"),
)
_QUESTION_WORDS = frozenset(("how", "what", "when", "where", "which", "who", "whom", "whose", "why"))
_NEW_WORDS = 12
_OLD_WORDS = 25
_REPLACED = 8  # words, at most
_CHOICES = 48  # weighed at most, in three passes; questions with more are left to the rewriting
_ADDED = -6.0  # log-probability: what is only added is seldom meant where something could be replaced
_LEAST = -12.0  # less likely ones are no questions
_SYSTEM = (
    "Ask the same question again about something else: put the new words in the place of those that they stand for, "
    "and leave all other words as they are."
)
_EXAMPLES = (
    ("How long is the guarantee of the pump?", "of the filter", "How long is the guarantee of the filter?"),
    (
        "What does a ticket cost on weekdays, and where do I buy it?",
        "on Sundays",
        "What does a ticket cost on Sundays, and where do I buy it?",
    ),
    ("When does the night shift begin?", "the car park", "When does the car park open?"),
    ("How much water does a cow drink a day?", "calves", "How much water does a calf drink a day?"),
    ("Who pays for the taxi?", "if I miss the last train", "Who pays for the taxi if I miss the last train?"),
    ("May visitors use the lift?", "dogs", "May dogs use the lift?"),
)


def completed(follow_up: str, before: str, scorer: Scorer) -> str | None:
    """The question before, asked of what the follow-up names; None where it is not such a follow-up, or none fits.

    The scorer needs its turn.
    """
    new = _new_words(follow_up)
    choices = _choices(before, new) if new else {}
    if not choices:
        return None
    likely = scorer.likelihoods(_messages(before, new), list(choices))
    weighed = {choice: value + weight for (choice, weight), value in zip(choices.items(), likely, strict=True)}
    best = max(weighed, key=lambda choice: weighed[choice])
    return best if weighed[best] - choices[best] >= _LEAST else None


def _new_words(follow_up: str) -> str:
    """What the follow-up names; empty where it asks in words of its own."""
    lead = _LEAD.match(follow_up)
    new = follow_up[lead.end() :].strip().rstrip("?.! ") if lead else ""
    asks = _ASKS.match(new) or _POINTS.match(new) or len(new.split()) > _NEW_WORDS
    return "" if asks else new


def _choices(before: str, new: str) -> dict[str, float]:
    """All questions in which the new words take the place of old ones or are added, with what that adds to them."""
    words = before.strip().rstrip("?.! ").split()
    if not 2 < len(words) <= _OLD_WORDS:
        return {}
    is_phrase = new.split()[0].lower() in _PREPOSITIONS
    found = {}
    for start in range(1, len(words)):
        for end in range(start + 1, min(len(words), start + _REPLACED) + 1):
            old = [word.strip(",;:").lower() for word in words[start:end]]
            if _may_give_way(old, words[start:end]) and (old[0] in _PREPOSITIONS or not is_phrase):
                comma = "," if words[end - 1].endswith(",") else ""
                found[" ".join([*words[:start], new + comma, *words[end:]]) + "?"] = 0.0
    if is_phrase:
        found[" ".join([*words, new]) + "?"] = _ADDED if found else 0.0
    return found if len(found) <= _CHOICES else {}


def _may_give_way(old: Sequence[str], written: Sequence[str]) -> bool:
    """Whether the words can be one part of a sentence."""
    crosses = any(word.endswith((",", ";", ":")) for word in written[:-1])
    return not crosses and old[-1] not in _UNFINISHED and not _QUESTION_WORDS & set(old[1:] or old)


def _messages(before: str, new: str) -> list[Message]:
    messages = [Message("system", _SYSTEM)]
    for asked, words, again in _EXAMPLES:
        messages += [_asked(asked, words), Message("assistant", again)]
    return [*messages, _asked(before, new)]


def _asked(before: str, new: str) -> Message:
    return Message("user", f"Question: {before}\nNow: {new}")
