"""Files that are made to do harm: they are refused, before a library opens them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents import (
    fill_handbook,
    fill_talk,
    repacked,
    with_entities,
    write_book,
    write_opendocument,
    write_slides,
    write_word,
    write_workbook,
    write_zip,
)
from tests.reading import MEGABYTE, refusal

LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10)).encode()
ARCHIVES: list[tuple[str, Callable[[Path], Path], str, bytes]] = [
    ("a.docx", lambda path: write_word(path, fill_handbook), "word/document.xml", b"After the table."),
    ("a.pptx", lambda path: write_slides(path, fill_talk), "ppt/slides/slide1.xml", b"Pump maintenance"),
    ("a.xlsx", lambda path: write_workbook(path, {"S": [["Pump"]]}), "xl/worksheets/sheet1.xml", b"Pump"),
    ("a.epub", lambda path: write_book(path, {"one": "<p>Words.</p>"}), "OEBPS/book.opf", b"The Skua"),
    ("a.odt", lambda path: write_opendocument(path, "<text:p>Words.</text:p>"), "content.xml", b"Words."),
]
NAMES = [name for name, *_ in ARCHIVES]


@pytest.mark.parametrize(("name", "write", "part", "word"), ARCHIVES, ids=NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_that_grow_without_end_are_refused(
    tmp_path: Path, name: str, write: Callable[[Path], Path], part: str, word: bytes, encoding: str
) -> None:
    def change(xml: bytes) -> bytes:
        bomb = with_entities(LAUGHS, word, b"&e9;")(xml).decode()
        head, body = bomb.split("?>", 1)
        return f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding)

    assert "entities" in refusal(repacked(write(tmp_path / name), part, change)).reason


@pytest.mark.parametrize(("name", "write", "part", "word"), ARCHIVES, ids=NAMES)
def test_entities_that_name_a_file_are_refused(
    tmp_path: Path, name: str, write: Callable[[Path], Path], part: str, word: bytes
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish")
    declaration = f'<!ENTITY x SYSTEM "{secret.as_uri()}">'.encode()
    path = repacked(write(tmp_path / name), part, with_entities(declaration, word, b"&x;"))
    assert "entities" in refusal(path).reason


@pytest.mark.parametrize(("name", "write", "part", "word"), ARCHIVES, ids=NAMES)
def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, name: str, write: Callable[[Path], Path], part: str, word: bytes
) -> None:
    path = repacked(write(tmp_path / name), part, lambda xml: bytes(101 * MEGABYTE))
    assert path.stat().st_size < MEGABYTE
    assert re.search(r"unpacks to 10\d MB", refusal(path).reason)


@pytest.mark.parametrize(("name", "write", "part", "word"), ARCHIVES[:3], ids=NAMES[:3])
def test_strict_open_xml_is_refused_with_the_form_to_save_it_in(
    tmp_path: Path, name: str, write: Callable[[Path], Path], part: str, word: bytes
) -> None:
    old, new = b"http://schemas.openxmlformats.org/officeDocument/2006", b"http://purl.oclc.org/ooxml/officeDocument"
    refused = refusal(repacked(write(tmp_path / name), "_rels/.rels", lambda relations: relations.replace(old, new)))
    assert "Strict" in refused.reason
    assert f"(*{name[1:]})" in refused.remedy


def test_half_an_archive_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.docx", {"word/document.xml": b"<x/>"})
    path.write_bytes(path.read_bytes()[:40])
    assert "damaged" in refusal(path).reason
