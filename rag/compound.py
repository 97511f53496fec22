"""Several questions in one message, told apart. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import background, sentences
from rag.terms import UNSPACED, is_unspaced, terms

_MARK = re.compile(  # of a list: "2.", "(2)", "b)", "-"
    r"^(?:[-–*+•]|\(?\d{1,2}[.):、]|\(?[a-z]\)|（\d{1,2}）|[一二三四]、)(?:\s+|$|(?<=[、）]))", re.IGNORECASE
)
_ALSO = re.compile(r"^(?:and|und|also|另外|还有)(?:\b|(?=[^\w]))[,，]?\s*", re.IGNORECASE)
_BEGINS = re.compile(  # as a question of its own does, after "And"
    r"(?:(?:in|on|at|for|from|to|of|with|by|under|until|since)\s+)?(?:what|which|who|whom|whose|when|where|how|why)\b"
    r"|(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b"
    r"|(?:was|wie|wer|wen|wem|wann|wo|woher|wohin|warum|welche\w*|ist|sind|kann|darf|muss|hat|haben|gibt|gilt|wird)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"”’»]$")  # the question is another's
_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}]+")
_AHEAD = re.compile(r"\b(?:these|following|below|both|folgende\w*|diese|beide\w*)\b|以下|下列|下面|这些", re.IGNORECASE)
_POLITE = re.compile(  # says nothing
    r"(?:hi|hello|hey|hallo|dear \w+|good (?:morning|afternoon|evening)|guten (?:tag|morgen|abend)|thanks?(?: you)?"
    r"|danke|please|你好|您好|谢谢)(?: (?:there|all|everyone|in advance|so much|zusammen))?[!.,，。！]*"
    r"|how are you\b.*|(?:can|could|would|will) you (?:please )?(?:help|tell|explain)(?: me)?(?: (?:this|that|it))?\?",
    re.IGNORECASE,
)
_TOLD = re.compile(  # how a sentence begins that tells, and asks for nothing
    r"(?:i|we|my|our|the|an?|he|she|they|it|his|her|their|its|you|your|there|this|that|these|those|since|after|before"
    r"|when|last|ich|wir|mein\w*|unser\w*|der|die|das|ein\w*|es|seit|nach)\b|我|咱|他|她",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,] )[A-ZÄÖÜ]\w|\d")
_LEAST, _TELLING = 5, 3  # words of a question that stands alone, and those of them that are no "what" or "the"
_MOST = 4  # questions of a message


@dataclass(frozen=True)
class OneQuestion:
    """One question of several."""

    question: str
    asked: str  # with what was told before all of them, where it stands alone
    leans: bool  # it is understood only with those before it


def parts(text: str, *, follows: bool = False) -> tuple[OneQuestion, ...]:
    """The questions of a text that is nothing but some of them, after what may be told first; () otherwise.

    Args:
        follows: something was asked before that the first may lean on.
    """
    told: list[str] = []
    found: dict[str, OneQuestion] = {}
    for sentence in sentences.split(text):
        one = _MARK.sub("", " ".join(sentence.text.split()))
        if not one or _POLITE.fullmatch(one):  # or the number of an item
            continue
        if not background.asks(one) and not found:
            if not (_TOLD.match(one) or one.endswith((":", "："))):  # a request is no story
                return ()
            told.append(one)
            continue
        part = _later(one, told, list(found)) if found else _first(one, told, follows)
        if part is None:
            return ()
        found.setdefault(part.question, part)
    return tuple(found.values()) if 1 < len(found) <= _MOST else ()


def _first(question: str, told: Sequence[str], follows: bool) -> OneQuestion | None:
    if _QUOTED.search(question) or _AHEAD.search(question):
        return None
    leans = not told and not follows and background.leans(question, "")
    begins = is_unspaced(question) or _BEGINS.match(question)
    if leans or not (begins or len(_words(question)) >= _LEAST) or not set(terms(question)):
        return None
    return OneQuestion(question, " ".join([*told, question]), leans=False)


def _later(question: str, told: Sequence[str], before: Sequence[str]) -> OneQuestion | None:
    """A question after others; None where it is a part of the one before it ("Or on Sundays?", "If so, when?")."""
    if not background.asks(question) or _QUOTED.search(question):
        return None
    bare = _ALSO.sub("", question)
    begins = _BEGINS.match(bare) is not None
    leans = _says_little(bare) or background.leans(bare, "\n".join([*told, *before]))
    if leans or (bare != question and not begins):
        follows = begins or bare != question or is_unspaced(bare[:1])
        return OneQuestion(question, question, leans=True) if follows else None
    bare = f"{bare[:1].upper()}{bare[1:]}"
    return OneQuestion(bare, " ".join([*told, bare]), leans=False)


def _says_little(question: str) -> bool:
    """Whether it may leave out what it is of: "What do I have to enclose?"."""
    return len(_words(question)) < _LEAST or (len(set(terms(question))) < _TELLING and not _NAME.search(question))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
