"""Words of documents as the page shows them."""

import pytest

from rag.types import Span
from ui.parts.text import passage

FIRST, REST = "Volunteer firefighters of Halden and its neighbours receive as many", "days as they are called out for."
LISTS = "apples\npears\n\n(a) one\n(b) another\n\nfirst name\nlast name"
ITEM = f"{FIRST}\n(b) days"  # of a list, whose first is as long as a line
WRAPPED = f"{FIRST}\n{REST}\n\nSabbatical\nAfter six years\n{LISTS}\n\n{ITEM}"
FLOWING = f"{FIRST} {REST}\n\nSabbatical\nAfter six years\n{LISTS}\n\n{ITEM}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("handbook.pdf", FLOWING),
        ("HANDBOOK.PDF", FLOWING),
        ("notes.txt", WRAPPED),  # its lines were made by who wrote it
    ],
)
def test_a_sentence_of_a_pdf_goes_over_the_ends_of_its_lines(name: str, shown: str) -> None:
    assert passage(name, WRAPPED, ()) == shown
    (start, end) = WRAPPED.index("many"), WRAPPED.index("called")
    marked = passage(name, WRAPPED, [Span(start, end)])
    assert marked == f"{shown[:start]}<mark>{shown[start:end]}</mark>{shown[end:]}"
