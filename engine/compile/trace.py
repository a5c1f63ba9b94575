"""One forward and one backward pass with every number kept, and its view for the window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.views import FULL_LIMIT, THUMBNAIL, Absent, ArrayView, Event, Gradient, TraceView
from graph.model.problem import Problem

TensorGradient = Tensor | Absent


@dataclass(slots=True)
class Trace:
    """Values and gradients of one pass, as tensors. Keys: (node id, output port), edge id, (node id, parameter name).

    An edge's gradient is its own contribution; an output's is the sum of its edges'. Every edge of the graph has an entry, and
    every output and parameter that was computed. `kept[node]` is what its forward kept for its rules (a mask, indices).
    """

    values: dict[Key, Tensor]
    gradients: dict[Key, TensorGradient]
    edge_gradients: dict[str, TensorGradient]
    parameters: dict[Key, Tensor]
    parameter_gradients: dict[Key, TensorGradient]
    kept: dict[str, Any]
    events: tuple[Event, ...]
    objective: Key | None = None
    objective_note: str = ""
    problems: tuple[Problem, ...] = ()
    shapes: Mapping[Key, tuple[tuple[int, ...], bool]] = field(default_factory=dict)
    dtype: str = "float64"
    device: str = "cpu"

    @property
    def first_bad(self) -> str | None:
        """The first node, in order of computation, whose value is NaN or infinite."""
        return next((node for (node, _), value in self.values.items() if not bool(torch.isfinite(value).all())), None)


def view(trace: Trace, **more: Any) -> TraceView:
    """The trace as numpy and statistics. `more` are the fields of `TraceView` a trace does not know (revision, run, mode, batch …)."""
    seen = _views([*trace.values.values(), *trace.parameters.values(), *_present(trace.gradients), *_present(trace.edge_gradients),
                   *_present(trace.parameter_gradients)])  # fmt: skip

    def of(entries: Mapping[Any, TensorGradient]) -> dict[Any, Gradient]:
        return {key: entry if isinstance(entry, Absent) else seen[id(entry)] for key, entry in entries.items()}

    values = {key: seen[id(value)] for key, value in trace.values.items()}
    bad = next((node for (node, _), value in values.items() if not value.finite), None)
    return TraceView(
        objective=trace.objective, objective_note=trace.objective_note, problems=trace.problems, values=values,
        gradients=of(trace.gradients), edge_gradients=of(trace.edge_gradients),
        parameters={key: seen[id(value)] for key, value in trace.parameters.items()},
        parameter_gradients=of(trace.parameter_gradients), shapes=trace.shapes, events=trace.events, first_bad=bad,
        dtype=trace.dtype, device=trace.device, **more,
    )  # fmt: skip


def _present(entries: Mapping[Any, TensorGradient]) -> Iterable[Tensor]:
    return (entry for entry in entries.values() if not isinstance(entry, Absent))


def _views(tensors: Iterable[Tensor]) -> dict[int, ArrayView]:
    """A view of every tensor by its id. Numbers are read out together: one by one they would cost more than computing them."""
    found: dict[int, ArrayView] = {}
    singles: dict[torch.dtype, list[Tensor]] = {}
    for tensor in {id(t): t for t in tensors}.values():
        if tensor.ndim == 0:
            singles.setdefault(tensor.dtype, []).append(tensor)
        else:
            found[id(tensor)] = array_view(tensor)
    for dtype, group in singles.items():
        name = str(dtype).removeprefix("torch.")
        numbers = torch.stack([t.detach() for t in group]).cpu().numpy()
        for i, (tensor, number) in enumerate(zip(group, numbers.tolist(), strict=True)):
            found[id(tensor)] = _single(name, numbers[i : i + 1].reshape(()), float(number))
    return found


def _single(dtype: str, data: np.ndarray, number: float) -> ArrayView:
    spread = 0.0 if math.isfinite(number) else math.nan
    return ArrayView((), dtype, data, None, number, number, number, spread, abs(number), math.isfinite(number))


def array_view(tensor: Tensor) -> ArrayView:
    """Shape, exact statistics in float64, and the numbers themselves or a thumbnail. The copy is independent of the tensor."""
    array = np.array(tensor.detach().cpu().numpy())
    dtype = str(tensor.dtype).removeprefix("torch.")
    if array.ndim == 0:
        return _single(dtype, array, float(array))
    if array.size == 0:
        return ArrayView(array.shape, dtype, array, None, math.nan, math.nan, math.nan, math.nan, 0.0, True)
    flat = array.reshape(-1) if array.dtype == np.float64 else array.reshape(-1).astype(np.float64)
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
    finite = math.isfinite(low) and math.isfinite(high)
    mean, std, norm = _moments(flat, low, high) if finite else _broken_moments(flat)
    if array.size <= FULL_LIMIT:
        return ArrayView(array.shape, dtype, array, None, low, high, mean, std, norm, finite)
    return ArrayView(array.shape, dtype, None, thumbnail(array), low, high, mean, std, norm, finite)


def _moments(flat: np.ndarray, low: float, high: float) -> tuple[float, float, float]:
    """Mean, population standard deviation and Euclidean norm of finite numbers, without overflow on the way.

    Sums, not dot products: those wake the threads of a BLAS, which costs milliseconds while training keeps the cores busy.
    """
    largest = max(-low, high)
    scale = 1.0 if largest == 0 or 1e-100 < largest < 1e100 else largest
    if scale != 1.0:
        flat = flat / scale
    mean = float(np.add.reduce(flat)) / flat.size
    centred = flat - mean
    std = math.sqrt(float(np.add.reduce(centred * centred)) / flat.size) if low != high else 0.0
    return (low if low == high else mean * scale), std * scale, math.sqrt(float(np.add.reduce(flat * flat))) * scale


def _broken_moments(numbers: np.ndarray) -> tuple[float, float, float]:
    with np.errstate(all="ignore"):
        return float(numbers.mean()), math.nan, math.nan if bool(np.isnan(numbers).any()) else math.inf


def thumbnail(array: np.ndarray) -> np.ndarray:
    """At most 64 × 64 of the tensor's own numbers as float32, taken at even distances: rows are all axes but the last."""
    plane = array.reshape(1, -1) if array.ndim == 1 else array.reshape(-1, array.shape[-1])
    rows, columns = (_spread(size) for size in plane.shape)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(plane[rows][:, columns], dtype=np.float32)


def _spread(size: int) -> np.ndarray:
    return np.arange(size) if size <= THUMBNAIL else np.linspace(0, size - 1, THUMBNAIL).round().astype(np.intp)
