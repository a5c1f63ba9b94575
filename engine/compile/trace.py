"""One forward and one backward pass with every number kept, and its view for the window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.packed import Packed, nonfinite_in
from engine.compile.views import (
    Absent,
    ArrayView,
    PassEvent,
    TraceView,
    entry_at,
    require_entry,
    setting_at,
    view_of,
    view_of_single,
)
from graph.model.problem import Problem

if TYPE_CHECKING:
    from graph.model.address import Address
    from graph.model.graph import Graph

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
    events: tuple[PassEvent, ...]
    objective: Key | None = None
    objective_note: str = ""
    problems: tuple[Problem, ...] = ()
    shapes: Mapping[Key, tuple[tuple[int, ...], bool]] = field(default_factory=dict)
    dtype: str = "float64"
    device: str = "cpu"
    buffers: dict[Key, Tensor] = field(default_factory=dict)
    """What layers keep beside what they learn (running averages), as this pass used them."""
    operations: Sequence[Any] = ()
    """The `plan.Operation`s that were computed, in order."""
    inner: dict[Key, Tensor] = field(default_factory=dict)
    """Numbers that operations made on their way, by the signs of textbooks: (node id, `ŷ`)."""

    def at(self, address: Address, graph: Graph) -> TensorGradient:
        """The tensor at an address, or its entry as a tensor without axes, or why there is none. `graph` is the one that was traced.

        Raises IndexError where the tensor has no such entry.
        """
        if address.kind == "setting":
            value = setting_at(address, graph)
            tensor: TensorGradient = Absent("not computed") if value is None else torch.as_tensor(value, dtype=torch.float64)
        else:
            tensor = entry_at(self, address, graph)
        if isinstance(tensor, Absent) or address.index is None:
            return tensor
        require_entry(address.index, tuple(tensor.shape))
        return tensor[address.index]

    @property
    def first_bad(self) -> str | None:
        """The first node, in order of computation, whose value is NaN or infinite."""
        return next((node for (node, _), value in self.values.items() if not bool(torch.isfinite(value).all())), None)


def view(trace: Trace, **more: Any) -> TraceView:
    """The trace as numpy and statistics. `more` are the fields of `TraceView` a trace does not know (revision, run, mode, batch …)."""
    seen = _views([*trace.values.values(), *trace.parameters.values(), *trace.buffers.values(), *trace.inner.values(),
                   *_present(trace.gradients),
                   *_present(trace.edge_gradients), *_present(trace.parameter_gradients)], trace.dtype)  # fmt: skip

    def of(entries: Mapping[Any, TensorGradient]) -> Mapping[Any, Any]:
        held = {key: entry if entry.__class__ is Absent else seen[id(entry)] for key, entry in entries.items()}
        return Packed(held, trace.dtype) if any(entry.__class__ is float for entry in held.values()) else held

    values = of(trace.values)
    bad = next((node for (node, _), _view in nonfinite_in(values)), None)
    return TraceView(
        objective=trace.objective, objective_note=trace.objective_note, problems=trace.problems, values=values,
        gradients=of(trace.gradients), edge_gradients=of(trace.edge_gradients), parameters=of(trace.parameters),
        parameter_gradients=of(trace.parameter_gradients), shapes=trace.shapes, events=trace.events, first_bad=bad,
        dtype=trace.dtype, device=trace.device, buffers=of(trace.buffers), inner=of(trace.inner), **more,
    )  # fmt: skip


def _present(entries: Mapping[Any, TensorGradient]) -> Iterable[Tensor]:
    return (entry for entry in entries.values() if not isinstance(entry, Absent))


def _views(tensors: Iterable[Tensor], precision: str) -> dict[int, ArrayView | float]:
    """A view of every tensor by its id, the number itself for a single one of this precision. Numbers are read out together: one by one
    they would cost more than computing them."""
    views: dict[int, ArrayView | float] = {}
    singles: dict[torch.dtype, list[Tensor]] = {}
    for tensor in {id(t): t for t in tensors}.values():
        if tensor.ndim == 0:
            singles.setdefault(tensor.dtype, []).append(tensor)
        else:
            views[id(tensor)] = array_view(tensor)
    for dtype, group in singles.items():
        name = str(dtype).removeprefix("torch.")
        numbers = torch.stack([t.detach() for t in group] if any(t.requires_grad for t in group) else group).cpu().numpy()
        if name == precision:
            views |= zip(map(id, group), numbers.tolist(), strict=True)
            continue
        for i, (tensor, number) in enumerate(zip(group, numbers.tolist(), strict=True)):
            views[id(tensor)] = view_of_single(name, numbers[i : i + 1].reshape(()), float(number))
    return views


def array_view(tensor: Tensor) -> ArrayView:
    """The view of a tensor. Its copy of the numbers is independent of the tensor."""
    return view_of(np.array(tensor.detach().cpu().numpy()))
