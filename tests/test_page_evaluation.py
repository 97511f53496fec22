"""Judging answers, asking why, and the evaluation page, headless, with fakes for the models and real libraries."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.collections import create_collection, move_documents
from rag.errors import FootnoteError
from rag.evaluation.faults import Fault, faults, rank
from rag.evaluation.judged import to_lines
from rag.evaluation.measures import Estimate
from rag.evaluation.run import read_report
from rag.evaluation.runs import Task
from tests.page import Page, button, unescaped
from ui.parts.question import show_question
from ui.parts.report import _mean, _show_comparison

QUESTIONS = [
    {"question": "How many days of leave carry over?", "answers": ["Six days"], "file": "leave.txt"},
    {"question": "What does lunch cost?", "answers": ["3.80 EUR"], "file": "lunch.txt"},
]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "leave.txt").write_text("Six days of leave carry over until 31 March.")
    (samples / "lunch.txt").write_text("Lunch costs 3.80 EUR.")
    st.cache_resource.clear()
    made = Page(tmp_path / "home", samples, monkeypatch)
    yield made
    made.engine.close()
    st.cache_resource.clear()


def _evaluation_page() -> None:
    from ui import evaluation

    evaluation.show()


def lines(rows: list[dict]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


def open_page(page: Page) -> AppTest:
    """The evaluation page, a set of questions being there."""
    page.open()
    page.engine.runs.add_questions("Canteen.jsonl", lines(QUESTIONS))
    return AppTest.from_function(_evaluation_page, default_timeout=30).run()


def _draw(show, parts):  # its source alone is run, without the imports of this file
    show(*parts)


def drawn(show: Callable[..., None], *parts: object) -> AppTest:
    """A page that is one of its parts."""
    return AppTest.from_function(_draw, args=(show, parts), default_timeout=30).run()


def finish(page: Page) -> None:
    job = page.engine.evaluation
    assert job is not None
    page.wait(job.ended.is_set)


def task(page: Page, questions: Path, *, corpus: str = "", collection: str = "library", answers: bool = False) -> Task:
    return Task("2026-01-01 10.00.00", str(questions), corpus, collection, answers, None, 0)


def test_a_passage_that_was_expected_is_pasted_or_picked(page: Page) -> None:
    page.generator.replies = ["Six days [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    at.text_area(key="why-1").set_value("Six days of leave").run()
    assert any("It is cited, as number 1" in unescaped(text.value) for text in at.markdown)
    at.session_state["why-1-how"] = "Pick it"
    at.run()
    at.selectbox(key="why-1-document").select("lunch.txt").run()
    picked = next(box for box in at.selectbox if box.label == "Passage")
    picked.select_index(0).run()
    told = "\n".join(unescaped(text.value) for text in at.markdown)
    assert "**lunch.txt** ·" in told
    assert any("Rank of 2 passages by meaning: 2" in caption.value for caption in at.caption)
    assert not at.exception


def test_a_judged_answer_becomes_a_question_that_can_be_corrected(page: Page) -> None:
    page.generator.replies = ["Nine days [1]."]
    at = page.open()
    page.ask("How many days of leave carry over?")
    at.feedback[0].set_value(0).run()
    assert any("Say where the answer stands" in caption.value for caption in at.caption)
    at.multiselect(key="right-passages-1").select("leave.txt")
    at.text_input(key="right-words-1").set_value("Six days")
    button(at, "Keep").click().run()
    assert any("It must say “Six days”" in caption.value for caption in at.caption)
    question = json.loads(to_lines(page.engine.library.catalog.judged_answers()))
    assert question["passages"] == [{"file": "leave.txt"}]
    assert (question["answers"], question["answerable"]) == (["Six days"], True)
    at.text_input(key="right-other-1").set_value("gone.txt")
    button(at, "Keep").click().run()
    assert "no document gone.txt" in unescaped(at.error[0].value)
    assert not at.exception


def test_a_run_is_begun_watched_and_read(page: Page) -> None:
    page.generator.replies = ["Six days of leave [1].", "It costs 9 EUR [1]."]
    at = open_page(page)
    assert any(caption.value == "2 questions, 0 of them without an answer in the documents." for caption in at.caption)
    at.session_state["evaluation-measure"] = "Passages and answers"
    button(at.run(), "Start").click().run()
    finish(page)
    at.run()
    (file,) = page.engine.runs.reports()
    report = read_report(file)
    assert report.estimates["contains answer"].mean == 0.5
    assert report.estimates["as run hit@5"].mean == 1.0
    assert page.engine.runs.unfinished() == []
    assert list(at.dataframe[0].value["Right answers"]) == [0.5]
    assert any(told.startswith("1.000 (") and told.endswith("no interval)") for told in at.dataframe[1].value["As run"])
    assert list(at.dataframe[-1].value["Question"]) == ["What does lunch cost?"]
    assert not at.exception


def test_a_stopped_run_goes_on_where_it_was_in_another_process(page: Page) -> None:
    asked, go_on = threading.Event(), threading.Event()
    stream = page.generator.stream

    def slowly(*arguments: object, **options: object) -> object:
        if page.generator.replies == ["Dropped [1]."]:  # the second question
            asked.set()
            assert go_on.wait(20)
        return stream(*arguments, **options)  # type: ignore[arg-type]

    page.generator.replies = ["Six days of leave [1].", "Dropped [1]."]
    page.generator.stream = slowly  # type: ignore[method-assign]
    at = open_page(page)
    at.session_state["evaluation-measure"] = "Passages and answers"
    button(at.run(), "Start").click().run()
    assert asked.wait(20)
    job = page.engine.evaluation
    assert job is not None
    job.stop()
    go_on.set()
    page.engine.close()
    st.cache_resource.clear()
    assert (job.report, job.failure) == (None, "")

    page.generator.replies = ["3.80 EUR [1]."]
    page.open()
    at = AppTest.from_function(_evaluation_page, default_timeout=30).run()
    assert any("Not done" in text.value for text in at.markdown)
    button(at, "Go on").click().run()
    finish(page)
    records = read_report(page.engine.runs.reports()[0]).records
    assert [record["answer"] for record in records] == ["Six days of leave. [1]", "3.80 EUR. [1]"]
    assert page.engine.runs.unfinished() == []


def test_a_question_that_went_wrong_shows_its_passage_and_why(page: Page) -> None:
    at = open_page(page)
    engine = page.engine
    far = [{**QUESTIONS[0], "file": "lunch.txt"}]
    engine.evaluate(task(page, engine.runs.add_questions("Far.jsonl", lines(far))))
    finish(page)
    report = read_report(engine.runs.reports()[0])
    (record,) = report.records
    assert faults(record) == [Fault.NOT_FIRST]
    assert rank(record) == 2
    at = drawn(show_question, engine, report, record)
    assert any("It was read by the generator" in unescaped(text.value) for text in at.markdown)
    assert "Lunch costs 3.80 EUR." in "".join(element.proto.body for element in at.get("html"))
    assert not at.exception


def test_passages_and_documents_of_their_own_are_asked(page: Page, tmp_path: Path) -> None:
    open_page(page)
    engine = page.engine
    passages = tmp_path / "corpus.jsonl"
    passages.write_text(lines([{"id": "a", "title": "", "text": "Herons eat fish."}, {"id": "b", "text": "Gulls."}]))
    asked = engine.runs.add_questions("Birds.jsonl", lines([{"question": "What do herons eat?", "context_id": "a"}]))
    engine.evaluate(task(page, asked, corpus=str(passages), collection=""))
    finish(page)
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "herons.txt").write_text("Herons eat fish.")
    (folder / "gulls.txt").write_text("Gulls eat crabs.")
    asked = engine.runs.add_questions("Files.jsonl", lines([{"question": "What do gulls eat?", "file": "gulls.txt"}]))
    engine.evaluate(task(page, asked, corpus=str(folder), collection=""))
    finish(page)
    assert engine.evaluation is not None
    assert not engine.evaluation.failure
    reports = [read_report(file) for file in engine.runs.reports()]
    assert [report.run["chunks"] for report in reports] == [2, 2]
    assert all(report.estimates["fused hit@1"].mean == 1.0 for report in reports)
    assert {record.name for record in engine.library.catalog.documents("library")} == {"leave.txt", "lunch.txt"}
    engine.evaluate(task(page, asked, corpus=str(tmp_path / "gone"), collection=""))
    finish(page)
    assert "gone is not there" in engine.evaluation.failure


def test_a_collection_that_is_not_open_is_asked(page: Page) -> None:
    open_page(page)
    engine = page.engine
    other = create_collection(engine.library, "Canteen")
    move_documents(engine.library, [engine.library.document("lunch.txt")], other)
    engine.evaluate(task(page, engine.runs.question_sets()[0], collection=other.name))
    finish(page)
    assert engine.evaluation is not None
    assert not engine.evaluation.failure
    (report,) = (read_report(file) for file in engine.runs.reports())
    assert (report.run["chunks"], report.run["settings"]["collection"]) == (1, "canteen")
    assert report.estimates["fused hit@1"].mean == 0.5


def test_only_one_run_is_in_work_and_the_library_is_not_put_away_under_it(page: Page) -> None:
    open_page(page)
    engine = page.engine
    engine.answering.clear()  # it waits for the models
    engine.evaluate(task(page, engine.runs.question_sets()[0]))
    with pytest.raises(FootnoteError, match="in work"):
        engine.evaluate(task(page, engine.runs.question_sets()[0]))
    with pytest.raises(FootnoteError, match="evaluation"):
        engine.purge()
    assert engine.evaluation is not None
    engine.evaluation.stop(wait=True)
    engine.answering.set()
    assert [one.id for one in engine.runs.unfinished()] == ["2026-01-01 10.00.00"]


def test_two_runs_are_compared_with_what_was_set_otherwise(page: Page) -> None:
    open_page(page)
    engine = page.engine
    asked = engine.runs.question_sets()[0]
    for reply, top_k in (("9 days [1].", 6), ("Six days [1].", 5)):
        page.generator.replies = [reply, "3.80 EUR [1]."]
        engine.settings = replace(engine.settings, top_k=top_k)
        engine.evaluate(task(page, asked, answers=True))
        finish(page)
    new, old = (read_report(file) for file in engine.runs.reports())
    at = drawn(_show_comparison, old, new, "before", "after")
    text = "\n".join(unescaped(element.value) for element in at.markdown)
    assert "**Better by contains answer:** 1 question" in text
    assert "`top_k`: 6 → 5" in text
    rows = at.dataframe[0].value.set_index("Measure")
    assert rows.loc["contains answer", "Change"] == 0.5
    assert list(at.dataframe[1].value["After"]) == ["Six days. [1]"]
    assert not at.exception


def test_a_run_that_cannot_be_done_says_why_and_stays(page: Page) -> None:
    at = open_page(page)
    page.engine.evaluate(task(page, Path("/nowhere/q.jsonl")))
    finish(page)
    at.run()
    assert "cannot be read" in unescaped(at.error[0].value)
    assert any("Not done" in text.value for text in at.markdown)
    button(at, "Give up").click().run()
    assert page.engine.runs.unfinished() == []


def test_refusals_are_measured_without_a_generator(page: Page) -> None:
    at = open_page(page)
    unanswerable = {"question": "What is the code Q-99?", "answerable": False}
    page.engine.runs.add_questions("Canteen.jsonl", lines([*QUESTIONS, unanswerable]))
    at.run().checkbox(key="evaluation-refusals").check().run()
    button(at, "Start").click().run()
    finish(page)
    (report,) = (read_report(file) for file in page.engine.runs.reports())
    assert report.estimates["refused, unanswerable"].mean == 1.0
    assert report.estimates["refused, answer taken away"].count == 2
    assert "answer" not in report.records[0]
    assert "refused, answerable" in list(at.run().dataframe[2].value["Measure"])
    assert not at.exception


def test_a_set_of_questions_is_removed(page: Page) -> None:
    at = open_page(page)
    assert at.selectbox(key="evaluation-questions").value.stem == "Canteen"
    button(at, "Remove").click().run()
    assert page.engine.runs.question_sets() == []
    assert at.selectbox(key="evaluation-questions").value.parent.name == "samples"
    assert not [one for one in at.button if one.label == "Remove"]
    assert not at.exception


def test_a_damaged_report_does_not_hide_the_others(page: Page) -> None:
    at = open_page(page)
    page.engine.evaluate(task(page, page.engine.runs.question_sets()[0]))
    finish(page)
    page.engine.runs.reports()[0].with_name("2020-01-01 1000.json").write_text("{")
    at.run()
    assert "cannot be read" in list(at.dataframe[0].value["Questions"])
    assert not at.exception


@pytest.mark.parametrize(
    ("estimate", "told"),
    [
        (Estimate(1.0, 1.0, 1.0, 1), "1.000 (one question, no interval)"),
        (Estimate(1.0, 1.0, 1.0, 40), "1.000 (all 40 alike, no interval)"),
        (Estimate(0.85, 0.7, 0.95, 40), "0.850 (0.700 to 0.950)"),
    ],
)
def test_a_figure_without_an_interval_says_so(estimate: Estimate, told: str) -> None:
    assert _mean(estimate) == told
