"""The matrices of a model as bytes: half the memory of bfloat16, a quarter of float32, and products of bytes, which
processors with VNNI or AMX add up at twice the rate of bfloat16, and those with AVX2 at twice that of float32.

A row of weights, and a token, share a step each: the largest number becomes 127 (W8A8 with a step per token, as in
ZeroQuant, arXiv:2206.01861). The products come through the operators that torch's own quantisation uses: from oneDNN
with VNNI, from FBGEMM without, which multiplies a few tokens in a quarter of the time there (docs/performance.md).
Without VNNI two of them are added in sixteen bits, where 255 times 127 fits only once: weights then go to 63.

The head, which says how likely each token comes next, is read with every step. As bytes it would choose another token
for three of a hundred; so the likeliest ones are weighed once more with the weights that it was made from.
"""

import warnings
from typing import Any

import torch

from rag.layers import replace_linear

_ROWS = 64  # that become bytes at once: what is made on the way stays in the cache
_MIDDLE = 128  # the byte that is zero: oneDNN takes tokens without a sign
_LEAST = 1e-8  # step of a row of zeros
_WITH_VNNI, _WITHOUT = 127, 63  # what the largest weight of a row becomes
_LIKELIEST = 16  # tokens: at 3,156 places of prompts no more were within 1 of the first, and the right one within 0.52


def in_eight_bits(model: Any, dtype: torch.dtype) -> None:
    """Replaces the linear layers of a causal model; what is left of it becomes `dtype`, and what layers return.

    The vectors of its tokens keep the numbers that they have, as the head is often made of them.
    """
    words, head = model.get_input_embeddings(), model.get_output_embeddings()
    with torch.no_grad():  # not inference_mode: what multiplies a tensor of that copies it at each step
        replace_linear(model.base_model, lambda layer: EightBitLinear(layer, dtype))
        for kept in model.parameters():
            is_of_tokens = kept is words.weight or kept is head.weight
            kept.data = kept.data.to(kept.dtype if is_of_tokens else dtype, copy=True)  # the file it lies in is let go
        words.register_forward_hook(lambda module, given, found: found.to(dtype))
        model.set_output_embeddings(EightBitHead(head))


class EightBitLinear(torch.nn.Module):
    """A linear layer whose weights are bytes.

    Takes and returns floats of `dtype`, shapes (…, inputs) and (…, outputs).
    """

    def __init__(self, layer: torch.nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        weight = layer.weight.detach()
        has_vnni = torch.cpu._is_vnni_supported()
        steps = weight.abs().amax(1).float().clamp_(min=_LEAST).div_(_WITH_VNNI if has_vnni else _WITHOUT)
        whole = torch.empty(weight.shape, dtype=torch.int8)
        for start in range(0, len(weight), _ROWS):
            some = slice(start, start + _ROWS)
            whole[some] = weight[some].div(steps[some, None]).round_()
        self.dtype = dtype
        self.product = OneDnnProduct(whole, steps, dtype) if has_vnni else FbgemmProduct(whole, steps)
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().to(dtype, copy=True))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.product(given.reshape(-1, given.shape[-1])).to(self.dtype)
        if isinstance(self.bias, torch.Tensor):
            found.add_(self.bias)
        return found.reshape(*given.shape[:-1], found.shape[-1])


class OneDnnProduct(torch.nn.Module):
    """Floats of tokens times bytes of weights.

    Args:
        whole: int8[outputs, inputs].
        steps: float32[outputs], what one of a row stands for.
        dtype: of what is returned, [tokens, outputs].
    """

    def __init__(self, whole: torch.Tensor, steps: torch.Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.register_buffer("packed", torch.ops.onednn.qlinear_prepack(whole, [_ROWS, whole.shape[1]]))
        self.register_buffer("steps", steps)
        self.register_buffer("zeros", torch.zeros(len(steps), dtype=torch.int64))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        whole, steps = _as_bytes(rows)
        found: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            whole, 1.0, _MIDDLE, self.packed, self.steps, self.zeros, None, 1.0, 0, self.dtype, "none", [], ""
        )
        return found.mul_(steps.to(self.dtype))


class FbgemmProduct(torch.nn.Module):
    """As `OneDnnProduct`, and with the same numbers but for rounding, always float32."""

    def __init__(self, whole: torch.Tensor, steps: torch.Tensor) -> None:
        super().__init__()
        zeros = torch.zeros(len(steps), dtype=torch.int64)
        with warnings.catch_warnings():  # such tensors are to leave torch, which is pinned
            warnings.simplefilter("ignore", UserWarning)
            weight = torch._make_per_channel_quantized_tensor(whole, steps.double(), zeros, 0)
        self.packed = torch.ops.quantized.linear_prepack(weight, None)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        largest = _largest(rows.float())
        multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        found: torch.Tensor = multiply(rows / largest, 1 / 127, _MIDDLE, self.packed)  # makes the bytes on its way
        return found.mul_(largest)


class EightBitHead(torch.nn.Module):
    """The head of a causal model, whose weights are bytes too.

    Takes floats of shape (…, inputs) and returns float32 of (…, tokens). The `_LIKELIEST` are exact, so that the same
    token is chosen; the others are about 0.1 off.
    """

    def __init__(self, head: torch.nn.Linear) -> None:
        super().__init__()
        self.weight = head.weight  # not copied: it is that of the embeddings in many models
        self.quick = EightBitLinear(head, torch.float32)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.quick(given)
        likeliest = logits.topk(min(_LIKELIEST, logits.shape[-1])).indices
        exact = self.weight[likeliest].float() @ given.float().unsqueeze(-1)
        return logits.scatter_(-1, likeliest, exact.squeeze(-1))


def _as_bytes(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens as bytes around the middle, and the step of each."""
    whole = torch.empty(rows.shape, dtype=torch.uint8)
    steps = torch.empty((len(rows), 1))
    for start in range(0, len(rows), _ROWS):
        some = slice(start, start + _ROWS)
        floats = rows[some].float()
        steps[some] = _largest(floats).div_(127)
        whole[some] = floats.div(steps[some]).add_(_MIDDLE + 0.5)  # cut off, and so rounded
    return whole, steps


def _largest(rows: torch.Tensor) -> torch.Tensor:
    """The largest number of each row, whatever its sign."""
    largest = torch.maximum(rows.amax(1, keepdim=True), rows.amin(1, keepdim=True).neg_())
    return largest.clamp_(min=_LEAST)
