"""What a replaced version brings to the one that takes its place: the vectors of passages that stay the same."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.chunker import embedding_text
from rag.catalog import DocumentRecord, DocumentState, Succession
from rag.library import Library
from rag.rows import Record
from rag.types import Chunk
from rag.versions import pack_passages


@dataclass(frozen=True)
class Earlier:
    """A document that another one takes the place of, with its passages."""

    record: DocumentRecord
    passages: tuple[Record, ...]

    def succession(self, chunks: Sequence[Chunk], *, is_kept: bool) -> Succession:
        """What is kept of it, when these are the passages that follow."""
        old = Counter(entry.chunk.text for entry in self.passages)
        new = Counter(chunk.text for chunk in chunks)
        packed = pack_passages([entry.chunk for entry in self.passages]) if is_kept else None
        return Succession(self.record.id, packed, (new - old).total(), (old - new).total())


def earlier_at(library: Library, source: str, document_id: str) -> Earlier | None:
    """The document that a source held before, where it is another one and whole."""
    record = library.catalog.document_at(library.collection, source) if source else None
    if record is None or record.id == document_id or record.state is not DocumentState.READY:
        return None
    return Earlier(record, tuple(library.store.records([record.id])))


class Vectors:
    """Vectors that passages have already, each to be taken once: equal vectors are bad for the search."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._by_text: dict[str, list[Record]] = defaultdict(list)
        for record in reversed(records):
            self._by_text[embedding_text(record.chunk)].append(record)

    def take(self, chunks: Sequence[Chunk]) -> tuple[list[Record], list[Chunk]]:
        """The chunks for which there is a vector, with it, and the others."""
        found, others = [], []
        for chunk in chunks:
            if records := self._by_text.get(embedding_text(chunk)):
                found.append(replace(records.pop(), chunk=chunk))
            else:
                others.append(chunk)
        return found, others
