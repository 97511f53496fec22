"""The tokenizer of a GGUF file in the files that transformers reads. Pure: metadata in, texts out.

Only byte-level BPE, the kind of Qwen and SmolLM. What a GGUF leaves out (how text is split before the merges, whether
it is normalised) is known by the name under `tokenizer.ggml.pre`; an unknown name is refused, because a wrong split
gives worse answers without any error.
"""

import json
from collections.abc import Mapping, Sequence

from rag.errors import ModelUnavailable

CONTROL, USER_DEFINED = 3, 4  # token types: special, and plain but never split

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
NORMALIZERS: Mapping[str, object] = {"qwen2": {"type": "NFC"}, "smollm": None}
PRE_TOKENIZERS: Mapping[str, Sequence[object]] = {
    "qwen2": [
        {"type": "Split", "pattern": {"Regex": QWEN2_SPLIT}, "behavior": "Isolated", "invert": False},
        BYTE_LEVEL,
    ],
    "smollm": [{"type": "Digits", "individual_digits": True}, {**BYTE_LEVEL, "use_regex": True}],
}


def tokenizer_files(
    metadata: Mapping[str, object], *, vocabulary: Sequence[str], kinds: Sequence[int], merges: Sequence[str]
) -> dict[str, str]:
    """Text of tokenizer.json, tokenizer_config.json and chat_template.jinja by file name.

    Args:
        kinds: the token type of each entry of `vocabulary`.
        merges: pairs joined by a space, the earliest first.

    Raises:
        ModelUnavailable: for a kind of tokenizer that is not known here.
    """
    kind, split = metadata["tokenizer.ggml.model"], str(metadata["tokenizer.ggml.pre"])
    if kind != "gpt2" or split not in PRE_TOKENIZERS:
        raise ModelUnavailable(
            f"The file has a tokenizer of kind {kind}/{split}; gpt2 with {' or '.join(PRE_TOKENIZERS)} can be "
            "converted. Name a folder with safetensors instead."
        )
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added_tokens(vocabulary, kinds),
        "normalizer": NORMALIZERS[split],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[split]},
        "post_processor": BYTE_LEVEL,
        "decoder": BYTE_LEVEL,
        "model": _model(vocabulary, merges),
    }
    return {
        "tokenizer.json": json.dumps(tokenizer, ensure_ascii=False) + "\n",
        "tokenizer_config.json": json.dumps(_tokenizer_config(metadata, vocabulary), indent=2) + "\n",
        "chat_template.jinja": str(metadata["tokenizer.chat_template"]),
    }


def _added_tokens(vocabulary: Sequence[str], kinds: Sequence[int]) -> list[dict[str, object]]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return [
        {"id": index, "content": token, **plain, "special": kind == CONTROL}
        for index, (token, kind) in enumerate(zip(vocabulary, kinds, strict=True))
        if kind in (CONTROL, USER_DEFINED)
    ]


def _model(vocabulary: Sequence[str], merges: Sequence[str]) -> dict[str, object]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {token: index for index, token in enumerate(vocabulary)},
        "merges": [merge.split(" ") for merge in merges],
    }


def _tokenizer_config(metadata: Mapping[str, object], vocabulary: Sequence[str]) -> dict[str, object]:
    def token(key: str) -> str:
        return vocabulary[int(str(metadata[f"tokenizer.ggml.{key}_token_id"]))]

    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": bool(metadata.get("tokenizer.ggml.add_bos_token", False)),
        "clean_up_tokenization_spaces": False,
        "model_max_length": metadata[f"{metadata['general.architecture']}.context_length"],
        "bos_token": token("bos"),
        "eos_token": token("eos"),
        "pad_token": token("padding"),
    }
