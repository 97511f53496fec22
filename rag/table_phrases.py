"""The result of a calculation in words: every value as the database gives it, the sentence around it by rule."""

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.cells import Column
from rag.queries import Condition, Item, Query
from rag.sql import NamedTable, Result, Value
from rag.table_questions import Language

SHOWN = 20  # rows of a result that are written
_ROWS = 5  # of a sheet that are named by their numbers
_OF_VALUES = ("sum", "avg", "median", "min", "max")
_GROUPED = ("sum", "avg", "median", "count", "count_star", "?")


@dataclass(frozen=True)
class _Words:
    functions: dict[str, str]
    rows: str
    distinct: str
    sentence: str
    result: str
    where: str
    unknown: str
    joint: str
    by: str
    found: str
    shared: str
    more: str
    nothing: str
    totals: str
    total_rows: str
    captions: str
    unread: str
    unread_one: str
    cut: str
    end: str


_WORDS = {
    Language.ENGLISH: _Words(
        {
            "sum": "The sum of {}",
            "avg": "The average of {}",
            "median": "The median of {}",
            "min": "The smallest {}",
            "max": "The largest {}",
            "count": "The number of rows with {}",
            "": "{}",
        },
        rows="The number of rows",
        distinct="The number of different values of {}",
        sentence="{what}{where} is {value}.",
        result="The result",
        where=" where {}",
        unknown=" under the conditions of its query",
        joint=" and ",
        by="{what} by {group}{where}.",
        found="{count} rows{where}.",
        shared="{count} share the first place{where}.",
        more="The first {shown} of {count} rows{where}.",
        nothing="No row fulfils this{where}.",
        totals="Left out, because it sums up others: row {}.",
        total_rows="Left out, because they sum up others: {} rows.",
        captions="Left out, because it holds a heading only: row {}.",
        unread="Left out are {count} cells of {head}, which hold something else than the others.",
        unread_one="Left out is one cell of {head}, which holds something else than the others.",
        cut="The sheet has more than the {} rows that are read: this is not its whole.",
        end=".",
    ),
    Language.GERMAN: _Words(
        {
            "sum": "Die Summe von {}",
            "avg": "Der Durchschnitt von {}",
            "median": "Der Median von {}",
            "min": "Der kleinste Wert von {}",
            "max": "Der größte Wert von {}",
            "count": "Die Anzahl der Zeilen mit {}",
            "": "{}",
        },
        rows="Die Anzahl der Zeilen",
        distinct="Die Anzahl verschiedener Werte von {}",
        sentence="{what}{where} ist {value}.",
        result="Das Ergebnis",
        where=" mit {}",
        unknown=" unter den Bedingungen der Abfrage",
        joint=" und ",
        by="{what} nach {group}{where}.",
        found="{count} Zeilen{where}.",
        shared="{count} teilen sich den ersten Platz{where}.",
        more="Die ersten {shown} von {count} Zeilen{where}.",
        nothing="Keine Zeile erfüllt das{where}.",
        totals="Ausgelassen, weil sie andere zusammenfasst: Zeile {}.",
        total_rows="Ausgelassen, weil sie andere zusammenfassen: {} Zeilen.",
        captions="Ausgelassen, weil sie nur eine Überschrift enthält: Zeile {}.",
        unread="Ausgelassen sind {count} Zellen von {head}, die etwas anderes enthalten als die übrigen.",
        unread_one="Ausgelassen ist eine Zelle von {head}, die etwas anderes enthält als die übrigen.",
        cut="Das Blatt hat mehr als die {} Zeilen, die gelesen werden: das ist nicht alles.",
        end=".",
    ),
    Language.CHINESE: _Words(
        {
            "sum": "{}的合计",
            "avg": "{}的平均值",
            "median": "{}的中位数",
            "min": "{}的最小值",
            "max": "{}的最大值",
            "count": "有{}的行数",
            "": "{}",
        },
        rows="行数",
        distinct="不同{}的个数",
        sentence="{what}{where}为 {value}。",
        result="结果",
        where="（{}）",
        unknown="（按查询中的条件）",
        joint="，",
        by="按{group}统计的{what}{where}。",
        found="共 {count} 行{where}。",
        shared="{count} 项并列第一{where}。",
        more="共 {count} 行{where}，列出前 {shown} 行。",
        nothing="没有符合条件的行{where}。",
        totals="已略去汇总行：第 {} 行。",
        total_rows="已略去 {} 个汇总行。",
        captions="已略去标题行：第 {} 行。",
        unread="已略去“{head}”列中 {count} 个内容不同的单元格。",
        unread_one="已略去“{head}”列中 1 个内容不同的单元格。",
        cut="该表的行数超过已读取的 {} 行：这不是全部。",
        end="。",
    ),
}


def sentences(query: Query, result: Result, tables: Sequence[NamedTable], language: Language) -> str:
    """The result as a sentence, or as one with a table; it ends each with the footnote [1]."""
    words = _WORDS[language]
    where = _where(query, tables, words)
    items = (
        query.items if len(query.items) == len(result.heads) else tuple(Item("", head.lower()) for head in result.heads)
    )
    columns = [_column(item, tables) for item in items]
    is_of_one = result.rows_read is not None and len(result.rows_read) == 1
    labels = [
        _label(item, column, head, words, is_of_one=is_of_one)
        for item, column, head in zip(items, columns, result.heads, strict=True)
    ]
    shown = [
        [_shown(value, item, column, language) for value, item, column in zip(row, items, columns, strict=True)]
        for row in result.rows[:SHOWN]
    ]
    if not result.rows:
        return f"{words.nothing.format(where=where)} [1]"
    if len(result.rows) == 1:
        return f"{_one(labels, shown[0], where, words)} [1]"
    count = f"{len(result.rows)}{'' if result.is_whole else '+'}"
    if query.is_shared:
        return f"{words.shared.format(count=count, where=where)} [1]\n\n{_table(labels, shown)}"
    if query.is_grouped and len(result.rows) <= SHOWN and (said := _grouped(items, labels, where, words)):
        return f"{said} [1]\n\n{_table(labels, shown)}"
    text = (words.found if len(result.rows) <= SHOWN else words.more).format(count=count, shown=SHOWN, where=where)
    return f"{text} [1]\n\n{_table(labels, shown)}"


def remarks(query: Query, tables: Sequence[NamedTable], language: Language, *, counts: bool) -> list[str]:
    """What was left out of the tables that were read, each with the footnote."""
    words = _WORDS[language]
    said: list[str] = []
    for table in tables:
        if totals := table.data.totals:
            named = len(totals) <= _ROWS
            said.append(words.totals.format(_listed(totals)) if named else words.total_rows.format(len(totals)))
        if counts and (captions := table.data.captions):
            said.append(words.captions.format(_listed(captions[:_ROWS])))
        for name in sorted(query.columns):
            column = table.column(name)
            if column is not None and column.unread:
                unread = words.unread_one if column.unread == 1 else words.unread
                said.append(unread.format(count=column.unread, head=column.head or name))
        if table.data.is_cut:
            said.append(words.cut.format(f"{table.data.rows:,}"))
    return [f"{one} [1]" for one in said]


def plain(value: Value) -> str:
    """A value as it stands in a cell."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime.datetime() | datetime.date():
            return str(value)
        case float():
            return f"{value:.15g}"
        case _:
            return str(value)


def _one(labels: Sequence[str], values: Sequence[str], where: str, words: _Words) -> str:
    if len(labels) == 1:
        what = labels[0] if labels[0] else words.result
        return words.sentence.format(what=what, where=where, value=values[0])
    labels = list(map(_without_article, labels))
    named = ", ".join(f"{label}: {value}" if label else value for label, value in zip(labels, values, strict=True))
    return f"{named}{where}{words.end}"


def _grouped(items: Sequence[Item], labels: Sequence[str], where: str, words: _Words) -> str:
    """ "The sum of Amount by Region."; "" where the groups or what was calculated for each are not shown."""
    groups = [label for item, label in zip(items, labels, strict=True) if not item.function and item.column]
    found = [label for item, label in zip(items, labels, strict=True) if item.function and label]
    if not groups or not found or len(groups) + len(found) < len(items):
        return ""
    what = words.joint.join([found[0], *map(_without_article, found[1:])])
    return words.by.format(what=what, group=words.joint.join(groups), where=where)


def _table(labels: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(map(_without_article, labels)), ["---"] * len(labels), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _without_article(label: str) -> str:
    return re.sub("^(?:The|Die|Der) ", "", label)


def _column(item: Item, tables: Sequence[NamedTable]) -> Column | None:
    return next((column for table in tables if (column := table.column(item.column)) is not None), None)


def _label(item: Item, column: Column | None, head: str, words: _Words, *, is_of_one: bool) -> str:
    """What stands over a column of the result; of one row the sum is the value itself."""
    named = (column.head if column else "") or item.column or ("" if "(" in head else head.replace("_", " "))
    if item.function == "count_star" or (item.function == "count" and not item.column):
        return words.rows
    if item.is_distinct:
        return words.distinct.format(named)
    function = "" if is_of_one and item.function in _OF_VALUES else item.function
    return words.functions.get(function, "{}").format(named) if named else ""


def _where(query: Query, tables: Sequence[NamedTable], words: _Words) -> str:
    if not query.conditions:
        return words.unknown if query.conditions is None else ""
    return words.where.format(words.joint.join(_condition(one, tables) for one in query.conditions))


def _condition(condition: Condition, tables: Sequence[NamedTable]) -> str:
    column = _column(Item("", condition.column), tables)
    head = (column.head if column else "") or condition.column
    return f"{head} {'=' if condition.operator == 'in' else condition.operator} {condition.value}"


def _shown(value: Value, item: Item, column: Column | None, language: Language) -> str:
    if value is None:
        return "–"  # noqa: RUF001
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return " ".join(plain(value).split())
    is_own = column is not None and item.function not in ("count", "count_star", "?")
    unit = column.unit if column is not None and is_own else ""
    decimals = (column.decimals or 0) if column is not None and is_own else 2
    number = _number(value, decimals, language, is_grouped=item.function in _GROUPED or decimals > 0 or bool(unit))
    return f"{number}{'' if unit == '%' and language is not Language.GERMAN else ' '}{unit}" if unit else number


def _number(value: int | float | Decimal, decimals: int, language: Language, *, is_grouped: bool) -> str:
    """All its digits; a quotient is rounded, and says so."""
    about = ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        rounded = round(value, max(decimals, 2))
        about = "" if math.isclose(rounded, value, rel_tol=1e-12, abs_tol=1e-12) else "≈ "
        text = f"{rounded:,.{max(decimals, 2)}f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:,}"
    text = text if is_grouped else text.replace(",", "")
    return about + (text.translate(str.maketrans(",.", ".,")) if language is Language.GERMAN else text)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
