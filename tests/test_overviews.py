"""Questions for an overview: what they ask of, which lines answer them, and how that is told."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from ingest.report import IngestReport
from rag import overview_parts, overview_questions, overviews, quotations, table_answers
from rag.answered import Answered, basis_of
from rag.assistant import Assistant
from rag.catalog import NamedDocument
from rag.evidence import Line
from rag.library import Library
from rag.overview_parts import Part
from rag.overviews import Overview
from rag.phrases import ENGLISH
from rag.retriever import Retriever
from rag.settings import Settings, load_settings
from rag.types import Chunk, Finish, Hit, Scope, Span, Turn, answer_to_json
from rag.why import Fate, explain, find_passage
from tests.documents import write_pdf
from tests.fakes import HashingEmbedder, ScriptedGenerator, hit

NAMES = [
    NamedDocument("h", "employee-handbook.pdf", "Untitled document", 50),
    NamedDocument("m", "skua-4-manual.pdf", "Skua 4: Manual", 40),
    NamedDocument("f", "faq.md", "Skua 4 questions", 10),
    NamedDocument("s", "sales 2023.csv", "", 10),
]
EVERY = ("h", "m", "f", "s")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Summarize the employee handbook", ("h",)),
        ("Can you please summarise the key points of the Skua manual?", ("m",)),
        ("Give me a short overview of Skua 4.", ("m", "f")),
        ("What is the employee handbook about?", ("h",)),
        ("What does the Skua 4 manual contain?", ("m",)),
        ("summarize employee-handbook.pdf", ("h",)),
        ("What are the main points?", EVERY),
        ("Summarise each document", EVERY),
        ("tl;dr", EVERY),
        ("Please sum this up.", EVERY),
        ("What are my documents about?", EVERY),  # whatever their titles
        ("Summarize faq.md in three sentences, please", ("f",)),
        ("What’s in this document?", EVERY),  # noqa: RUF001
        ("Kannst du das Dokument kurz zusammenfassen?", EVERY),
        ("Worum geht es im Dokument?", EVERY),
        ("给我总结这份报告", EVERY),
        ("Worum geht es in diesem Dokument?", EVERY),
        ("Fasse die Dokumente kurz zusammen.", EVERY),
        ("总结一下这份文件", EVERY),
        ("这份文件的主要内容是什么？", EVERY),
        ("What does the employee handbook cover?", ("h",)),
        ("Which topics are covered in the employee handbook?", ("h",)),
        ("What topics does the Skua manual describe?", ("m",)),
        ("What can I find in the employee handbook?", ("h",)),
        ("What can you tell me about the employee handbook?", ("h",)),
        ("List all my documents", EVERY),
        ("Which files do you have access to?", EVERY),
        ("What documents have I uploaded?", EVERY),
        ("What documents are in the library?", EVERY),
        ("Welche Dokumente gibt es?", EVERY),
        ("有哪些文档？", EVERY),
        ("Which documents do I need for a visa?", ()),
        ("What documents are needed?", ()),
        ("What documents are there in the library?", EVERY),
        ("Which PDFs have been uploaded?", EVERY),
        ("Welche Dokumente haben wir hochgeladen?", EVERY),
        ("What does the employee contract cover?", ()),  # a fact, too
        ("What do you know about sales?", ()),
        ("What does the Skua 4 contain?", ()),  # a fact
        ("What does the warranty cover?", ()),
        ("What is in stock?", ()),
        ("What do you say?", ()),
        ("总结会议在哪里举行", ()),
        ("谁写了摘要？", ()),
        ("Summarize annual leave", ()),  # a matter
        ("Give me an overview of sales", ()),
        ("Give me an overview of what I should do", ()),
        ("Summarize the privacy policy for staff", ()),
        ("How is the handbook changed?", ()),
        ("What changed in version 4.3?", ()),  # a matter
        ("What's new?", ()),
    ],
)
def test_the_documents_that_an_overview_is_asked_of(question: str, asked: tuple[str, ...]) -> None:
    about = overview_questions.subject(question)
    assert (overview_questions.documents(question, about, NAMES) if about is not None else ()) == asked


@pytest.mark.parametrize(
    ("question", "part", "of"),
    [
        ("Summarize page 3 of the manual", Part(frozenset({3})), "the manual"),
        ("What does page 12 say?", Part(frozenset({12})), ""),
        ("What is on page 5 of the manual?", Part(frozenset({5})), "the manual"),
        ("Summarize pages 3-5 of the manual", Part(frozenset({3, 4, 5})), "the manual"),
        ("Give me a summary of the manual, pages 3 to 5", Part(frozenset({3, 4, 5})), "the manual"),
        ("What is on slide 4?", Part(frozenset({4})), ""),
        ("Summarize section 4.2 of the contract", Part(sections=frozenset({"4.2"})), "the contract"),
        ("What does chapter 2 say?", Part(sections=frozenset({"2"})), ""),
        ("Was steht auf Seite 5 der Anleitung?", Part(frozenset({5})), "Anleitung"),
        ("总结手册的第3页", Part(frozenset({3})), "手册"),
        ("总结第2章", Part(sections=frozenset({"2"})), ""),
        ("What is on page 3 and 7?", Part(frozenset({3, 7})), ""),
        ("Summarize pages 10 to 8 of the manual", Part(frozenset({8, 9, 10})), "the manual"),
        ("Was steht auf der Seite 3?", Part(frozenset({3})), ""),
        ("Summarize section 3 in detail", Part(sections=frozenset({"3"})), ""),
        ("Summarize clauses 5 and 6.1", Part(sections=frozenset({"5", "6.1"})), ""),
        ("Summarize the manual", None, "the manual"),
        ("Summarize page layout", None, "page layout"),
        ("Summarize the report of 2024", None, "the report of 2024"),
    ],
)
def test_the_part_that_an_overview_is_asked_of(question: str, part: Part | None, of: str) -> None:
    assert overview_parts.named(overview_questions.subject(question) or "") == (part, of)


@pytest.mark.parametrize(
    ("heading", "section", "held"),
    [
        ("4 Care › 4.2 Oil", "4.2", True),
        ("4 Care › 4.2 Oil", "4", True),
        ("4 Care › 4.12 Oil", "4.1", False),
        ("Chapter 4: Care", "4", True),
        ("§ 4 Duties", "4", True),
        ("4.1 Filter", "4", True),
        ("40 hours", "4", False),
        ("4 hours of work", "4", False),
        ("4D printing", "4", False),
        ("4/7 support", "4", False),
        ("4,000 users", "4", False),
        ("4% less", "4", False),
        ("第4章 保养", "4", True),
        ("Care", "4", False),
    ],
)
def test_a_section_is_known_by_the_number_of_its_heading(heading: str, section: str, held: bool) -> None:
    chunk = Chunk("d", "d.pdf", "", 7, heading, 0, 1, 0, "x")
    part = Part(sections=frozenset({section}))
    assert (part.holds(chunk), part.heads(heading)) == (held, held)
    assert part.holds(replace(chunk, heading="", sections=((0, heading),))) is held
    assert (Part(frozenset({7})).holds(chunk), Part(frozenset({8})).holds(chunk)) == (True, False)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Summarize the rules for annual leave.", "annual leave"),
        ("What are the key points of annual leave?", "annual leave"),
        ("I'd like a brief overview on “pairing”", "pairing"),
        ("Outline the steps of pairing", "pairing"),
        ("Please summarize the footsteps of man briefly", "the footsteps of man"),
        ("Tell me about pairing", "pairing"),
        ("What can you tell me about pairing?", "pairing"),
        ("What do you know about annual leave?", "annual leave"),
        ("What changed in version 4.3?", "version 4.3"),
        ("What's new in firmware 4.2", "firmware 4.2"),
        ("Was ist neu in Version 4.3?", "Version 4.3"),
        ("Was hat sich in der Version 4.3 geändert?", "Version 4.3"),
        ("What changed in the hotel limit?", None),  # a fact
        ("能不能总结一下年假？", "年假"),
        ("Gib mir einen Überblick über den Urlaub", "den Urlaub"),
        ("概括年假规定", "年假规定"),
        ("How long is annual leave?", None),
        ("Which summary is due in May?", None),
    ],
)
def test_the_matter_that_an_overview_is_asked_of(question: str, about: str | None) -> None:
    assert overview_questions.subject(question) == about
    assert about is None or overview_questions.may_be_of_matter(question)


@pytest.mark.parametrize(
    ("question", "understood"),
    [
        ("Summarize it.", "Summarize “How long is annual leave”"),
        ("Can you sum that up?", "Can you sum “How long is annual leave” up"),
        ("Summarize the manual", "Summarize the manual"),
        ("Give me a summary", "Give me a summary"),
        ("Summarize the risks and how they changed", None),  # the generator says what "they" are
        ("What is the second one about?", None),
        ("What does it cover?", None),
        ("What does it say?", None),
        ("And the battery?", None),
    ],
)
def test_an_overview_after_another_question(question: str, understood: str | None) -> None:
    assert overview_questions.whole(question, "How long is annual leave?") == understood


def test_an_overview_of_an_overview_is_of_the_same() -> None:
    assert overview_questions.whole("Summarize it.", "Summarize the manual") == "Summarize “the manual”"
    assert overview_questions.whole("Summarize it.", "Give me a summary") == "Give me a summary"


def test_passages_of_all_stretches_stand_for_a_document() -> None:
    vectors = np.eye(4, dtype=np.float32)[[3, 0, 0, 1, 1, 1, 2, 2, 3]]
    assert overviews.stretches(vectors, [True] * 9, 4) == [0, 1, 3, 6]
    assert overviews.stretches(vectors, [False, *[True] * 8], 4)[0] == 1  # a cover without a sentence
    assert overviews.stretches(vectors, [True] * 3 + [False] * 2 + [True] * 4, 4)[2] == 5
    assert overviews.stretches(vectors, [False] * 8 + [True], 4) == [1, 3, 8]
    assert overviews.stretches(vectors, [False] + [True] * 8, 1) == [1]
    assert overviews.stretches(vectors[:3], [True] * 3, 4) == [0, 1, 2]
    assert len(overviews.stretches(vectors, [False] * 9, 4)) == 4


def lines(*texts: str, number: int = 1, heading: str = "", score: float = 1.0) -> list[Line]:
    row = np.ones(4, dtype=np.float32) / 2
    found, start = [], 0
    for text in texts:
        found.append(Line(number, Span(start, start + len(text)), text, text, heading, True, score, row))
        start += len(text) + 1
    return found


def test_full_sentences_are_told_and_none_twice() -> None:
    first = lines("Ended", "It is kept for a while, as all of them are.", "The station measures wind, rain and snow.")
    second = lines("The station measures wind, rain and snow.", "The mast stands on a base of solid stone.", number=2)
    told = overviews.told(Overview.DOCUMENTS, [*second, *first])
    assert [line.reading for line in told if line.reading.startswith("The")] == [
        "The station measures wind, rain and snow.",
        "The mast stands on a base of solid stone.",
    ]
    documents = ([*second, *first], [*lines("10-Q"), *second])
    leads = [overviews.lead(Overview.DOCUMENTS, own, best=1.0) for own in documents]
    assert [line and line.number for line in leads] == [1, 2]
    leaning = lines("It is kept for a while, as all of them are.", "The station measures wind, rain and snow.")
    assert overviews.lead(Overview.DOCUMENTS, leaning, best=1.0) == leaning[1]
    assert overviews.told(Overview.DOCUMENTS, []) == overviews.told(Overview.MATTER, []) == []


def test_of_a_matter_the_lines_are_told_that_are_about_as_near() -> None:
    near = lines("The warranty lasts for 36 months in all.", "The warranty is void if")
    far = lines("Lunch costs four euros on every working day.", number=2, score=0.6)
    row = lines("Battery of the station   24 months   from the day of delivery on", number=3, score=1.1)
    contents = lines("Warranty 20", number=4, score=1.2)
    told = overviews.told(Overview.MATTER, [*contents, *row, *near, *far])
    assert [line.reading for line in told] == [near[0].reading, row[0].reading]
    assert overviews.lead(Overview.MATTER, [*contents, *near], best=1.2) == near[0]
    assert overviews.lead(Overview.MATTER, far, best=1.2) is None  # this document says nothing of it


def test_a_matter_is_treated_where_its_words_stand_and_a_line_is_near() -> None:
    weights = [{"annual": 2.0, "leav": 1.0}]
    near = replace(hit("Annual leave lasts for 28 days."), line=0.5)
    assert overviews.treats([near], weights, by_meaning=True)
    assert not overviews.treats([replace(near, line=0.2)], weights, by_meaning=True)
    assert overviews.treats([replace(near, line=0.2)], weights, by_meaning=False)
    other = replace(near, chunk=hit("Leave lasts for 28 days.").chunk)
    assert not overviews.treats([other], weights, by_meaning=True)
    assert not overviews.treats([other], weights, by_meaning=False)
    assert overviews.treats([replace(other, line=0.7)], weights, by_meaning=True), "nearer by meaning than by words"
    assert overviews.treats([other], [*weights, {"leav": 1.0}], by_meaning=True), "one of two that are asked for"
    assert not overviews.treats([], weights, by_meaning=True)


def test_a_line_that_is_repeated_keeps_its_rank() -> None:
    told = "The warranty lasts for 36 months in all."
    others = [lines(f"The pump of hall {n} is cleaned in May.", number=n, score=0.9)[0] for n in range(2, 11)]
    first, again = lines(told)[0], lines(told, number=12, score=0.8)[0]
    assert first in overviews.told(Overview.MATTER, [first, *others, again])


def test_lines_are_quoted_under_their_headings() -> None:
    hits = [hit("a", document="d1"), hit("b", document="d2")]
    told = [
        *lines("Is it so?", heading="1. Care{#care} › # What is [2] *it*?"),  # noqa: RUF001
        *lines("Six days are free.", "Four are not [1].", number=2),
    ]
    items = list(quotations.of_sections(hits, told))
    assert [text for text, _ in items] == [
        "- **1. Care › What is it?**: “Is it so?” [1]",  # noqa: RUF001
        "- **d2**: “Six days are free.” “Four are not .” [2]",
    ]
    assert [citation.number for _, citation in items] == [1, 2]
    assert [len(citation.marks) for _, citation in items] == [1, 2]
    assert next(quotations.of_sections(hits, told[1:]))[0].startswith("- “Six")  # the only document needs no name
    assert quotations.named("report [2]_") == "**report**"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", minimum_score=0.2)


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "documents"
    folder.mkdir()
    manual = ["# Pump manual", "This manual is for people who run the pump each day."]
    for number, part in enumerate(("filter", "valve", "motor", "hose", "gauge", "seal", "base", "lamp", "drain"), 1):
        manual += [f"## The {part}", f"The {part} of the pump is cleaned after {number}00 hours of work.", "Done [x]"]
    (folder / "manual.md").write_text("\n\n".join(manual))
    (folder / "leave.txt").write_text("Staff get 28 days of leave in every year. Six days carry over until 31 March.")
    with Library.open(settings, holder="test") as opened:
        embedder = HashingEmbedder(1_024)
        opened.open_store(embedder)
        ingest(
            find_files([folder]),
            library=opened,
            embedder=embedder,
            settings=replace(settings, chunk_tokens=30, chunk_overlap=0),
        )
        yield opened


def ask(library: Library, settings: Settings, *replies: str) -> tuple[Assistant, ScriptedGenerator]:
    generator = ScriptedGenerator(*replies)
    return Assistant(Retriever.of_library(library, HashingEmbedder(1_024), settings), generator, settings), generator


def test_a_document_is_told_by_lines_of_all_its_parts(library: Library, settings: Settings) -> None:
    assistant, generator = ask(library, settings)
    reply = assistant.ask("Summarize the manual")
    pieces = list(reply)
    answer = reply.answer
    rows = answer.text.splitlines()
    assert (len(pieces), generator.prompts, answer.finish) == (len(rows), [], Finish.COMPLETE)
    assert rows[0] == "- “This manual is for people who run the pump each day.” [1]"
    assert rows[-1] == "- **The drain**: “The drain of the pump is cleaned after 900 hours of work.” [8]"
    assert [citation.number for citation in answer.citations] == [*range(1, 9)]
    for citation, row in zip(answer.citations, rows, strict=True):
        assert all(citation.hit.chunk.text[mark.start : mark.end] in row for mark in citation.marks)


def test_a_page_or_section_is_told_alone(library: Library, settings: Settings, tmp_path: Path) -> None:
    numbered = [f"# {n} Part\n\nThe pump of station {n} is made of {n} very strong parts." for n in range(1, 4)]
    (tmp_path / "guide.md").write_text("\n\n".join(numbered))
    write_pdf(
        tmp_path / "talk.pdf", ["The first page tells of terns in the north.", "Herons nest in trees by the lake."]
    )
    embedder, small = HashingEmbedder(1_024), replace(settings, chunk_tokens=30, chunk_overlap=0)
    ingest(
        find_files([tmp_path / "guide.md", tmp_path / "talk.pdf"]), library=library, embedder=embedder, settings=small
    )
    (tmp_path / "chapter 3.md").write_text("Terns and herons share the shallow lake in summer.")
    short = "# {n} Birds\n\nThe birds of station {n} are seen on most of the days."
    (tmp_path / "log.md").write_text("\n\n".join(short.format(n=n) for n in range(1, 4)))
    ingest(
        find_files([tmp_path / "chapter 3.md", tmp_path / "log.md"]),
        library=library,
        embedder=embedder,
        settings=settings,
    )
    assistant, generator = ask(library, settings)
    assert assistant.answer("Summarize section 2 of the guide").text == (
        "- **2 Part**: “The pump of station 2 is made of 2 very strong parts.” [1]"
    )
    page = assistant.answer("What is on page 2?")
    assert page.text == "- “Herons nest in trees by the lake.” [1]"
    assert [citation.hit.chunk.page for citation in page.citations] == [2]
    assert assistant.answer("Summarize page 9 of the guide").finish.is_refusal
    joined = assistant.answer("What does section 2 of the log say?")
    assert joined.text == "- **2 Birds**: “The birds of station 2 are seen on most of the days.” [1]"
    assert len(joined.citations[0].hit.chunk.sections) > 1
    assert assistant.answer("Summarize chapter 3").citations[0].hit.chunk.document_name == "chapter 3.md"
    assert generator.prompts == []


def test_documents_that_are_not_quoted_are_named_and_of_many_the_first() -> None:
    names = [f"a*b {number:02} [1].pdf" for number in range(52)]
    assert quotations.of_names(names[:2]) == "Not quoted: **ab 00**, **ab 01**."
    assert quotations.of_names(names).endswith(", **ab 49** and 2 others.")


def test_several_documents_are_told_by_a_line_of_each(library: Library, settings: Settings) -> None:
    assistant, generator = ask(library, settings)
    answer = assistant.answer("What are my documents about?")
    assert answer.text.splitlines() == [
        "- **leave**: “Staff get 28 days of leave in every year.” [1]",
        "- **manual**: “This manual is for people who run the pump each day.” [2]",
    ]
    only = assistant.answer("Summarize this document", scope=Scope((answer.citations[0].hit.chunk.document_id,)))
    assert {citation.hit.chunk.document_name for citation in only.citations} == {"leave.txt"}
    assert generator.prompts == []


def test_which_documents_an_overview_leaves_out_is_said(library: Library, settings: Settings, tmp_path: Path) -> None:
    for number in range(13):
        (tmp_path / f"note {number:02}.txt").write_text(f"Note {number} tells of the heron of tree {number}.")
    embedder = HashingEmbedder(1_024)
    ingest(find_files([*tmp_path.glob("note*.txt")]), library=library, embedder=embedder, settings=settings)
    answer = ask(library, settings)[0].answer("Summarize everything")
    told = {citation.hit.chunk.document_name for citation in answer.citations}
    left = sorted({f"note {number:02}.txt" for number in range(13)} - told)
    assert (len(answer.citations), len(left)) == (12, 1)
    assert answer.text.endswith(f"\n\nNot quoted: **leave**, **manual**, **{Path(left[0]).stem}**.")
    kept = replace(answer, basis=basis_of(answer.question, settings))
    library.catalog.add_answer(library.catalog.start_conversation("x").id, answer_to_json(kept))
    retriever = Retriever.of_library(library, embedder, settings)
    assert (
        Answered(library.catalog, retriever, settings, Scope()).find(answer.question) is None
    )  # there may be others by then


def test_a_matter_is_told_by_the_nearest_lines_or_refused(library: Library, settings: Settings) -> None:
    assistant, generator = ask(library, settings)
    answer = assistant.answer("Give me an overview of days of leave")
    assert answer.text == "- “Staff get 28 days of leave in every year.” “Six days carry over until 31 March.” [1]"
    refused = assistant.answer("Give me an overview of space travel")
    assert (refused.text, generator.prompts) == (ENGLISH.refusal, [])


def test_what_is_stopped_before_it_is_told_tells_nothing(library: Library, settings: Settings) -> None:
    reply = ask(library, settings)[0].ask("Summarize the manual")
    for _ in reply:
        reply.stop.set()
    assert (reply.answer.finish, len(reply.answer.citations)) == (Finish.STOPPED, 1)
    stopped = ask(library, settings)[0].ask("Summarize the manual")
    stopped.stop.set()
    assert list(stopped) == []
    assert (stopped.answer.text, stopped.answer.finish) == ("", Finish.STOPPED)


def test_a_search_for_the_word_summary_is_no_overview(library: Library, settings: Settings) -> None:
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    found = retriever.retrieve("summary", k=2, minimum_score=0.0)
    assert (found.overview, len(found.hits) + len(found.below)) == (None, 2)


def test_while_vectors_fill_in_a_document_is_told_by_all_its_parts(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "birds.txt").write_text("\n\n".join(f"Bird {n} nests in the tree of hall {n}." for n in range(40)))
    small, embedder = replace(settings, chunk_tokens=30, chunk_overlap=0), HashingEmbedder(1_024)
    ingest(find_files([tmp_path / "birds.txt"]), library=library, embedder=embedder, settings=small, embed=False)
    answer = ask(library, settings)[0].answer("Summarize birds")
    assert len(answer.citations) == 8
    assert "Bird 39 nests" in answer.text


def test_a_follow_up_for_an_overview_is_of_what_was_asked(library: Library, settings: Settings) -> None:
    assistant, generator = ask(library, settings)
    answer = assistant.answer("Summarize it", history=[Turn("What about days of leave?", "28 days [1].")])
    assert "Staff get 28 days" in answer.text
    assert (answer.standalone, generator.prompts) == ("Summarize “days of leave”", [])


@pytest.mark.parametrize(
    "question",
    [
        "Summarise this document",
        "Summarize that document",
        "What is this document about?",
        "Worum geht es in diesem Dokument?",
        "Fasse das Dokument zusammen",
        "总结这份文档",
    ],
)
def test_this_document_is_that_of_the_answer_before(question: str, library: Library, settings: Settings) -> None:
    assistant, _ = ask(library, settings)
    first = assistant.answer("Summarize the manual")
    answer = assistant.answer(question, history=[Turn.of("Summarize the manual", first)])
    assert {citation.hit.chunk.document_name for citation in answer.citations} == {"manual.md"}


def test_after_an_answer_of_several_documents_this_document_may_be_any(library: Library, settings: Settings) -> None:
    assistant, _ = ask(library, settings)
    both = assistant.answer("What are my documents about?")
    answer = assistant.answer("Summarise this document", history=[Turn.of("What are my documents about?", both)])
    assert len({citation.hit.chunk.document_name for citation in answer.citations}) == 2


def test_an_overview_that_the_generator_names_is_not_outdone_by_the_question_before(
    library: Library, settings: Settings
) -> None:
    assistant, _ = ask(library, settings, "What does the manual say?")
    answer = assistant.answer("What does it say?", history=[Turn("How many days of leave in a year?", "28 [1].")])
    assert {citation.hit.chunk.document_name for citation in answer.citations} == {"manual.md"}


def test_what_asks_for_a_sum_is_calculated_first(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    @contextlib.contextmanager
    def begun(question: str, hits: Sequence[Hit], *_: object, **__: object) -> Iterator[None]:
        asked.append((question, len(hits)))
        yield None

    monkeypatch.setattr(table_answers, "begun", begun)
    assistant, _ = ask(library, settings)
    assert len(assistant.answer("Summarize the manual").citations) == 8
    assert len(assistant.answer("Sum up the manual").citations) == 8  # there is no table
    assert [question for question, _ in asked] == ["Sum up the manual"]


def test_an_overview_is_given_again_until_a_document_is_added(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    question, catalog = "Summarize my documents", library.catalog
    assistant, _ = ask(library, settings)
    answer = replace(assistant.answer(question), basis=basis_of(question, settings))
    catalog.add_answer(catalog.start_conversation("x").id, answer_to_json(answer))
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)
    again = Answered(catalog, retriever, settings, Scope()).find(question)
    assert again is not None
    assert again.text == answer.text
    (tmp_path / "new.txt").write_text("Herons nest in the trees by the lake.")
    embedder = HashingEmbedder(1_024)
    ingest(find_files([tmp_path / "new.txt"]), library=library, embedder=embedder, settings=settings)
    assert Answered(catalog, retriever, settings, Scope()).find(question) is None


def test_why_a_passage_is_not_in_an_overview(library: Library, settings: Settings) -> None:
    retriever = Retriever.of_library(library, HashingEmbedder(1_024), settings)

    def fate(question: str, words: str) -> Fate:
        return explain(question, find_passage(words, retriever), retriever=retriever, settings=settings).fate

    assert fate("Summarize the manual", "This manual is for people") is Fate.READ
    assert fate("Summarize the manual", "Staff get 28 days of leave") is Fate.NOT_TELLING
    assert fate("Summarize my documents", "Staff get 28 days of leave") is Fate.READ
    assert fate("Summarize my documents", "The drain of the pump is cleaned after 900 hours") is Fate.NOT_TELLING
    assert fate("Summarize days of leave", "Staff get 28 days of leave") is Fate.READ


@pytest.mark.model
def test_the_samples_are_told_by_real_vectors(samples: tuple[Path, IngestReport]) -> None:
    from rag.build import load_embedder

    settings = load_settings(library=samples[0])
    with Library.open(settings, holder="test") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        assistant = Assistant(Retriever.of_library(library, embedder, settings), ScriptedGenerator(), settings)
        manual = assistant.answer("Summarize the Skua 4 manual")
        assert len({citation.hit.chunk.page for citation in manual.citations}) == 8
        assert "The Skua 4 measures temperature" in manual.text.splitlines()[0]
        leave = assistant.answer("Give me an overview of annual leave")
        assert "28 days of paid leave" in leave.text
        assert assistant.answer("Give me an overview of space travel").finish.is_refusal
        assert len(assistant.answer("What are my documents about?").citations) == 6


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What is the main point of contact for IT issues?", None),
        ("What is the key point of difference between plan A and B?", None),
        ("What are the key points of the contract?", "the contract"),
        ("Kannst du den Vertrag bitte kurz zusammenfassen?", "den Vertrag"),
        ("Könntest du mir den Vertrag zusammenfassen?", "den Vertrag"),
        ("Bitte den Vertrag kurz zusammenfassen", "den Vertrag"),
        ("Was sind die wichtigsten Punkte im Vertrag?", "Vertrag"),
        ("Gib mir bitte eine kurze Übersicht über den Vertrag", "den Vertrag"),
    ],
)
def test_what_an_overview_is_asked_of_is_told_from_a_fact(question: str, about: str | None) -> None:
    assert overview_questions.subject(question) == about


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("Fasse den Vertrag mit Müller zusammen", ("1",)),
        ("Worum geht es in unserem Vertrag mit Müller?", ("1",)),
        ("Worum geht es in der Hausordnung?", ("2",)),
        ("What is in the house rules?", ("3",)),
        ("What is in the warranty?", ()),
        ("What is in the kit?", ()),
    ],
)
def test_a_document_is_named_with_the_small_words_around_it(question: str, ids: tuple[str, ...]) -> None:
    names = ("Vertrag Müller.pdf", "Hausordnung.pdf", "house rules.pdf", "manual.pdf", "kit.pdf")
    asked = [NamedDocument(str(number), name, "", 1) for number, name in enumerate(names, 1)]
    about = overview_questions.subject(question)
    assert about is not None
    assert overview_questions.documents(question, about, asked) == ids


@pytest.mark.parametrize(
    ("subject", "sections", "rest"),
    [
        ("sections 3 to 5 of the manual", {"3", "4", "5"}, "the manual"),
        ("Kapitel 2-4", {"2", "3", "4"}, ""),
        ("sections 3 and 7", {"3", "7"}, ""),
        ("Article 5 of the contract", {"5"}, "the contract"),
        ("sections 3.1 to 3.4", {"3.1", "3.2", "3.3", "3.4"}, ""),
        ("section 4-2", {"4", "2"}, ""),
        ("Artikel 5.2 des Vertrags", {"5.2"}, "Vertrags"),
    ],
)
def test_sections_are_named_one_by_one_or_from_one_to_another(subject: str, sections: set[str], rest: str) -> None:
    part, of = overview_parts.named(subject)
    assert part is not None
    assert (part.sections, of) == (sections, rest)
