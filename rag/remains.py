"""What was left in and beside a library folder: half written files, restores, a catalog that is lost or damaged."""

import contextlib
import itertools
import re
import shutil
import time
from pathlib import Path

from rag import originals, tables
from rag.catalog import REMEDY, CatalogDamaged
from rag.locks import LIBRARY_LOCK, LockHeld, hold

UNPACKING, UNPACKED = ".part", ".whole"  # endings of folders beside the library into which a backup is unpacked
_UNCLAIMED = 3_600  # seconds after which an unpacked backup that was not put in its place is in nobody's hands


def sweep(folder: Path) -> None:
    """Removes what a killed process left half written, and takes up vectors that it had written anew."""
    vectors, new = folder / "vectors.db", folder / "vectors.new.db"
    if new.exists() and not vectors.exists():  # it died between two renamings
        new.rename(vectors)
    shutil.rmtree(new, ignore_errors=True)
    for half in (*originals.unfinished(folder), *tables.unfinished(folder), *folder.glob("*.part")):
        if half.is_dir():
            shutil.rmtree(half, ignore_errors=True)
        else:
            half.unlink(missing_ok=True)


def sweep_restores(folder: Path) -> None:
    """Removes what a killed restore left beside the library; one that is being unpacked holds its lock."""
    made = rf"{re.escape(folder.name)}\.[0-9a-f]{{32}}"
    for half in [entry for entry in folder.parent.iterdir() if re.fullmatch(made, entry.stem) and entry.is_dir()]:
        if half.suffix == UNPACKED and half.stat().st_mtime < time.time() - _UNCLAIMED:
            shutil.rmtree(half, ignore_errors=True)
        elif half.suffix == UNPACKING:
            with contextlib.suppress(LockHeld):
                with hold(half / LIBRARY_LOCK, timeout=0):
                    pass
                shutil.rmtree(half, ignore_errors=True)


def refuse_lost_catalog(folder: Path) -> None:
    """A catalog that is gone must not be begun anew in silence: its documents would be there and belong to nothing."""
    file = folder / "catalog.db"
    if (folder / "vectors.db").exists() and not (file.exists() and file.stat().st_size):
        raise CatalogDamaged(f"The catalog {file} is missing or empty. {REMEDY}")


def set_aside_catalog(folder: Path) -> Path | None:
    """Where the catalog lies now, with what SQLite keeps beside it; None where there was none."""
    file = folder / "catalog.db"
    if not file.exists():
        return None
    place = free_place(folder / "set-aside", file.name)
    for ending in ("-wal", "-shm", ""):
        if (beside := folder / f"{file.name}{ending}").exists():
            beside.rename(place.with_name(f"{place.name}{ending}"))
    return place


def free_place(folder: Path, name: str) -> Path:
    """A path in a folder that no other file has, made from a name."""
    folder.mkdir(exist_ok=True)
    stem, suffix = Path(name).stem, Path(name).suffix
    names = itertools.chain((f"{stem}{suffix}",), (f"{stem} ({number}){suffix}" for number in itertools.count(2)))
    return next(place for free in names if not (place := folder / free).exists())
