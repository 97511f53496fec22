"""Which questions are calculated, and which stay ordinary ones."""

from collections.abc import Sequence

import pytest

from ingest.readers.columns import typed
from ingest.readers.tables import find_tables
from rag.sql import NamedTable, name_tables
from rag.table_questions import Language, Wanted, asked_of_table, with_whole_period

SALES = [
    ["Order", "Customer", "Region", "Units", "Amount"],
    ["A-1", "Meyer", "North", "3", "10.50"],
    ["A-2", "Ito", "South", "4", "20.00"],
]
LAGER = [["Artikel", "Lager", "Bestand", "Preis"], ["Rohr", "Wien", "3", "1,50"], ["Ventil", "Graz", "5", "2,50"]]
STAFF = [["姓名", "部门", "工资"], ["王芳", "销售部", "12500"], ["李强", "研发部", "9800"]]


def tables_of(lines: Sequence[Sequence[str]]) -> list[NamedTable]:
    return name_tables([table for found in find_tables(lines) if (table := typed(found)) is not None])


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the total amount?", Wanted.SUM),
        ("How many orders are there in the region North?", Wanted.COUNT),
        ("How many units did Meyer buy?", Wanted.SUM),  # they stand in a column
        ("What is the average amount by region?", Wanted.AVERAGE),
        ("Which customer paid most?", Wanted.EXTREME),
        ("Which orders have an amount of more than 15?", Wanted.ROWS),
        ("List all orders of Ito.", Wanted.ROWS),
        ("What is the total amount? Which customer has the highest?", Wanted.EXTREME),  # a follow-up
    ],
)
def test_english_questions_that_are_calculated(question: str, wanted: Wanted) -> None:
    found = asked_of_table(question, tables_of(SALES), ["Meyer", "North", "Ito"])
    assert found is not None
    assert (found.wanted, found.language) == (wanted, Language.ENGLISH)


STOCK = [["Article", "Room", "Quantity"], ["Anemometer A-1", "Shed", "3"], ["Mast", "Shed", "2"]]


@pytest.mark.parametrize(
    ("question", "quantity"),
    [
        ("How many anemometers are there in total?", "quantity"),
        ("How many anemometers do we have altogether?", "quantity"),
        ("How many anemometers are there?", ""),  # perhaps how many kinds
        ("How many articles are there in total?", ""),  # a head: rows
    ],
)
def test_pieces_are_added_up_where_a_question_plainly_asks_for_all(question: str, quantity: str) -> None:
    found = asked_of_table(question, tables_of(STOCK), ["Anemometer A-1", "Mast", "Shed"])
    assert found is not None
    assert (found.quantity, found.wanted) == (quantity, Wanted.SUM if quantity else Wanted.COUNT)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Wie hoch ist der Bestand insgesamt?", Wanted.SUM),
        ("Wie viele Artikel liegen im Lager Wien?", Wanted.COUNT),
        ("Was ist der durchschnittliche Preis je Lager?", Wanted.AVERAGE),
        ("Welcher Artikel hat den höchsten Preis?", Wanted.EXTREME),
        ("Welche Artikel haben einen Bestand unter 4?", Wanted.ROWS),
    ],
)
def test_german_questions_that_are_calculated(question: str, wanted: Wanted) -> None:
    found = asked_of_table(question, tables_of(LAGER))
    assert found is not None
    assert (found.wanted, found.language) == (wanted, Language.GERMAN)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("销售部的平均工资是多少？", Wanted.AVERAGE),
        ("工资最高的员工是谁？", Wanted.EXTREME),
        ("所有员工的工资合计是多少？", Wanted.SUM),
        ("部门有多少个？", Wanted.COUNT),
        ("哪些人的工资超过10000？", Wanted.ROWS),
    ],
)
def test_chinese_questions_that_are_calculated(question: str, wanted: Wanted) -> None:
    found = asked_of_table(question, tables_of(STAFF))
    assert found is not None
    assert (found.wanted, found.language) == (wanted, Language.CHINESE)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the contact at the customer Meyer?",
        "What is the amount of order A-1?",
        "Why was the order A-2 late?",
        "How do I enter an order?",
        "How many days of leave are there?",  # nothing of the table
        "What does error E-14 mean?",
        "Wann wurde die Bestellung geliefert?",
        "王芳在哪个城市？",
    ],
)
def test_ordinary_questions_stay_ordinary(question: str) -> None:
    for lines in (SALES, STAFF):
        assert asked_of_table(question, tables_of(lines), ["Meyer"]) is None


def test_by_and_which_name_columns() -> None:
    found = asked_of_table("Show the total amount per customer.", tables_of(SALES))
    assert found is not None
    assert found.each == ("customer",)
    found = asked_of_table("Which customer paid most?", tables_of(SALES))
    assert found is not None
    assert (found.subject, found.adds_up) == ("customer", True)


@pytest.mark.parametrize(
    ("question", "written", "meant"),
    [
        ("Who started after 2018?", "> '2018-01-01'", ">= '2019-01-01'"),
        ("Who started after March 2018?", ">= DATE '2018-03-01'", ">= '2018-04-01'"),
        ("Wer hat nach Dezember 2018 angefangen?", "> '2018-12-01'", ">= '2019-01-01'"),
        ("Who started after 2018?", "> '2018-12-31'", "> '2018-12-31'"),
        ("Who started after 1 March 2018?", "> '2018-03-01'", "> '2018-03-01'"),
        ("Who started after 2018-01-01?", "> '2018-01-01'", "> '2018-01-01'"),
        ("Who started in 2018?", ">= '2018-01-01'", ">= '2018-01-01'"),
        ("Who started since 2018?", ">= '2018-01-01'", ">= '2018-01-01'"),
    ],
)
def test_what_is_after_a_year_or_a_month_begins_when_it_is_over(question: str, written: str, meant: str) -> None:
    assert with_whole_period(f"SELECT name FROM data WHERE day {written}", question) == (
        f"SELECT name FROM data WHERE day {meant}"
    )
