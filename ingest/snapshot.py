"""The queue at one moment, as the page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.pace import Pace
from ingest.report import IngestProgress
from rag.catalog import Catalog, Embedded, QueuedFile, QueueState

_SHOWN = 100  # files of the queue that a snapshot names; the totals count all
_ORDER = (
    QueueState.WORKING,
    QueueState.EMBEDDING,
    QueueState.NAMESAKE,
    QueueState.LOCKED,
    QueueState.FAILED,
    QueueState.WAITING,
)
_READ = 0.1  # of the way of a file: it is found by its words, and vectors are to be made


@dataclass(frozen=True)
class QueueSnapshot:
    """The queue at one moment.

    Attributes:
        files: the first hundred, those in work and waiting before those that are done.
        totals: number of files by state.
        batch: the same of the files dropped last, without what failed before them.
        embedded: how far those of `files` are whose vectors fill in, by id.
        embedded_of_all: how far all documents together are whose vectors fill in.
        progress: of the file in work, None when there is none.
        fraction: of the bytes of the batch, 0 to 1.
        stopping: what is in work ends as soon as its step is done, because of a pause or a cancel.
        seconds_left: by the pace since the worker began, None until there is one.
    """

    files: tuple[QueuedFile, ...]
    totals: dict[QueueState, int]
    batch: dict[QueueState, int]
    embedded: dict[int, Embedded]
    embedded_of_all: Embedded
    progress: IngestProgress | None
    fraction: float
    seconds_left: float | None
    paused: bool
    stopping: bool

    @property
    def is_open(self) -> bool:
        """Whether files are waiting or in work."""
        return any(state.is_open for state in self.totals)

    @property
    def mark(self) -> tuple[int, int, int]:
        """Changes when a file is read, when one is done, and with each tenth of the vectors."""
        return self.closed, self.totals.get(QueueState.EMBEDDING, 0), int(10 * self.embedded_of_all.share)

    @property
    def closed(self) -> int:
        """Files of the batch that are done, well or not."""
        return sum(count for state, count in self.batch.items() if not state.is_open)


def take_snapshot(
    catalog: Catalog,
    collection: str,
    *,
    since: int,
    progress: IngestProgress | None,
    pace: Pace,
    paused: bool,
    stopping: bool,
) -> QueueSnapshot:
    """How far everything is; `since` is the id of the first file of the batch."""
    totals = catalog.queue_totals(collection)
    batch = {
        state: total for state, total in catalog.queue_totals(collection, since=since).items() if not state.is_open
    } | {state: total for state, total in totals.items() if state.is_open}
    files = catalog.queue_by_state(collection, _ORDER, limit=_SHOWN)
    sizes = {state: size for state, (_, size) in totals.items()}
    part = progress.part if progress is not None else 0.0
    to_read = sizes.get(QueueState.WAITING, 0) + sizes.get(QueueState.WORKING, 0) * (1 - part)
    of_all = catalog.embedded_of_all(collection)
    to_embed = sizes.get(QueueState.EMBEDDING, 0) * (1 - _READ) * (1 - of_all.share)
    every = sum(size for _, size in batch.values())
    return QueueSnapshot(
        files=tuple(files),
        totals={state: count for state, (count, _) in totals.items()},
        batch={state: count for state, (count, _) in batch.items()},
        embedded=_embedded(catalog, collection, files),
        embedded_of_all=of_all,
        progress=progress,
        fraction=1 - (to_read + to_embed) / every if every else 0.0,
        seconds_left=pace.seconds_for(to_read, of_all.of - of_all.done),
        paused=paused,
        stopping=stopping,
    )


def _embedded(catalog: Catalog, collection: str, files: Sequence[QueuedFile]) -> dict[int, Embedded]:
    """How far each file is: of an archive, all documents in it together; those that are done no longer count."""
    filling = {file.id: file.documents for file in files if file.state is QueueState.EMBEDDING}
    far = catalog.embedded(collection, [identifier for documents in filling.values() for identifier in documents])
    found: dict[int, Embedded] = {}
    for file_id, documents in filling.items():
        parts = [far[identifier] for identifier in documents if identifier in far]
        found[file_id] = Embedded(sum(part.done for part in parts), sum(part.of for part in parts))
    return found
