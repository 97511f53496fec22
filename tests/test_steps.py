"""Steps of a numbered list, where a question asks how something is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag import quotations
from rag.assistant import Assistant
from rag.evidence import nearest_lines
from rag.library import Library
from rag.retriever import Retriever
from rag.settings import Settings
from rag.steps import steps
from rag.types import Finish
from tests.fakes import HashingEmbedder, ScriptedGenerator, hit

BATTERY = """Replacing the battery

1. Choose Replace in the settings.
2. Open the compartment with the hex key.
3. Take the old battery out. The readings stay in memory.
4. Close the compartment. It clicks. The cycles begin at zero.

The battery lasts for years."""


def found(question: str, text: str, *others: str) -> list[list[str]]:
    lines = nearest_lines(question, [hit(text), *map(hit, others)], HashingEmbedder(1_024), {})
    return [[line.text for line in step] for step in steps(question, lines)]


@pytest.mark.parametrize(
    "question",
    [
        "How do I open the compartment with the hex key?",
        "How to open the compartment with a hex key",
        "What are the steps to open the compartment with the hex key?",
        "Wie öffne ich compartment hex key?",
        "怎么 open the compartment with the hex key?",
    ],
)
def test_all_steps_are_told_and_no_more_of_the_last_than_of_others(question: str) -> None:
    assert found(question, BATTERY) == [
        ["Choose Replace in the settings."],
        ["Open the compartment with the hex key."],
        ["Take the old battery out.", "The readings stay in memory."],
        ["Close the compartment.", "It clicks."],
    ]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which compartment does the hex key open?", BATTERY),  # it does not ask how
        ("How do I know that the battery lasts for years?", BATTERY),  # no step
        ("How do I open the compartment?", "1. Open the compartment."),  # no list
        ("How do I open the compartment?", "- Open the compartment.\n- Close it again."),  # no order
        ("How do I open door 21?", "\n".join(f"{number}. Open door {number}." for number in range(1, 23))),
        ("How do I open the compartment?", ""),
    ],
)
def test_where_no_step_of_a_list_is_nearest_nothing_is_told(question: str, text: str) -> None:
    assert found(question, text) == []


def test_lists_are_told_apart_by_their_numbers() -> None:
    text = "1. Lift the lid.\n2. Clean the tray.\n1. Open the valve.\n2. Close the valve again.\n3. Wait."
    assert found("How do I open the valve?", text) == [["Open the valve."], ["Close the valve again."], ["Wait."]]
    assert found("How do I clean the tray?", text) == [["Lift the lid."], ["Clean the tray."]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2, top_k=3, minimum_evidence=0.5)


@pytest.fixture
def library(tmp_path: Path, settings: Settings) -> Iterator[Library]:
    (tmp_path / "manual.md").write_text(f"# Manual\n\n## {BATTERY}", encoding="utf-8")
    (tmp_path / "food.txt").write_text("Lunch in the canteen costs 3.80 EUR.", encoding="utf-8")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([tmp_path]), library=opened, embedder=embedder, settings=settings)
        yield opened


def test_they_are_the_answer_word_for_word_each_with_its_footnote(library: Library, settings: Settings) -> None:
    generator = ScriptedGenerator()
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    answer = Assistant(retriever, generator, settings).answer("How do I open the compartment with the hex key?")
    assert answer.text.splitlines() == [
        "**Replacing the battery**",
        "",
        "1. “Choose Replace in the settings.” [1]",
        "2. “Open the compartment with the hex key.” [1]",
        "3. “Take the old battery out. The readings stay in memory.” [1]",
        "4. “Close the compartment. It clicks.” [1]",
    ]
    (citation,) = answer.citations
    assert len(citation.marks) == 6
    assert (answer.finish, generator.prompts) == (Finish.COMPLETE, [])


def test_a_long_step_is_told_whole() -> None:
    long = f"Open the compartment {'very ' * 80}carefully with the hex key."
    question = "How do I open the compartment with the hex key?"
    hits = [hit(f"1. {long}\n2. Close it.")]
    told = steps(question, nearest_lines(question, hits, HashingEmbedder(1_024), {}))
    (text, _), _ = quotations.of_steps(hits, told)
    assert f"1. “{long}” [1]" in text
