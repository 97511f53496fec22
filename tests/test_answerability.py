"""Which questions are answered: by the certainty of the evidence, and by what the generator makes of the lines."""

from pathlib import Path

import numpy as np
import pytest

import rag.answerability
from rag.answerability import Judge, Probe, judge_for, load_probe, messages
from rag.evidence import Line, nearest_lines
from rag.generators.local import LocalGenerator
from rag.models import MODELS, Role
from rag.settings import Settings, load_settings
from rag.terms import terms
from rag.types import Hit
from tests.fakes import HashingEmbedder, ScriptedGenerator, hit

HITS = [hit("Staff get 28 days of leave. Six days carry over until 31 March."), hit("Lunch costs 3.80 EUR.")]
PROBE = Probe(1, np.array([4, 0], dtype=np.float32), certainty=0.0, bias=-2.0)


def nearest(question: str, hits: list[Hit]) -> list[Line]:
    return nearest_lines(question, hits, HashingEmbedder(1_024), dict.fromkeys(terms(question, parts=True), 1.0))


def judged(question: str, judge: Judge) -> tuple[str, str]:
    asked = question, nearest(question, HITS), HITS
    return judge.by_evidence(*asked), judge.by_reading(judge.likelihood(*asked))


def test_a_line_that_is_not_certain_enough_is_a_reason_and_so_is_a_missing_code(tmp_path: Path) -> None:
    judge = Judge(Settings(home=tmp_path, minimum_evidence=0.8))
    assert judged("How many days carry over?", judge) == ("", "")
    assert "below minimum_evidence (0.8)" in judged("Quetzalcoatl?", judge)[0]
    assert judged("How many days does E-27 carry over until 31 March?", judge)[0] == "e-27 stands in no passage"
    assert not judge.reads


def test_lines_without_the_answer_are_a_reason_where_there_is_a_probe(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, minimum_evidence=0.0, minimum_answerable=0.5)
    judge = Judge(settings, PROBE, ScriptedGenerator())
    assert judge.reads
    assert judged("How many days carry over?", judge) == ("", "")
    assert judged("Which days do herons and terns prefer?", judge)[1] == (
        "the generator finds the answer in the nearest lines with a probability of 0.12, below minimum_answerable (0.5)"
    )
    assert not Judge(Settings(home=tmp_path, minimum_answerable=0.0), PROBE, ScriptedGenerator()).reads


def test_where_the_generator_is_asked_the_evidence_alone_refuses_less(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, minimum_evidence=9.0)
    assert "minimum_evidence (9)" in judged("How many days carry over?", Judge(settings))[0]
    assert judged("How many days carry over?", Judge(settings, PROBE, ScriptedGenerator()))[0] == ""
    assert "minimum_evidence (0.8)" in judged("Quetzalcoatl?", Judge(settings, PROBE, ScriptedGenerator()))[0]


def test_the_certainty_counts_beside_the_state() -> None:
    probe = Probe(3, np.array([1, -1], dtype=np.float32), certainty=2.0, bias=-1.0)
    state = np.array([0.5, 0.5], dtype=np.float32)
    assert probe.probability(state, 0.5) == pytest.approx(0.5)
    assert probe.probability(state, 1.5) == pytest.approx(1 / (1 + np.exp(-2)))


def test_the_nearest_lines_are_shown_under_their_titles_and_the_question_last() -> None:
    question = "How many days carry over?"
    _, user = messages(question, nearest(question, HITS), HITS)
    first, second, *_ = [line for line in user.content.splitlines() if line.startswith("- ")]
    assert first == "- Title: Six days carry over until 31 March."
    assert second.startswith("- Title: ")
    assert user.content.index(first) < user.content.index(f"Question: {question}")


def test_a_generator_without_a_probe_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "mine.npz", layer=2, weights=np.ones(3), certainty=1.5, bias=-1.0)
    monkeypatch.setattr(rag.answerability, "_PROBES", tmp_path / "probes")
    (tmp_path / "probes").mkdir()
    assert load_probe("somebody-instruct") is None
    assert load_probe("../mine") is None  # a hub id is no path
    monkeypatch.setattr(rag.answerability, "_PROBES", tmp_path)
    found = load_probe("mine")
    assert found is not None
    assert (found.layer, found.weights.tolist(), found.weights.dtype, found.certainty) == (
        2,
        [1, 1, 1],
        np.float32,
        1.5,
    )


def test_every_probe_belongs_to_a_generator_of_the_table() -> None:
    kept = {file.stem for file in rag.answerability._PROBES.glob("*.npz")}
    assert load_settings().generator_model in kept
    assert kept <= {model.name for model in MODELS if model.role is Role.GENERATOR}
    for name in kept:
        probe = load_probe(name)
        assert probe is not None
        assert np.isfinite(probe.weights).all()
        assert probe.layer > 0


@pytest.mark.model
def test_the_default_generator_tells_lines_that_answer_from_lines_that_touch_the_question(
    chat_generator: LocalGenerator,
) -> None:
    settings = load_settings(minimum_evidence=0.0, minimum_answerable=0.5)
    judge = judge_for(chat_generator, settings)
    assert judge.reads
    assert judged("Until when do unused days of leave carry over?", judge)[1] == ""
    assert "minimum_answerable" in judged("What does dinner in the canteen cost?", judge)[1]
