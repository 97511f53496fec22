"""ZIP archives: their files become documents; what is made to do harm is refused."""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest import archives
from ingest.pipeline import find_files, ingest
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
    assert not (library.folder / "unpacked").exists()
    return report


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


def test_a_broken_file_and_an_archive_inside_are_named_and_cost_only_themselves(
    library: Library, tmp_path: Path
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.txt", "hidden")
    parts = {"half.pdf": b"%PDF-1.7 half", "inner.zip": inner.getvalue(), "ok.txt": b"About gulls.", "crc.txt": b"QQQQ"}
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(b"QQQQ", b"QQQZ"))
    report = add(library, path)
    assert report.added == ("ok.txt",)
    messages = [failure.message for failure in report.failed]
    assert messages[0].startswith("papers.zip: half.pdf: it is damaged or not a PDF.")
    assert messages[1].startswith("papers.zip: inner.zip: it is an archive inside an archive.")
    assert messages[2].startswith("papers.zip: crc.txt: it is damaged.")


def test_progress_of_an_archive_rises_over_its_files(library: Library, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "papers.zip", {f"{n}.txt": f"About gull {n}.".encode() for n in range(5)})
    told: list[IngestProgress] = []
    add(library, path, on_progress=told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    names = list(dict.fromkeys(progress.name for progress in told))
    assert names == ["papers.zip", *(f"{n}.txt" for n in range(5))]  # read as one, then embedded one by one
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
