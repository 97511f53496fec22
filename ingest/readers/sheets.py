"""Excel workbooks through openpyxl: a page for each sheet, the saved results of its formulas or those we calculate."""

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import openpyxl
from openpyxl.styles.fills import PatternFill
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from ingest.readers.archive import OFFICE_DAMAGE, refuse_unreadable_office
from ingest.readers.blocks import page_of
from ingest.readers.cleaning import clean
from ingest.readers.formulas import Formulas
from ingest.readers.grid import Table, hidden_sheet, read_table
from ingest.readers.hiding import Hiding, hide
from ingest.readers.source import Content, Source, left_out, sensible_title
from ingest.readers.unshown_cells import Unshown, unshown_cells
from rag.errors import UnreadableDocument

_Object = Any  # an object of openpyxl
_DAMAGE = (*OFFICE_DAMAGE, InvalidFileException)
_LAST_ROW = 1_048_576  # of a sheet of Excel
_UNCALCULATED = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)")
_WHITE = (1, 9)  # of the numbered colours
_PERCENT = re.compile(r"[0#.]%")


def read_sheets(source: Source) -> Content:
    """One Page per sheet, numbered as in the file, hidden ones marked; charts, comments and pictures are left out.

    Raises:
        UnreadableDocument: damaged, or not safe to open (see archive.py).
    """
    refuse_unreadable_office(source, _damaged(source.name), ordinary="Excel Workbook (*.xlsx)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of every feature that it does not keep when it writes
            workbook = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
            waiting = _uncalculated(source.data)
            formulas = Formulas(source.data) if waiting else None
            sheets = [
                _table(workbook[name], number, formulas) for number, name in enumerate(workbook.sheetnames, start=1)
            ]
            title = sensible_title(clean(workbook.properties.title or ""))
    except _DAMAGE as exc:
        raise _damaged(source.name) from exc
    damaged = [number for number, table in enumerate(sheets, start=1) if table is None]
    if damaged and len(damaged) == len(sheets):
        raise _damaged(source.name)
    whole = [table for table in sheets if table is not None]
    gaps = (*left_out("sheet", damaged), *(gap for table in whole for gap in table.gaps), *_left(waiting, formulas))
    tables = tuple(one for table in whole for one in table.tables)
    return Content(title, tuple(table.page for table in whole), gaps, tables=tables)


def _damaged(name: str) -> UnreadableDocument:
    remedy = "Open it in Excel or LibreOffice, save it again as .xlsx and add that."
    return UnreadableDocument(name, "it is damaged or not an Excel workbook", remedy)


def _table(sheet: _Object, number: int, formulas: Formulas | None) -> Table | None:
    """The sheet; None where it is damaged: one broken sheet costs only itself."""
    if not hasattr(sheet, "reset_dimensions"):
        return Table(page_of((), number), ())  # a sheet that is a chart
    sheet.reset_dimensions()  # what a file says of its own size is often wrong
    try:
        unshown = _unshown(sheet)
        ink = None if unshown.has_own_grounds else _Ink()
        table = read_table(_rows(sheet, formulas, ink), name=clean(sheet.title), number=number, unshown=unshown)
    except _DAMAGE:
        return None
    if sheet.sheet_state == "visible":
        return table
    return hidden_sheet(table)


def _unshown(sheet: _Object) -> Unshown:
    with sheet._get_source() as markup:  # a file inside the archive
        return unshown_cells(markup.read())


def _rows(sheet: _Object, formulas: Formulas | None, ink: "_Ink | None") -> Iterator[list[str]]:
    for row, cells in enumerate(sheet.iter_rows(max_row=_LAST_ROW), start=1):
        texts = [
            _text(cell, formulas and formulas.result(sheet.title, row, column) if cell.value is None else cell.value)
            for column, cell in enumerate(cells, start=1)
        ]
        yield ink.marked(cells, texts) if ink else texts


class _Ink:
    """Which cells are white on white by their own format: by number of the format, as few are used by many cells."""

    def __init__(self) -> None:
        self._white: dict[int, bool] = {}

    def marked(self, cells: Sequence[_Object], texts: Sequence[str]) -> list[str]:
        """The texts, those that are not seen marked."""
        return [
            hide(text, Hiding.INVISIBLE) if text and self._is_white(cell) else text
            for cell, text in zip(cells, texts, strict=True)
        ]

    def _is_white(self, cell: _Object) -> bool:
        style = getattr(cell, "_style_id", 0)  # an empty cell has none
        if style not in self._white:
            font = cell.font if style else None
            self._white[style] = font is not None and _is_white(font.color) and _has_white_ground(cell.fill)
        return self._white[style]


def _has_white_ground(fill: _Object) -> bool:
    """A pattern or a gradient is none."""
    if fill is None:
        return True
    is_plain = isinstance(fill, PatternFill)
    return is_plain and (not fill.fill_type or (fill.fill_type == "solid" and _is_white(fill.fgColor)))


def _is_white(color: _Object) -> bool:
    """Whether it is white, not a shade of it; the first colour of a theme is that of the paper."""
    if color is None or color.tint:
        return False
    by = {"rgb": lambda: color.rgb[-6:].upper() == "FFFFFF", "theme": lambda: color.theme == 0}
    return bool(by.get(color.type, lambda: color.indexed in _WHITE)())


def _text(cell: _Object, value: object) -> str:
    if value is not cell.value and isinstance(value, float) and is_date_format(cell.number_format or ""):
        value = from_excel(value)  # a result of ours is a number of days
    return text_of(value, getattr(cell, "number_format", None))


def text_of(value: object, style: str | None = None) -> str:
    """A value as it stands in its cell.

    Args:
        style: the format of the cell, as Excel writes it.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, style)
        case datetime.datetime():
            return str(value.date() if value.time() == datetime.time() else value.replace(microsecond=0))
        case _:
            return str(value)


def _number(value: float, style: str | None) -> str:
    """As many digits as Excel shows at most; a share as per cent where it is shown so."""
    if style and _PERCENT.search(style):
        return f"{value * 100:.12g}%"
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _uncalculated(data: bytes) -> int:
    """Formulas without a saved result, as programs other than Excel leave them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return sum(len(_UNCALCULATED.findall(archive.read(name))) for name in sheets)


def _left(waiting: int, formulas: Formulas | None) -> tuple[str, ...]:
    """The gap that names formulas that could not be calculated."""
    left = waiting - formulas.calculated if formulas else 0
    remedy = "open it in Excel or LibreOffice, save it and add it again"
    which = "1 formula holds" if left == 1 else f"{left:,} formulas hold"
    return (f"{which} no result and could not be calculated: {remedy}",) if left > 0 else ()
