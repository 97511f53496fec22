"""Running heads, page numbers and hyphens of printed pages."""

import pytest

from ingest.readers.printed import without_print


def pages(count: int, **lines: str) -> list[str]:
    head, foot = lines.get("head", ""), lines.get("foot", "")
    birds = ("Terns", "Skuas", "Gulls", "Auks", "Divers")[:count]
    made = [(head, f"{bird} dive here.\nWe saw 40 of them,\nall {bird}.", foot) for bird in birds]
    return ["\n".join(filter(None, parts)).replace("{0}", str(number)) for number, parts in enumerate(made, 1)]


def test_a_running_head_stands_on_the_first_page_only() -> None:
    found = without_print(pages(4, head="Skua Pumps · Handbook 2026", foot="Page {0} of 4"))
    assert found == ["Skua Pumps · Handbook 2026\n" + pages(1)[0], *pages(4)[1:]]


@pytest.mark.parametrize("foot", ["{0}", "- {0} -", "Page {0}", "{0} / 9", "Seite {0} von 9"])
def test_page_numbers_are_left_out_everywhere(foot: str) -> None:
    assert without_print(pages(5, foot=foot)) == pages(5)


def test_numbers_that_do_not_count_the_pages_stay() -> None:
    bills = [
        f"Bill\nfor {name}\nof\nMarch\nTotal: {total}" for name, total in (("Ada", 9), ("Bob", 4), ("Cy", 4), ("Di", 8))
    ]
    assert [page.rsplit("\n", 1)[1] for page in without_print(bills)] == [
        "Total: 9",
        "Total: 4",
        "Total: 4",
        "Total: 8",
    ]


def test_lines_of_few_pages_and_heads_of_tables_stay() -> None:
    two = pages(2, head="Skua Pumps")
    assert without_print(two) == two
    table = pages(5, head="Part   Weight   Price")
    assert without_print(table) == table


def test_what_recurs_inside_the_pages_stays() -> None:
    birds = ("terns", "skuas", "gulls", "auks")
    inside = [f"About {bird}\nThere {bird} are\nThe same line.\nso many {bird}\nthe end of {bird}" for bird in birds]
    assert without_print(inside) == inside


def test_a_page_that_is_nothing_else_stays() -> None:
    assert without_print(["Background"] * 4) == ["Background"] * 4


def test_parted_words_are_joined() -> None:
    assert without_print(["The calib-\nration takes an hour."]) == ["The calibration\n takes an hour."]


@pytest.mark.parametrize(
    "text",
    [
        "A well-known fact is well-\nknown.",
        "From Baden-\nWürttemberg.",
        "Rows 3-\n5 and A-\nB.",
        "A list:\n- one\n- two",
    ],
)
def test_hyphens_that_belong_to_a_word_stay(text: str) -> None:
    joined = without_print([text])[0]
    assert joined.replace("\n", "") == text.replace("\n", "")
