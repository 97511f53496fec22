"""Real files that are too large, too long, changing or oddly called: each is read or refused, none costs another."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.chunker import chunk
from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import IngestReport, ingest
from ingest.readers import read
from rag import originals
from rag.library import Library
from rag.settings import Settings
from rag.types import Document
from tests.fakes import HashingEmbedder
from tests.reading import only_text, read_bytes, refusal_of


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


def add(library: Library, *paths: Path, **options: object) -> IngestReport:
    files = find_files(paths)
    return ingest(files, library=library, embedder=HashingEmbedder(), settings=Settings(), **options)  # type: ignore[arg-type]


def test_a_text_of_ten_gigabytes_is_refused_before_it_is_read(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = tmp_path / "large.txt", tmp_path / "small.txt"
    with large.open("wb") as file:
        file.truncate(10_000_000_000)
    small.write_text("About herons.")
    monkeypatch.setattr("ingest.pipeline.document_id", _never_of(large))
    report = add(library, large, small)
    assert report.added == ("small.txt",)
    assert "10,000.0 MB and the limit is 200.0 MB" in report.failed[0].message


def _never_of(path: Path) -> object:
    from ingest.hashing import document_id

    def checked(file: Path) -> str:
        assert file != path
        return document_id(file)

    return checked


@pytest.mark.parametrize("count", [1_000_000, 1], ids=["said", "unsaid"])
def test_a_pdf_of_a_million_pages_is_refused(tmp_path: Path, count: int) -> None:
    """The pages are one and the same; a file of six megabytes."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, b"3 0 R " * (1_000_000 if count > 1 else 60_000)),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 4\n0000000000 65535 f \n%strailer\n<</Root 1 0 R/Size 4>>\nstartxref\n%d\n%%%%EOF\n"
    refused = refusal_of(tmp_path, "a.pdf", data + end % (table, len(data)))
    assert "pages and the limit is 50,000" in refused.reason
    assert "Split it" in refused.remedy


@pytest.mark.parametrize("line", ["x", "word ", "今天"], ids=["letters", "words", "Chinese"])
def test_a_line_without_end_is_read_whole(tmp_path: Path, line: str) -> None:
    text = line * (120_000 // len(line))
    document = read_bytes(tmp_path, "a.txt", text.encode())
    chunks = chunk(document, count_tokens=len, chunk_tokens=800, overlap_tokens=0, max_tokens=2_000)
    assert "".join("".join(one.text for one in chunks).split()) == "".join(text.split())


def test_zeros_in_a_text_cost_nothing(tmp_path: Path) -> None:
    words = "The heron stands in the water and waits. " * 50
    assert only_text(read_bytes(tmp_path, "a.txt", words.replace("heron", "he\0ron", 1).encode())) == words


@pytest.mark.parametrize("name", ["a.log", "a.csv", "a.md", "a.py"])
def test_zeros_that_a_crash_left_in_a_text_are_passed_over(tmp_path: Path, name: str) -> None:
    lines = [b"The heron waits in the shallow water,of the old harbour." for _ in range(20)]
    read = "".join(page.text for page in read_bytes(tmp_path, name, (b"\0" * 5_000 + b"\n").join(lines)).pages)
    assert read.count("heron waits") >= 20
    assert "\0" not in read


@pytest.mark.parametrize("data", [b"\0" * 5_000, b"\0\1\0\0\0\x10\3A" * 500], ids=["zeros", "numbers"])
def test_zeros_that_are_no_text_are_refused(tmp_path: Path, data: bytes) -> None:
    refused = refusal_of(tmp_path, "a.txt", data)
    assert "not text" in refused.reason


def test_xml_that_is_nested_too_deeply_is_refused_and_not_cut(tmp_path: Path) -> None:
    data = b"<r><p>The heron.</p>" + b"<a>" * 3_000 + b"waits" + b"</a>" * 3_000 + b"<p>The end.</p></r>"
    assert refusal_of(tmp_path, "a.xml", data).reason == "its elements are nested too deeply, or too long"


NAMES = ["quo\"tes' and `ticks`.txt", "line\nend.txt", "🪿🦆.txt", "x" * 251 + ".txt", "a&b <b>;%20$(x).txt", "-rf.txt"]


@pytest.mark.skipif(os.name == "nt", reason="not every name can be given there")
def test_odd_names_are_added_found_and_deleted(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_text(f"The heron number{number} stands here.")
    report = add(library, folder)
    assert (len(report.added), report.failed) == (len(NAMES), ())
    for number in range(len(NAMES)):
        ((found, _),) = library.lexical.search(f"number{number}", k=1)
        assert found
    assert add(library, folder).unchanged
    assert examine(library).findings == ()


@pytest.mark.parametrize("moment", ["before it is read", "after it is read"])
def test_a_file_that_changes_while_it_is_read_is_named_and_added_later(
    library: Library, tmp_path: Path, moment: str
) -> None:
    changing, other = tmp_path / "changing.txt", tmp_path / "other.txt"
    changing.write_text("The first half of the report.")
    other.write_text("About herons.")

    def read_file(path: Path, **options: object) -> Document:
        if path == changing and moment == "before it is read":
            changing.write_text("The second half of the report.")
        document = read(path, **options)  # type: ignore[arg-type]
        if path == changing and moment == "after it is read":
            changing.write_text("The second half of the report.")
        return document

    report = add(library, changing, other, read_file=read_file)
    assert report.added == ("other.txt",)
    assert "it changed while it was read" in report.failed[0].message
    assert len(originals.every(library.folder)) == 1
    assert examine(library).findings == ()
    assert add(library, changing).added == ("changing.txt",)
