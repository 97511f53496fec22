"""The steps of a numbered list, where a question asks how something is done. Pure functions.

A small generator leaves steps out and turns what they say ("Leave the cable connected"), so they are quoted instead.
"""

import re
from collections.abc import Iterable, Sequence

from rag.evidence import Line

_FEW, _MANY = 2, 20  # steps of a list that is quoted
_HOW_TO = re.compile(
    r"\bhow (?:do|can|should|must|would) (?:i|you|we|one|they|users?|people)\b|\bhow to\b|\bsteps? (?:to|for|of|are)\b"
    r"|^wie \w+ (?:ich|wir|man|du|sie)\b|怎么|怎样|如何",
    re.IGNORECASE,
)


def steps(question: str, lines: Sequence[Line]) -> list[list[Line]]:
    """The steps of the list that the nearest line is of, each with the sentences that go on after it; [] of none.

    Args:
        lines: of all passages, the nearest first.
    """
    if not lines or not _HOW_TO.search(question):
        return []
    nearest = lines[0]
    own = sorted((line for line in lines if line.number == nearest.number), key=lambda line: line.span.start)
    found = next((one for one in _lists(own) if any(nearest in step for step in one)), [])
    if not _FEW <= len(found) <= _MANY:
        return []
    *others, last = found
    return [*others, last[: max(map(len, others))]]  # what follows a list is often not set apart from its last step


def _lists(lines: Iterable[Line]) -> list[list[list[Line]]]:
    """The numbered lists among the lines of a passage, in the order of the text."""
    lists: list[list[list[Line]]] = [[]]
    for line in lines:
        before = lists[-1][-1][0] if lists[-1] else None
        is_of_list = before is not None and line.heading == before.heading
        if line.step and not (before and is_of_list and line.step == before.step + 1):
            lists.append([[line]])
        elif line.step:
            lists[-1].append([line])
        elif is_of_list and not line.begins:
            lists[-1][-1].append(line)
        else:
            lists.append([])
    return lists
