"""The whole way in a real browser: upload a PDF, ask, see the cited page. Real models, nothing faked."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ingest.pipeline import SAMPLES
from rag.library import Library
from rag.settings import load_settings
from tests.documents import write_pdf

ROOT = Path(__file__).parents[1]
BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
PAGES = [
    "Grey herons stand still for hours beside rivers and lakes. They eat fish, frogs and voles.",
    "The grey heron nests high in trees. It lays three to five eggs in March, and both parents sit on them.",
    "In hard winters many herons move south, some of them as far as West Africa.",
]
SECONDS = 1_000  # milliseconds
expect.set_options(timeout=30 * SECONDS)  # a busy machine draws slowly
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not BROWSER and "CI" not in os.environ, reason="no Chromium: install it, for example apt install chromium"
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real app with the real models on an empty library that does not want the samples."""
    folder = tmp_path_factory.mktemp("browser")
    with Library.open(load_settings(library=folder / "library"), holder="test") as library:
        library.catalog.mark(SAMPLES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "app.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, "FOOTNOTE_LIBRARY": str(folder / "library")},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, folder / "app.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
    assert "Traceback" not in (folder / "app.log").read_text()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must reach nothing but this machine."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.set_default_timeout(60 * SECONDS)
    hosts: set[str | None] = set()
    opened.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    yield opened
    opened.close()
    assert hosts <= {"127.0.0.1", "localhost", None}


def test_upload_ask_and_see_the_cited_page(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/library")
    expect(page.get_by_text("No documents yet")).to_be_visible(timeout=60 * SECONDS)
    page.locator("input[type=file]").set_input_files(
        [write_pdf(tmp_path / "herons.pdf", PAGES), _broken(tmp_path / "broken.pdf")]
    )
    expect(page.get_by_text("1 added")).to_be_visible(timeout=120 * SECONDS)
    expect(page.get_by_text("broken.pdf: it is damaged or not a PDF")).to_be_visible()
    expect(page.get_by_role("heading", name="1 document")).to_be_visible()

    page.get_by_role("link", name="Ask").click()
    expect(page.get_by_text("Ready ·")).to_be_visible(timeout=120 * SECONDS)
    question = page.get_by_placeholder("Ask your documents")
    expect(question).to_be_focused()
    question.fill("How many eggs does the grey heron lay?")
    question.press("Enter")
    expect(page.get_by_text("Answered in")).to_be_visible(timeout=180 * SECONDS)
    source = page.locator(".source").first
    expect(source.locator(".place")).to_have_text("1 · herons.pdf, p. 2")
    expect(source.locator("mark").first).to_contain_text("three to five eggs")
    answer = page.get_by_test_id("stChatMessage").nth(1)
    expect(answer).to_contain_text("three to five")
    expect(answer.locator(".footnote").first).to_have_text("1")
    answer.locator("a.footnote").first.click()
    expect(page.locator("[id^=source-]:target .place")).to_have_text("1 · herons.pdf, p. 2")

    page.get_by_role("button", name="Show page").first.click()
    picture = page.get_by_role("img", name="Page 2 of herons.pdf")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 1_000
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("img", name="Page 3 of herons.pdf")).to_be_visible()
    page.get_by_role("button", name="Previous").click()
    expect(picture).to_be_visible(timeout=30 * SECONDS)
    page.get_by_text("Text", exact=True).click()
    expect(page.locator(".sheet mark").first).to_contain_text("three to five eggs")
    with page.expect_download() as download:
        page.get_by_role("button", name="Original").click()
    assert download.value.suggested_filename == "herons.pdf"
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(answer).to_contain_text("three to five")

    page.get_by_role("button", name="Edit question").click()
    page.get_by_role("textbox", name="Question").fill("Where do grey herons nest?")
    page.get_by_role("dialog").get_by_role("button", name="Ask", exact=True).click()
    expect(answer).to_contain_text("trees", timeout=180 * SECONDS)
    expect(page.get_by_text("Answered in")).to_be_visible(timeout=180 * SECONDS)
    expect(page.get_by_test_id("stChatMessage")).to_have_count(2)

    page.get_by_test_id("stSidebar").get_by_test_id("stMenuButton").click()
    page.get_by_text("Rename", exact=True).click()
    page.get_by_role("dialog").get_by_label("Name").fill("Birds")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    title = page.get_by_test_id("stSidebar").get_by_role("button", name="Birds")
    expect(title).to_be_visible()
    expect(title).to_have_css("justify-content", "flex-start")  # short and long ones begin at the same place

    page.set_viewport_size({"width": 1200, "height": 500})  # the first answer fills it
    question.fill("Where do many herons go in hard winters?")
    question.press("Enter")
    second = page.get_by_test_id("stChatMessage").nth(2)
    expect(second).to_be_in_viewport()
    expect(page.get_by_text("Answered in")).to_have_count(2, timeout=180 * SECONDS)
    page.wait_for_timeout(SECONDS)
    expect(second).to_be_in_viewport()

    page.reload()  # the conversation is kept
    page.get_by_test_id("stSidebar").get_by_role("button", name="Birds").click()
    expect(page.locator(".source .place").first).to_have_text("1 · herons.pdf, p. 2")


def test_a_document_is_opened_from_the_table_and_deleted(page: Page, address: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1200, "height": 1400})
    page.goto(f"{address}/library")
    expect(page.get_by_text("Ready ·")).to_be_visible(timeout=120 * SECONDS)
    page.locator("input[type=file]").set_input_files(write_pdf(tmp_path / "owls.pdf", ["Owls hunt at night."]))
    expect(page.get_by_text("1 added")).to_be_visible(timeout=60 * SECONDS)
    page.get_by_label("Search by name").fill("OWLS")
    page.get_by_label("Search by name").press("Enter")
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("td", has_text="owls.pdf")).to_be_attached()
    expect(table.locator("td", has_text="herons.pdf")).not_to_be_attached()
    table.click(position={"x": 120, "y": 50})
    expect(page.get_by_role("heading", name="owls.pdf")).to_be_visible()
    expect(page.get_by_role("img", name="Page 1 of owls.pdf")).to_be_visible()
    document = page.url
    assert "document=" in document
    page.get_by_role("button", name="Ask only this document").click()
    expect(page.get_by_role("heading", name="Ask your documents")).to_be_visible()
    expect(page.get_by_test_id("stMultiSelect")).to_contain_text("owls.pdf")
    page.goto(document)
    for _ in range(2):  # there and back, at either address of the page
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Library").click()
        expect(page.get_by_label("Search by name")).to_be_visible()
        expect(table.locator("td", has_text="owls.pdf")).to_be_attached()
        table.click(position={"x": 120, "y": 50})
        expect(page.get_by_role("heading", name="owls.pdf", exact=True)).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Library").click()
    expect(page.get_by_label("Search by name")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="owls.pdf", exact=True)).to_be_visible()
    page.get_by_role("button", name="All documents").click()
    expect(page.get_by_label("Search by name")).to_be_visible()
    page.goto(document)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).not_to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    expect(page.get_by_role("heading", name="owls.pdf")).not_to_be_visible()
    expect(page.get_by_text("none answers any more")).to_be_visible()


@pytest.mark.parametrize("place", ["", "library"])
def test_a_narrow_window_shows_everything(page: Page, address: str, place: str) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(f"{address}/{place}")
    expect(page.get_by_role("heading").first).to_be_visible()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0


def _broken(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.7 and then nothing")
    return path
