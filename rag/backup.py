"""A whole library in one file, and back: catalog, kept copies, files that wait, and the passages of every collection.

Passages are kept with their vectors, as data and not as files of Milvus, so that nothing is embedded again and another
version of Milvus can take them. The index of words is left out: it is made of the passages on opening.
"""

import contextlib
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag import parts, tables
from rag.catalog import Catalog, Collection
from rag.errors import FootnoteError
from rag.library import Library
from rag.locks import LIBRARY_LOCK, LockHeld, hold
from rag.packing import Pack, opened, packing
from rag.progress import OnProgress
from rag.remains import UNPACKED, UNPACKING
from rag.settings import NAME, Settings

if TYPE_CHECKING:
    from rag.store import MilvusStore

KIND = "Footnote library"
_FOLDERS = ("originals", "tables", "incoming")
_NAMES = (
    r"catalog\.db|originals/[0-9a-f]{2}/[0-9a-f]{64}(\.\w{1,16})?|incoming/[0-9a-f]{32}(\.\w{1,16})?"
    rf"|tables/[0-9a-f]{{2}}/{tables.PATTERN}|collections/\w{{1,100}}/{parts.PATTERN}"
)


def _silent(done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds."""

    documents: int
    passages: int


def back_up(library: Library, file: Path, *, on_progress: OnProgress = _silent) -> Contents:
    """Writes the library to one file, there as a whole or not at all. It may be asked meanwhile, but not filled.

    Raises:
        FootnoteError: the file is there already, or cannot be written.
    """
    catalog = library.catalog
    collections = [entry for entry in catalog.collections() if entry.dimension]
    files = [path for name in _FOLDERS for path in sorted((library.folder / name).rglob("*")) if _is_kept(path)]
    about = {"made_at": time.strftime("%Y-%m-%d %H:%M"), "collections": [entry.name for entry in collections]}
    with packing(file, kind=KIND, about=about) as pack:
        copy = library.folder / f"catalog.{uuid.uuid4().hex}.part"
        try:
            catalog.copy_to(copy)
            pack.add_file("catalog.db", copy)
        finally:
            copy.unlink(missing_ok=True)
        passages = 0
        for collection in collections:
            on_progress(0, 0, f"passages of {collection.title}")
            with _store(library.folder, collection) as store:
                passages += parts.write(pack, f"collections/{collection.name}/", store)
        for number, path in enumerate(files):
            on_progress(number, len(files), "kept files")
            pack.add_file(path.relative_to(library.folder).as_posix(), path)
        on_progress(len(files), len(files), "kept files")
    return Contents(sum(catalog.document_totals(entry.name).documents for entry in collections), passages)


def restore(file: Path, settings: Settings, *, on_progress: OnProgress = _silent) -> Path | None:
    """Puts a backup in the place of the library that the settings name.

    All of it is unpacked and verified beside the library first; then folders are renamed. Nothing may have the library
    open.

    Returns:
        where the library that was there before lies now, None where there was none.

    Raises:
        FootnoteError: the file is no backup or damaged, or the library is in use; nothing was changed.
    """
    made = unpack(file, settings, on_progress=on_progress)
    return swap(made, settings.library_folder.resolve())


def unpack(file: Path, settings: Settings, *, on_progress: OnProgress = _silent) -> Path:
    """Unpacks and verifies a backup beside the library; returns the folder. `swap` puts it in its place."""
    place = settings.library_folder.resolve()
    made = place.with_name(f"{place.name}.{uuid.uuid4().hex}{UNPACKING}")
    with opened(file, kind=KIND, names=_NAMES) as pack:
        try:
            made.mkdir(parents=True)
            with hold(made / LIBRARY_LOCK, timeout=0):  # nobody takes it for what a killed restore left
                _refuse_without_room(pack, made)
                _extract(pack, made, on_progress)
                _fill(pack, made, place, settings, on_progress)
            return made.rename(made.with_suffix(UNPACKED))
        except OSError as exc:
            shutil.rmtree(made, ignore_errors=True)
            raise FootnoteError(f"{file} could not be unpacked in {made.parent}: {exc.strerror}. Make room.") from exc
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def swap(made: Path, place: Path) -> Path | None:
    """Puts an unpacked library in its place; returns where the one before lies now.

    Raises:
        FootnoteError: it is in use, or a folder cannot be renamed; nothing was changed.
    """
    before = None
    try:
        if place.exists():
            with hold(place / LIBRARY_LOCK, timeout=0):
                pass
            before = _free(place.with_name(f"{place.name} until {time.strftime('%Y-%m-%d %H.%M')}"))
            place.rename(before)
        made.rename(place)
    except LockHeld as exc:
        shutil.rmtree(made, ignore_errors=True)
        raise FootnoteError(f"The library {place} is open in another process. Close it and try again.") from exc
    except OSError as exc:
        if before is not None and not place.exists():
            before.rename(place)
        raise FootnoteError(f"{place} could not be renamed: {exc.strerror}. The unpacked backup is {made}.") from exc
    return before


def _extract(pack: Pack, made: Path, on_progress: OnProgress) -> None:
    names = [name for name in pack.files if not name.startswith("collections/")]
    for number, name in enumerate(names):
        on_progress(number, len(names), "kept files")
        pack.extract(name, made / name)
    if "catalog.db" not in names:
        raise FootnoteError(f"{pack.path.name} holds no catalog: it is damaged.")


def _fill(pack: Pack, made: Path, place: Path, settings: Settings, on_progress: OnProgress) -> None:
    """Passages into a new store, and the paths of waiting copies to where they will lie."""
    catalog = Catalog(made / "catalog.db")
    try:
        catalog.move_queue(place / "incoming")
        for collection in catalog.collections():
            if not re.fullmatch(NAME, collection.name):
                raise FootnoteError(f"{pack.path.name} names a collection {collection.name[:80]!r}: it is damaged.")
            if not collection.dimension:
                continue
            on_progress(0, 0, f"passages of {collection.title}")
            with _store(made, collection, exact_rows=settings.exact_rows) as store:
                for records in parts.read(pack, f"collections/{collection.name}/", collection.dimension):
                    store.put(records)
    finally:
        catalog.close()


@contextlib.contextmanager
def _store(folder: Path, collection: Collection, *, exact_rows: int = 2**31 - 1) -> Iterator["MilvusStore"]:
    from rag.store import MilvusStore  # half a second to import

    store = MilvusStore(str(folder / "vectors.db"), collection.stored_as, collection.dimension, exact_rows=exact_rows)
    try:
        yield store
    finally:
        store.close()


def _refuse_without_room(pack: Pack, folder: Path) -> None:
    needed, free = sum(packed.size for packed in pack.files.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise FootnoteError(
            f"{pack.path.name} unpacks to {needed / 1e9:.1f} GB and {folder.parent} has {free / 1e9:.1f} GB free. Make "
            "room, or set FOOTNOTE_LIBRARY to a folder on another disk."
        )


def _is_kept(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(".")


def _free(path: Path) -> Path:
    names = (path.with_name(f"{path.name} ({number})") for number in range(2, 1_000))
    return path if not path.exists() else next(free for free in names if not free.exists())
