"""GGUF to safetensors, on tiny random models written with the gguf library, against transformers' own reader."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from safetensors.torch import load_file

from rag.errors import ModelUnavailable
from rag.models.conversion import convert
from rag.models.tokenizer_files import tokenizer_files

WIDTH, INNER, HEADS, KEY_HEADS, LAYERS = 64, 96, 4, 2, 2
ALPHABET = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324)]]
TOKENS = [*ALPHABET, "he", "ll", "hell", "Ġw", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>"]
KINDS = [1] * (len(TOKENS) - 4) + [3, 3, 3, 4]
MERGES = ["h e", "l l", "he ll", "Ġ w"]
TEMPLATE = "{% for message in messages %}{{ message.content }}<|im_end|>{% endfor %}"


def write_gguf(path: Path, architecture: str, *, head: str = "same", pre: str = "qwen2") -> None:
    """A tiny model. `head`: absent, the same matrix as the embedding but packed coarser, or another matrix."""
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(TOKENS)
    writer.add_token_types(KINDS)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(len(TOKENS) - 4)
    writer.add_pad_token_id(len(TOKENS) - 4)
    writer.add_eos_token_id(len(TOKENS) - 2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(1)

    def add(name: str, *shape: int, kind: GGMLQuantizationType = GGMLQuantizationType.Q8_0) -> np.ndarray:
        values = (random.standard_normal(shape) * 0.2).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
        return values

    embedding = add("token_embd.weight", len(TOKENS), WIDTH, kind=GGMLQuantizationType.Q5_0)
    if head == "same":
        writer.add_tensor(
            "output.weight", quantize(embedding, GGMLQuantizationType.Q8_0), raw_dtype=GGMLQuantizationType.Q8_0
        )
    elif head == "other":
        add("output.weight", len(TOKENS), WIDTH)
    add("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        keys = WIDTH * KEY_HEADS // HEADS
        for part, *shape in (
            ("attn_norm", WIDTH),
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", keys, WIDTH),
            ("attn_v", keys, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_norm", WIDTH),
            ("ffn_gate", INNER, WIDTH),
            ("ffn_up", INNER, WIDTH),
            ("ffn_down", WIDTH, INNER),
        ):
            add(f"blk.{layer}.{part}.weight", *shape)
        if architecture == "qwen2":
            for part, size in (("attn_q", WIDTH), ("attn_k", keys), ("attn_v", keys)):
                add(f"blk.{layer}.{part}.bias", size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("architecture", ["qwen2", "llama"])
def test_weights_are_bit_for_bit_those_of_transformers(architecture: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, GgufConfig

    write_gguf(tmp_path / "tiny.gguf", architecture, head="other")
    (tmp_path / "out").mkdir()
    convert(tmp_path / "tiny.gguf", tmp_path / "out")
    theirs = AutoModelForCausalLM.from_pretrained(
        tmp_path,
        gguf_file="tiny.gguf",
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(gguf_file="tiny.gguf", dequantize=True),
    )
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="auto")
    assert ours.dtype == torch.bfloat16
    expected, actual = theirs.state_dict(), ours.state_dict()
    assert actual.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(actual[name], expected[name])] == []
    tokens = torch.tensor([[1, 5, 9, 30]])
    assert torch.equal(ours(tokens).logits, theirs(tokens).logits)


@pytest.mark.parametrize(("head", "tied"), [("absent", True), ("same", True), ("other", False)])
def test_a_head_equal_to_the_embedding_is_written_once(head: str, tied: bool, tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", "qwen2", head=head)
    (tmp_path / "out").mkdir()
    convert(tmp_path / "tiny.gguf", tmp_path / "out")
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert ("lm_head.weight" in weights) != tied
    assert json.loads((tmp_path / "out" / "config.json").read_text())["tie_word_embeddings"] is tied


def test_of_two_packings_of_one_matrix_the_finer_is_kept(tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", "qwen2", head="same")
    (tmp_path / "out").mkdir()
    convert(tmp_path / "tiny.gguf", tmp_path / "out")
    kept = load_file(tmp_path / "out" / "model.safetensors")["model.embed_tokens.weight"].float().numpy()
    true = (np.random.default_rng(1).standard_normal(kept.shape) * 0.2).astype(np.float32)
    error = np.linalg.norm(kept - true) / np.linalg.norm(true)
    assert error < 0.01  # eight bits; the embedding's five bits are off by 3 %


def test_the_tokenizer_splits_merges_and_keeps_special_tokens(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    write_gguf(tmp_path / "tiny.gguf", "qwen2")
    (tmp_path / "out").mkdir()
    convert(tmp_path / "tiny.gguf", tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.convert_ids_to_tokens(tokenizer("hello w<|im_end|>").input_ids) == [
        "hell",
        "o",
        "Ġw",
        "<|im_end|>",
    ]
    for text in ("it's 2024\n\n  naïve café", "漢字 😀", "<tool_call>{}"):
        assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.decode(tokenizer("a<|im_end|><tool_call>").input_ids, skip_special_tokens=True) == "a<tool_call>"
    assert tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False) == "hi<|im_end|>"


def test_generation_ends_at_the_end_of_a_turn_and_of_the_text(tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", "qwen2")
    (tmp_path / "out").mkdir()
    convert(tmp_path / "tiny.gguf", tmp_path / "out")
    settings = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert [TOKENS[token] for token in settings["eos_token_id"]] == ["<|im_end|>", "<|endoftext|>"]


def test_what_cannot_be_converted_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_bytes(b"not a model at all, only text")
    with pytest.raises(ModelUnavailable, match="not a GGUF file"):
        convert(tmp_path / "text.gguf", tmp_path)
    write_gguf(tmp_path / "bert.gguf", "bert")
    with pytest.raises(ModelUnavailable, match="bert model"):
        convert(tmp_path / "bert.gguf", tmp_path)
    with pytest.raises(ModelUnavailable, match="gpt2/unheard-of"):
        tokenizer_files(
            {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "unheard-of"}, vocabulary=[], kinds=[], merges=[]
        )
