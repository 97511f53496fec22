"""Watches folders and follows what changes in them. The only file that imports watchfiles."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

from ingest.following import Add, Followed, follow
from rag.errors import FootnoteError
from rag.library import Library

_log = logging.getLogger(__name__)
_TICK = 500  # milliseconds between two looks at what the watcher was asked to do
_ABSENT = 20  # ticks after which a folder that was not there is looked for again
OnFollowed = Callable[[Path, Followed], None]


class FolderWatcher:
    """Follows the watched folders of the collection that is open, in a thread of its own.

    At the start each is compared with the library, so that nothing is missed that happened while nobody watched.
    """

    def __init__(self, library: Library, add: Add, on_followed: OnFollowed = lambda folder, followed: None) -> None:
        self.results: dict[str, Followed] = {}  # the last one of each folder
        self._library = library
        self._add = add
        self._on_followed = on_followed
        self._changed = threading.Event()  # the list of folders has changed
        self._closing = threading.Event()
        self._ended = threading.Event()  # told by the thread itself: an interrupted join takes a running one for ended
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def refresh(self) -> None:
        """Looks again at which folders are watched, and at all of them."""
        self._changed.set()

    def close(self) -> None:
        """Ends when what is in work is done."""
        self._closing.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._ended.wait()

    def wait(self) -> None:
        """Until it is closed."""
        while not self._ended.wait(timeout=1.0):
            pass

    def _run(self) -> None:
        try:
            self._keep_watching()
        finally:
            self._ended.set()

    def _keep_watching(self) -> None:
        polling = False
        while not self._closing.is_set():
            self._changed.clear()
            folders = [Path(folder) for folder in self._library.catalog.watched(self._library.collection)]
            self.results = {name: result for name, result in self.results.items() if Path(name) in folders}
            there = [folder for folder in folders if folder.is_dir()]
            try:
                self._watch(folders, there, polling=polling)
            except (OSError, RuntimeError) as exc:  # too many folders for the system to tell of, or one went away
                _log.warning("watching by looking again and again: %s", exc)
                polling = True
                self._closing.wait(1.0)

    def _watch(self, folders: list[Path], there: list[Path], *, polling: bool) -> None:
        """Follows, then waits for changes, until the list of folders has changed or one comes or goes."""
        if not there:
            self._follow(folders)
            self._changed.wait(_ABSENT * _TICK / 1000)
            return
        changes = watchfiles.watch(
            *there,
            stop_event=self._changed,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            force_polling=polling or None,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for tick, changed in enumerate(changes):  # the first comes when watching has begun: nothing is missed between
            if changed or tick == 0:
                self._follow(folders)
            if tick % _ABSENT == 0 and [folder for folder in folders if folder.is_dir()] != there:
                return

    def _follow(self, folders: list[Path]) -> None:
        for folder in folders:
            if self._closing.is_set():
                return
            try:
                followed = follow(self._library, folder, add=self._add)
            except FootnoteError as exc:
                followed = Followed(0, problem=str(exc))
            except Exception as exc:  # a defect of ours must not end the watching
                _log.exception("%s could not be followed", folder)
                followed = Followed(0, problem=f"{folder}: an error inside Footnote ({exc}); its log says more.")
            if not followed.stopped:
                self.results[str(folder)] = followed
                self._on_followed(folder, followed)
