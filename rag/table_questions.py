"""Whether a question asks to calculate with a table: to count, add, compare or pick rows. Rules, no model."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from rag import sentences
from rag.cells import Kind
from rag.periods import names_days
from rag.sql import NamedTable
from rag.synonyms import widened, widened_by_measure
from rag.terms import terms


class Language(str, Enum):
    """The languages in which such questions are understood and answered."""

    ENGLISH = "en"
    GERMAN = "de"
    CHINESE = "zh"


class Wanted(str, Enum):
    """What is asked of the rows."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    EXTREME = "extreme"
    ROWS = "rows"  # which rows fulfil a condition
    VALUE = "value"  # what stands in the rows that the question names


@dataclass(frozen=True)
class Asked:
    """A question that asks to calculate, whatever with."""

    text: str
    wanted: Wanted
    language: Language


@dataclass(frozen=True)
class TableQuestion:
    """A question that is answered by calculating.

    Attributes:
        each: columns by which the result is parted: "by region".
        subject: column of what is asked for: "which customer", "" where none is named.
        adds_up: whether "most" may mean several rows together.
        quantity: column of pieces that is added up where the question counts things that stand in cells.
    """

    text: str
    wanted: Wanted
    language: Language
    each: tuple[str, ...] = ()
    subject: str = ""
    adds_up: bool = False
    quantity: str = ""


_NUMBER = r"[\d][\d.,'\s]*"
_NUMBERED = "phone order serial account article item part invoice customer model room fax mobile id".split()  # noqa: SIM905
_NOT_OF_A_NAME = "".join(f"(?<!{word} )" for word in _NUMBERED)  # "the order number of" counts nothing
_PATTERNS: dict[Language, tuple[tuple[Wanted, str], ...]] = {
    Language.ENGLISH: (
        (Wanted.AVERAGE, r"\b(?:average|averages|median)\b|^(?!.*\b(?:do|does|did)\b.*\bmean\b).*\bmean\b"),
        (Wanted.COUNT, rf"\bhow many\b|{_NOT_OF_A_NAME}\bnumber of\b|\bcount (?:of|the|all)\b"),
        (Wanted.SUM, r"\b(?:total|totals|sum|altogether|combined|in all|add up|overall)\b"),
        (
            Wanted.EXTREME,
            r"\b(?:highest|lowest|largest|smallest|biggest|greatest|cheapest|most|least|fewest|maximum|minimum|max|min"
            r"|latest|earliest|longest|shortest|oldest|newest|youngest|best|worst|heaviest|lightest|dearest|hottest|warmest"
            r"|coldest|fastest|slowest|tallest|busiest|strongest|weakest|deepest|farthest|furthest|top \d+)\b",
        ),
        (
            Wanted.ROWS,
            rf"\b(?:which|what|who|list|show|give)\b.*\b(?:more than|less than|fewer than|over|above|below|under"
            rf"|at least|at most|exceed\w*|between|greater than|before|after|since)\s+\W?{_NUMBER}"
            r"|\b(?:list|show)\b.*\b(?:all|every|each)\b"
            r"|\b(?:which|what)\b.*\b(?:have|has|are|is|with) (?:the )?status\b",
        ),
    ),
    Language.GERMAN: (
        (Wanted.AVERAGE, r"\b(?:durchschnitt\w*|mittelwert\w*|im mittel|median)\b"),
        (Wanted.COUNT, r"\bwie ?viele\b|\banzahl\b"),
        (Wanted.SUM, r"\b(?:summe|gesamt\w*|insgesamt|zusammen(?:gerechnet)?|wie hoch ist der umsatz)\b"),
        (
            Wanted.EXTREME,
            r"\b(?:höchst\w*|niedrigst\w*|größt\w*|kleinst\w*|teuerst\w*|billigst\w*|günstigst\w*|meist\w*|wenigst\w*"
            r"|maxim\w*|minim\w*|längst\w*|kürzest\w*|ältest\w*|neueste\w*|jüngst\w*|schwerst\w*|leichtest\w*|best(?:e[rns]?)"
            r"|schlechtest\w*|spätest\w*|früheste\w*)\b",
        ),
        (
            Wanted.ROWS,
            rf"\b(?:welche\w*|wer|was|liste|zeige?)\b.*\b(?:mehr als|weniger als|über|unter|mindestens|höchstens"
            rf"|zwischen|größer als|kleiner als|vor|nach|seit)\s+(?:dem )?\W?{_NUMBER}|\b(?:liste|zeige?)\b.*\balle\b"
            r"|\bwelche\w*\b.*\bstatus\b",
        ),
    ),
    Language.CHINESE: (
        (Wanted.AVERAGE, r"平均|均值|中位数"),
        (Wanted.COUNT, r"多少[个条行项笔名位次家件种]|[几][个条行项笔名位次家件种]|有多少|数量是|总数|个数"),
        (Wanted.SUM, r"总[和额计共量金销]|合计|一共|共计|总的|加起来"),
        (Wanted.EXTREME, r"最[高低大小多少贵便长短早晚新旧好差]|前[\d一二三四五六七八九十]+[名个]"),
        (
            Wanted.ROWS,
            r"(?:哪些|哪个|哪几|列出|显示).*"
            rf"(?:大于|小于|超过|高于|低于|多于|少于|至少|不少于|之间|以上|以下|{_NUMBER}|所有)",
        ),
    ),
}
# Of spreadsheets that hold all words of the question these ask for a calculation too.
_OF_SHEETS: dict[Language, tuple[tuple[Wanted, str], ...]] = {
    Language.ENGLISH: (
        (Wanted.COUNT, r"\bhow often (?:was|were|did|has|have|had)\b"),
        (
            Wanted.SUM,
            r"^(?!.*\b(?:who|whose|which|where|when|why)\b).*\b(?:revenues?|turnover|sales|income|earnings|expenses"
            r"|expenditures?|costs)\b.*\b(?:in|of|for|from|during|per|by)\b",
        ),
        (Wanted.VALUE, r"\b(?:what|who|whose|when|where|which|how (?:much|high|big|large|long|old|heavy|far))\b"),
    ),
    Language.GERMAN: (
        (Wanted.COUNT, r"\bwie oft (?:war|waren|wurde|wurden|hat|haben|lag|lagen)\b"),
        (
            Wanted.SUM,
            r"^(?!.*\b(?:wer|wessen|welche\w*|wo|wann|warum)\b).*\b(?:umsatz|umsätze|erlöse?|einnahmen|ausgaben|kosten)\b"
            r".*\b(?:im|in|des|der|für|von|aus|pro|je|nach)\b",
        ),
        (Wanted.VALUE, r"^\W*(?:was|wer|wessen|wann|wo|welche\w*|wie (?:hoch|viel|groß|lang|alt|schwer|weit))\b"),
    ),
    Language.CHINESE: (),
}
_Patterns = dict[Language, tuple[tuple[Wanted, re.Pattern[str]], ...]]


def _compiled(patterns: dict[Language, tuple[tuple[Wanted, str], ...]]) -> _Patterns:
    return {
        language: tuple((wanted, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for wanted, pattern in own)
        for language, own in patterns.items()
    }


_COMPILED = _compiled(_PATTERNS)
_COMPILED_OF_SHEETS = _compiled(_OF_SHEETS)
_EACH = re.compile(
    r"\b(?:by|per|for each|for every|each|every|je|pro|nach|für jede\w*|jede[rsmn]?)\s+((?:\w+\s?){1,3})"
    r"|(?:每一?[个位名条]?|各个?|按)([\u4e00-\u9fff]{1,6})",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:which|what|welche[rsmn]?)\s+((?:\w+\s?){1,2})|(?:哪个|哪位|哪种)([\u4e00-\u9fff]{1,6})", re.IGNORECASE
)
_ADDS_UP = re.compile(
    r"\b(?:sells? best|best[- ]?sell\w*"
    r"|most|least|fewest|total|altogether|in all|overall|am meisten|die meisten|am wenigsten|insgesamt)\b"
    r"|最多|最少|总",
    re.IGNORECASE,
)
_IN_ALL = re.compile(
    r"\b(?:in total|altogether|in all|overall|insgesamt|sold|bought|buy|shipped|delivered|ordered|order"
    r"|(?:in|on) stock|available|verkauft|gekauft|geliefert|bestellt|(?:auf|am) lager|verfügbar)\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"(?:quantity|qty|pieces|units|stock|menge|st(?:ü|ue)ck(?:zahl)?|bestand)\.?", re.IGNORECASE)
_UNSPACED = re.compile(r"[\u4e00-\u9fff]")
_COUNTED = re.compile(r"\b(?:how many|number of|wie ?viele|anzahl (?:der |an )?)\s*([\w\s]*)", re.IGNORECASE)
_MOST_OF = re.compile(r"\b(?:most|fewest|meisten|wenigsten)\s+(\w+)", re.IGNORECASE)
_WHO = re.compile(r"\b(?:who|whose|when|where|which|wer|wessen|wann|wo|welche\w*)\b", re.IGNORECASE)
_FOLLOWING = 3  # words after "how many" among which the unit is


def asked_of_table(
    question: str,
    tables: Sequence[NamedTable],
    values: Collection[str] = (),
    *,
    title: str = "",
    is_sheet: bool = False,
) -> TableQuestion | None:
    """The question as one that these tables answer; None where it is an ordinary one.

    It must ask for a count, a sum, an average, an extreme or for rows, and name a column, a sheet, a value of a cell or
    the document. Of a spreadsheet it may also ask for what stands in the rows that it names.

    Args:
        values: words that stand in cells.
        title: of the document.
        is_sheet: whether they are those of a spreadsheet.
    """
    found = _wanted(question, _COMPILED) or (_wanted(question, _COMPILED_OF_SHEETS) if is_sheet else None)
    if found is None or not is_grounded(question, tables, (*values, title)):
        return None
    wanted, language = found
    if wanted is Wanted.VALUE and not _names_a_cell(question, tables, values):
        return None
    quantity = _quantity(question, tables, values) if wanted is Wanted.COUNT else ""
    if quantity or (wanted is Wanted.COUNT and _counts_a_column(question, tables)):
        wanted = Wanted.SUM  # how many pieces were sold: their numbers stand in a column
    each = [
        name
        for table in tables
        for name in _columns_in(_EACH, question, table)
        if (column := table.column(name)) is not None and column.kind is not Kind.NUMBER
    ]
    if any(value.casefold() in question.casefold() for value in values if len(value) > 1):
        each = []  # "by the customer Ito" means one of them
    subjects = [name for table in tables for name in _columns_in(_SUBJECT, question, table)]
    return TableQuestion(
        question,
        wanted,
        language,
        each=tuple(dict.fromkeys(each)),
        subject=next(iter(subjects), ""),
        adds_up=_ADDS_UP.search(question) is not None,
        quantity=quantity,
    )


def _columns_in(pattern: re.Pattern[str], question: str, table: NamedTable) -> list[str]:
    """The columns whose heads share a word with what a pattern finds."""
    return [name for found in pattern.finditer(question) for name in named_columns(found[1] or found[2] or "", table)]


def asked(question: str) -> Asked | None:
    """What a question asks of rows, of whatever; None where it asks for no calculation."""
    found = _wanted(question, _COMPILED)
    return None if found is None else Asked(question, *found)


def asked_of_sheets(question: str) -> Asked | None:
    """What a question that asks for no calculation by its words asks of a spreadsheet that holds them all."""
    found = _wanted(question, _COMPILED_OF_SHEETS)
    return None if found is None else Asked(question, *found)


def is_extreme(question: str) -> bool:
    """Whether it has a word for an extreme, whatever else it asks for: "the maximum number of users"."""
    patterns = (pattern for language in Language for wanted, pattern in _COMPILED[language] if wanted is Wanted.EXTREME)
    return any(pattern.search(question) for pattern in patterns)


def said(asked_for: Asked, text: str) -> set[str]:
    """The words of a text that ask for the same, or say it: "total", "on average", "the maximum"."""
    patterns = dict(_COMPILED[asked_for.language])
    return {found[0].lower() for found in patterns[asked_for.wanted].finditer(text)}


def _wanted(question: str, patterns: _Patterns) -> tuple[Wanted, Language] | None:
    """By the last question of several: a follow-up is read after the question that says what it is of."""
    languages = (Language.CHINESE,) if _UNSPACED.search(question) else (Language.ENGLISH, Language.GERMAN)
    for part in reversed(sentences.split(question)):
        for language in languages:
            for wanted, pattern in patterns[language]:
                if pattern.search(part.text):
                    return wanted, language
    return None


def is_grounded(question: str, tables: Sequence[NamedTable], values: Collection[str] = ()) -> bool:
    """Whether a word of the question, or one that means the same, heads a column, names a sheet or stands in a cell."""
    asked = widened(frozenset(terms(question, parts=True)))
    heads = (column.head for table in tables for column in table.data.columns)
    sheets = (table.data.sheet for table in tables)
    return any(asked & set(terms(text, parts=True)) for text in (*heads, *sheets, *values) if text)


def named_columns(question: str, table: NamedTable) -> list[str]:
    """The columns whose heads share a word with the question, or have one that means the same."""
    asked = widened(frozenset(terms(question, parts=True)))
    return [
        name
        for name, column in zip(table.columns, table.data.columns, strict=True)
        if asked & set(terms(column.head, parts=True))
    ]


def named_values(question: str, values: Iterable[str]) -> list[str]:
    """Those of the values that stand in the question as words of it, without those within another."""
    whole = [
        value
        for value in dict.fromkeys(values)
        if len(value) > 1 and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", question, re.IGNORECASE)
    ]
    return [one for one in whole if not any(one != other and one.casefold() in other.casefold() for other in whole)]


def _names_a_cell(question: str, tables: Sequence[NamedTable], values: Collection[str]) -> bool:
    """Whether it names rows, by a value or a date, and a column, or asks who, when, where or which."""
    kinds = {column.kind for table in tables for column in table.data.columns}
    is_dated = bool(kinds & {Kind.DATE, Kind.MOMENT}) and names_days(question)
    names_rows = is_dated or bool(named_values(question, values))
    return names_rows and (_WHO.search(question) is not None or any(named_columns(question, one) for one in tables))


def counts_rows(question: str, tables: Sequence[NamedTable]) -> bool:
    """Whether what there is most of are the rows: "which city has the most employees" of a list of employees."""
    found = _MOST_OF.search(question)
    counted = set(terms(found[1])) if found else set()
    columns = [column for table in tables for column in table.data.columns]
    if any(counted & set(terms(column.head)) for column in columns if column.kind is Kind.NUMBER):
        return False
    named = [table.data.sheet for table in tables] + [column.head for column in columns if column.kind is Kind.TEXT]
    return any(counted & set(terms(text)) for text in named)


def _counts_a_column(question: str, tables: Sequence[NamedTable]) -> bool:
    """Whether what is counted heads a column of numbers: days, pieces, employees."""
    found = _COUNTED.search(question)
    counted = widened_by_measure(frozenset(terms(" ".join(found[1].split()[:_FOLLOWING])) if found else ()))
    numbers = (
        column.head
        for table in tables
        for column in table.data.columns[1:]  # numbers in the first one name its rows
        if column.kind is Kind.NUMBER and column.head
    )
    return any(counted & set(terms(head)) for head in numbers)


def _quantity(question: str, tables: Sequence[NamedTable], values: Collection[str]) -> str:
    """The column of pieces to add up: "How many anemometers in total?" of a list with a quantity in each row.

    Only where it is plain: the question says "in total", what it counts stands in cells and heads nothing, and one
    column of numbers is called a quantity.
    """
    found = _COUNTED.search(question)
    if found is None or not _IN_ALL.search(question):
        return ""
    counted = set(terms(" ".join(found[1].split()[:_FOLLOWING])))
    named = [column.head for table in tables for column in table.data.columns] + [table.data.sheet for table in tables]
    in_cells = any(counted & set(terms(value)) for value in values)
    if not in_cells or any(counted & set(terms(text)) for text in named if text):
        return ""
    columns = [
        name
        for table in tables
        for name, column in zip(table.columns, table.data.columns, strict=True)
        if column.kind is Kind.NUMBER and _QUANTITY.fullmatch(column.head.strip())
    ]
    return columns[0] if len(columns) == 1 else ""
