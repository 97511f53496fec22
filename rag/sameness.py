"""Whether two English questions ask for the same in other words.

Vectors do not tell: "in the first six weeks" lies as near to "after the first six weeks" (0.98) as other words for the
same. A generator mostly does (docs/performance.md). It is asked only where names, numbers, denials and all that turns a
question stand alike in both, and what differs are plain words that are not one put for another in its place.
"""

import re
from collections.abc import Sequence

from rag import spelling
from rag.generators import Message, Scorer
from rag.numerals import numbers
from rag.periods import MONTHS
from rag.terms import terms

NEAR = 0.85  # the least cosine of two questions that are compared
_SAME = 2.2  # the least log odds of "yes"
_SYSTEM = "You know English well."
_FORMS = (  # put into one of them, on the lower-case text
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"['’]s\b"), " is"),
    (re.compile(r"^is it (?:possible|allowed|permitted) to\b"), "can i"),
    (re.compile(r"^(?:am|are) (?:i|we|you|one) (?:allowed|permitted) to\b"), "can i"),
    (re.compile(r"\b(?:have|has|need|needs) to\b|\b(?:required|obliged) to\b"), "must"),
    (re.compile(r"\b(?:may|could|might)\b"), "can"),
    (re.compile(r"\bwhom\b|\bwhose\b"), "who"),
    (re.compile(r"\b(?:length|duration)\b"), "long"),
    (re.compile(r"\b(?:prices?|costs)\b"), "cost"),
)
_FREE = frozenset(  # words that only give a question its form
    word
    for line in (
        "a an the of for to in on at do does is are am be it i me my we our us you your one get gets have has there",
        "how what which much many please tell so",
    )
    for word in line.split()
)
_FIXED = frozenset(  # words that turn what is asked
    word
    for line in (
        "not no never without none neither nor nobody nothing cannot hardly except unless who where when why can",
        "must should was were did had been will would before after during since until till within above below over",
        "under from by with into off out up down minimum maximum min max least most more less first last second",
        "third fourth next newest oldest latest all any only every each other another same both and or but if than",
        "as hundred thousand million half quarter double once twice monday tuesday wednesday thursday friday",
        "saturday sunday today tomorrow yesterday highest lowest biggest smallest largest longest shortest best",
        "worst",
    )
    for word in line.split()
) | frozenset(MONTHS)
_ASKING = frozenset(("how", "what", "which", "when", "where", "who", "why"))
_TOKEN = re.compile(r"[^\W_]+(?:[.,:/'’_-][^\W_]+)*|[^\w\s.,?!'\"’“”]")
_OPPOSITES = ("un", "in", "im", "ir", "il", "dis", "non", "mis", "under", "over", "anti", "non-")
_FEW = 3  # words with less of which nothing is turned by another order: "overtime paid"
_ALIKE = 5  # letters with which words begin that are forms of one
_SENTENCE = re.compile(r"[.?!;:]\s+\S")


def may_be_the_same(question: str, other: str) -> bool:
    """Whether their words allow it, so that it is worth to ask a generator."""
    if any(_SENTENCE.search(one.strip()) for one in (question, other)):
        return False
    ones, others = _tokens(question), _tokens(other)
    if _fixed(ones) != _fixed(others) or _names(question) != _names(other) or _asks(ones) != _asks(others):
        return False
    if numbers(question) != numbers(other):  # also where they are spelled out
        return False
    own, others_own = _matter(ones), _matter(others)
    here = [word for word in own if not any(_are_alike(word, one) for one in others_own)]
    there = [word for word in others_own if not any(_are_alike(word, one) for one in own)]
    if not here and not there:
        return bool(own) and (_in_order(own, others_own) or len(own) < _FEW)
    if not here or not there or not all(map(_is_plain, (*here, *there))):
        return False
    return not _is_put_for(own, others_own) and not any(_are_opposites(one, two) for one in here for two in there)


def are_the_same(question: str, other: str, scorer: Scorer) -> bool:
    """Whether a generator finds that two questions, the earlier first, ask for the same; it needs its turn."""
    asked = f"Do these two questions ask for the same?\n1. {question}\n2. {other}\nAnswer only yes or no."
    yes, no = scorer.likelihoods([Message("system", _SYSTEM), Message("user", asked)], ["yes", "no"])
    return yes - no >= _SAME


def _tokens(question: str) -> list[str]:
    text = question.lower()
    for form, other in _FORMS:
        text = form.sub(other, text)
    return _TOKEN.findall(text)


def _fixed(tokens: Sequence[str]) -> list[str]:
    """What must stand in both, in this order; behind a number the word or sign that it counts."""
    found = []
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if any(letter.isdigit() for letter in token):
            found += [token, after]
        elif token in _FIXED or not token[0].isalnum() or not token.isascii():
            found.append(token)
    return found


def _asks(tokens: Sequence[str]) -> bool:
    """Whether it asks for something, and not for yes or no."""
    return any(token in _ASKING for token in tokens)


def _names(question: str) -> set[str]:
    """Words that begin with a capital; the first of a question has one anyway."""
    words = _TOKEN.findall(question)
    first = {
        word.lower() for word in words[:1] if word.lower() not in _FREE | _FIXED and not spelling.is_known(word.lower())
    }
    return first | {word.lower() for word in words[1:] if any(map(str.isupper, word)) and word != "I"}


def _matter(tokens: Sequence[str]) -> list[str]:
    return [token for token in tokens if token not in _FREE and token not in _FIXED and token[0].isalpha()]


def _are_alike(one: str, two: str) -> bool:
    return one == two or terms(one) == terms(two) or (one[:_ALIKE] == two[:_ALIKE] and min(len(one), len(two)) > _ALIKE)


def _in_order(ones: Sequence[str], others: Sequence[str]) -> bool:
    return len(ones) == len(others) and all(map(_are_alike, ones, others))


def _is_put_for(ones: Sequence[str], others: Sequence[str]) -> bool:
    """Whether one word stands for another in its place, and all else is alike: "approves overtime", "pays overtime"."""
    return len(ones) == len(others) and sum(not _are_alike(*pair) for pair in zip(ones, others, strict=True)) == 1


def _is_plain(word: str) -> bool:
    """Whether it is an English word, and no short sign of a unit or a thing."""
    return len(word) > 2 and word.isalpha() and word.isascii() and spelling.is_known(word)


def _are_opposites(one: str, two: str) -> bool:
    return any(one == f"{before}{two}" or two == f"{before}{one}" for before in _OPPOSITES)
