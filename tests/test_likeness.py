"""Documents whose text is nearly another's are found, in every script, and pointed out once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from ingest.report import IngestReport
from rag.__main__ import main
from rag.catalog import Alike, DocumentOrder, DocumentQuery
from rag.deletion import delete_document
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.likeness import catch_up, compare_document, runs, sentence, share, signature
from rag.settings import Settings, load_settings
from tests.fakes import HashingEmbedder

REPORT = " ".join(
    f"In month {number} the pump in hall {number * 3} ran for {number * 7} hours." for number in range(40)
)
CHINESE = "".join(
    f"第{number}个月，第{number * 3}号大厅的水泵运转了{number * 7}个小时，没有发生任何故障。"  # noqa: RUF001
    for number in range(40)
)
OTHER = " ".join(f"Heron {number} stands by the river and waits {number} minutes for fish." for number in range(40))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    return load_settings()


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings, holder="the test") as opened:
        opened.open_store(HashingEmbedder())
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made


def add(library: Library, settings: Settings, path: Path, text: str) -> IngestReport:
    path.write_text(text)
    report = ingest(find_files([path]), library=library, embedder=HashingEmbedder(), settings=settings)
    assert not report.failed
    return report


def test_a_nearly_equal_text_is_pointed_out_with_its_share(library: Library, settings: Settings, folder: Path) -> None:
    assert add(library, settings, folder / "report-final.txt", REPORT).alike == ()
    assert add(library, settings, folder / "herons.txt", OTHER).alike == ()
    changed = REPORT.replace("hall 60", "the cellar")
    report = add(library, settings, folder / "report-final-v2.txt", changed)
    assert report.alike == ("report-final-v2.txt is 99 % the same as report-final.txt",)
    (pair,) = library.catalog.alike("library")
    assert (pair.name, pair.other_name) == ("report-final-v2.txt", "report-final.txt")
    assert pair.share == pytest.approx(share(runs(REPORT), runs(changed)))
    assert library.catalog.alike_count("library") == 1
    found = library.catalog.find_documents("library", DocumentQuery(is_alike=True), order=DocumentOrder.NAME, limit=9)
    assert [record.name for record in found] == ["report-final-v2.txt", "report-final.txt"]


def test_chinese_without_spaces_is_compared_as_well(library: Library, settings: Settings, folder: Path) -> None:
    add(library, settings, folder / "a.txt", CHINESE)
    (told,) = add(library, settings, folder / "b.txt", CHINESE.replace("第20个月", "第二十个月")).alike
    assert told == "b.txt is 99 % the same as a.txt"


def test_the_same_text_in_another_format_is_wholly_the_same(library: Library, settings: Settings, folder: Path) -> None:
    add(library, settings, folder / "report.txt", REPORT)
    assert add(library, settings, folder / "copy.md", f"{REPORT}\n").alike == (
        "copy.md is 100 % the same as report.txt",
    )


def test_texts_that_share_words_only_are_not_pointed_out(library: Library, settings: Settings, folder: Path) -> None:
    add(library, settings, folder / "a.txt", "Note number 1 is about the pump.")
    assert add(library, settings, folder / "b.txt", "Note number 2 is about the pump.").alike == ()
    half = REPORT[: len(REPORT) // 2] + OTHER
    add(library, settings, folder / "c.txt", REPORT)
    assert add(library, settings, folder / "d.txt", half).alike == ()


def test_a_new_version_is_not_a_duplicate_of_the_old_one(library: Library, settings: Settings, folder: Path) -> None:
    add(library, settings, folder / "report.txt", REPORT)
    report = add(library, settings, folder / "report.txt", f"{REPORT} One more line.")
    assert (report.replaced, report.alike) == (("report.txt",), ())
    assert library.catalog.alike("library") == []


def test_a_pair_is_gone_when_both_are_wanted_or_one_is_deleted(
    library: Library, settings: Settings, folder: Path
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        add(library, settings, folder / name, f"{REPORT} And {name}.")
    assert library.catalog.alike_count("library") == 3
    pair = library.catalog.alike("library")[0]
    library.catalog.accept_alike("library", pair.document_id, pair.other_id)
    assert library.catalog.alike_count("library") == 2
    add(library, settings, folder / pair.name, (folder / pair.name).read_text())
    assert library.catalog.alike_count("library") == 2
    for record in library.catalog.documents("library"):
        compare_document(library, record.id, library.store.chunks([record.id]))
    assert library.catalog.alike_count("library") == 2
    delete_document(library, pair.document_id)
    (left,) = library.catalog.alike("library")
    assert pair.name not in (left.name, left.other_name)
    delete_document(library, left.other_id)
    assert library.catalog.alike("library") == []
    assert len(library.catalog.signatures()) == 1


def test_documents_that_came_otherwise_are_compared_later(
    library: Library, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    add(library, settings, folder / "a.txt", REPORT)
    add(library, settings, folder / "b.txt", f"{REPORT} One more line.")
    export_collection(library, tmp_path / "birds.zip")
    with Library.open(replace(settings, library=tmp_path / "other"), holder="other") as other:
        import_collection(other, tmp_path / "birds.zip", embedding_model="hashing")
        other.open_store(HashingEmbedder())
        assert len(other.catalog.without_signature("library")) == 2
        assert catch_up(other) == 2
        assert other.catalog.alike_count("library") == 1
        assert catch_up(other) == 0


def test_the_command_lists_pairs_compares_two_and_keeps_both(
    library: Library, settings: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(library, settings, folder / "a.txt", REPORT)
    add(library, settings, folder / "b.txt", REPORT.replace("hall 60", "the cellar"))
    library.close()
    assert main(["alike"]) == 0
    assert "b.txt is 99 % the same as a.txt" in capsys.readouterr().out
    assert main(["diff", "a.txt", "b.txt"]) == 0
    assert "in [-hall 60-]{+the cellar+} ran" in capsys.readouterr().out
    assert main(["alike", "--keep", "a.txt", "b.txt"]) == 0
    assert "No document is nearly the same" in capsys.readouterr().out


def test_signatures_stay_what_they_are() -> None:
    """They are kept: another way to make them needs all documents to be compared anew."""
    assert signature(runs("The pump in the hall ran all night long.")).hex()[:32] == "a535220a6964b21b4bc7ef261488fb25"


def test_an_empty_text_is_like_nothing() -> None:
    assert share(runs(""), runs("")) == 0
    assert sentence(Alike("1", "a", "2", "b", 0.9999)) == "a is 99 % the same as b"
