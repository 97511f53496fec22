"""Text embeddings by sentence-transformers. The only file that imports it."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from rag.devices import choose_device, choose_dtype
from rag.embedders import OnBatch, Vectors
from rag.errors import ModelUnavailable

_BATCH = 32  # texts of similar length in one pass; larger ones gain nothing on a processor


class TextEmbedder:
    """Any sentence-transformers model of a local folder; MPNet (all-mpnet-base-v2) by default.

    Mean pooling, normalisation and the 384-token limit of MPNet come from the model's own folder
    (https://www.sbert.net/docs/pretrained_models.html).

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    def __init__(self, folder: Path, *, name: str, device: str = "auto", dtype: str = "auto") -> None:
        self.name = name
        self._lock = threading.Lock()
        where = choose_device(device)
        try:
            self._model = SentenceTransformer(
                str(folder),
                device=where,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": choose_dtype(dtype, where), "use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, ImportError) as exc:
            raise ModelUnavailable(
                f"{folder} could not be loaded as a sentence-transformers model: {exc}. "
                "Run `python -m rag models verify`, or name another embedding model."
            ) from exc
        self._model.eval()
        self._tokenizer = self._model.tokenizer.backend_tokenizer  # thread-safe for encoding
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._count = type(self._tokenizer).from_str(self._tokenizer.to_str())  # its own: encode() sets truncation
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 512)

    def count_tokens(self, text: str) -> int:
        return len(self._count.encode(text, add_special_tokens=False).ids)

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        longest_first = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        for start in range(0, len(texts), _BATCH):
            if on_batch is not None:
                on_batch(start)
            batch = longest_first[start : start + _BATCH]
            rows[batch] = self._encode([texts[index] for index in batch], query=False)
        return rows

    def encode_query(self, text: str) -> Vectors:
        """A question longer than the model's limit is read in parts, whose mean is taken: nothing is cut off."""
        parts = self._encode(self._parts(text), query=True)
        mean = parts.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def _parts(self, text: str) -> list[str]:
        offsets = self._count.encode(text, add_special_tokens=False).offsets
        size = self.max_tokens - 2
        if len(offsets) <= size:
            return [text]
        return [
            text[offsets[start][0] : offsets[min(start + size, len(offsets)) - 1][1]]
            for start in range(0, len(offsets), size)
        ]

    def _encode(self, texts: Sequence[str], *, query: bool) -> Vectors:
        encode = self._model.encode_query if query else self._model.encode_document
        with self._lock, torch.inference_mode():
            vectors = encode(
                list(texts),
                batch_size=_BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        rows = np.asarray(vectors, dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
