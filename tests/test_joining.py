"""Neighbouring passages become one before they are read."""

from pathlib import Path

import pytest

from ingest.chunker import chunk
from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.assistant import Assistant
from rag.evidence import nearest_lines
from rag.joining import join
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Chunk, Document, Heading, Hit, Page, answer_from_json, answer_to_json
from rag.why import Fate, explain
from tests.fakes import HashingEmbedder, ScriptedGenerator

_BIRDS = ("heron", "tern", "gull", "plover", "stork", "crane", "snipe", "ruff", "teal", "smew")
_TEXT = " ".join(
    f"Every {bird} that was ringed {year} came back to the dunes in May."
    for year in ("last year", "before")
    for bird in _BIRDS
)


def _chunks(text: str = _TEXT, headings: tuple[Heading, ...] = ()) -> list[Chunk]:
    document = Document("0" * 64, "birds.txt", "Birds", (Page(1, text, headings),))
    count = HashingEmbedder().count_tokens
    return chunk(document, count_tokens=count, chunk_tokens=48, overlap_tokens=16, max_tokens=384)


def test_neighbours_are_joined_without_what_stands_in_both() -> None:
    one, two, three, *_ = _chunks()
    assert one.text[-20:] in two.text  # they do overlap
    for order in ((one, two, three), (three, one, two), (two, three, one), (three, two, one)):
        hits = [Hit(part, 0.9 - place / 10, words=place / 10) for place, part in enumerate(order)]
        (joined,) = join(hits)
        assert joined.chunk.text == _TEXT[one.start : three.end]
        assert (joined.chunk.start, joined.chunk.end, joined.chunk.position) == (one.start, three.end, one.position)
        assert (joined.score, joined.words, joined.parts) == (0.9, 0.2, (one, two, three))


def test_a_joined_passage_stands_where_the_better_of_its_parts_stood() -> None:
    one, two, _, four, *_ = _chunks()
    hits = [Hit(two, 0.9), Hit(four, 0.8), Hit(one, 0.7)]
    assert [hit.parts or (hit.chunk,) for hit in join(hits)] == [(one, two), (four,)]


@pytest.mark.parametrize("field", ["document", "page", "heading", "gap", "text"])
def test_what_does_not_go_on_stays_apart(field: str) -> None:
    one, two, three, *_ = _chunks()
    changes = {
        "document": {"document_id": "1" * 64},
        "page": {"page": 2},
        "heading": {"heading": "Gulls"},
        "gap": {"position": 2, "start": three.start, "end": three.end, "text": three.text},
        "text": {"text": "X" * len(two.text)},
    }
    other = Chunk(**{**{name: getattr(two, name) for name in Chunk.__dataclass_fields__}, **changes[field]})
    hits = [Hit(one, 0.9), Hit(other, 0.8)]
    assert join(hits) == tuple(hits)


def test_each_line_of_joined_passages_is_one() -> None:
    one, two, *_ = _chunks()
    apart, embedder = [Hit(one, 0.9), Hit(two, 0.8)], HashingEmbedder()
    question, weights = "When did the plover come back?", {"plover": 1.0}
    twice = [line.text for line in nearest_lines(question, apart, embedder, weights)]
    once = [line.text for line in nearest_lines(question, join(apart), embedder, weights)]
    assert len(set(twice)) == len(set(once)) == len(once) < len(twice)


def test_an_answer_reads_neighbours_as_one_passage(tmp_path: Path) -> None:
    (tmp_path / "birds.txt").write_text(
        "The harbour was built in 1911 by a company from Bremen. Its jetty has been closed since the storm of 1962. "
        "The plover nests on the old jetty from April. Nobody may go near the plover before August. "
        "A boat brings visitors to the lighthouse each Sunday. Tickets are sold in the shop beside the museum."
    )
    sizes = {"chunk_tokens": 36, "chunk_overlap": 16}
    settings = Settings(home=tmp_path / ".home", minimum_score=0.1, minimum_evidence=0.0, **sizes)
    embedder = HashingEmbedder(1_024)
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        ingest(find_files([tmp_path]), library=library, embedder=embedder, settings=settings)
        generator = ScriptedGenerator("The plover nests on the old jetty from April [1].")
        retriever = Retriever.of_library(library, embedder, settings)
        answer = Assistant(retriever, generator, settings).answer("Where does the plover nest, on the jetty?")
        (citation,) = answer.citations
        assert len(citation.hit.parts) > 1
        marked = [citation.hit.chunk.text[mark.start : mark.end] for mark in citation.marks]
        assert "The plover nests on the old jetty from April." in marked
        assert answer_from_json(answer_to_json(answer)) == answer
        part = citation.hit.parts[1]
        told = explain(answer.question, part, retriever=retriever, settings=settings)
        assert told.fate is Fate.READ
