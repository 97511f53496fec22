"""Queries over tables with the real DuckDB: what is run, what is refused, and which rows an answer rests on."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.readers.columns import typed
from ingest.readers.tables import find_tables
from rag import sql
from rag.cells import Column, DataTable, Kind
from rag.queries import Condition, Item, QueryError
from rag.sql import Calculator, opened

LINES = [
    ["Order", "Größe", "Amount (EUR)", "2024", "Date"],
    ["A-1", "Klein", "0.10", "1", "2024-01-02"],
    ["A-2", "Groß", "0.20", "2", "2024-02-03"],
    ["A-3", "klein", "1,000.00", "3", "2024-02-04"],
]


def tables_of(lines: Sequence[Sequence[str]], *, sheet: str = "Sales") -> list[DataTable]:
    return [table for found in find_tables(lines, sheet=sheet, page=1) if (table := typed(found)) is not None]


@pytest.fixture
def calculator(tmp_path: Path) -> Iterator[Calculator]:
    with opened(tables_of(LINES), folder=tmp_path) as made:
        yield made


def run(calculator: Calculator, text: str) -> sql.Result:
    return calculator.run(calculator.check(text))


def test_names_need_no_quotation_marks(calculator: Calculator) -> None:
    (table,) = calculator.tables
    assert (table.name, table.columns) == ("sales", ("order_", "größe", "amount_eur", "year_2024", "date"))


def test_sums_are_exact_and_words_are_compared_without_regard_to_case(calculator: Calculator) -> None:
    found = run(calculator, "SELECT sum(amount_eur) FROM sales WHERE größe = 'KLEIN'")
    assert found.rows == ((Decimal("1000.10"),),)
    assert found.rows_read == (2, 4)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT order_ FROM sales ORDER BY amount_eur DESC LIMIT 1", (4,)),
        ("SELECT max(amount_eur) FROM sales", (2, 3, 4)),
        ("SELECT order_ FROM sales WHERE amount_eur = (SELECT max(amount_eur) FROM sales)", (4,)),
        ("SELECT größe, count(*) FROM sales GROUP BY größe ORDER BY 2 DESC LIMIT 1", (2, 3, 4)),
        ("SELECT count(*) FROM sales WHERE month(date) = 2", (3, 4)),
        ("SELECT a.order_ FROM sales a JOIN sales b ON a.order_ = b.order_", None),
        ("WITH big AS (SELECT * FROM sales) SELECT count(*) FROM big", None),
    ],
)
def test_the_rows_that_an_answer_rests_on_are_known(
    calculator: Calculator, text: str, rows: tuple[int, ...] | None
) -> None:
    assert run(calculator, text).rows_read == rows


def test_the_number_of_a_row_is_no_column_of_it(calculator: Calculator) -> None:
    assert run(calculator, "SELECT * FROM sales LIMIT 1").heads == calculator.tables[0].columns


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT count(*) FROM sales, range(1000000000)",
        "SELECT unnest(range(1000000000)) FROM sales",
        "SELECT repeat('x', 1000000000) FROM sales",
        "SELECT current_setting('threads') FROM sales",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n, sales",
        "SELECT 1",
        "SELECT 1 FROM sales; DROP TABLE sales",
        "DROP TABLE sales",
        "INSERT INTO sales (order_) VALUES ('x')",
        "COPY sales TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "SET threads = 8",
        "SELECT sum(price) FROM sales",
        "SELECT sum(amount_eur FROM sales",
        "SELECT FROM WHERE",
        "",
    ],
)
def test_anything_but_a_select_over_the_tables_is_refused(calculator: Calculator, text: str) -> None:
    with pytest.raises(QueryError):
        run(calculator, text)
    assert run(calculator, "SELECT count(*) FROM sales").rows == ((3,),)


def test_a_query_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_SECONDS", 0.3)
    rows = [["Name", "Value"], *([f"row {number}", str(number)] for number in range(3_000))]
    with opened(tables_of(rows, sheet=""), folder=tmp_path) as calculator, pytest.raises(QueryError, match="more than"):
        run(calculator, "SELECT count(*) FROM data a, data b, data c WHERE a.value < b.value + c.value")


def test_what_a_query_asks_for_is_read_from_it(calculator: Calculator) -> None:
    query = calculator.check(
        "SELECT größe, round(avg(amount_eur), 2) AS mean FROM sales "
        "WHERE lower(größe) LIKE '%kl%' AND date BETWEEN '2024-01-01' AND '2024-12-31' GROUP BY größe ORDER BY mean"
    )
    assert query.items == (Item("", "größe"), Item("avg", "amount_eur"))
    assert query.conditions == (
        Condition("größe", "~", "kl"),
        Condition("date", "≥", "2024-01-01"),
        Condition("date", "≤", "2024-12-31"),
    )
    assert (query.is_grouped, query.is_ordered, query.tables) == (True, True, ("sales",))
    one_of = (Condition("größe", "in", "a, b"),)
    assert calculator.check("SELECT count(*) FROM sales WHERE größe = 'a' OR größe = 'b'").conditions == one_of
    assert calculator.check("SELECT count(*) FROM sales WHERE größe IN ('a', 'b')").conditions == one_of
    for told_by_no_comparison in (
        "größe = 'a' OR amount_eur > 3",
        "größe NOT IN ('a', 'b')",
        "größe > 'a' OR größe = 'b'",
    ):
        assert calculator.check(f"SELECT count(*) FROM sales WHERE {told_by_no_comparison}").conditions is None


def test_tables_and_columns_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    lines = [["Name", "Name", "1st", "Select"], ["a", "b", "1", "c"]]
    with opened([*tables_of(lines), *tables_of(lines)], folder=tmp_path) as calculator:
        assert [table.name for table in calculator.tables] == ["sales", "sales_2"]
        assert calculator.tables[0].columns == ("name", "name_2", "n_1st", "select_")
        assert run(calculator, "SELECT count(*) FROM sales_2").rows == ((1,),)


def test_cells_with_quotation_marks_and_commas_are_whole(tmp_path: Path) -> None:
    lines = [["Name", "Note"], ['He said "no", twice', "a, b; c"], ["O'Neil", "\\N"]]
    with opened(tables_of(lines, sheet=""), folder=tmp_path) as calculator:
        assert run(calculator, "SELECT name, note FROM data").rows == tuple(map(tuple, lines[1:]))
    assert list(tmp_path.iterdir()) == []


def test_tables_that_hold_something_else_than_they_say_are_refused(tmp_path: Path) -> None:
    table = DataTable("S", 1, (Column("A", 1, Kind.NUMBER), Column("B", 2, Kind.TEXT)), 1, "2,words,b\n")
    with pytest.raises(QueryError), opened([table], folder=tmp_path):
        pass


def test_a_hundred_thousand_rows_are_added_up(tmp_path: Path) -> None:
    rows = [["Name", "Value"], *([f"row {number}", f"{number}.5"] for number in range(100_000))]
    with opened(tables_of(rows, sheet=""), folder=tmp_path) as calculator:
        assert run(calculator, "SELECT sum(value) FROM data").rows == ((Decimal("4999950000.0") + 50_000,),)
