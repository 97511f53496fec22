"""`python -m ingest PATH…`: files and folders into the library."""

import argparse
import contextlib
import getpass
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.beside import OtherCollections
from ingest.discovery import find_files, of_other_kinds
from ingest.fetching import fetch, is_address
from ingest.following import Followed, check_folder
from ingest.isolation import IsolatedReader
from ingest.pipeline import SAMPLES, ingest
from ingest.readers import read
from ingest.report import Failure, IncomingFile, IngestProgress, IngestReport
from ingest.tables import MissingTables
from ingest.watch import FolderWatcher
from rag.errors import FootnoteError
from rag.library import Library
from rag.progress import terminal_bar
from rag.settings import Settings, load_settings
from rag.wording import counted

_NAMED = 5  # files that were passed over
_WATCH = "follow a folder until interrupted, and whenever the library is open: added, changed, moved, deleted files"
_UNWATCH = "follow a folder no longer; what came from it stays"


def main(arguments: Sequence[str] | None = None) -> int:
    """Adds what is named; returns 0 well, 1 when a file failed, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Put documents into the library.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="file, folder, or address of a page (https://…)")
    parser.add_argument("--watch", action="append", default=[], type=Path, metavar="FOLDER", help=_WATCH)
    parser.add_argument("--unwatch", action="append", default=[], type=Path, metavar="FOLDER", help=_UNWATCH)
    parser.add_argument("--password", action="store_true", help="ask for the password of locked PDF files")
    parser.add_argument("--once", action="store_true", help="do nothing if this library was given its samples before")
    parsed = parser.parse_args(arguments)
    if not (parsed.paths or parsed.watch or parsed.unwatch):
        parser.error("name a file or a folder")
    try:
        password = getpass.getpass("Password of locked files: ") if parsed.password else None
        code = _run(parsed.paths, once=parsed.once, password=password) if parsed.paths else 0
        if parsed.watch or parsed.unwatch:
            _follow(parsed.watch, parsed.unwatch)
        return code
    except FootnoteError as exc:
        print(exc, file=sys.stderr)
        return 1
    except EOFError:
        print("No password was given. Type it when asked, in a terminal.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again to carry on.", file=sys.stderr)
        return 130


def _run(named: Sequence[str], *, once: bool, password: str | None) -> int:
    settings = load_settings()
    with tempfile.TemporaryDirectory() as folder, Library.open(settings, holder="python -m ingest") as library:
        if once and library.catalog.is_marked(SAMPLES):
            return 0
        fetched, failures = _fetched([name for name in named if is_address(name)], Path(folder), settings)
        paths = [Path(name) for name in named if not is_address(name)]
        from rag.build import load_embedder  # torch takes seconds: a wrong argument should not wait for it

        with terminal_bar(unit="B") as show:
            settings = library.settings_of()
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

            files = [replace(file, password=password) for file in find_files(paths)] + fetched
            reader = IsolatedReader()
            read_file = reader.read if settings.isolate_readers else read
            with contextlib.closing(reader):
                MissingTables(library, settings).make(read_file)
                report = ingest(
                    files,
                    library=library,
                    embedder=embedder,
                    settings=settings,
                    on_progress=tell,
                    read_file=read_file,
                )
        if once:
            library.catalog.mark(SAMPLES)
    report = replace(report, failed=(*report.failed, *failures))
    _print(report)
    if others := of_other_kinds(paths):
        named = ", ".join(path.name for path in others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
        print(f"passed over, of other formats: {named} ({len(others):,} in all)", file=sys.stderr)
    return 1 if report.failed else 0


def _follow(watch: Sequence[Path], unwatch: Sequence[Path]) -> None:
    """Changes which folders are watched, then follows all of them until it is interrupted."""
    settings = load_settings()
    with Library.open(settings, holder="python -m ingest --watch") as library:
        for folder in unwatch:
            library.catalog.unwatch(library.collection, str(folder.expanduser().resolve()))
        for folder in watch:
            library.catalog.watch(library.collection, str(check_folder(library, folder)))
        if not watch:
            return
        from rag.build import load_embedder

        with terminal_bar(unit="B") as show:
            settings = library.settings_of()
            embedder = load_embedder(settings, on_progress=show)
        library.open_store(embedder)
        stop = threading.Event()
        reader = IsolatedReader()

        def add(files: Sequence[IncomingFile]) -> bool:
            report = ingest(
                files,
                library=library,
                embedder=embedder,
                settings=settings,
                stop=stop,
                read_file=reader.read if settings.isolate_readers else read,
            )
            _print(report)
            return not report.stopped

        watcher = FolderWatcher(library, add, _tell, OtherCollections(library, embedder, _print))
        watcher.start()
        try:
            watcher.wait()
        finally:
            stop.set()
            watcher.close()
            reader.close()


def _tell(folder: Path, followed: Followed) -> None:
    if followed.problem:
        print(followed.problem, file=sys.stderr)
    for name in followed.left:
        print(f"{name} is no longer in {folder}: its document left")
    renamed = f", {followed.renamed} renamed" if followed.renamed else ""
    print(f"{folder}: {counted(followed.files, 'file')}, {followed.removed} gone{renamed}; watching", flush=True)


def _fetched(addresses: Sequence[str], folder: Path, settings: Settings) -> tuple[list[IncomingFile], list[Failure]]:
    """The pages at these addresses, fetched into a folder, and those that could not be."""
    found: list[IncomingFile] = []
    failures: list[Failure] = []
    for number, address in enumerate(addresses):
        try:
            page = fetch(address, max_bytes=settings.max_bytes, allow_private=settings.private_addresses)
        except FootnoteError as exc:
            failures.append(Failure(address, str(exc)))
            continue
        path = folder / f"{number}{Path(page.name).suffix}"
        path.write_bytes(page.data)
        found.append(IncomingFile(path, page.name, page.url))
    return found, failures


def _print(report: IngestReport) -> None:
    for gap in report.gaps:
        print(f"incomplete: {gap}", file=sys.stderr)
    for passage in report.set_aside:
        print(passage, file=sys.stderr)
    for line in (*report.changes, *report.alike):
        print(line)
    for failure in report.failed:
        print(f"failed: {failure.message}", file=sys.stderr)
    if any(failure.locked for failure in report.failed):
        print("`python -m ingest --password PATH` asks for the password of locked PDF files.", file=sys.stderr)
    print(
        f"{len(report.added)} added, {len(report.unchanged)} unchanged, {len(report.replaced)} replaced, "
        f"{len(report.failed)} failed; chunks embedded: {report.chunks}, in {report.seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
