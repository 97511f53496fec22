"""Readers turn a file into a Document; one file per family, chosen by the file's suffix.

To add a family: write `read_x(source: Source) -> Content` in its own file and name both in FORMATS with its suffixes.
"""

import hashlib
import importlib
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ingest import quarantine
from ingest.readers import code, kinds
from ingest.readers.cleaning import clean_name
from ingest.readers.columns import typed
from ingest.readers.encoding import is_text
from ingest.readers.hiding import without_marks
from ingest.readers.source import Content, Reader, Source, one_line, readable_stem
from rag.errors import LockedDocument, UnreadableDocument
from rag.types import Document

__all__ = ["FORMATS", "PICTURES", "SUFFIXES", "Content", "Reader", "Source", "may_have_tables", "read"]


@dataclass(frozen=True)
class Format:
    """A family of formats.

    Attributes:
        read: the module in here and its function; the libraries of all of them together take a second to load, so each
            is loaded with its first file.
        kinds: what the bytes of its files may be (see kinds.py), its own kind first; None where bytes do not say. A
            text file may well be the source of a web page.
        has_tables: whether its reader finds tables to calculate with; then they are kept, if only to say that there
            are none.
    """

    read: str
    suffixes: tuple[str, ...]
    kinds: tuple[str | None, ...]
    has_attachments: bool = False
    has_tables: bool = False

    @property
    def reader(self) -> Reader:
        """What turns a file into its Content."""
        module, function = self.read.split(".")
        found: Any = getattr(importlib.import_module(f"ingest.readers.{module}"), function)
        return partial(found, read_attachment=read_content) if self.has_attachments else found


def read_content(source: Source) -> Content:
    """What the reader of the format of `source` finds in its bytes.

    Raises:
        UnreadableDocument: for every reason why it cannot be indexed, with the remedy.
    """
    chosen = _format(source.name)
    found = kinds.kind(source.data)
    if found not in chosen.kinds:
        raise _mislabelled(source.name, str(found))
    try:
        content = chosen.reader(source)
    except LockedDocument:
        raise
    except UnreadableDocument as exc:
        if found is None and chosen.kinds[0] not in _TEXT and is_text(source.data):
            raise _mislabelled(source.name, kinds.TEXT) from exc
        raise
    if not any(page.text.strip() for page in content.pages):
        raise UnreadableDocument(source.name, "it holds no text", "Add a file with text in it.")
    return content


PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
_TEXT = (None, kinds.HTML)
FORMATS = (
    Format("pdf.read_pdf", (".pdf",), (kinds.PDF, None), has_tables=True),
    Format("word.read_word", (".docx",), (kinds.DOCX, None), has_tables=True),
    Format("slides.read_slides", (".pptx", ".pptm", ".ppsx"), (kinds.PPTX, None), has_tables=True),
    Format("sheets.read_sheets", (".xlsx", ".xlsm", ".xltx"), (kinds.XLSX, None), has_tables=True),
    Format("old_sheets.read_old_sheets", (".xls",), (kinds.XLS, None), has_tables=True),
    Format("delimited.read_delimited", (".csv", ".tsv"), _TEXT, has_tables=True),
    Format("opendocument.read_text_document", (".odt",), (kinds.ODT, None), has_tables=True),
    Format("opendocument_sheets.read_spreadsheet", (".ods",), (kinds.ODS, None), has_tables=True),
    Format("opendocument.read_presentation", (".odp",), (kinds.ODP, None), has_tables=True),
    Format("book.read_book", (".epub",), (kinds.EPUB, None), has_tables=True),
    Format("mail.read_mail", (".eml",), _TEXT, has_attachments=True),
    Format("mail.read_mailbox", (".mbox",), (None,), has_attachments=True),
    Format("outlook.read_outlook", (".msg",), (kinds.MSG, None), has_attachments=True),
    Format("richtext.read_rich_text", (".rtf",), (kinds.RTF, None)),
    Format("subtitles.read_subtitles", (".srt", ".vtt"), _TEXT),
    Format("markdown.read_markdown", (".md", ".markdown"), _TEXT, has_tables=True),
    Format("text.read_text", (".txt", ".text", ".log"), _TEXT),
    Format("markup.read_restructured", (".rst",), _TEXT),
    Format("markup.read_asciidoc", (".adoc", ".asciidoc"), _TEXT),
    Format("markup.read_org", (".org",), _TEXT),
    Format("markup.read_latex", (".tex",), _TEXT),
    Format("records.read_json", (".json",), _TEXT),
    Format("records.read_json_lines", (".jsonl", ".ndjson"), _TEXT),
    Format("records.read_notebook", (".ipynb",), _TEXT),
    Format("tree.read_tree", (".xml", ".nxml", ".rss", ".atom"), _TEXT),
    Format("code.read_code", code.SUFFIXES, _TEXT),
    Format("picture.read_picture", PICTURES, (*kinds.PICTURES, None)),
    Format("web.read_web", (".html", ".htm", ".xhtml"), (kinds.HTML, None), has_tables=True),
    Format("web.read_web_archive", (".mhtml", ".mht"), _TEXT, has_tables=True),
)
_BY_SUFFIX = {suffix: found for found in FORMATS for suffix in found.suffixes}
SUFFIXES: tuple[str, ...] = tuple(_BY_SUFFIX)

_EXAMPLES = ".pdf, .docx, .xlsx, .txt or another of the formats that are read (docs/formats.md)"
_OLD_OFFICE = {".doc": ".docx", ".dot": ".docx", ".xlt": ".xlsx", ".ppt": ".pptx", ".pps": ".pptx"}
_MEGABYTE = 1_000_000
_RIGHT_SUFFIX = {found.kinds[0]: found.suffixes[0] for found in FORMATS if found.kinds[0]} | {kinds.TEXT: ".txt"}


def may_have_tables(name: str) -> bool:
    """Whether documents of this name are read for tables to calculate with."""
    found = _BY_SUFFIX.get(Path(name).suffix.lower())
    return found is not None and found.has_tables


def read(
    path: Path,
    *,
    name: str | None = None,
    max_bytes: int,
    password: str | None = None,
    released: AbstractSet[str] = frozenset(),
    ocr_pages: int = 0,
    tell: Callable[[float], None] = lambda part: None,
) -> Document:
    """The document in the file at `path`; its id is the sha256 of the file's bytes.

    Args:
        name: what the document is called in citations and messages; the file's name where None.
        max_bytes: larger files are refused.
        password: opens an encrypted PDF.
        released: ids of passages that are suspicious and stay in all the same.
        ocr_pages: whose pictures are read as text at most; 0: none.
        tell: hears how much of the file is read, 0 to 1, where that takes long; what it raises ends the reading.

    Raises:
        UnreadableDocument: for every reason why this file cannot be indexed, with the remedy.
    """
    name = name or path.name
    if path.exists():
        _format(name)  # what has no reader need not be read from the disk
    data = _bytes(path, name, max_bytes)
    content = read_content(Source(name, data, password, ocr_pages=ocr_pages, tell=tell))
    pages, set_aside = quarantine.settle(content.pages, released)
    held = [passage for passage in set_aside if passage.id not in released]
    tables = (typed(table) for table in quarantine.settle_tables(content.tables, held))
    title = one_line(without_marks(content.title))
    return Document(
        id=hashlib.sha256(data).hexdigest(),
        name=name,
        title=readable_stem(name) if not title or quarantine.is_order(title) else title,
        pages=pages,
        gaps=content.gaps,
        set_aside=set_aside,
        recognised=content.recognised,
        tables=tuple(table for table in tables if table is not None),
    )


def _format(name: str) -> Format:
    suffix = Path(name).suffix.lower()
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if suffix in _OLD_OFFICE:
        remedy = f"Open it in Office or LibreOffice and save it as {_OLD_OFFICE[suffix]}, then add that."
        raise UnreadableDocument(name, f"files ending in {suffix} are not supported", remedy)
    reason = f"files ending in {suffix} are not supported" if suffix else "a name without an ending says no format"
    raise UnreadableDocument(name, reason, f"Save it as {_EXAMPLES}.")


def _bytes(path: Path, name: str, max_bytes: int) -> bytes:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would be waited for without an end
            raise UnreadableDocument(name, "this is a device or a pipe, not a file", "Name a file.")
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(max_bytes + 1) if size <= max_bytes else b""
            size = max(size, len(data))
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise UnreadableDocument(name, f"there is no file {clean_name(str(path))}", "Check its path and name.") from exc
    except IsADirectoryError as exc:
        raise UnreadableDocument(name, "this is a folder, not a file", "Name the files inside it.") from exc
    except PermissionError as exc:
        raise UnreadableDocument(
            name, "you may not open it", "Give your user the right to read it, or copy it to a folder of yours."
        ) from exc
    except OSError as exc:
        reason = f"the system could not read it ({exc.strerror or exc})"
        raise UnreadableDocument(name, reason, "Check the disk or network drive it lies on and try again.") from exc
    if size > max_bytes:
        raise UnreadableDocument(
            name,
            f"it has {size / _MEGABYTE:,.1f} MB and the limit is {max_bytes / _MEGABYTE:,.1f} MB",
            "Split it, or raise the limit with the setting FOOTNOTE_FILE_MEGABYTES.",
        )
    if not data:
        raise UnreadableDocument(name, "it is empty (0 bytes)", "Add it again from where it came from.")
    return data


def _mislabelled(name: str, found: str) -> UnreadableDocument:
    reason = f"its name ends in {Path(name).suffix}, but it is {found}"
    if found in _RIGHT_SUFFIX:
        return UnreadableDocument(
            name, reason, f"Rename it so that it ends in {_RIGHT_SUFFIX[found]} and add it again."
        )
    if found == kinds.PROTECTED_OFFICE:
        return UnreadableDocument(name, f"it is {found}", "Open it, save a copy without a password and add that.")
    if found.startswith("a damaged"):
        return UnreadableDocument(name, f"it is {found}", "Add it again from where it came from.")
    return UnreadableDocument(name, reason, f"Open it in the program that made it and save it as {_EXAMPLES}.")
