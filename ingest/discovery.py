"""Which files of those that a person names, and of the folders among them, are documents."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest import archives
from ingest.readers import SUFFIXES
from ingest.readers.cleaning import clean_name
from ingest.report import IncomingFile
from rag.library import is_library

ACCEPTED = (*SUFFIXES, archives.SUFFIX)  # endings of files that can be added


def find_files(paths: Sequence[Path]) -> list[IncomingFile]:
    """The files named, and every readable file in the folders named, in order of path.

    Hidden files and folders are left out, those in which programs keep the code of others, and libraries of Footnote.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update((entry.resolve(), None) for entry in _inside(path) if entry.suffix.lower() in ACCEPTED)
        else:
            found[path.absolute()] = None
    return [IncomingFile(path, clean_name(path.name), clean_name(str(path))) for path in found]


def of_other_kinds(paths: Sequence[Path]) -> list[Path]:
    """The files in the folders named that `find_files` leaves out because nothing reads their format."""
    inside = (entry for path in paths if path.is_dir() for entry in _inside(path))
    return [entry for entry in inside if entry.suffix.lower() not in ACCEPTED]


def _inside(folder: Path) -> Iterator[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        if is_library([*folders, *names]):
            folders.clear()
            continue
        folders[:] = [name for name in folders if not archives.is_passed_over(name)]
        found += [Path(parent, name) for name in names if not archives.is_passed_over(name)]
    return (entry for entry in sorted(found) if entry.is_file())
