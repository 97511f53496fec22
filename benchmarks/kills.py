"""Does a library survive being killed? Follows a folder of mixed files, is killed at random moments, and is compared.

`python -m benchmarks.kills --rounds 100`; with the embedder of the tests, which needs no model. In each round files are
added, changed, moved, renamed and deleted, a process follows the folder and is ended by SIGKILL; one round in eight is
let to its end. After the last, the library must equal one that was filled from the same folder at once: documents,
passages field by field, words and kept files. Ends with 1 when it does not. Not on Windows.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest import embedding, pipeline, writing
from ingest.examination import examine
from ingest.following import follow
from ingest.report import IncomingFile
from rag import originals, tables
from rag.embedders import OnBatch, Vectors
from rag.library import Library
from rag.settings import Settings
from tests.documents import write_book, write_pdf, write_slides, write_word, write_workbook, write_zip
from tests.fakes import HashingEmbedder

_ROOT = Path(__file__).parents[1]
_FILES = 24  # in the folder at the start
_CHANGES = 8  # in a round, at most
_MOMENTS = (  # steps after which a process is killed, and within how many seconds
    ("opening", 1.5),
    ("looking", 0.3),
    ("looking", 2.0),
    ("reading", 1.0),
    ("embedding", 0.5),
    ("writing", 0.05),
    ("writing", 1.0),
    ("letting go", 0.03),
)
_WHOLE = 8  # one round of so many is not killed
_WORDS = "heron tern gull skua river dune nest fish tide storm egg wing sand reed moon salt".split()  # noqa: SIM905


@dataclass(frozen=True)
class Outcome:
    """What the rounds came to.

    Attributes:
        killed: rounds that were ended by SIGKILL; the others had come to their end before.
        stages: what the killed ones were doing, by number of rounds.
        differences: what the library has otherwise than one that was filled at once; empty is well.
    """

    rounds: int
    killed: int
    stages: dict[str, int]
    documents: int
    passages: int
    differences: tuple[str, ...]


class SlowEmbedder(HashingEmbedder):
    """Takes a while, so that a kill finds it at work."""

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        time.sleep(0.05)
        return super().encode_documents(texts, on_batch=on_batch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Kills, compares, prints; returns 0 when the libraries are equal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description="Kill a long ingest at random.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), rounds=parsed.rounds, seed=parsed.seed, tell=lambda line: print(line, flush=True))
    print(f"{outcome.rounds} rounds, {outcome.killed} killed: {json.dumps(outcome.stages)}")
    print(f"{outcome.documents} documents, {outcome.passages} passages, {len(outcome.differences)} differences")
    print("\n".join(outcome.differences))
    return 1 if outcome.differences else 0


def run(place: Path, *, rounds: int, seed: int, tell: Callable[[str], None] = lambda line: None) -> Outcome:
    """Kills `rounds` times in a folder of its own, then compares."""
    chance = random.Random(seed)
    documents = _Documents(place / "documents", chance)
    for _ in range(_FILES):
        documents.add()
    stages: Counter[str] = Counter()
    killed = 0
    for number in range(rounds):
        for _ in range(chance.randint(2, _CHANGES) if number else 0):
            documents.change()
        step, longest = chance.choice(_MOMENTS)
        after = chance.uniform(0.0, longest)
        stage = _kill(place, None if number % _WHOLE == _WHOLE - 1 else after, step=step)
        killed += stage != "done"
        stages[stage] += 1
        tell(f"round {number + 1}: {stage}")
    if _kill(place, None) != "done":
        return Outcome(rounds, killed, dict(stages), 0, 0, ("the last run did not come to its end",))
    survived = _contents(place / "home", documents.folder)
    shutil.rmtree(place / "fresh", ignore_errors=True)
    fresh = _contents(place / "fresh", documents.folder)
    differences = tuple(
        f"{kind}: {'only after the kills' if key in survived[kind] else 'only in the fresh library'}: {key}"
        for kind in fresh
        for key in sorted(survived[kind] ^ fresh[kind])
    )
    counts = (len(fresh["documents"]), len(fresh["passages"]))
    return Outcome(rounds, killed, dict(stages), *counts, differences)


def _kill(place: Path, after: float | None, *, step: str = "opening") -> str:
    """Follows the folder in a process, killed so many seconds after it took a step; what it was doing then."""
    command = [sys.executable, "-m", "benchmarks.kills_victim", str(place / "home"), str(place / "documents")]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        stage = ""
        while stage not in (step, "done") and (line := victim.stdout.readline()):
            stage = line.strip()
        if after is not None:
            time.sleep(after)
            victim.send_signal(signal.SIGKILL)
        lines = victim.stdout.read().split("\n")
    if victim.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the process failed with {victim.returncode}: {lines[-3:]}")
    return ([stage, *(line for line in lines if line)])[-1]


def follow_once(home: Path, folder: Path, tell: Callable[[str], None]) -> None:
    """What the killed process does: opens the library and follows the folder."""
    writing._BATCH = embedding._WRITTEN = 4
    embedding._STEP = 2
    settings = _settings(home)
    embedder = SlowEmbedder()
    tell("opening")
    with Library.open(settings, holder="victim") as library:
        library.open_store(embedder)

        def add(files: Sequence[IncomingFile]) -> bool:
            report = pipeline.ingest(
                files,
                library=library,
                embedder=embedder,
                settings=settings,
                on_progress=lambda progress: tell(progress.stage),
            )
            if report.failed:
                raise RuntimeError(report.failed[0].message)
            tell("letting go")
            return True

        tell("looking")
        follow(library, folder.resolve(), add=add)
        tell("closing")
    tell("done")


def _settings(home: Path) -> Settings:
    return Settings(home=home, chunk_tokens=24, chunk_overlap=4, kept_versions=2)


def _contents(home: Path, folder: Path) -> dict[str, set[str]]:
    """Everything of a library that must be equal; a folder is followed first, which fills an empty library."""
    settings, embedder = _settings(home), HashingEmbedder()
    with Library.open(settings, holder="comparison") as library:
        library.open_store(embedder)

        def add(files: Sequence[IncomingFile]) -> bool:
            pipeline.ingest(files, library=library, embedder=embedder, settings=settings)
            return True

        follow(library, folder.resolve(), add=add)
        records = library.catalog.documents(library.collection)
        old = {version.document_id for version in library.catalog.all_versions(library.collection)}
        facts = ("id", "name", "title", "pages", "chunks", "size", "state", "sources", "gaps")
        return {
            "documents": {repr([getattr(record, fact) for fact in facts]) for record in records},
            "passages": {repr(chunk) for chunk in library.store.chunks()},
            "words": {repr(place) for place in library.lexical.listing()},
            "kept files": {path.name for path in originals.every(library.folder) if path.stem not in old},
            "tables": {f"{path.name} {path.read_bytes().hex()}" for path in tables.every(library.folder)},
            "faults": {finding.text for finding in examine(library).findings},
        }


class _Documents:
    """A folder of files of many formats that changes at random; every content is there once."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self._chance = chance
        self._made = 0
        (folder / "deep" / "deeper").mkdir(parents=True)

    def add(self) -> None:
        """A file of some format, somewhere."""
        self._made += 1
        kind = self._chance.choice([".txt", ".txt", ".md", ".pdf", ".docx", ".pptx", ".xlsx", ".epub", ".zip", ".html"])
        self._write(self._some_folder() / f"paper_{self._made}{kind}")

    def change(self) -> None:
        """One of the things that happen to files."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        kind = self._chance.choice(("add", "change", "change", "delete", "move", "rename"))
        if kind == "add" or len(files) < _FILES // 2:
            self.add()
            return
        file = self._chance.choice(files)
        if kind == "change":
            self._write(file)
        elif kind == "delete":
            file.unlink()
        elif kind == "move":
            file.rename(self._some_folder() / file.name)
        else:
            self._made += 1
            file.rename(file.with_name(f"renamed_{self._made}{file.suffix}"))

    def _some_folder(self) -> Path:
        return self._chance.choice([self.folder, self.folder / "deep", self.folder / "deep" / "deeper"])

    def _write(self, path: Path) -> None:
        """Other words than any file had before."""
        self._made += 1
        paragraphs = [self._sentence() for _ in range(self._chance.randint(4, 40))]
        write = _WRITERS.get(path.suffix, _write_text)
        write(path, paragraphs)

    def _sentence(self) -> str:
        self._made += 1
        words = " ".join(self._chance.choices(_WORDS, k=9))
        return f"Sentence {self._made} of the papers tells how {words} came to pass."


def _write_text(path: Path, paragraphs: list[str]) -> None:
    path.write_text("\n\n".join(paragraphs))


def _write_web(path: Path, paragraphs: list[str]) -> None:
    path.write_text(f"<html><body><h1>Birds</h1>{''.join(f'<p>{text}</p>' for text in paragraphs)}</body></html>")


def _write_archive(path: Path, paragraphs: list[str]) -> None:
    half = len(paragraphs) // 2
    parts = {"a.txt": paragraphs[:half], "notes/b.md": paragraphs[half:]}
    write_zip(path, {name: "\n\n".join(own).encode() for name, own in parts.items()})


def _write_slides(path: Path, paragraphs: list[str]) -> None:
    def fill(slides: object) -> None:
        for text in paragraphs[:6]:
            slide = slides.slides.add_slide(slides.slide_layouts[1])  # type: ignore[attr-defined]
            slide.shapes.title.text = "Birds"
            slide.placeholders[1].text = text

    write_slides(path, fill)


def _write_word(path: Path, paragraphs: list[str]) -> None:
    def fill(document: object) -> None:
        for text in paragraphs:
            document.add_paragraph(text)  # type: ignore[attr-defined]

    write_word(path, fill)


_WRITERS: dict[str, Callable[[Path, list[str]], object]] = {
    ".pdf": lambda path, paragraphs: write_pdf(path, paragraphs[:8]),
    ".docx": _write_word,
    ".pptx": _write_slides,
    ".xlsx": lambda path, paragraphs: write_workbook(
        path, {"Birds": [["Bird", "Fact"], *(("x", t) for t in paragraphs)]}
    ),
    ".epub": lambda path, paragraphs: write_book(path, {"One": f"<p>{'</p><p>'.join(paragraphs)}</p>"}),
    ".zip": _write_archive,
    ".html": _write_web,
}

if __name__ == "__main__":
    sys.exit(main())
