"""The real models on the real samples, and the page in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import find_files, ingest
from rag.build import build_assistant, load_embedder, load_generator
from rag.library import Library
from rag.settings import load_settings
from rag.types import Finish

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.model


def test_real_models_answer_from_the_samples_with_citations(tmp_path: Path) -> None:
    settings = load_settings(library=tmp_path / "library")
    with Library.open(settings, holder="test") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        report = ingest(find_files([ROOT / "samples"]), library=library, embedder=embedder, settings=settings)
        assert (len(report.added), report.failed) == (6, ())
        assistant = build_assistant(library, embedder, load_generator(settings), settings)
        answer = assistant.answer("Who is responsible for the trade fair in Bremen?")
        assert "Paul Brandt" in answer.text
        assert answer.citations[0].hit.chunk.document_name == "meeting-notes.txt"
        answer = assistant.answer("What does a slowly blinking amber LED mean?")
        assert "20 percent" in answer.text
        assert answer.citations[0].hit.chunk.label == "skua-4-manual.pdf, p. 6"
        assert assistant.answer("xyzzy plugh qwfp").finish in (Finish.NOTHING_NEAR, Finish.REFUSED)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "FOOTNOTE_LIBRARY": str(tmp_path / "library")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium on this machine")
def test_a_pdf_is_uploaded_and_a_question_cites_its_page(address: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        outside: list[str] = []
        page.on(
            "request",
            lambda sent: outside.append(sent.url) if not sent.url.startswith((address, "data:", "blob:")) else None,
        )
        page.goto(f"{address}/library")
        expect(page.get_by_text("6 added")).to_be_visible(timeout=180_000)
        page.locator("input[type=file]").set_input_files(ROOT / "tests" / "herons.pdf")
        page.get_by_role("button", name="Add to library").click()
        expect(page.get_by_text("1 added")).to_be_visible(timeout=60_000)
        page.goto(address)
        question = page.get_by_test_id("stChatInputTextArea")
        question.fill("How many eggs does the grey heron lay?")
        question.press("Enter")
        expect(page.locator(".source .place").first).to_contain_text("herons.pdf, p. 2", timeout=180_000)
        expect(page.locator("mark").first).to_contain_text("three to five eggs")
        assert [url for url in outside if not url.startswith("ws")] == []
        browser.close()
