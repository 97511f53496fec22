"""What can be no answer by its kind: a telephone number for a price, or that of somebody who is not named.

Small generators take the nearest value for the one that is asked for. Pure functions.
"""

import re
from collections.abc import Sequence

from rag.numerals import MONTH, numbers
from rag.terms import terms
from rag.types import Hit

_EMAIL_WORD = r"e-?mail(?:[ -]?address(?:es)?|[ -]?adresse)?"
_PHONE_WORD = r"(?:(?:tele)?phone|mobile|cell|contact|fax|hotline) ?numbers?|(?:telefon|handy|ruf|fax)nummern?"
_NUMBER_WORD = r"(?:room|flight|account|policy|invoice|order|customer|house|gate|seat|serial) numbers?"


def _asking_for(word: str) -> re.Pattern[str]:
    """Questions for nothing but a value: "What is Ann's ...?", "Which ... does the hotel have?", "... of Ann"."""
    of = r"(?:\s+(?:of|for|at|in|von|vom|der|des|für)\s+(?P<of>[^?]{1,60}))?"
    whose = r"(?:(?P<whose>[^?]{1,40}?)['’]s?\s+|the\s+|die\s+|my\s+|our\s+)?"  # noqa: RUF001
    return re.compile(
        rf"\W*(?:(?:what|which|wie|welche)(?:\s+(?:is|are|ist|sind|lautet|lauten)|['’]s)?\s+)?{whose}(?:{word}){of}"  # noqa: RUF001
        r"(?:\s+(?:does|do|has|hat)\s+(?P<has>[^?]{1,60}?)(?:\s+have)?)?\W*",
        re.IGNORECASE,
    )


_FOR_EMAIL, _FOR_PHONE, _FOR_NUMBER = map(_asking_for, (_EMAIL_WORD, _PHONE_WORD, _NUMBER_WORD))
_FOR_PRICE = re.compile(r"\bcosts?\b|\bprices?\b|\bhow much (?:is|are|for)\b|\bkoste[nt]?\b|\bpreise?\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.\w+)+|\[at\]", re.IGNORECASE)
_PHONE = re.compile(  # not "250 - 300 EUR" nor "120 000 000"
    r"(?<![\w.,-])(?:\+|\(?0|1[- ]?8\d\d)(?:[()/ -]{0,3}\d){6,14}"
    r"(?![\d-]|[.,]\d|\s?(?:[€$£%]|(?:EUR|USD|GBP|CHF|euros?|dollars?)\b))",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b\d{1,2}\s?[ap]\.?m\b\.?|\b\d{1,2}:\d\d\b|\b\d{1,2}(?:[.:]\d\d)?\s?uhr\b", re.IGNORECASE)
_MONEY = re.compile(
    r"(?:[€$£¥]|\b(?:EUR|USD|GBP|CHF))\s?\d[\d.,]*|\d[\d.,]*\s?(?:[€$£¥]|(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?)\b)",
    re.IGNORECASE,
)
_DIGIT, _NO_DIGIT = re.compile(r"\d"), re.compile(r"\D")
_TOLD_PHONE = re.compile(r"(?:\b(?:costs?|is|are|kostet|beträgt)|:)\W{1,3}(?:\+|\(?0|1[- ]?8)", re.IGNORECASE)
_SHORT_PHONE = re.compile(r"\d{2}")  # 112, extension 42
_SAME = 4  # letters with which a word begins like the compound that it is part of


def kinds_of_numbers(text: str) -> set[str]:
    """Which of "date", "time" and "phone" a text holds, "other" where it holds numbers and none of these."""
    found = {name for name, pattern in (("time", _TIME), ("phone", _PHONE)) if pattern.search(text)}
    values = numbers(text)
    if any(value.startswith(MONTH) for value in values):
        found.add("date")
    return found or ({"other"} if values else set())


def is_of_another_kind(question: str, text: str) -> bool:
    """Whether a text tells a value, but none of the kind that a question asks for and for nothing else.

    Args:
        text: the answer, without footnotes.
    """
    if _FOR_EMAIL.fullmatch(question):
        return bool(_PHONE.search(text)) and not _EMAIL.search(text)
    plain = _MONEY.sub("", _TIME.sub("", text))
    if _FOR_PHONE.fullmatch(question):
        return bool(_DIGIT.search(text)) and not (_PHONE.search(plain) or _SHORT_PHONE.search(plain))
    if _FOR_NUMBER.fullmatch(question):
        return bool(_DIGIT.search(text)) and not _DIGIT.search(plain)
    if _FOR_PRICE.search(question):
        return bool(_PHONE.search(text) and _TOLD_PHONE.search(text)) and not _DIGIT.search(_PHONE.sub("", text))
    return False


def is_of_somebody_else(question: str, text: str, hits: Sequence[Hit]) -> bool:
    """Whether a text tells a telephone number or an e-mail address from passages that do not speak of whose is asked.

    Args:
        text: the answer, without footnotes.
        hits: what it was made from.
    """
    for asking, kind, plain in ((_FOR_EMAIL, _EMAIL, str.casefold), (_FOR_PHONE, _PHONE, _digits)):
        asked = asking.fullmatch(question)
        owner = set(terms(" ".join(filter(None, asked.group("of", "whose", "has"))))) if asked else set()
        values = {plain(value) for value in kind.findall(text)}
        if owner and values:
            passages = [f"{hit.chunk.label} {hit.chunk.context} {hit.chunk.text}" for hit in hits]
            held = (one for one in passages if values & {plain(value) for value in kind.findall(one)})
            return not any(_speaks_of(owner, one) for one in held)
    return False


def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)


def _speaks_of(owner: set[str], text: str) -> bool:
    """Whether a text holds one of these words, or a compound that begins with it."""
    held = set(terms(text, parts=True))
    return any(word in held or any(len(word) >= _SAME and one.startswith(word) for one in held) for word in owner)
