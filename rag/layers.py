"""Linear layers as oneDNN has them quickest: with weights that are laid out for it once, not at each call."""

from collections.abc import Callable

import torch

_ROWS = 1_024  # tokens of one call that the layout is chosen for; it serves any number of them

Make = Callable[[torch.nn.Linear], torch.nn.Module]


def replace_linear(module: torch.nn.Module, make: Make) -> None:
    """Puts what `make` makes of it in the place of each linear layer inside a module."""
    for name, child in module.named_children():
        if type(child) is torch.nn.Linear:  # others may be used in another way than called
            setattr(module, name, make(child))
        else:
            replace_linear(child, make)


def can_pack(dtype: torch.dtype, device: str) -> bool:
    """Whether `PackedLinear` runs here: on processors that multiply bfloat16."""
    if device != "cpu" or dtype is not torch.bfloat16:
        return False
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class PackedLinear(torch.nn.Module):
    """A linear layer of bfloat16, by the operators that torch's compiler puts in its place where weights are frozen.

    Takes and returns bfloat16 of shapes (…, inputs) and (…, outputs).
    """

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), _ROWS)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().clone())

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(given, self.weight, self.bias, "none", [], "")
        return found
