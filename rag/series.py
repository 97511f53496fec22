"""Documents of a series: the report of each quarter, the minutes of each month. Their names differ only in a period.

They say nearly the same, so a search finds the wrong issue as easily as the right one. Pure functions.
"""

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.evidence import Line
from rag.matters import joined
from rag.periods import MONTHS, Period, months_on, names_days, periods
from rag.terms import terms
from rag.types import Hit

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_GAP = r"[\s_.,-]*"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_NAME = rf"(?<![^\W\d_])(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![^\W\d_])"
_PERIODS = tuple(  # in the name of a document, the most exact first
    re.compile(rf"(?<!\d){pattern}(?!\d)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}[\s_.-]?{_MONTH}[\s_.-]?{_DAY}",
        rf"{_DAY}[\s_.-]{_MONTH}[\s_.-]{_YEAR}",
        rf"{_YEAR}{_GAP}Q(?P<quarter>[1-4])",
        rf"Q(?P<quarter>[1-4]){_GAP}{_YEAR}",
        rf"{_YEAR}[\s_.-]{_MONTH}",
        rf"{_YEAR}{_GAP}{_NAME}",
        rf"{_NAME}{_GAP}{_YEAR}",
        _YEAR,
    )
)
_ISSUE = (
    r"(?:quarter|period|month|year|week|report|filing|10-[QK]|meeting|minute|issue|edition|newsletter|statement"
    r"|quartal|monat|jahr|woche|bericht|protokoll|ausgabe|sitzung|besprechung|versammlung)"
)
_LATEST = re.compile(
    rf"\b(?:latest|newest|most (?:recent|current)|neu(?:e)?ste[nmrs]?|aktuell(?:st)?e[nmrs]?)\s+(?:[\w-]+\s+){{0,2}}?"
    rf"{_ISSUE}(?!(?:ly|ed|ing)\b)\w*"
    r"|(?<!since )(?<!since the )(?<!seit der )(?<!seit dem )\b(?:last|letzte[nmrs]?)\s+(?:[^\W\d]+\s+)?"
    r"(?:meeting|report|filing|edition|newsletter|session|sitzung|besprechung|versammlung|protokoll|\w*bericht|ausgabe)\b|最新(?:一期)?的?(?:季度|季报|月报|年报|报告|会议)|最近一(?:个季度|期|份报告)",
    re.IGNORECASE,
)
_MANY = r"(?:quarters|periods|months|years|weeks|reports|filings|10-[QK]s|meetings|issues|editions|statements)"
_EACH = re.compile(
    r"\b(?:across|over|throughout|during|through|between|previous|past|prior|earlier|these|those|all|in the|of the)"
    rf"\s+(?:[\w-]+\s+){{0,3}}?{_MANY}\b|['\u2019]s\s+(?:[\w-]+\s+)?{_MANY}\b"
    rf"|\b(?:each|every|per)\s+(?:[\w-]+\s+)?{_ISSUE}\b"
    r"|\bover time\b|\b(?:over|throughout|during) the (?:\w+\s+)?(?:reporting|reported) period\b|\btrend(?:s|ed)?\b"
    r"|\b(?:to|with|than|and) (?:the )?(?:previous|earlier|past|prior) ones\b"
    r"|\büber die (?:\w+\s+)?(?:quartale|monate|jahre|wochen|zeit)\b|\bje(?:dem|den|der|des|de) "
    r"(?:quartals?|monats?|jahre?s?|woche)\b|\bim laufe der zeit\b|[各每]个?(?:季度|月|年|期)|历年|逐[年月季]|趋势",
    re.IGNORECASE,
)
_SINCE, _EARLIER, _FROM, _TO = (  # before a period
    re.compile(rf"\b(?:{words})\s+(?:the\s+)?$", re.IGNORECASE)
    for words in (
        "since|starting (?:in|with)|seit|ab",
        "before|earlier than|prior to|vor",
        "from|between|von|zwischen",
        "to|and|until|through|bis|und",
    )
)
_UNTIL = re.compile(r"\b(?:until|till|up to|bis)\s+(?:the\s+|zum?\s+)?$", re.IGNORECASE)
_AROUND = re.compile(r"\b(?:before (?:and|or) after|vor (?:und|oder) nach)\s+$", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:[-\u2013]|to|until|till|through|bis)\s*", re.IGNORECASE)  # between two periods
_COMPARED = re.compile(
    r"\b(?:compar\w+|clos\w+|versus|relative|vergl\w+|gegenüber)\b", re.IGNORECASE
)  # one to the other
_YEARS = re.compile(r"(?:\b|(?<=\bFY))(?:19|20)\d\d\b")
_JAN = re.compile(
    r"\b(?:in|for|of|since|until|during|before|after|im|seit|bis)\s+Jan\b"
)  # otherwise it may be a person
_ANY_YEAR = 2000  # of periods whose year is not said, where only their words count
_VERBS = ("may", "march", "mar")  # months only where they are written like names
_ALL_OVER = 0.03  # of the chunks of a group: a word that stands in as many may name it
_TIMES = 3  # in chunks that it has to stand in
_HARDLY = 0.05  # of that share: what it may have in another
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Issue:
    """A document of a series.

    Attributes:
        first: the day on which its period begins.
        after: the day on which it is over.
    """

    document_id: str
    first: datetime.date
    after: datetime.date


def series(names: Iterable[tuple[str, str]]) -> list[tuple[Issue, ...]]:
    """The series among documents, each in the order of time; those that stand for themselves are left out.

    Args:
        names: id and name of each.
    """
    found: dict[str, list[Issue]] = {}
    for document_id, name in names:
        if dated := _dated(name):
            rest, first, after = dated
            found.setdefault(rest, []).append(Issue(document_id, first, after))
    several = (issues for issues in found.values() if len({issue.first for issue in issues}) > 1)
    return [tuple(sorted(issues, key=lambda issue: issue.first)) for issues in several]


def single(names: Iterable[tuple[str, str]], known: Iterable[Sequence[Issue]]) -> list[tuple[Issue, ...]]:
    """Documents whose names tell a period, but of which there is no other issue; `known` are the series."""
    of_series = {issue.document_id for issues in known for issue in issues}
    dated = ((document_id, _dated(name)) for document_id, name in names if document_id not in of_series)
    return [(Issue(document_id, *days[1:]),) for document_id, days in dated if days]


def asks_each(question: str) -> bool:
    """Whether it asks how something is in one issue after the other."""
    return _EACH.search(question) is not None


def asks_for_some(question: str) -> bool:
    """Whether it may name a period, or asks for the newest issue."""
    return bool(_LATEST.search(question) or names_days(question) or _YEARS.search(question))


def asked(question: str, issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Those of a series that a question asks for: of the periods that it names, or the newest; () where of none.

    A month or quarter without a year is of that of the newest issue. A question for each is held to a period only where
    several issues are of it ("the quarters of 2023").

    Args:
        issues: in the order of time.
    """
    each = asks_each(question)
    if named := _periods(question, issues[-1].first.year):
        stretches = list(_stretches(question, named))
        found = tuple(
            issue for issue in issues if any(first < issue.after and issue.first < after for first, after in stretches)
        )
        return () if each and len(found) < 2 else found
    if _LATEST.search(question) and not each:
        return tuple(issue for issue in issues if issue.first == issues[-1].first)
    return ()


def others(
    question: str,
    found: Sequence[tuple[Issue, ...]],
    named: Collection[tuple[str, ...]] = (),
    alone: Collection[str] = (),
    *,
    every_issue: bool = False,
) -> tuple[str, ...]:
    """The documents that a question leaves out.

    Where it asks for some issues of a series, the others of that; where it names one series, all that are not of it.

    Args:
        found: the series, and documents that are the only issue of one.
        named: groups of documents that it names.
        alone: documents of no series.
        every_issue: whatever period it asks for.
    """
    meant = _named_series(found, named)
    if len(meant) == 1 and (every_issue or _is_of_other_period(question, found, meant)):
        meant = ()
    left = list(alone) if meant else []
    for issues in found:
        chosen = issues if every_issue else asked(question, issues) or issues
        left += (issue.document_id for issue in issues if issue not in chosen or meant not in ((), documents(issues)))
    return tuple(left)


def meant(
    hits: Sequence[Hit], found: Sequence[tuple[Issue, ...]], named: Collection[tuple[str, ...]] = ()
) -> tuple[str, ...]:
    """The documents of the series of which a question asks each, in the order of time; () where it means none.

    It is the one that it names; else that from which most of the hits are, unless one is of another document it names.

    Args:
        hits: the best first.
    """
    of = {issue.document_id: documents(issues) for issues in found for issue in issues}
    if series := _named_series(found, named):
        return series
    if any((hit.chunk.document_id,) in named for hit in hits):
        return ()
    counted = Counter(of.get(hit.chunk.document_id, ()) for hit in hits)
    return max(counted, key=counted.__getitem__, default=())  # of several, that of the best hit


def documents(issues: Iterable[Issue]) -> tuple[str, ...]:
    """Their ids."""
    return tuple(issue.document_id for issue in issues)


def _named_series(found: Iterable[tuple[Issue, ...]], named: Collection[tuple[str, ...]]) -> tuple[str, ...]:
    """The only series among what is named, or the only issue of one where none is; () where there are several."""
    of = [own for issues in found if (own := documents(issues)) in named]
    meant = [own for own in of if len(own) > 1] or of
    return meant[0] if len(meant) == 1 else ()


def _is_of_other_period(question: str, found: Iterable[Sequence[Issue]], meant: tuple[str, ...]) -> bool:
    """Whether a question names periods of which the only issue of its kind is not."""
    (issues,) = (own for own in found if documents(own) == meant)
    return bool(_periods(question, issues[-1].first.year)) and not asked(question, issues)


def named(
    groups: Sequence[tuple[str, ...]], held: Mapping[str, Mapping[str, int]], chunks: Mapping[str, int]
) -> dict[tuple[str, ...], set[str]]:
    """The groups that a question names, each with its terms: they stand all over its documents and hardly in others.

    Series that run side by side, such as the reports of several companies, are told apart so.

    Args:
        groups: documents (ids) of a series, or one that stands for itself.
        held: of each term of the question, in how many chunks of which document it stands.
        chunks: of each document.
    """
    sizes = {group: sum(chunks[document] for document in group) for group in groups}
    found: dict[tuple[str, ...], set[str]] = {}
    for term, counts in held.items():
        times = {group: sum(counts.get(one, 0) for one in group) for group in groups}
        shares = Counter({group: times[group] / (size or 1) for group, size in sizes.items()})
        (best, share), *others = shares.most_common(2)
        if times[best] >= _TIMES and share >= _ALL_OVER and (not others or others[0][1] <= _HARDLY * share):
            found.setdefault(best, set()).add(term)
    return found


def topic(question: str) -> str:
    """A question without the words that say which issues are asked: of those they tell no passage from another."""
    text = _EACH.sub(" ", _LATEST.sub(" ", question))
    for period in _periods(text, _ANY_YEAR):
        text = re.sub(rf"{re.escape(period.text)}(?:\s+{_ISSUE}s?\b)?", " ", text, flags=re.IGNORECASE)
    short = joined(text)
    return short if terms(short) else question


def nearest(issues: Sequence[str], hits: Iterable[Hit], *, count: int) -> list[str]:
    """At most `count` of the issues, in their order: those with the best hits, and then the newest.

    Args:
        issues: documents in the order of time.
        hits: the best first.
    """
    found = dict.fromkeys(hit.chunk.document_id for hit in hits if hit.chunk.document_id in issues)
    chosen = list(dict.fromkeys([*found, *reversed(issues)]))[:count]
    return [issue for issue in issues if issue in chosen]


def by_issue(issues: Sequence[str], hits: Sequence[Hit], found: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of each issue, in their order; those without lines are left out.

    Args:
        issues: documents in the order of time.
        found: lines of the hits.
    """
    lines: dict[str, list[Line]] = {issue: [] for issue in issues}
    for line in found:
        lines[hits[line.number - 1].chunk.document_id].append(line)
    return {issue: own for issue, own in lines.items() if own}


def _periods(question: str, year: int) -> list[Period]:
    """The periods that a question names, and its years where it names nothing smaller ("the 2023 report")."""
    found = [period for period in periods(question, year=year) if period.text not in _VERBS]
    if [period.text for period in found] == ["Jan"] and not _JAN.search(question):
        found = []
    if any(not _YEARS.search(period.text) or period.after < months_on(period.first, 12) for period in found):
        return found
    years = [one for match in _YEARS.finditer(question) for one in periods(f"in {match.group()}")]
    known = {period.first: period for period in found}  # they know whether what comes after them is meant
    return [known.get(one.first, one) for one in years]


def _stretches(question: str, named: Sequence[Period]) -> Iterator[tuple[datetime.date, datetime.date]]:
    """From which day to before which one a question asks: "since" a period, "from" one "to" another, or in it."""
    begun: datetime.date | None = None
    end = 0
    for place, period in enumerate(named):
        start = max(question.find(period.text, end), end)
        before, end = question[:start], start + len(period.text)
        next_one = named[place + 1] if place + 1 < len(named) else None
        if begun is not None:
            yield begun, period.after
            begun = None
        elif next_one and _goes_to(before, question[end:], next_one):
            begun = period.first
        elif _AROUND.search(before):
            yield datetime.date.min, datetime.date.max
        elif _UNTIL.search(before):
            yield datetime.date.min, period.after
        elif _SINCE.search(before):
            yield period.first, datetime.date.max
        elif period.is_over:
            yield period.after, datetime.date.max
        elif _EARLIER.search(before):
            yield datetime.date.min, period.first
        else:
            yield period.first, period.after


def _goes_to(before: str, after: str, next_one: Period) -> bool:
    """Whether a period, with what stands before and after it, is the beginning of a stretch to the next one."""
    between = after[: after.find(next_one.text)]
    is_range = _RANGE.fullmatch(between) and not _COMPARED.search(before)
    return bool(is_range or (_FROM.search(before) and _TO.search(between)))


def _dated(name: str) -> tuple[str, datetime.date, datetime.date] | None:
    """A name without its period, and that: its first day and the day after it; None where it has none."""
    stem = PurePath(name).stem
    for pattern in _PERIODS:
        if match := pattern.search(stem):
            rest = _SEPARATORS.sub(" ", f"{stem[: match.start()]} {stem[match.end() :]}").strip().casefold()
            days = _days({part: value for part, value in match.groupdict().items() if value})
            return (rest, *days) if days else None
    return None


def _days(parts: dict[str, str]) -> tuple[datetime.date, datetime.date] | None:
    quarter = int(parts.get("quarter", 0))
    month = MONTHS[parts["name"].lower()] if "name" in parts else int(parts.get("month", 1))
    try:
        first = datetime.date(int(parts["year"]), 3 * quarter - 2 if quarter else month, int(parts.get("day", 1)))
    except ValueError:  # the 31st of June
        return None
    if "day" in parts:
        return first, first + datetime.timedelta(days=1)
    return first, months_on(first, 3 if quarter else 1 if "month" in parts or "name" in parts else 12)
