"""PDF through pypdf and pdfium: text page by page, title from the metadata, headings from the outline."""

import io
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, NullObject, NumberObject, StreamObject

from ingest.readers.cleaning import clean
from ingest.readers.hiding import without_marks
from ingest.readers.pdf_layout import PLACING, LaidOut, laid_out_pages, page_count
from ingest.readers.picture import OFF, page_of_lines
from ingest.readers.printed import without_print
from ingest.readers.printed_headings import printed_headings
from ingest.readers.printed_tables import PrintedTables, tables_of_pages
from ingest.readers.reading_order import better_text
from ingest.readers.scans import is_scrambled, recognised
from ingest.readers.source import Content, Source, left_out, one_line, sensible_title
from ingest.readers.values import decimal_in
from rag.errors import LockedDocument, UnreadableDocument
from rag.types import Heading, Page
from rag.wording import counted

_Object = Any  # an object of pypdf, of which only the file knows what it holds
_log = logging.getLogger(__name__)
# pypdf reports every oddity it repairs; nobody who adds a file can do anything about them.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# What pypdf was seen to raise on damaged files besides its own errors: it trusts that objects have their type.
_DAMAGE = (
    PyPdfError,
    ValueError,  # also UnicodeDecodeError and numbers that are none
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    NotImplementedError,
    OSError,
    EOFError,
    MemoryError,
)
_PAGES = 50_000  # of a document
_SPACE = NumberObject(32)  # the code of the space
_SPACE_WIDTH = NumberObject(250)  # a quarter of the font's size
_FIELD_DEPTH = 8  # fields of a form lie in each other; a damaged file may make them a ring
_UNCHECKED = ("/Off", "/")
_OUTLINE_ENTRIES = 5_000  # further outline entries are left out: locating them costs more than they help


def read_pdf(source: Source) -> Content:
    """One Page per page of the PDF; a page without text has the text "".

    Raises:
        UnreadableDocument: locked, damaged, made of pictures only, or in fonts that do not name their letters.
    """
    _refuse_endless(source, page_count(source))
    reader = _open(source)
    _refuse_endless(source, len(reader.pages))
    try:
        pages = laid_out_pages(source)
        read = _page_texts(reader, pages, source)
    except _DAMAGE as exc:
        raise _damaged(source.name) from exc
    texts = without_print([text or "" for text in read])
    recognition = recognised(source, texts)
    for index, page in recognition.pages.items():
        texts[index] = page_of_lines(page).text
    if not any(text.strip() for text in texts):
        raise _without_text(reader, source, len(texts))
    if is_scrambled("".join(map(without_marks, texts))):
        raise UnreadableDocument(source.name, "its fonts do not say which letters they draw", _remedy(source))
    headings = _headings(reader, texts) or printed_headings(
        {index: page.printed for index, page in pages.items() if index not in recognition.pages}, texts
    )
    made = tuple(Page(number, text, _in_order(headings.get(number, ()))) for number, text in enumerate(texts, start=1))
    title = _title(reader)
    damaged = [number for number, text in enumerate(read, start=1) if text is None and not texts[number - 1]]
    gaps = left_out("page", damaged)
    if recognition.left_out:
        gaps = (
            *gaps,
            f"{_pictures(recognition.left_out)} left out: the limit is {source.ocr_pages}",
        )
    found = [pages[index].tables if index in pages else PrintedTables() for index in range(len(made))]
    tables = tables_of_pages(made, found, title=title, decimal=decimal_in(_language(reader)))
    return Content(title, made, gaps, tuple(recognition.pages.values()), tables)


def _pictures(pages: int) -> str:
    if pages == 1:
        return "1 page that is a picture was"
    return f"{counted(pages, 'page')} that are pictures were"


def _refuse_endless(source: Source, pages: int) -> None:
    if pages > _PAGES:
        reason = f"it has {pages:,} pages and the limit is {_PAGES:,}"
        raise UnreadableDocument(source.name, reason, "Split it, and add the parts that you want to ask.")


def _open(source: Source) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(_with_pointer(source.data)))
        locked = reader.is_encrypted and not any(map(reader.decrypt, (source.password or "", "")))
        if not locked:
            len(reader.pages)  # the page tree is read here, so that damage shows
    except _DAMAGE as exc:
        raise _damaged(source.name) from exc
    if locked:
        reason = "the password does not open it" if source.password else "it is locked with a password"
        remedy = "Give its password, or open it, save a copy without one and add that."
        raise LockedDocument(source.name, reason, remedy)
    return reader


def _with_pointer(data: bytes) -> bytes:
    """A whole file that never says where its table starts gets a pointer to nowhere: pypdf then rebuilds the table."""
    whole = data.rstrip().endswith(b"%%EOF")
    return data + b"\nstartxref\n0\n%%EOF\n" if whole and b"startxref" not in data else data


def _page_texts(reader: PdfReader, pages: Mapping[int, LaidOut], source: Source) -> list[str | None]:
    """The text of each page as in `_page_text`."""
    count = range(len(reader.pages))
    read = [_page_text(reader, index, pages.get(index), source) for index in count]
    if any(is_scrambled(text or "") for text in read) or is_scrambled("".join(filter(None, read))):
        # pypdf does not know every encoding of the East
        read = [_page_text(reader, index, pages.get(index), source, is_by_pdfium=True) for index in count]
    return read


def _page_text(
    reader: PdfReader, index: int, laid_out: LaidOut | None, source: Source, *, is_by_pdfium: bool = False
) -> str | None:
    """Text of a page; None where it is damaged: one broken page costs only itself.

    Args:
        laid_out: the page as pdfium reads it, None where it does not.
        is_by_pdfium: the order of the file is read by pdfium, too, where it can.
    """
    source.tell(PLACING * (1 + index / len(reader.pages)))
    text = clean(laid_out.text).strip("\n") if laid_out else ""
    try:
        page = reader.pages[index]
        if laid_out is None or not laid_out.is_marked:
            _set_spaces(page)
            in_order = laid_out.in_order if laid_out and is_by_pdfium else ""
            text = better_text(clean(in_order or page.extract_text()).strip("\n"), text)
        return "\n\n".join(filter(None, (text, *_filled_in(page))))
    except _DAMAGE:
        return text or None


def _filled_in(page: PageObject) -> Iterator[str]:
    """What people wrote on the page and pypdf does not count to its text: the fields of a form, and typed remarks."""
    lines: dict[str, None] = {}
    try:
        for entry in page.get("/Annots", NullObject()).get_object() or ():
            annotation = entry.get_object()
            if annotation.get("/Subtype") == "/Widget":
                lines[_field(annotation)] = None  # a field may be shown many times
            elif annotation.get("/Subtype") == "/FreeText":
                lines[clean(str(annotation.get("/Contents") or "")).strip()] = None
    except _DAMAGE:
        _log.debug("the notes and fields of a page are damaged; its text is read")
    text = "\n".join(filter(None, lines))
    if text:
        yield text


def _field(widget: _Object) -> str:
    """Name and value of a field that is filled in: "Given name: Ada"; "" for others."""
    chain = [widget]
    while len(chain) < _FIELD_DEPTH and (parent := chain[-1].get("/Parent")) is not None:
        chain.append(parent.get_object())
    value, kind, label, name = (
        next((field[key].get_object() for field in chain if key in field), "") for key in ("/V", "/FT", "/TU", "/T")
    )
    values = value if isinstance(value, list) else [value]
    shown = ", ".join(filter(None, (clean(str(one)).strip() for one in values)))
    if not shown or (kind == "/Btn" and shown in _UNCHECKED) or kind not in ("/Tx", "/Ch", "/Btn"):
        return ""
    shown = shown.removeprefix("/") if kind == "/Btn" else shown
    return f"{one_line(clean(str(label or name)))}: {shown}"


def _set_spaces(page: PageObject) -> None:
    """Give fonts that have no space the width of one.

    pypdf takes the width of whatever stands at code 32 for it, which may be so wide that words run together, as in many
    documents of TeX: https://github.com/py-pdf/pypdf/issues/3978
    """
    try:
        resources: _Object = page["/Resources"]
        for entry in resources["/Font"].values():
            font = entry.get_object()
            if font["/Subtype"] == "/Type0":
                _set_space_of_composite(font)
            else:
                _set_space_of_simple(font)
    except _DAMAGE:
        _log.debug("a page has no fonts or damaged ones; its text may still be read")


def _set_space_of_composite(font: _Object) -> None:
    names = font.get("/ToUnicode", NullObject()).get_object()
    if not isinstance(names, StreamObject) or b"<0020>" in names.get_data():
        return
    for descendant in font["/DescendantFonts"].get_object():
        widths = descendant.get_object()["/W"].get_object()
        if widths[-2:] != [_SPACE, ArrayObject([_SPACE_WIDTH])]:
            widths.extend([_SPACE, ArrayObject([_SPACE_WIDTH])])


def _set_space_of_simple(font: _Object) -> None:
    encoding = font.get("/Encoding", NullObject()).get_object()
    names = encoding.get("/Differences", ()) if isinstance(encoding, DictionaryObject) else ()
    place = _SPACE - font.get("/FirstChar", 0)
    if names and "/space" not in names and 0 <= place < len(widths := font["/Widths"].get_object()):
        widths[place] = _SPACE_WIDTH


def _damaged(name: str) -> UnreadableDocument:
    remedy = "Open it in a PDF viewer: if it opens there, print it to a new PDF and add that; else fetch it again."
    return UnreadableDocument(name, "it is damaged or not a PDF", remedy)


def _without_text(reader: PdfReader, source: Source, pages: int) -> UnreadableDocument:
    if not pages:
        return UnreadableDocument(source.name, "it has no pages", "Fetch it again from where it came from.")
    if any(_has_picture(reader, index) for index in range(min(pages, 20))):
        reason = "its pages are pictures (a scan) without text" + (
            " that could be recognised" if source.ocr_pages else ""
        )
        return UnreadableDocument(source.name, reason, _remedy(source))
    return UnreadableDocument(source.name, "its pages hold no text", _remedy(source))


def _remedy(source: Source) -> str:
    if not source.ocr_pages:
        return OFF
    return "If a viewer shows text in it, make it larger or sharper, for example by scanning it again, and add that."


def _has_picture(reader: PdfReader, index: int) -> bool:
    try:
        return bool(reader.pages[index].images.keys())
    except _DAMAGE:
        return False


def _title(reader: PdfReader) -> str:
    """The title of the metadata, "" where it is missing or was put there by a program."""
    try:
        return sensible_title(clean(str(reader.metadata.get("/Title") or "" if reader.metadata else "")))
    except _DAMAGE:
        return ""


def _language(reader: PdfReader) -> str:
    try:
        return str(reader.root_object.get("/Lang") or "")
    except _DAMAGE:
        return ""


def _headings(reader: PdfReader, texts: list[str]) -> dict[int, list[Heading]]:
    """Outline entries by page number, where the words of the entry stand as a line on their page."""
    found: dict[int, list[Heading]] = {}
    try:
        for level, title, index in _outline(reader):
            start = _line_of(title, texts[index]) if 0 <= index < len(texts) else None
            if start is not None:
                found.setdefault(index + 1, []).append(Heading(level, title, start))
    except _DAMAGE:
        _log.debug("the outline is damaged; the headings found so far are kept")
    return found


def _in_order(headings: Iterable[Heading]) -> tuple[Heading, ...]:
    """By position, one heading per line."""
    by_start = {heading.start: heading for heading in headings}
    return tuple(by_start[start] for start in sorted(by_start))


def _outline(reader: PdfReader) -> Iterator[tuple[int, str, int]]:
    """(level from 1, title, 0-based page index) of the outline's entries, in their order."""
    numbers = {page.indirect_reference.idnum: i for i, page in enumerate(reader.pages) if page.indirect_reference}
    pending: list[tuple[int, object]] = [(1, entry) for entry in reversed(reader.outline)]
    for _ in range(_OUTLINE_ENTRIES):
        if not pending:
            return
        level, entry = pending.pop()
        if isinstance(entry, list):
            pending.extend((level + 1, child) for child in reversed(entry))
            continue
        title = one_line(clean(str(getattr(entry, "title", "") or "")))
        number = numbers.get(getattr(getattr(entry, "page", None), "idnum", -1))
        if title and number is not None:
            yield level, title, number


def _line_of(title: str, text: str) -> int | None:
    """Where the line starts that is `title`, else the first that begins with it, a chapter number before it allowed."""
    words = r"\s+".join(re.escape(word) for word in title.split())
    line = rf"^[^\S\n]*(?:(?-i:[\dA-Z.]{{1,12}})[^\S\n]+)?{words}"
    for ending in (r"[^\S\n]*$", r"(?!\w)"):
        if match := re.search(line + ending, text, re.MULTILINE | re.IGNORECASE):
            return match.start()
    return None
