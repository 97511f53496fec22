"""Where models run and in which numbers is chosen by what the machine can do."""

import pytest
import torch

from rag.devices import choose_bits, choose_device, choose_dtype
from rag.errors import SettingsError


@pytest.mark.parametrize(
    ("wanted", "device", "avx2", "evaluated", "bits"),
    [
        ("auto", "cpu", True, True, 8),
        ("auto", "cpu", True, False, 16),
        ("auto", "cpu", False, True, 16),
        ("auto", "cuda", True, True, 16),
        ("8", "cpu", True, False, 8),
        ("16", "cpu", True, True, 16),
    ],
)
def test_bytes_are_taken_where_they_are_quick_and_evaluated(
    wanted: str, device: str, avx2: bool, evaluated: bool, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx2_supported", lambda: avx2)
    assert choose_bits(wanted, device, evaluated=evaluated) == bits


@pytest.mark.parametrize(("wanted", "device"), [("8", "cuda"), ("4", "cpu"), ("", "cpu")])
def test_bits_that_cannot_be_had_are_refused(wanted: str, device: str) -> None:
    with pytest.raises(SettingsError, match="generator_bits"):
        choose_bits(wanted, device, evaluated=True)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingsError, match="auto, cpu or cuda"):
        choose_device("tpu")
    with pytest.raises(SettingsError, match="float32 or bfloat16"):
        choose_dtype("float16", "cpu")
