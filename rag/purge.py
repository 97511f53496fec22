"""Writes the vectors and the words anew, without what was deleted.

Milvus Lite marks rows as deleted and takes them out of its files only when it merges those; so does SQLite before 3.42
with words. Whoever must be sure that nothing is left on the disk purges: words are merged, every collection is copied
beside the old files, then folders are renamed. A process that dies meanwhile leaves either the old files or the new
ones, whole: `Library.open` takes them up.
"""

import contextlib
import shutil
from pathlib import Path

from rag.catalog import Collection
from rag.errors import FootnoteError
from rag.library import Library, batches
from rag.progress import OnProgress
from rag.settings import Settings
from rag.versions import forget_history
from rag.wording import counted

_BATCH = 1_000  # passages written at once
_NEW, _OLD = "vectors.new.db", "vectors.old.part"


def purge(library: Library, settings: Settings, *, on_progress: OnProgress, versions: bool = False) -> int:
    """Copies what is there and drops the rest; returns the bytes of vectors that went. The store must not be open.

    Args:
        versions: deletes the old versions of every document as well, with their files.
    """
    if library.is_store_open:
        raise RuntimeError("close the store first")
    if versions:
        for collection in library.catalog.collections():
            forget_history(library, collection.name)
    _merge_words(library)
    place, new = library.folder / "vectors.db", library.folder / _NEW
    if not place.exists():
        return 0
    before = _bytes(place)
    shutil.rmtree(new, ignore_errors=True)
    try:
        for collection in library.catalog.collections():
            if collection.dimension:
                on_progress(0, 0, f"passages of {collection.title}")
                _copy(place, new, collection, settings)
        if not new.exists():
            return 0
        place.rename(library.folder / _OLD)
        new.rename(place)
    except OSError as exc:
        raise FootnoteError(
            f"The vectors could not be written anew in {library.folder}: {exc.strerror}. Make room: they are there "
            "twice for a while. Nothing is lost."
        ) from exc
    shutil.rmtree(library.folder / _OLD)
    return before - _bytes(place)


def _merge_words(library: Library) -> None:
    from rag.lexical import LexicalIndex

    if (file := library.folder / "words.db").exists():
        for collection in library.catalog.collections():
            with contextlib.closing(LexicalIndex(file, collection.name)) as words:
                words.compact()


def _copy(place: Path, new: Path, collection: Collection, settings: Settings) -> None:
    from rag.store import MilvusStore

    source = MilvusStore(str(place), collection.stored_as, collection.dimension, exact_rows=settings.exact_rows)
    try:
        target = MilvusStore(str(new), collection.stored_as, collection.dimension, exact_rows=settings.exact_rows)
        try:
            for records in batches(source.records(), _BATCH):
                target.put(records)
            if (copied := target.count()) != (there := source.count()):
                of = counted(there, "passage")
                raise FootnoteError(f"{copied:,} of {of} were copied. Nothing was changed; try again.")
        finally:
            target.close()
    finally:
        source.close()


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
