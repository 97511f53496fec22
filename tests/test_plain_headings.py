"""Headings of plain text."""

import pytest

from ingest.readers.plain_headings import headings

MINUTES = """Product council, 12 March 2026

1. Firmware
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
        (MINUTES, [(1, "1. Firmware"), (1, "2. Price of the kit"), (2, "2.1 When")]),
        (MANUAL, [(1, "The station"), (2, "Pairing"), (2, "Cleaning")]),
        (CAPITALS, [(1, "GENERAL USAGE"), (1, "HINTS FOR BOTH")]),
    ],
)
def test_headings_are_found_with_their_levels(text: str, found: list[tuple[int, str]]) -> None:
    assert [(heading.level, heading.text) for heading in headings(text)] == found
    assert all(text[heading.start :].startswith(heading.text) for heading in headings(text))


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
        "In 2024\n\n2024 was wet.\n\n2025 was dry.\n",
        "",
    ],
)
def test_what_may_be_something_else_is_none(text: str) -> None:
    assert headings(text) == ()
