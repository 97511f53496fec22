"""Where models run, in which number format, and what loading one may raise."""

import torch
from safetensors import SafetensorError

from rag.errors import SettingsError

# RuntimeError: weights that do not fit the configuration, or no memory for them.
LOADING_ERRORS = (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError)


def choose_device(wanted: str) -> str:
    """ "cuda" or "cpu"; "auto" takes a CUDA card when there is one.

    Raises:
        SettingsError: CUDA is asked for and cannot be used, or the name is unknown.
    """
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise SettingsError("device is cuda, but torch finds no CUDA card. Set FOOTNOTE_DEVICE=cpu or auto.")
    if wanted not in ("cpu", "cuda"):
        raise SettingsError(f"device is {wanted!r}; it can be auto, cpu or cuda.")
    return wanted


def choose_dtype(wanted: str, device: str) -> torch.dtype:
    """bfloat16 where the processor multiplies it in hardware (AMX, AVX512-BF16, CUDA), else float32.

    Elsewhere bfloat16 is emulated and slower than float32.

    Raises:
        SettingsError: the name is unknown.
    """
    if wanted == "auto":
        fast = torch.cuda.is_bf16_supported() if device == "cuda" else _processor_has_bfloat16()
        return torch.bfloat16 if fast else torch.float32
    if wanted not in ("float32", "bfloat16"):
        raise SettingsError(f"dtype is {wanted!r}; it can be auto, float32 or bfloat16.")
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def choose_bits(wanted: str, device: str, *, evaluated: bool) -> int:
    """8 where a processor multiplies bytes fast (AVX2), else 16. "auto" takes 8 for `evaluated` generators alone.

    Others may lose by it: small ones do, and those of many billions (LLM.int8(), arXiv:2208.07339).

    Raises:
        SettingsError: 8 is asked for elsewhere, or the value is unknown.
    """
    adds_bytes = device == "cpu" and torch.cpu._is_avx2_supported()
    if wanted == "auto":
        return 8 if adds_bytes and evaluated else 16
    if wanted not in ("8", "16"):
        raise SettingsError(f"generator_bits is {wanted!r}; it can be auto, 8 or 16.")
    if wanted == "8" and not adds_bytes:
        raise SettingsError("generator_bits is 8, which needs a processor with AVX2. Set FOOTNOTE_GENERATOR_BITS=auto.")
    return int(wanted)


def _processor_has_bfloat16() -> bool:
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
