"""JSON: every value is an item that names its way ("- address.city: Berlin"), so that it can be found and cited alone.

Numbers stay as they are written. A list of records, and JSON Lines, are cut into stretches of about a passage.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ingest.readers.blocks import Block, page_of, stacked
from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source, left_out
from rag.errors import UnreadableDocument
from rag.markdown import headings
from rag.types import Page

BYTES = 50_000_000  # of one JSON value; parsed, it takes about ten times this
RECORDS = 100_000  # read of one file
_SECTION_CHARACTERS = 500  # about a passage
_OUTPUT_CHARACTERS = 2_000  # of the output of a cell of a notebook; more is data
_Value = Any  # of JSON: dict, list, str (numbers too), bool, None
_DAMAGE = (ValueError, RecursionError)


def read_json(source: Source) -> Content:
    """One page without a number. The records of a list are headed by their numbers, nested values by their key.

    Plain values stand before nested ones, under whose heading they would fall.

    Raises:
        UnreadableDocument: it is not JSON, or too large.
    """
    value = _loaded(source)
    if isinstance(value, list) and all(isinstance(record, dict) for record in value):
        return _records(value)
    pairs = sorted(value.items(), key=lambda pair: _is_nested(pair[1])) if isinstance(value, dict) else [("", value)]
    blocks: list[Block] = []
    for key, inner in pairs:
        headed = bool(key) and _is_nested(inner)
        blocks += [Block(key, level=1)] if headed else []
        blocks += (Block(line, tight=count > 0 or not headed) for count, line in enumerate(_lines(inner, key)))
    return Content("", (page_of(blocks),))


def read_json_lines(source: Source) -> Content:
    """One page without a number; lines that are not JSON are named.

    Raises:
        UnreadableDocument: no line is JSON.
    """
    values: list[_Value] = []
    damaged: list[int] = []
    lines = [line for line in clean(decode(source.data, source.name)).split("\n")]
    for number, line in enumerate(lines, start=1):
        try:
            values += [_parse(line)] if line.strip() else []
        except _DAMAGE:
            damaged.append(number)
    if not values:
        raise _not_json(source.name, "none of its lines is JSON")
    content = _records(values)
    return Content("", content.pages, (*left_out("line", damaged), *content.gaps))


def read_notebook(source: Source) -> Content:
    """A Jupyter notebook as one page without a number: its text, its code and what the code wrote.

    Raises:
        UnreadableDocument: it is no notebook.
    """
    value = _loaded(source)
    cells = value.get("cells") if isinstance(value, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        remedy = "Open it in Jupyter, save it again and add that."
        raise UnreadableDocument(source.name, "it is not a notebook of Jupyter 3 or newer", remedy)
    page = stacked(part for cell in cells for part in _cell(cell))
    return Content(next((one.text for one in page.headings if one.level == 1), ""), (page,))


def _loaded(source: Source) -> _Value:
    if len(source.data) > BYTES:
        reason = f"it is one JSON value of {len(source.data) / 1e6:,.0f} MB, more than is safe to open"
        raise UnreadableDocument(source.name, reason, "Split it, or make it JSON Lines, a record in each line.")
    try:
        return _parse(clean(decode(source.data, source.name)))
    except RecursionError as exc:
        raise _not_json(source.name, "its values are nested too deeply") from exc
    except ValueError as exc:
        raise _not_json(source.name, f"it is not JSON ({exc})") from exc


def _parse(text: str) -> _Value:
    return json.loads(text, parse_int=str, parse_float=str, strict=False)


def _not_json(name: str, reason: str) -> UnreadableDocument:
    return UnreadableDocument(name, reason, "Mend it, or rename it to .txt to have it read as a plain text.")


def _records(values: Sequence[_Value]) -> Content:
    blocks: list[Block] = []
    section: list[Block] = []
    first = 1
    for number, value in enumerate(islice(values, RECORDS), start=1):
        section += (Block(line, tight=count > 0) for count, line in enumerate(_lines(value, "")))
        if sum(len(block.text) for block in section) > _SECTION_CHARACTERS or number == min(len(values), RECORDS):
            name = f"record {first}" if first == number else f"records {first}–{number}"  # noqa: RUF001
            blocks += [Block(name, level=1), *section]
            section, first = [], number + 1
    gaps = (f"records after {RECORDS:,} were left out",) if len(values) > RECORDS else ()
    return Content("", (page_of(blocks),), gaps)


def _is_nested(value: _Value) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def _lines(value: _Value, way: str) -> Iterator[str]:
    """A line for every value that says something; short values of a list share one."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _lines(inner, f"{way}.{key}" if way else key)
        case list() if all(isinstance(item, str) and len(item) < 100 for item in value):
            yield from _lines(", ".join(value), way)
        case list():
            for index, inner in enumerate(value):
                yield from _lines(inner, f"{way}[{index}]")
        case None | "":
            return
        case _:
            words = str(value).lower() if isinstance(value, bool) else str(value)
            yield f"- {way}: {words}" if way else f"- {words}"


def _cell(cell: dict[str, _Value]) -> Iterator[Page]:
    text = clean(_joined(cell.get("source")))
    yield Page(None, text, headings(text) if cell.get("cell_type") == "markdown" else ())
    for output in _dicts(cell.get("outputs")):
        data = output.get("data")
        shown = output.get("text") or (data.get("text/plain") if isinstance(data, dict) else None)
        yield Page(None, clean(_joined(shown))[:_OUTPUT_CHARACTERS])


def _dicts(value: _Value) -> Iterable[dict[str, _Value]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _joined(text: _Value) -> str:
    """Notebooks keep a text as one string or as a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")
