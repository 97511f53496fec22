"""Text embeddings by sentence-transformers. The only file that imports it."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device

from rag.devices import LOADING_ERRORS, choose_device, choose_dtype
from rag.embedders import OnBatch, Vectors
from rag.errors import ModelUnavailable
from rag.layers import PackedLinear, can_pack, replace_linear
from rag.terms import is_unspaced
from rag.types import Span

_PASS_BYTES = {"cpu": 3_500, "cuda": 128_000}  # of texts in one pass: what a block makes of them stays in the cache
_BY_TOKEN = ("attention_mask", "input_ids", "token_embeddings")  # outputs of the model
_LINE_TOKENS = 3  # shorter lines, as numbers of a list, are near to anything
_CHINESE = "这们说还没对过发现时间问题"  # characters that no model lacks which was made for Chinese


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
        kind = choose_dtype(dtype, where)
        try:
            self._model = SentenceTransformer(
                str(folder),
                device=where,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": kind, "use_safetensors": True},
            )
        except LOADING_ERRORS as exc:
            raise ModelUnavailable(
                f"{folder} could not be loaded as a sentence-transformers model: {exc}. "
                "Run `python -m rag models verify`, or name another embedding model."
            ) from exc
        self._model.eval()
        if can_pack(kind, where):
            replace_linear(self._model, PackedLinear)
        self._pass_bytes = _PASS_BYTES[where]
        self._tokenizer = self._model.tokenizer.backend_tokenizer  # thread-safe for encoding
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._count = type(self._tokenizer).from_str(self._tokenizer.to_str())  # its own: encode() sets truncation
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 512)
        self._reads_unspaced = not self._knows_not(_CHINESE)

    def count_tokens(self, text: str) -> int:
        return len(self._count.encode(text, add_special_tokens=False).ids)

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for batch in self._batches(texts, on_batch):
            rows[batch] = _vectors(self._read([texts[index] for index in batch], "document"))
        return rows

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        """A line is the mean of its tokens within the text: one pass of the model gives both."""
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        found = [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)
        for batch in self._batches(texts, on_batch):
            read = self._read([texts[index] for index in batch], "document")
            rows[batch] = _vectors(read)
            for place, index in enumerate(batch):
                found[index] = self._lines(texts[index], lines[index], {name: read[name][place] for name in _BY_TOKEN})
        return rows, found

    def _batches(self, texts: Sequence[str], on_batch: OnBatch | None) -> Iterator[list[int]]:
        """Indices of texts of similar length, the longest first, as many as are read in one pass."""
        sizes = [len(text.encode(errors="replace")) for text in texts]
        longest_first = sorted(range(len(texts)), key=lambda index: -sizes[index])
        start = 0
        while start < len(texts):
            if on_batch is not None:
                on_batch(start)
            count = max(1, self._pass_bytes // max(1, sizes[longest_first[start]]))
            yield longest_first[start : start + count]
            start += count

    def reads(self, text: str) -> bool:
        return self._reads_unspaced or not is_unspaced(text)

    def _knows_not(self, text: str) -> bool:
        return getattr(self._model.tokenizer, "unk_token_id", None) in self._count.encode(text).ids

    def _lines(self, text: str, lines: Sequence[Span], output: dict[str, torch.Tensor]) -> Vectors:
        read = output["attention_mask"] > 0
        ids = output["input_ids"][read].tolist()[:-1]  # the last one closes the text, also where it was cut
        encoded = self._count.encode(text)
        if encoded.ids[: len(ids)] != ids:  # a model that puts words of its own before a document
            return np.empty((0, self.dimension), dtype=np.float32)
        tokens = output["token_embeddings"][read][:-1].float().cpu().numpy()
        starts, ends = np.array(encoded.offsets[: len(ids)]).T
        masks = ((starts >= line.start) & (ends <= line.end) & (ends > starts) for line in lines)
        means = [tokens[mask].mean(axis=0) for mask in masks if mask.sum() >= _LINE_TOKENS]
        return _unit(np.array(means, dtype=np.float32).reshape(-1, self.dimension))

    def encode_query(self, text: str) -> Vectors:
        """A question longer than the model's limit is read in parts, whose mean is taken: nothing is cut off."""
        mean = _vectors(self._read(self._parts(text), "query")).mean(axis=0)
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

    def _read(self, texts: Sequence[str], task: str) -> dict[str, torch.Tensor]:
        """What the model makes of texts, by the name of an output; task: "query" or "document".

        As encode_query() and encode_document() do it, which go through all modules first: a tenth of a question's time.
        """
        prompt = self._model.prompts[task]  # empty where a model has none
        with self._lock, torch.inference_mode():
            features = self._model.preprocess(list(texts), prompt=prompt, task=task)
            read: dict[str, torch.Tensor] = self._model(batch_to_device(features, self._model.device), task=task)
        return read


def _vectors(read: dict[str, torch.Tensor]) -> Vectors:
    return _unit(read["sentence_embedding"].float().cpu().numpy())


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
