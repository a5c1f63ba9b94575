"""A block repeated in series: what comes out of it goes into its first copy, and so on; what used it before uses the last copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from graph.model.edits import Compound, Connect, Disconnect, Edit, SetGraphSetting
from graph.model.edits.composed import copies
from graph.model.elements import Edge, End
from graph.model.goal import SETTING
from graph.model.graph import Graph, GraphError
from graph.model.group_view import expand
from graph.model.reach import reachable
from graph.model.several_objectives import redirected
from graph.text.listing import listed
from graph.text.messages import _, ngettext

MOST = 100
"""The most copies at a time."""


@dataclass(frozen=True, slots=True)
class Block:
    """What is repeated: `entries` are the inputs, with their slots, that what comes in goes to; `source` gives it, if anything does."""

    nodes: tuple[str, ...]
    groups: tuple[str, ...]
    source: End | None
    entries: tuple[tuple[End, int], ...]
    exit: End


@dataclass(frozen=True, slots=True)
class Repeated:
    """The edit, and for each copy the new id of every node and group."""

    edit: Edit
    copies: tuple[dict[str, str], ...]


def block_of(graph: Graph, ids: Iterable[str]) -> Block:
    """The block that these nodes and groups are. Raises GraphError, which says why they cannot be put in series."""
    chosen = expand(graph, ids)
    among = set(chosen)
    nodes = [item for item in graph.order() if item in among]
    if not nodes:
        raise GraphError(_("Select the nodes to repeat"))
    inner = set(nodes)
    source, entries = _way_in(graph, nodes, inner)
    way_out = _way_out(graph, nodes, inner)
    if way_out[0] not in reachable((end[0] for end, _slot in entries), lambda node: inner.intersection(graph.successors(node))):
        name = graph.nodes[way_out[0]].name
        raise GraphError(_("{name}, which leaves the block, does not depend on what comes into it").format(name=name))
    return Block(tuple(nodes), tuple(item for item in chosen if item in graph.groups), source, entries, way_out)


def repeat(graph: Graph, block: Block, count: int, dx: float) -> Repeated:
    """Add `count` copies, each `dx` to the right of the one before. Learned tensors are drawn for each copy; nothing is shared."""
    scratch = graph.copy()
    edits: list[Edit] = []
    renewals: list[dict[str, str]] = []
    inner = set(block.nodes)
    nodes, groups = [graph.nodes[n] for n in block.nodes], [graph.groups[g] for g in block.groups]
    wires = [edge for n in block.nodes for edge in graph.inputs_of(n) if edge.source[0] in inner]

    def do(edit: Edit) -> None:
        edit.apply(scratch)
        edits.append(edit)

    last = block.exit
    for number in range(1, count + 1):
        edit, renewed = copies(scratch, nodes, wires, dx * number, 0.0, groups)
        do(edit)
        for (node, port), slot in block.entries:
            do(Connect(Edge(scratch.fresh_id("e"), last, (renewed[node], port), slot)))
        last = (renewed[block.exit[0]], block.exit[1])
        renewals.append(renewed)
    for edge in _leaving(graph, block.nodes, inner):
        do(Disconnect(edge.id))
        do(Connect(replace(edge, source=last, via=())))
    objective = graph.settings.get("objective")
    if objective and (objective["node"], objective["port"]) == block.exit:
        do(SetGraphSetting("objective", {"node": last[0], "port": last[1]}))
    if (objectives := redirected(graph, block.exit[0], *last)) is not None:
        do(SetGraphSetting(SETTING, objectives))
    return Repeated(Compound(tuple(edits), _("Repeat")), tuple(renewals))


def _leaving(graph: Graph, nodes: Iterable[str], inner: Collection[str]) -> list[Edge]:
    return [edge for node in nodes for edge in graph.outputs_of(node) if edge.target[0] not in inner]


def _way_in(graph: Graph, nodes: Iterable[str], inner: Collection[str]) -> tuple[End | None, tuple[tuple[End, int], ...]]:
    """What comes in, and where; a block that nothing is wired into must have exactly one input that waits for a wire."""
    entering = [edge for node in nodes for edge in graph.inputs_of(node) if edge.source[0] not in inner]
    sources = list(dict.fromkeys(edge.source for edge in entering))
    if len(sources) == 1:
        return sources[0], tuple((edge.target, edge.slot) for edge in entering)
    if sources:
        names = listed(_called(graph, end) for end in sources)
        raise GraphError(
            _("The block has {count} ways in, from {names}; in series it needs exactly one").format(count=len(sources), names=names)
        )
    free = [
        (node, port.name) for node in nodes for port in graph.spec(node).inputs
        if not (port.parameter or port.optional) and graph.edge_into(node, port.name) is None
    ]  # fmt: skip
    if len(free) != 1:
        count = len(free)
        said = ngettext("it has {count} free input", "it has {count} free inputs", count).format(count=count)
        raise GraphError(_("Nothing is wired into the block, and {said}; in series it needs exactly one way in").format(said=said))
    return None, ((free[0], 0),)


def _way_out(graph: Graph, nodes: Iterable[str], inner: Collection[str]) -> End:
    nodes = list(nodes)
    ends = list(dict.fromkeys(edge.source for edge in _leaving(graph, nodes, inner)))
    if not ends:
        ends = [(node, graph.spec(node).outputs[0].name) for node in nodes if graph.spec(node).outputs and not graph.outputs_of(node)]
    if len(ends) == 1:
        return ends[0]
    if not ends:
        raise GraphError(_("Nothing leaves the block; in series it needs exactly one way out"))
    names = listed(_called(graph, end) for end in ends)
    raise GraphError(_("The block has {count} ways out, {names}; in series it needs exactly one").format(count=len(ends), names=names))


def _called(graph: Graph, end: End) -> str:
    """An output by its node's name, with its own where the node has several."""
    name = graph.nodes[end[0]].name
    return name if len(graph.spec(end[0]).outputs) == 1 else f"{name}.{end[1]}"
