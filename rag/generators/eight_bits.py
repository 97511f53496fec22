"""The matrices of a model as bytes: half the memory of bfloat16, a quarter of float32, and products of bytes, which
processors with VNNI or AMX add up at twice the rate of bfloat16, and those with AVX2 at twice that of float32.

A row of weights, and a token, share a step each: the largest number becomes 127 (W8A8 with a step per token, as in
ZeroQuant, arXiv:2206.01861). The products come from oneDNN, through the operators that torch's own quantisation uses.
Without VNNI two of them are added in sixteen bits, where 255 times 127 fits only once: weights then go to 63.
"""

from typing import Any

import torch

from rag.layers import replace_linear

_ROWS = 64  # that become bytes at once: what is made on the way stays in the cache
_MIDDLE = 128  # the byte that is zero: oneDNN takes tokens without a sign
_LEAST = 1e-8  # step of a row of zeros
_WITH_VNNI, _WITHOUT = 127, 63  # what the largest weight of a row becomes


def in_eight_bits(model: Any, dtype: torch.dtype) -> None:
    """Replaces the linear layers inside a model; embeddings and the head become `dtype`, and what layers return."""
    with torch.no_grad():  # not inference_mode: what multiplies a tensor of that copies the head at each step
        replace_linear(model.base_model, lambda layer: EightBitLinear(layer, dtype))
        for kept in model.parameters():
            kept.data = kept.data.to(dtype, copy=True)  # the file that it lies in is let go


class EightBitLinear(torch.nn.Module):
    """A linear layer whose weights are bytes.

    Takes and returns floats of `dtype`, shapes (…, inputs) and (…, outputs).
    """

    def __init__(self, layer: torch.nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        weight = layer.weight.detach()
        largest = _WITH_VNNI if torch.cpu._is_vnni_supported() else _WITHOUT
        steps = weight.abs().amax(1).float().clamp_(min=_LEAST).div_(largest)
        whole = torch.empty(weight.shape, dtype=torch.int8)
        for start in range(0, len(weight), _ROWS):
            some = slice(start, start + _ROWS)
            whole[some] = weight[some].div(steps[some, None]).round_()
        self.dtype = dtype
        self.register_buffer("packed", torch.ops.onednn.qlinear_prepack(whole, [_ROWS, whole.shape[1]]))
        self.register_buffer("steps", steps)
        self.register_buffer("zeros", torch.zeros(len(steps), dtype=torch.int64))
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().to(dtype, copy=True))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        rows = given.reshape(-1, given.shape[-1])
        whole, steps = _as_bytes(rows)
        found: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            whole, 1.0, _MIDDLE, self.packed, self.steps, self.zeros, None, 1.0, 0, self.dtype, "none", [], ""
        )
        found.mul_(steps.to(self.dtype))
        if isinstance(self.bias, torch.Tensor):
            found.add_(self.bias)
        return found.reshape(*given.shape[:-1], -1)


def _as_bytes(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens as bytes around the middle, and the step of each."""
    whole = torch.empty(rows.shape, dtype=torch.uint8)
    steps = torch.empty((len(rows), 1))
    for start in range(0, len(rows), _ROWS):
        some = slice(start, start + _ROWS)
        floats = rows[some].float()
        largest = torch.maximum(floats.amax(1, keepdim=True), floats.amin(1, keepdim=True).neg_())
        steps[some] = largest.clamp_(min=_LEAST).div_(127)
        whole[some] = floats.div(steps[some]).add_(_MIDDLE + 0.5)  # cut off, and so rounded
    return whole, steps
