"""The one visibility rule: a trace without the numbers that playback has not reached and those the reader should find out.

The window hands out only what `visible` made, and sends the same `Hidden` along with every question to the kernel.
No Qt, no torch: both processes import this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.compile.views import Absent, ArrayView, TraceView, cover, entry_at
from graph.model.address import Address

if TYPE_CHECKING:
    import numpy as np

    from graph.model.graph import Graph

Measure = tuple[str, str, tuple[int, ...]]
"""What tools measure and must not say: (quantity, id, index), such as ("curvature", "n3", (0,)); every index where it is ()."""
HELD = Absent("not computed")
SAME = 1e-12
"""Relative difference up to which two numbers are taken for one."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """`asked`: whole tensors the reader should find out. `ahead`: those playback has not reached. `measures`: what tools measure."""

    asked: frozenset[Address] = frozenset()
    ahead: frozenset[Address] = frozenset()
    measures: frozenset[Measure] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.asked or self.ahead or self.measures)


NOTHING = Hidden()


class Playhead(Protocol):
    """How far playback has come: `ui.shell.workspace.playback.Playhead`."""

    @property
    def at_rest(self) -> bool: ...

    def arrived_gradients(self, edge: str) -> bool: ...

    def node_has_value(self, node: str) -> bool: ...

    def node_has_gradient(self, node: str) -> bool: ...


def visible(trace: TraceView, playhead: Playhead | None, asked: frozenset[Address], graph: Graph) -> TraceView:
    """The trace as it may be shown: the trace itself where nothing is hidden.

    Numbers that are `asked` for are covered, with their shapes; numbers that playback has not come to are not there, as if they were
    not computed yet. Values typed into a source are known before anything is computed, and so are learned tensors.
    """
    if playhead is not None and not playhead.at_rest:
        trace = _reached(trace, playhead, graph)
    if not asked:
        return trace
    values = {address.key for address in asked if address.kind == "output" and not address.gradient}
    learned = {address.key for address in asked if address.kind == "parameter" and not address.gradient}
    sums = {address.key for address in asked if address.kind == "output" and address.gradient}
    edges = {address.id for address in asked if address.kind == "edge" and address.gradient}
    steps = {address.key for address in asked if address.kind == "parameter" and address.gradient}
    typed = {node for node, _ in values}
    return replace(
        trace,
        values=_covered(trace.values, values),
        gradients=_covered(trace.gradients, sums),
        edge_gradients=_covered(trace.edge_gradients, edges),
        parameters=_covered(trace.parameters, learned),
        parameter_gradients=_covered(trace.parameter_gradients, steps),
        inputs={node: value for node, value in trace.inputs.items() if node not in typed},
        activities={node: found for node, found in trace.activities.items() if node not in typed},
        inner=_covered(trace.inner, {key for key in trace.inner if key[0] in typed or _fed_by(graph, key[0], typed)}),
    )


def _fed_by(graph: Graph, node: str, sources: set[str]) -> bool:
    """Whether a node computes from one of these at first hand: what it makes on its way may give their numbers away."""
    return node in graph.nodes and any(wire.source[0] in sources for wire in graph.inputs_of(node))


def _covered(entries: Mapping[Any, Any], keys: set[Any]) -> Mapping[Any, Any]:
    """The same entries, those of `keys` covered; why a gradient is absent may be said."""
    if not keys & entries.keys():
        return entries
    return {key: cover(entry) if key in keys and isinstance(entry, ArrayView) else entry for key, entry in entries.items()}


def _reached(trace: TraceView, playhead: Playhead, graph: Graph) -> TraceView:
    has_value, has_gradient = playhead.node_has_value, playhead.node_has_gradient
    given = {node for node in graph.nodes if not graph.spec(node).inputs}
    return replace(
        trace,
        values={key: value for key, value in trace.values.items() if key[0] in given or has_value(key[0])},
        gradients={key: entry if has_gradient(key[0]) else HELD for key, entry in trace.gradients.items()},
        edge_gradients={edge: entry if playhead.arrived_gradients(edge) else HELD for edge, entry in trace.edge_gradients.items()},
        parameter_gradients={key: entry if has_gradient(key[0]) else HELD for key, entry in trace.parameter_gradients.items()},
        activities={node: found for node, found in trace.activities.items() if has_value(node)},
        inner={key: value for key, value in trace.inner.items() if has_value(key[0])},
    )


def ahead(playhead: Playhead | None, graph: Graph) -> frozenset[Address]:
    """What playback has not come to, for questions to the kernel; nothing at rest."""
    if playhead is None or playhead.at_rest:
        return frozenset()
    addresses_ahead: list[Address] = []
    for node in graph.nodes:
        spec = graph.spec(node)
        if spec.inputs and not playhead.node_has_value(node):
            addresses_ahead += [Address("output", node, port.name) for port in spec.outputs]
        if not playhead.node_has_gradient(node):
            addresses_ahead += [Address("output", node, port.name, True) for port in spec.outputs]
            addresses_ahead += [Address("parameter", node, parameter.name, True) for parameter in spec.parameters]
    addresses_ahead += [Address("edge", edge, "", True) for edge in graph.edges if not playhead.arrived_gradients(edge)]
    return frozenset(addresses_ahead)


def addresses(graph: Graph, values: Iterable[str], gradients: Iterable[str]) -> frozenset[Address]:
    """What is meant by hiding the values, and the gradients, of these nodes and wires: every number that is the same one.

    A wire's value is that of the output it comes from; a Parameter node's output is the tensor it holds. Of a node the gradients of all
    its outputs and learned tensors are meant, and of an output with one wire also the wire's. Ids that are not in the graph mean nothing.
    """
    result: list[Address] = []
    ends = {graph.edges[value_of].source for value_of in values if value_of in graph.edges}
    ends |= {(value_of, port.name) for value_of in values if value_of in graph.nodes for port in graph.spec(value_of).outputs}
    for node, end in ends:
        result.append(Address("output", node, end))
        result += [Address("edge", wire.id) for wire in graph.outputs_of(node) if wire.source[1] == end]
        if graph.spec(node).role == "parameter":
            result += [Address("parameter", node, parameter.name) for parameter in graph.spec(node).parameters]
    for gradient_of in gradients:
        if gradient_of in graph.edges:
            result += [Address("edge", gradient_of, "", True), *_alone(graph, graph.edges[gradient_of].source, True)]
        elif gradient_of in graph.nodes:
            for port in graph.spec(gradient_of).outputs:
                result += [Address("output", gradient_of, port.name, True), *_alone(graph, (gradient_of, port.name), False)]
            result += [Address("parameter", gradient_of, parameter.name, True) for parameter in graph.spec(gradient_of).parameters]
    return frozenset(result)


def _alone(graph: Graph, end: tuple[str, str], total: bool) -> list[Address]:
    """Where one wire alone brings an output its gradient, both are the same number: the other one of the two."""
    wires = [wire for wire in graph.outputs_of(end[0]) if wire.source == end and graph.spec(wire.target[0]).differentiable]
    if len(wires) != 1:
        return []
    return [Address("output", *end, True) if total else Address("edge", wires[0].id, "", True)]


def with_echoes(trace: TraceView | None, graph: Graph, asked: frozenset[Address]) -> frozenset[Address]:
    """The numbers that are asked for, and those later in the same pass that repeat them: behind an identity, say.

    Only what is computed *from* a hidden number is taken for its echo: what it is computed from is what a person needs to find it.
    """
    if trace is None or not asked:
        return asked
    echoes = set(asked)
    waiting = [address for address in asked if address.kind in ("output", "edge")]
    while waiting:
        here = waiting.pop()
        number = _numbers(trace, graph, here)
        if number is None:
            continue
        for there in _next(graph, here):
            if there not in echoes and _repeats(number, _numbers(trace, graph, there)):
                new = _same_number(graph, there) - echoes
                echoes |= new
                waiting += new
    return frozenset(echoes)


def _same_number(graph: Graph, address: Address) -> frozenset[Address]:
    if address.gradient:
        return frozenset({address})
    return addresses(graph, [address.id], ())


def _next(graph: Graph, address: Address) -> Iterator[Address]:
    """What is computed from this number in the next step of its pass."""
    if not address.gradient:
        if address.kind == "output":
            for node in dict.fromkeys(wire.target[0] for wire in graph.outputs_of(address.id) if wire.source[1] == address.port):
                yield from (Address("output", node, port.name) for port in graph.spec(node).outputs)
    elif address.kind == "edge":
        source = graph.edges.get(address.id)
        if source is not None:
            yield Address("output", *source.source, True)
    else:
        yield from (Address("edge", wire.id, "", True) for wire in graph.inputs_of(address.id))
        yield from (Address("parameter", address.id, parameter.name, True) for parameter in graph.spec(address.id).parameters)


def _numbers(trace: TraceView, graph: Graph, address: Address) -> np.ndarray | None:
    """The numbers there, in one row; None where there are none, or too many to have travelled."""
    view = entry_at(trace, address, graph)
    return view.data.reshape(-1) if isinstance(view, ArrayView) and view.data is not None else None


def _repeats(numbers: np.ndarray, others: np.ndarray | None) -> bool:
    """Whether the others are the same numbers, or hold one of them that is no accident: 0 and 1 are everywhere."""
    if others is None or not numbers.size or not others.size:
        return False
    import numpy as np

    with np.errstate(all="ignore"):
        if numbers.size == others.size and bool((np.abs(numbers - others) <= SAME * np.abs(numbers)).all()):
            return True
        known = numbers[~np.isin(numbers, (0.0, 1.0, -1.0)) & np.isfinite(numbers)]
        return bool(np.isin(others, known).any())
