"""What every embedder and every generator promises, on the fake and on the real part. Stores: see test_store.py."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from rag.answerability import StateReader
from rag.embedders import Embedder, Vectors
from rag.errors import ModelUnavailable
from rag.generators import Additions, Generator, Message, Scorer, StopReason
from rag.settings import load_settings
from rag.types import Span
from tests.fakes import HashingEmbedder, WeighingGenerator

REAL = pytest.param("real", marks=pytest.mark.model)
MULTILINGUAL = pytest.param("universal-sentence-encoder-multilingual", marks=pytest.mark.model)
TEXTS = ["A short one.", "Herons stand still for hours beside rivers. " * 5, "Ein Satz über Vögel, mit Umlauten.", "?"]
ASKED = [Message("system", "Answer in one sentence."), Message("user", "What is the capital of France?")]


@pytest.fixture(scope="module", params=["fake", REAL, MULTILINGUAL])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "fake":
        return HashingEmbedder()
    from rag.build import load_embedder

    return load_embedder(load_settings() if request.param == "real" else load_settings(embedding_model=request.param))


@pytest.fixture(scope="module", params=["fake", REAL])
def generator(request: pytest.FixtureRequest) -> Generator:
    if request.param == "fake":
        return WeighingGenerator(*["The capital of France is Paris."] * 20)
    from rag.build import load_generator

    return load_generator(load_settings(generator_model="smollm2-135m-instruct"))


def test_embeddings_are_unit_rows_in_the_order_of_the_texts(embedder: Embedder) -> None:
    rows = embedder.encode_documents(TEXTS * 10)
    assert rows.shape == (40, embedder.dimension)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for index, text in enumerate(TEXTS):
        alone = embedder.encode_documents([text])[0]
        assert float(rows[index] @ alone) > 0.999
        assert int(np.argmax(embedder.encode_documents(TEXTS) @ alone)) == index


def test_lines_of_a_passage_are_unit_rows_near_what_they_say(embedder: Embedder) -> None:
    lines = ["The pump runs at forty bar.", "Lunch costs three euros.", "Staff get leave in summer."]
    text = "Handbook\n" + " ".join(lines)
    spans = [Span(text.index(line), text.index(line) + len(line)) for line in lines]
    whole, (rows, none) = embedder.encode_passages([text, "One line."], [spans, []])
    np.testing.assert_allclose(whole, embedder.encode_documents([text, "One line."]), atol=0.02)
    assert (rows.shape, none.shape) == ((3, embedder.dimension), (0, embedder.dimension))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for number, asked in enumerate(
        ("The pump runs at what pressure?", "Lunch costs what?", "When do staff get leave?")
    ):
        assert int(np.argmax(rows @ embedder.encode_query(asked))) == number


def test_lines_beyond_what_the_model_reads_have_no_row(embedder: Embedder) -> None:
    if embedder.name != load_settings().embedding_model:
        pytest.skip("it reads everything")
    text = "word " * 1_000 + "The end of it."
    _, (rows,) = embedder.encode_passages([text], [[Span(0, 24), Span(5_000, len(text))]])
    assert len(rows) == 1


def test_nothing_to_embed_is_no_rows(embedder: Embedder) -> None:
    assert embedder.encode_documents([]).shape == (0, embedder.dimension)
    assert embedder.encode_passages([], [])[0].shape == (0, embedder.dimension)


@pytest.mark.model
def test_an_english_model_does_not_read_chinese() -> None:
    from rag.build import load_embedder

    embedder = load_embedder(load_settings())
    assert embedder.reads("How long is the warranty of the iPhone手机?")
    assert not embedder.reads("iPhone手机保修期多长时间?")


@pytest.mark.model
def test_the_multilingual_model_sets_what_means_the_same_side_by_side() -> None:
    from rag.build import load_embedder

    embedder = load_embedder(load_settings(embedding_model="universal-sentence-encoder-multilingual"))
    rows = embedder.encode_documents(["保修期为两年。", "午餐在一楼供应。", "Die Garantie gilt zwei Jahre."])
    cosines = rows @ embedder.encode_query("How long is the warranty?")
    assert embedder.reads("保修期多长？")
    assert min(cosines[0], cosines[2]) > cosines[1] + 0.2


@pytest.mark.model
def test_a_damaged_multilingual_model_is_named(tmp_path: Path) -> None:
    from rag.embedders.universal import FILE, UniversalEmbedder

    (tmp_path / FILE).write_bytes(b"no graph")
    with pytest.raises(ModelUnavailable, match="models verify"):
        UniversalEmbedder(tmp_path, name="damaged")


@pytest.mark.model
@pytest.mark.parametrize("name", ["all-mpnet-base-v2", "smollm2-135m-instruct"])
def test_damaged_weights_are_named(name: str, tmp_path: Path) -> None:
    from rag.embedders.text import TextEmbedder
    from rag.generators.local import LocalGenerator
    from rag.models import ensure_model

    folder = tmp_path / name
    weights = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(ensure_model(name, load_settings()), folder, ignore=weights)
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    load = TextEmbedder if name == "all-mpnet-base-v2" else LocalGenerator
    with pytest.raises(ModelUnavailable, match="models verify"):
        load(folder, name=name)


def test_a_query_is_one_unit_row_and_never_too_long(embedder: Embedder) -> None:
    for text in ("How long?", "word " * 2_000):
        row = embedder.encode_query(text)
        assert (row.shape, row.dtype) == ((embedder.dimension,), np.float32)
        assert float(np.linalg.norm(row)) == pytest.approx(1, abs=1e-5)


def test_tokens_add_up(embedder: Embedder) -> None:
    assert embedder.count_tokens("") == 0
    assert 0 < embedder.count_tokens("one two") <= embedder.count_tokens("one two three")
    assert embedder.count_tokens("word " * 2_000) >= 2_000  # counting never cuts


def test_encoding_tells_how_far_it_is_and_can_be_ended(embedder: Embedder) -> None:
    seen: list[int] = []
    embedder.encode_documents(TEXTS * 20, on_batch=seen.append)
    assert seen
    assert seen == sorted(seen)
    assert seen[0] == 0

    def refuse(done: int) -> None:
        raise KeyError(done)

    with pytest.raises(KeyError):
        embedder.encode_documents(TEXTS, on_batch=refuse)


def test_encoding_is_thread_safe(embedder: Embedder) -> None:
    expected = [embedder.encode_query(text) for text in TEXTS]
    found: dict[int, np.ndarray] = {}

    def work(index: int) -> None:
        found[index] = embedder.encode_query(TEXTS[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(TEXTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, row in enumerate(expected):
        assert float(found[index] @ row) > 0.999


def test_a_stream_is_the_answer_in_pieces(generator: Generator) -> None:
    stream = generator.stream(ASKED, max_new_tokens=40, stop=threading.Event())
    pieces = list(stream)
    assert len(pieces) > 1
    assert "Paris" in "".join(pieces)
    assert stream.stop_reason is StopReason.END


def test_the_same_prompt_gives_the_same_answer(generator: Generator) -> None:
    first, second = ("".join(generator.stream(ASKED, max_new_tokens=40, stop=threading.Event())) for _ in range(2))
    assert first == second


def test_a_stream_ends_at_its_length(generator: Generator) -> None:
    stream = generator.stream(ASKED, max_new_tokens=3, stop=threading.Event())
    text = "".join(stream)
    assert text
    assert "Paris" not in text
    assert stream.stop_reason is StopReason.LENGTH


def test_a_stream_is_stopped_by_its_event(generator: Generator) -> None:
    stop = threading.Event()
    stop.set()
    stream = generator.stream(ASKED, max_new_tokens=40, stop=stop)
    assert "Paris" not in "".join(stream)
    assert stream.stop_reason is StopReason.STOPPED


def test_an_answer_that_is_begun_is_continued(generator: Generator) -> None:
    begun = [*ASKED, Message("assistant", "The capital of France is")]
    text = "".join(generator.stream(begun, max_new_tokens=8, stop=threading.Event()))
    assert "Paris" in text


def test_its_states_depend_on_the_prompt_up_to_them_and_on_the_blocks(generator: StateReader) -> None:
    other = [ASKED[0], Message("user", ASKED[-1].content + " Or Lyon?")]
    end = len(ASKED[-1].content) - 1
    first, again, deeper, changed = (
        generator.states(messages, [2, end], layers=layers, additions={})
        for messages, layers in ((ASKED, 1), (ASKED, 1), (ASKED, 2), (other, 1))
    )
    assert (first.shape[0], first.ndim, first.dtype) == (3, 2, np.float32)
    assert first.shape == deeper.shape == changed.shape
    assert np.allclose(first, again, atol=0.05)  # its beginning is not read again
    assert not np.array_equal(first, deeper)
    assert np.allclose(first[:2], changed[:2], atol=0.05)  # what follows is not seen; kernels round by length
    assert not np.allclose(first[2], changed[2], atol=0.05)


def test_additions_change_its_states_and_leave_its_weights_alone(generator: StateReader) -> None:
    def state(additions: Additions) -> Vectors:
        return generator.states(ASKED, [], layers=1, additions=additions)[0]

    plain = state({})
    down, up = np.full((1, len(plain)), 0.1, dtype=np.float16), np.full((len(plain), 1), 0.1, dtype=np.float16)
    name = "layers.0.self_attn.q_proj"
    assert not np.array_equal(state({name: (down, up)}), plain)
    assert np.array_equal(state({name: (down, 0 * up)}), plain)
    assert np.array_equal(state({}), plain)


def test_answers_are_as_likely_as_the_prompt_makes_them(generator: Scorer) -> None:
    answers = ["The capital of France is Paris.", "The capital of France is Bread.", "Paris"] * 12
    found = generator.likelihoods(ASKED, answers)
    assert all(value < 0 for value in found)
    assert found[0] > found[1]
    np.testing.assert_allclose(found, found[:3] * 12, atol=0.2)  # whatever else is weighed beside


def test_prompts_are_counted_whole(generator: Generator) -> None:
    longer = [*ASKED, Message("assistant", "Paris."), Message("user", "And of Norway?")]
    assert 0 < generator.count_tokens(ASKED) < generator.count_tokens(longer) < generator.context_tokens
