"""Which questions are calculated, and which stay ordinary ones."""

from collections.abc import Sequence

import pytest

from ingest.readers.columns import typed
from ingest.readers.tables import find_tables
from rag.sql import NamedTable, name_tables
from rag.table_questions import Language, Wanted, asked_of_table, named_values

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


STAFF_LIST = [["Name", "Department", "Salary", "Hired"], ["Anna Keller", "Sales", "52000", "2018-07-01"]]
FLEET = [["Plate", "Driver", "Mileage (km)", "Fuel"], ["B-FN 104", "Lea Sand", "30500", "electric"]]
MONTHS = [["Month", "Revenue", "Costs"], ["March 2025", "127000", "69000"], ["April 2025", "90000", "50000"]]
VALUES = ["Anna Keller", "Sales", "B-FN 104", "Lea Sand", "electric", "March 2025", "April 2025"]


@pytest.mark.parametrize(
    ("lines", "question", "wanted"),
    [
        (STAFF_LIST, "What does Anna Keller earn?", Wanted.VALUE),
        (STAFF_LIST, "When was Anna Keller hired?", Wanted.VALUE),
        (STAFF_LIST, "Who works in Sales?", Wanted.VALUE),
        (STAFF_LIST, "Who earns the most?", Wanted.EXTREME),
        (STAFF_LIST, "What do we pay in salaries altogether?", Wanted.SUM),
        (FLEET, "Who drives B-FN 104?", Wanted.VALUE),
        (FLEET, "Which cars are electric?", Wanted.VALUE),
        (FLEET, "How many kilometres have all cars driven?", Wanted.SUM),  # they stand in a column
        (FLEET, "How many cars are electric?", Wanted.COUNT),
        (FLEET, "Wer fährt B-FN 104?", Wanted.VALUE),
        (MONTHS, "What was the revenue in March 2025?", Wanted.SUM),
        (MONTHS, "How often was the revenue over 100,000?", Wanted.COUNT),
        (MONTHS, "Wie hoch war der Umsatz im April 2025?", Wanted.SUM),
    ],
)
def test_questions_for_what_stands_in_a_spreadsheet(
    lines: Sequence[Sequence[str]], question: str, wanted: Wanted
) -> None:
    found = asked_of_table(question, tables_of(lines), VALUES, is_sheet=True)
    assert found is not None
    assert found.wanted is wanted


@pytest.mark.parametrize(
    "question",
    [
        "Why was Anna Keller hired?",
        "What is the phone number?",  # of nobody who stands in it
        "Who wrote the report?",
        "How often must the pump be serviced?",
    ],
)
def test_what_names_neither_row_nor_column_is_not_asked_of_a_spreadsheet(question: str) -> None:
    assert asked_of_table(question, tables_of(STAFF_LIST), VALUES, is_sheet=True) is None


def test_a_value_within_another_is_not_named_twice() -> None:
    assert named_values("Who bought the Pump P-10 of Anna?", ["Pump", "Pump P-10", "Ann", "Anna", "of"]) == [
        "Pump P-10",
        "Anna",
        "of",
    ]


@pytest.mark.parametrize(
    ("question", "quantity"),
    [("How many anemometers were sold?", "quantity"), ("How many anemometers did Ito buy?", "quantity")],
)
def test_what_is_bought_or_sold_is_counted_in_pieces(question: str, quantity: str) -> None:
    found = asked_of_table(question, tables_of(STOCK), ["Anemometer A-1", "Mast", "Shed"])
    assert found is not None
    assert (found.quantity, found.wanted) == (quantity, Wanted.SUM)
