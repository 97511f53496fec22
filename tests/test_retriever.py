"""Meaning and words together, over the real store and word index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import lines
from rag.library import Library
from rag.retriever import Retrieval, Retriever
from rag.settings import Settings
from rag.types import Chunk, Scope
from tests.fakes import HashingEmbedder


class EnglishOnly(HashingEmbedder):
    """Gives every text of another script the same vector, as a model does that knows none of its characters."""

    def reads(self, text: str) -> bool:
        return text.isascii()

    def _rows(self, texts):
        return super()._rows([text if text.isascii() else "?" for text in texts])


class Blending(HashingEmbedder):
    """Sees of a line in a passage only what the whole passage says."""

    def encode_passages(self, texts, lines, *, on_batch=None):
        whole = self.encode_documents(texts, on_batch=on_batch)
        return whole, [row[None].repeat(len(own), axis=0) for row, own in zip(whole, lines, strict=True)]


@pytest.mark.parametrize(
    ("least", "k", "found"),
    [
        (0.50, 2, ["sick.txt"]),
        (0.45, 2, ["sick.txt", "bar.txt"]),
        (0.45, 1, ["bar.txt"]),  # there are enough
        (0.55, 2, []),  # too far below
    ],
)
def test_a_line_counts_alone_where_its_passage_is_a_little_too_far(
    least: float, k: int, found: list[str], tmp_path: Path
) -> None:
    (tmp_path / "sick.txt").write_text(
        "Cars stop at the gate. Ring us before nine if your child is ill. Lessons begin at eight. Bring a hat."
    )
    (tmp_path / "bar.txt").write_text(
        "Your child. A pump of the hall is blue and stands there until it was sold for less."
    )
    settings = Settings(home=tmp_path / "home", word_weight=0.0)
    with Library.open(settings, holder="test") as library:
        library.open_store(Blending(1_024))
        ingest(find_files([tmp_path]), library=library, embedder=Blending(1_024), settings=settings)
        retriever = Retriever.of_library(library, Blending(1_024), settings)
        best = retriever.stages("Is your child ill", count=9).best
        hits = retriever.retrieve("Is your child ill", k=k, minimum_score=least).hits
    assert [(hit.chunk.document_name, round(hit.score, 2)) for hit in best] == [("bar.txt", 0.46), ("sick.txt", 0.41)]
    assert [hit.chunk.document_name for hit in hits] == found


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
        store.upsert(chunks, *lines.encode_texts([(text, text) for text in TEXTS], embedder))
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


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Retriever]:
    """Three quarterly reports of the same words, and the handbook."""
    texts = {f"2024 Q{number} Heron.txt": f"Sales of pumps were {number}00 EUR. They rose." for number in (2, 1, 3)}
    texts["handbook.txt"] = "Sales of pumps are reported by the quarter."
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    settings, embedder = Settings(home=tmp_path / "home"), HashingEmbedder(1_024)
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        ingest(find_files([folder]), library=library, embedder=embedder, settings=settings)
        yield Retriever.of_library(library, embedder, settings)


@pytest.fixture
def two_series(tmp_path: Path) -> Iterator[Retriever]:
    """The reports of two makers, each named in its own; those of the other treat more of what is asked."""
    folder = tmp_path / "both"
    folder.mkdir()
    for number in (1, 2, 3):
        (folder / f"2024 Q{number} HRN.txt").write_text(f"Heron sold {number}00 boats. Pumps: none. Sales: few.")
        (folder / f"2024 Q{number} TRN.txt").write_text(f"Sales of pumps were {number}00 EUR: pumps of Tern sell.")
    settings, embedder = Settings(home=tmp_path / "home"), HashingEmbedder(1_024)
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        ingest(find_files([folder]), library=library, embedder=embedder, settings=settings)
        yield Retriever.of_library(library, embedder, settings)


def _names(found: Retrieval) -> list[str]:
    return sorted(hit.chunk.document_name for hit in found.hits)


def test_of_a_series_the_issue_is_searched_whose_period_the_question_names(reports: Retriever) -> None:
    question = "What were sales of pumps in Q2 2024?"
    found = reports.retrieve(question, k=6, minimum_score=0.0)
    assert _names(found) == ["2024 Q2 Heron.txt", "handbook.txt"]
    assert (len(found.left), found.issues) == (2, ())
    everything = reports.retrieve(question, k=6, minimum_score=0.0, every_issue=True)
    assert (len(everything.hits), everything.left) == (4, ())


def test_the_newest_issue_is_searched_where_the_question_asks_for_that(reports: Retriever) -> None:
    found = reports.retrieve("What were sales of pumps in the latest quarter?", k=6, minimum_score=0.0)
    assert _names(found) == ["2024 Q3 Heron.txt", "handbook.txt"]


def test_a_question_for_each_issue_finds_every_one_in_the_order_of_time(reports: Retriever) -> None:
    found = reports.retrieve("How did sales of pumps develop over time?", k=2, minimum_score=0.0)
    names = {hit.chunk.document_id: hit.chunk.document_name for hit in found.hits}
    assert [names[issue] for issue in found.issues] == [f"2024 Q{number} Heron.txt" for number in (1, 2, 3)]
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


def test_issues_outside_the_scope_are_not_looked_at(reports: Retriever) -> None:
    everything = reports.retrieve("What were sales of pumps?", k=6, minimum_score=0.0)
    of = {hit.chunk.document_name: hit.chunk.document_id for hit in everything.hits}
    scope = Scope((of["2024 Q1 Heron.txt"],))
    for question in ("What were sales of pumps in Q2 2024?", "How did sales of pumps develop over time?"):
        found = reports.retrieve(question, k=6, minimum_score=0.0, scope=scope)
        assert (_names(found), found.issues, found.left) == (["2024 Q1 Heron.txt"], (), ())


def test_of_two_series_the_one_is_asked_that_the_question_names(two_series: Retriever) -> None:
    for question in ("How did Heron's sales of pumps develop over time?", "What were Heron's sales of pumps in 2024?"):
        found = two_series.retrieve(question, k=6, minimum_score=0.0)
        assert {name[8:] for name in _names(found)} == {"HRN.txt"}
    found = two_series.retrieve("What were Heron's sales of pumps in Q2 2024?", k=6, minimum_score=0.0)
    assert _names(found) == ["2024 Q2 HRN.txt"]
    question = "What were Heron's sales of pumps in Q2 2024?"
    everything = two_series.retrieve(question, k=6, minimum_score=0.0, every_issue=True)
    assert {name[8:] for name in _names(everything)} == {"HRN.txt"}, "of no other maker all the same"
    everything = two_series.retrieve("How did sales of pumps and boats develop over time?", k=6, minimum_score=0.0)
    assert len(everything.issues) == 3, "of the one with most hits"


def test_rows_are_read_with_the_head_that_stands_in_a_passage_before(tmp_path: Path) -> None:
    head = "# Results\n\n2023   2022\n"
    rows = "\n".join(f"Costs of the {name} works   {n},100   {n},200" for n, name in enumerate(("north", "south"), 11))
    more = "\n".join(f"Sales of the {name} shops   {n},300   {n},400" for n, name in enumerate(("east", "west"), 21))
    (tmp_path / "report.txt").write_text(f"{head}{rows}\n{more}")
    settings = Settings(home=tmp_path / "home", chunk_tokens=20, chunk_overlap=0)
    with Library.open(settings, holder="test") as library:
        embedder = HashingEmbedder(1_024)
        library.open_store(embedder)
        ingest(find_files([tmp_path / "report.txt"]), library=library, embedder=embedder, settings=settings)
        found = Retriever.of_library(library, embedder, settings)
        (hit, *_) = found.stages("Sales of the west shops", count=1).fused
        assert "2023" not in hit.chunk.text
        best = found.evidence("Sales of the west shops", [hit])[0]
        assert (best.text, best.reading) == (
            "Sales of the west shops   22,300   22,400",
            "Sales of the west shops; 2023: 22,300; 2022: 22,400",
        )
