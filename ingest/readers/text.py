"""Plain text, in whatever encoding it was saved."""

from pathlib import PurePath

from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.plain_headings import headings
from ingest.readers.source import Content, Source
from rag.types import Page


def read_text(source: Source) -> Content:
    """One page without a number; plain text has no title of its own, and a log no headings."""
    text = clean(decode(source.data, source.name))
    is_log = PurePath(source.name).suffix.lower() == ".log"
    return Content("", (Page(None, text, () if is_log else headings(text)),))
