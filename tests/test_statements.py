"""Rows of printed tables whose head takes several lines: each value is named by all that stands over it."""

import pytest

from rag.readings import lacks_head, readings
from rag.statements import is_row, named_rows

QUARTERS = """(In millions, except per share amounts)
Three Months Ended   Nine Months Ended
June 25,   June 26,   June 25,   June 26,
2022   2021   2022   2021
Net sales:
Products   $   63,355   $   63,948   $   245,241   $   232,309
Services   (3)   19,604   17,486   58,941   50,148
Total net sales   82,959   81,434   304,182   282,457"""
PRODUCTS = (
    "Three Months Ended June 25, 2022: $63,355; Three Months Ended June 26, 2021: $63,948; "
    "Nine Months Ended June 25, 2022: $245,241; Nine Months Ended June 26, 2021: $232,309"
)


def named(text: str, above: str = "") -> list[str]:
    return list(named_rows(text.splitlines(), above.splitlines()).values())


def test_each_value_is_named_by_all_lines_of_the_head() -> None:
    products, services, total = named(QUARTERS)
    assert products == f"Net sales: Products; {PRODUCTS}"
    assert services.startswith("Net sales: Services; Three Months Ended June 25, 2022: 19,604; ")
    assert total.startswith("Total net sales; Three Months Ended June 25, 2022: 82,959; ")


def test_rows_that_follow_are_named_by_the_head_above_the_passage() -> None:
    later = (
        "$   232,309\nTotal net sales   82,959   81,434   304,182   282,457\n\nCost of sales:\nProducts   1   2   3   4"
    )
    total, products = named(later, QUARTERS)
    assert total.startswith("Total net sales; Three Months Ended June 25, 2022: 82,959; ")
    assert products == (
        "Cost of sales: Products; Three Months Ended June 25, 2022: 1; Three Months Ended June 26, 2021: 2; "
        "Nine Months Ended June 25, 2022: 3; Nine Months Ended June 26, 2021: 4"
    )
    assert (lacks_head(later), lacks_head(QUARTERS), lacks_head("Terns nest by the lake.")) == (True, False, False)
    with_head = {line.text: line.read for line in readings(later, QUARTERS)}
    assert with_head["Products   1   2   3   4"] == products
    assert {line.text: line.read for line in readings(later)}["Products   1   2   3   4"] == "Products   1   2   3   4"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "Three Months Ended\n(In Millions; Unaudited)   Apr 1, 2023   Apr 2, 2022\nCharges   64   (1,211)",
            "Charges; Three Months Ended Apr 1, 2023: 64; Three Months Ended Apr 2, 2022: (1,211)",
        ),
        (
            "Three Months Ended\nMarch 31,\n2022   2023\nNet sales   $   56,455   $   56,981",
            "Net sales; Three Months Ended March 31, 2022: $56,455; Three Months Ended March 31, 2023: $56,981",
        ),
        (
            "Q1 2023   Q1 2022\nAmount   Share   Amount   Share\nNet sales   $   11,715   100.0 % $   18,353   100.0 %",
            "Net sales; Q1 2023 Amount: $11,715; Q1 2023 Share: 100.0 %; "
            "Q1 2022 Amount: $18,353; Q1 2022 Share: 100.0 %",
        ),
        ("2023   2022\nOther   \u2014   17", "Other; 2023: \u2014; 2022: 17"),
    ],
)
def test_heads_of_other_reports(text: str, read: str) -> None:
    assert named(text) == [read]


@pytest.mark.parametrize(
    "text",
    [
        "Nine Months Ended\nThree Months Ended\nMay 30,   May 30,\n2022   2023   2022   2023\nSales   1   2   3   4",
        "2023   2022   2021\nSales   1   2",  # which column is empty is not known
        "The prices of both years are the following ones.\nSales   1   2",
        "Sales   1   2",
        "Terns nest by the lake, and herons in the trees.",
        "Budget   Actual   Variance\nTravel   100   120",  # no periods
        "Mon   Tue   Wed\nEarly shift   3   4",
        "Model   A100   B200\nColor   red   blue\nWeight   12   14",
        "Children may enter free\nAdults   Seniors\nDay ticket   12   6",
        "Updated March 2024\nSmall   Large\nTea   3   4",
        "He came home.   Then he left.\nTotal   12   14",
        "Note   2023   2022\nSales   4   1   2",  # it may stand over the labels
        "\n\nSales   1   2",
        "Nine Months Ended\nThree Months Ended\nAmount   Share\nSales   1   2",
        "2023   2022\nThe text that follows is far too long to be a part of any table that is printed.\nSales   1   2",
    ],
)
def test_what_is_not_plain_is_not_named(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    "later",
    [
        "December 31, 2021\nCash   17   18",
        "Men   Women\nBerlin   100   2",
        "Staff at year end   2020   2019\nBonn   100   2",
    ],
)
def test_names_end_with_their_table(later: str) -> None:
    assert named(f"2023   2022\nSales   1   2\n{later}")[0] == "Sales; 2023: 1; 2022: 2"
    assert not any("2023" in row for row in named(f"2023   2022\nSales   1   2\n{later}")[1:])


def test_a_sign_after_a_number_is_its_own() -> None:
    assert named("2023   2022\nHaus A   499,00 €   510,00 €") == ["Haus A; 2023: 499,00 €; 2022: 510,00 €"]


def test_a_section_ends_with_its_total_or_with_other_words() -> None:
    head = "2023   2022\n"
    assert named(f"{head}Costs:\nStaff   1   2\nTotal costs   3   4\nTax   5   6")[-1] == "Tax; 2023: 5; 2022: 6"
    assert named(f"{head}Asia:\nSales   1   2\nAll others\nTax   5   6")[-1] == "Tax; 2023: 5; 2022: 6"


def test_a_heading_in_cells_is_no_head() -> None:
    assert named("Note 6 :   Charges\n2023   2022\nStaff   1   2") == ["Staff; 2023: 1; 2022: 2"]


def test_a_row_is_a_label_with_several_values() -> None:
    assert is_row("Net sales   $   1,200   (33)")
    assert not any(
        map(
            is_row,
            ("Year   2023   2022", "Net sales   1,200", "2023   2022", "Part   Price", "Battery   12 V   red", ""),
        )
    )
