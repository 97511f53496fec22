"""Documents whose names differ only in a period, and what questions ask of them."""

import pytest

from rag import series
from rag.types import Chunk, Hit

REPORTS = ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf", "2023 Q1 INTC.pdf", "handbook.pdf"]


def _named(*names: str) -> list[list[str]]:
    return [[issue.document_id for issue in issues] for issues in series.series((name, name) for name in names)]


def test_reports_of_quarters_are_a_series_in_the_order_of_time() -> None:
    assert _named(*reversed(REPORTS)) == [["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf"]]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("minutes-2024-03-05.md", "minutes-2024-11-02.md"),
        ("20240305 stand-up.txt", "20241102 stand-up.txt"),
        ("Protokoll_05.03.2024.docx", "Protokoll_02.11.2024.docx"),
        ("sales_2024-03.xlsx", "sales_2024-11.xlsx"),
        ("Newsletter March 2024.pdf", "Newsletter_November_2024.pdf"),
        ("2024 Mar board.pdf", "2024 Nov board.docx"),
        ("Report Q1-2024.pdf", "Report Q3 2024.pdf"),
        ("annual-report-2023.pdf", "annual-report-2024.pdf"),
        ("Geschäftsbericht 2023.pdf", "Geschäftsbericht 2024.pdf"),
        ("2023年年报.pdf", "2024年年报.pdf"),
    ],
)
def test_periods_are_found_however_they_are_written(earlier: str, later: str) -> None:
    assert _named(later, "notes.txt", earlier) == [[earlier, later]]


@pytest.mark.parametrize(
    "names",
    [
        ["manual.pdf", "handbook.pdf"],
        ["report 2023.pdf", "minutes 2024.pdf"],
        ["report 2023.pdf", "report 2023.docx"],  # the same period
        ["RX-20230.pdf", "RX-20240.pdf"],  # no years
        ["plan-2023-02-31.md", "plan-2024-02-31.md"],  # no such day
        ["part 1.pdf", "part 2.pdf"],
    ],
)
def test_other_names_are_no_series(names: list[str]) -> None:
    assert _named(*names) == []


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("What was the revenue in Q1 2023?", ["2022 Q3 AAPL.pdf", "2023 Q2 AAPL.pdf"]),
        ("What was the revenue in the second quarter of 2023?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("What was the revenue in February 2023?", ["2022 Q3 AAPL.pdf", "2023 Q2 AAPL.pdf"]),
        ("What was the revenue in 2023?", ["2022 Q3 AAPL.pdf"]),
        ("What was the revenue in the latest quarter?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("Which risks does its most recent 10-Q name?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("How did revenue change over the quarters of 2023?", ["2022 Q3 AAPL.pdf"]),
        ("How does Q2 2023 compare to previous quarters?", []),
        ("How does the latest quarter compare to the previous ones?", []),
        ("What was the revenue in 2019?", []),
        ("What does the 2022 report say?", ["2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf"]),
        ("What was the revenue in May?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("What was the revenue in the first quarter?", ["2022 Q3 AAPL.pdf", "2023 Q2 AAPL.pdf"]),
        ("Who sells and may buy?", []),
        ("What was hired since Q1 2023?", ["2022 Q3 AAPL.pdf"]),
        ("What was hired after Q1 2023?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("What was hired before 2023?", ["2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf"]),
        ("What was hired from Q3 2022 to Q1 2023?", ["2023 Q2 AAPL.pdf"]),
        ("What was hired between Q3 2022 and Q1 2023?", ["2023 Q2 AAPL.pdf"]),
        ("How did Q2 2023 compare to Q3 2022?", ["2023 Q1 AAPL.pdf"]),
        ("What was hired, by the report from Q2 2023?", ["2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf"]),
        ("What is the latest version of the firmware?", []),
        ("What was the revenue?", []),
    ],
)
def test_a_question_leaves_out_the_issues_it_does_not_ask_for(question: str, left: list[str]) -> None:
    known = series.series((name, name) for name in REPORTS)

    assert sorted(series.others(question, known)) == left


@pytest.mark.parametrize(
    "question",
    [
        "How has revenue changed over time?",
        "Are there trends in revenue?",
        "How did revenue develop across the quarters?",
        "What was revenue in each month?",
        "Which lawsuits are named in these quarterly reports?",
        "Which lawsuits are named in Intel's 10-Qs?",
        "How have the risks changed over the reporting period?",
        "Wie war der Umsatz in jedem Quartal?",
        "Wie hat er sich im Laufe der Zeit entwickelt?",
        "各季度的收入是多少？",
    ],
)
def test_a_question_asks_for_each_issue(question: str) -> None:
    assert series.asks_each(question)


@pytest.mark.parametrize(
    "question",
    ["What was revenue in the quarter?", "How many days of leave are there?", "Who wrote the minutes?", "收入是多少？"],
)
def test_most_questions_do_not(question: str) -> None:
    assert not series.asks_each(question)


def _hits(*found: str) -> list[Hit]:
    return [Hit(Chunk(name, name, "", None, "", 0, 1, 0, "x"), 1.0) for name in found]


def test_the_series_of_most_hits_is_meant_where_none_is_named() -> None:
    names = ["2023 a.md", "2024 a.md", "2023 b.md", "2024 b.md", "c.md"]
    known = series.series((name, name) for name in names)
    first, second = ("2023 a.md", "2024 a.md"), ("2023 b.md", "2024 b.md")
    assert series.meant(_hits("2024 a.md", "2024 b.md", "2023 b.md"), known) == second
    assert series.meant(_hits("2024 a.md", "2024 b.md"), known) == first
    assert series.meant(_hits("c.md", "2024 b.md"), known) == ()
    assert series.meant([], known) == ()
    assert series.meant(_hits("2024 b.md"), known, [first]) == first
    assert series.meant(_hits("2024 b.md"), known, [first, ("c.md",)]) == first
    assert series.meant(_hits("2024 b.md"), known, [first, second]) == second
    assert series.meant(_hits("2024 b.md", "2023 b.md", "c.md"), known, [("c.md",)]) == ()
    assert series.meant(_hits("2024 b.md"), known, [("c.md",)]) == second


def test_a_series_that_is_named_leaves_out_the_others() -> None:
    names = ["2023 a.md", "2024 a.md", "2023 b.md", "2024 b.md", "c.md"]
    known = series.series((name, name) for name in names)
    named = [("2023 a.md", "2024 a.md")]
    assert sorted(series.others("How was it in 2023?", known, named)) == ["2023 b.md", "2024 a.md", "2024 b.md"]
    assert sorted(series.others("How was it over time?", known, named)) == ["2023 b.md", "2024 b.md"]
    assert series.others("How was it over time?", known, [*named, ("2023 b.md", "2024 b.md")]) == ()
    assert sorted(series.others("How was it over time?", known, named, ["c.md"])) == ["2023 b.md", "2024 b.md", "c.md"]
    assert series.others("How was it over time?", known, [("c.md",)], ["c.md"]) == ()


def test_a_report_of_which_there_is_no_other_is_named_like_a_series() -> None:
    names = [(name, name) for name in REPORTS]
    known = series.series(names)
    (single,) = series.single(names, known)
    assert series.documents(single) == ("2023 Q1 INTC.pdf",)
    every, alone = [*known, single], ["handbook.pdf"]
    left = series.others("How was it over the quarters?", every, [("2023 Q1 INTC.pdf",)], alone)
    assert sorted(left) == [name for name in sorted(REPORTS) if name != "2023 Q1 INTC.pdf"]
    assert series.others("How was it over the quarters?", every, [], alone) == ()
    of_other_period = series.others("How was it in Q3 2022?", every, [("2023 Q1 INTC.pdf",)], alone)
    assert sorted(of_other_period) == ["2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf"]
    named: list[tuple[str, ...]] = [("2023 Q1 INTC.pdf",), ("2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf", "2023 Q2 AAPL.pdf")]
    of_both = series.others("How was it over the quarters?", every, named, alone)
    assert sorted(of_both) == ["2023 Q1 INTC.pdf", "handbook.pdf"], "a series before a single report"
    assert series.others("How was it over the quarters?", every, named[:1], alone, every_issue=True) == ()


def test_a_group_is_named_by_a_word_that_stands_all_over_it_and_hardly_elsewhere() -> None:
    groups = [("a1", "a2"), ("b1",), ("c",)]
    chunks = {"a1": 50, "a2": 50, "b1": 100, "c": 10}
    assert series.named(groups, {"x": {"a1": 10, "a2": 12}}, chunks) == {("a1", "a2"): {"x"}}
    assert series.named(groups, {"x": {"a1": 10, "a2": 12, "b1": 1}}, chunks) == {("a1", "a2"): {"x"}}
    assert series.named(groups, {"x": {"a1": 10, "a2": 12, "b1": 3}}, chunks) == {}, "in others, too"
    assert series.named(groups, {"x": {"a1": 1}}, chunks) == {}, "in passing"
    two = {"x": {"a1": 9}, "y": {"c": 4}, "z": {}, "w": {"a2": 9}}
    assert series.named(groups, two, chunks) == {("a1", "a2"): {"x", "w"}, ("c",): {"y"}}
    assert series.named(groups, {"x": {"c": 2}}, chunks) == {}, "in two chunks of a short one"


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        (
            "What was Heron's cash flow as reported in the Q3 2022 10-Q?",
            "What was Heron's cash flow as reported in the?",
        ),
        ("What was the margin of Heron in the latest quarter?", "What was the margin of Heron in the?"),
        ("How have Heron's sales of pumps changed over time?", "How have Heron's sales of pumps changed?"),
        ("What does the 2022 report of Heron say of cash?", "What does the of Heron say of cash?"),
        ("What was the cash flow in May?", "What was the cash flow in?"),
        ("And in Q3 2022?", "And in Q3 2022?"),
    ],
)
def test_what_says_which_issues_are_asked_is_not_looked_for_in_them(question: str, topic: str) -> None:
    assert series.topic(question) == topic


def test_of_many_issues_those_with_the_best_hits_and_then_the_newest_are_taken() -> None:
    issues = [f"{year} a.md" for year in range(2015, 2025)]

    assert series.nearest(issues, _hits("2016 a.md", "c.md", "2019 a.md"), count=4) == [
        "2016 a.md",
        "2019 a.md",
        "2023 a.md",
        "2024 a.md",
    ]
    assert series.nearest(issues, [], count=20) == issues


_YEARS = [(str(year), f"annual report {year}.pdf") for year in range(2018, 2025)]
_MONTHS = [(f"{year}-{month:02}", f"minutes {year}-{month:02}.pdf") for year in (2023, 2024) for month in range(1, 5)]


@pytest.mark.parametrize(
    ("question", "names", "asked"),
    [
        ("Compare January and March", _MONTHS, "2024-01 2024-03"),
        ("Was geschah zwischen Februar und April?", _MONTHS, "2024-02 2024-03 2024-04"),
        ("What was decided until February 2023?", _MONTHS, "2023-01 2023-02"),
        ("What was assigned to Jan?", _MONTHS, ""),
        ("What was said in Jan?", _MONTHS, "2024-01"),
        ("What was decided in the last meeting?", _MONTHS, "2024-04"),
        ("Was wurde in der letzten Sitzung beschlossen?", _MONTHS, "2024-04"),
        ("What changed since the last report?", _MONTHS, ""),
        ("How many calls came in the last 30 minutes?", _MONTHS, ""),
        ("Walk me through March 2023", _MONTHS, "2023-03"),
        ("Compare January 2023 to March 2024", _MONTHS, "2023-01 2024-03"),
        ("Umsatz 2020 bis 2022", _YEARS, "2020 2021 2022"),
        ("What was the revenue in 2020\u20132022?", _YEARS, "2020 2021 2022"),
        ("What was the revenue in FY2023?", _YEARS, "2023"),
        ("Take me through the 2023 results", _YEARS, "2023"),
        ("Compare 2019 with 2021", _YEARS, "2019 2021"),
        ("What is the latest reported revenue?", _YEARS, ""),
        ("What does the latest quarterly filing say?", _YEARS, "2024"),
    ],
)
def test_a_question_is_asked_of_the_periods_that_it_names(
    question: str, names: list[tuple[str, str]], asked: str
) -> None:
    (issues,) = series.series(names)
    assert " ".join(issue.document_id for issue in series.asked(question, issues)) == asked
