"""A question with what is said beside it: "I fly on Monday with all my tools. May I take the battery on a plane?".

What is said beside a question may say what is meant, but mostly draws searches and readers to matters that are not
asked for. So both are read, the question as it is and alone. Pure functions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import overview_questions, sentences
from rag.numerals import counts
from rag.pointing import points_back
from rag.terms import UNSPACED, terms

_ASKS = r"(?:(?:in|on|at|for|from|to|of|with|by|under|until|since)\s+)?(?:what|which|who|whom|whose|when|where|how|why)"
_DOES = r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)"
_SOMEONE = r"(?:i|we|you|the|an?|my|our|any|all|there|employees|staff)"
_BEFORE = re.compile(  # "Although the station is sturdy, can I ...": a clause against which something is asked
    r"(?P<cut>(?:while|although|though|whereas|unlike|excluding|apart\s+from|aside\s+from|leaving\s+aside"
    rf"|in\s+contrast(?:\s+to)?)\b.*?,)\s+(?=(?:{_ASKS}|{_DOES}\s+{_SOMEONE})\b)",
    re.IGNORECASE,
)
_WHERE = re.compile(  # "At Halden, where everyone may work from home, which ...": the place stays
    rf"(?<=\w)(?P<cut>,\s+(?:where|which|whose|who)\b.*)(?=,\s+{_ASKS}\b)", re.IGNORECASE
)
_NOT = re.compile(  # "Which team, not part of sales, ..."; not "not more than 200 EUR", which is a limit
    r"(?P<cut>,\s+(?:but\s+)?(?:not\s+(?:part|for|in|from|of|as|an?)|rather\s+than|as\s+opposed\s+to"
    r"|an?\s+\w+\s+(?:that|which)\s+(?:is|are|was|were)\s+not)\b[^,?]*(?:,|(?=\??$)))",
    re.IGNORECASE,
)
_LEANING = re.compile(  # on what is said beside it, in words that do not point back to other questions
    r"\b(?:theirs|hers|mine|yours|ours|such|former|latter|so|here|following|above|below|both|others?|therefore"
    r"|each|either|instead|otherwise)\b|^(?:if|wenn|falls|sonst|in which case)\b|\bthe two\b"
    r"|^which (?:is|are|was|were)\b|\b(?:after|before|since|to)\W*$"
    r"|\b(?:like|in|to) that\b"
    r"|\b(?:er|(?-i:sie)|(?<!gibt )es|ihn|ihm|ihr|dies(?!el)\w*|dessen|deren|dort|dann"
    r"|hier(?!arch)\w*|davon|dafür|damit|darüber"
    r"|daran|dabei|dazu|daher|deswegen|deshalb|beide\w*|stattdessen|da)\b|\bdas(?! (?-i:[A-ZÄÖÜ]))"
    r"|[它她们这那此]|(?<!其)他|(?<!应)该|其(?![他实中])|两者|哪个|以下|上述",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:the|my|our|der|die|das|den|dem|mein\w*|unser\w*)\s+(?P<noun>\w+)", re.IGNORECASE)
_TOLD_AFTER = re.compile(  # how a sentence after a question begins that tells, and is not a part of it
    r"(?:i|we|my|our|ours|the|he|she|they|ich|wir|mein\w*|unser\w*)\b|我|咱", re.IGNORECASE
)
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w-]+|(?<![\w-])[\w-]*\d[\w-]*")  # a capital inside a sentence, or a digit
_TOKEN = re.compile(r"[\w-]+")  # E-14
_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}]+")
_SIGN = re.compile(r"[?\uff1f][!?\uff1f\"”)]*$")
_LEAST, _BESIDE = 5, 6  # words of a question that stands alone, and of what is worth to be left out


@dataclass(frozen=True)
class Alone:
    """A question without what is said beside it: other sentences, and clauses that say what is not meant."""

    question: str
    beside: str

    def loses_name(self, whole: str, alone: str) -> bool:
        """Whether a line for the whole question holds a name or number that is said beside it, and that for it not."""
        names = {name.casefold() for name in _NAME.findall(whole)}
        other, said = (set(_TOKEN.findall(text.casefold())) for text in (alone, self.beside))
        return bool((names - other) & said or (counts(whole) - counts(alone)) & counts(self.beside))


def alone(question: str) -> Alone | None:
    """The question alone; None where nothing is said beside it, or where what is left leans on that."""
    asked, others = _asking(question)
    left, cut = _without_clauses(asked)
    beside = " ".join([*others, *cut])
    least = _LEAST if overview_questions.subject(left) is None else 1
    if len(_words(left)) < least or len(_words(beside)) < _BESIDE or leans(left, beside):
        return None
    return Alone(left, beside)


def leans(asked: str, before: str) -> bool:
    """Whether a question is understood only with what was said before it."""
    return points_back(asked) or _LEANING.search(asked) is not None or _names_again(asked, before)


def asks(text: str) -> bool:
    """Whether a sentence ends with the sign of a question."""
    return _SIGN.search(text) is not None


def told(question: str, beside: str) -> str:
    """What a generator is asked."""
    return f"{question} ({beside})" if beside else question


def _asking(question: str) -> tuple[str, list[str]]:
    """The only sentence that asks, and the others; all where there is none, or several."""
    found = [" ".join(one.text.split()) for one in sentences.split(question)]
    asking = [place for place, text in enumerate(found) if asks(text)]
    if not asking and found and overview_questions.subject(found[-1]) is not None:
        asking = [len(found) - 1]
    if len(asking) != 1 or found[asking[0]][0].islower():
        return " ".join(question.split()), []
    before, after = found[: asking[0]], found[asking[0] + 1 :]
    if not all(map(_TOLD_AFTER.match, after)):
        return " ".join(question.split()), []
    return found[asking[0]], [*before, *after]


def _without_clauses(asked: str) -> tuple[str, Sequence[str]]:
    left, cut = asked, []
    for clause in (_BEFORE, _WHERE, _NOT):
        found = clause.match(left) if clause is _BEFORE else clause.search(left)
        if found and len(_words(found["cut"])) >= _LEAST - 1:
            cut.append(found["cut"].strip(" ,"))
            left = f"{left[: found.start()]}{left[found.end() :]}"
    left = left[:1].upper() + left[1:]
    return left if left == asked or _SIGN.search(left) else f"{left.rstrip(' ,.')}?", cut


def _names_again(left: str, beside: str) -> bool:
    """Whether it speaks of "the case" that was told."""
    told_of = set(terms(beside))
    return any(set(terms(match["noun"])) & told_of for match in _OWN.finditer(left))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
