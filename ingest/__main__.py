"""`python -m ingest PATH…`: files and folders into the library."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.pipeline import SAMPLES, find_files, ingest
from ingest.report import IngestProgress, IngestReport
from rag.errors import FootnoteError
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Adds what is named; returns 0 well, 1 when a file failed, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Put documents into the library.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
    parser.add_argument("--password", action="store_true", help="ask for the password of locked PDF files")
    parser.add_argument("--once", action="store_true", help="do nothing if this library was given its samples before")
    parsed = parser.parse_args(arguments)
    try:
        password = getpass.getpass("Password of locked files: ") if parsed.password else None
        return _run(parsed.paths, once=parsed.once, password=password)
    except FootnoteError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again to carry on.", file=sys.stderr)
        return 130


def _run(paths: Sequence[Path], *, once: bool, password: str | None) -> int:
    settings = load_settings()
    with Library.open(settings, holder="python -m ingest") as library:
        if once and library.catalog.is_marked(SAMPLES):
            return 0
        from rag.build import load_embedder  # torch takes seconds: a wrong argument should not wait for it

        with terminal_bar(unit="B") as show:
            embedder = load_embedder(settings, on_progress=show)
        library.open_store(embedder)
        with terminal_bar(unit="%") as show:

            def tell(progress: IngestProgress) -> None:
                left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
                show(
                    round(100 * progress.fraction),
                    100,
                    f"{progress.name} ({progress.position}/{progress.files}){left}"
                    if sys.stderr.isatty()
                    else "ingest",
                )

            files = [replace(file, password=password) for file in find_files(paths)]
            report = ingest(files, library=library, embedder=embedder, settings=settings, on_progress=tell)
        if once:
            library.catalog.mark(SAMPLES)
    _print(report)
    return 1 if report.failed else 0


def _print(report: IngestReport) -> None:
    for gap in report.gaps:
        print(f"incomplete: {gap}", file=sys.stderr)
    for passage in report.set_aside:
        print(passage, file=sys.stderr)
    for failure in report.failed:
        print(f"failed: {failure.message}", file=sys.stderr)
    print(
        f"{len(report.added)} added, {len(report.unchanged)} unchanged, {len(report.replaced)} replaced, "
        f"{len(report.failed)} failed; {report.chunks} chunks embedded in {report.seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
