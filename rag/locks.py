"""One process at a time: a lock on a file. The only file that imports filelock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from rag.errors import FootnoteError

LIBRARY_LOCK = "library.lock"  # in the folder of a library


class LockHeld(FootnoteError):
    """Another process holds the lock. Callers say what that means for the user."""


@contextmanager
def hold(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock file `path` while the block runs. The system frees it when the process dies, however it dies.

    Args:
        timeout: seconds to wait for another holder; 0 tries once.

    Raises:
        LockHeld: if it is still held after `timeout`.
        OSError: if the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=timeout)
    except filelock.Timeout as exc:
        raise LockHeld(f"{path} is held by another process. Wait until it has finished, or end it.") from exc
    try:
        yield
    finally:
        lock.release()
