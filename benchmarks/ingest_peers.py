"""How long real PDFs take into an empty library, in a cold process, beside LangChain's usual parts on the same weights:

    python -m benchmarks.ingest_peers sec10q --pages 300 --rounds 3

Ours is `python -m ingest` with all that it does: reading in a process of its own, tables, words, vectors of passages
and of their lines, a copy of each file. LangChain's are PyPDFLoader, RecursiveCharacterTextSplitter,
HuggingFaceEmbeddings and FAISS, in a virtual environment of their own (benchmarks/peers-langchain.txt): with the
defaults, whose chunks of 4,000 characters the model cuts off after 384 tokens, and in chunks of 1,000 characters, which
it reads whole. In turn, so that a busy machine slows all of them; beside the clock stands the time of the processor.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader

from rag.models import ensure_model
from rag.settings import load_settings

ENVIRONMENT = Path(".stamps/langchain-peer")
PINNED = Path("benchmarks/peers-langchain.txt")
PEER = Path(__file__).with_name("ingest_peer.py")
WHOLE = 1_000  # characters of a chunk that the model reads whole


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock and of the processor, and what the process said last."""

    clock: float
    processor: float
    said: str


def files_of(folder: Path, pages: int) -> tuple[list[Path], int]:
    """The first PDFs by name that have so many pages together."""
    chosen: list[Path] = []
    held = 0
    for file in sorted(folder.glob("*.pdf")):
        if held >= pages:
            break
        chosen.append(file)
        held += len(PdfReader(file).pages)
    return chosen, held


def prepare() -> None:
    if not ENVIRONMENT.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([ENVIRONMENT / "bin/pip", "install", "-q", "-r", PINNED], check=True)


def taken(command: Sequence[object], **environment: str) -> Taken:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(clock, processor, (done.stdout.strip().splitlines() or [""])[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of PDFs")
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parsed = parser.parse_args()
    files, pages = files_of(parsed.folder, parsed.pages)
    settings = load_settings()
    model = ensure_model(settings.embedding_model, settings)
    prepare()
    peer = [ENVIRONMENT / "bin/python", PEER, model]
    sides: dict[str, list[Taken]] = {"ours": [], "LangChain, defaults": [], f"LangChain, {WHOLE:,} characters": []}
    for _ in range(parsed.rounds):
        with tempfile.TemporaryDirectory() as folder:
            ours = [sys.executable, "-m", "ingest", *files]
            sides["ours"].append(taken(ours, FOOTNOTE_LIBRARY=f"{folder}/library"))
            for (_, measured), characters in zip(list(sides.items())[1:], (0, WHOLE), strict=True):
                measured.append(taken([*peer, f"{folder}/{characters}", characters, *files]))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}; {len(files)} files, {pages} pages\n")
    print("| | clock | processor | ratio of clocks | ratio of processors | said |\n|---|---|---|---|---|---|")
    clock, processor = medians(sides["ours"])
    for name, measured in sides.items():
        own = medians(measured)
        clocks = [one.clock for one in measured]
        print(
            f"| {name} | {own[0]:.0f} s ({min(clocks):.0f} to {max(clocks):.0f}) | {own[1]:.0f} s "
            f"| {own[0] / clock:.1f}× | {own[1] / processor:.1f}× | {measured[-1].said} |"  # noqa: RUF001
        )


def medians(measured: Sequence[Taken]) -> tuple[float, float]:
    return statistics.median(one.clock for one in measured), statistics.median(one.processor for one in measured)


if __name__ == "__main__":
    main()
