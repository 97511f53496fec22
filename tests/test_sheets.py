"""The text of a document, put together again from its chunks."""

import pytest

from ingest.chunker import chunk
from rag.sheets import are_pages, number_of, sheets
from rag.types import Chunk, Document, Page, Span


def chunks_of(*pages: Page, overlap: int = 8) -> list[Chunk]:
    document = Document("d", "d.txt", "Title", pages)
    return chunk(
        document, count_tokens=lambda text: len(text.split()), chunk_tokens=40, overlap_tokens=overlap, max_tokens=128
    )


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("overlap", [0, 8])
def test_a_page_reads_as_it_was_read(overlap: int) -> None:
    text = "\n\n".join(f"Paragraph {number} says that the heron stands by the river and waits." for number in range(20))
    found = sheets(chunks_of(Page(1, text), Page(2, ""), Page(3, "The last page."), overlap=overlap))
    assert list(found) == [1, 3]
    assert are_pages(found)
    assert squeezed(found[1].text) == squeezed(text)
    assert found[3].text == "The last page."


def test_marks_stay_on_their_words() -> None:
    text = "\n\n".join(f"Paragraph {number} says that the heron stands by the river and waits." for number in range(20))
    chunks = chunks_of(Page(1, text))
    (sheet,) = sheets(chunks).values()
    for one in chunks:
        (span,) = sheet.spans(one, [Span(3, 20)])
        assert sheet.text[span.start : span.end] == one.text[3:20]


def test_a_long_document_without_pages_is_read_in_stretches() -> None:
    text = "\n\n".join(
        f"Paragraph {number} says that the heron stands by the river and waits." for number in range(300)
    )
    chunks = chunks_of(Page(None, text))
    found = sheets(reversed(chunks))
    assert list(found) == list(range(1, len(found) + 1))
    assert all(len(sheet.text) <= 4_000 for sheet in found.values())
    for one in chunks:
        sheet = found[number_of(one, found)]
        (span,) = sheet.spans(one, [Span(0, len(one.text))])
        assert sheet.text[span.start : span.end] == one.text
    assert sheets([]) == {}


def test_parts_without_numbers_follow_each_other_though_their_places_begin_anew() -> None:
    mail = [Page(None, f"Letter {number} says that the heron stands by the river.") for number in range(5)]
    chunks = chunks_of(*mail)
    (sheet,) = sheets(chunks).values()
    assert sheet.text == "\n\n".join(page.text for page in mail)
    assert not are_pages({1: sheet})
    for one in chunks:
        (span,) = sheet.spans(one, [Span(0, 8)])
        assert sheet.text[span.start : span.end] == one.text[:8]
