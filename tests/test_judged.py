"""Judged answers as questions of an evaluation."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.__main__ import main
from rag.catalog import Catalog, KeptAnswer
from rag.evaluation.judged import Correction, question_of, to_lines
from rag.evaluation.questions import read_questions
from rag.library import Library
from rag.settings import load_settings
from rag.types import Answer, Citation, Finish, answer_to_json
from tests.fakes import hit

CITED = (Citation(1, hit("28 days", document="a", page=4), ()), Citation(2, hit("days", document="a", page=4), ()))
ANSWER = Answer("And?", "How many days?", "28 days [1]. Days [2].", CITED, (), (), Finish.COMPLETE)
PLACE = {"file": "a.pdf", "page": 4}


def kept(answer: Answer = ANSWER, *, good: bool | None, right: Correction = Correction(), id: int = 1) -> KeptAnswer:
    return KeptAnswer(id, answer_to_json(answer), good, right.to_json())


def test_a_question_keeps_what_was_said_beside_it() -> None:
    asked = "I fly on Monday with my tools. How many days?"
    found = question_of(kept(replace(ANSWER, question=asked), good=True))
    assert found is not None
    assert found["question"] == asked


def test_a_question_keeps_its_own_words_where_those_of_the_documents_were_asked() -> None:
    asked = replace(ANSWER, question="Can I buy my laptop?", standalone="Can I buy my notebook?")
    assert (question_of(kept(asked, good=False, right=Correction(unanswerable=True))) or {})[
        "question"
    ] == asked.question


def test_a_good_answer_says_where_it_stands() -> None:
    assert question_of(kept(good=True)) == {
        "id": "judged-1",
        "question": "How many days?",
        "answers": [],
        "passages": [PLACE],
        "answerable": True,
    }


def test_a_good_refusal_and_a_nowhere_have_no_answer() -> None:
    refusal = replace(ANSWER, citations=(), finish=Finish.NOTHING_NEAR)
    for one in (kept(refusal, good=True), kept(good=False, right=Correction(unanswerable=True))):
        question = question_of(one)
        assert question is not None
        assert (question["answerable"], question["answers"]) == (False, [])


def test_a_bad_answer_counts_once_it_is_corrected() -> None:
    assert question_of(kept(good=None)) is None
    assert question_of(kept(good=False)) is None
    other = {"file": "b.txt"}
    question = question_of(kept(good=False, right=Correction("30 days", (other,))))
    assert question is not None
    assert (question["answers"], question["passages"]) == (["30 days"], [other])


def test_the_later_of_two_alike_counts_and_the_set_is_read_again(tmp_path: Path) -> None:
    later = kept(good=True, right=Correction("28"), id=2)
    file = tmp_path / "q.jsonl"
    file.write_text(to_lines([kept(good=True), later]))
    (question,) = read_questions(file)
    assert (question.id, question.answers, question.relevant) == ("judged-2", ("28",), {"a.pdf#4": 1.0})


def test_corrections_are_kept_until_the_thumb_is_taken_back(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db")
    conversation = catalog.start_conversation("Leave").id
    catalog.add_answer(conversation, answer_to_json(ANSWER))
    (one,) = catalog.kept_answers(conversation)
    right = Correction("28 days", (PLACE,))
    catalog.rate_answer(one.id, False, right.to_json())
    (judged,) = catalog.judged_answers()
    assert Correction.from_json(judged.correction) == right
    assert catalog.kept_answer(one.id) == judged
    catalog.rate_answer(one.id, None)
    assert catalog.judged_answers() == []
    catalog.close()


def test_the_command_prints_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path))
    with Library.open(load_settings(), holder="test") as library:
        conversation = library.catalog.start_conversation("Leave").id
        library.catalog.add_answer(conversation, answer_to_json(ANSWER))
        library.catalog.rate_answer(library.catalog.kept_answers(conversation)[0].id, True)
    assert main(["questions"]) == 0
    assert json.loads(capsys.readouterr().out)["passages"] == [PLACE]
