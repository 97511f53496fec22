"""A conversation as Markdown whose footnotes name file, page and the cited sentences. Pure functions."""

import re
from collections.abc import Sequence
from itertools import accumulate

from rag.citations import DOUBT, DOUBT_MEANS
from rag.types import Answer, Citation, Finish

_NUMBER = re.compile(r"\s*\[(\d+)\]")
_CUT = {
    Finish.STOPPED: "*Stopped before its end.*",
    Finish.LENGTH: "*Cut at its length limit.*",
    Finish.BROKEN: "*The nearest lines, as no answer was written to its end.*",
}
_QUOTED = 300  # characters of a passage that are quoted where no sentence of it is marked


def to_markdown(title: str, answers: Sequence[Answer]) -> str:
    """Title, if there is one, questions, answers and, at the end, the footnotes of all, numbered through.

    Nothing of it can load a picture or run as HTML where it is shown: documents may have put such things into answers.
    """
    before = list(accumulate((max(_numbers(answer), default=0) for answer in answers), initial=0))
    lines = [f"# {_line(title)}"] if title else []
    notes = []
    for answer, first in zip(answers, before, strict=False):
        lines += [f"## {_line(answer.question)}", _with_notes(_harmless(answer.text), _numbers(answer), first)]
        if answer.finish in _CUT:
            lines.append(_CUT[answer.finish])
        if answer.sql:
            lines.append(f"Calculated by `{' '.join(answer.sql.replace('`', ' ').split())}`")
        if DOUBT in answer.text:
            lines.append(DOUBT_MEANS)
        notes += [f"[^{first + citation.number}]: {_note(citation)}" for citation in answer.citations]
    return "\n\n".join([*lines, "\n".join(notes)]).strip() + "\n"


def _numbers(answer: Answer) -> list[int]:
    return [citation.number for citation in answer.citations]


def _with_notes(text: str, numbers: Sequence[int], first: int) -> str:
    def note(match: re.Match[str]) -> str:
        number = int(match.group(1))
        return f"[^{first + number}]" if number in numbers else match.group()

    return _NUMBER.sub(note, text)


def _note(citation: Citation) -> str:
    chunk = citation.hit.chunk
    marked = " … ".join(chunk.text[mark.start : mark.end] for mark in citation.marks)
    quoted = marked or chunk.text[:_QUOTED] + "…" * (len(chunk.text) > _QUOTED)
    return f"{_line(chunk.label)}: “{_line(quoted)}”"


def _line(text: str) -> str:
    """Words of a person or a document as one line that Markdown shows as it stands."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _harmless(text: str) -> str:
    """The model's Markdown without HTML, pictures and links."""
    return text.replace("<", "&lt;").replace("](", "]\\(").replace("][", "] [").replace("]:", "]\\:")
