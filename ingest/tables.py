"""Tables of documents that were added before there were any, made of their kept copies. Nothing is embedded again."""

import logging
import threading

from ingest.isolation import ReadFile
from ingest.readers import may_have_tables, read
from rag import originals, tables
from rag.catalog import DocumentRecord, DocumentState
from rag.errors import FootnoteError, UnreadableDocument
from rag.library import Library
from rag.settings import Settings

_log = logging.getLogger(__name__)


def make_tables(library: Library, record: DocumentRecord, settings: Settings, *, read_file: ReadFile = read) -> int:
    """Reads the kept copy of a document for its tables; returns how many there are.

    Raises:
        FootnoteError: the copy is missing, cannot be read any more, or the tables cannot be written.
    """
    kept = originals.find(library.folder, record.id)
    if kept is None:
        raise FootnoteError(f"{record.name}: its kept copy is missing. Add the file again.")
    released = library.catalog.released(library.collection, record.id)
    document = read_file(kept, name=record.name, max_bytes=settings.max_bytes, released=released)
    tables.keep(library.folder, record.id, document.tables)
    if not library.catalog.holders(record.id):  # it was deleted meanwhile
        tables.remove(library.folder, record.id)
    return len(document.tables)


class MissingTables:
    """Makes the tables of every document of the collection that lacks them, once."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self._is_done = False

    def make(self, read_file: ReadFile = read, *, stop: threading.Event | None = None) -> None:
        """Goes on where `stop` ended it. What cannot be made is logged, and the doctor says so."""
        if self._is_done:
            return
        for record in self._library.catalog.documents(self._library.collection):
            if stop is not None and stop.is_set():
                return
            if self._is_missing(record):
                self._try(record, read_file)
        self._is_done = True

    def _is_missing(self, record: DocumentRecord) -> bool:
        if record.state is not DocumentState.READY or not may_have_tables(record.name):
            return False
        folder = self._library.folder
        return not tables.are_kept(folder, record.id) and originals.find(folder, record.id) is not None

    def _try(self, record: DocumentRecord, read_file: ReadFile) -> None:
        try:
            make_tables(self._library, record, self._settings, read_file=read_file)
        except UnreadableDocument as exc:
            _log.warning("%s: no tables could be made (%s)", record.name, exc)
            tables.keep(self._library.folder, record.id, ())  # so that it is not tried again at every start
        except FootnoteError as exc:
            _log.warning("%s: no tables could be made (%s)", record.name, exc)
