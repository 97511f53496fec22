"""Days, months, quarters and years that a question names, and a SELECT held to them: generators mistake dates."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NAMES = (
    "january jan januar jänner",
    "february feb februar",
    "march mar märz",
    "april apr",
    "may mai",
    "june jun juni",
    "july jul juli",
    "august aug",
    "september sept sep",
    "october oct oktober okt",
    "november nov",
    "december dec dezember dez",
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_BEFORE = (
    r"\b(?:in|of|for|since|after|before|during|until|from|to|and|between|year|im|jahr|seit|nach|vor|von|bis|und"
    r"|zwischen)\s+"
)
_BESIDE = r"\b(?:or|through|compare|oder|vergleiche)\s+"  # a name in capitals
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d\d?)"
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "erst": 1, "zweit": 2, "dritt": 3, "viert": 4}
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}-(?P<month>\d\d)-{_DAY}\b",
        rf"\b{_DAY}\.\s?(?P<month>\d\d?)\.\s?{_YEAR}\b",
        rf"{_YEAR}年(?P<month>\d\d?)月{_DAY}日",
        rf"\b{_DAY}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?\b",
        rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\b(?:,?\s+{_YEAR}\b)?",
        rf"{_YEAR}年(?P<month>\d\d?)月",
        rf"\b{_MONTH}\s+(?:of\s+)?{_YEAR}\b",
        rf"{_BEFORE}{_MONTH}(?!\w)",
        rf"{_BESIDE}(?-i:(?=[A-ZÄÖÜ])){_MONTH}(?!\w)",
        rf"\b(?:(?P<quarter>{'|'.join(_QUARTERS)})\w*|(?P<number>[1-4])(?:st|nd|rd|th|\.))\s+quart\w+"
        rf"(?:\s+(?:of\s+)?{_YEAR})?\b",
        rf"\bQ(?P<number>[1-4])(?:\s+(?:of\s+)?{_YEAR})?\b",
        rf"{_YEAR}年",
        rf"{_BEFORE}{_YEAR}\b(?![-.,]\d|\s*[€$%])",
    )
)
_AFTER = re.compile(r"\b(?:after|later than|nach|später als)\s+$", re.IGNORECASE)
_LITERAL = re.compile(
    r"(?P<operator><=|>=|<|>|=)?\s*(?:(?:DATE|TIMESTAMP)\s*)?'(?P<day>\d{4}-\d\d-\d\d)(?:[T ][\d:.]*)?'",
    re.IGNORECASE,
)
_WHEN = re.compile(  # as the word that asks: not "What do I do when it rains?"
    r"^\W*(?:(?:and|but|so)\s+)?(?:(?:since|until|from|by)\s+)?when\b|,\s+when\b"
    r"|\b(?:know|remember|say|tell me)\s+when\b"
    r"|\bhow\s+(?:old\s+(?:is|are|was|were)|long\s+ago|recent(?:ly)?)\b|\bdates?\s+(?:of|when|on which)\b"
    r"|\b(?:what|which)\s+(?:[\w-]+\s+){0,4}(?:dates?|days?|months?|years?)\b(?!\s+(?:format|off))"
    r"|\bwann\b|\bwelche[mnrs]?\s+(?:tag|monat|jahr|datum)\b|\w*datum\b|什么时候|何时|哪一?天|哪一?年|几月|几号|日期",
    re.IGNORECASE,
)
_WAS = re.compile(
    r"\bwhen\s+(?:was|were|did|had|has|have)\b"
    r"|\b(?:old|date|day|month|year|recently|ago)\b(?!.*\b(?:must|should|will|do|does)\b)"
    r"|\bwann\s+(?:wurden?|waren?|kam(?:en)?|gab|hat|haben|erschien\w*"
    r"|ist\b.*\b(?:erschienen|gekommen|entstanden|passiert|geschehen|worden))"
    r"|datum\b|了|发布|日期",
    re.IGNORECASE,
)
_LATEST = re.compile(r"\b(?:latest|newest|most recent|oldest|(?:neu|ält)e?st\w*)\b|最新|最早", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:which|welche\w*)\b|哪", re.IGNORECASE)
_WRITTEN = re.compile(  # dates that questions seldom name so: 2024/05/03, 03/05/2024, 3-May-2024, 03.05.24
    r"\b(?:(?:19|20)\d\d/\d\d?/\d\d?|\d\d?/\d\d?/(?:19|20)\d\d|\d\d?-[A-Z][a-z]{2}-(?:19|20)?\d\d|\d\d\.\d\d\.\d\d)\b"
)
_ANY_YEAR = 2000  # of days whose year is not said
_ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A stretch of days: `after` is the day on which it is over.

    Attributes:
        is_over: whether what comes after it is meant.
    """

    text: str
    first: datetime.date
    after: datetime.date
    is_over: bool = False

    @property
    def last(self) -> datetime.date:
        """Its last day."""
        return self.after - _ONE_DAY


def names_days(text: str) -> bool:
    """Whether it names days, months, quarters or years, of whatever year."""
    return bool(periods(text, year=_ANY_YEAR))


def asks_when(question: str) -> bool:
    """Whether it asks for a day, month or year."""
    return _WHEN.search(question) is not None


def asks_when_it_was(question: str) -> bool:
    """Whether it asks for the day, month or year of what has been: "When was it released?", not "When is it due?"."""
    return asks_when(question) and _WAS.search(question) is not None


def is_of_time(question: str) -> bool:
    """Whether a date may answer it, or tell what does: it asks when, for the latest, or which one is of a period."""
    return (
        asks_when(question)
        or _LATEST.search(question) is not None
        or (_WHICH.search(question) is not None and names_days(question))
    )


def names_a_date(text: str) -> bool:
    """Whether it names a day or month of a year."""
    if _WRITTEN.search(text):
        return True
    found = (match.groupdict() for pattern in _PATTERNS for match in pattern.finditer(text))
    return any(parts.get("year") and parts.get("month") for parts in found)


def periods(question: str, *, year: int | None = None) -> list[Period]:
    """The periods that a question names, in its order.

    Args:
        year: of those that are named without one, where the question names none or several; they are left out where it
            is None.
    """
    found: list[re.Match[str]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(question):
            if all(match.end() <= other.start() or other.end() <= match.start() for other in found):
                found.append(match)
    years = {said for match in found if (said := match.groupdict().get("year"))}
    year = int(next(iter(years))) if len(years) == 1 else year
    named = (_period(match, year) for match in sorted(found, key=re.Match.start))
    return [period for period in named if period is not None]


def _period(match: re.Match[str], year: int | None) -> Period | None:
    parts = {name: value for name, value in match.groupdict().items() if value}
    year = int(parts["year"]) if "year" in parts else year
    if year is None:
        return None
    month = parts.get("month", "1")
    number = int(month) if month.isdigit() else MONTHS[month.lower()]
    quarter = int(parts.get("number", 0)) or _QUARTERS.get(parts.get("quarter", "").lower(), 0)
    try:
        first = datetime.date(year, 3 * quarter - 2 if quarter else number, int(parts.get("day", 1)))
    except ValueError:
        return None
    months = 0 if "day" in parts else 3 if quarter else 1 if "month" in parts else 12
    text = re.sub(rf"^(?:{_BEFORE}|{_BESIDE})", "", match.group(), flags=re.IGNORECASE)
    is_over = _AFTER.search(match.string[: match.end() - len(text)]) is not None
    return Period(text, first, months_on(first, months) if months else first + _ONE_DAY, is_over)


def months_on(first: datetime.date, months: int) -> datetime.date:
    years, month = divmod(first.month - 1 + months, 12)
    return datetime.date(first.year + years, month + 1, 1)


def within(period: Period, values: Iterable[str]) -> list[str]:
    """Those of the values that are periods of it in words ("April 2025", "Q2"), in the order of time."""
    found = ((value, periods(f"in {value}", year=period.first.year)) for value in values)
    held = [
        (own[0].first, value)
        for value, own in found
        if len(own) == 1 and own[0].text == value and period.first <= own[0].first and own[0].after <= period.after
    ]
    return [value for _, value in sorted(held)]


def corrected(sql: str, named: Sequence[Period]) -> str:
    """A SELECT whose rows of a period end when it does, and begin after one when it is over.

    Generators take "after 2018" for what is after its first day, and a period for over before its last.
    """
    begins = {str(period.first) for period in named if not period.is_over}

    def meant(match: re.Match[str]) -> str:
        operator, day = match["operator"], match["day"]  # as it is written: there may be no such day
        for period in named:
            is_long = period.last > period.first
            if is_long and period.is_over and day == str(period.first) and operator in (">", ">="):
                return f">= '{period.after}'"
            is_end = not period.is_over and day == str(period.last) and day not in begins
            if is_long and is_end and operator in ("<", "<="):
                return f"< '{period.after}'"
        return match.group()

    return _LITERAL.sub(meant, sql)


def problem(sql: str, named: Sequence[Period]) -> str:
    """What a SELECT says of the periods of its question otherwise than they are, "" where it says nothing so."""
    try:
        days = {datetime.date.fromisoformat(match["day"]) for match in _LITERAL.finditer(sql)}
    except ValueError:
        return "one of its dates does not exist"
    wrong = [period for period in named if days and days.isdisjoint((period.first, period.last, period.after))]
    return f"the dates are others: {told(wrong)}" if wrong else ""


def told(named: Sequence[Period]) -> str:
    """The periods as SQL compares with them."""
    return "; ".join(f"{period.text} is >= '{period.first}' AND < '{period.after}'" for period in named)
