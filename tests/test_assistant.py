"""The way of a question with a scripted generator over the real store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from rag.answerability import Judge, Readout
from rag.assistant import Assistant, QuestionError
from rag.course import Progress, Stage
from rag.embedders import Vectors
from rag.errors import GenerationError
from rag.evidence import Line
from rag.fused_search import Stages
from rag.generators import Additions, Message
from rag.library import Library
from rag.phrases import ENGLISH
from rag.prompt import answer_messages, fit
from rag.retriever import Retrieval, Retriever
from rag.settings import Settings
from rag.types import Finish, Hit, Scope, Turn, answer_from_json, answer_to_json
from tests.fakes import HashingEmbedder, ScriptedGenerator, ScriptedStream, WeighingGenerator, hit, probe


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2, top_k=3)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "leave.txt").write_text("Staff get 28 days of leave. Six days carry over until 31 March.")
    (tmp_path / "lunch.txt").write_text("Lunch in the canteen costs 3.80 EUR.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([tmp_path]), library=opened, embedder=embedder, settings=settings)
        yield opened


def build(library: Library, settings: Settings, *replies: str) -> tuple[Assistant, ScriptedGenerator]:
    generator = ScriptedGenerator(*replies)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    return Assistant(retriever, generator, settings), generator


def surely(library: Library, settings: Settings, reply: str) -> Assistant:
    """One whose judge is sure of the nearest line, whatever it is."""
    generator = ScriptedGenerator(reply)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, 2.0)), generator)
    return Assistant(Retriever.of_library(library, HashingEmbedder(1_024), settings), generator, settings, judge)


def test_an_answer_streams_and_cites(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, "Six days carry over until 31 March [1].")
    reply = assistant.ask("How many days of leave carry over?")
    assert "".join(reply) == "Six days carry over until 31 March [1]."
    answer = reply.answer
    assert answer.finish is Finish.COMPLETE
    assert answer.citations[0].hit.chunk.label == "leave.txt"
    assert reply.progress.stage is Stage.DONE
    assert answer_from_json(answer_to_json(answer)) == answer


class BrokenScorer(WeighingGenerator):
    def likelihoods(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        raise GenerationError("No memory left.")


def test_questions_are_compared_by_a_generator_that_is_free_and_can_tell(library: Library, settings: Settings) -> None:
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    asked, stop = ("How long is a sabbatical?", "What is the length of a sabbatical?"), threading.Event()
    agreeing = Assistant(retriever, WeighingGenerator("yes", value=-3.0), settings)
    assert agreeing.are_the_same(*asked, stop)
    with agreeing._parts.queue.turn(threading.Event(), lambda _: None):
        assert not agreeing.are_the_same(*asked, stop)  # it would wait here, and then for its own turn
    assert not Assistant(retriever, ScriptedGenerator(), settings).are_the_same(*asked, stop)
    stop.set()
    assert not agreeing.are_the_same(*asked, stop)
    stop.clear()
    assert not Assistant(retriever, BrokenScorer(), settings).are_the_same(*asked, stop)


def test_when_nothing_is_near_the_generator_is_not_asked(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings)
    answer = assistant.answer("Quetzalcoatl?")
    assert (answer.text, answer.finish, answer.citations, generator.prompts) == (
        ENGLISH.refusal,
        Finish.NOTHING_NEAR,
        (),
        [],
    )


def test_what_the_generator_does_not_see_in_the_lines_is_not_answered(library: Library, settings: Settings) -> None:
    generator = ScriptedGenerator("Six days carry over until 31 March [1].")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    judge = Judge(settings, probe(Readout(np.array([8, 0], dtype=np.float32), 0.0, -4.0)), generator)
    assistant = Assistant(retriever, generator, settings, judge)
    refused = assistant.answer("Leave over?  Herons, terns, gulls?")
    assert (refused.text, refused.finish, generator.prompts) == (ENGLISH.refusal, Finish.NO_ANSWER, [])
    assert refused.used  # what was near is shown
    assert 0 < refused.timings.judge < refused.timings.total
    assert assistant.answer("How many days carry over?").finish is Finish.COMPLETE


@pytest.mark.parametrize(
    ("likely", "text", "finish"),
    [
        (2.0, "Six days carry over until 31 March. [1]", Finish.COMPLETE),
        (-0.4, ENGLISH.refusal, Finish.UNSUPPORTED),  # answered at first: 0.40
    ],
)
def test_what_no_passage_bears_gives_way_to_the_nearest_line_if_that_surely_answers(
    likely: float, text: str, finish: Finish, library: Library, settings: Settings
) -> None:
    generator = ScriptedGenerator("Herons nest in Norwegian reeds.")
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, likely)), generator)
    answer = Assistant(retriever, generator, settings, judge).answer("How many days of leave carry over?")
    assert (answer.text, answer.finish, bool(answer.citations)) == (text, finish, finish is Finish.COMPLETE)


@pytest.mark.parametrize(("apart", "is_read"), [(3.9, True), (4.1, False)])
def test_a_passage_whose_lines_are_unlikely_is_not_read_and_bears_what_is_written_all_the_same(
    apart: float, is_read: bool, library: Library, settings: Settings
) -> None:
    settings = replace(settings, minimum_score=0.0)
    generator = ScriptedGenerator("Six days carry over until 31 March. Lunch in the canteen costs 3.80 EUR.")
    line = Readout(np.array([apart, 0], dtype=np.float32), 0.0, 0.0)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, 2.0), line), generator)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    answer = Assistant(retriever, generator, settings, judge).answer("How many days of leave carry over?")
    (written,) = generator.prompts
    assert "28 days of leave" in written[1].content
    assert ("in the canteen" in written[1].content) == is_read
    assert [citation.hit.chunk.label for citation in answer.citations] == ["leave.txt", "lunch.txt"]


def test_a_passage_that_was_neither_read_nor_cited_counts_as_left_out(library: Library, settings: Settings) -> None:
    settings = replace(settings, minimum_score=0.0)
    generator = ScriptedGenerator("Six days carry over until 31 March.")
    line = Readout(np.array([9, 0], dtype=np.float32), 0.0, 0.0)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, 2.0), line), generator)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    answer = Assistant(retriever, generator, settings, judge).answer("How many days of leave carry over?")
    assert [hit.chunk.label for hit in answer.used] == ["leave.txt"]
    assert [hit.chunk.label for hit in answer.dropped] == ["lunch.txt"]


class BreakingGenerator(ScriptedGenerator):
    """Breaks off where it is asked to read, or after it wrote a few letters."""

    def __init__(self, *replies: str, reads: bool = True) -> None:
        super().__init__(*replies)
        self.reads = reads

    def states(self, messages: Sequence[Message], ends: Sequence[int], *, layers: int, additions: Additions) -> Vectors:
        if not self.reads:
            raise GenerationError("No memory left.")
        return super().states(messages, ends, layers=layers, additions=additions)

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int, stop: threading.Event) -> ScriptedStream:
        whole = super().stream(messages, max_new_tokens=max_new_tokens, stop=stop)

        class Broken(ScriptedStream):
            def __iter__(self) -> Iterator[str]:
                yield next(iter(whole))
                raise GenerationError("No memory left.")

        return Broken("", max_new_tokens, stop)


def test_nothing_is_written_after_the_sentence_that_refuses(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, f"{ENGLISH.refusal} However, herons nest in reeds.")
    written = "".join(assistant.ask("How many days of leave carry over?"))
    assert "However" not in written
    assert written.endswith(ENGLISH.refusal)


INTERVALS = """# Calibration intervals

| Interval | Work |
|---|---|
| 12 months | Calibrate humidity |
| 24 months | Calibrate pressure |
| 48 months | Calibrate wind |
"""


def test_rows_are_quoted_where_the_generator_tells_their_numbers_and_not_of_what_they_are(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "manual.md").write_text(INTERVALS)
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(library, settings, "You calibrate every 12 months, 24 months, and 48 months.")
    answer = assistant.answer("What is the interval of work to calibrate?")
    assert answer.finish is Finish.COMPLETE
    assert answer.text.splitlines() == [
        "- Interval: 12 months; Work: Calibrate humidity [1]",
        "- Interval: 24 months; Work: Calibrate pressure [1]",
        "- Interval: 48 months; Work: Calibrate wind [1]",
    ]
    assert len(answer.citations[0].marks) == 3


CLAIMS = "The phone number of the claims line is 091 555 0142. Breakdown cover is part of the policy and costs 36 EUR."


@pytest.mark.parametrize(
    ("question", "written", "told"),
    [
        ("What is the phone number of claims?", "The phone number is 091 555 0142.", "The phone number is 091"),
        ("What is the phone number of Ann?", "The phone number is 091 555 0142.", ENGLISH.refusal),
        ("What does breakdown cover cost?", "It costs 091 555 0142.", ENGLISH.refusal),
    ],
)
def test_a_value_that_can_be_no_answer_gives_way_to_the_refusal(
    library: Library, settings: Settings, tmp_path: Path, question: str, written: str, told: str
) -> None:
    (tmp_path / "policy.txt").write_text(CLAIMS)
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(library, settings, written)
    assert assistant.answer(question).text.startswith(told)


def test_an_item_of_a_list_is_quoted_after_what_stands_over_it(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "policy.md").write_text(
        "# Policy\n\n## 2. What is not covered\n\n- loss while the car delivers food\n- Wear.\n"
    )
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant = surely(library, settings, "Herons nest in Norwegian reeds.")
    answer = assistant.answer("What of loss while the car delivers food?")
    assert answer.text == "What is not covered: loss while the car delivers food [1]"
    (citation,) = answer.citations
    marked = [citation.hit.chunk.text[mark.start : mark.end] for mark in citation.marks]
    assert marked == ["What is not covered", "- loss while the car delivers food"]


def test_a_value_that_can_be_no_answer_gives_way_to_the_nearest_line_if_that_surely_answers(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "policy.txt").write_text(CLAIMS)
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    answer = surely(library, settings, "It costs 091 555 0142.").answer("What does breakdown cover cost?")
    assert answer.text == "Breakdown cover is part of the policy and costs 36 EUR. [1]"


def test_the_nearest_line_is_quoted_where_the_generator_denies_another_thing_than_its_line(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "policy.txt").write_text(
        "Passwords change for a reason. Passwords are not kept in files, notes or browsers."
    )
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(library, settings, "Passwords do not change in files, notes or browsers.")
    answer = assistant.answer("How often do passwords change?")
    assert answer.text.startswith("Passwords change for a reason. [1]")


@pytest.mark.parametrize("reads", [True, False])
def test_where_the_generator_breaks_off_the_nearest_lines_are_quoted(
    reads: bool, library: Library, settings: Settings
) -> None:
    generator = BreakingGenerator("Herons nest in Norwegian reeds.", reads=reads)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, 2.0)), generator)
    reply = Assistant(retriever, generator, settings, judge).ask("How many days of leave carry over?")
    assert bool("".join(reply)) is reads
    answer = reply.answer
    assert (answer.text, answer.finish) == ("Six days carry over until 31 March. [1]", Finish.BROKEN)
    assert [citation.hit.chunk.label for citation in answer.citations] == ["leave.txt"]
    assert (answer.failure, answer.finish.is_refusal) == ("No memory left.", False)
    assert [hit.chunk.label for hit in answer.used] == ["leave.txt"]
    assert reply.progress.stage is Stage.DONE
    assert answer_from_json(answer_to_json(answer)) == answer


def test_where_the_generator_breaks_off_a_code_that_stands_nowhere_gets_no_lines_of_another(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "errors.txt").write_text("Error E-14 means that the pump runs dry.")
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    history = [Turn("What does error E-14 mean?", "That the pump runs dry. [1]")]
    with pytest.raises(GenerationError, match="No memory left"):
        Assistant(retriever, BreakingGenerator("?"), settings).answer("And what of error E-27?", history=history)
    answer = Assistant(retriever, BreakingGenerator("?"), settings).answer(
        "And what does error E-14 do?", history=history
    )
    assert (answer.finish, answer.text) == (Finish.BROKEN, "Error E-14 means that the pump runs dry. [1]")


def test_a_generator_that_breaks_off_before_anything_was_found_is_told(library: Library, settings: Settings) -> None:
    assistant = Assistant(
        Retriever.of_library(library, HashingEmbedder(1_024), settings), BreakingGenerator("?"), settings
    )
    with pytest.raises(GenerationError, match="No memory left"):
        assistant.answer("Popocatepetl?", history=[Turn("Quetzalcoatl?", "Six. [1]")])


def test_a_code_that_stands_nowhere_is_not_answered(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings)
    answer = assistant.answer("How many days of leave carry over under rule L-99?")
    assert (answer.text, answer.finish, generator.prompts) == (ENGLISH.refusal, Finish.NOTHING_NEAR, [])
    assert answer.used  # the nearest passages are shown all the same


@pytest.mark.parametrize("written", [ENGLISH.refusal, f" {ENGLISH.refusal} [1]", ENGLISH.refusal.rstrip(".") + " [1]."])
def test_a_generator_that_finds_no_answer_says_so_in_the_fixed_sentence(
    written: str, library: Library, settings: Settings
) -> None:
    assistant, generator = build(library, replace(settings, generator_refuses=True), written)
    answer = assistant.answer("How many days of leave carry over?")
    assert (answer.text, answer.finish, answer.citations) == (ENGLISH.refusal, Finish.NO_ANSWER, ())
    assert answer.finish.is_refusal
    assert answer_to_json(answer)["finish"] == "no answer"  # as conversations of earlier versions keep it
    assert answer.used
    assert ENGLISH.refusal in generator.prompts[0][0].content


def test_a_small_generator_is_not_told_to_refuse(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, "Six days [1].")
    assistant.answer("How many days of leave carry over?")
    assert ENGLISH.refusal not in generator.prompts[0][0].content


def test_a_generator_of_the_users_own_choice_is_told_to_refuse(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, replace(settings, generator_model="somebody/large-instruct"), "Six days [1].")
    assistant.answer("How many days of leave carry over?")
    assert ENGLISH.refusal in generator.prompts[0][0].content


def test_an_answer_that_only_repeats_the_question_gives_way_to_the_nearest_line(
    library: Library, settings: Settings
) -> None:
    assistant, _ = build(library, settings, "The days of leave carry over [2].")
    answer = assistant.answer("How many days of leave carry over?")
    assert answer.text == "Six days carry over until 31 March. [1]"
    assert answer.citations[0].hit.chunk.label == "leave.txt"


def test_the_answer_begins_from_the_nearest_line(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, "Until 31 March.")
    assistant.answer("How many days of leave carry over?")
    system, user, begun = generator.prompts[0]
    assert (system.role, user.role, begun.role) == ("system", "user", "assistant")
    assert begun.content == "Evidence:\n[1] Six days carry over until 31 March.\n\nAnswer:"


def test_a_follow_up_is_rewritten_before_it_is_searched(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, "What does lunch in the canteen cost?", "It costs 3.80 EUR [1].")
    answer = assistant.answer("And what does it cost?", history=[Turn("Is there lunch in the canteen?", "Yes.")])
    assert answer.standalone == "What does lunch in the canteen cost?"
    assert answer.citations[0].hit.chunk.document_name == "lunch.txt"
    assert "canteen" in generator.prompts[0][-1].content


@pytest.mark.parametrize(
    ("question", "rewritten", "understood"),
    [
        ("And does it cost much?", "And does it cost much?", "Is there lunch in the canteen? And does it cost much?"),
        ("And what of days of leave?", "And what of days of leave?", "And what of days"),
        ("How many days carry over?", "How many days carry over?", "How many days carry over?"),
        ("What colour has the moon?", "What colour has the moon?", "What colour has the moon?"),
    ],
    ids=["points back", "points back, other subject", "other subject", "other subject without an answer"],
)  # fmt: skip
def test_a_follow_up_is_read_in_the_way_that_is_answered_most_surely(
    question: str, rewritten: str, understood: str, library: Library, settings: Settings
) -> None:
    assistant, _ = build(library, settings, rewritten, "It costs 3.80 EUR [1].")
    answer = assistant.answer(question, history=[Turn("Is there lunch in the canteen?", "Yes [1].")])
    assert answer.standalone.startswith(understood)


@pytest.mark.parametrize(("alone", "together"), [(1.0, "Which days carry over?"), (0.8, "Is there lunch")])
def test_a_question_that_does_not_point_back_is_answered_alone_unless_the_one_before_helps_much(
    alone: float, together: str, library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.findings.Found.sure", lambda found: 1.1 if "lunch" in found.wording else alone)
    monkeypatch.setattr("rag.understanding.follow_ups.belongs", lambda *any_line: True)
    assistant, _ = build(library, settings, "Which days carry over?", "Six days carry over [1].")
    reply = assistant.ask("Which days carry over?", history=[Turn("Is there lunch in the canteen?", "Yes [1].")])
    assert reply._found().wording.startswith(together)


@pytest.mark.parametrize("question", ["And what does it cost?", "What does lunch cost in the canteen?"])
def test_a_nearest_line_is_there_while_the_generator_reads_a_follow_up(
    question: str, library: Library, settings: Settings
) -> None:
    assistant, generator = build(library, settings, "What does lunch cost?", "Lunch costs 3.80 EUR [1].")
    seen: list[str] = []

    def looks_on(*arguments: object, **more: object) -> ScriptedStream:
        line, hits = reply.nearest or (None, ())
        seen.append(f"{reply.standalone} {hits[line.number - 1].chunk.text}" if line else "")
        return type(generator).stream(generator, *arguments, **more)  # type: ignore[arg-type]

    generator.stream = looks_on  # type: ignore[method-assign]
    reply = assistant.ask(question, history=[Turn("Is there lunch in the canteen?", "Yes [1].")])
    list(reply)
    assert seen[0] == f"{question} Lunch in the canteen costs 3.80 EUR."  # not yet understood as anything else


def test_a_follow_up_that_names_what_is_different_is_asked_of_that(library: Library, settings: Settings) -> None:
    whole = "What does lunch in the canteen cost?"
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, WeighingGenerator(whole), settings)
    answer = assistant.answer("And lunch in the canteen?", history=[Turn("What does leave cost?", "Nothing.")])
    assert answer.standalone == whole
    assert answer.citations[0].hit.chunk.document_name == "lunch.txt"


def test_a_misspelt_question_is_understood(library: Library, settings: Settings) -> None:
    assistant, generator = build(library, settings, "It costs 3.80 EUR [1].")
    answer = assistant.answer("What does lunch in the cantene cost?")
    assert (answer.question, answer.standalone) == (
        "What does lunch in the cantene cost?",
        "What does lunch in the canteen cost?",
    )
    assert answer.finish is Finish.COMPLETE
    assert "in the canteen cost?" in generator.prompts[0][1].content


def test_only_the_documents_of_the_scope_are_searched(library: Library, settings: Settings) -> None:
    lunch = next(record for record in library.catalog.documents("library") if record.name == "lunch.txt")
    assistant, _ = build(library, settings, "Yes [1].")
    answer = assistant.answer("Lunch or days of leave in the canteen?", scope=Scope((lunch.id,)))
    assert {found.chunk.document_name for found in (*answer.used, *answer.dropped)} == {"lunch.txt"}


def test_an_answer_is_cut_at_the_limit_with_a_mark(library: Library, tmp_path: Path) -> None:
    short = Settings(home=tmp_path / "home", minimum_score=0.2, answer_tokens=3)
    assistant, _ = build(library, short, "Six days carry over until March.")
    answer = assistant.answer("How many days of leave carry over?")
    assert (answer.finish, answer.text) == (Finish.LENGTH, "Six days carry [1]")


def test_a_stopped_answer_keeps_what_was_written(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, "Six days carry over until 31 March [1].")
    reply = assistant.ask("How many days of leave carry over?")
    for _ in reply:
        reply.stop.set()
    assert (reply.answer.finish, reply.answer.text) == (Finish.STOPPED, "Six …")
    assert reply.answer.citations == (), "half a sentence rests on nothing it does not name"


def test_the_whole_sentences_of_a_stopped_answer_keep_their_sources(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, "Six days carry over. They lapse after that date.")
    reply = assistant.ask("How many days of leave carry over?")
    for piece in reply:
        if piece.startswith("lapse"):
            reply.stop.set()
    assert reply.answer.text == "Six days carry over. [1] They lapse …"
    assert [citation.number for citation in reply.answer.citations] == [1]


def test_several_sessions_are_served_in_turn(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, *["Six days [1]."] * 2)
    first, second = (assistant.ask("How many days of leave carry over?") for _ in range(2))
    pieces = iter(first)
    next(pieces)
    thread = threading.Thread(target=lambda: list(second))
    thread.start()
    while second.progress.stage is not Stage.QUEUED:
        pass
    assert second.progress.ahead == 1
    list(pieces)
    thread.join(10)
    assert second.answer.finish is Finish.COMPLETE


def test_who_searches_is_told_of_those_before(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant, _ = build(library, settings, *["Six days [1]."] * 2)
    first, second = (assistant.ask("How many days of leave carry over?") for _ in range(2))
    seen: list[Progress] = []
    monkeypatch.setattr(Retriever, "retrieve", _looked_at(Retriever.retrieve, lambda: seen.append(second.progress)))
    pieces = iter(first)
    next(pieces)
    thread = threading.Thread(target=lambda: list(second))
    thread.start()
    while second.progress.stage is not Stage.QUEUED:
        pass
    list(pieces)
    thread.join(10)
    assert seen[-1] == Progress(Stage.SEARCHING, ahead=1)


def _looked_at(method: Callable[..., Any], look: Callable[[], object]) -> Callable[..., Any]:
    def looked(*arguments: Any, **options: Any) -> Any:
        look()
        return method(*arguments, **options)

    return looked


def test_one_who_stops_waiting_leaves_the_queue(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, "Six days [1].")
    first, second = (assistant.ask("How many days of leave carry over?") for _ in range(2))
    pieces = iter(first)
    next(pieces)
    second.stop.set()
    list(second)
    assert second.answer.finish is Finish.STOPPED
    assert list(pieces)


@pytest.mark.parametrize("question", ["", "  \n", "x" * 5_000], ids=["empty", "blank", "endless"])
def test_a_question_that_cannot_be_asked_says_why(library: Library, settings: Settings, question: str) -> None:
    with pytest.raises(QuestionError):
        build(library, settings)[0].ask(question)


def test_the_weakest_passages_leave_a_full_prompt_first() -> None:
    hits = [hit("one " * 50, 0.9), hit("two " * 50, 0.3), hit("three " * 50, 0.6)]
    count = ScriptedGenerator().count_tokens
    budget = count(answer_messages("Q?", [hits[0], hits[2]], (), may_refuse=True))
    used, dropped = fit("Q?", hits, count_tokens=count, budget=budget)
    assert (used, dropped) == ([hits[0], hits[2]], [hits[1]])


def test_an_answer_that_no_passage_bears_gives_way_to_the_refusal(library: Library, settings: Settings) -> None:
    assistant, _ = build(library, settings, "The managing director grants sabbaticals in Antarctica [1].")
    answer = assistant.answer("How many days of leave carry over?")
    assert (answer.text, answer.finish, answer.citations) == (ENGLISH.refusal, Finish.UNSUPPORTED, ())
    assert answer.finish.is_refusal
    assert answer.used


def test_a_cut_answer_that_no_passage_bears_gives_way_to_the_refusal(library: Library, settings: Settings) -> None:
    short = replace(settings, answer_tokens=6)
    assistant, _ = build(library, short, "The managing director grants sabbaticals in Antarctica to penguins.")
    answer = assistant.answer("How many days of leave carry over?")
    assert (answer.text, answer.finish, answer.citations) == (ENGLISH.refusal, Finish.UNSUPPORTED, ())


def test_a_cut_answer_with_a_value_that_can_be_none_gives_way_to_the_refusal(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "policy.txt").write_text(CLAIMS)
    ingest(find_files([tmp_path]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(library, replace(settings, answer_tokens=7), "The phone number is 091 555 0142 and more.")
    answer = assistant.answer("What is the phone number of Ann?")
    assert (answer.text, answer.finish) == (ENGLISH.refusal, Finish.UNSUPPORTED)


def test_a_sentence_that_no_passage_bears_is_marked(library: Library, settings: Settings) -> None:
    written = "Six days carry over until 31 March [1]. The managing director grants sabbaticals in Antarctica [1]."
    assistant, _ = build(library, settings, written)
    answer = assistant.answer("How many days of leave carry over?")
    assert answer.text.endswith("31 March. [1] The managing director grants sabbaticals in Antarctica. [?]")


def test_a_document_that_says_otherwise_is_told_with_the_answer(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "new.txt").write_text("Staff get 30 days of leave. Ten days carry over until 31 March.")
    ingest(find_files([tmp_path / "new.txt"]), library=library, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(library, settings, "Staff get 28 days of leave [1].")
    answer = assistant.answer("How many days of leave do staff get?")
    first, second = answer.text.split("\n\n")
    assert "28" in first
    assert second.startswith("Another document says otherwise: “Staff get 30 days of leave.” [")
    assert {citation.hit.chunk.label for citation in answer.citations} == {"leave.txt", "new.txt"}
    other = next(citation for citation in answer.citations if citation.hit.chunk.label == "new.txt")
    assert [other.hit.chunk.text[mark.start : mark.end] for mark in other.marks] == ["Staff get 30 days of leave."]


@pytest.fixture
def reports(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "reports"
    folder.mkdir()
    for quarter, sold in (("2024 Q3", 300), ("2024 Q1", 100), ("2024 Q2", 200)):
        (folder / f"{quarter} Heron.txt").write_text(f"Sales of pumps were {sold} EUR [a]. The hall is blue.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(find_files([folder]), library=opened, embedder=embedder, settings=settings)
        yield opened


def test_a_question_for_each_issue_of_a_series_quotes_every_one(reports: Library, settings: Settings) -> None:
    assistant, generator = build(reports, replace(settings, minimum_evidence=0.9))
    reply = assistant.ask("How did sales of pumps develop over time?")
    pieces = list(reply)
    answer = reply.answer
    assert answer.text.splitlines() == [
        "- **2024 Q1 Heron**: “Sales of pumps were 100 EUR [a].” [1]",
        "- **2024 Q2 Heron**: “Sales of pumps were 200 EUR [a].” [2]",
        "- **2024 Q3 Heron**: “Sales of pumps were 300 EUR [a].” [3]",
    ]
    assert (len(pieces), generator.prompts, answer.finish) == (3, [], Finish.COMPLETE)
    cited = [citation.hit.chunk for citation in answer.citations]
    assert [chunk.document_name for chunk in cited] == ["2024 Q1 Heron.txt", "2024 Q2 Heron.txt", "2024 Q3 Heron.txt"]
    marked = [
        [chunk.text[mark.start : mark.end] for mark in one.marks]
        for one, chunk in zip(answer.citations, cited, strict=True)
    ]
    assert marked[0] == ["Sales of pumps were 100 EUR [a]."]
    assert answer.used == tuple(citation.hit for citation in answer.citations)


def test_what_was_quoted_stays_when_the_rest_is_stopped(reports: Library, settings: Settings) -> None:
    generator = ScriptedGenerator()
    retriever = Retriever.of_library(reports, HashingEmbedder(1_024), settings)
    judge = Judge(settings, probe(Readout(np.zeros(2, dtype=np.float32), 0.0, 2.0)), generator)
    reply = Assistant(retriever, generator, settings, judge).ask("How did sales of pumps develop over time?")
    for _ in reply:
        reply.stop.set()
    assert reply.answer.text == "- **2024 Q1 Heron**: “Sales of pumps were 100 EUR [a].” [1]"
    assert (reply.answer.finish, len(reply.answer.citations)) == (Finish.STOPPED, 1)
    assert len(reply.answer.dropped) == 2


@pytest.mark.parametrize("question", ["How did gulls fare over time?", "Which gulls nest in reeds, as of Q2 2024?"])
def test_what_is_in_no_issue_is_refused(question: str, reports: Library, settings: Settings) -> None:
    assistant, generator = build(reports, settings)
    answer = assistant.answer(question)
    assert (answer.text, answer.finish.is_refusal, generator.prompts) == (ENGLISH.refusal, True, [])


def test_where_no_issue_answers_outright_the_nearest_lines_are_told_as_such(
    reports: Library, settings: Settings
) -> None:
    assistant, generator = build(reports, replace(settings, minimum_evidence=9.0))
    answer = assistant.answer("Are there notable changes in sales of pumps over the quarters?")
    assert answer.text.splitlines() == [
        "No document answers this outright. What is nearest to it:",
        "",
        "- **2024 Q1 Heron**: “Sales of pumps were 100 EUR [a].” [1]",
        "- **2024 Q2 Heron**: “Sales of pumps were 200 EUR [a].” [2]",
        "- **2024 Q3 Heron**: “Sales of pumps were 300 EUR [a].” [3]",
    ]
    assert (generator.prompts, answer.finish, len(answer.citations)) == ([], Finish.COMPLETE, 3)


@pytest.mark.parametrize("with_minutes", [False, True])
def test_a_period_that_the_series_lacks_gets_nothing_of_others(
    with_minutes: bool, reports: Library, settings: Settings, tmp_path: Path
) -> None:
    if with_minutes:  # another series, some issues of which the period leaves out
        folder = tmp_path / "minutes"
        folder.mkdir()
        for year in (2016, 2017, 2018):
            (folder / f"{year} minutes.txt").write_text(f"Gulls were counted {year} times.")
        ingest(find_files([folder]), library=reports, embedder=HashingEmbedder(1_024), settings=settings)
    assistant, _ = build(reports, replace(settings, minimum_evidence=9.0))
    assert assistant.answer("What were sales of pumps in 2017?").finish.is_refusal


def test_a_question_for_one_issue_is_searched_once_more_only_where_nothing_answers_it(
    reports: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    stages = Retriever.stages

    def seen(retriever: Retriever, question: str, **options: Any) -> Stages:
        searched.append(question)
        return stages(retriever, question, **options)

    monkeypatch.setattr(Retriever, "stages", seen)
    assistant, _ = build(reports, settings, "Sales of pumps were 200 EUR.")
    assert assistant.answer("What were sales of pumps since Q2 2024?").finish is Finish.COMPLETE
    assert len(searched) == 1
    assistant, _ = build(reports, replace(settings, minimum_evidence=9.0))
    text = assistant.answer("What were sales of pumps since Q2 2024?").text
    assert [line[:14] for line in text.splitlines()[2:]] == ["- **2024 Q2 He", "- **2024 Q3 He"]


def test_where_the_issue_that_is_named_does_not_answer_outright_its_nearest_lines_are_told(
    reports: Library, settings: Settings
) -> None:
    assistant, generator = build(reports, replace(settings, minimum_evidence=9.0))
    answer = assistant.answer("Are there notable changes in sales of pumps in Q2 2024?")
    assert answer.text.splitlines() == [
        "No document answers this outright. What is nearest to it:",
        "",
        "- **2024 Q2 Heron**: “Sales of pumps were 200 EUR [a].” [1]",
    ]
    assert (generator.prompts, answer.finish) == ([], Finish.COMPLETE)
    assert {hit.chunk.document_name for hit in answer.dropped} <= {"2024 Q2 Heron.txt"}


@pytest.mark.parametrize("written", ["The managing director grants sabbaticals in Antarctica [1].", ENGLISH.refusal])
def test_what_the_generator_makes_of_all_issues_gives_way_to_the_nearest_lines_where_nothing_bears_it(
    written: str, reports: Library, settings: Settings
) -> None:
    class OfSeveral(Judge):
        def by_evidence(self, question: str, lines: Sequence[Line], hits: Sequence[Hit]) -> str:
            return "" if len({line.number for line in lines}) > 1 else "one report alone tells nothing"

    generator = ScriptedGenerator(written)
    retriever = Retriever.of_library(reports, HashingEmbedder(1_024), settings)
    assistant = Assistant(retriever, generator, settings, OfSeveral(settings))
    reply = assistant.ask("How did sales of pumps change over time?")
    list(reply)
    assert reply.answer.text.startswith("No document answers this outright. What is nearest to it:\n\n- **2024 Q1")
    assert (len(generator.prompts), len(reply.answer.citations)) == (1, 3)
    assert reply.answer.finish is Finish.COMPLETE
    assert reply.text.startswith("No document answers")


def test_all_issues_are_searched_once_where_those_that_are_asked_do_not_tell(
    reports: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[bool] = []

    def seen(retriever: Retriever, question: str, *, every_issue: bool = False, **options: Any) -> Retrieval:
        searched.append(every_issue)
        found = retrieve(retriever, question, every_issue=every_issue, **options)
        return replace(found, left=("of another series",))

    retrieve, strict = Retriever.retrieve, replace(settings, minimum_evidence=9.0)
    monkeypatch.setattr(Retriever, "retrieve", seen)
    for question in ("How did gulls fare over time?", "Which gulls nest in reeds, as of Q2 2024?"):
        searched.clear()
        assert build(reports, strict)[0].answer(question).text == ENGLISH.refusal
        assert searched == [False, True]


def test_the_issue_that_a_question_names_is_answered_from(reports: Library, settings: Settings) -> None:
    assistant, generator = build(reports, settings, "Sales of pumps were 200 EUR.")
    answer = assistant.answer("What were sales of pumps in Q2 2024?")
    assert [citation.hit.chunk.document_name for citation in answer.citations] == ["2024 Q2 Heron.txt"]
    assert "100 EUR" not in generator.prompts[0][1].content


def test_where_the_issue_that_is_named_does_not_tell_the_others_are_searched(
    reports: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "2024 Q4 Heron.txt").write_text("Herons nested in March: twelve of them.")
    embedder = HashingEmbedder(1_024)
    ingest([*find_files([tmp_path / "2024 Q4 Heron.txt"])], library=reports, embedder=embedder, settings=settings)
    assistant, _ = build(reports, settings, "Twelve herons nested in March.")
    answer = assistant.answer("How many herons nested in March, of Q2 2024?")
    assert [citation.hit.chunk.document_name for citation in answer.citations] == ["2024 Q4 Heron.txt"]


@pytest.mark.parametrize("question", ["May days of leave carry over?", "How many days of leave carry over?"])
def test_a_doubtful_yes_gives_way_to_the_line_itself(question: str, library: Library, settings: Settings) -> None:
    written = "Yes, six days of leave carry over for colleagues."
    answer = build(library, settings, written)[0].answer(question)
    if question.startswith("How"):
        assert answer.text == f"{written} [1] [?]"
    else:
        assert "colleagues" not in answer.text
        assert "31 March" in answer.text
        assert "[?]" not in answer.text
        assert answer.finish is Finish.COMPLETE
