"""Which questions are answered: by the certainty of the evidence, and by what the generator makes of the lines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rag.answerability
from rag.answerability import Judge, Readout, judge_for, load_probe, messages, shown
from rag.evidence import Line, nearest_lines
from rag.generators.local import LocalGenerator
from rag.models import MODELS, Role
from rag.ranges import settled
from rag.settings import Settings, load_settings
from rag.terms import terms
from rag.types import Hit
from tests.fakes import HashingEmbedder, ScriptedGenerator, hit, probe

HITS = [hit("Staff get 28 days of leave. Six days carry over until 31 March."), hit("Lunch costs 3.80 EUR.")]
PROBE = probe(Readout(np.array([4, 0], dtype=np.float32), 0.0, -2.0))


def nearest(question: str, hits: list[Hit]) -> list[Line]:
    return nearest_lines(question, hits, HashingEmbedder(1_024), dict.fromkeys(terms(question, parts=True), 1.0))


def judged(question: str, judge: Judge) -> tuple[str, str]:
    asked = question, nearest(question, HITS), HITS
    return judge.by_evidence(*asked), judge.by_reading(judge.read(*asked))


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


def test_the_value_beside_a_state_counts() -> None:
    readout = Readout(np.array([1, -1], dtype=np.float32), beside=2.0, bias=-1.0)
    states = np.array([[0.5, 0.5], [2.5, 0.5]], dtype=np.float32)
    assert readout.log_odds(states, [0.5, 1.5]).tolist() == [0.0, 4.0]


def test_the_line_that_the_generator_finds_likeliest_leads(tmp_path: Path) -> None:
    question = "How many days carry over?"
    lines = nearest(question, HITS)
    assert [line.text for line in lines[:2]] == ["Six days carry over until 31 March.", "Staff get 28 days of leave."]
    against = probe(PROBE.answer, Readout(np.array([-4, 0], dtype=np.float32), 0.0, 0.0))
    reading = Judge(Settings(home=tmp_path), against, ScriptedGenerator()).read(question, lines, HITS)
    assert reading is not None
    assert reading.likely == pytest.approx(1 / (1 + np.exp(-2)))
    first, second, third = reading.lines
    assert [line.text for line in reading.lines] == [lines[1].text, lines[2].text, lines[0].text]
    assert first.score == second.score == lines[0].score
    assert third.score == pytest.approx(lines[0].score - 0.12)


def test_lines_that_were_not_read_come_after_those_that_were(tmp_path: Path) -> None:
    hits = [hit(" ".join(f"Day {number} of leave carries over." for number in range(9)))]
    lines = nearest("Which day of leave carries over?", hits)
    reading = Judge(Settings(home=tmp_path), PROBE, ScriptedGenerator()).read("Which day?", lines, hits)
    assert reading is not None
    assert [line.text for line in reading.lines[:6]] == [line.text for line in shown("Which day?", lines)]
    assert {line.span for line in reading.lines} == {line.span for line in lines}
    scores = [line.score for line in reading.lines]
    assert scores == sorted(scores, reverse=True)


def test_where_nothing_was_found_nothing_is_read(tmp_path: Path) -> None:
    assert Judge(Settings(home=tmp_path), PROBE, ScriptedGenerator()).read("Which day?", [], []) is None


def test_a_row_that_a_number_falls_into_is_not_doubted(tmp_path: Path) -> None:
    rows = "Years | Notice\nUp to 2 years | 1 month\nFrom 8 years on | 4 months"
    hits = [hit(f"Periods of notice\n{rows}")]
    question = "What is the notice after 10 years?"
    judge = Judge(Settings(home=tmp_path), PROBE, ScriptedGenerator())
    lines = settled(question, nearest(question, hits))
    assert lines[0].reading == "Years: From 8 years on; Notice: 4 months"
    assert judge.read(question, lines, hits) is None
    assert judge.read("What is the notice?", nearest("What is the notice?", hits), hits) is not None


def test_a_row_of_a_table_of_something_else_is_doubted_but_leads_it(tmp_path: Path) -> None:
    rows = "Years | Notice\nFrom 5 | 1 month\nFrom 8 years of work | 4 months\nFrom 15 | 6 months"
    hits = [hit(f"Notice from years of work\n{rows}")]
    question = "A bonus from 10 years of work?"
    against = probe(PROBE.answer, Readout(np.array([-4, 0], dtype=np.float32), 0.0, 0.0))
    lines = settled(question, [line for line in nearest(question, hits) if line.is_row])
    reading = Judge(Settings(home=tmp_path), against, ScriptedGenerator()).read(question, lines, hits)
    assert reading is not None
    assert [line.reading for line in (lines[0], reading.lines[0])] == [
        "Years: From 8 years of work; Notice: 4 months"
    ] * 2


def test_lines_are_shown_one_by_one_after_the_question() -> None:
    found, ends = messages("How many days?", ["Leave: Six days\ncarry over.", "Lunch costs 3.80 EUR."])
    rows = "- Leave: Six days carry over.\n- Lunch costs 3.80 EUR.\n"
    assert found[-1].content.startswith(f"Question: How many days?\n\nLines of the documents:\n{rows}\n")
    assert found[-1].content.endswith("How many days?")
    assert [found[-1].content[:end].splitlines()[-1] for end in ends] == rows.splitlines()


def test_a_generator_without_a_probe_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    halves = {"layers.1.q.down": np.ones((2, 3)), "layers.1.q.up": np.full((4, 2), 2.0)}
    readouts = {f"{name}.weights": np.ones(3) for name in ("answer", "line")}
    values = {f"{name}.beside_and_bias": np.array([1.5, -1.0]) for name in ("answer", "line")}
    np.savez(tmp_path / "mine.npz", layers=2, **halves, **readouts, **values)
    monkeypatch.setattr(rag.answerability, "_PROBES", tmp_path / "probes")
    (tmp_path / "probes").mkdir()
    assert load_probe("somebody-instruct") is None
    assert load_probe("../mine") is None  # a hub id is no path
    monkeypatch.setattr(rag.answerability, "_PROBES", tmp_path)
    found = load_probe("mine")
    assert found is not None
    assert (found.layers, list(found.additions)) == (2, ["layers.1.q"])
    assert [part.shape for part in found.additions["layers.1.q"]] == [(2, 3), (4, 2)]
    assert found.line.weights.dtype == np.float32
    assert (found.answer.weights.tolist(), found.answer.beside, found.answer.bias) == ([1, 1, 1], 1.5, -1.0)
    assert found.answer_to("May I carry days over?") is found.answer
    polar = {"yes_or_no.weights": np.zeros(3), "yes_or_no.beside_and_bias": np.array([0.0, 2.0])}
    np.savez(tmp_path / "mine.npz", layers=2, **halves, **readouts, **values, **polar)
    found = load_probe("mine")
    assert found is not None
    assert (found.answer_to("May I carry days over?").bias, found.answer_to("How many days?").bias) == (2.0, -1.0)


def test_a_question_for_yes_or_no_is_weighed_by_a_readout_of_its_own(tmp_path: Path) -> None:
    lenient = replace(PROBE, yes_or_no=Readout(np.zeros(2, dtype=np.float32), 0.0, 3.0))
    for question, expected in (("Do six days carry over?", 3.0), ("How many days carry over?", None)):
        lines = nearest(question, HITS)
        own, other = (Judge(Settings(home=tmp_path), one, ScriptedGenerator()) for one in (lenient, PROBE))
        reading, before = own.read(question, lines, HITS), other.read(question, lines, HITS)
        assert reading is not None
        assert before is not None
        wanted = before.likely if expected is None else 1 / (1 + np.exp(-expected))
        assert reading.likely == pytest.approx(wanted)
        assert [line.text for line in reading.lines] == [line.text for line in before.lines]


def test_every_probe_belongs_to_a_generator_of_the_table() -> None:
    kept = {file.stem for file in rag.answerability._PROBES.glob("*.npz")}
    assert load_settings().generator_model in kept
    assert kept <= {model.name for model in MODELS if model.role is Role.GENERATOR}
    for name in kept:
        found = load_probe(name)
        assert found is not None
        halves = [part for pair in found.additions.values() for part in pair]
        assert halves
        polar = found.yes_or_no or found.answer
        for values in (found.answer.weights, found.line.weights, polar.weights, *halves):
            assert np.isfinite(values).all()
        assert found.layers > 0


@pytest.mark.model
def test_the_default_generator_tells_lines_that_answer_from_lines_that_touch_the_question(
    chat_generator: LocalGenerator,
) -> None:
    settings = load_settings(minimum_evidence=0.0, minimum_answerable=0.5)
    judge = judge_for(chat_generator, settings)
    assert judge.reads
    assert judged("Until when do unused days of leave carry over?", judge)[1] == ""
    assert "minimum_answerable" in judged("What does dinner in the canteen cost?", judge)[1]
