"""Files into collections that are not open, while another one is filled and asked."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from ingest.following import Add
from ingest.isolation import IsolatedReader
from ingest.pipeline import ingest
from ingest.readers import read
from ingest.report import IncomingFile, IngestReport
from rag.embedders import Embedder
from rag.library import Library

OnReport = Callable[[IngestReport], None]


class OtherCollections:
    """The collections of a library that are not open, one at a time."""

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        on_report: OnReport = lambda report: None,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._on_report = on_report

    @contextlib.contextmanager
    def opened(self, collection: str, stop: threading.Event) -> Iterator[tuple[Library, Add]]:
        """A collection, and what adds files to it until it is stopped.

        Raises:
            FootnoteError: it is gone, or belongs to another embedding model.
        """
        reader = IsolatedReader()
        with contextlib.closing(reader), self._library.other(collection, self._embedder) as library:
            settings = library.settings_of()

            def add(files: Sequence[IncomingFile]) -> bool:
                report = ingest(
                    files,
                    library=library,
                    embedder=self._embedder,
                    settings=settings,
                    stop=stop,
                    read_file=reader.read if settings.isolate_readers else read,
                )
                self._on_report(report)
                return not report.stopped

            yield library, add
