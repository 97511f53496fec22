"""Watches folders and follows what changes in them. The only file that imports watchfiles."""

import contextlib
import logging
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

from ingest.beside import OtherCollections
from ingest.following import Add, Followed, follow, glance, has_changed_outside
from rag.errors import FootnoteError
from rag.library import Library

_log = logging.getLogger(__name__)
_TICK = 500  # milliseconds between two looks at what the watcher was asked to do
_ABSENT = 20  # ticks after which folders that come are looked for, and files behind links that changed
OnFollowed = Callable[[Path, Followed], None]
Watched = tuple[str, Path]  # a collection and a folder of it
_Identity = tuple[int, int]  # of a folder, whatever it is called


class FolderWatcher:
    """Follows the watched folders of all collections, in a thread of its own: those of the open one first.

    At the start each is compared with the library, so that nothing is missed that happened while nobody watched.
    """

    def __init__(
        self,
        library: Library,
        add: Add,
        on_followed: OnFollowed = lambda folder, followed: None,
        others: OtherCollections | None = None,
    ) -> None:
        """`others` adds files to collections that are not open; without it their folders are not followed."""
        self.results: dict[str, Followed] = {}  # the last one of each folder of the collection that is open
        self.other_results: dict[tuple[str, str], Followed] = {}  # by collection and folder
        self.is_busy_elsewhere = False  # whether another collection is being filled
        self._others = others
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
        while True:
            self._changed.clear()  # before the look at what is set first: whoever closes in between is not missed
            if self._closing.is_set():
                return
            watched = self._watched()
            own = [str(folder) for collection, folder in watched if collection == self._library.collection]
            self.results = {name: result for name, result in self.results.items() if name in own}
            elsewhere = {(collection, str(folder)) for collection, folder in watched}
            self.other_results = {key: result for key, result in self.other_results.items() if key in elsewhere}
            try:
                self._watch(watched, _there(watched), polling=polling)
            except (OSError, RuntimeError) as exc:  # too many folders for the system to tell of, or one went away
                _log.warning("watching by looking again and again: %s", exc)
                polling = True
                self._closing.wait(1.0)

    def _watched(self) -> list[Watched]:
        """Every folder that is to be followed, those of the open collection first."""
        opened = self._library.collection
        folders = [(name, Path(folder)) for name, folder in self._library.catalog.watched_everywhere()]
        return [entry for entry in folders if entry[0] == opened] + [
            entry for entry in folders if entry[0] != opened and self._others is not None
        ]

    def _watch(self, watched: list[Watched], there: dict[Path, _Identity], *, polling: bool) -> None:
        """Follows, then waits for changes, until the list of folders has changed or one comes, goes or is another."""
        if not there:
            self._follow(watched)
            self._changed.wait(_ABSENT * _TICK / 1000)
            return
        changes = watchfiles.watch(
            *there,
            watch_filter=watchfiles.DefaultFilter(ignore_paths=[self._library.folder]),
            stop_event=self._changed,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            force_polling=polling or None,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for tick, changed in enumerate(changes):  # the first comes when watching has begun: nothing is missed between
            if changed or tick == 0:
                self._follow(watched)
            if tick % _ABSENT == 0:
                if _there(watched) != there:
                    return
                self._follow([entry for entry in watched if has_changed_outside(self._library.catalog, *entry)])

    def _follow(self, watched: list[Watched]) -> None:
        for collection, folder in watched:
            if self._closing.is_set():
                return
            try:
                followed = self._follow_one(collection, folder)
            except FootnoteError as exc:
                followed = Followed(0, problem=str(exc))
            except Exception as exc:  # a defect of ours must not end the watching
                _log.exception("%s could not be followed", folder)
                followed = Followed(0, problem=f"{folder}: an error inside Footnote ({exc}); its log says more.")
            if followed.stopped:
                continue
            if collection == self._library.collection:
                self.results[str(folder)] = followed.after(self.results.get(str(folder)))
            else:
                key = (collection, str(folder))
                self.other_results[key] = followed.after(self.other_results.get(key))
            self._on_followed(folder, followed)

    def _follow_one(self, collection: str, folder: Path) -> Followed:
        """Of another collection, only where there is something to do: opening it takes a while."""
        if collection == self._library.collection or self._others is None:
            return follow(self._library, folder, add=self._add)
        seen = glance(self._library.catalog, collection, folder)
        if seen is not None:
            return seen
        self.is_busy_elsewhere = True
        try:
            with self._others.opened(collection, self._closing) as (library, add):
                return follow(library, folder, add=add)
        finally:
            self.is_busy_elsewhere = False


def _there(watched: list[Watched]) -> dict[Path, _Identity]:
    """The folders that are there, each with its device and number, which change where a drive is connected."""
    found: dict[Path, _Identity] = {}
    for _, folder in watched:
        with contextlib.suppress(OSError):
            status = folder.stat()
            if stat.S_ISDIR(status.st_mode):
                found[folder] = (status.st_dev, status.st_ino)
    return found
