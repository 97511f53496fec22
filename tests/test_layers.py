"""Linear layers as oneDNN has them quickest."""

import pytest
import torch

from rag.layers import PackedLinear, can_pack, replace_linear

packs = pytest.mark.skipif(not can_pack(torch.bfloat16, "cpu"), reason="the processor does not multiply bfloat16")


@packs
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 96), (3, 7, 96), (2, 1_100, 96)])
def test_a_packed_layer_gives_what_the_layer_gives(shape: tuple[int, ...], bias: bool) -> None:
    layer = torch.nn.Linear(96, 64, bias=bias).bfloat16()
    given = torch.randn(shape).bfloat16()
    with torch.inference_mode():
        wanted, found = layer(given), PackedLinear(layer)(given)
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found, wanted, rtol=0.02, atol=0.02)


@packs
def test_rows_that_lie_apart_in_memory_are_read() -> None:
    layer = torch.nn.Linear(96, 64).bfloat16()
    given = torch.randn(2, 9, 96).bfloat16()
    with torch.inference_mode():
        packed = PackedLinear(layer)
        for part in (given[:, -1:], given.transpose(0, 1)):
            torch.testing.assert_close(packed(part), layer(part), rtol=0.02, atol=0.02)


def test_only_plain_layers_are_replaced() -> None:
    module = torch.nn.ModuleDict(
        {"inner": torch.nn.Sequential(torch.nn.Linear(4, 4)), "attention": torch.nn.MultiheadAttention(4, 1)}
    )
    replaced: list[torch.nn.Linear] = []

    def make(layer: torch.nn.Linear) -> torch.nn.Module:
        replaced.append(layer)
        return torch.nn.Identity()

    inner = module["inner"][0]  # type: ignore[index]
    replace_linear(module, make)
    assert replaced == [inner]
    module["attention"](*[torch.randn(2, 1, 4)] * 3)


def test_only_bfloat16_on_a_processor_is_packed() -> None:
    assert not can_pack(torch.float32, "cpu")
    assert not can_pack(torch.bfloat16, "cuda")
