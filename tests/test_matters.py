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
        ("How did Heron's costs for Q1 2023 compare to its revenue for the same quarter?", "Heron's costs and revenue"),
        ("In Q1 2023, how did spending relate to its revenue?", "spending and revenue"),
        ("How have stocks for the Q3 2022 period adapted to demand?", "stocks and demand"),
        ("What does the 2022 report of Heron say about cash?", "cash"),
        ("What was the revenue reported by the cloud segment in Q3 2023?", "revenue reported by the cloud segment"),
        ("What was the net cash provided by operations in each quarter?", "net cash provided by operations"),
        ("What was the New York office rent in each quarter?", "New York office rent"),
        ("What does the annual report 2022 say about dividends?", "dividends"),
        ("What did the minutes of the May 2023 meeting say about parking?", "parking"),
        ("How often did the committee report in 2023?", "How often did the committee report in?"),
        ("What was the cause of the fire in 2022?", "cause of the fire"),
        ("What was the cause of the rise in costs in 2022?", "costs"),
        ("What was the rent due, including any late fees, in 2022?", "rent due, including any late fees"),
        ("What did the state fund in 2022?", "did the state fund"),
        ("How does revenue in Q3 2022 compare to Q3 2021?", "revenue"),
        ("How did the membership fee in 2023 compare with 2022?", "membership fee"),
        ("How does the rent in the 2022 contract compare to the 2023 contract?", "rent in the contract"),
        ("In the 2022 report, please list the acquisitions.", "the acquisitions"),
        ("What was decided about parking in 2022 or 2023?", "decided about parking"),
        ("Have sales grown over time? Please list them.", "Have sales grown"),
        ("Wie haben sich die Beiträge zwischen 2021 und 2023 verändert?", "die Beiträge"),
        ("Wie hat sich der Umsatz in den Jahren 2021 und 2022 entwickelt?", "der Umsatz"),
        ("Wer hat die Satzung 2022 geändert?", "Wer hat die Satzung geändert"),
        ("Was steht im Bericht 2022 über Dividenden?", "Dividenden"),
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
    assert matters.alternatives("profit or loss of the pumps") == ["profit of the pumps", "loss of the pumps"]
    clause = "Does the tenant or the landlord pay for heating"
    assert matters.alternatives(clause) == [clause], "neither half says what is asked"
    assert matters.alternatives("the fee or that") == ["the fee or that"]
