"""Which numbers of a graph can be predicted, what they are called, and what else must be covered so that none gives them away."""

from __future__ import annotations

from collections.abc import Iterable

from engine.compile.views import Absent, ArrayView, TraceView
from engine.explain.misconceptions import Item
from graph.model.graph import Graph


def value_items(graph: Graph, trace: TraceView | None, chosen: Iterable[str]) -> list[Item]:
    """The values of these nodes, and of the nodes these wires come from. What a person typed into a source is no riddle."""
    nodes = dict.fromkeys(graph.edges[i].source[0] if i in graph.edges else i for i in chosen if i in graph.edges or i in graph.nodes)
    items = [Item("value", node) for node in nodes if graph.spec(node).inputs and graph.spec(node).outputs]
    return [placed for item in items if (placed := _placed(graph, trace, item)) is not None]


def gradient_items(graph: Graph, trace: TraceView | None, chosen: Iterable[str]) -> list[Item]:
    """The gradients along these wires; of these nodes along their only wire, or their sums where there are several.

    A layer is also asked for the gradients of what it learns.
    """
    found: dict[Item, None] = {}
    for identity in chosen:
        if identity in graph.edges:
            found[Item("gradient", identity)] = None
        elif identity in graph.nodes:
            wires = _carrying(graph, trace, identity)
            found[Item("gradient", wires[0]) if len(wires) == 1 else Item("gradient", identity)] = None
            if graph.spec(identity).role != "parameter":
                found |= {Item("gradient", identity, parameter=p.name): None for p in graph.spec(identity).parameters}
    return [placed for item in found if (placed := _placed(graph, trace, item)) is not None]


def all_gradients(graph: Graph, trace: TraceView | None) -> list[Item]:
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


def known(graph: Graph, trace: TraceView | None, item: Item) -> ArrayView | None:
    """The tensor an item is in, as the trace has it; None where there is none."""
    if trace is None:
        return None
    found: ArrayView | Absent | None
    if item.place in graph.edges:
        edge = graph.edges[item.place]
        found = trace.values.get(edge.source) if item.sort == "value" else trace.edge_gradients.get(edge.id)
    elif item.place not in graph.nodes:
        return None
    elif item.parameter:
        key = (item.place, item.parameter)
        found = (trace.parameters if item.sort == "value" else trace.parameter_gradients).get(key)
    else:
        outputs = graph.spec(item.place).outputs
        key = (item.place, item.port or (outputs[0].name if outputs else ""))
        found = (trace.values if item.sort == "value" else trace.gradients).get(key)
    return found if isinstance(found, ArrayView) else None


def fits(graph: Graph, trace: TraceView | None, item: Item) -> bool:
    """Whether the tensor has such an entry; one that is not known is not known to lack it."""
    view = known(graph, trace, item)
    if view is None or item.entry is None:
        return True
    return len(item.entry) == len(view.shape) and all(i < size for i, size in zip(item.entry, view.shape, strict=True))


def number_of(graph: Graph, trace: TraceView | None, item: Item) -> float | None:
    """The right number, as the trace has it; None where there is none or the tensor is too large to travel whole."""
    view = known(graph, trace, item)
    if view is None or view.data is None or not view.finite:
        return None
    if item.entry is None:
        return view.scalar
    if len(item.entry) != view.data.ndim or any(i >= size for i, size in zip(item.entry, view.data.shape, strict=True)):
        return None
    return float(view.data[item.entry])


def _placed(graph: Graph, trace: TraceView | None, item: Item) -> Item | None:
    """The item with an entry chosen where it is a tensor: the largest, which is no accident of a kink. None where there is no number."""
    view = known(graph, trace, item)
    if view is None or view.data is None or not view.finite or view.data.size == 0 or "int" in view.dtype:
        return None
    if view.scalar is not None:
        return item
    size, place = abs(view.data), int(abs(view.data).argmax())
    entry: list[int] = []
    for length in reversed(size.shape):
        place, at = divmod(place, length)
        entry.insert(0, at)
    return Item(item.sort, item.place, item.port, item.parameter, tuple(entry))


def name_of(graph: Graph, item: Item) -> str:
    """What a person calls it: "gradient x → d.a", "value d", "gradient hidden.W[0, 1]"."""
    after = f"[{', '.join(map(str, item.entry))}]" if item.entry else ""
    if (edge := graph.edges.get(item.place)) is not None:
        source, target = graph.nodes[edge.source[0]].name, graph.nodes[edge.target[0]].name
        return f"{item.sort} {source}{after} → {target}.{edge.target[1]}"
    node = graph.nodes.get(item.place)
    name = node.name if node is not None else "?"
    return f"{item.sort} {name}{'.' + item.parameter if item.parameter else ''}{after}"


def covers(graph: Graph, items: Iterable[Item]) -> tuple[set[str], set[str]]:
    """Ids whose values, and whose gradients, are shown as a question mark while these are to be predicted.

    A value stands on its node and on all its wires. A wire's contribution could be read off the sum at its producer, and the sum of
    several off its wires: only where one wire alone brings it both are the same number.
    """
    values, gradients = set(), set()
    for item in items:
        if (edge := graph.edges.get(item.place)) is not None:
            if item.sort == "value":
                values |= {edge.source[0], *(e.id for e in graph.outputs_of(edge.source[0]))}
            else:
                gradients |= {edge.id, edge.source[0]}
        elif item.place in graph.nodes:
            wires = [e.id for e in graph.outputs_of(item.place)]
            if item.sort == "value":
                values |= {item.place, *wires}
            else:
                gradients |= {item.place, *(wires if len(wires) == 1 and not item.parameter else ())}
    return values, gradients
