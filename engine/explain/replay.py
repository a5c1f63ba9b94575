"""The objective with one value of the shown pass replaced: what lies behind it is computed again, masks held."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Held, Key, Own, Several, Wire
from engine.compile.plan import Leaf, Operation
from engine.explain.address import number_at
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.nodes.base import NodeError
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.address import Address


class Replay:
    """The objective as a function of the tensor at `place`, in `dtype`. Everything in front of the place keeps its numbers.

    `base` is the present tensor. Raises Unanswerable without an objective, or where it does not depend on the place.
    """

    def __init__(self, products: LocalProducts, place: Address, dtype: torch.dtype = torch.float64) -> None:
        trace = products.trace
        if trace.objective is None:
            raise Unanswerable(trace.objective_note or _("There is no objective."))
        self.products, self.place, self.dtype = products, place, dtype
        self.target: Key = trace.objective
        self.base = number_at(trace, products.graph, place).detach().cpu().to(dtype)
        self._cast: dict[Any, Any] = {}
        self._behind = self._between()
        if not self._behind and not (place.kind == "output" and place.key == self.target):
            raise Unanswerable(_("The objective does not depend on {graph}.").format(graph=place.whole.name(products.graph)))

    def __call__(self, value: Tensor) -> Tensor:
        """The objective as a tensor without axes; differentiable as far as torch can. Raises Unanswerable where a node refuses."""
        values: dict[Key, Tensor] = {self.place.key: value} if self.place.kind == "output" else {}
        try:
            for call in self._behind:
                operation = call.operation
                outputs = self.products.run(operation, call.filled(value, values), self.dtype)
                values.update(zip(operation.outputs, outputs, strict=True))
        except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
            raise Unanswerable(
                _("{node} cannot be computed for a value this different.").format(node=self.products.graph.nodes[operation.node].name)
            ) from error
        return values[self.target].reshape(())

    def number(self, value: Tensor) -> float:
        """The objective as a number; NaN where a node refuses the value."""
        with torch.no_grad():
            try:
                return float(self(value))
            except Unanswerable:
                return float("nan")

    def seconds(self) -> float:
        """How long one evaluation takes: the shortest of three."""
        times = []
        for _round in range(3):
            started = time.perf_counter()
            self.number(self.base)
            times.append(time.perf_counter() - started)
        return max(min(times), 1e-6)

    def moved(self, entry: tuple[int, ...], x: float) -> Tensor:
        """The present tensor with one entry replaced."""
        value = self.base.clone()
        value[entry] = x
        return value

    def gradient(self, value: Tensor) -> Tensor:
        """The objective's gradient by this tensor, by autograd over what is computed again."""
        leaf = value.detach().clone().requires_grad_()
        with torch.enable_grad():
            f = self(leaf)
        if not f.requires_grad:
            return torch.zeros_like(leaf)
        (gradient,) = torch.autograd.grad(f, leaf, allow_unused=True)
        return torch.zeros_like(leaf) if gradient is None else gradient

    def second(self, value: Tensor, entry: tuple[int, ...]) -> float | None:
        """∂²f/∂x² of one entry, by reverse mode over reverse mode; None where torch knows no second derivative."""
        leaf = value.detach().clone().requires_grad_()
        try:
            with torch.enable_grad():
                f = self(leaf)
                if not f.requires_grad:
                    return 0.0
                (first,) = torch.autograd.grad(f, leaf, create_graph=True)
                if not first.requires_grad:
                    return 0.0
                (second,) = torch.autograd.grad(first[entry], leaf, allow_unused=True)
        except RuntimeError:
            return None
        return 0.0 if second is None else float(second[entry])

    # What is computed again

    def _between(self) -> list[_Call]:
        """The operations that depend on the place and that the objective depends on, in order."""
        plan = self.products.plan
        here = self.place.id if self.place.kind == "output" else None
        moved: set[Key] = set() if here is None else {self.place.key}
        behind: list[_Call] = []
        for operation in plan.operations:
            if operation.fed or operation.node not in plan.for_objective or operation.node == here:
                continue
            if any(self._replaced(leaf) or (isinstance(leaf, Wire) and leaf.source in moved) for leaf in operation.leaves):
                behind.append(self._call(operation, moved))
                moved.update(operation.outputs)
        return behind

    def _replaced(self, leaf: Leaf) -> bool:
        if isinstance(leaf, Own):
            return self.place.kind == "parameter" and leaf.key == self.place.key
        return self.place.kind == "edge" and leaf.edge == self.place.id

    def _call(self, operation: Operation, moved: set[Key]) -> _Call:
        """The operation's arguments, those that do not change filled in."""
        changing: list[tuple[int, int, Key | None]] = []

        def resolve(argument: Any, place: int, inner: int) -> Any:
            if argument is None:
                return None
            if isinstance(argument, Several):
                return [resolve(item, place, i) for i, item in enumerate(argument.items)]
            if isinstance(argument, Held):
                return self._here(("buffer", argument.key), self.products.buffer(argument.key))
            if self._replaced(argument):
                changing.append((place, inner, None))
                return None
            if isinstance(argument, Wire) and argument.source in moved:
                changing.append((place, inner, argument.source))
                return None
            return self._here(argument, self.products.value_of(argument))

        arguments = [resolve(argument, place, -1) for place, argument in enumerate(operation.wiring.arguments)]
        return _Call(operation, arguments, changing)

    def _here(self, key: Any, tensor: Tensor) -> Tensor:
        if self.dtype == torch.float64 or not tensor.is_floating_point():
            return tensor
        if key not in self._cast:
            self._cast[key] = tensor.to(self.dtype)
        return self._cast[key]  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Call:
    """A node to be computed again. `changing`: (place of the argument, place in its tuple or −1, the output it comes from or None
    for the replaced value itself)."""

    operation: Operation
    arguments: list[Any]
    changing: list[tuple[int, int, Key | None]]

    def filled(self, value: Tensor, values: Mapping[Key, Tensor]) -> list[Any]:
        arguments = [list(a) if isinstance(a, list) else a for a in self.arguments]
        for place, inner, key in self.changing:
            new = value if key is None else values[key]
            if inner < 0:
                arguments[place] = new
            else:
                arguments[place][inner] = new
        return [tuple(a) if isinstance(a, list) else a for a in arguments]
