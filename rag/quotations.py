"""Lines of documents as an answer shows them, word for word. Pure functions."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from rag.evidence import Line
from rag.types import Citation, Hit

_AT_MOST = 300  # characters
_BRACKETS = re.compile(r"\[(?:[\d\s,;]+|\?)\]")


def quotation(text: str) -> str:
    """A line between quotation marks, without what would be read as a footnote."""
    line = " ".join(_BRACKETS.sub("", text).split())
    return f"“{line if len(line) <= _AT_MOST else f'{line[:_AT_MOST].rstrip()}…'}”"


def of_document(number: int, hit: Hit, lines: Sequence[Line]) -> tuple[str, Citation]:
    """What a document says, as an item of a list with its footnote.

    Args:
        lines: of the hit, as they follow each other.
    """
    said = quotation(" ".join(line.reading for line in lines))
    text = f"- {PurePath(hit.chunk.document_name).stem}: {said} [{number}]"
    return text, Citation(number, hit, tuple(line.span for line in lines))
