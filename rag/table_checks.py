"""What keeps a SELECT from answering its question, told so that it is written anew. Rules, no model."""

import re
from collections.abc import Sequence

from rag import periods, table_phrases, table_prompts
from rag.cells import Kind
from rag.queries import Query
from rag.sql import Calculator, NamedTable, Result
from rag.table_questions import TableQuestion, Wanted
from rag.terms import terms

_FUNCTIONS = {
    Wanted.COUNT: {"count", "count_star", "sum"},
    Wanted.SUM: {"sum", "+", "count", "count_star"},
    Wanted.AVERAGE: {"avg", "mean", "median", "/"},
    Wanted.EXTREME: {"max", "min", "arg_max", "arg_min", "max_by", "min_by", "rank", "row_number", "first", "last"},
}
_TELL = {
    Wanted.COUNT: "the question asks how many; use count(*)",
    Wanted.SUM: "the question asks for a total; use sum(…)",
    Wanted.AVERAGE: "the question asks for an average; use avg(…)",
    Wanted.EXTREME: "the question asks for the first of an order; use ORDER BY … LIMIT 1",
}
_ORDERS = ("<", "≤", ">", "≥")
_DIFFERENCE = re.compile(
    r"\b(?:profit|difference|minus|less|net|margin|remain\w*|left|gewinn|differenz|abzüglich|netto)\b|利润|差",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[\W\dT]+")  # a date or a number
_VALUES = 12  # of a column that are told


def problem(
    question: TableQuestion, query: Query, result: Result, calculator: Calculator, days: Sequence[periods.Period]
) -> str:
    """What the question asks for and the query does not do, "" where it does.

    Args:
        days: that the question names.
    """
    used = used_by(query, calculator)
    return (
        periods.problem(query.sql, days)
        or _other_periods(question, query, used, calculator)
        or _ordered_words(query, used)
        or (_value_problem(question, query, result) if question.wanted is Wanted.VALUE else "")
        or _undone(question, query, result)
        or _wrongly_done(question, query, used, calculator)
    )


def is_for_nothing(question: TableQuestion, query: Query, result: Result, *, is_last: bool) -> bool:
    """Whether no row fulfils the conditions, and not because there is none.

    There is none where the question itself holds every word that is compared with, and so does the second query; of
    dates it must name a period, which problem() holds the query to.
    """
    if any(value is not None for row in result.rows for value in row) and result.rows_read != ():
        return False
    text = question.text.casefold()
    is_dated = question.wanted in (Wanted.COUNT, Wanted.ROWS) and periods.names_days(question.text)
    is_named = bool(query.texts) and all(
        one.casefold() in text or (is_dated and _DIGITS.fullmatch(one)) for one in query.texts
    )
    return question.wanted is Wanted.VALUE or not (is_last and is_named)


def told_values(query: Query, calculator: Calculator) -> str:
    """The values of the first column that is compared with words."""
    for condition in query.conditions or ():
        for table in used_by(query, calculator):
            column = table.column(condition.column)
            if column is not None and column.kind is Kind.TEXT:
                values = calculator.values(table, condition.column, most=_VALUES)
                listed = ", ".join(f"'{str(value)[:60]}'" for value in values)
                return f"Values of {condition.column} are: {listed}"
    return ""


def used_by(query: Query, calculator: Calculator) -> list[NamedTable]:
    """The tables that a query reads."""
    return [table for table in calculator.tables if table.name in query.tables]


def _undone(question: TableQuestion, query: Query, result: Result) -> str:
    """What is asked of the rows and not done with them."""
    wanted = question.wanted
    is_own = any(item.function == "?" for item in query.items)  # sum(CASE …) counts as well
    done = query.functions & _FUNCTIONS.get(wanted, query.functions)
    if wanted is Wanted.COUNT and not done & {"count", "count_star"} and not is_own:
        done = frozenset()
    is_one_row = not query.functions and len(result.rows) == 1 and wanted is not Wanted.COUNT
    is_first = wanted is Wanted.EXTREME and query.is_ordered
    is_for_rows = wanted in (Wanted.ROWS, Wanted.VALUE)
    return "" if done or is_one_row or is_first or is_for_rows else _TELL[wanted]


def _wrongly_done(question: TableQuestion, query: Query, used: Sequence[NamedTable], calculator: Calculator) -> str:
    wanted = question.wanted
    if wanted is Wanted.SUM and "-" in query.functions and not _DIFFERENCE.search(question.text):
        return "the question asks for no difference; use sum(…) of one column"
    if question.quantity and question.quantity not in query.columns:
        return f"one row stands for several pieces; use sum({question.quantity})"
    if fixed := _fixed(query):
        return f"count(DISTINCT {fixed}) is always 1 here; write count(*) instead"
    if question.each and not query.is_grouped:
        return f"the question asks for each {question.each[0]}; use GROUP BY {question.each[0]}"
    is_together = wanted is Wanted.EXTREME and query.is_grouped and not question.each
    if is_together and not table_prompts.adds_up(question, used, calculator):
        return "compare single rows, without GROUP BY and without sum"
    return ""


def _fixed(query: Query) -> str:
    """A column whose different values are counted although a condition names the only one, "" where there is none."""
    given = {condition.column for condition in query.conditions or () if condition.operator == "="}
    return next((item.column for item in query.items if item.is_distinct and item.column in given), "")


def _other_periods(question: TableQuestion, query: Query, used: Sequence[NamedTable], calculator: Calculator) -> str:
    """What a period of the question is in words, where the query compares with other ones."""
    compared = {condition.column for condition in query.conditions or ()}
    given = {text.casefold() for text in query.texts if periods.names_days(f"in {text}")}
    for worded in table_prompts.worded_periods(question.text, used, calculator):
        if worded.column in compared and given != {value.casefold() for value in worded.values}:
            return f"{worded.text} is {worded.told}"
    return ""


def _ordered_words(query: Query, used: Sequence[NamedTable]) -> str:
    """A column of words that is compared by its letters, in which April comes before March."""
    for condition in query.conditions or ():
        columns = (table.column(condition.column) for table in used)
        if condition.operator in _ORDERS and any(one is not None and one.kind is Kind.TEXT for one in columns):
            return f"{condition.column} holds words: compare it with = or IN"
    return ""


def _value_problem(question: TableQuestion, query: Query, result: Result) -> str:
    """What keeps a query from giving what stands in the rows that the question names."""
    asked, given = set(terms(question.text, parts=True)), {one.column for one in query.conditions or ()}
    words = (text for text in query.texts if not _DIGITS.fullmatch(text))
    if not given or any(asked.isdisjoint(terms(word, parts=True)) for word in words):
        return "limit the rows with WHERE by what the question names, and by nothing else"
    if all(item.column in given for item in query.items):
        return "select the column that the question asks for"
    return "it gives too many rows" if len(result.rows) > table_phrases.SHOWN else ""
