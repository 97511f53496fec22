import numpy as np
import pytest

from rag.lines import nearest, pack, spans

DIMENSION = 768


def unit_rows(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_lines_stand_where_they_are_in_the_embedded_text() -> None:
    text = "One is here. Two follows.\nThree ends."
    whole = f"Title\n{text}"
    found = [whole[span.start : span.end] for span in spans(text, within=whole)]
    assert found == ["One is here.", "Two follows.", "Three ends."]


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
