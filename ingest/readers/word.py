"""Word documents through python-docx: headings, paragraphs, lists and tables in the order of the document."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from docx import Document as open_word
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from ingest.readers.archive import OFFICE_DAMAGE, refuse_unreadable_office
from ingest.readers.blocks import Block, Head, page_of, row
from ingest.readers.chart import chart_blocks
from ingest.readers.cleaning import clean
from ingest.readers.hiding import hide, shown
from ingest.readers.inner_tables import Cell, inner_table, tables_in
from ingest.readers.printed_headings import levels_of
from ingest.readers.source import Content, Source, one_line, sensible_title
from ingest.readers.values import decimal_in
from ingest.readers.word_print import WordPrint
from rag.errors import UnreadableDocument

_Element = Any  # lxml's element, which only passes through here from python-docx
_DAMAGE = (*OFFICE_DAMAGE, OpcError)
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Deleted text is no text any more; a fallback repeats what stands beside it, for programs of before 2010.
_LEFT_OUT = {qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), qn("w:sdtPr"), _COMPATIBILITY + "Fallback"}
_WRAPPERS = {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:moveTo"), qn("w:customXml"), qn("w:smartTag")}
_CHARACTERS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:p"): "\n"}
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_NOTES = {"footnote": qn("w:footnoteReference"), "endnote": qn("w:endnoteReference")}
_LETTERS = {qn("w:t"), qn("m:t")}
_REMEDY = "Open it in Word or LibreOffice, save it again as .docx and add that."


def read_word(source: Source) -> Content:
    """One page without a number; headers, footers, comments and the table of contents are left out.

    Raises:
        UnreadableDocument: damaged, or not safe to open (see archive.py).
    """
    refuse_unreadable_office(source, _damaged(source.name), ordinary="Word Document (*.docx)")
    try:
        document = open_word(io.BytesIO(source.data))
        parts = _Parts(document)
        blocks = _with_headings(list(_blocks(document.element.body, parts)))
        title = _title(document, parts)
    except _DAMAGE as exc:
        raise _damaged(source.name) from exc
    page = page_of(blocks)
    level_one = [heading.text for heading in page.headings if heading.level == 1]
    tables = tables_in(blocks, decimal=_decimal(document))
    return Content(title or (shown(level_one[0]) if len(level_one) == 1 else ""), (page,), tables=tables)


def _damaged(name: str) -> UnreadableDocument:
    return UnreadableDocument(name, "it is damaged or not a Word document", _REMEDY)


class _Styles:
    """What the paragraph styles of a document mean: the level of a heading, a list, the table of contents."""

    def __init__(self, document: WordDocument) -> None:
        elements = {style.get(qn("w:styleId")): style for style in document.styles.element.iter(qn("w:style"))}
        self._names = {identifier: _value(style, "w:name").lower() for identifier, style in elements.items()}
        self._levels = {identifier: self._inherited(identifier, elements) for identifier in elements}

    def _inherited(self, identifier: str, elements: dict[str, _Element]) -> int:
        for _ in range(10):  # styles build on styles; a damaged file may make them a ring
            if identifier not in elements:
                return 0
            name, outline = self._names[identifier], _value(elements[identifier], "w:pPr", "w:outlineLvl")
            if name == "title":
                return 1
            if name.startswith("heading ") and name[8:].isdigit():
                return int(name[8:])
            if outline.isdigit():
                return int(outline) + 1 if int(outline) < 9 else 0
            identifier = _value(elements[identifier], "w:basedOn")
        return 0

    def level(self, paragraph: _Element) -> int:
        """1 and up for a heading, 0 for body text."""
        own = _value(paragraph, "w:pPr", "w:outlineLvl")
        if own.isdigit():
            return int(own) + 1 if int(own) < 9 else 0
        return self._levels.get(_value(paragraph, "w:pPr", "w:pStyle"), 0)

    def name(self, paragraph: _Element) -> str:
        """The style's name in English and lower case, "" where the paragraph has none."""
        return self._names.get(_value(paragraph, "w:pPr", "w:pStyle"), "")


class _Parts:
    """What a document keeps beside its body and is read with it: styles, notes, charts, what is not printed."""

    def __init__(self, document: WordDocument) -> None:
        self.styles = _Styles(document)
        self.print = WordPrint(document.element, document.styles.element)
        self._part = document.part
        self._notes: dict[tuple[str, str], _Element] = {}
        for relation in document.part.rels.values():
            for kind, reference in _NOTES.items():
                if relation.reltype.endswith(f"/{kind}s") and not relation.is_external:
                    notes = parse_xml(relation.target_part.blob).iter(qn(f"w:{kind}"))
                    self._notes.update(((reference, note.get(qn("w:id"))), note) for note in notes)

    def beside(self, paragraph: _Element) -> Iterator[Block]:
        """The notes that a paragraph refers to, and the charts that stand in it."""
        for reference in paragraph.iter(*_NOTES.values()):
            note = self._notes.pop((reference.tag, reference.get(qn("w:id"))), None)  # once, also where notes are rings
            yield from () if note is None else _blocks(note, self)
        for chart in paragraph.iter(_CHART):
            part = self._part.related_parts.get(chart.get(qn("r:id")))
            yield from () if part is None else chart_blocks(parse_xml(part.blob))


def _value(element: _Element, *path: str) -> str:
    """The w:val of the element reached by child names, "" where there is none."""
    for name in path:
        element = None if element is None else element.find(qn(name))
    return "" if element is None else str(element.get(qn("w:val")) or "")


def _children(element: _Element) -> Iterator[_Element]:
    """Child elements, with those inside content controls and tracked insertions as if they stood alone."""
    for child in element:
        if child.tag in _WRAPPERS:
            yield from _children(child)
        elif child.tag not in _LEFT_OUT:
            yield child


def _blocks(container: _Element, parts: _Parts) -> Iterator[Block]:
    in_list, styles = False, parts.styles
    for child in _children(container):
        if child.tag == qn("w:tbl"):
            yield from _table(child, parts)
            in_list = False
        elif child.tag == qn("w:p") and not styles.name(child).startswith("toc "):
            level, text = styles.level(child), _text(child, parts)
            item = not level and _is_item(child, styles)
            font = None if item or level else parts.print.font(child)
            shown_text = f"- {text.strip()}" if item and text.strip() else text
            yield Block(shown_text, level, tight=item and in_list, font=font)
            yield from parts.beside(child)
            in_list = item


def _with_headings(blocks: list[Block]) -> list[Block]:
    """The blocks with headings as their fonts tell them, where no style says which they are."""
    if any(block.level for block in blocks):
        return blocks
    levels = levels_of([(block.text, block.font) for block in blocks])
    return [replace(block, level=level) for block, level in zip(blocks, levels, strict=True)]


def _is_item(paragraph: _Element, styles: _Styles) -> bool:
    properties = paragraph.find(qn("w:pPr"))
    numbered = properties is not None and properties.find(qn("w:numPr")) is not None
    return numbered or styles.name(paragraph).startswith("list ")


def _table(table: _Element, parts: _Parts) -> Iterator[Block]:
    """Each row is a line. A row of one cell is layout, so what it holds stands as if the table were not there."""
    lines = [child for child in _children(table) if child.tag == qn("w:tr")]
    blocks: list[Block] = []
    rows: list[list[Cell]] = []
    tight = False
    for line in lines:
        before = _number(line, "w:trPr", "w:gridBefore")
        cells = [child for child in _children(line) if child.tag == qn("w:tc")]
        if len(cells) == 1:
            inner = list(_blocks(cells[0], parts))
            rows.append([*_empty(before), replace(_cell(cells[0]), text=_joined(inner))])
            blocks += inner
            tight = False
            continue
        read = [replace(cell, text="" if cell.goes_on else _joined(_blocks(one, parts))) for one, cell in _both(cells)]
        rows.append([*_empty(before), *read])
        blocks.append(Block(row(cell.text for cell in read), tight=tight))
        tight = True
    is_nested = any(next(cell.iter(qn("w:tbl")), None) is not None for line in lines for cell in line)
    if found := None if is_nested or not lines else inner_table(rows, _head(lines[0])):
        blocks = [Block("", table=found), *blocks]
    yield from blocks


def _both(cells: list[_Element]) -> Iterator[tuple[_Element, Cell]]:
    return ((one, _cell(one)) for one in cells)


def _cell(cell: _Element) -> Cell:
    """How far a cell reaches; one that goes on from the cell above, which has the text, holds none."""
    merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
    return Cell("", columns=_number(cell, "w:tcPr", "w:gridSpan") or 1, goes_on=goes_on)


def _empty(columns: int) -> list[Cell]:
    return [Cell("", columns=columns)] if columns else []


def _number(element: _Element, *path: str) -> int:
    value = _value(element, *path)
    return int(value) if value.isdecimal() else 0


def _joined(blocks: Iterable[Block]) -> str:
    return " ".join(block.text for block in blocks if block.text)


def _head(line: _Element) -> Head:
    """Marked is the row that is repeated on every page."""
    properties = line.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
    is_marked = properties is not None and properties.get(qn("w:val")) not in ("0", "false", "off")
    return Head.MARKED if is_marked else Head.LIKELY


def _text(element: _Element, parts: _Parts) -> str:
    """Text of a paragraph with its links, insertions, formulas and text boxes; runs that are not printed are marked."""
    pieces: list[str] = []
    for child in _children(element):
        if child.tag in _LETTERS:
            pieces.append(child.text or "")
        elif child.tag == qn("w:r") and (hiding := parts.print.hiding(child)):
            pieces.append(hide(_text(child, parts), hiding))
        else:
            pieces.append(_CHARACTERS.get(child.tag, ""))
            pieces.append(_text(child, parts))
    return "".join(pieces)


def _decimal(document: WordDocument) -> str:
    """The decimal sign of the language of the document, if no table says that it has words of another."""
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}")
    places = (*(() if defaults is None else (defaults,)), *document.element.body.iter(qn("w:tbl")))
    languages = {language.get(qn("w:val")) for place in places for language in place.iter(qn("w:lang"))}
    signs = {decimal_in(language) for language in languages if language}
    return "," if signs == {","} else "."


def _title(document: WordDocument, parts: _Parts) -> str:
    """The paragraph of the style Title, else the title of the file's properties."""
    for paragraph in document.element.body.iter(qn("w:p")):
        if parts.styles.name(paragraph) == "title" and (text := shown(_text(paragraph, parts)).strip()):
            return one_line(clean(text))
    return sensible_title(clean(document.core_properties.title or ""))
