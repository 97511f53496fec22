"""The settings page, headless, with fakes for the models and the real library under it."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.collections import create_collection
from rag.deletion import delete_document
from tests.fakes import HashingEmbedder
from tests.page import Page, button, settings_page, unescaped
from ui.parts.backups import _restore


def test_the_settings_page_tells_what_is_loaded_and_where_data_lies(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave.")
    page.open()
    at = AppTest.from_function(settings_page, default_timeout=60).run()
    text = unescaped(" ".join(element.value for element in (*at.markdown, *at.caption)))
    assert "all-mpnet-base-v2" in text
    assert "Search: 1 passage, exact" in text
    assert "0 outbound connections configured" in text
    sizes = at.dataframe[0].value.set_index("What")
    assert sizes.loc["Copies of the documents", "Size"] == "18 B"
    settings = at.dataframe[1].value.set_index("Setting")
    assert tuple(settings.loc["minimum_score", ["Value", "From"]]) == ("0.1", "FOOTNOTE_MINIMUM_SCORE")
    assert settings.loc["top_k", "From"] == "default"
    assert not at.exception


def test_the_settings_page_finds_what_is_missing_and_repairs_it(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.open()
    at = AppTest.from_function(settings_page, default_timeout=30).run()
    button(at, "Check the library").click().run()
    assert "All is well: 1 document" in at.success[0].value
    library = page.engine.library
    library.store.delete_document(library.catalog.documents("library")[0].id)
    button(at, "Check the library").click().run()
    assert "leave.txt lacks 1 of its passages" in unescaped(at.warning[0].value)
    button(at, "Repair").click().run()
    assert "All is well" in at.success[0].value
    assert any("was read again" in unescaped(element.value) for element in at.markdown)
    assert library.store.count() == 1
    assert not at.exception


def test_the_check_looks_at_every_collection_and_repairs_where_the_fault_is(page: Page, tmp_path: Path) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (tmp_path / "gulls.txt").write_text("Gulls follow the plough.")
    page.open()
    engine, library = page.engine, page.engine.library
    create_collection(library, "Sea birds")
    with library.other("sea_birds", HashingEmbedder()) as birds:
        settings = replace(engine.settings, collection="sea_birds")
        ingest(find_files([tmp_path / "gulls.txt"]), library=birds, embedder=HashingEmbedder(), settings=settings)
    at = AppTest.from_function(settings_page, default_timeout=30).run()
    button(at, "Check the library").click().run()
    assert "All is well: 2 documents, 2 passages in 2 collections." in at.success[0].value
    with library.other("sea_birds") as birds:
        birds.store.delete_document(birds.document("gulls.txt").id)
    library.store.delete_document(library.document("leave.txt").id)
    (library.folder / "unpacked").mkdir()
    button(at, "Check the library").click().run()
    told = unescaped(at.warning[0].value)
    assert "library: leave.txt lacks 1 of its passages" in told
    assert "Sea birds: gulls.txt lacks 1 of its passages" in told
    assert told.count("- unpacked is a file that was half written.") == 1
    button(at, "Repair").click().run()
    assert "All is well" in at.success[0].value
    done = [unescaped(element.value) for element in at.markdown]
    assert any("Sea birds: gulls.txt was read again" in text for text in done)
    with library.other("sea_birds") as birds:
        assert birds.store.count() == 1
    assert library.store.count() == 1
    assert not at.exception


def test_a_collection_that_cannot_be_looked_at_is_named_beside_what_is_found_in_others(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.open()
    library = page.engine.library
    create_collection(library, "Sea birds")
    with library.other("sea_birds", HashingEmbedder()):
        at = AppTest.from_function(settings_page, default_timeout=30).run()
        monkeypatch.setattr("rag.library._PATIENCE", 0.01)
        button(at, "Check the library").click().run()
        assert unescaped(at.error[0].value).startswith("Collection Sea birds: Another collection is in use")
        assert "All is well: 1 document, 1 passage in 1 collection." in at.success[0].value
        library.store.delete_document(library.document("leave.txt").id)
        button(at, "Check the library").click().run()
        assert "Sea birds" in at.error[0].value
        assert "library: leave.txt lacks 1 of its passages" in unescaped(at.warning[0].value)
        button(at, "Repair").click().run()
    assert library.store.count() == 1
    assert not at.exception


def test_a_backup_is_written_and_put_in_the_place_of_the_library(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.open()
    at = AppTest.from_function(settings_page, default_timeout=30).run()
    button(at, "Back up now").click().run()
    assert "1 document, 1 passage" in unescaped(at.success[0].value)
    (backup,) = page.engine.settings.backups_folder.iterdir()
    library = page.engine.library
    delete_document(library, library.catalog.documents("library")[0].id)
    button(at, "Restore…").click().run()
    assert at.selectbox[0].value == backup
    _restore(page.engine, backup)
    page.open()
    assert [document.name for document in page.engine.library.catalog.documents("library")] == ["leave.txt"]
    assert page.engine.library is not library
    assert [folder.name for folder in page.engine.settings.home.glob("library until *")]
    assert not at.exception


def test_a_purge_in_the_page_leaves_the_library_as_it_is(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (page.samples / "gone.txt").write_text("This one goes.")
    page.open()
    library = page.engine.library
    delete_document(library, library.document("gone.txt").id)
    at = AppTest.from_function(settings_page, default_timeout=30).run()
    button(at, "Purge").click().run()
    assert "Nothing of deleted documents is left" in at.success[0].value
    assert library.store.count() == 1
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    page.test.run()
    page.ask("How many days of leave carry over?")
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    assert not at.exception
