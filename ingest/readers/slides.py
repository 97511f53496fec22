"""PowerPoint presentations through python-pptx: a page for each slide, with its tables, charts and speaker notes."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError
from pptx.oxml import parse_xml
from pptx.package import Package

from ingest.readers.archive import OFFICE_DAMAGE, refuse_unreadable_office
from ingest.readers.blocks import Block, Head, hidden, page_of, row
from ingest.readers.chart import chart_blocks
from ingest.readers.cleaning import clean
from ingest.readers.hiding import Hiding, hidden_page, hide
from ingest.readers.inner_tables import Cell, inner_table, tables_in
from ingest.readers.slide_colours import Colour, SlideColours, is_same
from ingest.readers.source import Content, Source, left_out, sensible_title
from ingest.readers.tables import SheetTable
from rag.errors import UnreadableDocument
from rag.types import Page

_Object = Any  # an object of python-pptx, of which only the file knows what it holds
_DAMAGE = (*OFFICE_DAMAGE, PythonPptxError)
_REPEATED = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER)
_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE)
_BODIES = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"  # SmartArt
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SHOWN = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_OFF = ("0", "false")
_TINY = 160  # hundredths of a point
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MARKUP = "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml"
_NUMBERED = re.compile(r"\w{1,3}[.)]\s")
_LINE_BREAK = "\v"  # as python-pptx writes one inside a paragraph


def read_slides(source: Source) -> Content:
    """One Page per slide, numbered as in the file, hidden ones marked; dates, footers and slide numbers are left out.

    Raises:
        UnreadableDocument: damaged, or not safe to open (see archive.py).
    """
    refuse_unreadable_office(source, _damaged(source.name), ordinary="PowerPoint Presentation (*.pptx)")
    try:
        presentation = _Presentation(source.data)
        slides = [presentation.slide(number) for number in range(1, presentation.length + 1)]
    except _DAMAGE as exc:
        raise _damaged(source.name) from exc
    damaged = [number for number, slide in enumerate(slides, start=1) if slide is None]
    if damaged and len(damaged) == len(slides):
        raise _damaged(source.name)
    whole = tuple(slide[0] if slide else Page(number, "") for number, slide in enumerate(slides, start=1))
    tables = tuple(table for slide in slides if slide for table in slide[1])
    return Content(presentation.title, whole, left_out("slide", damaged), tables=tables)


def _damaged(name: str) -> UnreadableDocument:
    remedy = "Open it in PowerPoint or LibreOffice, save it again as .pptx and add that."
    return UnreadableDocument(name, "it is damaged or not a PowerPoint presentation", remedy)


class _Presentation:
    """The slides of a file. Presentations, slide shows and those with macros differ in one word, which is not asked."""

    def __init__(self, data: bytes) -> None:
        self._presentation: _Object = Package.open(io.BytesIO(data)).main_document_part.presentation
        self._identifiers = [slide.rId for slide in self._presentation.slides._sldIdLst]
        self.length = len(self._identifiers)
        self._size = (self._presentation.slide_width or 0, self._presentation.slide_height or 0)
        self.title = sensible_title(clean(self._presentation.core_properties.title or ""))

    def slide(self, number: int) -> tuple[Page, tuple[SheetTable, ...]] | None:
        """The slide as a page, and its tables; None where it is damaged: one broken slide costs only itself."""
        try:
            slide = self._presentation.part.related_slide(self._identifiers[number - 1])
            blocks = list(_blocks(slide, self._size))
            if slide.element.get("show") not in _OFF:
                return page_of(blocks, number), tables_in(blocks, number)
            return hidden_page(page_of(blocks, number), Hiding.SLIDE), tables_in(hidden(blocks, Hiding.SLIDE), number)
        except _DAMAGE:
            return None


def _blocks(slide: _Object, size: tuple[int, int]) -> Iterator[Block]:
    shapes = list(_flat(slide.shapes))
    colours = SlideColours(slide, parse_xml)
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
    for shape in titles:
        yield Block(_words(shape.text_frame.text), level=1)
    for shape in shapes:
        if shape not in titles and _placeholder(shape) not in _REPEATED:
            hiding = _hiding(shape, size)
            yield from hidden(_shape(shape, colours), hiding) if hiding else _shape(shape, colours)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield Block("Notes", level=2)
        yield from (Block(_lines(paragraph.text)) for paragraph in notes.paragraphs)


def _hiding(shape: _Object, size: tuple[int, int]) -> Hiding | None:
    """Why a shape is not seen; shapes of a group are placed by the group, whose own measure they may have."""
    if any(element.get("hidden") == "1" for element in shape.element.iter(f"{_SHOWN}cNvPr")):
        return Hiding.HIDDEN
    sizes = {int(run.get("sz")) for run in shape.element.iter(f"{_DRAWING}rPr") if (run.get("sz") or "").isdigit()}
    if sizes and max(sizes) <= _TINY and not shape.has_text_frame:  # of which each run is looked at
        return Hiding.TINY
    place = (shape.left, shape.top, shape.width, shape.height)
    if None in place or not all(size) or shape.element.getparent().tag == f"{_SHOWN}grpSp":
        return None
    left, top, width, height = place
    outside = left + width <= 0 or top + height <= 0 or left >= size[0] or top >= size[1]
    return Hiding.OFF_PAGE if outside else None


def _flat(shapes: Iterable[_Object]) -> Iterator[_Object]:
    """The shapes from top to bottom, those of a group where the group stands."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _flat(shape.shapes)
        else:
            yield shape


def _placeholder(shape: _Object) -> PP_PLACEHOLDER | None:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _shape(shape: _Object, colours: SlideColours) -> Iterator[Block]:
    if shape.has_text_frame:
        ground = colours.ground(shape)
        paragraphs = [paragraph for paragraph in shape.text_frame.paragraphs if paragraph.text.strip()]
        items = _placeholder(shape) in _BODIES and len(paragraphs) > 1
        for count, paragraph in enumerate(paragraphs):
            text = _lines(_seen(paragraph, colours, ground))
            yield Block(f"- {text}" if items and not _NUMBERED.match(text) else text, tight=count > 0)
    elif getattr(shape, "has_table", False):
        head = Head.MARKED if shape.table.first_row else Head.LIKELY
        yield Block("", table=inner_table(map(_cells, shape.table.rows), head))
        for count, line in enumerate(shape.table.rows):
            cells = ("" if cell.is_spanned else _words(cell.text) for cell in line.cells)
            yield Block(row(cells), tight=count > 0)
    elif getattr(shape, "has_chart", False):
        yield from chart_blocks(shape.chart.element)
    elif _DIAGRAM in str(getattr(shape.element, "graphicData_uri", "")):
        yield from _diagram(shape)


def _cells(line: _Object) -> list[Cell]:
    return [
        Cell(_words(cell.text), columns=cell.span_width, rows=cell.span_height)
        if cell.is_merge_origin
        else Cell(_words(cell.text))
        for cell in line.cells
        if not cell.is_spanned
    ]


def _seen(paragraph: _Object, colours: SlideColours, ground: Colour | None) -> str:
    """The text of a paragraph, marked where its letters are tiny or have the colour of their ground."""
    unseen = [(run, hiding) for run in paragraph.runs if (hiding := _unseen(run, colours, ground))]
    if not unseen:
        return str(paragraph.text)
    for run, hiding in unseen:
        run.text = hide(run.text, hiding)
    return str(paragraph.text)


def _unseen(run: _Object, colours: SlideColours, ground: Colour | None) -> Hiding | None:
    properties = run._r.find(f"{_DRAWING}rPr")
    if properties is None:
        return None
    size = properties.get("sz") or ""
    if size.isdigit() and int(size) <= _TINY:
        return Hiding.TINY
    filling = properties.find(f"{_DRAWING}solidFill")
    return Hiding.INVISIBLE if filling is not None and is_same(colours.colour(filling), ground) else None


def _diagram(shape: _Object) -> Iterator[Block]:
    """The texts of a SmartArt graphic, which python-pptx does not know: they lie in a part of their own."""
    for element in shape.element.iter(f"{{{_DIAGRAM}}}relIds"):
        part = shape.part.related_part(element.get(f"{_RELATION}dm"))
        if part.content_type == _MARKUP:
            paragraphs = parse_xml(part.blob).iter(f"{_DRAWING}p")
            texts = ("".join(run.text or "" for run in line.iter(f"{_DRAWING}t")) for line in paragraphs)
            yield from (Block(f"- {text}", tight=count > 0) for count, text in enumerate(filter(str.strip, texts)))


def _words(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return text.replace(_LINE_BREAK, "\n").strip()
