"""The passages at the places that a question names."""

from rag.catalog import Catalog
from rag.evaluation import measures
from rag.evaluation.run import Record
from rag.retriever import Retriever
from rag.types import Chunk


def passages_at(place: str, retriever: Retriever, catalog: Catalog, collection: str) -> list[Chunk]:
    """Those of "handbook.pdf#4", of "handbook.pdf", or of the id of a passage; none where it is not there."""
    name, page = place, ""
    if catalog.document_named(collection, place) is None and "#" in place:
        name, page = place.rsplit("#", 1)
    record = catalog.document_named(collection, name)
    if record is None:
        return retriever.passages(place)
    return [chunk for chunk in retriever.passages(record.id) if not page or str(chunk.page) == page]


def expected(record: Record, retriever: Retriever, catalog: Catalog, collection: str) -> list[Chunk]:
    """The passages that a question of a report expects, those first that hold its evidence or an accepted answer."""
    found = [chunk for place in record["expected"] for chunk in passages_at(place, retriever, catalog, collection)]

    def worth(chunk: Chunk) -> tuple[float, float]:
        return (
            sum(measures.contains(chunk.text, [words]) for words in record["evidence"]),
            measures.contains(chunk.text, record["accepted"]),
        )

    return sorted(found, key=worth, reverse=True)
