"""Headings of plain text."""

from pathlib import Path

import pytest

from ingest.readers.plain_headings import headings

MINUTES = """Product council, 12 March 2026

1. Skua 4 firmware
Mateo reported that the drift ends.

2. Price of the kit
Decision: it rises to 145 EUR.

2.1 When
On 1 June 2026.

Next meeting: 9 April 2026.
"""
MANUAL = """The station
===========

It measures rain.

Pairing
-------
Hold the button.

Cleaning
--------
Use water.
"""
OVERLINED = """=======
  Title
=======

It measures rain.

-------
Pairing
-------
Hold the button.
"""
CHINESE = """第一章 总则

第一条 适用范围
本手册适用于全体员工。
也适用于实习生。

第二条 年假
每年二十五天。
新员工按比例计算。
"""
CAPITALS = """GENERAL USAGE

The program reads a file and writes another.

It needs no other program.

HINTS FOR BOTH

Use it with care.

Nothing is lost.
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MINUTES, [(1, "1. Skua 4 firmware"), (1, "2. Price of the kit"), (2, "2.1 When")]),
        (MANUAL, [(1, "The station"), (2, "Pairing"), (2, "Cleaning")]),
        (OVERLINED, [(1, "Title"), (2, "Pairing")]),
        (CHINESE, [(2, "第一章 总则"), (4, "第一条 适用范围"), (4, "第二条 年假")]),
        (CAPITALS, [(1, "GENERAL USAGE"), (1, "HINTS FOR BOTH")]),
    ],
)
def test_headings_are_found_with_their_levels(text: str, found: list[tuple[int, str]]) -> None:
    assert [(heading.level, heading.text) for heading in headings(text)] == found
    assert all(text[heading.start :].lstrip().startswith(heading.text) for heading in headings(text))


@pytest.mark.parametrize(
    "text",
    [
        "Buy:\n\n1. Milk\n2. Bread\n3. Butter\n\nAnd be quick.\n",
        "1. Milk\n\n2. Bread\n\n3. Butter\n",  # a list with blank lines
        "Do this:\n\n1. Take the funnel off and rinse it with warm water until all\nleaves are gone.\n\n"
        "2. Tip the spoon ten times by hand until the counter on the\ndisplay rises.\n\nDone.\n",
        "1. Master control. This has two\nparts.\n\n2. Buffering. There is one\nmodule.\n\nNo more.\n",
        "Intro\n\n1. One heading\nis not enough to tell that it is one.\n\nText.\n",
        "A   B\n-----\n1   2\n\nC   D\n-----\n3   4\n",  # tables
        "1. Next meeting: 9 April\nRoom Fulmar.\n\n2. Price of the kit: low\nFrom June.\n",  # facts
        "IBAN DE89 3704 0044\nName it.\n\nVAT ID NO 918 273\nPay.\n\nMore text.\n",
        "1. The tenant pays the rent by the third day of the month\nBy bank.\n\n2. The deposit is two\nPaid first.\n",
        "1. 员工每年享有25天年假。\n兼职员工按比例计算。\n\n2. 未休假期可以结转，最多六天。\n三月底到期。\n",
        "请把USB线插入WIFI模块\n好。\n\n更新前请备份GNSS数据\n好。\n",
        "\n=====\n-----\nfoo\nfoo\n\n*****\n-----\nbar\nbar\n",
        "In 2024\n\n2024 was wet.\n\n2025 was dry.\n",
        "",
    ],
)
def test_what_may_be_something_else_is_none(text: str) -> None:
    assert headings(text) == ()


def test_the_points_of_the_sample_minutes_are_headings() -> None:
    text = Path("samples/meeting-notes.txt").read_text(encoding="utf-8")
    assert [heading.text[:2] for heading in headings(text)] == [f"{number}." for number in range(1, 7)]
