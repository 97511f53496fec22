"""Lines of documents as an answer shows them, word for word. Pure functions."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

from rag.evidence import Line
from rag.phrases import ENGLISH, Phrases
from rag.types import JOINT, Citation, Hit

_AT_MOST, _OF_STEP = 300, 1_000  # characters
_HEADING = 100  # characters
_NAMES = 50  # of documents that are named in a row
_ANCHOR = re.compile(r"\{#[^}]*\}")  # of a heading in Markdown
_SIGNS = re.compile(r"[\\*`<>#\[\]]|(?<!\w)_+|_+(?!\w)")
_BRACKETS = re.compile(r"\[(?:[\d\s,;]+|\?)\]")


def quotation(text: str, *, at_most: int = _AT_MOST) -> str:
    """A line between quotation marks, cut after so many characters, without what would be read as a footnote."""
    line = " ".join(_BRACKETS.sub("", text).split())
    return f"“{line if len(line) <= at_most else f'{line[:at_most].rstrip()}…'}”"


def of_document(number: int, hit: Hit, lines: Sequence[Line]) -> tuple[str, Citation]:
    """What a document says, as an item of a list with its footnote.

    Args:
        lines: of the hit, as they follow each other.
    """
    said = quotation(" ".join(line.reading for line in lines))
    text = f"- {named(PurePath(hit.chunk.document_name).stem)}: {said} [{number}]"
    return text, Citation(number, hit, tuple(line.span for line in lines))


def of_sections(hits: Sequence[Hit], lines: Sequence[Line]) -> Iterator[tuple[str, Citation]]:
    """What lines say under their headings, as items of a list with their footnotes: those of a passage share one.

    Args:
        lines: of the hits, in the order of the text; the first passage that is quoted has number 1.
    """
    is_one = len({hits[line.number - 1].chunk.document_id for line in lines}) == 1
    for number, (place, own) in enumerate(groupby(lines, key=lambda line: line.number), 1):
        for heading, told in groupby(own, key=lambda line: line.heading):
            said = list(told)
            quotations = " ".join(quotation(line.reading) for line in said)
            name = named(heading) or ("" if is_one else named(PurePath(hits[place - 1].chunk.document_name).stem))
            text = f"- {name}{':' * bool(name)}{' ' * bool(name)}{quotations} [{number}]"
            yield text, Citation(number, hits[place - 1], tuple(line.span for line in said))


def of_steps(hits: Sequence[Hit], steps: Sequence[Sequence[Line]]) -> Iterator[tuple[str, Citation]]:
    """The steps of a list as they are numbered there, each with its footnote, under the heading of the first.

    Args:
        steps: of one hit, each with its lines.
    """
    first = steps[0][0]
    hit = hits[first.number - 1]
    head = f"{named(first.heading) or named(PurePath(hit.chunk.document_name).stem)}\n\n"
    for said in steps:
        text = quotation(" ".join(line.reading for line in said), at_most=_OF_STEP)
        yield f"{head}{said[0].step}. {text} [1]", Citation(1, hit, tuple(line.span for line in said))
        head = ""


def of_names(names: Sequence[str], phrases: Phrases = ENGLISH) -> str:
    """Which documents there are besides those that are quoted, by their names."""
    listed = phrases.comma.join(named(PurePath(name).stem) for name in names[:_NAMES])
    more = len(names) - _NAMES
    others = (phrases.one_more if more == 1 else phrases.more.format(count=f"{more:,}")) if more > 0 else ""
    return phrases.not_quoted.format(names=listed, others=others)


def named(text: str) -> str:
    """A heading or the name of a document as an item of a list begins with it, in bold.

    What would be read as a footnote or as Markdown is left out.
    """
    parts = (" ".join(_SIGNS.sub("", _ANCHOR.sub("", _BRACKETS.sub("", part))).split()) for part in text.split(JOINT))
    plain = JOINT.join(part for part in parts if part)
    plain = plain if len(plain) <= _HEADING else f"{plain[:_HEADING].rstrip()}…"
    return f"**{plain}**" if plain else ""
