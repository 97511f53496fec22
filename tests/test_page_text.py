"""Words of documents as the page shows them."""

import pytest

from rag.types import Span
from ui.parts.text import passage

WRAPPED = "Volunteer firefighters receive as many\ndays as they are called out for.\n\nSabbatical\nAfter six years"
FLOWING = "Volunteer firefighters receive as many days as they are called out for.\n\nSabbatical\nAfter six years"


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
    (start, end) = WRAPPED.index("many"), WRAPPED.index(" as they")
    marked = passage(name, WRAPPED, [Span(start, end)])
    assert marked == f"{shown[:start]}<mark>{shown[start:end]}</mark>{shown[end:]}"
