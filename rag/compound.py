"""Several questions in one message, told apart. Pure functions."""

import re

from rag import background, sentences
from rag.terms import UNSPACED

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
_LEAST, _MOST = 5, 4  # words of a question, and questions of a message


def questions(text: str) -> tuple[str, ...]:
    """The questions of a text that is nothing but some of them, each to be understood alone; () otherwise."""
    found: dict[str, None] = {}
    for sentence in sentences.split(text):
        one = _MARK.sub("", " ".join(sentence.text.split()))
        if not one:  # the number of an item
            continue
        bare = _ALSO.sub("", one)
        if not _stands(bare, "\n".join(found)) or (bare != one and not _BEGINS.match(bare)):
            return ()
        found[f"{bare[:1].upper()}{bare[1:]}"] = None
    return tuple(found) if 1 < len(found) <= _MOST else ()


def _stands(question: str, before: str) -> bool:
    is_question = background.asks(question) and not _QUOTED.search(question)
    return is_question and len(_WORD.findall(question)) >= _LEAST and not background.leans(question, before)
