"""The objective with one value of the shown pass replaced: what lies behind it is computed again, masks held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.environment import Held, Key, Own, Several, Wire
from engine.explain.local_products import LocalProducts
from engine.explain.place_lookup import number_at, place_name
from engine.explain.question import Unanswerable
from engine.nodes.base import NodeError
from engine.plan import Leaf, Operation

if TYPE_CHECKING:
    from engine.explain.place import Place


class Replay:
    """The objective as a function of the tensor at `place`, in `dtype`. Everything in front of the place keeps its numbers.

    `base` is the present tensor. Raises Unanswerable without an objective, or where it does not depend on the place.
    """

    def __init__(self, products: LocalProducts, place: Place, dtype: torch.dtype = torch.float64) -> None:
        trace = products.trace
        if trace.objective is None:
            raise Unanswerable(trace.objective_note or "There is no objective.")
        self.products, self.place, self.dtype = products, place, dtype
        self.target: Key = trace.objective
        self.base = number_at(trace, products.graph, place).detach().cpu().to(dtype)
        self._behind = self._between()
        self._cast: dict[Any, Any] = {}
        if not self._behind and not (place.kind == "output" and place.key == self.target):
            raise Unanswerable(f"The objective does not depend on {place_name(products.graph, place)}.")

    def __call__(self, value: Tensor) -> Tensor:
        """The objective as a tensor without axes; differentiable as far as torch can. Raises Unanswerable where a node refuses."""
        found: dict[Key, Tensor] = {self.place.key: value} if self.place.kind == "output" else {}
        try:
            for operation in self._behind:
                outputs = self._run(operation, value, found)
                found.update({key: y for key, y in zip(operation.outputs, outputs, strict=True) if key not in found})
        except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
            raise Unanswerable(f"{self.products.graph.nodes[operation.node].name} cannot compute on a value this different.") from error
        return found[self.target].reshape(())

    def number(self, value: Tensor) -> float:
        """The objective as a number; NaN where a node refuses the value."""
        with torch.no_grad():
            try:
                return float(self(value))
            except Unanswerable:
                return float("nan")

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
        (found,) = torch.autograd.grad(f, leaf, allow_unused=True)
        return torch.zeros_like(leaf) if found is None else found

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

    def _between(self) -> list[Operation]:
        """The operations that depend on the place and that the objective depends on, in order."""
        plan = self.products.plan
        here = self.place.id if self.place.kind == "output" else None
        moved: set[Key] = set() if here is None else {self.place.key}
        behind = []
        for operation in plan.operations:
            if operation.fed or operation.node not in plan.for_objective or operation.node == here:
                continue
            if any(self._replaced(leaf) or (isinstance(leaf, Wire) and leaf.source in moved) for leaf in operation.leaves):
                behind.append(operation)
                moved.update(operation.outputs)
        return behind

    def _replaced(self, leaf: Leaf) -> bool:
        if isinstance(leaf, Own):
            return self.place.kind == "parameter" and leaf.key == self.place.key
        return self.place.kind == "wire" and leaf.edge == self.place.id

    def _run(self, operation: Operation, value: Tensor, found: dict[Key, Tensor]) -> tuple[Tensor, ...]:
        def resolve(argument: Any) -> Any:
            if argument is None:
                return None
            if isinstance(argument, Several):
                return tuple(resolve(item) for item in argument.items)
            if isinstance(argument, Held):
                return self._here(("buffer", argument.key), self.products.buffer(argument.key))
            if self._replaced(argument):
                return value
            if isinstance(argument, Wire) and argument.source in found:
                return found[argument.source]
            return self._here(argument, self.products.value_of(argument))

        arguments = [resolve(argument) for argument in operation.wiring.arguments]
        return self.products.run(operation, arguments, self.dtype)

    def _here(self, key: Any, tensor: Tensor) -> Tensor:
        if self.dtype == torch.float64 or not tensor.is_floating_point():
            return tensor
        if key not in self._cast:
            self._cast[key] = tensor.to(self.dtype)
        return self._cast[key]  # type: ignore[no-any-return]
