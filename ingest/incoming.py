"""The entries of the queue, and the copies of files that were handed over as bytes: each goes with its entry."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from rag.catalog import QueuedFile, QueueState
from rag.errors import FootnoteError
from rag.library import Library


class Incoming:
    """Files on their way into one library. Thread-safe, as the catalog is."""

    def __init__(self, library: Library) -> None:
        self._catalog = library.catalog
        self._collection = library.collection
        self._folder = library.folder / "incoming"
        self._batch = 0
        self._sweep()

    @property
    def batch(self) -> int:
        """Id of the first file that was dropped on an idle queue; 0 before one was."""
        return self._batch

    def put(self, path: Path, name: str, source: str) -> None:
        """A file that stays where it is."""
        self._enqueue(path, name, source, is_copy=False)

    def keep(self, name: str, content: bytes, source: str) -> None:
        """A file that is handed over as bytes. The name is the user's, the path on disk is ours.

        Raises:
            FootnoteError: it cannot be kept.
        """
        path = self._folder / f"{uuid.uuid4().hex}{Path(name).suffix.lower()[:16]}"
        try:
            self._folder.mkdir(exist_ok=True)
            path.write_bytes(content)
        except OSError as exc:
            path.unlink(missing_ok=True)
            raise FootnoteError(f"{name}: could not be kept in {self._folder}: {exc.strerror}. Make room.") from exc
        self._enqueue(path, name, source, is_copy=True)

    def forget_finished(self) -> None:
        """New files on an idle queue begin a new list; what failed stays until it is dismissed."""
        if any(state.is_open for state in self._catalog.queue_totals(self._collection)):
            return
        self._batch = 0
        well = (QueueState.ADDED, QueueState.REPLACED, QueueState.UNCHANGED)
        self.drop(self._catalog.queue(self._collection, *well))

    def drop(self, files: Sequence[QueuedFile]) -> None:
        """Takes files off the queue, with their copies."""
        self._catalog.dequeue([file.id for file in files])
        for file in files:
            self.delete_copy(file)

    def delete_copy(self, file: QueuedFile) -> None:
        """Deletes what was kept of a file, which nothing needs any more; the entry stays."""
        if file.is_copy:
            file.path.unlink(missing_ok=True)

    def _enqueue(self, path: Path, name: str, source: str, *, is_copy: bool) -> None:
        size = path.stat().st_size if path.is_file() else 0
        file_id = self._catalog.enqueue(self._collection, path, name=name, source=source, size=size, is_copy=is_copy)
        self._batch = self._batch or file_id

    def _sweep(self) -> None:
        """Deletes copies that a killed process left before it had noted them."""
        known = {file.path for file in self._catalog.queue(self._collection)}
        for path in self._folder.glob("*"):
            if path not in known:
                path.unlink(missing_ok=True)
