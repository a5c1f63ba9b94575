"""A function of one network's tensors, mapped over many networks. One that is called often is traced: then torch runs it alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

OFTEN = 300
"""Calls with equal shapes after which tracing pays."""
One = Callable[..., Sequence[Tensor]]


class Mapped:
    """`one` takes and returns tensors of one network; a call takes those of all networks, along a first axis where `each` says so."""

    def __init__(self, one: One) -> None:
        self._one = one
        self._calls: dict[Any, int] = {}
        self._traced: dict[Any, Callable[..., Sequence[Tensor]] | None] = {}

    def __call__(self, tensors: Sequence[Tensor], each: Sequence[bool]) -> list[Tensor]:
        key = (tuple(each), *(t.shape for t in tensors))
        traced = self._traced.get(key)
        if traced is not None:
            return list(traced(*tensors))
        mapped: Callable[..., Any] = torch.func.vmap(self._listed, in_dims=tuple(0 if own else None for own in each))
        result = list(mapped(*tensors))
        calls = self._calls[key] = self._calls.get(key, 0) + 1
        if calls == OFTEN:
            self._traced[key] = _traced(mapped, tensors, result)
        return result

    def _listed(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(self._one(*tensors))


def _traced(mapped: Callable[..., Any], tensors: Sequence[Tensor], result: Sequence[Tensor]) -> Callable[..., Sequence[Tensor]] | None:
    """The operations of a call as a straight list that torch runs alone; None where that cannot be had, or gives other numbers."""
    try:
        from torch.fx.experimental.proxy_tensor import make_fx

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain = make_fx(mapped)(*tensors)
            traced: Callable[..., Sequence[Tensor]] = torch.jit.trace(plain, tuple(tensors), check_trace=False)  # type: ignore[no-untyped-call]
            again = traced(*tensors)
    except Exception:  # noqa: BLE001 - tracing only saves time: whatever it cannot do is done without it
        return None
    same = len(again) == len(result) and all(torch.allclose(a, b, rtol=1e-12, equal_nan=True) for a, b in zip(again, result, strict=True))
    return traced if same else None
