"""The passages of a collection in a pack: texts as JSON Lines, vectors as arrays, a thousand at a time."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.library import batches
from rag.packing import Pack, PackError, PackWriter
from rag.rows import Record
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.store import Store

PATTERN = r"(chunks-\d{6}\.jsonl|vectors-\d{6}\.npy)"  # of the names, under their folder
_PART = 1_000  # passages
_TYPES = {entry.name: entry.type for entry in fields(Chunk) if entry.name != "sections"}


def write(pack: PackWriter, folder: str, store: "Store", documents: Collection[str] | None = None) -> int:
    """Every passage of a store, or of these documents (ids) only; returns how many."""
    count = 0
    chosen = (entry for entry in store.records() if documents is None or entry.chunk.document_id in documents)
    for number, records in enumerate(batches(chosen, _PART)):
        lines = (json.dumps({**asdict(record.chunk), "lines": record.lines}) for record in records)
        pack.add(f"{folder}chunks-{number:06}.jsonl", "\n".join(lines).encode())
        pack.add_array(f"{folder}vectors-{number:06}.npy", np.stack([record.vector for record in records]))
        count += len(records)
    return count


def read(pack: Pack, folder: str, dimension: int) -> Iterator[list[Record]]:
    """What `write` was given, a thousand passages at a time.

    Raises:
        PackError: a part is damaged, or holds something else.
    """
    for name in sorted(name for name in pack.files if name.startswith(f"{folder}chunks-")):
        vectors = f"{folder}vectors-{name[-12:-6]}.npy"
        if vectors not in pack.files:
            raise PackError(f"{pack.path.name}: {vectors} is missing.")
        rows = pack.read_array(vectors)
        lines = pack.read(name).decode("utf-8", "replace").split("\n")
        if rows.shape != (len(lines), dimension):
            raise PackError(f"{pack.path.name}: {vectors} does not fit {name}.")
        yield [_record(pack, name, line, row) for line, row in zip(lines, rows, strict=True)]


def _record(pack: Pack, name: str, line: str, vector: np.ndarray[Any, np.dtype[np.float32]]) -> Record:
    try:
        values = json.loads(line)
        packed = values.pop("lines")
        sections = tuple((start, heading) for start, heading in values.pop("sections", ()))
        if not isinstance(packed, str) or values.keys() != _TYPES.keys():
            raise ValueError("other fields")
        if not all(_fits(start, int) and _fits(heading, str) for start, heading in sections):
            raise ValueError("other sections")
        chunk = Chunk(**values, sections=sections)
        if not all(_fits(getattr(chunk, field), kind) for field, kind in _TYPES.items()):
            raise ValueError("other types")
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise PackError(f"{pack.path.name}: {name} holds something else than passages ({exc}).") from exc
    return Record(chunk, vector, packed)


def _fits(value: object, kind: object) -> bool:
    if kind == int | None:
        return value is None or type(value) is int
    return type(value) is kind
