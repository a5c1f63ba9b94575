"""Which numbers of a graph can be predicted, what they are called, and what else must be covered so that none gives them away."""

from __future__ import annotations

from collections.abc import Iterable

from engine.compile.views import ArrayView, TraceView
from engine.explain.symbols import entry_lowered
from graph.model.address import Address, first_output, parameter, wire
from graph.model.graph import Graph


def value_items(graph: Graph, trace: TraceView | None, chosen: Iterable[str]) -> list[Address]:
    """The values of these nodes, and of the nodes these wires come from. Values typed into a source are never asked for."""
    nodes = dict.fromkeys(graph.edges[i].source[0] if i in graph.edges else i for i in chosen if i in graph.edges or i in graph.nodes)
    values = [first_output(graph, node) for node in nodes if graph.spec(node).inputs and graph.spec(node).outputs]
    return [entry for address in values if (entry := _with_entry(graph, trace, address)) is not None]


def gradient_items(graph: Graph, trace: TraceView | None, chosen: Iterable[str]) -> list[Address]:
    """The gradients along these wires; of these nodes along their only wire, or their sums where there are several.

    A layer is also asked for the gradients of what it learns.
    """
    addresses: dict[Address, None] = {}
    for identity in chosen:
        if identity in graph.edges:
            addresses[wire(identity).derivative] = None
        elif identity in graph.nodes:
            wires = _carrying(graph, trace, identity)
            addresses[(wire(wires[0]) if len(wires) == 1 else first_output(graph, identity)).derivative] = None
            if graph.spec(identity).role != "parameter":
                addresses |= {parameter(identity, p.name).derivative: None for p in graph.spec(identity).parameters}
    return [entry for address in addresses if (entry := _with_entry(graph, trace, address)) is not None]


def all_gradients(graph: Graph, trace: TraceView | None) -> list[Address]:
    """Every wire's gradient, the sums of those nodes that feed several wires, and what layers learn, the last computed first."""
    chosen: list[str] = []
    for node in reversed(graph.order()):
        wires = _carrying(graph, trace, node)
        learns = graph.spec(node).role != "parameter" and bool(graph.spec(node).parameters)
        chosen += wires + ([node] if len(wires) > 1 or learns else [])
    return gradient_items(graph, trace, chosen)


def _carrying(graph: Graph, trace: TraceView | None, node: str) -> list[str]:
    """The wires from a node along which a gradient comes back."""
    return [e.id for e in graph.outputs_of(node) if trace is not None and isinstance(trace.edge_gradients.get(e.id), ArrayView)]


def known(graph: Graph, trace: TraceView | None, address: Address) -> ArrayView | None:
    """The whole tensor at an address, as the trace has it; None where there is none."""
    if trace is None or not address.exists(graph):
        return None
    view = trace.at(address.whole, graph)
    return view if isinstance(view, ArrayView) else None


def fits(graph: Graph, trace: TraceView | None, address: Address) -> bool:
    """Whether the tensor has such an entry; one that is not known is not known to lack it."""
    view, index = known(graph, trace, address), address.index
    if view is None or index is None:
        return True
    return len(index) == len(view.shape) and all(i < size for i, size in zip(index, view.shape, strict=True))


def number_of(graph: Graph, trace: TraceView | None, address: Address) -> float | None:
    """The right number, as the trace has it; None where there is none or the tensor is too large to travel whole."""
    view = known(graph, trace, address)
    return trace.number(address, graph) if trace is not None and view is not None and view.finite else None


def _with_entry(graph: Graph, trace: TraceView | None, address: Address) -> Address | None:
    """The address with an entry chosen where it is a tensor: the largest, which is no accident of a kink. None where there is no number."""
    view = known(graph, trace, address)
    if view is None or view.data is None or not view.finite or view.data.size == 0 or "int" in view.dtype:
        return None
    if view.scalar is not None:
        return address
    size, place = abs(view.data), int(abs(view.data).argmax())
    entry: list[int] = []
    for length in reversed(size.shape):
        place, at = divmod(place, length)
        entry.insert(0, at)
    return address.at(tuple(entry))


def entry_of(graph: Graph, trace: TraceView | None, address: Address) -> str:
    """Which entry of its tensor is asked for, counted from 1 as in the texts: "₂", "₁₂"; nothing for the whole."""
    view = known(graph, trace, address)
    return entry_lowered(address.index or (), view.shape if view is not None and address.kind != "parameter" else ())


def name_of(graph: Graph, trace: TraceView | None, address: Address) -> str:
    """How a prediction is listed: "gradient x → d.a", "value d", "gradient hidden.W₁₂"."""
    return f"{address.quantity} {address.value.name(graph, entry_of(graph, trace, address))}"


def covers(graph: Graph, addresses: Iterable[Address]) -> tuple[set[str], set[str]]:
    """Ids whose values, and whose gradients, are shown as a question mark while the user predicts these.

    A value is shown on its node and on all its wires. A wire's contribution could be read off the sum at its producer, and the sum of
    several off its wires: only where one wire alone brings it both are the same number.
    """
    values, gradients = set(), set()
    for address in (address for address in addresses if address.exists(graph)):
        node = address.node(graph)
        wires = [e.id for e in graph.outputs_of(node)]
        if not address.gradient:
            values |= {node, *wires}
        elif address.kind == "edge":
            gradients |= {address.id, node}
        else:
            gradients |= {node, *(wires if len(wires) == 1 and address.kind == "output" else ())}
    return values, gradients
