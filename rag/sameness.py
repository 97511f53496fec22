"""Whether two questions ask for the same in other words. English alone.

Vectors do not tell: "in the first six weeks" lies as near to "after the first six weeks" (0.98) as other words for the
same. A generator does, but for negations, names and numbers, which are compared as they stand (docs/performance.md).
"""

import re
from collections import Counter

from rag.generators import Message, Scorer
from rag.numerals import numbers
from rag.phrases import ENGLISH, phrases_for

NEAR = 0.85  # the least cosine of two questions that are compared
_SAME = 1.75  # the least log odds of "yes"
_NAME = re.compile(r"(?<=[\w,;:] )(?!I\b)[A-ZÄÖÜ][\w-]*|[\w-]*\d[\w-]*")  # a capital inside a sentence, or a digit
_DENIAL = re.compile(r"\b(?:no|not|never|without|cannot|neither|nor|nobody|nothing)\b|n['’]t\b|\bnon-", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:who|whom|whose|where|why)\b", re.IGNORECASE)
_SYSTEM = "You know English well."


def may_be_the_same(question: str, other: str) -> bool:
    """Whether they name and deny the same, so that it is worth to ask a generator."""
    if phrases_for(question) is not ENGLISH or phrases_for(other) is not ENGLISH:
        return False
    return _told(question) == _told(other)


def are_the_same(question: str, other: str, scorer: Scorer) -> bool:
    """Whether a generator finds that two questions ask for the same; it needs its turn."""
    asked = f"Do these two questions ask for the same?\n1. {question}\n2. {other}\nAnswer only yes or no."
    yes, no = scorer.likelihoods([Message("system", _SYSTEM), Message("user", asked)], ["yes", "no"])
    return yes - no >= _SAME


def _told(question: str) -> tuple[object, ...]:
    asked = {word.lower() for word in _ASKED.findall(question)}
    names = [name.casefold() for name in _NAME.findall(question) if not name.isdigit()]
    return names, numbers(question), Counter(map(str.lower, _DENIAL.findall(question))), asked
