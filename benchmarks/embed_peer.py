"""Passages to vectors by another library; run by `benchmarks.embed_peers`, in its own virtual environment.

    embed_peer.py export MODEL MODEL.onnx        # the same weights as fastembed and OpenVINO read them
    embed_peer.py PEER MODEL MODEL.onnx TEXTS.json VECTORS.npy

Prints the seconds that it takes, without loading; written are float32[n, dimension] of length 1.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MOST = 384  # tokens, as sentence-transformers reads of a passage
BATCH = 32  # of OpenVINO, which has no batches of its own
Embed = Callable[[list[str]], np.ndarray]


def txtai(model: Path, onnx: Path) -> Embed:
    """With its defaults: transformers in float32, batches of passages of about the same length."""
    from txtai import Embeddings

    embeddings = Embeddings(path=str(model), method="sentence-transformers", gpu=False)
    return lambda texts: np.asarray(embeddings.batchtransform(texts), dtype=np.float32)


def fastembed(model: Path, onnx: Path) -> Embed:
    """With its defaults: ONNX Runtime, batches of 256."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        model="mpnet",
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf="none/none"),  # it has to be named; the files lie in the folder
        dim=768,
        model_file=onnx.name,
    )
    embeddings = TextEmbedding("mpnet", specific_model_path=str(onnx.parent), providers=["CPUExecutionProvider"])
    return lambda texts: np.stack(list(embeddings.embed(texts)))


def openvino(model: Path, onnx: Path) -> Embed:
    """One pass at a time on all cores, of passages of about the same length."""
    import openvino as ov
    from tokenizers import Tokenizer

    compiled = ov.Core().compile_model(str(onnx), "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(MOST)
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")  # noqa: S106 - no password

    def embed(texts: list[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        vectors = np.empty((len(texts), 768), np.float32)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            found = tokenizer.encode_batch([texts[place] for place in places])
            ids = np.array([one.ids for one in found], np.int64)
            mask = np.array([one.attention_mask for one in found], np.int64)
            states = compiled([ids, mask])[0]
            vectors[places] = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return vectors

    return embed


def export(model: Path, onnx: Path) -> None:
    """The model in float32 as an ONNX file, beside its tokenizer."""
    import torch
    from transformers import AutoModel

    onnx.parent.mkdir(parents=True, exist_ok=True)
    ids = torch.ones(2, 16, dtype=torch.int64)
    size = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=MOST)}
    torch.onnx.export(
        AutoModel.from_pretrained(model, attn_implementation="eager").float().eval(),
        kwargs={"input_ids": ids, "attention_mask": torch.ones_like(ids)},
        f=str(onnx),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes={"input_ids": size, "attention_mask": size},
        dynamo=True,
    )
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json"):
        if (model / name).exists():
            shutil.copy(model / name, onnx.parent)


def main(peer: str, model: Path, onnx: Path, *files: str) -> None:
    if peer == "export":
        export(model, onnx)
        return
    embed = {"txtai": txtai, "fastembed": fastembed, "openvino": openvino}[peer](model, onnx)
    texts = json.loads(Path(files[0]).read_text(encoding="utf-8"))
    embed(texts[:8])
    started = time.perf_counter()
    vectors = embed(texts)
    seconds = time.perf_counter() - started
    np.save(files[1], vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    print(seconds)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
