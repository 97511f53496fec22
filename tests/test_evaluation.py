"""Evaluation: what is read, measured, kept and compared."""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.__main__ import main
from rag.answerability import Judge
from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.evaluation import measures
from rag.evaluation.compare import compare
from rag.evaluation.corpus import fill, settings_of
from rag.evaluation.questions import Question, held_out, read_questions, sample
from rag.evaluation.refusals import RefusalTest
from rag.evaluation.run import (
    OnQuestion,
    Report,
    Subject,
    citation_measures,
    describe,
    evaluate,
    read_report,
    summarise,
)
from rag.evaluation.runs import Runs, Task
from rag.library import Library
from rag.queue import Cancelled
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Answer, Citation, Finish, Turn
from tests.documents import write_pdf
from tests.fakes import HashingEmbedder, ScriptedGenerator, hit

PASSAGES = [
    {"id": "a", "title": "Leave", "text": "Staff get 28 days of leave."},
    {"id": "b", "title": "Lunch", "text": "Lunch in the canteen costs 3.80 EUR."},
    {"id": "c", "title": "Pump", "text": "The pump P-17 runs at 40 bar."},
]
QUESTIONS = [
    {"id": "1", "question": "How many days of leave do staff get?", "answers": ["28 days"], "context_id": "a"},
    {"id": "2", "question": "What does lunch in the canteen cost?", "answers": ["3.80 EUR"], "context_id": "b"},
    {"id": "3", "question": "What is the code Q-99?", "answers": [], "is_impossible": True, "context_id": "c"},
]


TURN = {"question": "a", "answer": "b"}
TALK = [["user", "a"], ["agent", "b"]]


def write_lines(file: Path, rows: list[dict]) -> Path:
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.05, minimum_evidence=0.3)


# Questions


def test_questions_of_every_known_form_are_read(tmp_path: Path) -> None:
    rows = [
        *QUESTIONS,
        {"_id": "4", "text": "A claim"},
        {"question": "Where?", "answer": "Here", "file": "x.pdf", "page": 4, "history": [TURN]},
        {"id": 6, "query": "And?", "context_ids": ["a", "b"], "has_answer": True, "history": TALK},
    ]
    one, _, three, four, five, six = read_questions(write_lines(tmp_path / "q.jsonl", rows))
    assert one == Question("1", QUESTIONS[0]["question"], ("28 days",), {"a": 1.0}, True)
    assert (three.answerable, three.relevant) == (False, {})
    assert (four.id, four.text, four.relevant) == ("4", "A claim", {})
    assert (five.answers, five.relevant, five.history) == (("Here",), {"x.pdf#4": 1.0}, (Turn("a", "b"),))
    assert (six.relevant, six.history) == ({"a": 1.0, "b": 1.0}, (Turn("a", "b"),))


def test_passages_and_their_words_are_read_and_lines_without_a_question_left_out(tmp_path: Path) -> None:
    places = [{"file": "x.pdf", "page": 4}, {"file": "y.txt", "page": None}]
    rows = [
        {"question": ""},
        {"question": "Where?", "passages": places, "evidence": [{"x.pdf": ["It is here.", "And there."]}]},
    ]
    (found,) = read_questions(write_lines(tmp_path / "q.jsonl", rows))
    assert found.relevant == {"x.pdf#4": 1.0, "y.txt": 1.0}
    assert found.evidence == ("It is here.", "And there.")


def test_two_questions_of_one_id_are_named(tmp_path: Path) -> None:
    with pytest.raises(FootnoteError, match="line 2: there is a question with the id '1'"):
        read_questions(write_lines(tmp_path / "q.jsonl", [QUESTIONS[0], QUESTIONS[0]]))


def test_grades_of_a_file_stand_for_those_of_the_questions(tmp_path: Path) -> None:
    qrels = tmp_path / "qrels.tsv"
    qrels.write_text("query-id\tcorpus-id\tscore\n1\tc\t2\n1\ta\t0\n2\tb\t1\n")
    found = read_questions(write_lines(tmp_path / "q.jsonl", QUESTIONS), qrels)
    assert {question.id: question.relevant for question in found} == {"1": {"c": 2.0}, "2": {"b": 1.0}}


@pytest.mark.parametrize("line", ['{"id": 1}', "[]", "{", '"text"'])
def test_a_line_that_is_no_question_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Well?"}\n' + line)
    with pytest.raises(FootnoteError, match=r"q\.jsonl, line 2"):
        read_questions(file)


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    many = [Question(str(number), "?", (), {}, True) for number in range(50)]
    assert sample(many, 5, 0) == sample(many, 5, 0) != sample(many, 5, 1)
    assert sample(many, None, 0) == sample(many, 99, 0) == many


def test_the_held_out_half_is_fixed_by_the_id() -> None:
    assert [held_out(str(number)) for number in range(8)] == [True, True, True, False, False, True, True, True]
    assert 450 < sum(held_out(str(number)) for number in range(1_000)) < 550


# Measures


def test_rankings_are_measured_as_published() -> None:
    found = measures.ranking_measures({"q": {"a": 1, "b": 1}, "r": {"z": 1}}, {"q": ["x", "a", "b"], "r": []})
    assert found["q"]["hit@1"] == 0
    assert found["q"]["hit@5"] == 1
    assert found["q"]["MRR@10"] == 0.5
    assert found["q"]["nDCG@10"] == pytest.approx((1 / 1.585 + 1 / 2) / (1 + 1 / 1.585), abs=1e-3)
    assert set(found["r"].values()) == {0.0}


def test_answers_are_compared_as_squad_does() -> None:
    assert measures.exact_match("The 28 days.", ["28 days"]) == 1
    assert measures.token_f1("28 days of leave", ["28 days"]) == pytest.approx(2 / 3)
    assert measures.contains("They get 28 days of leave", ["28 days"]) == 1
    assert measures.contains("They get 128 days", ["28 days"]) == 0
    assert measures.contains("答案是四分钟。", ["四分钟"]) == 1
    assert measures.contains("anything", ["."]) == 0


def test_an_interval_holds_the_mean_and_is_the_same_again() -> None:
    values = [0.0, 1.0] * 50
    found = measures.estimate(values)
    assert found == measures.estimate(values)
    assert found.low < found.mean == 0.5 < found.high
    assert measures.estimate([1.0, 1.0]) == measures.Estimate(1.0, 1.0, 1.0, 2)


def test_the_contexts_of_dialogues_make_a_corpus(tmp_path: Path) -> None:
    first, second = ({"document_id": name, "text": f"What {name} is."} for name in ("a-1", "b-2"))
    rows = [
        {"id": 1, "question": "What is that?", "history": [["user", "A?"], ["agent", "B."]], "contexts": [first]},
        {"id": 2, "question": "And b?", "history": [], "contexts": [second, first]},
        {"id": 3, "question": "And c?", "contexts": []},
    ]
    file = write_lines(tmp_path / "dialogues.jsonl", rows)
    settings, embedder = settings_of(file, Settings(home=tmp_path), tmp_path / "work"), HashingEmbedder()
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        assert fill(library, embedder, file, lambda *_: None) == 0
        stored = {chunk.document_id: chunk.text for chunk in library.store.chunks()}
    assert stored == {"a-1": "What a-1 is.", "b-2": "What b-2 is."}
    assert [sorted(question.relevant) for question in read_questions(file)] == [["a-1"], ["a-1", "b-2"], []]
    with pytest.raises(FootnoteError, match=r"line 1: this is no passage \(KeyError\('text'\)\)"):
        fill_from(tmp_path, [{"contexts": [{"document_id": "a"}]}])
    with pytest.raises(FootnoteError, match=r"line 1: this is no passage \(KeyError\('document_id'\)\)"):
        fill_from(tmp_path, [{"contexts": [{"text": "A"}]}])
    with pytest.raises(FootnoteError, match="line 2: .*a has another text before"):
        fill_from(tmp_path, [{"contexts": [{"document_id": "a", "text": text}]} for text in ("A", "B")])
    fill_from(tmp_path, [{"contexts": None}, {"contexts": [{"id": "x", "document_id": "a", "text": "A"}]}])


def fill_from(tmp_path: Path, rows: Sequence[dict]) -> None:
    file = write_lines(tmp_path / "other.jsonl", list(rows))
    with Library.open(settings_of(file, Settings(home=tmp_path), tmp_path / "work"), holder="test") as library:
        library.open_store(HashingEmbedder())
        fill(library, HashingEmbedder(), file, lambda *_: None)


# Runs


def run(
    tmp_path: Path,
    settings: Settings,
    generator: ScriptedGenerator,
    *,
    stop: threading.Event | None = None,
    on_question: OnQuestion = lambda *_: None,
    questions: Sequence[dict] = QUESTIONS,
) -> Report:
    corpus = write_lines(tmp_path / "corpus.jsonl", PASSAGES)
    asked = read_questions(write_lines(tmp_path / "q.jsonl", list(questions)))
    embedder = HashingEmbedder(1_024)
    settings = settings_of(corpus, settings, tmp_path / "work")
    with Library.open(settings, holder="test") as library:
        library.open_store(embedder)
        assert fill(library, embedder, corpus, lambda *_: None) == 0
        assert fill(library, embedder, corpus, lambda *_: None) == 0
        assert library.store.count() == len(PASSAGES)
        retriever = Retriever.of_library(library, embedder, settings)
        records = evaluate(
            asked,
            Subject(
                retriever,
                settings,
                assistant=Assistant(retriever, generator, settings),
                refusals=RefusalTest(retriever, settings, Judge(settings)),
            ),
            partial=tmp_path / "partial.jsonl",
            on_question=on_question,
            stop=stop,
        )
    return Report(describe(settings, asked), summarise(records), records)


def test_a_run_measures_retrieval_answers_and_refusals(tmp_path: Path, settings: Settings) -> None:
    report = run(tmp_path, settings, ScriptedGenerator("28 days of leave [1].", "Lunch costs some EUR [1] [7]."))
    mean = {name: value.mean for name, value in report.estimates.items()}
    assert mean["fused hit@1"] == mean["dense hit@5"] == mean["lexical hit@1"] == 1.0
    assert all(mean[f"{name} ms"] > 0 for name in ("question", "dense", "lexical", "fused"))
    assert mean["contains answer"] == 0.5
    assert mean["right passage cited"] == mean["citation precision"] == 1.0
    assert mean["right refusal"] == mean["refused, unanswerable"] == mean["refused, answer taken away"] == 1.0
    assert mean["refused, answerable"] == 0.0
    assert mean["false refusal"] == mean["invented citations"] == 0.0
    assert report.estimates["contains answer"].count == 2
    assert mean["citation recall"] == mean["as run hit@5"] == 1.0
    assert mean["seconds in all"] >= mean["seconds to write"] > 0
    assert "seconds to understand" not in mean
    for stage in ("as run", "reranked"):
        assert [record["found"][stage][0] for record in report.records[:2]] == ["a", "b"]
    assert mean["reranked hit@1"] == 1.0
    assert (report.records[0]["accepted"], report.records[0]["expected"]) == (["28 days"], ["a"])


def test_a_follow_up_is_searched_as_it_was_understood(tmp_path: Path, settings: Settings) -> None:
    turn = {"question": "Do staff get leave?", "answer": "Yes."}
    follow_up = {**QUESTIONS[0], "question": "And how many days of it?", "history": [turn]}
    understood = "How many days of leave do staff get?"
    replies = ScriptedGenerator(understood, "28 days of leave [1].")
    report = run(tmp_path, settings, replies, questions=[follow_up])
    (record,) = report.records
    assert record["understood"] == understood
    assert record["found"]["as run"][0] == "a"
    assert report.estimates["follow-up fused hit@1"].mean == 1.0
    assert "fused hit@1" not in report.estimates
    assert report.estimates["seconds to understand"].mean > 0


def test_a_line_is_ended_by_its_newline_alone(tmp_path: Path, settings: Settings) -> None:
    odd = {**QUESTIONS[0], "question": "How many days\u2028of leave\x85 do staff get?"}
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps(odd, ensure_ascii=False) + "\r\n", encoding="utf-8", newline="")
    assert read_questions(file)[0].text == odd["question"]
    first = run(tmp_path, settings, ScriptedGenerator("28 days\u2028 [1]."), questions=[odd])
    again = run(tmp_path, settings, ScriptedGenerator(), questions=[odd])
    assert again.records == first.records


def test_every_measure_has_its_interval(tmp_path: Path, settings: Settings) -> None:
    report = run(tmp_path, settings, ScriptedGenerator("28 days of leave [1].", "Lunch costs some EUR [1] [7]."))
    found = report.estimates["contains answer"]
    assert found.low == 0.0 < found.mean < found.high == 1.0
    assert set(report.estimates) - set(report.held_out()) == {"right refusal", "refused, unanswerable"}
    assert all(estimate.low <= estimate.mean <= estimate.high for estimate in report.estimates.values())


def test_citations_are_measured_by_what_the_cited_passages_hold() -> None:
    cited = (Citation(1, hit("It is 28 days.", document="a"), ()), Citation(2, hit("It is hot.", document="b"), ()))
    answer = Answer("?", "?", "28 days [1]. Hot [2].", cited, (), (), Finish.COMPLETE)
    by_words = citation_measures(Question("1", "?", ("28 days",), {}, True), answer)
    assert by_words == {"citation precision": 0.5, "citation recall": 1.0}
    relevant = {"b.pdf": 1.0, "c.pdf": 1.0, "d.pdf": 1.0}
    by_place = citation_measures(Question("1", "?", (), relevant, True), answer)
    assert by_place["citation precision"] == 0.5
    assert by_place["citation recall"] == pytest.approx(1 / 3)
    none = replace(answer, citations=(), finish=Finish.NO_ANSWER)
    assert citation_measures(Question("1", "?", ("28 days",), {}, True), none) == {}


def test_a_run_that_is_stopped_keeps_what_it_measured(tmp_path: Path, settings: Settings) -> None:
    stop, seen = threading.Event(), []

    def told(done: int, total: int) -> None:
        seen.append((done, total))
        if done and len(seen) == 2:
            stop.set()

    with pytest.raises(Cancelled):
        run(tmp_path, settings, ScriptedGenerator("28 days [1].", "?"), stop=stop, on_question=told)
    assert [json.loads(line)["id"] for line in (tmp_path / "partial.jsonl").read_text().splitlines()] == ["1"]
    whole = run(tmp_path, settings, ScriptedGenerator("3.80 EUR [1]."), on_question=told)
    assert seen == [(0, 3), (1, 3), (1, 3), (2, 3), (3, 3)]
    assert [record["answer"] for record in whole.records[:2]] == ["28 days. [1]", "3.80 EUR. [1]"]


def test_questions_of_dialogues_say_whether_they_are_answerable_and_by_which_contexts(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "question": "A?", "answerability": "UNANSWERABLE", "contexts": [{"document_id": "x", "text": "."}]},
        {"id": "2", "question": "B?", "answerability": "PARTIAL", "contexts": [{"document_id": "x", "text": "."}]},
    ]
    one, two = read_questions(write_lines(tmp_path / "q.jsonl", rows))
    assert (one.answerable, dict(one.relevant)) == (False, {})
    assert (two.answerable, dict(two.relevant)) == (True, {"x": 1.0})


@pytest.mark.parametrize(
    ("before", "after", "decided", "better"),
    [
        ({"refused, answerable": 0.0}, {"refused, answerable": 1.0}, "refused, answerable", False),
        ({"refused, unanswerable": 0.0}, {"refused, unanswerable": 1.0}, "refused, unanswerable", True),
        (
            {"refused, answerable": 0.0, "refused, answer taken away": 1.0, "fused nDCG@10": 0.0},
            {"refused, answerable": 0.0, "refused, answer taken away": 0.0, "fused nDCG@10": 1.0},
            "refused, answer taken away",
            False,
        ),
        ({"right refusal": 1.0}, {"right refusal": 0.0}, "right refusal", False),
        ({"contains answer": 0.0, "fused nDCG@10": 1.0}, {"contains answer": 1.0}, "contains answer", True),
    ],
)
def test_a_question_gets_better_or_worse_by_what_decides_for_it(
    before: dict[str, float], after: dict[str, float], decided: str, better: bool
) -> None:
    old, new = (Report({}, {}, ({"id": "1", "measures": values},)) for values in (before, after))
    found = compare(old, new)
    assert (found.deciding, len(found.better), len(found.worse)) == (decided, int(better), int(not better))


def test_a_cut_run_goes_on_where_it_was(tmp_path: Path, settings: Settings) -> None:
    whole = run(tmp_path, settings, ScriptedGenerator("28 days [1].", "3.80 EUR [1]."))
    partial = tmp_path / "partial.jsonl"
    partial.write_text("".join(partial.read_text().splitlines(keepends=True)[:1]) + '{"id": "2", "que')
    again = run(tmp_path, settings, ScriptedGenerator("It costs EUR [1]."))
    assert again.records[0] == whole.records[0]
    assert again.records[1]["answer"] == "It costs EUR. [1]"


def test_reports_are_kept_and_compared(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = run(tmp_path, settings, ScriptedGenerator("9 days [1].", "3.80 EUR [1]."))
    (tmp_path / "partial.jsonl").unlink()
    after = run(tmp_path, settings, ScriptedGenerator("28 days [1].", "3.80 EUR [1]."))
    before.write(tmp_path / "before.json")
    after.write(tmp_path / "after.json")
    assert read_report(tmp_path / "after.json").estimates == after.estimates
    found = compare(before, after)
    assert found.deciding == "contains answer, right refusal"
    assert [pair[0]["id"] for pair in found.better] == ["1"]
    assert found.worse == ()
    assert main(["compare", str(tmp_path / "before.json"), str(tmp_path / "after.json")]) == 0
    shown = capsys.readouterr().out
    assert "contains answer                0.5000   1.0000  +0.5000" in shown
    assert "1 question got better by contains answer" in shown
    (tmp_path / "before.json").write_text("[]")
    assert main(["compare", str(tmp_path / "before.json"), str(tmp_path / "after.json")]) == 1
    assert "no report" in capsys.readouterr().err


def test_a_report_is_kept_listed_and_found_by_its_name(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTNOTE_HOME", str(settings.home))
    runs = Runs.of_home(settings)
    made = run(tmp_path, settings, ScriptedGenerator("28 days [1].", "3.80 EUR [1]."))
    report = Report({**made.run, "file": "q.jsonl", "corpus": "c.jsonl"}, made.estimates, made.records)
    runs.partial(report.run).write_text("measured so far")
    first, second = runs.keep(report), runs.keep(report)
    assert runs.reports() == [second, first]
    assert not runs.partial(report.run).exists()
    assert main(["runs"]) == 0
    assert f"{first.stem}: 3 questions of q.jsonl on c.jsonl: fused hit@5 1.000" in capsys.readouterr().out
    assert main(["compare", first.stem, str(second)]) == 0
    runs.remove_report(second)
    runs.remove_report(tmp_path / "q.jsonl")
    assert (runs.reports(), (tmp_path / "q.jsonl").exists()) == ([first], True)


def test_the_weights_of_every_model_are_named_by_their_checksums(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    found = describe(replace(settings, embedding_model=str(folder)), [])["models"]
    assert found[str(folder)]["model.safetensors"] == hashlib.sha256(b"weights").hexdigest()
    assert all(len(value) == 64 for value in found[settings.generator_model].values())
    assert describe(replace(settings, embedding_model="no/where"), [])["models"]["no/where"] == {}


def test_a_run_tells_with_how_many_bits_the_generator_answered(settings: Settings) -> None:
    told = describe(replace(settings, generator_bits="16"), [])
    assert (told["settings"]["generator_bits"], told["generator bits"]) == ("16", 16)
    assert describe(replace(settings, generator_bits="auto"), [])["generator bits"] in (8, 16)


def test_another_run_keeps_its_records_elsewhere(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    assert runs.partial({"chunks": 3, "when": "today"}) == runs.partial({"chunks": 3, "when": "yesterday"})
    assert runs.partial({"chunks": 3}) != runs.partial({"chunks": 4})


def test_sets_of_questions_are_kept_by_a_safe_name(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "evaluation")
    file = runs.add_questions("../../etc/Birds (2).jsonl", '{"question": "Which?"}')
    assert runs.question_sets() == [file]
    assert file.parent == tmp_path / "evaluation" / "questions"
    with pytest.raises(FootnoteError, match=r"^birds\.jsonl, line 1"):
        runs.add_questions("birds.jsonl", "{}")
    assert runs.question_sets() == [file]
    runs.remove_questions(file)
    assert runs.question_sets() == []


def test_a_run_that_was_begun_is_known_until_it_ends(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    task = Task("1", "q.jsonl", "", "library", True, 5, 0)
    runs.begin(task)
    (tmp_path / "tasks" / "2.json").write_text('{"of": "another version"}')
    assert Runs(tmp_path).unfinished() == [task]
    runs.end(task)
    assert runs.unfinished() == []


def test_places_of_documents_are_pages_where_the_question_names_one() -> None:
    chunk = hit("text").chunk
    by_name = Question("1", "?", (), {chunk.document_name: 1.0}, True)
    assert by_name.place(chunk) == chunk.document_name
    by_page = Question("1", "?", (), {f"{chunk.document_name}#1": 1.0}, True)
    assert by_page.place(chunk) == (
        chunk.document_name if chunk.page is None else f"{chunk.document_name}#{chunk.page}"
    )


@pytest.mark.model
def test_the_command_measures_a_folder_of_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real reader, embedder and store, through the command."""
    questions = write_lines(
        tmp_path / "q.jsonl",
        [{"question": "What does error E-14 mean?", "answer": "Blocked", "file": "errors.pdf", "page": 2}],
    )
    out = tmp_path / "report.json"
    folder = tmp_path / "documents"
    folder.mkdir()
    errors = ["the mast leans", "rain gauge blocked", "no signal", "battery low", "memory full", "clock lost", "ice"]
    write_pdf(folder / "errors.pdf", [f"Error E-{number}: {text}." for number, text in enumerate(errors, 13)])
    where = ["--corpus", str(folder), "--out", str(out), "--work", str(tmp_path / "work")]
    assert main(["evaluate", str(questions), *where]) == 0
    assert "fused hit@5" in capsys.readouterr().out
    assert read_report(out).estimates["fused hit@5"].mean == 1.0
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["evaluate", str(questions), "--corpus", str(empty), "--work", str(tmp_path / "work")]) == 1
    assert f"There is nothing to ask: {empty} holds no passages." in capsys.readouterr().err
