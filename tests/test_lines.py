from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.embedders import OnBatch, Vectors
from rag.lines import encode, nearest, pack
from rag.types import Chunk, Span
from tests.fakes import HashingEmbedder

DIMENSION = 768


def unit_rows(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Reads(HashingEmbedder):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(DIMENSION)
        self.lines: list[str] = []
        self.alone: list[str] = []

    def encode_passages(
        self, texts: Sequence[str], lines: Sequence[Sequence[Span]], *, on_batch: OnBatch | None = None
    ) -> tuple[Vectors, list[Vectors]]:
        found = zip(texts, lines, strict=True)
        self.lines += [text[span.start : span.end] for text, spans in found for span in spans]
        return super().encode_passages(texts, lines, on_batch=on_batch)

    def encode_documents(self, texts: Sequence[str], *, on_batch: OnBatch | None = None) -> Vectors:
        self.alone += texts
        return super().encode_documents(texts, on_batch=on_batch)


def chunk(text: str) -> Chunk:
    return Chunk("d", "d.txt", "Title", None, "", 0, len(text), 0, text)


def test_lines_stand_where_they_are_in_the_embedded_text() -> None:
    embedder = Reads()
    vectors, (of_one, none) = encode([chunk("One is here. Two follows.\nThree ends."), chunk("")], embedder)
    assert embedder.lines == ["One is here.", "Two follows.", "Three ends."]
    assert (vectors.shape, of_one.shape, none.shape) == ((2, DIMENSION), (3, DIMENSION), (0, DIMENSION))
    assert encode([], embedder)[1] == []


def test_rows_of_a_table_are_read_by_themselves_with_its_head() -> None:
    embedder = Reads()
    table = "Prices without tax.\nPart   Price\nBattery   89 EUR\nSeal   6 EUR\n\nAll parts are in stock."
    _, (first, of_table) = encode([chunk("One is here."), chunk(table)], embedder)
    assert embedder.lines == ["One is here.", "Prices without tax.", "All parts are in stock."]
    assert embedder.alone[-2:] == ["Part: Battery; Price: 89 EUR", "Part: Seal; Price: 6 EUR"]
    assert (len(first), len(of_table)) == (1, 4)
    sheet = [replace(chunk(table), document_name="d.xlsx", position=place) for place in (39, 40)]
    encode(sheet, embedder)
    assert embedder.lines[3:] == ["Prices without tax.", "All parts are in stock."] + [
        "Prices without tax.",
        "Battery   89 EUR",
        "Seal   6 EUR",
        "All parts are in stock.",
    ]
    price = embedder.encode_documents(["Part: Battery; Price: 89 EUR"])[0]
    assert float((of_table @ price).max()) == pytest.approx(1.0)


def test_the_nearest_line_of_each_passage_is_found_after_packing() -> None:
    many, one = unit_rows(5, 1), unit_rows(1, 2)
    asked = unit_rows(1, 3)[0] + many[3]
    asked /= np.linalg.norm(asked)
    found = nearest([pack(many), "", pack(one)], asked)
    assert found[0] == pytest.approx(float((many @ asked).max()), abs=2e-3)
    assert found[1] is None
    assert found[2] == pytest.approx(float(one[0] @ asked), abs=2e-3)
    assert nearest(["", ""], asked) == [None, None]
    assert nearest([], asked) == []


def test_what_is_packed_fits_its_field() -> None:
    assert len(pack(unit_rows(200, 4))) <= 65_535
    assert pack(unit_rows(0, 5)) == ""
