"""Meaning and words together, over the real store and word index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import lines
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Chunk
from tests.fakes import HashingEmbedder


class EnglishOnly(HashingEmbedder):
    """Gives every text of another script the same vector, as a model does that knows none of its characters."""

    def reads(self, text: str) -> bool:
        return text.isascii()

    def _rows(self, texts):
        return super()._rows([text if text.isascii() else "?" for text in texts])


TEXTS = [
    "The pump is blue. It stands in the hall. It was bought in May. It runs at forty bar. Its oil is red. Call Anna.",
    "At bar two it runs",
    "打开电池盖，更换电池。",
    "午餐三元八角。",
]


@pytest.fixture
def word_weight() -> float:
    return 0.7


@pytest.fixture
def retriever(tmp_path: Path, word_weight: float) -> Iterator[Retriever]:
    settings = Settings(home=tmp_path, word_weight=word_weight)
    embedder = EnglishOnly(1_024)
    with Library.open(settings, holder="test") as library:
        store = library.open_store(embedder)
        chunks = [Chunk(f"d{i}", f"{i}.txt", "", None, "", 0, len(text), i, text) for i, text in enumerate(TEXTS)]
        library.lexical.add(chunks)
        spans = [lines.spans(text, within=text) for text in TEXTS]
        store.upsert(chunks, *embedder.encode_passages(TEXTS, spans))
        yield Retriever.of_library(library, embedder, settings)


def test_one_line_that_answers_counts_more_than_the_passage_around_it(retriever: Retriever) -> None:
    stages = retriever.stages("It runs at forty bar", count=4)
    assert stages.dense[0].chunk.text == TEXTS[1]
    assert stages.fused[0].chunk.text == TEXTS[0]
    best = stages.fused[0]
    assert best.line == pytest.approx(1.0, abs=0.01)
    assert best.score == pytest.approx(best.line + 0.7 * best.words)
    assert list(stages.seconds) == ["question", "dense", "lexical", "fused"]


def test_words_decide_where_the_model_cannot_read(retriever: Retriever) -> None:
    found = retriever.retrieve("怎样更换电池？", k=2, minimum_score=0.25)
    assert [hit.chunk.text for hit in found.hits] == [TEXTS[2]]
    assert found.hits[0].score == pytest.approx(3.5 * found.hits[0].words)
    assert all(hit.score == 0 for hit in found.below)


@pytest.mark.parametrize("word_weight", [0.0])
def test_without_words_the_nearest_line_decides_alone(retriever: Retriever) -> None:
    stages = retriever.stages("It runs at forty bar", count=4)
    assert (stages.dense[0].chunk.text, stages.fused[0].chunk.text) == (TEXTS[1], TEXTS[0])
    assert stages.lexical == ()
    assert all(hit.score == hit.line for hit in stages.fused)
    assert all(hit.score == hit.line for hit in retriever.stages("怎样更换电池？", count=4).fused)


def test_lines_that_were_found_before_are_not_embedded_again(tmp_path: Path) -> None:
    embedder = HashingEmbedder(1_024)
    with Library.open(Settings(home=tmp_path), holder="test") as library:
        chunk = Chunk("d", "pump.txt", "", None, "", 0, len(TEXTS[0]), 0, TEXTS[0])
        library.open_store(embedder).upsert([chunk], embedder.encode_documents([TEXTS[0]]))
        asked = Retriever.of_library(library, embedder, Settings(home=tmp_path))
        hits = asked.retrieve("Which colour has the pump?", k=1, minimum_score=0.0).hits
        first = asked.evidence("Which colour has the pump?", hits)
        before = embedder.encoded
        assert asked.evidence("Which colour has the pump?", hits) == first
        assert asked.evidence("Who is called?", hits)
        assert embedder.encoded == before + 1  # the new question
