"""The default embedder reads as the model it is made of, whatever passes it reads in."""

import json
import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rag.embedders.text import TextEmbedder
from rag.models import ensure_model
from rag.settings import load_settings

pytestmark = pytest.mark.model
NAME = "all-mpnet-base-v2"
TEXTS = ["Leave ends in March.", "", "€ 休假 " * 40, *("The pump was serviced in May. " * n for n in range(30))]


@pytest.fixture(scope="module")
def embedder() -> Iterator[TextEmbedder]:
    yield TextEmbedder(ensure_model(NAME, load_settings()), name=NAME)


def test_rows_are_those_of_the_model_in_float32(embedder: TextEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(ensure_model(NAME, load_settings())), device="cpu")
    wanted = plain.encode(TEXTS, normalize_embeddings=True)
    assert (embedder.encode_documents(TEXTS) * wanted).sum(axis=1).min() >= 0.999


def test_texts_are_read_in_passes_of_about_the_same_size(embedder: TextEmbedder) -> None:
    told: list[int] = []
    together = embedder.encode_documents(TEXTS, on_batch=told.append)
    assert told == sorted(set(told))
    assert told[0] == 0
    sizes = [after - before for before, after in pairwise([*told, len(TEXTS)])]
    assert sizes[0] < max(sizes)  # the longest come first, fewer of them in a pass
    alone = np.array([embedder.encode_documents([text])[0] for text in TEXTS])
    assert (together * alone).sum(axis=1).min() >= 0.999


@pytest.mark.parametrize("prompts", [{}, {"query": "query: "}])
def test_questions_are_those_of_the_model(prompts: dict[str, str], tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = tmp_path / NAME
    shutil.copytree(ensure_model(NAME, load_settings()), folder, copy_function=os.symlink)
    settings = folder / "config_sentence_transformers.json"
    settings.unlink(missing_ok=True)
    settings.write_text(json.dumps({"prompts": prompts}))
    plain, question = SentenceTransformer(str(folder), device="cpu"), "When does leave end?"
    own = TextEmbedder(folder, name=NAME).encode_query(question)
    assert own @ plain.encode_query(question, normalize_embeddings=True) >= 0.999
    if prompts:
        assert own @ plain.encode(question, prompt="", normalize_embeddings=True) < 0.999
