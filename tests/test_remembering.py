"""Texts that were embedded are not embedded again, whoever asks."""

import numpy as np
import pytest

from rag.embedders import remembering
from rag.embedders.remembering import RememberingEmbedder
from rag.types import Span
from tests.fakes import HashingEmbedder

TEXTS = ["The pump is blue.", "It runs at forty bar.", "The pump is blue."]


def test_rows_are_those_of_the_embedder_and_each_text_is_read_once() -> None:
    inner = HashingEmbedder()
    embedder = RememberingEmbedder(inner)
    np.testing.assert_array_equal(embedder.encode_documents(TEXTS), HashingEmbedder().encode_documents(TEXTS))
    assert inner.encoded == 2
    more = embedder.encode_documents(["Its oil is red.", *TEXTS])
    np.testing.assert_array_equal(more[1:], HashingEmbedder().encode_documents(TEXTS))
    assert inner.encoded == 3
    assert embedder.encode_documents([]).shape == (0, inner.dimension)


def test_a_question_is_no_document() -> None:
    class Prompted(HashingEmbedder):
        def encode_query(self, text: str) -> np.ndarray:
            return super().encode_query(f"query: {text}")

    inner = Prompted()
    embedder = RememberingEmbedder(inner)
    embedder.encode_documents(["blue"])
    for _ in range(2):
        np.testing.assert_array_equal(embedder.encode_query("blue"), Prompted().encode_query("blue"))
    assert inner.encoded == 2


def test_what_was_asked_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_KEPT", 2)
    inner = HashingEmbedder()
    embedder = RememberingEmbedder(inner)
    rows = embedder.encode_documents(["one", "two", "three"])  # more than are kept
    np.testing.assert_array_equal(rows, HashingEmbedder().encode_documents(["one", "two", "three"]))
    embedder.encode_documents(["two"])
    embedder.encode_documents(["four"])
    assert inner.encoded == 4
    embedder.encode_documents(["two"])
    assert inner.encoded == 4
    embedder.encode_documents(["three"])
    assert inner.encoded == 5


def test_all_can_be_forgotten() -> None:
    inner = HashingEmbedder()
    embedder = RememberingEmbedder(inner)
    for _ in range(2):
        embedder.encode_documents(TEXTS)
        embedder.encode_query("blue")
        embedder.forget()
    assert inner.encoded == 6
    assert not embedder._documents
    assert not embedder._queries


def test_passages_and_what_is_known_of_the_model_are_its_own() -> None:
    inner = HashingEmbedder()
    embedder = RememberingEmbedder(inner)
    assert (embedder.name, embedder.dimension, embedder.max_tokens) == ("hashing", 64, 384)
    assert embedder.count_tokens("two words") == 2
    assert embedder.reads("text")
    rows, lines = embedder.encode_passages(["one two"], [[Span(0, 3)]])
    np.testing.assert_array_equal(rows, HashingEmbedder().encode_documents(["one two"]))
    np.testing.assert_array_equal(lines[0], HashingEmbedder().encode_documents(["one"]))


def test_passages_are_read_once_with_their_lines() -> None:
    inner = HashingEmbedder()
    embedder = RememberingEmbedder(inner)
    spans = [[Span(0, 17)], [Span(0, 10), Span(11, 21)], []]
    wanted_rows, wanted_lines = HashingEmbedder().encode_passages(TEXTS, spans)
    for _ in range(2):
        rows, lines = embedder.encode_passages(TEXTS, spans)
        np.testing.assert_array_equal(rows, wanted_rows)
        for own, wanted in zip(lines, wanted_lines, strict=True):
            np.testing.assert_array_equal(own, wanted)
    read = inner.encoded
    assert embedder.encode_passages([], [])[0].shape == (0, inner.dimension)
    assert inner.encoded == read
    embedder.forget()
    embedder.encode_passages(TEXTS[:1], spans[:1])
    assert inner.encoded > read
