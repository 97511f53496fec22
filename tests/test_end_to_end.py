"""The real models on the real samples."""

from pathlib import Path

import pytest

from ingest.discovery import find_files
from ingest.pipeline import ingest
from ingest.report import IngestReport
from rag.build import build_assistant, load_embedder
from rag.generators.local import LocalGenerator
from rag.library import Library
from rag.settings import load_settings
from rag.types import Finish

pytestmark = pytest.mark.model


def test_real_models_answer_from_the_samples_with_citations(
    samples: tuple[Path, IngestReport], chat_generator: LocalGenerator
) -> None:
    folder, report = samples
    assert (len(report.added), report.failed) == (6, ())
    settings = load_settings(library=folder)
    with Library.open(settings, holder="test") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        assistant = build_assistant(library, embedder, chat_generator, settings)
        answer = assistant.answer("What may a hotel in Oslo cost per night?")
        assert "210 EUR" in answer.text
        assert answer.citations[0].hit.chunk.label == "employee-handbook.pdf, p. 6"
        answer = assistant.answer("What is the notice period during probation?")
        assert "2 weeks" in answer.text or "two weeks" in answer.text
        assert answer.citations[0].hit.chunk.label == "employee-handbook.pdf, p. 12"
        assert assistant.answer("xyzzy plugh qwfp").finish is Finish.NOTHING_NEAR


_REPORTS = {
    "2024 Q1 Heron report.txt": "Heron sold 410 pumps in the quarter. The hall in Oslo was painted. Twelve were hired.",
    "2024 Q2 Heron report.txt": "Heron sold 523 pumps in the quarter. A second lathe was bought. Nobody was hired.",
    "2024 Q3 Heron report.txt": "Heron sold 298 pumps in the quarter. The canteen was shut. Two people were hired.",
}


def test_reports_of_quarters_are_told_apart(tmp_path: Path, chat_generator: LocalGenerator) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, text in _REPORTS.items():
        (folder / name).write_text(text)
    settings = load_settings(library=tmp_path / "library")
    with Library.open(settings, holder="test") as library:
        embedder = load_embedder(settings)
        library.open_store(embedder)
        ingest(find_files([folder]), library=library, embedder=embedder, settings=settings)
        assistant = build_assistant(library, embedder, chat_generator, settings)
        each = assistant.answer("How many pumps did Heron sell in each quarter?")
        assert each.text.splitlines() == [
            f"- **2024 Q{place} Heron report**: “Heron sold {sold} pumps in the quarter.” [{place}]"
            for place, sold in enumerate((410, 523, 298), 1)
        ]
        second = assistant.answer("How many pumps did Heron sell in the second quarter of 2024?")
        assert "523" in second.text
        latest = assistant.answer("How many people were hired in the latest quarter?")
        assert [one.hit.chunk.document_name for one in latest.citations] == ["2024 Q3 Heron report.txt"]
        assert "two" in latest.text.lower()
