"""The library page, headless, with fakes for the models and the real library under it."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from ingest.queue import IngestQueue
from ingest.snapshot import QueueSnapshot
from rag.assistant import Assistant
from rag.catalog import DocumentOrder, Embedded, QueueState
from rag.collections import create_collection, move_documents
from rag.deletion import delete_document
from rag.errors import FootnoteError
from rag.library import Library
from rag.settings import Settings, load_settings
from tests.documents import write_encrypted_pdf
from tests.fakes import HashingEmbedder
from tests.page import APP, Page, button, html_of, library_page, unescaped
from ui.parts.queue import headline


def test_the_library_page_lists_documents_and_failures(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave.")
    (page.samples / "empty.txt").write_text("")
    at = page.open_library()
    assert list(at.dataframe[0].value["Name"]) == ["leave.txt"]
    assert "empty.txt" in unescaped(at.error[0].value)
    assert "1 added" in at.markdown[0].value
    (page.samples / "empty.txt").write_text("Now there is something in it.")
    next(button for button in at.button if (button.key or "").startswith("retry-")).click().run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert sorted(at.dataframe[0].value["Name"]) == ["empty.txt", "leave.txt"]
    assert not at.error
    assert not at.exception


def test_no_samples_come_into_a_library_that_was_filled_in_the_terminal(page: Page, tmp_path: Path) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave.")
    own = tmp_path / "terns.txt"
    own.write_text("About terns.")
    settings = load_settings()
    with Library.open(settings, holder="test") as library:
        library.open_store(HashingEmbedder())
        ingest(find_files([own]), library=library, embedder=HashingEmbedder(), settings=settings)
    at = page.open_library()
    assert list(at.dataframe[0].value["Name"]) == ["terns.txt"]
    assert not at.exception


def test_uploads_are_added_and_a_locked_one_asks_for_its_password(page: Page, tmp_path: Path) -> None:
    locked = write_encrypted_pdf(tmp_path / "locked.pdf", "A page about herons.", "heron").read_bytes()
    at = page.open_library()
    assert "No documents yet" in at.info[0].value
    uploader = at.file_uploader[0]
    uploader.set_value([("terns.txt", b"About terns.", "text/plain"), ("locked.pdf", locked, "application/pdf")]).run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert list(at.dataframe[0].value["Name"]) == ["terns.txt"]
    shown = unescaped(" ".join(element.value for element in (*at.markdown, *at.caption, *at.error, *at.warning)))
    assert "it is locked with a password. Give its password" in shown
    assert "--password" not in shown
    next(field for field in at.text_input if field.label == "Password").set_value("heron")
    next(button for button in at.button if button.label == "Open").click().run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert sorted(at.dataframe[0].value["Name"]) == ["locked.pdf", "terns.txt"]
    assert "Password" not in [field.label for field in at.text_input]
    assert not at.exception


@pytest.mark.parametrize("tags", [[], ["annual reports"]])
def test_the_table_is_as_wide_as_the_page_and_names_the_state_first(page: Page, tags: list[str]) -> None:
    (page.samples / "terns.txt").write_text("About terns.")
    at = page.open_library()
    page.engine.library.catalog.tag("library", [page.engine.library.document("terns.txt").id], tags)
    table = at.run().dataframe[0].proto
    widths = {name: column["width"] for name, column in json.loads(table.columns).items() if "width" in column}
    assert list(table.column_order)[:2] == ["Name", "State"]
    assert sum(widths[name] for name in table.column_order) <= 704 - 34  # on a screen of 1,200 pixels, without ticks
    assert widths["Name"] + widths["State"] <= 368 - 34  # on one of 400
    assert widths["State"] >= 110  # "By words, 100%"
    assert not at.exception


@pytest.mark.slow
def test_the_library_is_searched_and_shown_fifty_at_a_time(page: Page) -> None:
    for number in range(53):
        (page.samples / f"note {number:02}.txt").write_text(f"Note number {number}.")
    at = page.open_library()
    assert len(at.dataframe[0].value) == 50
    assert any(text.value == "1 to 50 of 53" for text in at.markdown)
    at.selectbox(key="documents-order").select(DocumentOrder.NAME).run()
    button(at, "Next").click().run()
    assert list(at.dataframe[0].value["Name"]) == ["note 50.txt", "note 51.txt", "note 52.txt"]
    at.text_input(key="documents-words").set_value("NOTE 51").run()
    assert list(at.dataframe[0].value["Name"]) == ["note 51.txt"]
    at.text_input(key="documents-words").set_value("nothing of this name").run()
    assert at.info[0].value == "No document matches."
    at.text_input(key="documents-words").set_value("").run()
    at.selectbox(key="documents-state").select("With gaps").run()
    assert not at.dataframe
    assert not at.exception


def choose(at: AppTest, **selection: list[object]) -> AppTest:
    """Rows, heads or cells of the table of documents."""
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": [], "columns": [], "cells": [], **selection}}
    return at.run()


def test_ticks_stay_with_their_documents_while_others_are_added(page: Page) -> None:
    (page.samples / "gulls.txt").write_text("About gulls.")
    (page.samples / "terns.txt").write_text("About terns.")
    at = page.open_library()
    row = list(at.dataframe[0].value["Name"]).index("gulls.txt")
    choose(at, rows=[row])
    at.file_uploader[0].set_value([("auks.txt", b"About auks.", "text/plain")]).run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert at.dataframe[0].value["Name"][0] == "auks.txt"
    assert button(at, "Ask only 1 document")
    row = list(at.dataframe[0].value["Name"]).index("gulls.txt")
    assert json.loads(at.dataframe[0].proto.selection_default)["selection"]["rows"] == [row]
    delete_document(page.engine.library, page.engine.library.document("gulls.txt").id)
    at.run()
    assert not any(one.label.startswith(("Ask only", "Delete")) for one in at.button)
    assert not at.exception


@pytest.mark.slow
def test_a_click_on_a_head_orders_all_documents_and_not_those_on_the_screen(page: Page) -> None:
    for number in range(53):
        (page.samples / f"note {number:02}.txt").write_text("word " * (number * 7 % 53 + 1))
    at = page.open_library()
    choose(at, columns=["Size"])
    assert list(at.dataframe[0].value["Size"])[:2] == [53 * 5, 52 * 5]
    assert at.selectbox(key="documents-order").value == DocumentOrder.LARGEST
    choose(at, columns=["Size"])
    assert list(at.dataframe[0].value["Size"])[:2] == [5, 10]
    choose(at, columns=["Name"])
    choose(at, columns=["Name"])
    assert at.dataframe[0].value["Name"][0] == "note 52.txt"
    assert not at.exception


def test_documents_of_one_format_are_shown(page: Page) -> None:
    (page.samples / "gulls.txt").write_text("About gulls.")
    at = page.open_library()
    assert not at.button_group
    at.file_uploader[0].set_value([("terns.md", b"About terns.", "text/markdown")]).run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    at.button_group(key="documents-ending").select(".md").run()
    assert list(at.dataframe[0].value["Name"]) == ["terns.md"]
    delete_document(page.engine.library, page.engine.library.document("terns.md").id)
    at.run()
    assert list(at.dataframe[0].value["Name"]) == ["gulls.txt"]
    assert not at.exception


def test_an_upload_of_a_known_name_asks_whether_to_replace(page: Page) -> None:
    at = page.open_library()
    for text in (b"The report of March.", b"The report of April.", b"The report of May."):
        at.file_uploader[0].set_value([("report.txt", text, "text/plain")]).run()
        page.wait(lambda: not page.engine.queue.snapshot().is_open)
        at.run()
    assert list(at.dataframe[0].value["Name"]) == ["report.txt"]
    assert "another document of this name" in unescaped(at.markdown[1].value)
    button(at, "Keep both").click().run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    button(at, "Replace it").click().run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert sorted(at.dataframe[0].value["Name"]) == ["report (2).txt", "report.txt"]
    assert not at.exception


def test_a_file_that_waits_can_be_read_next(page: Page) -> None:
    at = page.open_library()
    queue = page.engine.queue
    queue.pause()
    for name in ("a.txt", "b.txt", "c.txt"):
        queue.receive(name, f"About {name}.".encode())
    at.run()
    (last,) = [file for file in queue.snapshot().files if file.name == "c.txt"]
    at.selectbox(key="queue-next").select(last.id).run()
    waiting = [file.name for file in queue.snapshot().files if file.state is QueueState.WAITING]
    assert waiting == ["c.txt", "a.txt", "b.txt"]
    assert at.selectbox(key="queue-next").value is None
    queue.resume()
    page.wait(lambda: not queue.snapshot().is_open)
    assert not at.exception


def test_a_file_that_waits_can_be_left_out(page: Page) -> None:
    at = page.open_library()
    queue = page.engine.queue
    queue.pause()
    for name in ("a.txt", "b.txt"):
        queue.receive(name, f"About {name}.".encode())
    at.run()
    (first,) = [file for file in queue.snapshot().files if file.name == "a.txt"]
    at.selectbox(key="queue-out").select(first.id).run()
    assert [file.name for file in queue.snapshot().files] == ["b.txt"]
    keys = [box.key or "" for box in at.selectbox]
    assert not any(key.startswith("queue-") for key in keys)  # "Cancel" drops the last one
    queue.resume()
    page.wait(lambda: not queue.snapshot().is_open)
    assert not at.exception


def test_a_failed_file_can_be_left_out(page: Page) -> None:
    (page.samples / "empty.txt").write_text("")
    at = page.open_library()
    button(at, "Leave it out").click().run()
    assert not at.error
    assert page.engine.queue.snapshot().files == ()


def test_what_cannot_be_read_is_named_beside_what_can(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_FILE_MEGABYTES", "1")
    at = page.open_library()
    at.file_uploader[0].set_value(
        [
            ("terns.txt", b"About terns.", "text/plain"),
            ("film.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"),
            ("large.txt", b"word " * 300_000, "text/plain"),
        ]
    ).run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert list(at.dataframe[0].value["Name"]) == ["terns.txt"]
    film, large = (unescaped(error.value) for error in at.error)
    assert film.startswith("film.mp4: files ending in .mp4 are not supported. Save it as")
    assert "FOOTNOTE_FILE_MEGABYTES" in large
    assert not at.exception


def test_a_click_is_not_lost_when_a_file_is_done_meanwhile(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.open()
    queue = page.engine.queue
    queue.pause()
    queue.receive("terns.txt", b"About terns.")
    done, snapshot = itertools.count(), queue.snapshot

    def moving() -> QueueSnapshot:
        """Another file is done at each of the first looks."""
        return replace(snapshot(), batch={QueueState.WAITING: 9, QueueState.ADDED: min(next(done), 7)})

    at = AppTest.from_function(library_page, default_timeout=30).run()
    with monkeypatch.context() as patched:
        patched.setattr(queue, "snapshot", moving)
        button(at, "Go on").click().run()
    page.wait(lambda: not queue.snapshot().is_open)


def test_a_watched_folder_of_another_collection_is_followed_and_shown(page: Page, tmp_path: Path) -> None:
    folder = (tmp_path / "birds").resolve()
    folder.mkdir()
    (folder / "terns.txt").write_text("Terns dive.")
    page.open()
    library = page.engine.library
    made = create_collection(library, "Sea birds")
    library.catalog.watch(made.name, str(folder))
    watcher = page.engine.watcher
    assert watcher is not None
    watcher.refresh()
    page.wait(lambda: (made.name, str(folder)) in watcher.other_results)
    at = AppTest.from_function(library_page, default_timeout=30).run()
    (line,) = (text.value for text in at.markdown if "in Sea birds" in unescaped(text.value))
    assert "1 file followed" in line
    assert library.catalog.document_named(made.name, "terns.txt") is not None
    assert not at.exception


def test_a_name_that_the_browser_quoted_is_read_as_it_was(page: Page) -> None:
    at = page.open_library()
    at.file_uploader[0].set_value([("a %22b%22 %0A 🦉.txt", b"About owls.", "text/plain")]).run()
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at.run()
    assert list(at.dataframe[0].value["Name"]) == ['a "b" 🦉.txt']


def test_a_deletion_leaves_a_receipt_that_can_be_closed(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over.")
    page.open()
    library = page.engine.library
    at = AppTest.from_function(library_page, default_timeout=30)
    at.session_state["receipts"] = [delete_document(library, library.catalog.documents("library")[0].id)]
    at.run()
    shown = unescaped("\n".join(element.value for element in at.markdown))
    assert "Deleted: 1 document" in shown
    assert "1 passage with vectors: deleted." in shown
    assert "none answers any more" in shown
    button(at, "Close").click().run()
    assert not any("Deleted: 1" in element.value for element in at.markdown)
    assert not at.exception


def test_collections_are_made_opened_and_asked_on_their_own(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.open()
    at = AppTest.from_function(library_page, default_timeout=30).run()
    made = create_collection(page.engine.library, "Sea birds", "salt")
    library = page.engine.library
    move_documents(library, [library.document("leave.txt")], made)
    at.run()
    next(box for box in at.selectbox if box.label == "Collection").select("sea_birds").run()
    assert page.engine.settings.collection == "sea_birds"
    assert "1 document" in [heading.value for heading in at.subheader]
    assert "salt" in [caption.value for caption in at.caption]
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    page.test.run()
    page.ask("How many days of leave carry over?")
    assert "<mark>Six days of leave carry over until 31 March.</mark>" in page.html()
    library.catalog.claim_collection("other", embedding_model="another", dimension=64)
    at.run()
    next(box for box in at.selectbox if box.label == "Collection").select("other").run()
    assert "built with another" in unescaped(at.error[0].value)
    assert page.engine.settings.collection == "sea_birds"
    assert not at.exception


def test_a_collection_is_asked_by_settings_of_its_own_at_once(page: Page) -> None:
    for month in ("March", "April", "May", "June"):
        (page.samples / f"{month}.txt").write_text(f"Six days of leave carry over until 31 {month}.")
    page.open()
    engine = page.engine
    page.wait(lambda: engine.is_idle)
    collection = engine.library.catalog.collection("library")
    assert collection is not None
    engine.give_settings(collection, {"top_k": "2"})
    with pytest.raises(FootnoteError, match="top_k is 0, but must be at least 1"):
        engine.give_settings(collection, {"top_k": "0"})
    assert engine.settings.top_k == Settings().top_k  # those of the program stay
    assert engine.assistant is not None
    page.generator.replies = ["Six days of leave [1]."]
    reply = engine.assistant.ask("How many days of leave carry over?")
    assert "".join(reply)
    assert len({hit.chunk.id for hit in (*reply.answer.used, *reply.answer.dropped)}) == 2


def test_tags_are_edited_and_choose_what_is_shown_and_asked(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (page.samples / "lunch.txt").write_text("Lunch for guests costs six euros in March.")
    page.open()
    library = page.engine.library
    at = AppTest.from_function(library_page, default_timeout=30)
    at.query_params["document"] = library.document("leave.txt").id
    at.run()
    tags = next(field for field in at.multiselect if field.label == "Tags")
    tags.set_value(["staff"]).run()
    assert library.document("leave.txt").tags == ("staff",)
    at = AppTest.from_function(library_page, default_timeout=30).run()
    at.multiselect(key="documents-tags").select("staff").run()
    assert list(at.dataframe[0].value["Name"]) == ["leave.txt"]
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    page.test.run()
    page.test.multiselect(key="asked-tags").select("staff").run()
    page.ask("What carries over until March?")
    (conversation,) = library.catalog.conversations()
    used = library.catalog.answers(conversation.id)[0]["used"]
    assert {entry["chunk"]["document_name"] for entry in used} == {"leave.txt"}
    assert not page.test.exception
    assert not at.exception


def test_a_watched_folder_is_followed_and_can_be_let_go(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[Assistant] = []
    monkeypatch.setattr(Assistant, "forget", lambda assistant: forgotten.append(assistant))
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "leave.txt").write_text("Six days of leave carry over.")
    page.open()
    at = AppTest.from_function(library_page, default_timeout=30).run()
    at.text_input(key="watch-path-0").set_value(str(tmp_path / "nothing"))
    button(at, "Watch").click().run()
    assert "is no folder" in unescaped(at.error[0].value)
    at.text_input(key="watch-path-0").set_value(str(folder))
    button(at, "Watch").click().run()
    library = page.engine.library
    page.wait(lambda: [entry.name for entry in library.catalog.documents("library")] == ["leave.txt"])
    watcher = page.engine.watcher
    assert watcher is not None
    page.wait(lambda: str(folder) in watcher.results)
    at.run()
    assert any("1 file followed" in unescaped(element.value) for element in at.markdown)
    (folder / "leave.txt").rename(folder / "holidays.txt")
    page.wait(lambda: [entry.name for entry in library.catalog.documents("library")] == ["holidays.txt"])
    assert not forgotten
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "sick.txt").write_text("A note is needed on day four.")
    page.wait(lambda: watcher.results[str(folder)].files == 3)
    (folder / "holidays.txt").unlink()
    page.wait(lambda: watcher.results[str(folder)].left == ("holidays.txt",))
    assert forgotten == [page.engine.assistant], "what the models keep of its text"
    at.run()
    (line,) = (unescaped(element.value) for element in at.markdown if str(folder) in unescaped(element.value))
    assert "1 file followed, 1 more could not be added" in line
    assert line.endswith(": holidays.txt")
    button(at, "Stop watching").click().run()
    assert library.catalog.watched("library") == []
    assert not at.exception


def test_a_page_of_this_machine_is_not_fetched_unless_it_is_allowed(page: Page) -> None:
    at = page.open_library()
    field = next(field for field in at.text_input if field.label == "Address")
    field.set_value("http://127.0.0.1:9/secret")
    button(at, "Fetch and add").click().run()
    assert "FOOTNOTE_PRIVATE_ADDRESSES" in unescaped(at.error[0].value)
    assert not at.exception


def test_a_changed_file_says_how_much_of_it_was_embedded_anew(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave.")
    page.open()
    (page.samples / "leave.txt").write_text("Nine days of leave.")
    page.engine.queue.put(find_files([page.samples]))
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    at = AppTest.from_function(library_page, default_timeout=30).run()
    assert any("leave.txt: 1 of 1 passage embedded anew" in unescaped(caption.value) for caption in at.caption)
    assert not at.exception


def test_a_deletion_asks_whether_quotes_are_to_go_as_well(page: Page) -> None:
    (page.samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    page.generator.replies = ["Six days of leave carry over until 31 March [1]."]
    page.open()
    page.ask("How many days of leave carry over?")
    at = AppTest.from_function(library_page, default_timeout=30)
    at.query_params["document"] = page.engine.library.document("leave.txt").id
    at.run()
    at.button(key="delete-document").click().run()
    assert "“How many days of leave carry over?”" in unescaped("".join(element.value for element in at.markdown))
    assert not at.checkbox(key="delete-quotes").value
    delete_document(page.engine.library, page.engine.library.document("leave.txt").id, quotes=True)
    page.test.run()
    assert "A sentence was taken out here" in page.html()
    assert not page.test.exception
    assert not at.exception


def test_nearly_equal_documents_are_pointed_out_until_both_are_wanted(page: Page) -> None:
    lines = [f"In month {number} the pump ran for {number * 7} hours." for number in range(60)]
    (page.samples / "report.txt").write_text("\n".join(lines))
    (page.samples / "report_v2.txt").write_text("\n".join([*lines, "And <b>that</b> was all."]))
    at = page.open_library()
    assert any("report_v2.txt is 99 % the same as report.txt" in unescaped(text.value) for text in at.caption)
    assert "Nearly the same: 1 pair" in [expander.label for expander in at.expander]
    button(at, "What differs").click().run()
    assert "<ins>And &lt;b&gt;that&lt;/b&gt; was all.</ins>" in html_of(at)
    record = page.engine.library.document("report_v2.txt")
    own = AppTest.from_function(library_page, default_timeout=30)
    own.query_params["document"] = record.id
    own.run()
    assert any("99 % the same as report.txt" in unescaped(text.value) for text in own.markdown)
    assert not own.exception
    button(at, "Delete report\\_v2\\.txt").click().run()
    assert "It leaves the answers at once" in "".join(text.value for text in at.markdown)
    at.run()
    button(at, "Keep both").click().run()
    assert not any(expander.label.startswith("Nearly") for expander in at.expander)
    assert not at.exception


def restarted(page: Page) -> AppTest:
    """The page of a process that begins anew."""
    page.engine.close()
    st.cache_resource.clear()
    page.test = AppTest.from_file(APP, default_timeout=30)
    return page.open()


def test_the_chosen_collection_is_open_again_after_a_restart(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.open()
    create_collection(page.engine.library, "Sea birds")
    page.engine.switch("sea_birds")
    assert not restarted(page).exception
    assert page.engine.settings.collection == page.engine.library.collection == "sea_birds"
    page.engine.queue.receive("terns.txt", b"About terns.")
    page.wait(lambda: page.engine.library.catalog.document_named("sea_birds", "terns.txt") is not None)
    page.wait(lambda: not page.engine.queue.snapshot().is_open)
    monkeypatch.setenv("FOOTNOTE_COLLECTION", "library")
    restarted(page)
    assert page.engine.settings.collection == "library"


def test_a_chosen_collection_of_another_model_gives_way_to_that_of_the_settings(page: Page) -> None:
    page.open()
    catalog = page.engine.library.catalog
    catalog.claim_collection("other", embedding_model="another", dimension=64)
    catalog.note_opened("other")
    assert not restarted(page).exception
    assert page.engine.settings.collection == page.engine.library.collection == "library"
    assert page.engine.state.can_answer


def test_a_file_that_waits_for_a_word_is_not_done(page: Page) -> None:
    page.open()
    batch = {QueueState.ADDED: 1, QueueState.NAMESAKE: 1, QueueState.WAITING: 1}
    snapshot = QueueSnapshot((), batch, batch, {}, Embedded(0, 0), None, 0.5, None, paused=False, stopping=False)
    assert headline(page.engine, snapshot) == "1 of 3 files done · 1 waits for your word"


def test_a_paused_queue_says_so_before_the_models_are_loaded(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.open()
    monkeypatch.setattr(IngestQueue, "is_started", False)
    batch = {QueueState.WAITING: 1}
    snapshot = QueueSnapshot((), batch, batch, {}, Embedded(0, 0), None, 0.5, None, paused=True, stopping=False)
    assert headline(page.engine, snapshot) == "0 of 1 file done · paused"


def test_why_a_collection_cannot_be_opened_stays_while_the_page_is_drawn_anew(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = page.open_library()
    create_collection(page.engine.library, "Sea birds")
    at.run()

    def refuse(collection: str) -> None:
        raise FootnoteError(f"{collection} is damaged.")

    monkeypatch.setattr(page.engine, "switch", refuse)
    at.selectbox(key="open-collection").select("sea_birds").run()
    at.run()
    assert unescaped(at.error[0].value) == "sea_birds is damaged."
    monkeypatch.setattr("ui.parts.collections._TOLD", -1.0)
    at.selectbox(key="open-collection").select("sea_birds").run()
    assert not at.error
    assert not at.exception
