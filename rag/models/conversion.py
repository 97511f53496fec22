"""Turns a GGUF file into a folder that transformers loads in seconds. The only file that knows the gguf library.

transformers reads GGUF itself, but needs a minute and 6 GB of memory for 1.5 B weights, at every start, and stores the
output head a second time. Here each tensor is unpacked, rounded to bfloat16 and written before the next is read, so
that a few hundred megabytes are enough; the tokenizer is written from the same file.

Runs as a child process, `python -m rag.models.conversion FILE FOLDER`, so that its memory goes back to the system.
Knows nothing of names, sources or caches.
"""

import json
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, ReaderTensor
from gguf.quants import dequantize

from rag.errors import ModelUnavailable
from rag.models.tokenizer_files import tokenizer_files

ROWS = 16_384  # rows of a tensor unpacked at a time: 100 MB of float32 at a width of 1,536
TIED_DIFFERENCE = 0.1  # two quantisations of one matrix differ by 2 to 8 %, two unrelated matrices by over 100 %
ARCHITECTURES = {"qwen2": "Qwen2ForCausalLM", "llama": "LlamaForCausalLM"}
OUTER_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

Metadata = dict[str, Any]


@dataclass(frozen=True)
class Weight:
    """A tensor under its name in transformers. `heads` is 0 unless its rows must be put back in order."""

    name: str
    tensor: ReaderTensor
    heads: int

    @property
    def shape(self) -> list[int]:
        """Rows first; GGUF counts the other way round."""
        return [int(size) for size in reversed(self.tensor.shape)]

    @property
    def bytes(self) -> int:
        """Size in bfloat16."""
        return 2 * int(self.tensor.n_elements)


def convert(gguf_file: Path, folder: Path) -> None:
    """Write weights, configuration, tokenizer and chat template of `gguf_file` into the existing `folder`.

    Raises:
        ModelUnavailable: if the file is no GGUF, or of an architecture not in `ARCHITECTURES`.
        OSError: if the disk is full.
    """
    try:
        reader = GGUFReader(gguf_file)
    except ValueError as exc:
        raise ModelUnavailable(f"{gguf_file} is not a GGUF file: {exc}. Name another file.") from exc
    metadata = {key: field.contents() for key, field in reader.fields.items() if not _is_vocabulary(key)}
    architecture = metadata["general.architecture"]
    if architecture not in ARCHITECTURES:
        raise ModelUnavailable(
            f"{gguf_file.name} is a {architecture} model; GGUF files of {' and '.join(ARCHITECTURES)} can be "
            "converted. Name a folder with safetensors instead."
        )
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    tied = _tie_head(tensors)
    weights = [_weight(tensor, name, metadata) for name, tensor in tensors.items()]
    _write_weights(folder / "model.safetensors", weights)
    vocabulary = reader.fields["tokenizer.ggml.tokens"].contents()
    ends = [metadata["tokenizer.ggml.eos_token_id"]]
    if "<|endoftext|>" in vocabulary:  # upstream ends at either; a GGUF states one
        ends.append(vocabulary.index("<|endoftext|>"))
    texts = tokenizer_files(
        metadata,
        vocabulary=vocabulary,
        kinds=reader.fields["tokenizer.ggml.token_type"].contents(),
        merges=reader.fields["tokenizer.ggml.merges"].contents(),
    )
    texts["config.json"] = _json(_config(metadata, len(vocabulary), tied))
    texts["generation_config.json"] = _json(_generation_config(metadata, ends))
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _is_vocabulary(key: str) -> bool:
    return key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.merges")


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _tie_head(tensors: dict[str, ReaderTensor]) -> bool:
    """Whether head and embedding are one matrix; if so, only the more precise of the two stays in `tensors`.

    Small models share the two. Quantising may pack the shared matrix twice with different precision, so they are
    compared by value. Where they are one, the model gets the finer copy for both and is a quarter smaller.
    """
    head, embedding = tensors.get("output.weight"), tensors["token_embd.weight"]
    if head is None:
        return True
    if list(head.shape) != list(embedding.shape):
        return False
    difference = sum(float(np.sum((a - b) ** 2)) for a, b in zip(_blocks(head), _blocks(embedding), strict=True))
    size = sum(float(np.sum(a**2)) for a in _blocks(head))
    if difference > TIED_DIFFERENCE**2 * size:
        return False
    if head.n_bytes > embedding.n_bytes:
        tensors["token_embd.weight"] = head
    del tensors["output.weight"]
    return True


def _weight(tensor: ReaderTensor, name: str, metadata: Metadata) -> Weight:
    stem, _, kind = name.rpartition(".")
    if not stem.startswith("blk."):
        return Weight(f"{OUTER_NAMES[stem]}.{kind}", tensor, heads=0)
    _, layer, part = stem.split(".")
    heads = 0
    if metadata["general.architecture"] == "llama" and part in ("attn_q", "attn_k"):
        heads = metadata["llama.attention.head_count" + ("_kv" if part == "attn_k" else "")]
    return Weight(f"model.layers.{layer}.{LAYER_NAMES[part]}.{kind}", tensor, heads)


def _blocks(tensor: ReaderTensor) -> Iterator[np.ndarray]:
    """The tensor in float32, `ROWS` rows at a time."""
    for start in range(0, len(tensor.data), ROWS):
        yield dequantize(tensor.data[start : start + ROWS], tensor.tensor_type)


def _bfloat16(values: np.ndarray) -> np.ndarray:
    """The upper halves of the float32 values, rounded to nearest even, as torch does it."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _unpermuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Undo the order in which GGUF keeps the query and key rows of llama models (rotary halves interleaved)."""
    if not heads:
        return rows
    return rows.reshape(heads, len(rows) // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def _write_weights(path: Path, weights: Sequence[Weight]) -> None:
    """One safetensors file: length of the header, header, then the tensors. https://github.com/huggingface/safetensors"""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    total = 0
    for weight in weights:
        offsets = [total, total + weight.bytes]
        header[weight.name] = {"dtype": "BF16", "shape": weight.shape, "data_offsets": offsets}
        total += weight.bytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for weight in weights:
            for block in _blocks(weight.tensor):
                block = _bfloat16(_unpermuted(block, weight.heads))
                file.write(block.astype("<u2", copy=False).tobytes())


def _config(metadata: Metadata, vocabulary_size: int, tied: bool) -> dict[str, object]:
    kind = metadata["general.architecture"]
    heads = metadata[f"{kind}.attention.head_count"]
    return {
        "architectures": [ARCHITECTURES[kind]],
        "model_type": kind,
        "dtype": "bfloat16",
        "vocab_size": vocabulary_size,
        "hidden_size": metadata[f"{kind}.embedding_length"],
        "intermediate_size": metadata[f"{kind}.feed_forward_length"],
        "num_hidden_layers": metadata[f"{kind}.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": metadata.get(f"{kind}.attention.head_count_kv", heads),
        "max_position_embeddings": metadata[f"{kind}.context_length"],
        "rms_norm_eps": float(f"{metadata[f'{kind}.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": metadata[f"{kind}.rope.freq_base"],
        "hidden_act": "silu",
        "tie_word_embeddings": tied,
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"],
        "eos_token_id": metadata["tokenizer.ggml.eos_token_id"],
        "pad_token_id": metadata["tokenizer.ggml.padding_token_id"],
    }


def _generation_config(metadata: Metadata, ends: list[int]) -> dict[str, object]:
    return {
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"],
        "eos_token_id": ends,
        "pad_token_id": metadata["tokenizer.ggml.padding_token_id"],
    }


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except (ModelUnavailable, OSError) as error:
        sys.exit(str(error))
