"""Tables as text, CSV and TSV: the encoding and the sign between cells are found from the text."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from ingest.readers.cleaning import clean
from ingest.readers.columns import decimal_of
from ingest.readers.encoding import decode
from ingest.readers.grid import read_table
from ingest.readers.source import Content, Source

csv.field_size_limit(2**31 - 1)  # a file has a limit of its own; the module would raise at 131,072 characters
_DELIMITERS = ",;\t|"
_SAMPLE = 200  # rows by which a delimiter is judged
_LINES_OF_A_CELL = 200  # a cell of more lines is a quotation mark that nobody closed
_NAMED = "sep="  # a first line by which Excel is told the delimiter


def read_delimited(source: Source) -> Content:
    """One page without a number, whose headings name rows as a spreadsheet counts them."""
    text = clean(decode(source.data, source.name))
    first, _, rest = text.partition("\n")
    named = first[len(_NAMED) :].strip(" ") if first.lower().startswith(_NAMED) else ""
    delimiter = named if len(named) == 1 else _delimiter(text)
    is_quoted = not _is_never_closed(text, delimiter)
    rows = _rows(rest if named else text, delimiter, quoted=is_quoted)
    sample = islice(_rows(text, delimiter, quoted=is_quoted), _SAMPLE)
    decimal = decimal_of(sample, otherwise="," if delimiter == ";" else ".")
    table = read_table(rows, called=lambda place: place.rows, decimal=decimal)
    return Content("", (table.page,), table.gaps, tables=table.tables)


def _rows(text: str, delimiter: str, *, quoted: bool = True) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    if quoted:
        return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, quoting=csv.QUOTE_NONE)


def _delimiter(text: str) -> str:
    """The one that cuts most rows into the same number of cells, more than one; among those, into the most cells."""

    def worth(delimiter: str) -> tuple[float, int]:
        widths = Counter(map(len, islice(filter(None, _rows(text, delimiter)), _SAMPLE)))
        width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
        return (rows / widths.total(), width) if width > 1 else (0.0, 0)

    return max(_DELIMITERS, key=worth)


def _is_never_closed(text: str, delimiter: str) -> bool:
    rows = _rows(text, delimiter)
    return any(cell.count("\n") > _LINES_OF_A_CELL for cells in rows for cell in cells)
