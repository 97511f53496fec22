"""What a question for issues of a series is about."""

import pytest

from rag import matters, series
from rag.terms import terms


@pytest.mark.parametrize(
    ("question", "matter"),
    [
        ("How have Heron's sales of pumps changed over time?", "Heron's sales of pumps"),
        ("Has there been a notable shift in Heron's costs over the quarters? If so, why?", "Heron's costs"),
        ("Are there any significant changes or new trends in Heron's debt across the reports?", "Heron's debt"),
        ("Summarize the risks to Heron, and how they have evolved over the reporting period", "the risks to Heron"),
        ("What are the key changes in Heron's cash flow as disclosed in these reports?", "Heron's cash flow"),
        ("How did stocks of pumps develop over time and what might this indicate?", "stocks of pumps"),
        ("Can any trends be identified in sales of pumps over the quarters?", "sales of pumps"),
        ("Wie hat sich der Umsatz mit Pumpen im Laufe der Zeit entwickelt?", "der Umsatz mit Pumpen"),
        ("各季度的水泵销售额有什么变化？", "的水泵销售额"),
        ("各季度的气候变化风险有哪些？", "的气候变化风险有哪些"),
        ("Wie entwickelte sich der Umsatz mit Pumpen im Laufe der Zeit?", "der Umsatz mit Pumpen"),
        ("How has the strategy for climate change changed over time?", "strategy for climate change"),
        ("What does each report say about climate change?", "climate change"),
        (
            "How did the share of developing countries evolve over time, and what are the implications?",
            "share of developing countries",
        ),
        (
            "At Heron Ltd, what was the revenue in each quarter?",
            "At Heron Ltd, what was the revenue",
        ),
        (
            "Who approved the budget and what was it spent on in each year?",
            "Who approved the budget and what was it spent on",
        ),
        (
            "I sell pumps. How have their sales changed over time?",
            "I sell pumps. How have their sales",
        ),
        ("How did it change over time?", "How did it change?"),
        ("What was Heron's cash flow as reported in the Q3 2022 10-Q?", "Heron's cash flow"),
        ("What was the margin of Heron as stated in the latest report?", "margin of Heron"),
        ("Did Heron disclose any significant acquisitions in the Q2 2023 report?", "acquisitions"),
        ("What changes in debt or interest did Heron disclose in Q1 2023?", "debt or interest"),
        ("Which risks were highlighted by Heron in its Q3 2023 report, especially those that are new?", "risks"),
        ("What significant changes, if any, in leave were announced in its latest report?", "leave"),
        ("In the second quarter of 2023, what was the primary driver behind the change in net income?", "net income"),
        ("What percentage of sales did pumps make up in Q3 2023?", "sales did pumps make up"),
        ("How did Heron's costs for Q1 2023 compare to its revenue for the same quarter?", "Heron's costs or revenue"),
        ("In Q1 2023, how did spending relate to its revenue?", "spending or revenue"),
        ("How have stocks for the Q3 2022 period adapted to demand?", "stocks or demand"),
        ("What does the 2022 report of Heron say about cash?", "cash"),
        ("What was the revenue reported by the cloud segment in Q3 2023?", "revenue reported by the cloud segment"),
    ],
)
def test_the_matter_is_left_of_a_question_how_it_changed(question: str, matter: str) -> None:
    assert matters.matter(series.topic(question)) == matter


def test_the_name_of_a_series_is_no_part_of_the_matter() -> None:
    question = "How have Heron's sales of pumps changed over time?"
    assert matters.matter(series.topic(question), terms("Heron")) == "sales of pumps"
    assert matters.matter(series.topic("How did Heron change over time?"), terms("Heron")) == "Heron"


def test_one_of_several_matters_is_enough() -> None:
    assert matters.alternatives("acquisitions or divestitures") == ["acquisitions", "divestitures"]
    assert matters.alternatives("Zinsen oder Schulden") == ["Zinsen", "Schulden"]
    assert matters.alternatives("research and development") == ["research and development"]
