"""ZIP archives: their files become documents; what is made to do harm is refused."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import archives
from ingest.discovery import find_files
from ingest.examination import examine
from ingest.pipeline import ingest
from ingest.report import IngestProgress, IngestReport
from rag.library import Library
from rag.settings import Settings
from tests.documents import write_pdf, write_word, write_zip
from tests.fakes import HashingEmbedder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(Settings(home=tmp_path / "home"), holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


def add(library: Library, *paths: Path, **options: object) -> IngestReport:
    report = ingest(find_files(paths), library=library, embedder=HashingEmbedder(), settings=Settings(), **options)
    assert not list(library.folder.glob("unpacked*"))
    return report


def packed(parts: dict[str, bytes]) -> bytes:
    """The bytes of an archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return made.getvalue()


def nested(depth: int) -> bytes:
    """An archive that holds "0.txt" and an archive that holds "1.txt" and so on."""
    inner = {"inner.zip": nested(depth - 1)} if depth else {}
    return packed({f"{depth}.txt": f"About gull {depth}.".encode(), **inner})


def reason(library: Library, path: Path) -> str:
    report = add(library, path)
    assert not report.added
    (failure,) = report.failed
    assert failure.message.startswith(f"{path.name}: ")
    return failure.message


def names(library: Library) -> list[str]:
    return sorted(document.name for document in library.catalog.documents("library"))


def test_every_readable_file_of_an_archive_is_a_document_of_its_own(library: Library, tmp_path: Path) -> None:
    pages = write_pdf(tmp_path / "p.pdf", ["About herons.", "About terns."]).read_bytes()
    parts = {
        "notes/a.txt": b"About gulls.",
        "notes/deep/b.pdf": pages,
        "photo.gif": b"\x89PNG",
        "__MACOSX/._a.txt": b"x",
        ".hidden/c.txt": b"x",
        "node_modules/d.js": b"x",
    }
    path = write_zip(tmp_path / "papers.zip", parts)
    report = add(library, path)
    assert (report.added, report.failed) == (("a.txt", "b.pdf"), ())
    assert names(library) == ["a.txt", "b.pdf"]
    hits = library.store.search(HashingEmbedder().encode_query("terns"), k=1)
    assert hits[0].chunk.label == "b.pdf, p. 2"
    assert add(library, path).unchanged == ("a.txt", "b.pdf")


def test_a_changed_archive_replaces_only_what_changed(library: Library, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "papers.zip", {"a.txt": b"About gulls.", "b.txt": b"About terns."})
    add(library, path)
    write_zip(path, {"a.txt": b"About gulls.", "b.txt": b"About skuas."})
    report = add(library, path)
    assert (report.unchanged, report.replaced) == (("a.txt",), ("b.txt",))
    assert names(library) == ["a.txt", "b.txt"]


def test_the_same_file_alone_and_in_an_archive_is_one_document(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"About gulls.")
    path = write_zip(tmp_path / "papers.zip", {"copy.txt": b"About gulls."})
    add(library, tmp_path / "a.txt", path)
    assert names(library) == ["a.txt"]


def test_a_broken_file_and_a_broken_archive_inside_are_named_and_cost_only_themselves(
    library: Library, tmp_path: Path
) -> None:
    parts = {"half.pdf": b"%PDF-1.7 half", "inner.zip": b"PK half", "ok.txt": b"About gulls.", "crc.txt": b"QQQQ"}
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(b"QQQQ", b"QQQZ"))
    report = add(library, path)
    assert report.added == ("ok.txt",)
    messages = [failure.message for failure in report.failed]
    assert messages[0].startswith("papers.zip: inner.zip: it is a damaged ZIP archive.")
    assert messages[1].startswith("papers.zip: half.pdf: it is damaged or not a PDF.")
    assert messages[2].startswith("papers.zip: crc.txt: it is damaged.")


def test_progress_of_an_archive_rises_over_its_files(library: Library, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "papers.zip", {f"{n}.txt": f"About gull {n}.".encode() for n in range(5)})
    told: list[IngestProgress] = []
    add(library, path, on_progress=told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert {progress.name for progress in told if progress.stage == "reading"} == {"papers.zip"}
    assert fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize("outside", ["../up.txt", "/etc/up.txt", "a/../../up.txt", "..\\up.txt", "C:\\up.txt"])
def test_paths_that_lead_out_are_refused(library: Library, tmp_path: Path, outside: str) -> None:
    path = write_zip(tmp_path / "a.zip", {"ok.txt": b"About gulls.", outside: b"About terns."})
    assert "a path that leads out of it" in reason(library, path)
    assert not list(tmp_path.rglob("up.txt"))


def test_a_bomb_is_refused_before_anything_is_unpacked(library: Library, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": bytes(60_000_000), "b.txt": b"x"})
    assert "unpacks to 60 MB, more than is safe" in reason(library, path)


def test_the_size_and_number_of_files_are_bounded(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.txt": b"About gulls." for n in range(4)})
    monkeypatch.setattr(archives, "FILES", 3)
    assert "it holds 4 files and the limit is 3" in reason(library, path)
    monkeypatch.setattr(archives, "FILES", 4)
    monkeypatch.setattr(archives, "UNCOMPRESSED_BYTES", 40)
    assert "more than is safe" in reason(library, path)


def test_a_file_that_says_it_is_smaller_than_it_is_unpacks_to_no_more(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"About gulls. " * 100_000)
    size = len(b"About gulls. " * 100_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (13).to_bytes(4, "little")))
    assert "a.zip: a.txt: it is damaged" in reason(library, path)  # 13 bytes have another checksum


def locked(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def linked(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")


@pytest.mark.parametrize(
    ("change", "words"),
    [(locked, "locked with a password"), (cut, "a damaged ZIP archive"), (linked, "links to other files")],
)
def test_what_cannot_be_unpacked_is_refused(
    library: Library, tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"About gulls, about gulls, about gulls."})
    change(path)
    assert words in reason(library, path)


def test_an_archive_with_nothing_to_read_and_one_that_is_a_document_say_so(library: Library, tmp_path: Path) -> None:
    assert "no file in it can be read" in reason(library, write_zip(tmp_path / "a.zip", {"a.gif": b"x"}))
    path = write_word(tmp_path / "b.docx", lambda document: None).rename(tmp_path / "b.zip")
    assert "one document" in reason(library, path)


def test_names_are_readable_also_where_the_archive_does_not_say_how_they_are_written(
    library: Library, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {"Größe.txt": b"About gulls."})
    data = path.read_bytes()  # the flag that says UTF-8 is taken away
    path.write_bytes(data.replace(b"\x14\0\0\x08", b"\x14\0\0\0"))
    add(library, path)
    assert names(library) == ["Größe.txt"]


def test_files_of_archives_inside_archives_are_documents_and_a_changed_one_replaces_only_what_changed(
    library: Library, tmp_path: Path
) -> None:
    deep = packed({"deep.txt": b"About terns.", ".hidden/x.txt": b"x"})
    inner = packed({"notes/a.txt": b"About gulls.", "deep.zip": deep, "photo.gif": b"x"})
    parts = {"sub/inner.zip": inner, "own.txt": b"About skuas.", "node_modules/b.zip": deep, ".c/c.zip": deep}
    path = write_zip(tmp_path / "papers.zip", parts)
    report = add(library, path)
    assert (report.added, report.failed) == (("own.txt", "a.txt", "deep.txt"), ())
    assert set(library.catalog.sources("library", "")) == {
        f"{path}!own.txt",
        f"{path}!sub/inner.zip/notes/a.txt",
        f"{path}!sub/inner.zip/deep.zip/deep.txt",
    }
    assert add(library, path).unchanged == ("own.txt", "a.txt", "deep.txt")
    changed = packed({"notes/a.txt": b"About gulls and herons.", "deep.zip": packed({"other.txt": b"About auks."})})
    write_zip(path, {**parts, "sub/inner.zip": changed})
    report = add(library, path)
    assert (report.unchanged, report.replaced, report.added) == (("own.txt",), ("a.txt",), ("other.txt",))
    assert names(library) == ["a.txt", "other.txt", "own.txt"]
    assert examine(library).findings == ()


def test_what_an_archive_inside_held_stays_while_that_is_damaged(library: Library, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "papers.zip", {"own.txt": b"About skuas.", "inner.zip": packed({"a.txt": b"Gulls."})})
    add(library, path)
    write_zip(path, {"own.txt": b"About skuas.", "inner.zip": packed({"a.txt": b"Gulls."})[:30]})
    report = add(library, path)
    assert report.failed[0].message.startswith("papers.zip: inner.zip: it is a damaged ZIP archive.")
    assert names(library) == ["a.txt", "own.txt"]


def test_a_file_of_an_archive_inside_is_named_with_the_way_to_it(library: Library, tmp_path: Path) -> None:
    inner = packed({"half.pdf": b"%PDF-1.7 half", "ok.txt": b"About gulls."})
    report = add(library, write_zip(tmp_path / "papers.zip", {"sub/inner.zip": inner}))
    assert report.added == ("ok.txt",)
    assert report.failed[0].message.startswith("papers.zip: inner.zip: half.pdf: it is damaged or not a PDF.")


def flagged(data: bytes) -> bytes:
    """The archive as if its files were locked."""
    return data.replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0")


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (flagged(packed({"a.txt": b"About gulls."})), "locked with a password"),
        (packed({"../up.txt": b"About gulls."}), "a path that leads out of it"),
        (packed({"[Content_Types].xml": b"<x/>", "a.txt": b"About gulls."}), "one document"),
        (packed({"a.txt": b"About gulls. " * 50})[:80], "a damaged ZIP archive"),
        (b"", "a damaged ZIP archive"),
    ],
    ids=["locked", "leads out", "document", "cut", "empty"],
)
def test_an_archive_inside_that_is_refused_costs_only_itself(
    library: Library, tmp_path: Path, inner: bytes, words: str
) -> None:
    report = add(library, write_zip(tmp_path / "papers.zip", {"inner.zip": inner, "ok.txt": b"About terns."}))
    assert report.added == ("ok.txt",)
    (failure,) = report.failed
    assert failure.message.startswith("papers.zip: inner.zip: it ")
    assert words in failure.message


def test_archives_are_opened_to_a_depth_of_three(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(nested(6))
    report = add(library, path)
    assert report.added == ("6.txt", "5.txt", "4.txt", "3.txt")
    (failure,) = report.failed
    assert failure.message.startswith(
        "a.zip: inner.zip: inner.zip: inner.zip: inner.zip: it lies more than 3 archives deep."
    )


def test_what_lies_too_deep_is_told_once(library: Library, tmp_path: Path) -> None:
    level = packed({"a.txt": b"About gulls."})
    for _ in range(4):
        level = packed({f"{n}.zip": level for n in range(3)})
    path = tmp_path / "a.zip"
    path.write_bytes(level)
    assert "it lies more than 3 archives deep, as do 80 others." in reason(library, path)


def test_a_bomb_of_archives_is_refused_before_it_fills_the_disk(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 42.zip is, without its password: sixteen archives in each, the innermost file large and empty."""
    level = packed({"0.txt": bytes(20_000_000)})
    for depth in range(3):
        level = packed({f"{depth} {n}.zip": level for n in range(16)})
    path = tmp_path / "42.zip"
    path.write_bytes(level)
    written: list[int] = []
    unpack = archives._unpack

    def counted(*arguments: Any) -> None:
        unpack(*arguments)
        written.append(arguments[-1].stat().st_size)

    monkeypatch.setattr(archives, "_unpack", counted)
    assert "42.zip: it has 0.0 MB and unpacks to" in reason(library, path)
    assert sum(written) < 10_000_000
    assert names(library) == []


def test_the_limits_hold_for_all_archives_inside_together(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = packed({f"{n}.txt": b"About gulls." for n in range(4)})
    path = write_zip(tmp_path / "a.zip", {"1.zip": inner, "2.zip": inner})
    monkeypatch.setattr(archives, "FILES", 9)
    assert "it holds, with those of the archives inside it, 10 files and the limit is 9" in reason(library, path)
    monkeypatch.setattr(archives, "FILES", 10)
    monkeypatch.setattr(archives, "UNCOMPRESSED_BYTES", 2 * len(inner) + 90)
    assert "a.zip: it has 0.0 MB and unpacks to" in reason(library, path)
    monkeypatch.setattr(archives, "UNCOMPRESSED_BYTES", 2 * len(inner) + 96)
    assert len(add(library, path).added) == 1  # the same bytes are one document


def test_a_list_of_files_that_would_take_the_memory_is_refused(library: Library, tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 6, 0, 0, 0, 1, *[0] * 4, 0, 0) + b"a"
    entries = entry * (11_000_000 // len(entry))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entries), 0, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(entries + end)
    assert "its list of files has 11 MB, more than is safe to open" in reason(library, path)
    report = add(library, write_zip(tmp_path / "b.zip", {"a.zip": entries + end, "ok.txt": b"About gulls."}))
    assert report.added == ("ok.txt",)
    assert report.failed[0].message.startswith("b.zip: a.zip: its list of files has 11 MB")
