"""Charts of Office files as tables, from their XML, where all kinds of chart keep their numbers alike."""

import re
from collections.abc import Iterator
from typing import Any

from ingest.readers.blocks import Block, row

_Element = Any  # lxml's element, which only passes through here from the libraries of Office files
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
_LONG_NUMBER = re.compile(r"-?\d+\.\d{14,}")
_ROWS = 200  # further points of a chart are left out: they are a curve, not something to read


def chart_blocks(chart: _Element) -> Iterator[Block]:
    """Title of the chart, then its numbers with a column for each series."""
    title = chart.find(f"{_CHART}chart/{_CHART}title")
    yield Block("" if title is None else " ".join("".join(run.text or "" for run in title.iter(_TEXT)).split()))
    series = list(chart.iter(f"{_CHART}ser"))
    columns = [_points(one, "cat", "xVal") for one in series[:1]] + [_points(one, "val", "yVal") for one in series]
    names = [" ".join(_points(one, "tx").values()) for one in series]
    yield Block(row(["", *names]))
    for index in sorted(set().union(*columns))[:_ROWS]:
        yield Block(row(column.get(index, "") for column in columns), tight=True)


def _points(series: _Element, *names: str) -> dict[int, str]:
    """The values under the first of the named elements that is there, by their index."""
    found = next((one for one in map(series.find, (_CHART + name for name in names)) if one is not None), ())
    points = [point for element in found for point in element.iter(f"{_CHART}pt")]
    return {int(point.get("idx", 0)): _rounded(point.findtext(f"{_CHART}v") or "") for point in points}


def _rounded(value: str) -> str:
    """A number with as many digits as Office shows: files hold 4.4000000000000004 for 4.4."""
    return f"{float(value):.15g}" if _LONG_NUMBER.fullmatch(value) else value
