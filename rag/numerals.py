"""Numbers and dates of texts, each in one way of writing. Pure functions."""

import re
from collections.abc import Collection

from rag.periods import MONTHS

MONTH = "month "  # begins a month among numbers
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_THOUSANDS = re.compile(r"(?P<whole>(?!0)\d{1,3}(?P<sign>[.,])\d{3}(?:(?P=sign)\d{3})*)(?:[.,](?P<part>\d+))?")
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        r"\b(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>(?:19|20)\d\d)\b",
        r"(?P<year>(?:19|20)\d\d)年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
    )
)
_MONTHS = "|".join(name.capitalize() for name in MONTHS)
_MONTH = re.compile(rf"\b({_MONTHS})\b\.?(?=,?\s*\d)|(?<=\d)(?:\.|st|nd|rd|th)?\s+({_MONTHS})\b")  # beside a number
_NAMED_MONTH = re.compile(rf"\b(?:{_MONTHS})\b")
_IN_A_CODE = re.compile(
    r"(?<![\w-])(?!(?:pre|post|mid|early|late|since)-)[^\W\d_]+-\d[^\W_]*", re.IGNORECASE
)  # GTW-7000
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPELLED = {  # without "elf", which is an English word, too
    word: first + step * place
    for words, first, step in (
        ("two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", 2, 1),
        ("seventeen eighteen nineteen", 17, 1),
        ("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
        ("zwei drei vier fünf sechs sieben acht neun zehn", 2, 1),
        ("zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn", 12, 1),
        ("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 20, 10),
    )
    for place, word in enumerate(words.split())
}
_LARGE = r"(?:hundred|thousand|million|billion)"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
_WORDS = re.compile(  # of which those of a large number, or of an ordinal, are left alone
    rf"(?<![^\W\d_])(?P<large>{_LARGE}(?:\s+and)?\s+)?(?P<tens>{'|'.join(_SPELLED)})\b"
    rf"(?:[- ](?P<unit>{'|'.join(_UNITS)})\b)?"
    rf"(?P<other>[- ](?:{_LARGE}|{_ORDINAL})\b)?"
)


def numbers(text: str) -> set[str]:
    """Numbers of a text, those up to 99 also where they are spelled out in English or German.

    A date is its day, its year, and its month ("month 6"). The number of a code is none: "GTW-7000" bears no price of
    7,000 EUR.
    """
    found = {number for match in _WORDS.finditer(text.lower()) if (number := _spelled(match))}
    text = _IN_A_CODE.sub(" ", text)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            found |= {str(int(match["day"])), f"{MONTH}{int(match['month'])}", match["year"]}
        text = pattern.sub(" ", text)
    found |= {f"{MONTH}{MONTHS[(before or after).lower()]}" for before, after in _MONTH.findall(text)}
    return found | {_plain(number) for number in _NUMBER.findall(text)}


def held(text: str) -> set[str]:
    """Numbers of a text in which others are looked up, with all months that it names."""
    return numbers(text) | {f"{MONTH}{MONTHS[name.lower()]}" for name in _NAMED_MONTH.findall(text)}


def missing(text: str, numbers_held: Collection[str]) -> set[str]:
    """Numbers of a text that another does not hold; a month only where that names others: it may be written anyhow.

    Args:
        numbers_held: `held` of the other.
    """
    has_months = any(number.startswith(MONTH) for number in numbers_held)
    lacked = numbers(text).difference(numbers_held)
    return {number for number in lacked if has_months or not number.startswith(MONTH)}


def counts(text: str) -> set[tuple[str, str]]:
    """Numbers with the word that follows each: ("2", "days")."""
    pairs = re.findall(r"(?=(?<![\w.,])([\w.,]+)\s+([^\W\d_]+))", text.lower())
    return {(number, word) for written, word in pairs for number in numbers(written)}


def _spelled(match: re.Match[str]) -> str:
    if match["large"] or match["other"]:
        return ""
    number = _SPELLED[match["tens"]]
    is_tens = number % 10 == 0 and number > 10
    return str(number + (1 + _UNITS.index(match["unit"]) if match["unit"] and is_tens else 0))


def _plain(number: str) -> str:
    if ":" in number:  # 09:00 is 9:00
        return re.sub(r"^0(?=\d)", "", number)
    if found := _THOUSANDS.fullmatch(number):
        number = f"{found['whole'].replace(found['sign'], '')}.{found['part'] or 0}"
    return re.sub(r"^(\d+)\.0+$", r"\1", number.replace(",", "."))
