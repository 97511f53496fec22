"""Plain text, in whatever encoding it was saved."""

from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source
from rag.types import Page


def read_text(source: Source) -> Content:
    """One page without a number; plain text has no title of its own."""
    return Content("", (Page(None, clean(decode(source.data, source.name))),))
