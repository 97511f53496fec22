"""Tables in the library folder: kept with their document, carried along, repaired, and gone when it is."""

import gzip
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docx.document import Document as WordDocument

from ingest.discovery import find_files
from ingest.examination import Fault, examine
from ingest.isolation import IsolatedReader
from ingest.pipeline import ingest
from ingest.readers import read
from ingest.repair import repair
from ingest.tables import MissingTables
from rag import tables
from rag.backup import back_up, restore
from rag.catalog import DocumentRecord
from rag.deletion import delete_document
from rag.errors import UnreadableDocument
from rag.exchange import export_collection, import_collection
from rag.library import Library
from rag.packing import PackError
from rag.settings import Settings
from tests.documents import write_old_workbook, write_word, write_workbook
from tests.fakes import HashingEmbedder

ROWS = [["Customer", "Amount"], ["Meyer", 10], ["Ito", 20]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "files"
    folder.mkdir()
    write_workbook(folder / "sales.xlsx", {"Sales": ROWS})
    (folder / "note.txt").write_text("Nothing to calculate with.")
    with Library.open(settings, holder="test") as opened:
        opened.open_store(HashingEmbedder())
        fill(opened, settings, folder)
        yield opened


def fill(library: Library, settings: Settings, *paths: Path) -> None:
    ingest(find_files(paths), library=library, embedder=HashingEmbedder(), settings=settings)


def sales(library: Library) -> DocumentRecord:
    record = library.catalog.document_named(library.collection, "sales.xlsx")
    assert record is not None
    return record


def test_a_spreadsheet_has_its_tables_and_no_other_document_has(library: Library) -> None:
    (table,) = tables.find(library.folder, sales(library).id)
    assert (table.sheet, table.values) == ("Sales", "2,Meyer,10\n3,Ito,20\n")
    assert [path.name.partition(".")[0] for path in tables.every(library.folder)] == [sales(library).id]


# Documents with tables among their sentences

NOTE = "# Sales\n\nThe list is kept by Nora.\n\n| Customer | Amount |\n|---|---:|\n| Meyer | 10 |\n| Ito | 20 |\n"
PAGE = (
    "<html><head><title>Sales</title></head><body><h1>Sales</h1><p>The list of our sales is kept by Nora.</p><table>"
    "<tr><th>Customer</th><th>Amount</th></tr><tr><td>Meyer</td><td>10</td></tr><tr><td>Ito</td><td>20</td></tr>"
    "</table></body></html>"
)


def add_documents(library: Library, settings: Settings, folder: Path) -> list[DocumentRecord]:
    """A Word document, a web page and a Markdown file with the same table."""

    def write(document: WordDocument) -> None:
        document.add_heading("Sales", 1)
        table = document.add_table(rows=0, cols=2)
        for texts in ROWS:
            for cell, text in zip(table.add_row().cells, texts, strict=True):
                cell.text = str(text)

    (folder / "page.html").write_text(PAGE)
    (folder / "note.md").write_text(NOTE)
    fill(library, settings, write_word(folder / "list.docx", write), folder / "page.html", folder / "note.md")
    found = [library.catalog.document_named(library.collection, name) for name in ("list.docx", "page.html", "note.md")]
    return [record for record in found if record is not None]


def test_documents_keep_their_tables_through_all_that_happens_to_them(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    records = add_documents(library, settings, tmp_path)
    assert len(records) == 3
    for record in records:
        (table,) = tables.find(library.folder, record.id)
        assert (table.sheet, table.values, table.place) == ("Sales", "2,Meyer,10\n3,Ito,20\n", 1)
    assert examine(library).findings == ()
    before = [tables.find(library.folder, record.id) for record in records]

    for record in records:  # as if they had been added before there were tables
        tables.remove(library.folder, record.id)
    assert {finding.fault for finding in examine(library).findings} == {Fault.TABLES_MISSING}
    MissingTables(library, settings).make()
    assert [tables.find(library.folder, record.id) for record in records] == before

    export_collection(library, tmp_path / "sales.zip")
    with Library.open(replace(settings, home=tmp_path / "other"), holder="test") as opened:
        import_collection(opened, tmp_path / "sales.zip", name="shop", embedding_model="hashing")
        assert [tables.find(opened.folder, record.id) for record in records] == before

    (tmp_path / "note.md").write_text(NOTE + "| Kim | 30 |\n")
    fill(library, settings, tmp_path / "note.md")
    assert not tables.are_kept(library.folder, records[2].id)  # a history needs none
    changed = library.catalog.document_named(library.collection, "note.md")
    assert changed is not None
    assert tables.find(library.folder, changed.id)[0].rows == 3

    for record in records[:2]:
        receipt = delete_document(library, record.id)
        assert receipt is not None
        assert any("Its tables, kept to calculate with" in line for line in receipt.lines)
        assert not tables.are_kept(library.folder, record.id)


def test_a_document_without_tables_is_looked_at_once_and_its_receipt_tells_of_none(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "plain.md").write_text("# Leave\n\nEveryone has thirty days.")
    fill(library, settings, tmp_path / "plain.md")
    record = library.catalog.document_named(library.collection, "plain.md")
    assert record is not None
    assert tables.are_kept(library.folder, record.id)
    assert tables.size(library.folder, record.id) == 0
    receipt = delete_document(library, record.id)
    assert receipt is not None
    assert not any("Its tables" in line for line in receipt.lines)
    assert not tables.are_kept(library.folder, record.id)


def test_an_old_workbook_has_its_tables(library: Library, settings: Settings, tmp_path: Path) -> None:
    fill(library, settings, write_old_workbook(tmp_path / "old.xls", {"Sales": ROWS}))
    record = library.catalog.document_named(library.collection, "old.xls")
    assert record is not None
    (table,) = tables.find(library.folder, record.id)
    assert (table.sheet, table.values) == ("Sales", "2,Meyer,10\n3,Ito,20\n")


def test_a_reader_of_its_own_gives_the_same_tables(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Sales": [*ROWS, ["Total", 30]]})
    reader = IsolatedReader()
    try:
        assert reader.read(path, max_bytes=1_000_000).tables == read(path, max_bytes=1_000_000).tables != ()
    finally:
        reader.close()


def test_a_receipt_tells_of_the_tables_and_that_they_are_gone(library: Library) -> None:
    receipt = delete_document(library, sales(library).id)
    assert receipt is not None
    assert receipt.left == ()
    assert any("Its tables, kept to calculate with" in line for line in receipt.lines)
    assert tables.every(library.folder) == []


def test_the_tables_of_a_changed_file_take_the_place_of_the_old_ones(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    write_workbook(tmp_path / "files" / "sales.xlsx", {"Sales": [*ROWS, ["Kim", 30]]})
    fill(library, settings, tmp_path / "files")
    (file,) = tables.every(library.folder)
    assert file.name.startswith(sales(library).id)
    assert tables.find(library.folder, sales(library).id)[0].rows == 3


def test_tables_are_in_a_backup(library: Library, settings: Settings, tmp_path: Path) -> None:
    identifier = sales(library).id
    back_up(library, tmp_path / "library.zip")
    other = replace(settings, home=tmp_path / "other")
    restore(tmp_path / "library.zip", other)
    assert tables.find(other.library_folder, identifier) == tables.find(library.folder, identifier) != ()


def test_tables_go_with_a_collection(library: Library, settings: Settings, tmp_path: Path) -> None:
    identifier = sales(library).id
    export_collection(library, tmp_path / "sales.zip")
    other = replace(settings, home=tmp_path / "other")
    with Library.open(other, holder="test") as opened:
        import_collection(opened, tmp_path / "sales.zip", name="shop", embedding_model="hashing")
        assert tables.find(opened.folder, identifier) == tables.find(library.folder, identifier) != ()


def test_a_collection_with_damaged_tables_is_refused_and_leaves_nothing(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (file,) = tables.every(library.folder)
    file.write_bytes(gzip.compress(b'[{"sheet": 1}]'))
    export_collection(library, tmp_path / "sales.zip")
    with Library.open(replace(settings, home=tmp_path / "other"), holder="test") as opened:
        with pytest.raises(tables.DamagedTables, match="damaged"):
            import_collection(opened, tmp_path / "sales.zip", name="shop", embedding_model="hashing")
        assert tables.every(opened.folder) == []


@pytest.mark.parametrize(
    "damage",
    [None, b"", b"no gzip", gzip.compress(b"{}x"), gzip.compress(b'[{"a": 1}]')],
    ids=["gone", "empty", "no gzip", "no JSON", "no table"],  # packed bytes hold the second in which they were packed
)
def test_missing_and_damaged_tables_are_found_and_made_again(
    library: Library, settings: Settings, damage: bytes | None
) -> None:
    before = tables.find(library.folder, sales(library).id)
    (file,) = tables.every(library.folder)
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
        with pytest.raises(tables.DamagedTables):
            tables.find(library.folder, sales(library).id)
    (finding,) = examine(library).findings
    assert "questions about its cells" in finding.text
    (mended,) = repair([finding], library=library, embedder=HashingEmbedder(), settings=settings)
    assert mended.done
    assert tables.find(library.folder, sales(library).id) == before
    assert examine(library).findings == ()


def test_tables_of_no_document_are_found_and_removed(library: Library, settings: Settings) -> None:
    tables.keep(library.folder, "ab" * 32, ())
    (finding,) = examine(library).findings
    assert "no document" in finding.text
    repair([finding], library=library, embedder=HashingEmbedder(), settings=settings)
    assert [path.name.partition(".")[0] for path in tables.every(library.folder)] == [sales(library).id]


def test_a_library_of_an_older_version_gets_its_tables(library: Library, settings: Settings) -> None:
    (file,) = tables.every(library.folder)
    before = file.read_bytes()
    file.rename(file.with_name(file.name.replace(".v1.", ".v0.")))
    assert tables.find(library.folder, sales(library).id) == ()
    MissingTables(library, settings).make()
    (made,) = tables.every(library.folder)
    assert (made, made.read_bytes()) == (file, before)


def test_what_cannot_be_read_any_more_is_not_tried_at_every_start(library: Library, settings: Settings) -> None:
    tables.remove(library.folder, sales(library).id)
    MissingTables(library, replace(settings, file_megabytes=1)).make(read_file=refuse)
    assert tables.are_kept(library.folder, sales(library).id)
    assert tables.find(library.folder, sales(library).id) == ()


def refuse(path: Path, **_: object) -> None:
    raise UnreadableDocument(path.name, "its reader made no progress", "Split it.")


def test_a_document_deleted_while_it_is_read_leaves_no_tables(library: Library, settings: Settings) -> None:
    tables.remove(library.folder, sales(library).id)

    def read_slowly(path: Path, **options: object) -> object:
        document = read(path, **options)  # type: ignore[arg-type]
        delete_document(library, sales(library).id)
        return document

    MissingTables(library, settings).make(read_file=read_slowly)  # type: ignore[arg-type]
    assert tables.every(library.folder) == []


def test_a_foreign_table_in_a_pack_is_refused(library: Library, tmp_path: Path, settings: Settings) -> None:
    tables.keep(library.folder, "ab" * 32, ())
    export_collection(library, tmp_path / "sales.zip")
    with zipfile.ZipFile(tmp_path / "sales.zip", "a") as archive:
        archive.writestr(f"tables/{'ab' * 32}.v1.json.gz", b"")
    with Library.open(replace(settings, home=tmp_path / "other"), holder="test") as opened, pytest.raises(PackError):
        import_collection(opened, tmp_path / "sales.zip", name="shop", embedding_model="hashing")
