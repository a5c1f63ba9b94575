"""Whether wires fit the nodes they lead from and to: one wire, with the reason, or all wires of a file at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graph.model.elements import Edge, End, Node
from graph.model.spec import Catalog, NodeSpec, Port
from graph.model.topology import topological_order
from graph.text.messages import _
from graph.text.quoting import quoted


def missing(nodes: Mapping[str, Node], catalog: Catalog, source: End, target: End) -> str | None:
    """Why one of these two ends does not exist; None when both do. A node of an unknown type has every port."""
    for (identity, port), word in ((source, "output"), (target, "input")):
        if identity not in nodes:
            return _("there is no node {identity}").format(identity=quoted(identity))
        node = nodes[identity]
        spec = catalog.find(node.type)
        if spec is None:
            continue
        declared = spec.output(port) if word == "output" else spec.input(port)
        if declared is None or declared.name != port:
            names = ", ".join(p.name for p in (spec.outputs if word == "output" else spec.inputs))
            there = (
                _("its {word}s are {names}").format(word=word, names=names) if names else _("it has no {word}s at all").format(word=word)
            )
            return _("{name} has no {word} {port}; {there}").format(name=node.name, word=word, port=quoted(port), there=there)
    return None


def disagreement(start: Node, give: Port | None, end: Node, take: Port | None) -> str | None:
    """Why what an output gives is not what an input takes; None when it is, or is not known."""
    if give is None or take is None or "any" in (give.dtype, take.dtype) or give.dtype == take.dtype:
        return None
    if take.dtype == "float":
        what = _("{source} gives class indices, {node}.{input} needs real numbers").format(
            source=start.name, node=end.name, input=take.name
        )
        return _("{what}: a One-hot node in between turns one into the other").format(what=what)
    return _("{node}.{input} needs class indices, {source} gives real numbers").format(node=end.name, input=take.name, source=start.name)


def all_exist(edges: Iterable[Edge], types: Mapping[str, str], catalog: Catalog) -> bool:
    """Whether all these wires have both their ends, by the present names of ports; `types` are those of the nodes. Each type's port is
    looked up once, not once a wire."""
    try:
        given = {(types[edge.source[0]], edge.source[1]) for edge in edges}
        taken = {(types[edge.target[0]], edge.target[1], edge.slot > 0) for edge in edges}
    except KeyError:
        return False
    specs = {kind: catalog.find(kind) for kind in set(types.values())}
    gives, takes = (_gives(specs[kind], port) for kind, port in given), (_takes(specs[kind], port, many) for kind, port, many in taken)
    return all(gives) and all(takes)


def _gives(spec: NodeSpec | None, port: str) -> bool:
    declared = spec.output(port) if spec else None
    return declared is not None and declared.name == port


def _takes(spec: NodeSpec | None, port: str, many: bool) -> bool:
    declared = spec.input(port) if spec else None
    return declared is not None and declared.name == port and (declared.many or not many)


def order_with(nodes: Iterable[str], edges: Sequence[Edge]) -> tuple[str, ...]:
    """These nodes so that every wire goes forward, fewer where wires close a circle. Most files have them in order."""
    place = {node: index for index, node in enumerate(nodes)}
    ends = [(edge.source[0], edge.target[0]) for edge in edges]
    if all([place[source] < place[target] for source, target in ends]):
        return tuple(place)
    following: dict[str, list[str]] = {node: [] for node in place}
    indegree = dict.fromkeys(place, 0)
    for source, target in ends:
        following[source].append(target)
        indegree[target] += 1
    return tuple(topological_order(place, following, indegree))
