"""A question with what is said beside it: "I fly on Monday with all my tools. May I take the battery on a plane?".

What is said beside a question may say what is meant, but mostly draws searches and readers to matters that are not
asked for. So both are read, the question as it is and alone. Pure functions.
"""

import re
from dataclasses import dataclass

from rag import follow_ups, overview_questions, sentences
from rag.terms import UNSPACED, is_unspaced

_ASKS = r"(?:(?:in|on|at|for|from|to|of|with|by|under|until|since)\s+)?(?:what|which|who|whom|whose|when|where|how|why)"
_DOES = r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)"
_BEFORE = tuple(  # a clause before a question that says against what it is asked
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:while|although|though|whereas|unlike|excluding|apart\s+from|aside\s+from|leaving\s+aside|given\s+that"
        rf"|considering\s+that|now\s+that|in\s+contrast(?:\s+to)?)\b.*?,\s+(?=(?:{_ASKS}|{_DOES})\b)",
        rf"(?:at|in|within|for|with)\s+[^,]+,\s+(?:where|which|whose|who)\b.*,\s+(?={_ASKS}\b)",
    )
)
_NOT = re.compile(  # what is not meant
    r",\s+(?:(?:and\s+(?:is|are|was|were)|but)\s+)?(?:not|unlike|rather\s+than|as\s+opposed\s+to"
    r"|an?\s+\w+\s+(?:that|which)\s+(?:is|are|was|were)\s+not)\b[^,?]*(?:,|(?=\??$))",
    re.IGNORECASE,
)
_LEANING = re.compile(  # on what is said beside it, in words that follow_ups.leans() does not know
    r"\b(?:theirs|hers|such|former|latter|so)\b|\b(?:like|in|to) that\b"
    r"|\b(?:er|sie|es|ihn|ihm|ihr|dies\w*|dessen|deren|dort|dann|davon|dafür|damit|darüber|daran)\b"
    r"|\bdas(?! (?-i:[A-ZÄÖÜ]))|[它他她们这那此其该]",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;] )[A-Z](?!')[\w-]+|(?<![\w-])[\w-]*\d[\w-]*")  # a capital inside a sentence, or a digit
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
_LEAST, _BESIDE = 5, 6  # words of a question that stands alone, and of what is worth to be left out
_SIGNS = "?\uff1f"


@dataclass(frozen=True)
class Alone:
    """A question without what is said beside it.

    Attributes:
        beside: the other sentences, "" where only clauses were left out.
    """

    question: str
    beside: str

    @property
    def told(self) -> str:
        """What a generator is asked."""
        return f"{self.question} (Said beside it: {self.beside})" if self.beside else self.question

    def leaves_out(self, line: str, other: str) -> bool:
        """Whether a name or a number that is said beside it stands in a line for the whole and not in the other."""
        return any(name in line and name not in other for name in _NAME.findall(self.beside))


def alone(question: str) -> Alone | None:
    """The question alone; None where nothing is said beside it, or where what is left leans on that."""
    whole = " ".join(question.split())
    asked, beside = _sentence(whole)
    for clause in _BEFORE:
        asked = clause.sub("", asked, count=1) if clause.match(asked) else asked
    asked = _NOT.sub("", asked)
    words = len(_WORD.findall(asked))
    is_short = words < _LEAST and overview_questions.subject(asked) is None
    if is_short or len(_WORD.findall(whole)) < words + _BESIDE or _leans(asked):
        return None
    sign = _SIGNS[is_unspaced(asked)] if any(sign in whole for sign in _SIGNS) else ""
    return Alone(f"{asked[0].upper()}{asked[1:].rstrip(f' ,.{_SIGNS}')}{sign}", beside)


def overview(question: str) -> str:
    """The question alone where that asks for an overview; else as it is."""
    found = alone(question)
    return found.question if found and overview_questions.subject(found.question) is not None else question


def _sentence(whole: str) -> tuple[str, str]:
    """The only sentence that asks, and the others; else all."""
    found = [one.text for one in sentences.split(whole)]
    asking = [text for text in found if text.endswith(tuple(_SIGNS)) or overview_questions.subject(text) is not None]
    if len(asking) != 1 or asking[0][0].islower():
        return whole, ""
    return asking[0], " ".join(text for text in found if text is not asking[0])


def _leans(asked: str) -> bool:
    return follow_ups.leans(asked) or bool(_LEANING.search(asked))
