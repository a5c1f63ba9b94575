"""Which numbers of a pass are nothing but round-off: 0.1 + 0.2 − 0.3, sin π, and what is computed from them.

A number is a candidate where it is below 10⁻¹² of the largest of its kind in the graph. Small alone it is not negligible: e⁻⁵⁰, a
saturated sigmoid or a vanishing gradient are what they are. It is where it is smaller than what an error of 10⁻¹² in the numbers that it is
computed from would change, to first order (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.packed import plain
from engine.compile.plan import Leaf, Operation
from engine.compile.views import Absent, ArrayView, TraceView
from engine.compile.vjp import arguments_of
from engine.nodes.base import Result

if TYPE_CHECKING:
    from engine.compile.trace import Trace

SHARE = 1e-12
LARGEST = 64
"""Tensors of more entries are shown as pictures, where no number is read."""
NumberKey = tuple[str, ...]
"""(`value` or `total`, node id, port), (`edge`, wire id), (`slope`, node id, parameter)"""
Entries = tuple[int, ...]


def negligible(trace: Trace, seen: TraceView) -> Mapping[NumberKey, Entries]:
    """The entries of every number's tensor, flattened, that are round-off. Empty for nearly every pass, and found out quickly then."""
    values = _candidates([("value", seen.values)])
    gradients = _candidates([("edge", seen.edge_gradients), ("total", seen.gradients), ("slope", seen.parameter_gradients)])
    if not values and not gradients:
        return {}
    search = _Search(trace)
    with torch.enable_grad():
        for operation in trace.operations:
            search.value(operation, values)
        for operation in reversed(trace.operations):
            search.gradients(operation, gradients)
    return search.found


def _candidates(tables: Sequence[tuple[str, Mapping[Any, ArrayView | Absent]]]) -> dict[NumberKey, Entries]:
    """Entries that are not 0 and below the limit of their kind."""
    largest, least, arrays = 0.0, math.inf, False
    for _kind, table in tables:  # plain numbers, by far the most, in one quick pass
        for _key, entry in plain(table):
            if entry.__class__ is float:
                norm, finite = abs(entry), True
            elif entry.__class__ is ArrayView:
                norm, finite = entry.norm, entry.finite
                arrays = arrays or bool(entry.shape)
            else:
                continue
            if norm > largest and finite and norm != math.inf:
                largest = norm
            if 0.0 < norm < least:
                least = norm
    limit = SHARE * largest
    if not arrays and least >= limit:
        return {}
    small: dict[NumberKey, Entries] = {}
    for kind, table in tables:
        for key, entry in plain(table):
            if isinstance(entry, float):
                entries: Entries = (0,) if 0.0 < abs(entry) < limit else ()
            else:
                entries = _below(entry, limit) if isinstance(entry, ArrayView) else ()
            if entries:
                small[(kind, key) if isinstance(key, str) else (kind, *key)] = entries
    return small


def _below(view: ArrayView, limit: float) -> Entries:
    if not view.shape:
        return (0,) if 0.0 < view.norm < limit else ()
    if view.data is None or view.data.size > LARGEST or "float" not in view.dtype:
        return ()
    sizes = abs(view.data.reshape(-1))
    below = (sizes > 0.0) & (sizes < limit)
    return tuple(below.nonzero()[0].tolist()) if below.any() else ()


class _Search:
    """Follows a pass and keeps how far each negligible number could be off; all others by `SHARE` of themselves."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._share = max(SHARE, 4 * torch.finfo(getattr(torch, trace.dtype)).eps)
        self._errors: dict[NumberKey, Tensor] = {}
        self._leaving: dict[Key, list[str]] = {}
        for operation in trace.operations:
            for leaf in operation.leaves:
                if isinstance(leaf, Wire):
                    self._leaving.setdefault(leaf.source, []).append(leaf.edge)
        self.found: dict[NumberKey, Entries] = {}

    def value(self, operation: Operation, candidates: Mapping[NumberKey, Entries]) -> None:
        entries = candidates.get(("value", *operation.outputs[0])) if len(operation.outputs) == 1 else None
        if not entries or not operation.leaves or operation.type.random or operation.fed:
            return
        leaves, y = self._again(operation)
        if y is not None:
            place = ("value", *operation.outputs[0])
            self._keep(place, y, entries, [(leaf, self._error(*item)) for leaf, item in leaves])

    def gradients(self, operation: Operation, candidates: Mapping[NumberKey, Entries]) -> None:
        """The sums at its outputs, then what leaves along its inputs."""
        for key in operation.outputs:
            if ("total", *key) in candidates:
                self._total(key, candidates["total", *key])
        wanted = [leaf for leaf in operation.leaves if _slope(leaf) in candidates]
        upstream = self._trace.gradients.get(operation.outputs[0]) if len(operation.outputs) == 1 else None
        if not wanted or not isinstance(upstream, Tensor) or operation.type.random:
            return
        leaves, y = self._again(operation)
        if y is None or not y.requires_grad:
            return
        given = upstream.detach().clone().requires_grad_()
        errors = [(leaf, self._error(*item)) for leaf, item in leaves]
        errors.append((given, self._error(("total", *operation.outputs[0]), upstream)))
        for (tensor, _), leaf in zip(leaves, operation.leaves, strict=True):
            entries = candidates.get(_slope(leaf))
            if entries and tensor.requires_grad:
                slope = torch.autograd.grad(y, tensor, given, create_graph=True, allow_unused=True)[0]
                if slope is not None:
                    self._keep(_slope(leaf), slope, entries, errors)

    def _total(self, key: Key, entries: Entries) -> None:
        """A sum of the wires that leave an output."""
        wires = [edge for edge in self._leaving.get(key, ()) if isinstance(self._trace.edge_gradients.get(edge), Tensor)]
        total = self._trace.gradients[key]
        if not wires or not isinstance(total, Tensor):
            return
        parts = [self._trace.edge_gradients[edge] for edge in wires]
        error = sum((self._error(("edge", edge), part) for edge, part in zip(wires, parts, strict=True)), torch.zeros_like(total))
        self._note(("total", *key), total, error, entries)

    def _again(self, operation: Operation) -> tuple[list[tuple[Tensor, tuple[NumberKey, Tensor]]], Tensor | None]:
        """The operation once more, on copies that can be differentiated; each leaf with its place and its number."""
        copies: dict[Leaf, Tensor] = {}
        leaves: list[tuple[Tensor, tuple[NumberKey, Tensor]]] = []
        for leaf in operation.leaves:
            number = self._trace.parameters[leaf.key] if isinstance(leaf, Own) else self._trace.values[leaf.source]
            copies[leaf] = number.detach().clone().requires_grad_(number.is_floating_point())
            leaves.append((copies[leaf], (("value", *(leaf.key if isinstance(leaf, Own) else leaf.source)), number)))
        try:
            arguments = arguments_of(operation, copies.__getitem__, lambda key: self._trace.buffers[key])
            run = operation.type.forward(operation.settings, *arguments)
        except Exception:  # a node that cannot run a second time keeps its numbers as they are
            return [], None
        y = run.outputs[0] if isinstance(run, Result) else run
        return leaves, y if y.requires_grad else None

    def _error(self, place: NumberKey, number: Any) -> Tensor:
        known = self._errors.get(place)
        return known if known is not None else number.detach().abs() * self._share

    def _keep(self, place: NumberKey, result: Tensor, entries: Entries, errors: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Of these entries of a result those that errors of what it was computed from would swallow."""
        inputs = [(tensor, error) for tensor, error in errors if tensor.requires_grad]
        bound = torch.zeros(result.numel(), dtype=result.dtype)
        flat = result.reshape(-1)
        for entry in entries:
            slopes = torch.autograd.grad(flat[entry], [t for t, _ in inputs], retain_graph=True, allow_unused=True)
            bound[entry] = sum((float((s.abs() * e).sum()) for s, (_, e) in zip(slopes, inputs, strict=True) if s is not None), 0.0)
        self._note(place, result.detach(), bound.reshape(result.shape), entries)

    def _note(self, place: NumberKey, number: Tensor, error: Tensor, entries: Entries) -> None:
        sizes, errors = number.reshape(-1).abs(), error.reshape(-1)
        gone = tuple(entry for entry in entries if float(sizes[entry]) <= float(errors[entry]))
        if gone:
            self.found[place] = gone
            known = number.detach().abs().reshape(-1) * self._share
            known[list(gone)] = errors[list(gone)].to(known.dtype)
            self._errors[place] = known.reshape(number.shape)


def _slope(leaf: Leaf) -> NumberKey:
    return ("edge", leaf.edge) if isinstance(leaf, Wire) else ("slope", *leaf.key)
