"""Subtitles (SRT, WebVTT): what is said, under the time at which it is said."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from ingest.readers.blocks import Block, page_of
from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source
from rag.errors import UnreadableDocument

_TIME = r"((?:\d+:)?\d{1,2}:\d{2})[.,]\d{1,3}"
_CUE = re.compile(rf"^[^\S\n]*{_TIME}[^\S\n]+-->[^\S\n]+{_TIME}[^\n]*\n?", re.MULTILINE)
_NUMBER = re.compile(r"\n[^\S\n]*\d+[^\S\n]*\Z")  # of the next cue, in SRT
_END_OF_CUE = re.compile(r"(?<=.)\n[^\S\n]*\n.*\Z", re.DOTALL)  # in WebVTT, where remarks and names may follow
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>\n]*>|\{\\[^}\n]*\}")
_SECTION_CHARACTERS = 500  # about a passage


@dataclass(frozen=True)
class _Cue:
    start: str
    end: str
    lines: tuple[str, ...]


def read_subtitles(source: Source) -> Content:
    """One page without a number, whose headings are stretches of time: "0:01:02–0:01:40".

    Raises:
        UnreadableDocument: it has no times.
    """
    cues = list(_cues(clean(decode(source.data, source.name))))
    if not cues:
        raise UnreadableDocument(source.name, "it holds no subtitles", "If it is a plain text, rename it to .txt.")
    return Content("", (page_of(_blocks(cues)),))


def _cues(text: str) -> Iterator[_Cue]:
    """Those with words; lines that a rolling subtitle repeats from the one before are left out."""
    before: tuple[str, ...] = ()
    found = list(_CUE.finditer(text))
    ending = _END_OF_CUE if text.startswith("WEBVTT") else _NUMBER
    for match, following in zip_longest(found, found[1:]):
        paragraph = "\n" + text[match.end() : following.start() if following else len(text)].rstrip()
        if following or ending is _END_OF_CUE:
            paragraph = ending.sub("", paragraph)
        every = tuple(filter(None, map(_words, paragraph.split("\n"))))
        lines = tuple(line for line in every if line not in before)
        before = every
        if lines:
            yield _Cue(match[1], match[2], lines)


def _words(line: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", _SPEAKER.sub(r"\1: ", line))).split())


def _blocks(cues: list[_Cue]) -> Iterator[Block]:
    part: list[_Cue] = []
    for cue in cues:
        part.append(cue)
        text = " ".join(line for one in part for line in one.lines)
        if len(text) > _SECTION_CHARACTERS or cue is cues[-1]:
            yield Block(f"{part[0].start}–{part[-1].end}", level=1)  # noqa: RUF001
            yield from (Block(line, tight=count > 0) for count, line in enumerate(_lines(part)))
            part = []


def _lines(cues: list[_Cue]) -> Iterator[str]:
    """A line for each cue, joined where a sentence goes on."""
    waiting: list[str] = []
    for cue in cues:
        waiting.append(" ".join(cue.lines))
        if waiting[-1].rstrip('"”’)').endswith((".", "!", "?", "…", "。", "！", "？")):  # noqa: RUF001
            yield " ".join(waiting)
            waiting = []
    if waiting:
        yield " ".join(waiting)
