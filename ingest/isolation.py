"""Reads files in a process of its own, with limits of time and memory: a file that hangs or crashes costs only itself.

Both sides talk in lines of JSON, so that nothing a broken reader writes is more than text to the other side. The
process is started when the first file comes, takes one after the other, and is started anew after one that it did not
survive.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Protocol

from ingest import readers
from rag.cells import table_from_json
from rag.errors import LockedDocument, UnreadableDocument
from rag.types import Document, Heading, Page, RecognisedLine, RecognisedPage, SetAside

SILENCE = 180.0  # seconds without progress after which a file counts as hung; a page takes seconds at most
GIGABYTES = 6.0  # of memory that reading may take, where the system can limit it
_LOOK = 0.5  # seconds between two looks at whether the user stopped
_ENDING = 5.0  # seconds for a process to end by itself


class ReadFile(Protocol):
    """Reads a file into a document, as `ingest.readers.read` does."""

    def __call__(
        self,
        path: Path,
        *,
        name: str | None = None,
        max_bytes: int,
        password: str | None = None,
        released: AbstractSet[str] = frozenset(),
        ocr_pages: int = 0,
        tell: Callable[[float], None] = lambda part: None,
    ) -> Document: ...


class IsolatedReader:
    """Reads in another process; one file at a time."""

    def __init__(self, *, silence: float = SILENCE, gigabytes: float = GIGABYTES) -> None:
        self._silence = silence
        self._gigabytes = gigabytes
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def read(
        self,
        path: Path,
        *,
        name: str | None = None,
        max_bytes: int,
        password: str | None = None,
        released: AbstractSet[str] = frozenset(),
        ocr_pages: int = 0,
        tell: Callable[[float], None] = lambda part: None,
    ) -> Document:
        """The document in a file, as `ingest.readers.read` gives it.

        Raises:
            UnreadableDocument: also where the reader hung or crashed.
        """
        request = {
            "path": str(path),
            "name": name,
            "max_bytes": max_bytes,
            "password": password,
            "released": sorted(released),
            "ocr_pages": ocr_pages,
        }
        try:
            return self._ask(request, name or path.name, tell)
        except UnreadableDocument:
            raise
        except BaseException:  # it was stopped: what the process is at is of no use
            self.close()
            raise

    def close(self) -> None:
        """Ends the process; the next file starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it keeps nothing; and its pipes cannot be closed while they are listened to
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _ask(self, request: dict[str, Any], name: str, tell: Callable[[float], None]) -> Document:
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError as exc:
            raise self._lost(name) from exc
        part, heard = 0.0, time.monotonic()
        while True:
            try:
                line = self._answers.get(timeout=_LOOK)
            except queue.Empty:
                if time.monotonic() - heard > self._silence:
                    self.close()
                    raise _hung(name, self._silence) from None
                tell(part)
                continue
            if line is None:
                raise self._lost(name)
            answer = json.loads(line)
            heard = time.monotonic()
            match answer["kind"]:
                case "part":
                    part = float(answer["part"])
                    tell(part)
                case "document":
                    return _document(answer["document"])
                case "locked":
                    raise LockedDocument(name, answer["reason"], answer["remedy"])
                case _:
                    raise UnreadableDocument(name, answer["reason"], answer["remedy"])

    def _start(self) -> subprocess.Popen[str]:
        root = str(Path(__file__).parents[1])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest.isolation", str(self._gigabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._process = process
        self._answers = queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=_listen, args=(process.stdout, self._answers), name="reader", daemon=True).start()
        return process

    def _lost(self, name: str) -> UnreadableDocument:
        process = self._process
        with contextlib.suppress(subprocess.TimeoutExpired):
            if process is not None:
                process.wait(timeout=_ENDING)
        code = process.returncode if process is not None else None
        self.close()
        remedy = "It was set aside; the other files go on. Open it, save it anew or as a PDF, and add that."
        return UnreadableDocument(name, f"reading it ended its reader (exit code {code})", remedy)


def _hung(name: str, silence: float) -> UnreadableDocument:
    remedy = "It was set aside; the other files go on. Open it, save it anew or as a PDF, or split it, and add that."
    return UnreadableDocument(name, f"its reader made no progress for {silence:.0f} s", remedy)


def _listen(pipe: IO[str], answers: "queue.Queue[str | None]") -> None:
    with contextlib.suppress(ValueError, OSError):  # it is closed while it is listened to
        for line in pipe:
            answers.put(line)
    answers.put(None)


def _document(values: dict[str, Any]) -> Document:
    pages = (
        Page(page["number"], page["text"], tuple(Heading(**one) for one in page["headings"]))
        for page in values["pages"]
    )
    recognised = (
        RecognisedPage(page["number"], tuple(RecognisedLine(**line) for line in page["lines"]))
        for page in values["recognised"]
    )
    return Document(
        id=values["id"],
        name=values["name"],
        title=values["title"],
        pages=tuple(pages),
        gaps=tuple(values["gaps"]),
        set_aside=tuple(SetAside(**passage) for passage in values["set_aside"]),
        recognised=tuple(recognised),
        tables=tuple(map(table_from_json, values["tables"])),
    )


# The other side


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Reads what is asked for, one line for each file, until there is nothing more."""

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    for line in requests:
        request = json.loads(line)
        path, released = Path(request.pop("path")), frozenset(request.pop("released"))
        try:
            document = readers.read(path, **request, released=released, tell=lambda part: say(kind="part", part=part))
            say(kind="document", document=asdict(document))
        except UnreadableDocument as exc:
            kind = "locked" if isinstance(exc, LockedDocument) else "refused"
            say(kind=kind, reason=exc.reason, remedy=exc.remedy)
        except MemoryError:
            remedy = "Split it, or save a smaller copy, and add that."
            say(kind="refused", reason="reading it takes more memory than it may", remedy=remedy)


def _limit_memory(gigabytes: float) -> None:
    try:
        import resource  # not on Windows
    except ImportError:
        return
    limit = int(gigabytes * (1 << 30))
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """`python -m ingest.isolation GIGABYTES`: what readers print goes to the errors, not between the answers."""
    _limit_memory(float(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # the other side is gone
        serve(os.fdopen(os.dup(0), encoding="utf-8"), answers)


if __name__ == "__main__":
    main()
