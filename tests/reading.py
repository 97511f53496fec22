"""Reading files in tests."""

from pathlib import Path

import pytest

from ingest.readers import read
from rag.errors import UnreadableDocument
from rag.types import Document

MEGABYTE = 1_000_000


def read_here(
    path: Path,
    released: frozenset[str] = frozenset(),
    *,
    max_bytes: int = 50 * MEGABYTE,
    password: str | None = None,
) -> Document:
    return read(path, max_bytes=max_bytes, password=password, released=released)


def read_bytes(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    return read_here(path)


def refusal(path: Path, **options: str) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        read_here(path, password=options.get("password"))
    return caught.value


def refusal_of(folder: Path, name: str, data: bytes) -> UnreadableDocument:
    path = folder / name
    path.write_bytes(data)
    return refusal(path)


def only_text(document: Document) -> str:
    (page,) = document.pages
    assert page.number is None
    return page.text


def whole_text(document: Document) -> str:
    """The text of all pages."""
    return "\n\n".join(page.text for page in document.pages)


def headings(document: Document) -> list[tuple[int, str]]:
    """Level and text of every heading, each checked to stand where it says."""
    for page in document.pages:
        for heading in page.headings:
            assert heading.text in page.text[heading.start :].split("\n", 1)[0]
            assert heading.start == 0 or page.text[heading.start - 1] == "\n"
    return [(heading.level, heading.text) for page in document.pages for heading in page.headings]
