"""Lines of passages as vectors: a question is nearer to the one line that answers it than to a whole passage.

The vector of a line is the mean of its tokens as the model read them within the passage ("late chunking", Günther et
al. 2024, https://arxiv.org/abs/2409.04701): it knows what "it" stands for and costs no pass of its own. Rows of tables
are read by themselves. All are kept beside the passage as one text, since Milvus keeps no bytes.
"""

import base64
from collections.abc import Sequence
from itertools import chain

import numpy as np

from rag.embedders import Embedder, OnBatch, Vectors
from rag.readings import Reading, readings
from rag.types import Chunk, Span, is_placed_by_heading

_KEPT = 40  # lines of a passage; 768 bytes each, and Milvus keeps 65,535 characters in a field
_FIELD = 65_535
_OF_SHEET = 40  # passages of a sheet whose rows are read by themselves: some three hundred rows


def encode(
    chunks: Sequence[Chunk], embedder: Embedder, *, on_batch: OnBatch | None = None
) -> tuple[Vectors, list[Vectors]]:
    """float32[len(chunks), dimension] of passages with their context, and of each the unit rows of its lines.

    The rows of a table are read by themselves, as what they are to be understood: within the passage the vectors of all
    of them are about alike. Of a sheet only the first are: that doubles the time that it takes.
    """
    passages = [(chunk.text, chunk.embedded) for chunk in chunks]
    late = [is_placed_by_heading(chunk.document_name) and chunk.position >= _OF_SHEET for chunk in chunks]
    return encode_texts(
        passages, embedder, on_batch=on_batch, together=[place for place, is_late in enumerate(late) if is_late]
    )


def encode_texts(
    passages: Sequence[tuple[str, str]],
    embedder: Embedder,
    *,
    on_batch: OnBatch | None = None,
    together: Sequence[int] = (),
) -> tuple[Vectors, list[Vectors]]:
    """The same of texts.

    Args:
        passages: each a text, and what is embedded of it, which ends with the text.
        together: places of the passages whose rows of tables are read within the passage, too.
    """
    spans: list[list[Span]] = []
    rows: list[list[str]] = []
    for place, (text, whole) in enumerate(passages):
        lines = list(readings(text))[:_KEPT]
        alone = [line for line in lines if line.is_row and place not in together]
        spans.append([_within(whole, text, line) for line in lines if line not in alone])
        rows.append([line.read for line in alone])
    vectors, of_lines = embedder.encode_passages([whole for _, whole in passages], spans, on_batch=on_batch)
    if not any(rows):
        return vectors, of_lines
    made = embedder.encode_documents(list(chain.from_iterable(rows)))
    of_rows = np.split(made, np.cumsum([len(own) for own in rows])[:-1])
    return vectors, [np.concatenate(both) for both in zip(of_lines, of_rows, strict=True)]


def _within(whole: str, text: str, line: Reading) -> Span:
    """Where a line stands within what ends with its text."""
    start = len(whole) - len(text)
    return Span(start + line.start, start + line.end)


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
