"""What can be no answer by its kind: a telephone number for a price, or that of somebody who is not named.

Small generators take the nearest value for the one that is asked for. Pure functions.
"""

import re
from collections.abc import Sequence

from rag.numerals import numbers
from rag.periods import MONTHS
from rag.terms import terms
from rag.types import Hit

_WHAT = r"^(?:[^?]*\b)?(?:what|which|wie|welche[rs]?|give me|tell me|whats)\b[^?]*?\b"
_OF = r"(?=\W*$|\W+(?:of|for|from|to|in|at|on|is|does|do|has|von|vom|der|des|für|hat|ist)\b)"
_FOR_EMAIL = re.compile(rf"{_WHAT}e-?mail(?:[ -]?address(?:es)?|[ -]?adresse)?{_OF}", re.IGNORECASE)
_FOR_PHONE = re.compile(
    rf"{_WHAT}(?:(?:tele)?phone|mobile|fax|hotline) ?numbers?{_OF}|{_WHAT}(?:telefon|handy|ruf|fax)nummern?{_OF}",
    re.IGNORECASE,
)
_FOR_NUMBER = re.compile(
    rf"{_WHAT}(?:room|flight|account|policy|invoice|order|customer|house|gate|seat|serial|part|article) numbers?{_OF}",
    re.IGNORECASE,
)
_FOR_PRICE = re.compile(r"\bcosts?\b|\bprices?\b|\bhow much (?:is|are|for)\b|\bkoste[nt]?\b|\bpreise?\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w[\w.-]*")
_PHONE = re.compile(
    r"(?<![\w.,])(?:\+|\(?0|1[- ]?8\d\d|\d{3}[ -])[\d()/ -]{4,}\d(?![\d.,%]*\d|\s?(?:€|EUR|USD|GBP|CHF))"
)
_TIME = re.compile(
    r"\b\d{1,2}\s?[ap]\.?m\b\.?|(?<![\d:])\d{1,2}[:.]\d\d(?![\d:]|[.,]\d)(?:\s?(?:[ap]\.?m\.?|uhr))?", re.IGNORECASE
)
_SHARE = re.compile(r"\d[\d.,]*\s?(?:%|percent\b|per cent\b|Prozent\b)", re.IGNORECASE)
_MONEY = re.compile(
    r"[€$£¥]\s?\d[\d.,]*|\d[\d.,]*\s?(?:[€$£¥]|(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?)\b)", re.IGNORECASE
)
_MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th|\.)?\s+)(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}})?|\b{_MONTH}\s+\d{{1,4}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?"
    r"|\b(?:19|20)\d\d(?:-\d\d-\d\d)?(?![\d.,]|\s*[€$£%])|\b\d\d?\.\d\d?\.(?:19|20)?\d\d\b|\b\d\d?/\d\d?/\d{2,4}\b"
    r"|\b(?:on|by|until|from) the \d\d?(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SHORT_PHONE = re.compile(r"\d{3}")  # 112
_NO_OWNER = frozenset(
    terms("phone telephone mobile fax hotline number numbers e-mail email mail address contact call reach get find")
)


def kinds_of_numbers(text: str) -> set[str]:
    """Which of dates, times of day, money, shares, telephone numbers and other numbers a text holds."""
    found = set()
    named = {"date": _DATE, "money": _MONEY, "phone": _PHONE, "time": _TIME, "share": _SHARE}
    for name, pattern in named.items():
        text, count = pattern.subn(" ", text)
        found |= {name} if count else set()
    return found | ({"other"} if numbers(text) else set())


def is_of_another_kind(question: str, text: str) -> bool:
    """Whether a text tells no value of the kind that a question asks for, but at most one of another.

    Args:
        text: the answer, without footnotes.
    """
    if _FOR_EMAIL.search(question):
        return not _EMAIL.search(text)
    if _FOR_PHONE.search(question):
        return not (_PHONE.search(text) or _SHORT_PHONE.search(_MONEY.sub("", text)))
    if _FOR_NUMBER.search(question):
        return bool(_DIGIT.search(text)) and not _DIGIT.search(_MONEY.sub("", _TIME.sub("", text)))
    if _FOR_PRICE.search(question):
        return bool(_PHONE.search(text)) and not _DIGIT.search(_PHONE.sub("", text))
    return False


def is_of_somebody_else(question: str, text: str, hits: Sequence[Hit]) -> bool:
    """Whether a text tells a telephone number or an e-mail address from passages that do not speak of whose is asked.

    Args:
        text: the answer, without footnotes.
        hits: what it was made from.
    """
    kind = _EMAIL if _FOR_EMAIL.search(question) else _PHONE if _FOR_PHONE.search(question) else None
    owner = set(terms(question)) - _NO_OWNER
    values = kind.findall(text) if kind else []
    if not owner or not values:
        return False
    passages = [f"{hit.chunk.label} {hit.chunk.context} {hit.chunk.text}" for hit in hits]
    return not any(value in one and owner & set(terms(one, parts=True)) for value in values for one in passages)
