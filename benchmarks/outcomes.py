"""What becomes of the files in folders: read, refused by name, crashed or hung.

`python -m benchmarks.outcomes FOLDER…`; readers only, no model. Each file has a process of its own with a limit of time
and memory, so that one that takes either costs only itself. Ends with 1 when one crashed or hung. Not on Windows.
"""

import argparse
import multiprocessing
import re
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from ingest.readers import read
from rag.errors import UnreadableDocument

_GIGABYTE = 1 << 30
_KINDS = ("indexed", "indexed with gaps", "refused", "crashed", "hung")


@dataclass(frozen=True)
class Outcome:
    """What became of one file: one of `_KINDS`, with the reason or the gaps in words."""

    path: Path
    kind: str
    words: str
    seconds: float

    @property
    def format(self) -> str:
        return self.path.suffix.lower() or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=60, help="after which a file counts as hung")
    parser.add_argument("--gigabytes", type=float, default=4, help="of memory that one file may take")
    parser.add_argument("--ocr-pages", type=int, default=0, help="of one file, whose pictures are read as text")
    parser.add_argument("--list", action="store_true", help="every file that was not indexed whole")
    parsed = parser.parse_args(arguments)
    outcomes = []
    for path in _files(parsed.folders):
        outcomes.append(_outcome(path, parsed.seconds, parsed.gigabytes, parsed.ocr_pages))
        if outcomes[-1].kind in ("crashed", "hung") or (parsed.list and outcomes[-1].kind != "indexed"):
            print(f"{outcomes[-1].kind}: {path}: {outcomes[-1].words}", file=sys.stderr)
    _print_formats(outcomes)
    _print_reasons(outcomes)
    return 1 if any(outcome.kind in ("crashed", "hung") for outcome in outcomes) else 0


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.is_dir() else [folder]


def _outcome(path: Path, seconds: float, gigabytes: float, ocr_pages: int) -> Outcome:
    context = multiprocessing.get_context("fork")  # the readers are imported once, here
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(path, gigabytes, ocr_pages, sending), daemon=True)
    started = time.perf_counter()
    process.start()
    sending.close()
    try:
        kind, words = receiving.recv() if receiving.poll(seconds) else ("hung", f"more than {seconds:.0f} s")
    except EOFError:
        process.join()
        kind, words = "crashed", f"the process ended with {process.exitcode}"
    process.kill()
    process.join()
    return Outcome(path, kind, words, time.perf_counter() - started)


def _read(path: Path, gigabytes: float, ocr_pages: int, sending: Connection) -> None:
    limit = int(gigabytes * _GIGABYTE)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        document = read(path, max_bytes=200_000_000, ocr_pages=ocr_pages)
        sending.send(("indexed with gaps" if document.gaps else "indexed", "; ".join(document.gaps)))
    except UnreadableDocument as exc:
        sending.send(("refused", exc.reason))
    except BaseException as exc:  # whatever it is, it is what this program looks for
        sending.send(("crashed", f"{type(exc).__name__}: {exc}"))


def _print_formats(outcomes: Sequence[Outcome]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    slowest: dict[str, float] = defaultdict(float)
    for outcome in outcomes:
        for key in (outcome.format, "all"):
            counts[key][outcome.kind] += 1
            slowest[key] = max(slowest[key], outcome.seconds)
    print(f"| format | files | {' | '.join(_KINDS)} | slowest |")
    print("|---|" + "---:|" * (len(_KINDS) + 2))
    for key in sorted(counts, key=lambda key: (key == "all", -counts[key].total(), key)):
        numbers = " | ".join(str(counts[key][kind] or "") for kind in _KINDS)
        print(f"| {key} | {counts[key].total()} | {numbers} | {slowest[key]:.1f} s |")


def _print_reasons(outcomes: Sequence[Outcome]) -> None:
    for kind in _KINDS[1:]:
        reasons = Counter(re.sub(r"\d+", "N", outcome.words) for outcome in outcomes if outcome.kind == kind)
        if reasons:
            print(f"\n| {kind}, because | files |\n|---|---:|")
            for reason, count in reasons.most_common():
                print(f"| {reason} | {count} |")


if __name__ == "__main__":
    sys.exit(main())
