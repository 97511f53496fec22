"""The program that measures what title and headings are worth: its three ways really differ."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contextual import WITH, WITHOUT, WORDS, bare, fill, show, variants
from rag.evaluation.questions import Question
from rag.library import Library
from rag.settings import Settings
from tests.fakes import HashingEmbedder, chunk


@pytest.mark.parametrize("variant", [WORDS, WITHOUT])
def test_the_text_alone_is_embedded_and_words_keep_the_heading_or_not(variant: str, tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    one = replace(chunk("It lasts for two years."), title="Manual", heading="Warranty")
    with Library.open(Settings(home=tmp_path), holder="test") as library:
        library.open_store(embedder)
        fill(library, [one], embedder, variant)
        (record,) = library.store.records()
        found = library.lexical.search("warranty", k=5)
    np.testing.assert_allclose(record.vector, embedder.encode_documents([one.text])[0], atol=1e-6)
    assert record.chunk == (one if variant == WORDS else bare(one))
    assert bool(found) is (variant == WORDS)


def test_the_three_are_measured_and_set_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.md").write_text("# Warranty\n\nIt lasts for two years.")
    (documents / "b.md").write_text("# Delivery\n\nIt takes three days.")
    questions = [
        Question("1", "How long does the warranty last?", (), {"a.md": 1.0}, True),
        Question("2", "How long does delivery take?", (), {"b.md": 1.0}, True),
    ]
    settings = Settings(home=tmp_path / "home", isolate_readers=False)
    found = dict(variants(documents, questions, HashingEmbedder(2_048), settings))
    assert list(found) == [WITH, WORDS, WITHOUT]
    assert {report.run["chunks"] for report in found.values()} == {2}
    assert found[WITH].estimates["fused hit@1"].mean == 1.0
    show(WITHOUT, found[WITHOUT], found[WITH])
    shown = capsys.readouterr().out
    assert "without: 2 chunks, 2 questions" in shown
    assert "fused nDCG@10" in shown
