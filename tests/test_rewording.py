"""Questions that nothing answers, in the words of the documents."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.answerability import Judge
from rag.assistant import Assistant
from rag.build import load_embedder
from rag.embedders import Vectors
from rag.errors import GenerationError
from rag.evidence import nearest_lines
from rag.generators import Message
from rag.generators.local import LocalGenerator
from rag.library import Library
from rag.phrases import ENGLISH
from rag.retriever import Retriever
from rag.rewording import is_reworded, of_statement, reworded
from rag.settings import Settings, load_settings
from rag.types import Answer, Finish, Hit
from tests.fakes import HashingEmbedder, WeighingGenerator, hit

ALIKE = {
    ("laptop", "notebook"): 0.8,
    ("deliver", "delivery"): 0.8,
    ("owe", "due"): 0.7,
    ("lose", "lost"): 0.6,
    ("landlord", "tenant"): 0.9,
    ("lose", "notebook"): 0.5,
}
HITS = [
    hit("Notebooks are replaced every four years. A lost device is reported."),
    hit("The tenant pays the rent due on delivery."),
]


class Dictionary(WeighingGenerator):
    """Agrees to some pairs of words."""

    def __init__(self, *same: tuple[str, str]) -> None:
        super().__init__()
        self.same = [f'"{word}" mean the same as "{other}"' for word, other in same]

    def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        self.prompts.append(messages)
        return [-0.1, -3.0] if any(pair in messages[-1].content for pair in self.same) else [-3.0, -0.1]


def likeness(words: Sequence[str], others: Sequence[str]) -> Vectors:
    return np.array([[ALIKE.get((word, other), 0.0) for other in others] for word in words], dtype=np.float32)


def readings(question: str, *same: tuple[str, str], hits: Sequence[Hit] = HITS) -> list[str]:
    lines = nearest_lines(question, hits, HashingEmbedder(), {})
    return list(reworded(question, hits, lines, likeness, Dictionary(*same)))


@pytest.mark.parametrize(
    ("question", "same", "read"),
    [
        ("Do I get a new laptop?", [("laptop", "notebook")], ["Do I get a new notebook?"]),
        ("Do I get a laptop's case, a laptop-bag or a laptop2?", [("laptop", "notebook")], []),  # parts of others
        ("Doesn't the landlord's tenant pay?", [("landlord", "tenant")], []),
        ("Wie oft bekomme ich einen laptop?", [("laptop", "notebook")], []),  # other languages
        ("我的laptop丢了怎么办？", [("laptop", "notebook")], []),
        ("Do I get a new laptop?", [], []),  # near, but the generator does not agree
        ("What does the landlord pay?", [], []),
        ("Which tenant has a notebook?", [("notebook", "tenant")], []),  # the documents say so, too
        ("Where is Laptop City?", [("Laptop", "notebook"), ("laptop", "notebook")], []),  # a name
        ("Can I deliver a pizza?", [("deliver", "delivery")], []),  # the same in another part of speech
        ("What do I owe the bank?", [("owe", "due")], []),
        ("Does the tablet break?", [("tablet", "notebook")], []),  # not near
    ],
)
def test_a_word_that_no_passage_has_becomes_one_that_means_the_same(
    question: str, same: Sequence[tuple[str, str]], read: list[str]
) -> None:
    assert readings(question, *same) == read


def test_the_surest_word_is_taken_first_and_then_another_with_it() -> None:
    assert readings("What if I lose my laptop?", ("laptop", "notebook"), ("lose", "lost")) == [
        "What if I lose my notebook?",
        "What if I lost my notebook?",
    ]


def test_the_most_telling_of_many_words_are_looked_at() -> None:
    question = "How much do I pay when my aging car breaks beside some strange house, or my laptop?"
    assert "my notebook?" in readings(question, ("laptop", "notebook"))[0]


def test_a_plural_is_offered_as_a_singular_only_where_that_is_a_word() -> None:
    text = "Policies and addresses are always kept beside notebooks."
    asked: list[str] = []

    def seen(words: Sequence[str], others: Sequence[str]) -> Vectors:
        asked.extend(others)
        return np.zeros((len(words), len(others)), dtype=np.float32)

    hits = [hit(text)]
    lines = nearest_lines("Where is my laptop?", hits, HashingEmbedder(), {})
    assert list(reworded("Where is my laptop?", hits, lines, seen, Dictionary())) == []
    assert {"policies", "notebooks", "notebook", "always"} <= {*asked}
    assert not {"policie", "addresse", "alway"} & {*asked}


@pytest.mark.parametrize(
    ("standalone", "is_so"),
    [
        ("Can I buy my old notebook?", True),
        ("Can I buy my old laptop?", False),
        ("Can I buy my old laptop at the end of the lease?", False),
    ],
)
def test_a_reworded_question_is_told_from_a_follow_up(standalone: str, is_so: bool) -> None:
    assert is_reworded("Can I buy my old laptop?", standalone) is is_so
    assert not is_reworded("What does it cost?", "What does the battery cost?")


def test_no_more_is_asked_than_is_taken() -> None:
    scorer = Dictionary(("laptop", "notebook"), ("lose", "lost"))
    question = "What if I lose my laptop?"
    found = reworded(question, HITS, nearest_lines(question, HITS, HashingEmbedder(), {}), likeness, scorer)
    assert next(found) == "What if I lose my notebook?"
    assert len(scorer.prompts) == 1


def test_without_passages_nothing_is_asked() -> None:
    assert readings("Do I get a new laptop?", ("laptop", "notebook"), hits=[]) == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2, top_k=3)


@pytest.fixture
def library(tmp_path: Path, settings: Settings) -> Iterator[Library]:
    (tmp_path / "leave.txt").write_text("Six days of leave carry over until 31 March.", encoding="utf-8")
    (tmp_path / "food.txt").write_text("Lunch in the canteen costs 3.80 EUR.", encoding="utf-8")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([tmp_path]), library=opened, embedder=embedder, settings=settings)
        yield opened


QUESTION, MEANT = "How many days of vacation carry over?", "How many days of leave carry over?"


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only "vacation" and "leave" are near to each other."""

    def likeness(_: Retriever, words: Sequence[str], others: Sequence[str]) -> Vectors:
        return np.array([[float((word, other) == ("vacation", "leave")) for other in others] for word in words])

    monkeypatch.setattr(Retriever, "likeness", likeness)


def ask(
    library: Library, settings: Settings, question: str, scorer: Dictionary, stop: threading.Event | None = None
) -> Answer:
    scorer.replies = ["Six days carry over until 31 March [1]."]
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    reply = Assistant(retriever, scorer, replace(settings, minimum_evidence=1.9)).ask(question, stop=stop)
    for _ in reply:
        pass
    return reply.answer


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize("before", ["", "My sister visits me from abroad with both of her noisy children. "])
def test_a_refused_question_is_asked_once_more_in_the_words_of_the_documents(
    before: str, library: Library, settings: Settings
) -> None:
    answer = ask(library, settings, f"{before}{QUESTION}", Dictionary(("vacation", "leave")))
    assert answer.text == "Six days carry over until 31 March. [1]"
    assert (answer.standalone, answer.finish) == (MEANT, Finish.COMPLETE)


def test_a_refused_statement_is_asked_as_a_question(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: Judge, question: str, *found: object) -> str:
        return "" if question.startswith("What do I do when ") else "far"

    monkeypatch.setattr(Judge, "by_evidence", refuses)
    answer = ask(library, settings, "The six days of leave are lost.", Dictionary())
    assert (answer.standalone, answer.finish) == ("What do I do when the six days of leave are lost?", Finish.COMPLETE)
    assert ask(library, settings, "the six days of leave", Dictionary()).finish is Finish.NOTHING_NEAR


@pytest.mark.usefixtures("near")
def test_it_stays_refused_where_the_generator_does_not_agree_or_breaks_off(
    library: Library, settings: Settings
) -> None:
    class Broken(Dictionary):
        def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
            raise GenerationError("broken")

    for scorer in (Dictionary(), Broken()):
        answer = ask(library, settings, QUESTION, scorer)
        assert (answer.text, answer.finish) == (ENGLISH.refusal, Finish.NOTHING_NEAR)
        assert answer.standalone == QUESTION


@pytest.mark.usefixtures("near")
def test_it_can_be_stopped_while_words_are_compared(library: Library, settings: Settings) -> None:
    stop = threading.Event()

    class Stopping(Dictionary):
        def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
            stop.set()
            return super().likelihoods(messages, answers)

    answer = ask(library, settings, QUESTION, Stopping(("vacation", "leave")), stop)
    assert (answer.text, answer.finish) == ("", Finish.STOPPED)


@pytest.mark.model
def test_the_real_models_tell_synonyms_from_opposites(model_settings: Settings, chat_generator: LocalGenerator) -> None:
    embedder = load_embedder(load_settings())

    def cosines(words: Sequence[str], others: Sequence[str]) -> Vectors:
        return np.asarray(embedder.encode_documents(words) @ embedder.encode_documents(others).T)

    def read(question: str, text: str) -> list[str]:
        hits = [hit(text)]
        lines = nearest_lines(question, hits, embedder, {})
        return list(reworded(question, hits, lines, cosines, chat_generator))

    assert read("Can I buy my old laptop?", "Notebooks that are four years old can be bought.")[0] == (
        "Can I buy my old notebook?"
    )
    assert read("Who pays the attorney?", "The lawyer is paid by the client.") == ["Who pays the lawyer?"]
    assert read("What does the landlord pay?", "The tenant pays the rent.") == []
    assert read("How hot is the summer?", "The winter is cold.") == []


@pytest.mark.parametrize(
    ("told", "question"),
    [
        ("The station does not find the gateway", "What do I do when the station does not find the gateway?"),
        ("I am locked out of my account.", "What do I do when I am locked out of my account?"),
        ("Somebody stole my notebook!", "What do I do when somebody stole my notebook?"),
        ("The wind direction is wrong by 2.5 degrees.", None),  # more than one sentence, as far as is plain
        ("The station is wet. Is that bad?", None),
        ("the hotel limit in Oslo", None),  # key words
        ("Is the station wet", None),
        ("Die Station hat keine Verbindung und zeigt nichts an.", None),
        ("我的电脑丢了", None),
        ("It is", None),
    ],
)
def test_who_only_tells_what_is_wrong_asks_what_to_do(told: str, question: str | None) -> None:
    assert of_statement(told) == question
    assert question is None or is_reworded(told, question)
