"""Which row names the columns of a table. Pure functions."""

import re
from collections.abc import Sequence

# Years, years of business, quarters, months and days: over a column they say what its numbers belong to.
_PERIOD = re.compile(
    r"(?:19|20)\d\d(?:\s?[/\u2013-]\s?(?:\d\d|(?:19|20)\d\d))?|(?:19|20)\d\d-\d\d-\d\d|\d\d?[./]\d\d?[./](?:19|20)\d\d"
    r"|\d\d?/(?:19|20)\d\d"
)
_NUMBER = re.compile(r"\W*\d[\d\s.,:/%-]*(?:[€$£¥]|[A-Z]{3})?|TRUE|FALSE")  # also dates and times


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, a date or a truth value."""
    return _NUMBER.fullmatch(cell) is not None


def is_head(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row names columns: most of it is filled, and numbers in it can only be years or other periods.

    The first cell may be empty over periods. A row of periods above another is a row of the table.
    """
    filled = [cell for cell in cells if cell]
    periods = [column for column, cell in enumerate(cells) if _PERIOD.fullmatch(cell)]
    words = [cell for cell in filled if not _PERIOD.fullmatch(cell)]
    if len(cells) < 2 or any(map(is_number, words)):
        return False
    if periods and all(_PERIOD.fullmatch(below[column]) for column in periods):
        return False
    named = bool(words) or (not cells[0] and len(set(filled)) == len(periods) > 1)
    return named and (len(filled) * 2 > len(cells) or not words)
