"""The days, months, quarters and years of a question, and a SELECT that is held to them."""

import pytest

from rag.periods import asks_when, asks_when_it_was, corrected, names_a_date, periods, problem


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What was measured on 5 June 2025?", ["2025-06-05 2025-06-06"]),
        ("What was measured on June 5th?", ["2024-06-05 2024-06-06"]),  # the only year there is
        ("How many readings on the 10th of June?", ["2024-06-10 2024-06-11"]),
        ("Was ist am 5.6.2025 passiert?", ["2025-06-05 2025-06-06"]),
        ("Since 2025-03-01?", ["2025-03-01 2025-03-02"]),
        ("2025年3月5日的温度是多少？", ["2025-03-05 2025-03-06"]),
        ("2025年3月的销售额", ["2025-03-01 2025-04-01"]),
        ("What is the revenue in March 2025?", ["2025-03-01 2025-04-01"]),
        ("Wie hoch war der Umsatz im Dezember 2025?", ["2025-12-01 2026-01-01"]),
        ("Sales in the second quarter of 2025", ["2025-04-01 2025-07-01"]),
        ("Umsatz im dritten Quartal 2025", ["2025-07-01 2025-10-01"]),
        ("total of Q4 2025", ["2025-10-01 2026-01-01"]),
        ("Who was hired in 2019?", ["2019-01-01 2020-01-01"]),
        ("orders from July to September 2025", ["2025-07-01 2025-08-01", "2025-09-01 2025-10-01"]),
        ("between 2019 and 2021", ["2019-01-01 2020-01-01", "2021-01-01 2022-01-01"]),
        ("Which orders are above 2000 euros in March?", ["2024-03-01 2024-04-01"]),
        ("on 31 February 2025", []),  # there is no such day
        ("Who may order? What did the marketing cost? Is 2010 the number of a room?", []),
    ],
)
def test_periods_of_questions(question: str, expected: list[str]) -> None:
    assert [f"{one.first} {one.after}" for one in periods(question, year=2024)] == expected


def test_a_period_without_a_year_is_left_out_where_none_is_known() -> None:
    assert periods("How many readings were taken on 10 June?") == []


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
    assert corrected(f"SELECT name FROM data WHERE day {written}", periods(question)) == (
        f"SELECT name FROM data WHERE day {meant}"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("day < '2025-06-30'", "day < '2025-07-01'"),
        ("day <= '2025-06-30'", "day < '2025-07-01'"),  # all of the last day, where moments are compared
        ("day <= DATE '2025-06-30'", "day < '2025-07-01'"),
        ("day < DATE '2025-07-01'", "day < DATE '2025-07-01'"),
        ("day <= '2025-06-31'", "day <= '2025-06-31'"),  # there is no such day: problem() says so
    ],
)
def test_a_quarter_ends_with_its_last_day(written: str, meant: str) -> None:
    named = periods("sales in the second quarter of 2025")
    assert corrected(f"SELECT 1 WHERE day >= '2025-04-01' AND {written}", named) == (
        f"SELECT 1 WHERE day >= '2025-04-01' AND {meant}"
    )


@pytest.mark.parametrize(
    ("question", "condition", "is_wrong"),
    [
        ("on 5 June 2025", ">= '2025-06-01' AND day < '2025-06-02'", True),
        ("on 5 June 2025", ">= '2025-06-05' AND day < '2025-06-06'", False),
        ("on 5 June 2025", "= 'June'", False),  # no column of dates
        ("between 1 and 5 June 2025", "BETWEEN '2025-06-01' AND '2025-06-05'", False),
        ("from July to September 2025", ">= '2025-07-01' AND day < '2025-10-01'", False),
        ("in June 2025", "<= '2025-06-31'", True),  # there is no such day
        ("above 2000 euros", ">= '2025-01-01'", False),
    ],
)
def test_a_select_with_other_dates_than_the_question_is_told_the_right_ones(
    question: str, condition: str, is_wrong: bool
) -> None:
    assert bool(problem(f"SELECT 1 FROM data WHERE day {condition}", periods(question))) is is_wrong


@pytest.mark.parametrize(
    ("question", "asks", "was"),
    [
        ("When was it released?", True, True),
        ("And when did it come out?", True, True),
        ("Do you know when it was released?", True, False),
        ("When is it due?", True, False),
        ("What is the release date of 4.3?", True, True),
        ("In which year was it founded?", True, True),
        ("How old is the firm?", True, True),
        ("How old must a driver be?", False, False),
        ("What should I do when the gauge is blocked?", False, False),
        ("What is the date format?", False, False),
        ("Is it up to date?", False, False),
        ("Wann wurde die Version veröffentlicht?", True, True),
        ("Wann ist sie erschienen?", True, True),
        ("Wann ist das Büro offen?", True, False),
        ("In welchem Jahr wurde sie gegründet?", True, False),
        ("Lieferdatum?", True, True),
        ("哪一年发布的？", True, True),
        ("什么时候放假？", True, False),
    ],
)  # fmt: skip
def test_questions_for_a_time_and_for_one_that_has_been(question: str, asks: bool, was: bool) -> None:
    assert (asks_when(question), asks_when_it_was(question)) == (asks, was)


@pytest.mark.parametrize(
    "text",
    [
        "Version 4.3, released 7 April 2026", "April 2026", "2026-04-07", "2026/4/7", "03/04/2024", "7-Apr-2026",
        "07.04.26", "7. April 2026", "2026年4月7日",
    ],
)  # fmt: skip
def test_a_text_names_a_date(text: str) -> None:
    assert names_a_date(text)


@pytest.mark.parametrize("text", ["Plans for 2026", "In April", "Version 4.3", "1.8.10", "10/12 units", "7 April"])
def test_a_year_or_a_month_alone_is_no_date(text: str) -> None:
    assert not names_a_date(text)
