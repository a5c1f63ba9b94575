"""The step of a training loop: the same numbers as the plain step, written into memory that stays.

A plain step is a pure function, so each call makes new tensors. Here the parameters are always the same tensors, and for batches of
one size everything else has the same shape at every step. So results go into tensors made once, transposed views are made once, a
parameter's gradient is written where the update reads it, and what has a shorter way through torch takes it (`in_place_nodes`).
All other nodes run as in the plain step. The operations, and their order, are those of the plain step: it gives the same bits.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from engine.compile.codegen import Source, Writer
from engine.compile.differentiate import Seeds
from engine.compile.environment import Key, Own, Wire
from engine.compile.in_place_nodes import FRESH, SHORTER, Shorter
from engine.compile.plan import Leaf, Operation, Plan
from engine.compile.trial import Size
from engine.nodes.base import NodeError
from engine.numerics.flat import Flat, laid_out

LARGEST = 1 << 24
"""Numbers that may stay in memory for batches of one size: with more, what can be saved is nothing beside the arithmetic."""
SIZES = 2
"""Sizes of batches whose memory stays: the usual one, and the last of an epoch."""
FILE = "<gradwire program>in place"
Step = Callable[..., tuple[Tensor, list[Tensor], list[Tensor]]]


class InPlaceWriter(Writer):
    """Writes `bind(parameters, gradients, batch, rooms)`, which returns the step. `u0` … are the places of the gradients."""

    def __init__(self, plan: Plan, seeds: Seeds) -> None:
        super().__init__(plan, "step", "rules", seeds)
        self.rooms: dict[str, Size] = {}
        """Tensors that are made once, with shapes that follow from the batch."""
        self.views: dict[str, str] = {}
        """Names that are given once to what an expression makes of other names."""
        self.own: set[str] = set()
        self.places = {key: f"u{i}" for i, key in enumerate(plan.trainable)}
        self.written: set[Key] = set()
        self.readers: dict[Key, int] = {}
        for operation in self.operations:
            for leaf in operation.leaves:
                key = leaf.source if isinstance(leaf, Wire) else leaf.key
                self.readers[key] = self.readers.get(key, 0) + 1
        self.looked_at = {*plan.also, plan.objective}

    def write(self) -> Source:
        """The whole of `bind`."""
        super().write()
        inner = self.out
        seeded = [i for i, line in enumerate(inner.lines) if re.search(r"\bseed\b", line)]
        if len(seeded) == 1:  # made, and not used
            del inner.lines[seeded[0]], inner.nodes[seeded[0]]
        whole = Source(names=inner.names)
        lines = ["def bind(parameters, gradients, batch, rooms):"]
        for names, source in ((self.parameter.values(), "parameters"), (self.places.values(), "gradients"), (self.rooms, "rooms")):
            lines += [f"    {', '.join(names)}, = {source}"] if names else []
        lines += [f"    {name} = {expression}" for name, expression in self.views.items()]
        whole.lines = [*lines, *(f"    {line}" for line in inner.lines), "    return run"]
        whole.nodes = [*(None for _line in lines), *inner.nodes, None]
        return whole

    def _unpack(self, names: list[str], source: str) -> None:
        if source != "parameters":
            super()._unpack(names, source)

    # What those who write a node ask (see `in_place_nodes.InPlace`)

    def room(self, name: str, size: Size) -> str:
        self.rooms[name] = size
        return name

    def view(self, name: str, expression: str) -> str:
        self.views[name] = expression
        return name

    def size(self, key: Key) -> Size:
        return self.plan.inference.outputs[key].full

    def fixed(self, name: str) -> bool:
        """Whether a name always means the same tensor."""
        return name in self.rooms or name in self.views or name.startswith("p")

    def transposed(self, name: str) -> str:
        return self.view(f"{name}t", f"{name}.t()") if self.fixed(name) else f"{name}.t()"

    def overwritable(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Wire) and self.variable(leaf.source) in self.own and self.alone(leaf.source)

    def alone(self, key: Key) -> bool:
        return self.readers.get(key, 0) == 1 and key not in self.looked_at

    def place(self, operation: Operation, a: int) -> str:
        leaf = operation.leaves[a]
        if isinstance(leaf, Own):
            if self.readers[leaf.key] == 1 and leaf.key in self.places:
                self.written.add(leaf.key)
                return self.places[leaf.key]
            dims = self.plan.inference.parameters[leaf.key]
            return self.room(f"e{operation.index}_{a}", lambda batch: dims)
        name = self.room(f"e{operation.index}_{a}", self.size(leaf.source))
        self.own.add(name)
        return name

    def replace(self, name: str, old: str, line: str) -> None:
        if self.fixed(old):
            self.view(name, old)
            self.out(line)
        else:
            self.out(f"{name} = {line}")

    def argument(self, operation: Operation, name: str) -> str:
        argument = operation.wiring.arguments[operation.wiring.names.index(name)]
        return "None" if argument is None else self._leaf(argument)  # type: ignore[arg-type]

    # Writing

    def _shorter(self, operation: Operation) -> Shorter | None:
        found = SHORTER.get(operation.type.key)
        if found is None or operation.alias or self._local_leaves(operation) or not operation.type.replaceable(operation.settings):
            return None
        if not found.fits(self, operation):
            return None
        return found

    def _forward(self, operation: Operation) -> None:
        shorter = None if operation.fed else self._shorter(operation)
        if shorter is None or not shorter.forward(self, operation):
            super()._forward(operation)
            if operation.type.key in FRESH:
                self.own.add(self._output(operation, 0))

    def _rules(self, operation: Operation, leaves: list[int], gradient: str | None) -> None:
        shorter = self._shorter(operation)
        rest = leaves
        if shorter is not None and gradient is not None:
            rest = shorter.backward(self, operation, leaves, gradient)
        super()._rules(operation, rest, gradient)
        if operation.type.key in FRESH:
            self.own.update(f"e{operation.index}_{a}" for a in rest if isinstance(operation.leaves[a], Wire))

    def _return(self) -> None:
        for key, place in self.places.items():
            if key not in self.written:
                self.out(f"{place}.copy_({self.gradient_names.parameters[key]})")
        objective = self.variable(self.plan.objective)  # type: ignore[arg-type]
        self.out(f"return {objective}, gradients, [{', '.join(self.new_buffer.values())}]")


def fits(plan: Plan) -> bool:
    """Whether steps of this plan can be written in place: a planted fault is never, nor a step with several objectives."""
    return plan.objective is not None and bool(plan.trainable) and plan.fault is None and not plan.also


def in_place_step(plan: Plan, seeds: Seeds, plain: Step, parameters: list[Tensor], gradients: Flat | None = None) -> Step:
    """`plain`, for exactly these parameters, which are changed between its calls. Its gradients are laid out flat, in `gradients` where
    they are given, and overwritten by the next call. With other parameters, with too large a batch, or where something fails, it is
    `plain` itself that answers."""
    if gradients is None:
        gradients = laid_out([parameters[plan.parameters.index(key)] for key in plan.trainable])
    first = next((i for i, key in enumerate(plan.feeds) if plan.inference.outputs[key].batched), None)
    steps: dict[int, Step] = {}
    updates = plan.updates

    def step(feeds: Sequence[Tensor], given: Sequence[Tensor], buffers: Sequence[Tensor], random: Any) -> Any:
        nonlocal updates
        if given is not parameters:
            return plain(feeds, given, buffers, random)
        if updates != plan.updates:
            steps.clear()
            updates = plan.updates
        batch = 1 if first is None else feeds[first].shape[0]
        bound = steps.get(batch)
        if bound is None:
            if len(steps) >= SIZES:
                steps.clear()
            bound = steps[batch] = _bound(plan, seeds, parameters, gradients, batch) or plain
        try:
            return bound(feeds, given, buffers, random)
        except (RuntimeError, ValueError, IndexError, TypeError, NodeError):
            return plain(feeds, given, buffers, random)  # it says which node failed, and why

    return step


def _bound(plan: Plan, seeds: Seeds, parameters: list[Tensor], gradients: Flat, batch: int) -> Step | None:
    """The step for batches of one size; None where they are too large for their memory to stay."""
    writer = InPlaceWriter(plan, seeds)
    source = writer.write()
    shapes = [size(batch) for size in writer.rooms.values()]
    if sum(map(math.prod, shapes)) > LARGEST:
        return None
    namespace = dict(source.names)
    exec(builtins.compile(source.text, FILE, "exec"), namespace)
    bound: Step = namespace["bind"](parameters, gradients, batch, [gradients.row.new_empty(shape) for shape in shapes])
    return bound
