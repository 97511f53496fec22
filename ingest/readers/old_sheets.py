"""Old Excel workbooks (.xls) through calamine: a page for each sheet, the saved results of its formulas."""

import io
from collections.abc import Iterator

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from ingest.readers.blocks import page_of
from ingest.readers.cleaning import clean
from ingest.readers.compound import is_endless
from ingest.readers.grid import Table, hidden_sheet, read_table
from ingest.readers.sheets import text_of
from ingest.readers.source import Content, Source, left_out
from rag.errors import UnreadableDocument


def read_old_sheets(source: Source) -> Content:
    """One Page per sheet, numbered as in the file, hidden ones marked; charts, comments and pictures are left out.

    calamine says neither which rows are hidden nor how a number is shown: 0.195 stays 0.195 where Excel shows 19.5 %.

    Raises:
        UnreadableDocument: damaged, or locked with a password.
    """
    if is_endless(source.data):
        raise _damaged(source.name)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(source.data)) as workbook:
            about = workbook.sheets_metadata
            sheets = [
                _table(workbook, number, is_visible=one.visible is SheetVisibleEnum.Visible)
                if one.typ is SheetTypeEnum.WorkSheet
                else Table(page_of((), number), ())
                for number, one in enumerate(about, start=1)
            ]
    except PasswordError as exc:
        remedy = "Open it in Excel or LibreOffice, save a copy without a password and add that."
        raise UnreadableDocument(source.name, "it is locked with a password", remedy) from exc
    except BaseException as exc:
        if not _is_damage(exc):
            raise
        raise _damaged(source.name) from exc
    damaged = [number for number, table in enumerate(sheets, start=1) if table is None]
    if len(damaged) == len(sheets):
        raise _damaged(source.name)
    whole = [table for table in sheets if table is not None]
    gaps = (*left_out("sheet", damaged), *(gap for table in whole for gap in table.gaps))
    return Content(
        "", tuple(table.page for table in whole), gaps, tables=tuple(one for sheet in whole for one in sheet.tables)
    )


def _damaged(name: str) -> UnreadableDocument:
    remedy = "Open it in Excel or LibreOffice, save it as .xlsx and add that."
    return UnreadableDocument(name, "it is damaged or not an old Excel workbook", remedy)


def _is_damage(exc: BaseException) -> bool:
    """Also where calamine panics, for which there is no class that could be imported."""
    return isinstance(exc, CalamineError) or type(exc).__name__ == "PanicException"


def _table(workbook: CalamineWorkbook, number: int, *, is_visible: bool) -> Table | None:
    """The sheet; None where it is damaged: one broken sheet costs only itself."""
    try:
        sheet = workbook.get_sheet_by_index(number - 1)
        table = read_table(_rows(sheet), name=clean(sheet.name), number=number)
    except BaseException as exc:
        if not _is_damage(exc):
            raise
        return None
    return table if is_visible else hidden_sheet(table)


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    for cells in sheet.to_python(skip_empty_area=False):
        yield [text_of(None if cell == "" else cell) for cell in cells]
