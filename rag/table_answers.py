"""Answers a question about a table by calculating with its cells; the generator writes the SELECT, no value.

Where the passages lead to tables (table_choice.py) and the question asks for a count, a sum or the like, a SELECT is
written, checked and run. After one failure it is written once more, after the second one the question is
answered from the passages, as any other is.
"""

import contextlib
import itertools
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag import periods, table_checks, table_choice, table_phrases, table_prompts, tables
from rag.cells import DataTable, Kind, letters
from rag.evidence import Line
from rag.generators import Generator, Message, StopReason
from rag.queries import Query, QueryError
from rag.sql import Calculator, NamedTable, Result, opened
from rag.table_questions import TableQuestion, asked_of_table
from rag.types import JOINT, Chunk, Hit, Span, table_place

_log = logging.getLogger(__name__)
_TRIES = 2
_SQL_TOKENS = 200
_VALUES = 200  # different values of a column among which words of the question are looked for
_COLUMNS = 12  # columns of words of each table in which they are
_ROWS = 12  # of the cells behind an answer that are quoted
_NAMES, _LETTERS = 50, 3  # values of a column that are looked at; letters that those have which are names
_SELECT = re.compile(r"\s*SELECT\s+(?!DISTINCT\b|[^;]*\*)", re.IGNORECASE)
_BY_PLACE = re.compile(r"\bORDER\s+BY\s+(?:[^()]*,\s*)?\d", re.IGNORECASE)  # of a column, which another one would move
_ONE = re.compile(r"\bLIMIT\s+1\s*$", re.IGNORECASE)
_MARKDOWN = (".md", ".markdown")  # whose passages are shown as they are meant to be read
_GROUPS = 3  # stretches of columns, or of rows, up to which each is named


@dataclass(frozen=True)
class Calculated:
    """An answer with its only passage, the cells that it rests on, and the SELECT that found it."""

    text: str
    hit: Hit
    marks: tuple[Span, ...]
    sql: str


@contextlib.contextmanager
def begun(
    question: str, hits: Sequence[Hit], lines: Sequence[Line], library_folder: Path, *, below: Sequence[Hit] = ()
) -> "Iterator[Calculation | None]":
    """The calculation that a question asks for; None where it is answered from the passages.

    Args:
        hits: best first.
        lines: of them, nearest first.
        below: found too far for an answer from passages.
    """
    with contextlib.ExitStack() as stack:

        def find(document_id: str) -> Sequence[DataTable]:
            try:
                return tables.find(library_folder, document_id)
            except tables.DamagedTables as exc:
                _log.warning("%s", exc)
                return ()

        yield _calculation(
            question, table_choice.choices(question, hits, lines, find, below=below), library_folder, stack
        )


def _calculation(
    question: str,
    choices: Iterable[tuple[Hit, tuple[DataTable, ...]]],
    library_folder: Path,
    stack: contextlib.ExitStack,
) -> "Calculation | None":
    """With the tables of the first document whose tables answer; they stay open with `stack`."""
    for hit, found in choices:
        try:
            with contextlib.ExitStack() as own:
                calculator = own.enter_context(opened(found, folder=library_folder))
                values, is_sheet = _values(calculator, question), all(table.place is None for table in found)
                asked = asked_of_table(question, calculator.tables, values, title=hit.chunk.title, is_sheet=is_sheet)
                if asked is not None:
                    stack.push(own.pop_all())
                    return Calculation(asked, hit, calculator)
        except QueryError as exc:
            _log.warning("%s: its cells cannot be calculated with (%s)", hit.chunk.document_name, exc)
    return None


class Calculation:
    """A question and the tables that answer it."""

    def __init__(self, question: TableQuestion, hit: Hit, calculator: Calculator) -> None:
        self._question = question
        self._hit = hit
        self._calculator = calculator
        self._days = table_prompts.named_periods(question.text, calculator)

    def answer(self, generator: Generator, *, budget: int, stop: threading.Event) -> Calculated | None:
        """The answer; None where no SELECT did.

        Args:
            budget: tokens of the prompt.
        """
        prompt = table_prompts.messages(
            self._question,
            self._calculator,
            self._hit.chunk.page,
            self._days,
            count_tokens=generator.count_tokens,
            budget=budget,
        )
        for number in range(_TRIES):
            sql = _write(generator, prompt, stop)
            if stop.is_set() or not sql:
                return None
            try:
                sql = periods.corrected(sql, self._days)
                query = self._with_name(self._calculator.with_order(self._calculator.check(sql)))
                result = self._run(query, is_last=number + 1 == _TRIES)
                return self._calculated(*(self._shared(query, result) or (query, result)))
            except QueryError as exc:
                _log.info("%r: %s", sql, exc)
                prompt = table_prompts.again(prompt, sql, str(exc))
        return None

    def _with_name(self, query: Query) -> Query:
        """A query that takes one row, with what that row is called: a price alone does not tell of which it is."""
        used = table_checks.used_by(query, self._calculator)
        begins = _SELECT.match(query.sql)
        takes_one = begins and _ONE.search(query.sql) and not _BY_PLACE.search(query.sql)
        if len(used) != 1 or query.functions or query.is_grouped or not begins or not takes_one:
            return query
        name = self._name_of(used[0])
        if name is None or any(item.column == name for item in query.items):
            return query
        try:
            return self._calculator.check(f'{begins[0]}"{name}", {query.sql[begins.end() :]}')
        except QueryError as exc:
            _log.info("%r cannot be asked with %r: %s", query.sql, name, exc)
            return query

    def _name_of(self, table: NamedTable) -> str | None:
        """The first column of words that tells every row from the others."""
        for name in _words(table):
            values = [str(value) for value in self._calculator.values(table, name, most=_NAMES)]
            letters_of_all = sum(map(str.isalpha, "".join(values)))
            is_full = len(values) > min(_NAMES, table.data.rows - 1)
            if is_full and letters_of_all >= _LETTERS * len(values) and self._calculator.is_unique(table, name):
                return name
        return None

    def _run(self, query: Query, *, is_last: bool) -> Result:
        result = self._calculator.run(query)
        if problem := table_checks.problem(self._question, query, result, self._calculator, self._days):
            raise QueryError(problem)
        if table_checks.is_for_nothing(self._question, query, result, is_last=is_last):
            raise QueryError(
                f"no row fulfils its conditions. {table_checks.told_values(query, self._calculator)}".strip()
            )
        return result

    def _shared(self, query: Query, result: Result) -> tuple[Query, Result] | None:
        """All rows that share the first place, where the query takes one of them."""
        by, more = query.first_by, _ONE.sub(f"LIMIT {table_phrases.SHOWN}", query.sql)
        if by is None or more == query.sql or not result.rows or by >= len(result.rows[0]):
            return None
        rows = self._calculator.run(self._calculator.check(more)).rows
        shared = list(itertools.takewhile(lambda row: row[by] == rows[0][by], rows))
        if len(set(shared)) == 1 or rows[0][by] is None:
            return None  # none shares it, or nothing but the same could be said of each
        of_all = replace(self._calculator.check(_ONE.sub(f"LIMIT {len(shared)}", query.sql)), is_shared=True)
        return of_all, self._calculator.run(of_all)

    def _calculated(self, query: Query, result: Result) -> Calculated:
        used, language = table_checks.used_by(query, self._calculator), self._question.language
        counts = bool(query.functions & {"count", "count_star"})
        said = table_phrases.sentences(query, result, used, language)
        remarks = table_phrases.remarks(query, used, language, counts=counts)
        text = "\n\n".join([said, " ".join(remarks)]) if remarks else said
        hit, marks = self._cited(query, result, used)
        return Calculated(text, hit, marks, query.sql)

    def _cited(self, query: Query, result: Result, used: Sequence[NamedTable]) -> tuple[Hit, tuple[Span, ...]]:
        """The cells that were calculated with, as a passage."""
        places: list[str] = []
        lines: list[str] = []
        marks: list[Span] = []
        is_markdown = self._hit.chunk.document_name.lower().endswith(_MARKDOWN)
        bars = len("| ") if is_markdown else 0  # around a row, no part of its words
        for table in used:
            numbers = result.rows_read if len(used) == 1 and result.rows_read else self._calculator.numbers(table)
            names = [name for name in table.columns if name in query.columns] or list(table.columns)
            places.append(_place(table, names, numbers, self._calculator.numbers(table)))
            lines += _heading([_head(table, name) for name in names], is_markdown=is_markdown, is_first=not lines)
            for row in self._calculator.rows(table, names, numbers[:_ROWS]):
                line = _row([table_phrases.plain(value) for value in row[1:]], is_markdown=is_markdown)
                start = sum(len(before) + 1 for before in lines)
                marks.append(Span(start + bars, start + len(line) - bars))
                lines.append(line)
            lines += ["…"] if len(numbers) > _ROWS else []
        text = "\n".join(lines)
        return replace(self._hit, chunk=self._chunk(used[0].data, places, text), copies=()), tuple(marks)

    def _chunk(self, first: DataTable, places: Sequence[str], text: str) -> Chunk:
        cells = ", ".join((places[0].removeprefix(f"{first.sheet}!") if first.sheet else places[0], *places[1:]))
        headings = first.sheet if first.place is None else first.headings
        return replace(
            self._hit.chunk,
            page=first.page,
            heading=JOINT.join(filter(None, (headings, cells))),
            start=0,
            end=len(text),
            text=text,
            sections=(),
        )


def _write(generator: Generator, prompt: Sequence[Message], stop: threading.Event) -> str:
    """The SELECT that the generator writes, "" where it comes to no end."""
    text = ""
    stream = generator.stream(prompt, max_new_tokens=_SQL_TOKENS, stop=stop)
    for piece in stream:
        text += piece
        if table_prompts.is_written(text):
            return table_prompts.written(text)
    return table_prompts.written(text) if stream.stop_reason is StopReason.END else ""


def _values(calculator: Calculator, question: str) -> list[str]:
    """Words that stand in cells: of each column those that stand in the question too, and the most frequent."""
    return [
        str(value)
        for table in calculator.tables
        for name in _words(table)
        for value in (
            *calculator.values_in(table, name, question, most=_VALUES),
            *calculator.values(table, name, most=_VALUES),
        )
    ]


def _words(table: NamedTable) -> list[str]:
    pairs = zip(table.columns, table.data.columns, strict=True)
    return [name for name, column in pairs if column.kind is Kind.TEXT][:_COLUMNS]


def _head(table: NamedTable, name: str) -> str:
    column = table.column(name)
    return (column.head if column else "") or name


def _heading(heads: Sequence[str], *, is_markdown: bool, is_first: bool) -> list[str]:
    """The head of a table in a passage, as the format of its document writes it."""
    if not is_markdown:
        return [_row(heads, is_markdown=False)]
    return [*([] if is_first else [""]), _row(heads, is_markdown=True), _row(["---"] * len(heads), is_markdown=True)]


def _row(cells: Sequence[str], *, is_markdown: bool) -> str:
    plain = [" ".join(cell.split()) for cell in cells]
    if not is_markdown:
        return " | ".join(plain)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in plain)} |"


def _place(table: NamedTable, names: Sequence[str], rows: Sequence[int], every: Sequence[int]) -> str:
    """ "Sales!B2:B14, D2:D14", or "Sales!B6, B9, B14 … (9 cells)" of some of the rows; rows where no letters are."""
    stretches = _stretches(rows, every)
    if table.data.page is None or table.data.place is not None:
        cells = [f"{first}" if first == last else f"{first}–{last}" for first, last in stretches]  # noqa: RUF001
        named = f"{'row' if len(rows) == 1 else 'rows'} {_some(cells, _GROUPS, f'{len(rows):,} rows')}"
        return named if table.data.place is None else table_place(table.data.place, named)
    groups = _groups(sorted(column.number for name in names if (column := table.column(name)) is not None))
    cells = [_cells(start, end, *stretch) for stretch in stretches for start, end in groups]
    is_one = len(groups) == 1 and groups[0][0] == groups[0][1]
    total = f"{len(rows):,} {'cells' if is_one else 'rows'}"
    return f"{table.data.sheet}!{_some(cells, _GROUPS * len(groups), total)}"


def _stretches(rows: Sequence[int], every: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of the rows that follow each other in a table, whatever stands between them in its sheet."""
    if not rows:
        return [(1, 1)]
    places = {row: place for place, row in enumerate(every)}
    found: list[list[int]] = []
    for row in sorted(set(rows)):
        if found and places[row] == places[found[-1][1]] + 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return [(first, last) for first, last in found]


def _groups(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of the columns that stand side by side; of all, where they are many."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][1] + 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return [(numbers[0], numbers[-1])] if len(groups) > _GROUPS else [(first, last) for first, last in groups]


def _some(cells: Sequence[str], most: int, total: str) -> str:
    listed = ", ".join(cells[:most])
    return listed if len(cells) <= most else f"{listed} … ({total})"


def _cells(start: int, end: int, first: int, last: int) -> str:
    begin, close = f"{letters(start)}{first}", f"{letters(end)}{last}"
    return begin if begin == close else f"{begin}:{close}"
