"""Cross-encoders of a folder, run by transformers."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from rag.devices import LOADING_ERRORS, choose_device, choose_dtype
from rag.embedders import Vectors
from rag.errors import ModelUnavailable

_TOKENS = 512  # of both texts together: what such models were trained with
_PASS = 16  # pairs read in one pass
_ENTAILMENT = "entailment"  # the label of models that were trained on MNLI


class _CrossEncoder:
    """Any model of transformers that classifies pairs of texts.

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    def __init__(self, folder: Path, *, device: str = "auto", dtype: str = "auto") -> None:
        where = choose_device(device)
        try:
            model: Any = AutoModelForSequenceClassification.from_pretrained(
                folder,
                dtype=choose_dtype(dtype, where),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except LOADING_ERRORS as exc:
            raise ModelUnavailable(
                f"{folder} could not be loaded as a model that reads pairs of texts: {exc}. "
                "Run `python -m rag models verify`, or name another one."
            ) from exc
        self._model = model.to(where).eval()
        self._lock = threading.Lock()
        self.labels = tuple(str(model.config.id2label[place]).lower() for place in range(model.config.num_labels))

    def logits(self, firsts: Sequence[str], seconds: Sequence[str]) -> Vectors:
        """float32[pairs, labels]; where a pair is too long for the model, the longer text is cut."""
        rows = [np.empty((0, len(self.labels)), dtype=np.float32)]
        for start in range(0, len(firsts), _PASS):
            pairs = list(firsts[start : start + _PASS]), list(seconds[start : start + _PASS])
            with self._lock, torch.inference_mode():
                read = self._tokenizer(*pairs, truncation=True, max_length=_TOKENS, padding=True, return_tensors="pt")
                rows.append(self._model(**read.to(self._model.device)).logits.float().cpu().numpy())
        return np.concatenate(rows)


class LocalReranker:
    """A model that gives a question and a passage one number (https://www.sbert.net/docs/cross_encoder).

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    def __init__(self, folder: Path, *, device: str = "auto", dtype: str = "auto") -> None:
        self._model = _CrossEncoder(folder, device=device, dtype=dtype)
        if len(self._model.labels) != 1:
            raise ModelUnavailable(
                f"{folder} tells {len(self._model.labels)} classes of text pairs apart, but a reranker gives one "
                "number. Name another model as reranker_model."
            )

    def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        return [float(row[0]) for row in self._model.logits([question] * len(passages), passages)]


class LocalEntailment:
    """A model of natural language inference, which names one of its classes "entailment".

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    def __init__(self, folder: Path, *, device: str = "auto", dtype: str = "auto") -> None:
        self._model = _CrossEncoder(folder, device=device, dtype=dtype)
        if _ENTAILMENT not in self._model.labels:
            raise ModelUnavailable(
                f"{folder} has no class “{_ENTAILMENT}”, only {', '.join(self._model.labels)}. "
                "Name a model of natural language inference as entailment_model."
            )
        self._place = self._model.labels.index(_ENTAILMENT)

    def entailed(self, premises: Sequence[str], sentence: str) -> list[float]:
        odds = self._model.logits(premises, [sentence] * len(premises))
        shares = np.exp(odds - odds.max(axis=1, keepdims=True, initial=0.0))
        return [float(row[self._place] / row.sum()) for row in shares]
