"""Spreadsheets of LibreOffice and others (ODS): a page for each sheet, with its cells as they are shown.

Rows that a filter hides, and rows and columns of a group that is folded up, are not taken for hidden: signs beside them
say that there is more.
"""

from collections.abc import Iterator
from itertools import islice, repeat

from ingest.readers import grid
from ingest.readers.cleaning import clean
from ingest.readers.columns import decimal_of
from ingest.readers.hiding import Hiding, hide
from ingest.readers.opendocument import LAST_ROW, Archive, attribute, count, is_cell, table_rows, text_of
from ingest.readers.source import Content, Source
from ingest.readers.unshown_cells import Unshown
from ingest.readers.xml import Element, local_name

_SAMPLE = 200  # rows by which the decimal sign of a sheet is judged
_NO_GROUND = ("", "transparent", "#ffffff")
_PLAIN = ("", "Default")  # styles that give those made from them neither ink nor ground


def read_spreadsheet(source: Source) -> Content:
    """One Page per sheet, numbered as in the file, with its cells as they are shown.

    Raises:
        UnreadableDocument: damaged, locked, or not safe to open (see archive.py).
    """
    archive = Archive(source)
    sheets = [sheet for sheet in archive.body("spreadsheet") if local_name(sheet) == "table"]
    unseen, white = archive.hidden_styles(), _white_styles(archive.content)
    read = [
        _sheet(sheet, number, white, is_hidden=attribute(sheet, "style-name") in unseen)
        for number, sheet in enumerate(sheets, start=1)
    ]
    return Content(
        archive.title,
        tuple(sheet.page for sheet in read),
        tuple(gap for sheet in read for gap in sheet.gaps),
        tables=tuple(table for sheet in read for table in sheet.tables),
    )


def _sheet(sheet: Element, number: int, white: frozenset[str], *, is_hidden: bool) -> grid.Table:
    name = clean(attribute(sheet, "name"))
    decimal = decimal_of(islice(_rows(sheet), _SAMPLE), otherwise=".")
    rows = islice(_rows(sheet, white), LAST_ROW)
    table = grid.read_table(rows, name=name, number=number, decimal=decimal, unshown=_unshown(sheet))
    return grid.hidden_sheet(table) if is_hidden else table


def _rows(sheet: Element, white: frozenset[str] = frozenset()) -> Iterator[list[str]]:
    """The cells of every row; those whose style is white on white are marked."""
    columns = _styles_of_columns(sheet) if white else []
    for line in table_rows(sheet):
        cells: list[str] = []
        for cell in filter(is_cell, line):
            text = "\n".join(text_of(paragraph) for paragraph in cell if local_name(paragraph) == "p")
            if text and white and _style(cell, line, columns, len(cells)) in white:
                text = hide(text, Hiding.INVISIBLE)
            cells += [text] * count(cell, "number-columns-repeated", grid.COLUMNS + 1 - len(cells))
        while cells and not cells[-1]:
            cells.pop()
        yield from repeat(cells, count(line, "number-rows-repeated", LAST_ROW))


def _unshown(sheet: Element) -> Unshown:
    """The hidden rows and columns, as far as they are read."""
    rows, columns = _hidden(sheet, "row", grid.ROWS), _hidden(sheet, "column", grid.COLUMNS)
    return Unshown(frozenset(rows), frozenset(columns))


def _hidden(sheet: Element, kind: str, limit: int) -> Iterator[int]:
    last = 0
    for line in sheet.iter(f"{{*}}table-{kind}"):
        first, last = last + 1, min(last + count(line, f"number-{kind}s-repeated", limit), limit)
        if attribute(line, "visibility") == "collapse" and local_name(line.getparent()) != f"table-{kind}-group":
            yield from range(first, last + 1)


def _white_styles(content: Element) -> frozenset[str]:
    """Styles of cells that are white on white, by what was set by hand and where no rule gives another ground."""
    styles = (style for style in content.iter("{*}style") if attribute(style, "family") == "table-cell")
    return frozenset(attribute(style, "name") for style in styles if _is_white(style))


def _is_white(style: Element) -> bool:
    if attribute(style, "parent-style-name") not in _PLAIN or next(style.iter("{*}map"), None) is not None:
        return False
    inks = {attribute(properties, "color").lower() for properties in style.iter("{*}text-properties")}
    grounds = [attribute(properties, "background-color") for properties in style.iter("{*}table-cell-properties")]
    return inks == {"#ffffff"} and all(ground.lower() in _NO_GROUND for ground in grounds)


def _styles_of_columns(sheet: Element) -> list[str]:
    styles: list[str] = []
    for column in sheet.iter("{*}table-column"):
        styles += [attribute(column, "default-cell-style-name")] * count(
            column, "number-columns-repeated", grid.COLUMNS + 1 - len(styles)
        )
    return styles


def _style(cell: Element, line: Element, columns: list[str], place: int) -> str:
    own = attribute(cell, "style-name") or attribute(line, "default-cell-style-name")
    return own or (columns[place] if place < len(columns) else "")
