"""A graph from the parsed content of a file: everything is checked, and one clear error names the first thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from graph.model.elements import Edge, Frame, Group, Node, Note
from graph.model.garbage import uncollected
from graph.model.graph import Graph, GraphError
from graph.model.membership import depths
from graph.model.rows import edges_of, nodes_of
from graph.model.settings import finite_json
from graph.model.spec import Catalog
from graph.model.topology import topological_order
from graph.text.messages import _
from graph.text.quoting import one_line, quoted

_KNOWN = ("format", "version", "settings", "nodes", "edges", "groups", "frames", "notes", "training")


class BuildError(Exception):
    """What is wrong with the content, and where; a clause without file name and full stop."""


def build(content: dict[str, Any], catalog: Catalog) -> Graph:
    """The graph that a file's content describes. Raises BuildError."""
    with uncollected():
        return _built(content, catalog)


def _built(content: dict[str, Any], catalog: Catalog) -> Graph:
    graph = Graph(catalog)
    try:
        _groups(graph, _list(content, "groups"))
        _add_nodes(graph, _list(content, "nodes"))
        edges = edges_of(_list(content, "edges"))
        if not all(map(_is_plain, edges)) or not graph._fill_edges(edges):
            _add_edges(graph, edges)
        items: tuple[tuple[str, Callable[[Any], Frame | Note]], ...] = (("frames", Frame.from_json), ("notes", Note.from_json))
        for key, read in items:
            for row in _list(content, key):
                graph._add_item(_plain(read(row)))
        for name, value in _object(content, "settings").items():
            graph._set_setting(name, value)
        for name, value in _object(content, "training").items():
            graph._set_training(name, value)
    except (GraphError, ValueError) as problem:
        raise BuildError(str(problem)) from None
    graph.extra = {key: value for key, value in content.items() if key not in _KNOWN}
    if not finite_json(graph.extra):
        raise BuildError(_("an unknown entry holds a number that is not finite"))
    return graph


def _add_nodes(graph: Graph, rows: list[Any]) -> None:
    """All at once; where something is wrong, one after the other, so that the first that is wrong is named."""
    try:
        nodes = nodes_of(rows)
    except ValueError:
        nodes = []
    if len(nodes) < len(rows) or not all(map(_is_plain, nodes)) or not graph._fill_nodes(nodes):
        for row in rows:
            _add_node(graph, row)


def _add_node(graph: Graph, row: Any) -> None:
    node = Node.from_json(row)
    try:
        graph._add_node(_plain(node))
    except GraphError as problem:
        raise BuildError(_placed(_("node {id}").format(id=quoted(node.id)), str(problem), node.name)) from None


def _add_edges(graph: Graph, edges: list[Edge]) -> None:
    """Add all wires; ranking the nodes first keeps this linear, whatever order the file lists them in."""
    following: dict[str, list[str]] = {node: [] for node in graph.nodes}
    indegree: dict[str, int] = dict.fromkeys(graph.nodes, 0)
    for edge in edges:
        for end, key in ((edge.source[0], "from"), (edge.target[0], "to")):
            if end not in following:
                raise BuildError(
                    _('edge {id}: "{key}" names a node that does not exist, {end}').format(id=quoted(edge.id), key=key, end=quoted(end))
                )
        following[edge.source[0]].append(edge.target[0])
        indegree[edge.target[0]] += 1
    order = list(topological_order(graph.nodes, following, indegree))
    if len(order) < len(graph.nodes):
        done = set(order)
        names = [node.name for node in graph.nodes.values() if node.id not in done]
        more = _(" and {count} more").format(count=len(names) - 5) if len(names) > 5 else ""
        raise BuildError(
            _("the edges form a cycle through or before {nodes}{more}").format(
                nodes=", ".join(one_line(name, 40) for name in names[:5]), more=more
            )
        )
    graph._ranks.fill(order)
    for edge in edges:
        edge, known = _present_ports(graph, edge)
        try:
            graph._add_edge(_plain(edge), known=known)
        except GraphError as problem:
            raise BuildError(_("edge {id}: {problem}").format(id=quoted(edge.id), problem=problem)) from None


def _present_ports(graph: Graph, edge: Edge) -> tuple[Edge, bool]:
    """The edge with the ports' present names in place of former ones, and whether both are declared."""
    (source, give), (target, take) = edge.source, edge.target
    giver, taker = graph.catalog.find(graph.nodes[source].type), graph.catalog.find(graph.nodes[target].type)
    output, port = giver.output(give) if giver else None, taker.input(take) if taker else None
    known = output is not None and port is not None
    if (output is None or output.name == give) and (port is None or port.name == take):
        return edge, known
    return replace(edge, source=(source, output.name if output else give), target=(target, port.name if port else take)), known


def _groups(graph: Graph, rows: list[Any]) -> None:
    add_groups(graph, [_plain(Group.from_json(row)) for row in rows])


def add_groups(graph: Graph, groups: Sequence[Group]) -> None:
    """Add groups, which may stand before their parents: first without, then hung up, the deepest first, so that the look for
    circles is never long. Raises GraphError."""
    for group in groups:
        graph._add_item(replace(group, parent=None))
    depth = depths(groups)
    for group in sorted(groups, key=lambda group: -depth[group.id]):
        graph._replace_item(group)


def _is_plain(item: Node | Edge) -> bool:
    return not item.extra or finite_json(dict(item.extra))


def _plain(item: Any) -> Any:
    if item.extra and not finite_json(dict(item.extra)):
        raise BuildError(_("{lower} {id} holds a number that is not finite").format(lower=type(item).__name__.lower(), id=quoted(item.id)))
    return item


def _list(content: dict[str, Any], key: str) -> list[Any]:
    value = content.get(key, [])
    if not isinstance(value, list):
        raise BuildError(_('"{key}" is not a list').format(key=key))
    return value


def _object(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise BuildError(_('"{key}" is not a JSON object').format(key=key))
    return value


def _placed(place: str, text: str, name: str) -> str:
    return f"{place}: {text.removeprefix(name + ': ')}"
