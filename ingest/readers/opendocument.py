"""OpenDocument files of LibreOffice and others: texts (ODT) and presentations (ODP)."""

import io
import re
import zipfile
from collections.abc import Iterator

from ingest.readers import grid
from ingest.readers.archive import DAMAGE, refuse_harmful
from ingest.readers.blocks import Block, Head, hidden, page_of, row
from ingest.readers.cleaning import clean
from ingest.readers.hiding import Hiding, hidden_page, hide, shown
from ingest.readers.inner_tables import Cell, inner_table, tables_in
from ingest.readers.source import Content, Source, sensible_title
from ingest.readers.tables import SheetTable
from ingest.readers.xml import Element, local_name, parse_xml
from rag.errors import UnreadableDocument
from rag.types import Page

# Deleted text is no text any more; a table of contents repeats the headings.
_LEFT_OUT = frozenset(
    ("annotation", "annotation-end", "table-of-content", "tracked-changes", "forms", "shapes", "desc", "title")
    + ("sequence-decls", "variable-decls", "user-field-decls", "note-body")
)
_REPEATED = ("date-time", "footer", "header", "page-number")
LAST_ROW = 1_048_576  # of a sheet of LibreOffice
_ROW_GROUPS = frozenset(("table-header-rows", "table-rows", "table-row-group"))


def read_text_document(source: Source) -> Content:
    """One page without a number; headers, footers, comments and the table of contents are left out.

    Raises:
        UnreadableDocument: damaged, locked, or not safe to open (see archive.py).
    """
    archive = Archive(source)
    body = archive.body("text")
    _mark_hidden(body, archive.hidden_styles())
    blocks = list(_blocks(body, archive.title_styles()))
    page = page_of(blocks)
    level_one = [heading.text for heading in page.headings if heading.level == 1]
    return Content(
        archive.title or (shown(level_one[0]) if len(level_one) == 1 else ""), (page,), tables=tables_in(blocks)
    )


def read_presentation(source: Source) -> Content:
    """One Page per slide, with its notes; dates, footers and slide numbers are left out.

    Raises:
        UnreadableDocument: damaged, locked, or not safe to open (see archive.py).
    """
    archive = Archive(source)
    slides = [slide for slide in archive.body("presentation") if local_name(slide) == "page"]
    unseen = archive.hidden_styles()
    pages: list[Page] = []
    tables: list[SheetTable] = []
    for number, slide in enumerate(slides, start=1):
        blocks = list(_slide(slide))
        page, is_hidden = page_of(blocks, number), attribute(slide, "style-name") in unseen
        pages.append(hidden_page(page, Hiding.SLIDE) if is_hidden else page)
        tables += tables_in(hidden(blocks, Hiding.SLIDE) if is_hidden else blocks, number)
    return Content(archive.title, tuple(pages), tables=tuple(tables))


class Archive:
    """The parts of a file that are read.

    Attributes:
        content: the root of what the document holds, and of the styles that were set by hand.
    """

    def __init__(self, source: Source) -> None:
        remedy = "Open it in LibreOffice, save it again and add that."
        self._damaged = UnreadableDocument(source.name, "it is damaged or not an OpenDocument file", remedy)
        refuse_harmful(source, self._damaged)
        try:
            with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
                content, meta, manifest = (
                    archive.read(part) if part in archive.namelist() else b"<none/>"
                    for part in ("content.xml", "meta.xml", "META-INF/manifest.xml")
                )
        except DAMAGE as exc:
            raise self._damaged from exc
        if b"encryption-data" in manifest:
            remedy = "Open it, save a copy without a password and add that."
            raise UnreadableDocument(source.name, "it is locked with a password", remedy)
        self.content = parse_xml(content, self._damaged)
        properties = parse_xml(meta, self._damaged)
        self.title = sensible_title(clean(next((one.text or "" for one in properties.iter("{*}title")), "")))

    def body(self, kind: str) -> Element:
        """The element that holds the content of this kind of document."""
        found = next(self.content.iter("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}" + kind), None)
        if found is None:
            raise self._damaged
        return found

    def hidden_styles(self) -> frozenset[str]:
        """The names of the styles that say that a text, a sheet or a slide is not shown."""
        return frozenset(
            attribute(style, "name")
            for style in self.content.iter("{*}style")
            for properties in style
            if any(
                key.rpartition("}")[2] in ("display", "visibility") and value in ("none", "false", "hidden")
                for key, value in properties.items()
            )
        )

    def title_styles(self) -> frozenset[str]:
        """The names of the style Title and of those that are made from it."""
        made = (style for style in self.content.iter("{*}style") if attribute(style, "parent-style-name") == "Title")
        return frozenset(("Title", *(attribute(style, "name") for style in made)))


def _mark_hidden(body: Element, unseen: frozenset[str]) -> None:
    """Marks the texts of paragraphs and spans whose style hides them."""
    for element in body.iter("{*}p", "{*}h", "{*}span") if unseen else ():
        if attribute(element, "style-name") in unseen:
            for inner in element.iter():
                inner.text = hide(inner.text or "", Hiding.HIDDEN)
                if inner is not element:
                    inner.tail = hide(inner.tail or "", Hiding.HIDDEN)


def attribute(element: Element, name: str) -> str:
    """By its name without the namespace, "" where it is missing."""
    return next((str(value) for key, value in element.items() if key.rpartition("}")[2] == name), "")


def count(element: Element, name: str, limit: int) -> int:
    """A number of repetitions."""
    value = attribute(element, name)
    return min(int(value), limit) if value.isdigit() else 1


# Texts


def _blocks(element: Element, titles: frozenset[str] = frozenset()) -> Iterator[Block]:
    for child in element:
        match local_name(child):
            case "h":
                yield Block(text_of(child), level=count(child, "outline-level", 10))
            case "p":
                yield Block(text_of(child), level=1 if attribute(child, "style-name") in titles else 0)
                yield from _beside(child, titles)
            case "list":
                yield from _items(child, titles)
            case "table":
                yield from _table(child)
            case name if name not in _LEFT_OUT:
                yield from _blocks(child, titles)


def _beside(paragraph: Element, titles: frozenset[str]) -> Iterator[Block]:
    """What is anchored in a paragraph: the text of its notes and of its text boxes."""
    for element in paragraph.iter("{*}note-body", "{*}text-box"):
        yield from _blocks(element, titles)


def _items(element: Element, titles: frozenset[str]) -> Iterator[Block]:
    for count, item in enumerate(element):
        for place, block in enumerate(_blocks(item, titles)):
            marked = place == 0 and not block.level and not block.text.startswith("- ")
            text = f"- {block.text}" if marked and block.text.strip() else block.text
            yield Block(text, block.level, tight=count > 0 or place > 0)


def text_of(element: Element) -> str:
    """Text of a paragraph with its links and line breaks, without its notes and text boxes."""
    parts = [_collapsed(element.text)]
    for child in element:
        match local_name(child):
            case "s":
                parts.append(" " * count(child, "c", 100))
            case "tab":
                parts.append("\t")
            case "line-break":
                parts.append("\n")
            case name if name not in _LEFT_OUT and name != "text-box":
                parts.append(text_of(child))
        parts.append(_collapsed(child.tail))
    return "".join(parts)


def _collapsed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _table(table: Element) -> Iterator[Block]:
    """Each row is a line."""
    rows: list[list[Cell]] = []
    lines: list[Block] = []
    for line in table_rows(table):
        cells = [(cell, _cell(cell)) for cell in line if is_cell(cell)]
        lines.append(Block(row(text for _, text in cells), tight=bool(lines)))
        rows.append([one for cell, text in cells for one in _cells(cell, text)])
    is_nested = any(one is not table for one in table.iter("{*}table"))
    head = Head.LIKELY if next(table.iter("{*}table-header-rows"), None) is None else Head.MARKED
    if found := None if is_nested else inner_table(rows, head):
        yield Block("", table=found)
    yield from lines


def _cells(cell: Element, text: str) -> list[Cell]:
    """The cell as often as it is repeated; what another one covers is none of its own."""
    if local_name(cell) == "covered-table-cell":
        return []
    one = Cell(text, count(cell, "number-columns-spanned", grid.COLUMNS), count(cell, "number-rows-spanned", LAST_ROW))
    return [one] * count(cell, "number-columns-repeated", grid.COLUMNS + 1)


def _cell(cell: Element) -> str:
    texts = [block.text for block in _blocks(cell) if block.table is None]
    return texts[0].removeprefix("- ") if len(texts) == 1 else " ".join(texts)


def table_rows(table: Element) -> Iterator[Element]:
    for child in table:
        name = local_name(child)
        if name == "table-row":
            yield child
        elif name in _ROW_GROUPS:
            yield from table_rows(child)


def is_cell(element: Element) -> bool:
    return local_name(element) in ("table-cell", "covered-table-cell")


# Presentations


def _slide(slide: Element) -> Iterator[Block]:
    frames = sorted((shape for shape in slide if attribute(shape, "class") not in _REPEATED), key=_height)
    titles = [shape for shape in frames if attribute(shape, "class") == "title"]
    for shape in titles:
        yield Block(" ".join(text_of(paragraph) for paragraph in shape.iter("{*}p")), level=1)
    notes = [shape for shape in frames if local_name(shape) == "notes"]
    for shape in frames:
        if shape not in titles and shape not in notes:
            yield from _blocks([shape])
    spoken = [block for shape in notes for block in _notes(shape) if block.text.strip()]
    yield from (Block("Notes", level=2), *spoken) if spoken else ()


def _height(shape: Element) -> float:
    """How far from the top it stands; all places of a file are in the same unit."""
    number = re.match(r"-?\d+(\.\d+)?", attribute(shape, "y"))
    return float(number[0]) if number else 0.0


def _notes(notes: Element) -> Iterator[Block]:
    for shape in notes:
        if attribute(shape, "class") == "notes":
            yield from _blocks(shape)
