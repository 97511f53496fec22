"""What lies where on the disk, and how large it is."""

import os
from dataclasses import dataclass
from pathlib import Path

from rag.settings import Settings

# Of the library folder, by what a person would call it.
_PARTS = (
    ("Copies of the documents", ("originals", "incoming")),
    ("Tables to calculate with", ("tables",)),
    ("Vectors", ("vectors.db",)),
    ("Words", ("words.db", "words.db-wal", "words.db-shm")),
    ("Set aside by repairs", ("set-aside",)),
    ("Catalog and conversations", ("catalog.db", "catalog.db-wal", "catalog.db-shm")),
)


@dataclass(frozen=True)
class Usage:
    """A part of the user's data: its folder and its size in bytes."""

    name: str
    folder: Path
    bytes: int


def usage(settings: Settings) -> tuple[Usage, ...]:
    """The parts of the library, then evaluations and models."""
    library = settings.library_folder.resolve()
    parts = (Usage(name, library, sum(_bytes(library / entry) for entry in entries)) for name, entries in _PARTS)
    evaluations = settings.home / "evaluation"
    return (
        *parts,
        Usage("Evaluations", evaluations, _bytes(evaluations)),
        Usage("Models", settings.models_folder, _bytes(settings.models_folder)),
    )


def _bytes(path: Path) -> int:
    """Of a file or of a folder; what goes away while it is counted counts nothing."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as entries:
            return sum(_bytes(Path(entry)) for entry in entries if not entry.is_symlink())
    except OSError:
        return 0
