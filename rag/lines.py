"""Lines of passages as vectors: a question is nearer to the one line that answers it than to a whole passage.

The vector of a line is the mean of its tokens as the model read them within the passage ("late chunking", Günther et
al. 2024, https://arxiv.org/abs/2409.04701): it knows what "it" stands for and costs no pass of its own. They are kept
beside the passage as one text, since Milvus keeps no bytes.
"""

import base64
from collections.abc import Sequence

import numpy as np

from rag import sentences
from rag.embedders import Vectors
from rag.types import Chunk, Span

_KEPT = 40  # lines of a passage; 768 bytes each, and Milvus keeps 65,535 characters in a field
_FIELD = 65_535


def spans(text: str, *, within: str) -> tuple[Span, ...]:
    """Where the lines of a passage stand within a text that ends with the passage."""
    start = len(within) - len(text)
    return tuple(Span(start + line.start, start + line.end) for line in sentences.split(text)[:_KEPT])


def embedded(chunks: Sequence[Chunk]) -> tuple[list[str], list[tuple[Span, ...]]]:
    """What an embedding model is given of passages: the text of each with its context, and where its lines stand."""
    texts = [chunk.embedded for chunk in chunks]
    return texts, [spans(chunk.text, within=text) for chunk, text in zip(chunks, texts, strict=True)]


def pack(rows: Vectors) -> str:
    """Unit rows float32[n, dimension] in a byte for each number, cosines exact to about 0.002; "" for none."""
    if not len(rows):
        return ""
    scaled = np.rint(rows * (127 / np.abs(rows).max(axis=1, keepdims=True))).astype(np.int8)
    fitting = _FIELD * 3 // 4 // scaled.shape[1]
    return base64.b64encode(scaled[:fitting].tobytes()).decode("ascii")


def nearest(packed: Sequence[str], vector: Vectors) -> list[float | None]:
    """Cosine of each passage's nearest line to a unit vector; None for a passage without lines."""
    dimension = len(vector)
    parts = [np.frombuffer(base64.b64decode(text), dtype=np.int8).reshape(-1, dimension) for text in packed]
    filled = [part for part in parts if len(part)]
    if not filled:
        return [None] * len(parts)
    rows = np.concatenate(filled).astype(np.float32)
    cosines = rows @ vector / np.linalg.norm(rows, axis=1)
    starts = np.cumsum([0, *(len(part) for part in filled[:-1])])
    best = iter(np.maximum.reduceat(cosines, starts).tolist())
    return [next(best) if len(part) else None for part in parts]
