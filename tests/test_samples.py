"""The samples that are shipped, and whether the answers to the questions about them stand where they should."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.readers import read
from rag.types import Document

ROOT = Path(__file__).parents[1]
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.is_file())
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "docs/samples/questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {path.name: read(path, max_bytes=2 * MEGABYTE) for path in SAMPLES}


def flat(text: str) -> str:
    return " ".join(text.split())


def test_samples_cover_every_family_and_are_small() -> None:
    assert {path.suffix for path in SAMPLES} == {".pdf", ".md", ".txt", ".html", ".docx"}
    assert sum(path.stat().st_size for path in SAMPLES) < 2 * MEGABYTE


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_evidence_stands_on_its_page_only(question: dict[str, Any], documents: dict[str, Document]) -> None:
    evidence = flat(question["evidence"])
    places = {
        (name, page.number)
        for name, document in documents.items()
        for page in document.pages
        if evidence in flat(page.text)
    }
    assert places == {(question["file"], question["page"])}


def test_questions_are_spread_over_all_samples() -> None:
    assert len(QUESTIONS) == len({question["id"] for question in QUESTIONS}) == 30
    assert len(ANSWERABLE) == 24
    assert sum(1 for question in ANSWERABLE if question.get("history")) == 4
    assert Counter(question["file"] for question in ANSWERABLE).keys() == {path.name for path in SAMPLES}
    assert all(question["question"] and question["answer"] for question in ANSWERABLE)


def test_unanswerable_questions_name_no_place() -> None:
    assert all(question[key] is None for question in UNANSWERABLE for key in ("answer", "file", "page", "evidence"))


@pytest.mark.parametrize(
    "absent",
    ["ultraviolet", "UV ", "E-27", "shares", "dog", "antivirus"],
)
def test_what_the_unanswerable_questions_ask_for_is_absent(absent: str, documents: dict[str, Document]) -> None:
    assert not [
        (name, page.number)
        for name, document in documents.items()
        for page in document.pages
        if absent in flat(page.text)
    ]


@pytest.mark.parametrize(
    ("name", "title", "pages"),
    [
        ("employee-handbook.pdf", "Halden Instruments Employee Handbook", range(9, 13)),
        ("skua-4-manual.pdf", "Skua 4 Weather Station: Manual", range(10, 15)),
    ],
)
def test_pdf_samples_have_title_page_numbers_and_headings(
    name: str, title: str, pages: range, documents: dict[str, Document]
) -> None:
    document = documents[name]
    assert document.title == title
    assert len(document.pages) in pages
    for page in document.pages[1:]:
        assert page.headings
        is_first = page.number == 2  # running heads are read where they stand first
        assert flat(page.text).endswith(f"{title} Page {page.number}") == is_first


def test_menus_scripts_and_footers_are_left_out(documents: dict[str, Document]) -> None:
    text = documents["release-notes.html"].pages[0].text
    assert not [word for word in ("Shop", "Jobs", "siteMenu", "Imprint", "font:") if word in text]
