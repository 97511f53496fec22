"""A library of many documents: how long its ingest takes without the embedding, and how quick its page stays.

    python -m benchmarks.scale nq/corpus.jsonl --documents 500 --chunks 20
    python -m benchmarks.scale nq/corpus.jsonl --documents 10000 --chunks 20

Text files are put together from sentences of the corpus and go through the whole ingest, but for their vectors, which
are drawn from clusters: reading, chunking, words, Milvus, catalog and originals are as always. Then the app is started
on the library, with the default models, and driven in Chromium: how long until the page takes a question, how long the
steps of the library page take, and what memory the app holds. `--keep` names a folder that stays; a second run on it
goes on where the first ended, and measures the page again.
"""

import argparse
import itertools
import os
import platform
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.search import DIMENSION, clustered, sentences_of
from ingest.discovery import find_files
from ingest.pipeline import SAMPLES, ingest
from rag.library import Library
from rag.settings import load_settings
from tests.fakes import HashingEmbedder

ROOT = Path(__file__).parents[1]
STEP = 1_000  # documents between two rows of the table
CHUNK_WORDS = 130  # about what a chunk holds beyond its overlap
BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
MEGABYTE = 1024  # of the kilobytes that /proc tells


class Drawn(HashingEmbedder):
    """Vectors that have nothing to do with the texts, under the name of the default model."""

    name = "all-mpnet-base-v2"

    def __init__(self) -> None:
        super().__init__(DIMENSION)
        self._seeds = itertools.count()

    def _rows(self, texts: Sequence[str]) -> np.ndarray:
        return clustered(len(texts), next(self._seeds))


def write_documents(folder: Path, pool: Sequence[str], documents: int, chunks: int) -> None:
    chance = random.Random(6)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(documents):
        words, paragraphs = 0, []
        while words < chunks * CHUNK_WORDS:
            paragraph = " ".join(chance.choices(pool, k=5))
            words += len(paragraph.split())
            paragraphs.append(paragraph)
        (folder / f"report-{number:06}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def memory(process: int | str, field: str) -> int:
    """Megabytes: `VmRSS` now, `VmHWM` at most."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) // MEGABYTE
    raise LookupError(field)


def fill(files: Path, library_folder: Path) -> None:
    settings = load_settings(library=library_folder)
    print("| documents | chunks | seconds for these | memory now, MB |\n|---|---|---|---|")
    with Library.open(settings, holder="benchmarks.scale") as library:
        library.catalog.mark(SAMPLES)
        embedder = Drawn()
        library.open_store(embedder)
        found = find_files([files])
        for start in range(0, len(found), STEP):
            some = found[start : start + STEP]
            started = time.perf_counter()
            report = ingest(some, library=library, embedder=embedder, settings=settings)
            assert not report.failed, report.failed
            seconds = time.perf_counter() - started
            done = start + len(some)
            print(f"| {done:,} | {library.store.count():,} | {seconds:.1f} | {memory('self', 'VmRSS'):,} |", flush=True)


@contextmanager
def served(library_folder: Path) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (library_folder / "app.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, "FOOTNOTE_LIBRARY": str(library_folder)},
            stdout=log,
            stderr=log,
        )
        try:
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()
            server.wait(30)


def drive(library_folder: Path, documents: int) -> None:
    print("\n| in the page | seconds |\n|---|---|")

    def timed(what: str, step: Callable[[], object]) -> None:
        started = time.perf_counter()
        step()
        print(f"| {what} | {time.perf_counter() - started:.1f} |", flush=True)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        started = time.perf_counter()
        with served(library_folder) as (address, process):
            timed("start of the program until the page takes a question", lambda: first_page(page, address))
            question = page.get_by_placeholder("Ask your documents")
            question.fill("Who received the first prize?")
            question.press("Enter")
            timed("first question, asked at once, until its answer is there", lambda: answered(page))
            print(f"| from the start of the program until then | {time.perf_counter() - started:.1f} |")
            timed("library page", lambda: library_page(page, documents))
            timed("its next screen", lambda: turn(page))
            timed("another order", lambda: order(page))
            timed("search by name", lambda: search(page, documents))
            print(f"\nMemory of the app, MB: {memory(process, 'VmRSS'):,} now, {memory(process, 'VmHWM'):,} at most")
        browser.close()


def first_page(page: Page, address: str) -> None:
    port, end = int(address.rsplit(":", 1)[1]), time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
    page.goto(address)
    expect(page.get_by_placeholder("Ask your documents")).to_be_enabled()


def answered(page: Page) -> None:
    expect(page.get_by_text("Answered in").or_(page.get_by_text("could not find an answer")).first).to_be_visible()


def library_page(page: Page, documents: int) -> None:
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", name=f"{documents:,} documents")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"^1 to \d+ of {documents:,}$"))).to_be_visible()


def turn(page: Page) -> None:
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(re.compile(r"^(?!1 )\d+ to \d+ of"))).to_be_visible()


def order(page: Page) -> None:
    page.get_by_role("combobox", name=re.compile("Order")).click()
    page.get_by_role("option").last.click()
    expect(page.get_by_text(re.compile(r"^1 to \d+ of"))).to_be_visible()


def search(page: Page, documents: int) -> None:
    field = page.get_by_label("Search by name")
    field.fill(f"report-{documents - 1:06}")
    field.press("Enter")
    expect(page.get_by_role("button", name="Next")).to_be_hidden()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="{title, text} as JSON lines")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--chunks", type=int, default=20, help="of a document, about")
    parser.add_argument("--keep", type=Path)
    parsed = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = parsed.keep or Path(temporary)
        write_documents(folder / "files", sentences_of(parsed.corpus), parsed.documents, parsed.chunks)
        fill(folder / "files", folder / "library")
        drive(folder / "library", parsed.documents)


if __name__ == "__main__":
    main()
