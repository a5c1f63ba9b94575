"""Tensors as strict JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FULL = 1000
"""Tensors up to this many elements are nested lists."""


def number_json(value: float) -> float | str:
    """The number; NaN and infinities as the strings "nan", "inf", "-inf"."""
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def tensor_json(tensor: Tensor, full: bool = False) -> Any:
    """A number, nested lists, or above `FULL` elements a summary (unless `full`). `std` is the population's."""
    tensor = tensor.detach().cpu()
    if full or tensor.numel() <= FULL:
        return _plain(tensor.tolist())
    wide = tensor.double()
    summary = {"min": wide.min(), "max": wide.max(), "mean": wide.mean(), "std": wide.std(correction=0), "norm": wide.norm()}
    about: dict[str, Any] = {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
    return about | {name: number_json(value.item()) for name, value in summary.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return number_json(value) if isinstance(value, float) else value
