"""The multilingual Universal Sentence Encoder by ONNX Runtime. The only file that imports onnxruntime."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures
from onnxruntime_extensions import get_library_path

from rag.embedders import OnBatch, Vectors
from rag.errors import ModelUnavailable
from rag.types import Span

FILE = "embedding_model_quantized.onnx"
_TOLD = 16  # texts between two calls of on_batch
_UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


class UniversalEmbedder:
    """Sixteen languages in one space, Chinese among them (Yang et al. 2019, https://arxiv.org/abs/1907.04307).

    Its tokenizer is inside the graph and cannot be asked: a token is counted as a word, a sign, or a character of a
    script without spaces.

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    dimension = 512
    max_tokens = 512  # it reads more; longer texts only blur

    def __init__(self, folder: Path, *, name: str) -> None:
        self.name = name
        options = onnxruntime.SessionOptions()
        options.register_custom_ops_library(get_library_path())
        try:
            self._session = onnxruntime.InferenceSession(folder / FILE, options, providers=["CPUExecutionProvider"])
        except (failures.Fail, failures.NoSuchFile, failures.InvalidProtobuf, failures.InvalidGraph) as exc:
            raise ModelUnavailable(
                f"{folder} could not be loaded by ONNX Runtime: {exc}. Run `python -m rag models verify`, or name "
                "another embedding model."
            ) from exc

    def count_tokens(self, text: str) -> int:
        return len(_TOKEN.findall(text))

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for index, text in enumerate(texts):
            if on_batch is not None and index % _TOLD == 0:
                on_batch(index)
            rows[index] = self.encode_query(text)
        return rows

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        """Lines are read on their own: the graph gives no vectors of tokens, and is quick enough."""
        parts = [[text[line.start : line.end] for line in own] for text, own in zip(texts, lines, strict=True)]
        rows = self.encode_documents(texts, on_batch=on_batch)
        return rows, [self.encode_documents(part) for part in parts]

    def reads(self, text: str) -> bool:
        return True

    def encode_query(self, text: str) -> Vectors:
        """One text a run: the quantised graph scales its numbers by all that run together."""
        ((row,),) = self._session.run(None, {"inputs": np.array([text], dtype=object)})
        return np.asarray(row / np.linalg.norm(row), dtype=np.float32)
