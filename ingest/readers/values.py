"""What the text of a cell says: a number, a date, or words. Pure functions.

Numbers are written in many ways ("1,234.50", "1.234,50 €", "(5)", "19.5 %"). Which sign is the decimal one is seen by
the value itself, where it is not, by its column, and where that does not tell either, by the file.
"""

import datetime
import re
from dataclasses import dataclass

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_NUMBER = re.compile(
    r"""(?P<open>\()?(?P<sign>[+\-\u2212\u2013])?\s?(?P<before>[€$£¥₹]|US\$|[A-Z]{3}(?=[\s\d.]))?\s?
    (?P<minus>[\-\u2212])?(?P<digits>\d[\d.,'’\s]*\d|\d|[.,]\d+)(?P<power>[eE][+\-]?\d{1,3})?
    \s?(?P<after>[%‰€$£¥₹°]|[^\W\d_]{1,5}[²³]?)?(?P<trailing>-)?(?P<close>\))?""",
    re.VERBOSE,
)
_GROUPED = {sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+") for sign in ".,"}
_BLANKS = re.compile(r"(?<=\d)['’\s](?=\d{3}(?:\D|$))")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jän jänner",
            "february feb februar",
            "march mar märz mär mrz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T\s]\s?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?(?:Z|\s?Uhr)?)?"
_DATES = tuple(
    re.compile(pattern + _TIME, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d\d)",
        r"(?P<one>\d{1,2})(?P<sign>[/-])(?P<other>\d{1,2})(?P=sign)(?P<year>\d{4}|\d\d)",
        r"(?P<day>\d{1,2})\.?[\s-](?P<name>[^\W\d_]{3,9})\.?,?[\s-](?P<year>\d{4})",
        r"(?P<name>[^\W\d_]{3,9})\.?\s(?P<day>\d{1,2}),?\s(?P<year>\d{4})",
        r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]",
    )
)
# Languages of a decimal comma; Switzerland and most of Latin America have a point.
_COMMA = re.compile(
    r"(?:(?:de|fr|it)(?!-(?:ch|li)\b)|(?:es|pt)(?=$|-(?:es|pt|br)\b)|nl|da|sv|nb|nn|no|fi|pl|cs|sk)(?:-|$)",
    re.IGNORECASE,
)
_CENTURY = 69  # two digits from here on are of the last century, as programs read them
_NOTHING = frozenset(
    word
    for line in (
        "- -- – — . / ? x n/a n.a. na n.v. k.a. keine null nil none nan 无 暂无",
        "#n/a #nv #wert! #value! #div/0! #ref! #bezug! #name? #num! #zahl!",
    )
    for word in line.split()
)


@dataclass(frozen=True)
class Written:
    """A number as it is written: its digits without spaces, its sign and its unit."""

    digits: str
    is_negative: bool
    power: str
    unit: str


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return not text or text.casefold() in _NOTHING


def written(text: str) -> Written | None:
    """The number that a text is; None where it is none. Codes with leading zeros are none."""
    found = _NUMBER.fullmatch(_SPACES.sub(" ", text).strip())
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        return None
    digits = _BLANKS.sub("", found["digits"])
    if re.search(r"['’\s]", digits) or re.match(r"0\d", digits):
        return None
    signs = sum(bool(found[name]) and found[name] != "+" for name in ("sign", "minus", "trailing", "open"))
    unit = found["before"] or found["after"] or ""
    return None if signs > 1 else Written(digits, signs == 1, found["power"] or "", unit)


def decimal_sign(digits: str) -> str:
    """The decimal sign that digits show, "" where they do not tell."""
    signs = [sign for sign in ".," if sign in digits]
    if len(signs) == 2:
        return max(signs, key=digits.rfind)
    if not signs:
        return ""
    is_grouped = _GROUPED[signs[0]].fullmatch(digits) is not None
    if digits.count(signs[0]) > 1:
        return {",": ".", ".": ","}[signs[0]] if is_grouped else ""
    return "" if is_grouped and not digits.startswith("0") else signs[0]


def decimal_in(language: str) -> str:
    """The decimal sign of a language, named as in "de" or "de-AT"; a point where it is not known."""
    return "," if _COMMA.match(language) else "."


def plain_number(number: Written, decimal: str) -> str | None:
    """A number as SQL writes it: "-1234.5"; None where its signs are in no order.

    Args:
        decimal: the decimal sign where the number itself does not show it.
    """
    digits = number.digits
    sign = decimal_sign(digits) or decimal
    other = "," if sign == "." else "."
    whole, _, fraction = digits.rpartition(sign) if digits.count(sign) == 1 else (digits, "", "")
    grouped = sign if sign in whole else other
    if grouped in whole and not _GROUPED[grouped].fullmatch(whole):
        return None
    whole = whole.replace(grouped, "")
    if not (whole + fraction).isdigit():
        return None
    value = f"{whole or '0'}.{fraction}" if fraction else whole
    return f"{'-' if number.is_negative else ''}{value}{number.power}"


def moment(text: str, *, day_first: bool | None) -> datetime.datetime | None:
    """The date that a text is, with its time if it names one.

    Args:
        day_first: how "3/4/2024" is read; None: not at all.
    """
    for pattern in _DATES:
        found = pattern.fullmatch(text)
        if found is not None:
            return _moment(found.groupdict(), day_first)
    return None


def shown_order(text: str) -> bool | None:
    """Whether a date like "13/4/2024" can only begin with its day, or only with its month; None where both can be."""
    found = _DATES[2].fullmatch(text)
    if found is None:
        return None
    one, other = int(found["one"]), int(found["other"])
    return True if one > 12 >= other else False if other > 12 >= one else None


def _moment(parts: dict[str, str | None], day_first: bool | None) -> datetime.datetime | None:
    day, month = parts.get("day"), parts.get("month")
    if parts.get("one"):
        if day_first is None:
            return None
        day, month = (parts["one"], parts["other"]) if day_first else (parts["other"], parts["one"])
    if name := parts.get("name"):
        month = str(_MONTHS.get(name.lower(), 0))
    year = str(parts["year"])
    full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= _CENTURY else 2000)
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    try:
        return datetime.datetime(full, int(month or 0), int(day or 0), hour, minute, second)
    except ValueError:
        return None
