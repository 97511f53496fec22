"""Small real files of every format, changed in many ways: each is read, or refused by name.

`FUZZ_EXAMPLES=2000 python -m pytest -n logical tests/test_readers_fuzzed.py` tries as many changes of each, new ones
each time; without it the same few are tried.
"""

import functools
import io
import json
import os
import re
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import archives
from ingest.readers import FORMATS
from ingest.readers.code import SUFFIXES as CODE
from rag.errors import FootnoteError, UnreadableDocument
from tests.documents import (
    GERMAN,
    JAPANESE,
    WEB_PAGE,
    fill_handbook,
    fill_talk,
    write_book,
    write_encrypted_pdf,
    write_old_workbook,
    write_opendocument,
    write_pdf,
    write_slides,
    write_text_scan,
    write_word,
    write_workbook,
)
from tests.outlook_file import write_outlook
from tests.reading import read_here

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
LARGEST = 1_000_000  # bytes of a file that is changed further
SECONDS = 60  # that reading one small file may take, on a machine that others use too
SAMPLES = Path(__file__).parents[1] / "samples"

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries, on what is damaged

thoroughly = settings(
    max_examples=EXAMPLES or 40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

Changes = list[tuple[str, int, int, bytes]]
MemberChanges = list[tuple[str, int, int, Changes]]

# What is written into files: what formats begin and end things with, and values that nobody expects there.
WORDS = (
    b'', b'\x00', b'\x00' * 64, b'\xff\xfe', b'\xf0\x9f', b'\xed\xa0\x80', b'\r\n', b'\n\n', b' ', b'\t', b'\x1b',
    b'%', b'\\', b'-1', b'0', b'1e999', b'NaN', b'99999999999999999999', b'0.0000001', b'65536', b'4294967295',
    b'null', b'true', b'x' * 300, b'<', b'>', b'</', b'/>', b'<!--', b'-->', b']]>', b'<![CDATA[', b'&', b'&#0;',
    b'&#xD800;', b'&x;', b'"', b"'", b'<a>', b'{', b'}', b'[', b']', b'\\ud800', b'\\u0', b'{' * 200, b'[' * 2000,
    b'(' * 200, b"<div>" * 2000, b"> " * 500, b'<<', b'>>', b'endobj', b'obj', b'stream\n', b'endstream', b' 0 R',
    b'/Kids', b'/Parent 1 0 R', b'BT', b'ET', b'Tj', b'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n',
    b'=?utf-8?b?4?=', b'charset=x', b'base64', b'\nFrom ', b'\\par ', b'\\u-1?', b'\\bin99999 ', b"\\'zz",
    b'00:00:00,000 --> ', b'# ', b'|--|', b'```', b'$$', b'---\n', b';', b',', b'#REF!', b'=A1', b'A1:XFD1048576',
    b'2024-13-45', b'12:61:61', b'rId99', b'../x', b'http://x', b'../../../../x',
)  # fmt: skip
PIECE = re.compile(
    rb"<[^<>]{1,300}>|\"[^\"<>]{0,80}\"|-?\d+(?:\.\d+)?|[/\\]\w+|[\w-]+:|\{[^{}]{0,80}\}|\[[^\[\]]{0,80}\]|\w+"
)
KINDS = ("flip", "cut out", "double", "move", "write", "insert", "end here", "take out", "twice", "swap", "put", "nest")
CHANGE = st.tuples(st.sampled_from(KINDS), st.integers(0, 2**24), st.integers(0, 2**24), st.sampled_from(WORDS))
CHANGES = st.lists(CHANGE, min_size=1, max_size=6)


def changed(data: bytes, changes: Changes) -> bytes:  # noqa: C901
    """The bytes after some changes: of places in them, and of the pieces that the format is made of."""
    for kind, first, second, word in changes:
        if len(data) > LARGEST:
            break
        place, length = first % (len(data) + 1), 1 + second % max(1, len(data) // 4)
        pieces = [found.span() for found in PIECE.finditer(data[:200_000])] or [(0, len(data))]
        (start, end), (other, other_end) = sorted((pieces[first % len(pieces)], pieces[second % len(pieces)]))
        piece = data[start:end]
        match kind:
            case "flip":
                data = (
                    data[:place]
                    + bytes(byte ^ (1 << second % 8) for byte in data[place : place + 1])
                    + data[place + 1 :]
                )
            case "cut out":
                data = data[:place] + data[place + length :]
            case "double":
                data = data[: place + length] + data[place : place + length] + data[place + length :]
            case "move":
                data = data[:place] + data[place + length :] + data[place : place + length]
            case "write":
                data = data[:place] + word + data[place + len(word) :]
            case "insert":
                data = data[:place] + word + data[place:]
            case "end here":
                data = data[:place]
            case "take out":
                data = data[:start] + data[end:]
            case "twice":
                data = data[:end] + piece + data[end:]
            case "swap" if end <= other:
                data = data[:start] + data[other:other_end] + data[end:other] + piece + data[other_end:]
            case "put":
                data = data[:start] + word + data[end:]
            case "nest":
                data = data[:start] + piece * min(second % 300, 20_000 // max(1, len(piece))) + data[end:]
    return data


def is_read_or_refused(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        began = time.monotonic()
        try:
            document = read_here(path)
        except UnreadableDocument as refused:
            assert name in str(refused)
            assert refused.remedy
        else:
            assert document.pages
            for text in (document.title, *document.gaps, *(page.text for page in document.pages)):
                text.encode()  # no halves of characters, which no catalog keeps
            for page in document.pages:
                assert all(0 <= heading.start <= len(page.text) for heading in page.headings)
        assert time.monotonic() - began < SECONDS


def _letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = "Größe", "a@b.c", "Tue, 05 Mar 2024 14:22:00 +0100"
    message.set_content("Plain words.\n")
    message.add_alternative("<p>Rich <b>words</b>.</p>", subtype="html")
    message.add_attachment("City;Limit\nBerlin;120\n", filename="limits.csv")
    message.add_attachment(_archive(), maintype="application", subtype="zip", filename="papers.zip")
    return message


def _archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes/a.txt", "About gulls. " * 9)
        archive.writestr("b.csv", "City;Limit\nBerlin;120\n")
        if made.tell() < 400:
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w") as packed:
                packed.writestr("deep.md", "# Terns\n\nThey dive.")
            archive.writestr("inner.zip", inner.getvalue())
    return made.getvalue()


ROWS = [["City", "Limit", "Since"], ["Berlin", 120, "2024-01-01"], ["Bremen", 95.5, None], ["=A2", "=SUM(B2:B3)", 1]]
MARKDOWN = f"""---
title: T
---
# One

{GERMAN}

| City | Limit |
|---|---|
| Berlin | 120 |

- a
  - b

```
code
```
"""
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# One\n", "Words."]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"output_type": "stream", "text": ["1\n"]}]},
    ],
    "metadata": {"kernelspec": {"language": "python"}},
    "nbformat": 4,
}
RECORDS = [{"city": "Berlin", "limit": 120, "tags": ["a", {"b": None}]}, {"city": "Bremen", "limit": 9.5}]
OPEN_TABLE = (
    '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><text:p>City</text:p>'
    "</table:table-cell><table:table-cell><text:p>Limit</text:p></table:table-cell></table:table-row><table:table-row "
    'table:number-rows-repeated="2"><table:table-cell><text:p>Berlin</text:p></table:table-cell><table:table-cell '
    'office:value-type="float" office:value="120"><text:p>120</text:p></table:table-cell></table:table-row>'
    "</table:table>"
)
OPEN_SLIDE = (
    '<draw:page draw:name="One"><draw:frame presentation:class="title"><draw:text-box><text:p>Pumps</text:p>'
    "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:list><text:list-item><text:p>Oil</text:p>"
    f"</text:list-item></text:list></draw:text-box></draw:frame>{OPEN_TABLE}</draw:page>"
)
TEXTS = {
    ".csv": "City;Limit;Since\nBerlin;120;2024-01-01\nBremen;95,5;\n" * 3,
    ".tsv": "City\tLimit\nBerlin\t120\n" * 3,
    ".rtf": r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset204 A;}}\uc1 \u8364?\'fc\par\trowd a\cell b\cell\row}",
    ".srt": "1\n00:00:01,000 --> 00:00:04,000\nThe pump\n\n2\n00:01:02,000 --> 00:01:04,000\nruns.\n",
    ".vtt": "WEBVTT\n\nNOTE x\n\n1\n00:01.000 --> 00:04.000 align:start\n<v Ada>The pump</v>\n",
    ".md": MARKDOWN,
    ".txt": GERMAN + JAPANESE,
    ".rst": f"One\n===\n\n{GERMAN}\n\nTwo\n---\n\n.. note:: x\n\n  y\n\n:field: z\n",
    ".adoc": f"= One\n:toc:\n\n== Two\n\n{GERMAN}\n\n|===\n|a |b\n|===\n\n----\ncode\n----\n",
    ".org": f"#+TITLE: T\n* One\n{GERMAN}\n** Two :tag:\n#+BEGIN_SRC x\ny\n#+END_SRC\n| a | b |\n",
    ".tex": r"\documentclass{a}\title{T}\begin{document}\section{One}\emph{x} $a^2$ % c" + "\n" + r"\end{document}",
    ".json": json.dumps({"a": RECORDS, "b": {"c": [1, 2.5, True, None, "\ud83d\ude00"]}}),
    ".jsonl": "\n".join(map(json.dumps, RECORDS)),
    ".ipynb": json.dumps(NOTEBOOK),
    ".xml": '<?xml version="1.0" encoding="UTF-8"?><article><title>T</title><sec><p>One <b>two</b></p></sec></article>',
    ".py": 'import x\n\n\nclass A:\n    """B."""\n\n    def c(self) -> int:\n        return 1\n',
    ".html": WEB_PAGE,
    ".mhtml": f"From: a@b.c\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n{WEB_PAGE}",
    ".mbox": "From a@b.c Tue Mar  5 14:22:00 2024\nSubject: One\nFrom: a@b.c\n\nWords.\n>From here\n\n" * 2,
}  # fmt: skip
MADE: dict[str, Callable[[Path], object]] = {
    ".pdf": lambda path: write_pdf(path, [GERMAN, "About terns.\nThe second line."]),
    ".docx": lambda path: write_word(path, fill_handbook),
    ".pptx": lambda path: write_slides(path, fill_talk),
    ".xlsx": lambda path: write_workbook(path, {"S": ROWS, "T": [["One"]]}),
    ".xls": lambda path: write_old_workbook(path, {"S": ROWS[:3], "T": [["One"]]}),
    ".odt": lambda path: write_opendocument(path, f"<text:h>One</text:h><text:p>Words.</text:p>{OPEN_TABLE}"),
    ".ods": lambda path: write_opendocument(path, OPEN_TABLE),
    ".odp": lambda path: write_opendocument(path, OPEN_SLIDE),
    ".epub": lambda path: write_book(
        path, {"one": "<h1>A</h1><p>Words.</p>", "two": "<p>x</p>"}, contents={"two": "B"}
    ),
    ".eml": lambda path: path.write_bytes(_letter().as_bytes()),
    ".msg": lambda path: write_outlook(
        path,
        subject="Pump",
        sender="Ada",
        recipients=["Bo"],
        body="Words.",
        attachments=[("limits.csv", b"A;B\n1;2\n" * 400)],
    ),
    ".png": lambda path: path.write_bytes(_picture("PNG")),
    **{suffix: lambda path, text=text: path.write_text(text, encoding="utf-8") for suffix, text in TEXTS.items()},  # type: ignore[misc]
}
OTHERS: dict[str, Callable[[Path], object]] = {
    "sample.docx": lambda path: path.write_bytes((SAMPLES / "security-policy.docx").read_bytes()),
    "locked.pdf": lambda path: write_encrypted_pdf(path, GERMAN, ""),
    "scan.pdf": lambda path: write_text_scan(path, [["The pump"]], printed="Words."),
}
if EXAMPLES:  # seconds each
    OTHERS["sample.pdf"] = lambda path: path.write_bytes((SAMPLES / "employee-handbook.pdf").read_bytes())
FILES = {f"a{suffix}": make for suffix, make in MADE.items()} | OTHERS
PACKED = [name for name in FILES if Path(name).suffix in (".docx", ".pptx", ".xlsx", ".odt", ".ods", ".odp", ".epub")]


def _picture(format: str) -> bytes:
    from tests.documents import text_picture

    made = io.BytesIO()
    text_picture(["The pump"]).save(made, format)
    return made.getvalue()


@functools.cache
def whole(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        FILES[name](path)
        return path.read_bytes()


def test_a_file_of_every_format_is_changed() -> None:
    families = [found.suffixes for found in FORMATS if found.suffixes != CODE]
    assert all(set(family) & {*MADE} for family in families)
    for name in FILES:
        is_read_or_refused(name, whole(name))


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_are_read_or_refused(name: str) -> None:
    @thoroughly
    @given(CHANGES)
    def try_one(changes: Changes) -> None:
        is_read_or_refused(name, changed(whole(name), changes))

    try_one()


MEMBER_KINDS = ("content", "gone", "renamed", "swapped", "twice", "short", "size", "method", "flags")
MEMBER_CHANGES = st.lists(
    st.tuples(st.sampled_from(MEMBER_KINDS), st.integers(0, 2**16), st.integers(0, 2**32 - 1), CHANGES),
    min_size=1,
    max_size=3,
)


def repacked(data: bytes, changes: MemberChanges) -> bytes:
    """An archive whose members are changed, taken out or exchanged, and then what it says of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    for kind, number, value, inner in changes:
        place, other = number % len(parts), value % len(parts)
        name, content = parts[place]
        match kind:
            case "content":
                parts[place] = (name, changed(content, inner))
            case "gone" if len(parts) > 1:
                del parts[place]
            case "renamed":
                parts[place] = (name[: value % (len(name) + 1)] + "x", content)
            case "swapped":
                parts[place], parts[other] = (name, parts[other][1]), (parts[other][0], content)
            case "twice":
                parts.append((f"{name}2", content))
            case "short":
                parts[place] = (name, content[: value % (len(content) + 1)])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return _lying(made.getvalue(), changes)


def _lying(data: bytes, changes: MemberChanges) -> bytes:
    """The archive with other sizes, methods and flags in its list of files."""
    packed = bytearray(data)
    entries = [found.start() for found in re.finditer(b"PK\x01\x02", packed)]
    for kind, number, value, _ in changes:
        if entries and kind in ("size", "method", "flags"):
            at = entries[number % len(entries)]
            offset, form, limit = {
                "size": (20 + 4 * (value % 2), "<I", 2**32),
                "method": (10, "<H", 2**16),
                "flags": (8, "<H", 2**16),
            }[kind]
            struct.pack_into(form, packed, at + offset, value % limit)
    return bytes(packed)


@pytest.mark.parametrize("name", PACKED)
def test_changed_members_are_read_or_refused(name: str) -> None:
    @thoroughly
    @given(MEMBER_CHANGES)
    def try_one(changes: MemberChanges) -> None:
        is_read_or_refused(name, repacked(whole(name), changes))

    try_one()


def is_opened_or_refused(data: bytes) -> None:
    """Whatever an archive says of itself: nothing is written but what was asked for, where it was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        path, place = Path(folder) / "a.zip", Path(folder) / "place"
        path.write_bytes(data)
        place.mkdir()
        try:
            with archives.opened(path, "a.zip", folder=place / "archives") as contents:
                for member in contents.members:
                    try:
                        member.unpack(place / "member")
                    except FootnoteError:
                        continue
                    assert (place / "member").stat().st_size <= member.size
        except FootnoteError as refused:
            assert "a.zip" in str(refused)
        assert {file.name for file in Path(folder).iterdir()} == {"a.zip", "place"}
        assert {file.name for file in place.iterdir()} <= {"archives", "member"}


@thoroughly
@given(CHANGES)
def test_changed_bytes_of_an_archive_are_opened_or_refused(changes: Changes) -> None:
    is_opened_or_refused(changed(_archive(), changes))


@thoroughly
@given(MEMBER_CHANGES)
def test_changed_members_of_an_archive_are_opened_or_refused(
    changes: MemberChanges,
) -> None:
    is_opened_or_refused(repacked(_archive(), changes))
