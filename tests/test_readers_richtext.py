"""Rich Text and subtitles."""

import time
from pathlib import Path

import pytest

from rag.errors import UnreadableDocument
from rag.types import Chunk
from tests.reading import headings, only_text, read_bytes, refusal_of

RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}{\info{\title Pump ma\'f1ual}{\author Ada}}
{\header CONFIDENTIAL}\pard\b Pump\b0\par
The valve {\i is} closed at 40\'b0C. Gr\'fc\'dfe, \u8364?, \u-10179?\u-8704?\par
{\pict\pngblip 89504e470d0a1a0a}
\trowd\cellx100\cellx200 City\cell Limit\cell\row
\trowd\cellx100\cellx200 Berlin\cell 120\cell\row
\pard a|b\par}"""


def test_rich_text_gives_its_words_and_tables(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.rtf", RTF)
    assert document.title == "Pump mañual"
    assert only_text(document).split("\n") == [
        "Pump",
        "The valve is closed at 40°C. Grüße, €, 😀",
        "City | Limit",
        "Berlin | 120",
        "a|b",
    ]


def test_pictures_in_rich_text_cost_no_time_and_leave_nothing_behind(tmp_path: Path) -> None:
    picture = b"{\\pict\\pngblip " + b"89504e47" * 1_000_000 + b"}"
    assert only_text(read_bytes(tmp_path, "a.rtf", b"{\\rtf1 before " + picture + b"after}")) == "before after"


@pytest.mark.parametrize(
    "data",
    [
        b"{\\rtf1 x " + rb"{\field{\*\fldinst{HYPERLINK " * 20_000,
        b"{\\rtf1 x " + rb'{\field{\*\fldinst{ "' * 5_000 + b' HYPERLINK "' * 5_000,
        b"{\\rtf1 {\\fonttbl" + rb"\f1\fcharset0" * 50_000,
    ],
    ids=["links", "targets", "fonts"],
)
def test_rich_text_made_to_take_long_takes_no_time(tmp_path: Path, data: bytes) -> None:
    started = time.perf_counter()
    try:
        assert "x" in only_text(read_bytes(tmp_path, "a.rtf", data))
    except UnreadableDocument as refused:
        assert refused.remedy
    assert time.perf_counter() - started < 10


def test_a_link_in_rich_text_leaves_its_words(tmp_path: Path) -> None:
    link = rb'See {\field{\*\fldinst{HYPERLINK "http://example.org/a"}}{\fldrslt{\ul the rules}}} here.'
    assert only_text(read_bytes(tmp_path, "a.rtf", b"{\\rtf1 " + link + b"}")) == "See the rules here."


@pytest.mark.parametrize("data", [rb"{\rtf1 x \uc}", rb"{\rtf1 x \u99999999 ?}", rb"{\rtf1 x \'f"], ids=str)
def test_damaged_rich_text_is_read_or_refused_but_does_not_crash(tmp_path: Path, data: bytes) -> None:
    try:
        assert "x" in only_text(read_bytes(tmp_path, "a.rtf", data))
    except UnreadableDocument as refused:
        assert refused.remedy


def test_what_is_no_rich_text_is_refused_and_rich_text_is_named(tmp_path: Path) -> None:
    assert "ends in .txt" in refusal_of(tmp_path, "a.rtf", b"Just some words.").remedy
    assert "ends in .rtf" in refusal_of(tmp_path, "a.docx", RTF).remedy


SRT = """1
00:00:01,000 --> 00:00:04,000
<i>Welcome</i> to the pump course,

2
00:00:04,500 --> 00:00:07,250 X1:40
{\\an8}which takes an hour.
It is free.

3
00:01:10,000 --> 00:01:12,000
2024
"""
VTT = """WEBVTT - Course

NOTE a remark

intro
00:01.000 --> 00:04.000 align:start
<v.loud Ada Lovelace>Welcome &amp; hello.</v>

00:04.000 --> 00:06.000
Welcome &amp; hello.
Second<00:05.000><c> line.</c>
"""


def test_subtitles_are_what_is_said_under_the_time(tmp_path: Path) -> None:
    document = read_bytes(tmp_path, "a.srt", SRT.replace("\n", "\r\n").encode())
    assert only_text(document) == (
        "00:00:01–00:01:12\n\nWelcome to the pump course, which takes an hour. It is free.\n2024"
    )
    document = read_bytes(tmp_path, "a.vtt", VTT.encode())
    assert only_text(document).endswith("Second line.")
    assert "Welcome & hello.\n" in only_text(document)


def test_long_subtitles_are_cut_into_stretches_of_time(tmp_path: Path) -> None:
    cues = (f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:59,000\nSentence number {n} of the long talk.\n" for n in range(60))
    document = read_bytes(tmp_path, "a.srt", "\n".join(cues).encode())
    names = [name for _, name in headings(document)]
    assert names[0] == "00:00:00–00:13:59"
    assert len(names) == 5
    label = Chunk("d", "a.srt", "a", None, names[0], 0, 1, 0, "x").label
    assert label == "a.srt, 00:00:00–00:13:59"


def test_a_file_without_times_is_no_subtitles(tmp_path: Path) -> None:
    assert "no subtitles" in refusal_of(tmp_path, "a.srt", b"Just some words.").reason
