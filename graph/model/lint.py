"""Is this graph well formed? Checked from scratch, trusting none of the graph's own indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from graph.model.elements import LIMIT, valid_name
from graph.model.graph import Graph
from graph.model.settings import finite_json, kind_complaint
from graph.model.topology import topological_order
from graph.model.training_settings import training_refusal


def lint(graph: Graph) -> list[str]:
    """What is wrong, one sentence each; empty when the graph is well formed."""
    return [*_identities(graph), *_nodes(graph), *_edges(graph), *_groups(graph), *_membership(graph), *_document(graph), *_indexes(graph)]


def _identities(graph: Graph) -> Iterator[str]:
    tables = (graph.nodes, graph.edges, graph.groups, graph.frames, graph.notes)
    for identity, count in Counter(identity for table in tables for identity in table).items():
        if count > 1:
            yield f'the id "{identity}" is used {count} times'
    for table in tables:
        yield from (f'"{key}" is filed under another id' for key, item in table.items() if item.id != key)
    for name, count in Counter(node.name for node in graph.nodes.values()).items():
        if count > 1:
            yield f'the name "{name}" is used {count} times'


def _nodes(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        if not valid_name(node.name):
            yield f'"{node.name}" is not a name'
        if not (abs(node.x) <= LIMIT and abs(node.y) <= LIMIT):
            yield f"{node.name} is not on the canvas"
        if node.group is not None and node.group not in graph.groups:
            yield f"{node.name} is in a group that does not exist"
        for name, value in node.params.items():
            setting = graph.catalog[node.type].setting(name) if node.type in graph.catalog else None
            if not finite_json(value):
                yield f"{node.name}.{name} is not plain JSON"
            elif setting is not None and (wrong := kind_complaint(setting, value)):
                yield f"{node.name}: {wrong}"
            if setting is not None and setting.name != name:
                yield f"{node.name}.{name} is now called {setting.name}"


def _edges(graph: Graph) -> Iterator[str]:
    occupied: Counter[tuple[str, str, int]] = Counter()
    following: dict[str, list[str]] = {node: [] for node in graph.nodes}
    indegree = dict.fromkeys(graph.nodes, 0)
    for edge in graph.edges.values():
        (source, give), (target, take) = edge.source, edge.target
        if source not in graph.nodes or target not in graph.nodes:
            yield f"{edge.id} leads to nowhere"
            continue
        following[source].append(target)
        indegree[target] += 1
        occupied[target, take, edge.slot] += 1
        if give not in (port.name for port in graph.spec(source).outputs):
            yield f'{edge.id} leaves an output "{give}" that does not exist'
        port = next((port for port in graph.spec(target).inputs if port.name == take), None)
        if port is None:
            yield f'{edge.id} enters an input "{take}" that does not exist'
        elif edge.slot < 0 or (edge.slot and not port.many):
            yield f"{edge.id} enters slot {edge.slot} of an input without slots"
    yield from (f"{count} wires enter {node}.{port}" for (node, port, _), count in occupied.items() if count > 1)
    order = list(topological_order(graph.nodes, following, indegree))
    if len(order) < len(graph.nodes):
        yield "there is a cycle"
    elif tuple(order) != graph.order():
        yield "the cached order is out of date"


def _groups(graph: Graph) -> Iterator[str]:
    for group in graph.groups.values():
        seen, above = {group.id}, group.parent
        while above is not None:
            if above in seen or above not in graph.groups:
                yield f"the group {group.id} hangs on nothing or on itself"
                break
            seen.add(above)
            above = graph.groups[above].parent


def _membership(graph: Graph) -> Iterator[str]:
    """Whether each group lists exactly what says that it lies there, in the order of the document."""
    nodes: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        if node.group is not None:
            nodes.setdefault(node.group, []).append(node.id)
    for group in graph.groups.values():
        if group.parent is not None:
            groups.setdefault(group.parent, []).append(group.id)
    if nodes.keys() != graph._membership.nodes.keys() or groups.keys() != graph._membership.groups.keys():
        yield "the index of groups lists a group that holds nothing, or misses one that does"
    for group_id in graph.groups:
        if list(graph.members(group_id)) != nodes.get(group_id, []) or list(graph.subgroups(group_id)) != groups.get(group_id, []):
            yield f"what is listed in the group {group_id} is not what says that it lies there"


def _document(graph: Graph) -> Iterator[str]:
    for name, value in graph.settings.items():
        if wrong := graph.setting_refusal(name, value):
            yield wrong
    for name, value in graph.training.items():
        if wrong := training_refusal(name, value):
            yield wrong


def _indexes(graph: Graph) -> Iterator[str]:
    """Whether what the graph answers quickly is what its tables say."""
    into: dict[str, list[str]] = {node: [] for node in graph.nodes}
    out: dict[str, list[str]] = {node: [] for node in graph.nodes}
    for edge in graph.edges.values():
        into[edge.target[0]].append(edge.id)
        out[edge.source[0]].append(edge.id)
        if graph.edge_into(*edge.target, edge.slot) is not edge:
            yield f"{edge.id} is not found at its target"
        if not graph._ranks.ascends(edge.source[0], edge.target[0]):
            yield f"{edge.id} goes down in rank"
    for node in graph.nodes.values():
        if graph.named(node.name) is not node:
            yield f"{node.name} is not found by its name"
        if sorted(edge.id for edge in graph.inputs_of(node.id)) != sorted(into[node.id]):
            yield f"the wires into {node.name} are not those of the table"
        if [edge.id for edge in graph.outputs_of(node.id)] != out[node.id]:
            yield f"the wires out of {node.name} are not those of the table, in its order"
    if len(graph._names.table) != len(graph.nodes) or len(graph._into) != len(graph.nodes) or len(graph._out) != len(graph.nodes):
        yield "an index holds a node that is gone"
