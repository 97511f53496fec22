"""How far the passages bear what an answer says, sentence by sentence.

Models that judge entailment cannot be had everywhere, so what there is is weighed together: the words of the sentence
that stand in a line or two of a passage, its cosine to the nearest line, and whether its numbers and names stand in the
passage at all. The weights were fitted to sentences read by eye (docs/evaluation.md).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import groupby, zip_longest

from rag.embedders import Embedder, Vectors
from rag.evidence import Line, in_context, share
from rag.periods import MONTHS
from rag.terms import is_german, terms
from rag.types import Hit

Weights = Callable[[str], Mapping[str, float]]  # of a text's terms, the rarer the more


class Verdict(str, Enum):
    """What the passages say to a sentence."""

    SUPPORTED = "supported"
    WEAK = "weak"  # a passage bears a part of it
    UNSUPPORTED = "unsupported"


_SUPPORTED, _WEAK = 0.5, 0.25  # support from which a sentence is supported, and weakly so
_BIAS, _WORDS, _WHOLE, _COSINE, _NAMES = -4.0, 3.0, 2.0, 1.5, -1.0  # log odds; names: for each that is missing
_NUMBERS = -2.0  # for each that is missing; chosen, since too few wrong ones were read to fit it
_TURNED = -3.0  # where the passage says the opposite; chosen: a sentence that it bears well is weak then
_SAME, _VERY_SAME = 0.7, 0.9  # of a sentence's words, in a clause that says the opposite: denied, and not denied
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_THOUSANDS = re.compile(r"(?P<whole>\d{1,3}(?P<sign>[.,])\d{3}(?:(?P=sign)\d{3})*)(?:[.,](?P<part>\d+))?")
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        r"\b(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>(?:19|20)\d\d)\b",
    )
)
_MONTHS = "|".join(name.capitalize() for name in MONTHS)
_MONTH = re.compile(rf"\b({_MONTHS})\b\.?(?=,?\s*\d)|(?<=\d)(?:\.|st|nd|rd|th)?\s+({_MONTHS})\b")  # beside a number
_IN_A_CODE = re.compile(
    r"(?<![\w-])(?!(?:pre|post|mid|early|late|since)-)[^\W\d_]+-\d[^\W_]*", re.IGNORECASE
)  # GTW-7000
_NAME = re.compile(r"(?<=[\w,;'’\")] )[A-ZÀ-ÖØ-Þ][\w'’-]+")  # noqa: RUF001  a capital inside a sentence
_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_SPELLED = {
    word: number
    for words in (
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
        "achtzehn neunzehn",
    )
    for number, word in enumerate(words.split(), 2)
} | {
    word: 10 * number
    for words in (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    )
    for number, word in enumerate(words.split(), 2)
}
_SPELLED_WORD = re.compile(rf"[^\W\d_]+ty[- ](?:{'|'.join(_UNITS)})\b|[^\W\d_]+")
_DENIAL = re.compile(
    r"\b(?:not|never|neither|cannot|nothing|none|nobody|forbidden|prohibited|banned|impossible|nicht|niemals|nie"
    r"|kein(?:e[mnrs]?)?|verboten|untersagt|unzulässig)\b|\bno\b(?=\s+\w)|n['’]t\b",  # noqa: RUF001
    re.IGNORECASE,
)
_NO_DENIAL = re.compile(  # "no later than", "not only"
    r"\b(?:no|not|nicht)\s+(?:later|earlier|sooner|more|less|fewer|longer|only|until|before|after|nur|mehr|länger|vor)\b",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[,;:()–—]|\b(?:but|while|whereas|unless|except|although|aber|sondern|obwohl|außer)\b", re.I)  # noqa: RUF001


def verdict(support: float) -> Verdict:
    """The verdict on a sentence whose passage bears it so far."""
    if support >= _SUPPORTED:
        return Verdict.SUPPORTED
    return Verdict.WEAK if support >= _WEAK else Verdict.UNSUPPORTED


class Support:
    """How far each of some passages bears a sentence; made for one answer."""

    def __init__(self, lines: Sequence[Line], hits: Sequence[Hit], embedder: Embedder, weights: Weights) -> None:
        """`lines` are all lines of `hits` with their vectors, in any order: `hits[line.number - 1]` holds it."""
        ordered = sorted(lines, key=lambda line: (line.number, line.span.start))
        of = {number: list(group) for number, group in groupby(ordered, key=lambda line: line.number)}
        self._passages = [_Passage(hit, of.get(number, [])) for number, hit in enumerate(hits, 1)]
        self._embedder = embedder
        self._weights = weights

    def __call__(self, sentence: str) -> list[float]:
        """Support from 0 to 1 by each passage, in their order."""
        weights = self._weights(sentence)
        known = self._embedder.reads(sentence)
        vector = self._embedder.encode_documents([sentence])[0] if known else None
        return [passage.support(sentence, weights, vector) for passage in self._passages]


class _Passage:
    """A passage read for sentences about it: its lines with what stands over them, as text and as vectors."""

    def __init__(self, hit: Hit, lines: Sequence[Line]) -> None:
        texts = [in_context(hit.chunk, line) for line in lines]
        after = (line.reading for line in lines[1:])
        self._pairs = [f"{text} {following}" for text, following in zip_longest(texts, after, fillvalue="")]
        name = hit.chunk.document_name  # without the page, whose number bears nothing
        self._whole = " ".join([name, hit.chunk.context, hit.chunk.text, *(one.reading for one in lines)])
        self._clauses = [clause for line in lines for clause in _PARTS.split(line.reading)]
        self._numbers, self._terms = numbers(self._whole), set(terms(self._whole, parts=True))
        self._vectors = [line.vector for line in lines]

    def support(self, sentence: str, weights: Mapping[str, float], vector: Vectors | None) -> float:
        words = max((share(weights, pair) for pair in self._pairs), default=0.0)
        cosine = words if vector is None else max([0.0, *(float(line @ vector) for line in self._vectors)])
        odds = _BIAS + _WORDS * words + _WHOLE * share(weights, self._whole) + _COSINE * cosine
        odds += _NUMBERS * len(numbers(sentence) - self._numbers) + _NAMES * len(names(sentence) - self._terms)
        odds += _TURNED * self._says_otherwise(sentence, weights)
        return 1 / (1 + math.exp(-odds))

    def _says_otherwise(self, sentence: str, weights: Mapping[str, float]) -> bool:
        """Whether the clauses that hold the words of a sentence deny what it says, or say what it denies."""
        denied = denies(sentence)
        least = _VERY_SAME if denied else _SAME
        same = [clause for clause in self._clauses if share(weights, clause) >= least]
        return bool(same) and all(denies(clause) is not denied for clause in same)


def denies(text: str) -> bool:
    """Whether it says that something is not so, in English or German; what denies a denial says that it is."""
    return len(_DENIAL.findall(_NO_DENIAL.sub(" ", text))) % 2 == 1


def numbers(text: str) -> set[str]:
    """Numbers of a text, each in one way of writing, also where they are spelled out in English or German.

    A date is its day, month and year. The number of a code is none: "GTW-7000" bears no price of 7,000 EUR.
    """
    found = set(map(_spelled, _SPELLED_WORD.findall(text.lower()))) - {""}
    text = _IN_A_CODE.sub(" ", text)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            found |= {str(int(match["day"])), f"month {int(match['month'])}", match["year"]}
        text = pattern.sub(" ", text)
    found |= {f"month {MONTHS[(before or after).lower()]}" for before, after in _MONTH.findall(text)}
    return found | {_plain(number) for number in _NUMBER.findall(text)}


def _spelled(words: str) -> str:
    """The digits of a number in words ("twenty-one"), "" of other words."""
    first, _, unit = words.replace("-", " ").partition(" ")
    number = _SPELLED.get(first)
    if number is None:
        return ""
    return str(number + (1 + _UNITS.index(unit) if unit in _UNITS and number % 10 == 0 and number > 10 else 0))


def _plain(number: str) -> str:
    if ":" in number:  # 09:00 is 9:00
        return number.lstrip("0") or number
    if found := _THOUSANDS.fullmatch(number):
        number = f"{found['whole'].replace(found['sign'], '')}.{found['part'] or 0}"
    return re.sub(r"\.0+$", "", number.replace(",", "."))


def names(text: str) -> set[str]:
    """Terms of the words that begin with a capital inside a sentence; in German all nouns do, which tells nothing."""
    if is_german(text):
        return set()
    return {term for name in _NAME.findall(text) for term in terms(name)}
