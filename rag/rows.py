"""Chunks as rows of the store, and the filters that choose among them. Pure functions."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.embedders import Vectors
from rag.lines import nearest
from rag.types import Chunk, Hit

FIELDS = ["document_id", "document_name", "title", "page", "heading", "start", "end", "position", "text"]
LATER = ["lines", "sections"]  # fields that collections of earlier versions lack
_NO_PAGE = 0  # Milvus has no null on every version; pages are 1-based
_REPEAT_SHIFT = 0.02  # length of the random step added to a repeated unit vector; changes its cosine by 0.0002


@dataclass(frozen=True)
class StoredChunk:
    """What tells a stored chunk from others."""

    id: str
    document_id: str
    document_name: str
    position: int


@dataclass(frozen=True)
class Record:
    """A chunk with what was embedded of it: its unit vector, and the vectors of its lines as `rag.lines` packs them."""

    chunk: Chunk
    vector: Vectors
    lines: str


def row_of(record: Record, fields: Sequence[str]) -> dict[str, Any]:
    """A record as a row of the fields that a collection has."""
    values = {name: getattr(record.chunk, name) for name in FIELDS}
    values["page"] = _NO_PAGE if record.chunk.page is None else record.chunk.page
    later = {"lines": record.lines, "sections": json.dumps(record.chunk.sections, ensure_ascii=False)}
    values |= {name: later[name] for name in LATER if name in fields}
    return {**values, "id": record.chunk.id, "text_hash": text_hash(record.chunk), "embedding": record.vector}


def hits_of(rows: Sequence[dict[str, Any]], scores: Iterable[float], vector: Vectors) -> list[Hit]:
    """Rows as hits for a question's vector, with the cosine of their nearest line."""
    lines = nearest([row.get("lines", "") for row in rows], vector)
    return [
        Hit(chunk_of(row), float(score), line=float(score) if line is None else line)
        for row, score, line in zip(rows, scores, lines, strict=True)
    ]


def chunk_of(row: dict[str, Any]) -> Chunk:
    """The chunk of a row."""
    values = {name: row[name] for name in FIELDS}
    values["page"] = None if values["page"] == _NO_PAGE else values["page"]
    sections = tuple((int(start), str(heading)) for start, heading in json.loads(row.get("sections") or "[]"))
    return Chunk(**values, sections=sections)


def text_hash(chunk: Chunk) -> str:
    """Equal for chunks that are embedded alike."""
    return hashlib.sha256(f"{chunk.context}\0{chunk.text}".encode()).hexdigest()[:32]


def shifted(vector: Vectors, seed: str) -> Vectors:
    """A unit vector moved a little, always by the same step for the same seed."""
    step = np.random.default_rng(int(seed[:16], 16)).standard_normal(len(vector)).astype(np.float32)
    moved = vector + _REPEAT_SHIFT * step / np.linalg.norm(step)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


def where_of(documents: Sequence[str], hidden: Sequence[str]) -> str:
    """The filter for rows of some documents, or of all, without the hidden ones."""
    parts = []
    if documents:
        parts.append(f"document_id in [{_quoted(documents)}]")
    if hidden:
        parts.append(f"document_id not in [{_quoted(hidden)}]")
    return " and ".join(parts)


def any_of(field: str, values: Iterable[str]) -> str:
    """The filter for rows whose field has one of the values."""
    return f"{field} in [{_quoted(values)}]"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(_quote(value) for value in values)


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
