"""The real weights: fetched, converted, loaded, and answering. They stay in the default home for the next run."""

import time

import pytest

from rag.models import ensure_model, verify_model
from rag.settings import load_settings

pytestmark = pytest.mark.model
SETTINGS = load_settings()


def test_the_tiny_generator_answers_in_a_sentence() -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = ensure_model("smollm2-135m-instruct", SETTINGS)
    assert verify_model("smollm2-135m-instruct", SETTINGS) == folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    assert model.get_input_embeddings().weight.data_ptr() == model.get_output_embeddings().weight.data_ptr()
    question = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.inference_mode():
        tokens = model.generate(**prompt, max_new_tokens=30, do_sample=False)
    answer = tokenizer.decode(tokens[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    assert answer == "The capital of France is Paris."


def test_the_default_generator_is_the_qwen_that_is_known() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = ensure_model(SETTINGS.generator_model, SETTINGS)
    began = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    assert time.monotonic() - began < 20  # seconds; one or two on an idle machine
    assert model.num_parameters() == 1_543_714_304
    assert model.generation_config.eos_token_id == [151645, 151643]
    assert tokenizer("Hello world").input_ids == [9707, 1879]
    assert tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]) == [151643, 151644, 151645]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


def test_the_default_embedding_is_unchanged_to_the_last_byte() -> None:
    ensure_model(SETTINGS.embedding_model, SETTINGS)
    verify_model(SETTINGS.embedding_model, SETTINGS)
