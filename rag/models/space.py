"""Bytes on the disk: how many there are, and what is said when they run out."""

import errno
import shutil
from pathlib import Path

from rag.errors import ModelUnavailable

FULL = (errno.ENOSPC, errno.EDQUOT)


def readable(count: int) -> str:
    """Bytes as a person reads them: "438 MB", in powers of ten like the shops."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"


def require_space(folder: Path, count: int, name: str) -> None:
    """Refuse to begin what cannot fit.

    Raises:
        ModelUnavailable: if fewer than `count` bytes are free where `folder` lies.
    """
    free = shutil.disk_usage(folder).free
    if free < count:
        raise disk_full(folder, name, f" Its set-up needs {readable(count)} more, {readable(free)} are free.")


class DiskFull(ModelUnavailable):
    """No source helps: there is no room for what it sends."""


def disk_full(folder: Path, name: str, detail: str = "") -> DiskFull:
    """The error for a full disk, to be raised by the caller."""
    return DiskFull(
        f"The disk with {folder} is too full for {name}.{detail} Free some space, or set FOOTNOTE_HOME to a folder "
        "on another disk, and run the same command again: finished downloads are kept."
    )
