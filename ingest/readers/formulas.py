"""Formulas without a saved result, as programs other than Excel leave them, calculated by IronCalc.

Nothing of a document is run: IronCalc knows the functions of a spreadsheet and nothing of files or the network.
"""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

import ironcalc

_log = logging.getLogger(__name__)
Value = str | float | bool
_ERRORS = ("#NAME?", "#N/IMPL!", "#CIRC!", "#ERROR!")  # what it cannot calculate; others are the result itself


class Formulas:
    """The formulas of a workbook with their results. A workbook that IronCalc cannot open has none.

    Attributes:
        calculated: results that were given.
    """

    def __init__(self, data: bytes) -> None:
        self.calculated = 0
        self._numbers: Mapping[str, int] = {}
        try:
            self._open(data)
        except ironcalc.WorkbookError as exc:
            _log.info("its formulas are not calculated: %s", exc)
        except BaseException as exc:  # a defect of its Rust code comes as one that is no Exception
            if type(exc).__name__ != "PanicException":
                raise
            _log.warning("its formulas are not calculated: %s", exc)

    def _open(self, data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "workbook.xlsx"
            file.write_bytes(data)
            self._model = ironcalc.load_from_xlsx(str(file), "en", "UTC", "en")
        self._model.evaluate()
        self._numbers = {
            str(sheet["name"]): number for number, sheet in enumerate(self._model.get_worksheets_properties())
        }

    def result(self, sheet: str, row: int, column: int) -> Value | None:
        """What the formula of a cell comes to, counted from 1; None where there is none or it cannot be calculated."""
        number = self._numbers.get(sheet)
        if number is None or self._model.get_cell_formula(number, row, column) is None:
            return None
        value: Value | None = self._model.get_cell_value(number, row, column)
        if value is None or value in _ERRORS:
            return None
        self.calculated += 1
        return value
