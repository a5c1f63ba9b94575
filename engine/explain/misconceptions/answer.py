"""The numbers that known slips lead to, for one chosen gradient or value of any graph."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from engine.compile.views import Absent
from engine.explain.context import ExplainContext
from engine.explain.misconceptions import Cause, Expected, Prediction
from engine.explain.misconceptions import hints as hints
from engine.explain.misconceptions.passes import NodeArgument, Pass, steps_of
from engine.explain.misconceptions.rules import slips
from engine.explain.misconceptions.values import value_slips
from engine.explain.question import Unanswerable
from graph.model.address import Address
from graph.text.messages import _

BUDGET = 12
"""So many different wrong numbers at most: with more, a guess would hit one of them by chance."""
WORK = 4_000
"""So many contributions may be computed for one answer, about a tenth of a second: hundreds of nodes have as many slips."""
MANY = 40
"""Of so many branches one in particular is thought of, at most."""
DEPTH = 3
"""How many nodes further along the way a slip is looked for."""
CORE = ("upstream", "branches", "partner", "sign", "mean", "argument")
FURTHER = ("partner", "argument", "one_hot", "factor", "jacobian")


def expected(situation: ExplainContext, question: Prediction) -> Expected:
    """The right number and the wrong ones. Raises Unanswerable where the address is not that of one number."""
    run = Pass(situation)
    return of_number(run, question.address)


def of_number(run: Pass, address: Address) -> Expected:
    collected = Collected(run, address)
    if address.quantity == "value":
        for key, wrong, hint, node, core in value_slips(run, collected.key, address):
            collected.add(key, wrong, hint, node, core=core)
    else:
        _gradient_slips(collected)
    return collected.expected()


class Collected:
    """Wrong numbers in place of one, as far as the budget goes."""

    def __init__(self, run: Pass, address: Address) -> None:
        self.run, self.address = run, address
        self.key, self.start, self.right, self.name = _found(run, address)
        self.truth = self.number(self.right)
        self.scale = abs(self.truth)
        self.causes: list[Cause] = []
        self.values: list[float] = []

    def number(self, tensor: Tensor) -> float:
        """The chosen entry. Raises Unanswerable where it does not exist."""
        if self.address.index is None and tensor.numel() != 1:
            raise Unanswerable(
                _("{name} is a tensor of {count} numbers: choose one of them to predict.").format(name=self.name, count=tensor.numel())
            )
        entry = self.address.index or (0,) * tensor.dim()
        if len(entry) != tensor.dim() or any(not -size <= i < size for i, size in zip(entry, tensor.shape, strict=True)):
            raise Unanswerable(_("{name} has no entry {entry}.").format(name=self.name, entry=list(entry)))
        return float(tensor[entry])

    def add(self, key: str, wrong: Tensor | float, hint: str, node: str = "", edge: str = "", core: bool = True) -> None:
        """Note a slip, unless its number is the truth, or is new while the budget is spent."""
        value = wrong if isinstance(wrong, float) else self.number(wrong)
        tiny = 1e-9 * max(abs(self.truth), self.scale, abs(value))
        if value != value or abs(value) == float("inf") or abs(value - self.truth) <= tiny:
            return
        if not any(abs(value - known) <= tiny for known in self.values):
            if len(self.values) >= BUDGET:
                return
            self.values.append(value)
        self.causes.append(Cause(key, value, hint, node, edge, core and key in CORE))

    @property
    def spent(self) -> bool:
        """Whether the work that one answer may cost has been done."""
        return self.run.computed >= WORK

    def expected(self) -> Expected:
        return Expected(self.address, self.truth, tuple(self.causes), self.scale, self.name)


def _found(run: Pass, address: Address) -> tuple[tuple[str, str], list[NodeArgument], Tensor, str]:
    """(output key, the leaves whose contributions make the gradient, the right tensor, name). Raises Unanswerable."""
    graph = run.graph
    if not address.exists(graph):
        raise Unanswerable(_("The number to predict is no longer in the graph."))
    name = address.whole.value.name(graph)
    right = _present(run.trace.at(address.whole, graph), name)
    if address.kind == "edge":
        key = graph.edges[address.id].source
        return key, [step for step in run.consumers.get(key, ()) if step.edge == address.id], right, name
    if address.kind != "parameter":
        return address.key, run.consumers.get(address.key, []), right, name
    steps = run.learned.get(address.key, [])
    if steps and steps[0].operation.alias:
        steps = run.consumers.get(steps[0].operation.outputs[0], [])
    return address.key, steps, right, name


def _present(tensor: Tensor | Absent, name: str) -> Tensor:
    if isinstance(tensor, Absent) and tensor.reason == "not computed":
        raise Unanswerable(_("{name} has not been computed.").format(name=name))
    if isinstance(tensor, Absent):
        raise Unanswerable(_("{name} has no gradient: {reason}.").format(name=name, reason=tensor.why))
    if not torch.is_floating_point(tensor):
        return tensor.to(torch.float64)
    if not bool(torch.isfinite(tensor).all()):
        raise Unanswerable(_("{name} is not finite.").format(name=name))
    return tensor


# Gradients


def _gradient_slips(to: Collected) -> None:
    run = to.run
    on_the_way = run.between(to.start)
    start = [s for s in to.start if s.node in on_the_way and s.a in s.operation.needed]
    local = [(step, gradient) for step in start if (gradient := _contribution(run, step)) is not None]
    for _first, gradient in local:
        to.scale = max(to.scale, float(gradient.abs().max()) if gradient.numel() else 0.0)
    ordered = sorted(on_the_way, key=lambda n: on_the_way[n])
    _local(to, local, CORE)
    _sums(to, local)
    for step in start:
        if not to.spent:
            _cut_off(to, step, start, on_the_way)
    to.add("sign", -to.right, hints.sign(run, ordered), ordered[0] if ordered else "")
    _means(to, start, on_the_way)
    _value(to)
    _local(to, local, ())
    _deep(to, start, on_the_way)


def _contribution(run: Pass, step: NodeArgument) -> Tensor | None:
    if step.edge:
        gradient = run.trace.edge_gradients.get(step.edge)
        return gradient if isinstance(gradient, Tensor) else None
    g = run.gradient(step.operation)
    return None if g is None else run.contribution(step, g)


def _local(to: Collected, local: list[tuple[NodeArgument, Tensor]], only: tuple[str, ...]) -> None:
    """Slips at the nodes that the number goes to first: in one of them, or in all alike. `only` these; none: all the others."""
    together: dict[str, list[Tensor]] = {}
    places: dict[str, NodeArgument] = {}
    for step, right in local:
        if to.spent:
            return
        seen: set[str] = set()
        for key, wrong in slips(to.run, step):
            if (key in CORE) != bool(only):
                continue
            to.add(key, to.right - right + wrong, hints.about(key, to.run, step), step.node, step.edge)
            if key not in seen:
                together.setdefault(key, []).append(wrong)
                places.setdefault(key, step)
                seen.add(key)
    for key, wrongs in together.items():
        if len(wrongs) == len(local) > 1:
            step = places[key]
            to.add(key, torch.stack(wrongs).sum(0), hints.about(key, to.run, step), step.node, step.edge)


def _sums(to: Collected, local: list[tuple[NodeArgument, Tensor]]) -> None:
    """Branches left out of the sum: every proper part of up to three, else all but one and each one alone."""
    count = len(local)
    if count < 2:
        return

    def add(partial: Tensor, missing: list[NodeArgument]) -> None:
        to.add("branches", partial, hints.branches(to.run, to.key[0], missing), to.key[0], missing[0].edge)

    if count <= 3:
        for size in reversed(range(1, count)):
            for kept in combinations(range(count), size):
                add(torch.stack([local[i][1] for i in kept]).sum(0), [local[i][0] for i in range(count) if i not in kept])
    else:
        for step, part in local[:MANY]:
            add(to.right - part, [step])
        for step, part in local[:MANY]:
            add(part, [other for other, _ in local if other is not step])
    for step, right in local[:MANY]:
        name = to.run.graph.nodes[step.node].name
        to.add(
            "sign",
            to.right - 2 * right,
            _("Look at the sign of the gradient that comes back from {name}.").format(name=name),
            step.node,
            step.edge,
            core=False,
        )


def _means(to: Collected, start: list[NodeArgument], on_the_way: dict[str, int]) -> None:
    begins = {(s.node, s.a) for s in start}
    for node in on_the_way:
        if to.spent:
            return
        for step in _further(to.run, node, begins, on_the_way):
            for key, wrong in slips(to.run, step):
                if key == "mean":
                    _carry(to, key, step, wrong, start, on_the_way)


def _further(run: Pass, node: str, begins: set[tuple[str, int]], on_the_way: dict[str, int]) -> list[NodeArgument]:
    """The leaves of a node that come from another one on the way."""
    steps = steps_of(run.operations[node])
    return [s for s in steps if (s.node, s.a) not in begins and s.edge and run.graph.edges[s.edge].source[0] in on_the_way]


def _carry(to: Collected, key: str, step: NodeArgument, wrong: Tensor, start: list[NodeArgument], on_the_way: dict[str, int]) -> None:
    """A slip at a leaf farther along: its error is carried back to what is asked for."""
    right = _contribution(to.run, step)
    if right is not None:
        _changed(to, key, to.run.graph.edges[step.edge].source, wrong - right, hints.about(key, to.run, step), step, start, on_the_way)


def _cut_off(to: Collected, step: NodeArgument, start: list[NodeArgument], on_the_way: dict[str, int]) -> None:
    """Everything behind a node forgotten, on whatever way it is reached: the derivative of that node's output alone."""
    g = to.run.gradient(step.operation)
    if g is not None and not step.operation.alias:
        hint = hints.about("upstream", to.run, step)
        _changed(to, "upstream", step.operation.outputs[0], torch.ones_like(g) - g, hint, step, start, on_the_way)


def _changed(
    to: Collected,
    key: str,
    output: tuple[str, str],
    error: Tensor,
    hint: str,
    step: NodeArgument,
    start: list[NodeArgument],
    on_the_way: dict[str, int],
) -> None:
    change = to.run.carried(lambda k: error if k == output else None, start, on_the_way)
    if change is not None:
        to.add(key, to.right + change, hint, step.node, step.edge)


def _value(to: Collected) -> None:
    """The value of the same wire, node or parameter in place of its gradient."""
    value = to.run.trace.parameters.get(to.key) if to.address.kind == "parameter" else to.run.trace.values.get(to.key)
    if value is not None and value.shape == to.right.shape:
        to.add("value", value, _("That is the value (above the wire). The question asks for its gradient."), to.key[0])


def _deep(to: Collected, start: list[NodeArgument], on_the_way: dict[str, int]) -> None:
    """Slips farther along the way, the nearest first, as long as the budget lasts."""
    run, begins = to.run, {(s.node, s.a) for s in start}
    for node in sorted((n for n, d in on_the_way.items() if d <= DEPTH), key=lambda n: on_the_way[n]):
        if len(to.values) >= BUDGET or to.spent:
            return
        for output in run.operations[node].outputs:
            parts = [s for s in run.consumers.get(output, ()) if s.a in s.operation.needed]
            for step in parts if len(parts) > 1 else ():
                right = _contribution(run, step)
                if right is not None:
                    _changed(to, "branches", output, -right, hints.branches(run, node, [step]), step, start, on_the_way)
        further = _further(run, node, begins, on_the_way)
        for step in further[:1]:
            _cut_off(to, step, start, on_the_way)
        for step in further:
            for key, wrong in slips(run, step):
                if key in FURTHER:
                    _carry(to, key, step, wrong, start, on_the_way)
