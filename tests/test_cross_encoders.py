"""Models that read two texts together, of which none comes with Footnote: their loading, and what they decide."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from rag import lines
from rag.build import load_cross_encoders
from rag.cross_encoders import CrossEncoders
from rag.cross_encoders.local import LocalEntailment, LocalReranker
from rag.errors import ModelUnavailable
from rag.evaluation.questions import Question
from rag.evaluation.run import Subject, evaluate
from rag.evidence import nearest_lines
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.support import Support, Verdict, verdict
from rag.types import Chunk, Hit
from rag.why import Fate, explain
from tests.fakes import HashingEmbedder

TEXTS = ["The pump runs at 40 bar.", "The pump is blue.", "A pump needs oil.", "Lunch costs 3.80 EUR."]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "pump", "is", "blue", "a", "needs", "oil", "lunch", "."]


def save_model(folder: Path, labels: Sequence[str]) -> Path:
    """A tiny model of the kind that such models are of, with weights of chance."""
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


class MostLetters:
    """A reranker that likes the letter it was told."""

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.read: list[str] = []

    def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        self.read += passages
        return [float(passage.count(self.letter)) for passage in passages]


class SaidTwice:
    """Takes a sentence to follow from what holds it."""

    def entailed(self, premises: Sequence[str], sentence: str) -> list[float]:
        return [0.9 if sentence in premise else 0.3 if "pump" in premise else 0.0 for premise in premises]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    settings, embedder = Settings(home=tmp_path / "home"), HashingEmbedder(1_024)
    with Library.open(settings, holder="test") as opened:
        store = opened.open_store(embedder)
        chunks = [Chunk("d", "a.txt", "", None, "", 0, len(text), i, text) for i, text in enumerate(TEXTS)]
        opened.lexical.add(chunks)
        store.upsert(chunks, *lines.encode_texts([(text, text) for text in TEXTS], embedder))
        yield opened


def retriever(library: Library, cross_encoders: CrossEncoders = CrossEncoders(), **changes: object) -> Retriever:
    settings = Settings(home=library.settings.home, **changes)  # type: ignore[arg-type]
    return Retriever.of_library(library, HashingEmbedder(1_024), settings, cross_encoders)


def test_a_reranker_orders_what_was_found(library: Library) -> None:
    reranker = MostLetters("d")
    asked = retriever(library, CrossEncoders(reranker))
    stages = asked.stages("pump at 40 bar", count=4)
    assert [hit.chunk.text for hit in stages.fused][0] == TEXTS[0]
    assert [hit.chunk.text for hit in stages.cross_encoder][0] == TEXTS[2]  # the only one with that letter
    assert {hit.chunk.text for hit in stages.cross_encoder} == {hit.chunk.text for hit in stages.fused}
    assert list(stages.seconds) == ["question", "dense", "lexical", "fused", "cross_encoder"]
    assert reranker.read == [hit.chunk.embedded for hit in stages.fused]
    found = asked.retrieve("pump at 40 bar", k=2, minimum_score=0.2)
    assert [hit.chunk.text for hit in found.hits] == [TEXTS[2], TEXTS[0]]
    assert all(hit.score < 0.2 for hit in found.below)


def test_what_is_not_near_stays_so_whatever_a_reranker_says(library: Library) -> None:
    found = retriever(library, CrossEncoders(MostLetters("0"))).retrieve("pump at 40 bar", k=4, minimum_score=0.2)
    assert TEXTS[3] not in [hit.chunk.text for hit in found.hits]
    assert TEXTS[3] in [hit.chunk.text for hit in found.below]
    assert min(hit.score for hit in found.hits) >= 0.2 > max(hit.score for hit in found.below)


@pytest.mark.parametrize("diversity", [0.0, 0.7])
def test_passages_that_are_not_near_take_the_place_of_none_that_are(library: Library, diversity: float) -> None:
    cross_encoders = CrossEncoders() if diversity else CrossEncoders(MostLetters("L"))  # of lunch
    found = retriever(library, cross_encoders, diversity=diversity).retrieve("pump at 40 bar", k=2, minimum_score=0.2)
    assert len(found.hits) == 2
    assert found.below == ()
    every = retriever(library).stages("pump at 40 bar", count=4).fused
    assert min(hit.score for hit in found.hits) >= 0.2 > every[-1].score


def test_without_a_reranker_there_is_no_such_stage(library: Library) -> None:
    stages = retriever(library).stages("pump", count=4)
    assert (stages.cross_encoder, stages.best) == ((), stages.fused)
    assert "cross_encoder" not in stages.seconds


def test_an_evaluation_measures_the_reranker_as_a_stage(library: Library, tmp_path: Path) -> None:
    asked = retriever(library, CrossEncoders(MostLetters("d")))
    question = Question("1", "pump at 40 bar", answers=(), answerable=True, relevant={"a.txt": 1})
    (record,) = evaluate(
        [question], Subject(asked, Settings()), partial=tmp_path / "part", on_question=lambda done, total: None
    )
    assert "cross_encoder nDCG@10" in record["measures"]
    assert "cross_encoder ms" in record["measures"]


def test_the_rank_after_the_reranker_is_told(library: Library) -> None:
    asked = retriever(library, CrossEncoders(MostLetters("d")))
    settings = Settings(home=library.settings.home, top_k=1, minimum_score=0.0)
    (chunk,) = (hit.chunk for hit in asked.stages("pump at 40 bar", count=4).fused[:1])
    found = explain("pump at 40 bar", chunk, retriever=asked, settings=settings)
    assert (found.fate, found.fused_rank) == (Fate.TOO_MANY, 1)
    assert dict(found.ranks)["cross-encoder"] == 2
    assert "number 2" in found.reason


def test_passages_that_say_the_same_make_room_for_others(library: Library) -> None:
    alike = [
        Chunk("e", "b.txt", "", None, "", 0, 9, i, f"The pump runs at 40 bar. {more}") for i, more in enumerate("xy")
    ]
    embedder = HashingEmbedder(1_024)
    library.lexical.add(alike)
    library.store.upsert(alike, *lines.encode_texts([(one.text, one.text) for one in alike], embedder))
    question = "pump at 40 bar"

    def found(diversity: float) -> list[str]:
        hits = retriever(library, diversity=diversity).retrieve(question, k=2, minimum_score=0.0).hits
        return [hit.chunk.text for hit in hits]

    assert all("40 bar" in text for text in found(0.0))
    first, second = found(0.6)
    assert "40 bar" in first and "40 bar" not in second


def test_a_model_of_entailment_decides_alone_how_far_a_passage_bears_a_sentence() -> None:
    hits = [Hit(Chunk("d", "a.txt", "", None, "", 0, len(text), i, text), 0.5) for i, text in enumerate(TEXTS[:2])]
    embedder = HashingEmbedder()
    found = nearest_lines("pump", hits, embedder, {})
    judge = Support(found, hits, embedder, lambda text: {}, SaidTwice())
    assert judge("The pump is blue.") == [0.3, 0.9]
    assert [verdict(value) for value in judge("The pump is red.")] == [Verdict.WEAK, Verdict.WEAK]


@pytest.mark.slow
def test_a_reranker_of_a_folder_gives_each_pair_its_number(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", ["LABEL_0"])
    found = LocalReranker(folder, dtype="float32").relevance("the pump", ["blue", "lunch . " * 600, "a pump is blue"])
    model = BertForSequenceClassification.from_pretrained(folder)
    read = BertTokenizerFast.from_pretrained(folder)("the pump", "a pump is blue", return_tensors="pt")
    with torch.inference_mode():
        assert found[2] == pytest.approx(float(model.eval()(**read).logits[0, 0]), abs=1e-5)
    assert len(set(found)) == 3


@pytest.mark.slow
def test_entailment_is_the_probability_of_the_class_of_that_name(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", ["CONTRADICTION", "ENTAILMENT", "NEUTRAL"])
    found = LocalEntailment(folder, dtype="float32").entailed(["the pump is blue", "lunch"], "a pump is blue")
    model = BertForSequenceClassification.from_pretrained(folder)
    read = BertTokenizerFast.from_pretrained(folder)("lunch", "a pump is blue", return_tensors="pt")
    with torch.inference_mode():
        wanted = torch.softmax(model.eval()(**read).logits[0], 0)[1]
    assert found[1] == pytest.approx(float(wanted), abs=1e-5)
    assert LocalEntailment(folder).entailed([], "a pump") == []


@pytest.mark.slow
def test_a_model_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    several = save_model(tmp_path / "several", ["no", "yes"])
    with pytest.raises(ModelUnavailable, match=r"several tells 2 classes .* reranker_model"):
        LocalReranker(several)
    with pytest.raises(ModelUnavailable, match=r"several has no class “entailment”, only no, yes"):
        LocalEntailment(several)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ModelUnavailable, match="none could not be loaded as a model that reads pairs"):
        LocalReranker(tmp_path / "none")


@pytest.mark.slow
def test_the_settings_name_them(tmp_path: Path) -> None:
    reranker, judge = save_model(tmp_path / "r", ["x"]), save_model(tmp_path / "e", ["neutral", "entailment"])
    settings = Settings(home=tmp_path, reranker_model=str(reranker), entailment_model=str(judge))
    found = load_cross_encoders(settings)
    assert isinstance(found.reranker, LocalReranker)
    assert isinstance(found.entailment, LocalEntailment)
    assert load_cross_encoders(Settings(home=tmp_path)) == CrossEncoders()
