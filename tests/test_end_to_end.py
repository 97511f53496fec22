"""The real models on the real samples."""

from pathlib import Path

import pytest

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
