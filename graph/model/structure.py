"""Problems that can be seen without computing anything: what the window shows at once, before the engine has started.

Where the engine finds the same problem it makes the same message, so that `graph.model.repairs.merged` can put the two lists together.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice

from graph.model.edits import Connect, SetGraphSetting
from graph.model.elements import Edge, End
from graph.model.graph import Graph
from graph.model.objective import NoObjective, Objective, seek_objective, whole
from graph.model.problem import Problem, Repair
from graph.model.settings import complaint
from graph.model.several_objectives import goals_of, objective_problems
from graph.text.messages import Message, _

TRIED = 16
"""Outputs that are tried for one open input; where more could fit, none is suggested."""
OFFERED = 100
"""Open inputs for which a repair is looked for, in a graph of a few hundred nodes; fewer in larger ones, where each search is longer."""
EFFORT = 40_000
LISTED = 12
"""Nodes without any wire that are named one by one."""
MARKS = 4


Look = Generator[None, None, list[Problem]]
"""A look at a graph in small portions; the graph must not change until it ends, with what was found."""


def problems(graph: Graph) -> list[Problem]:
    """Errors in the order of the nodes, then warnings about the whole."""
    return whole(look(graph))


def look(graph: Graph) -> Look:
    """The same in portions of a few milliseconds at most, however large the graph is."""
    errors = yield from _settings(graph)
    errors += _unknown(graph)
    errors += yield from _open_inputs(graph)
    objective = yield from seek_objective(graph)
    errors += objective_problems(graph)
    if isinstance(objective, NoObjective):
        return [*errors, *_undecided(graph, objective)]
    islands = yield from _islands(graph, objective, {problem.nodes[0] for problem in errors if problem.nodes})
    return [*errors, *islands]


def setting_problems(graph: Graph) -> list[Problem]:
    """One problem for every visible setting of the graph whose value is out of its range."""
    return whole(_settings(graph))


def _settings(graph: Graph) -> Look:
    result = []
    for node in graph.nodes.values():
        yield
        if not node.params:
            continue
        spec, values = graph.spec(node), None
        for name, value in node.params.items():
            setting = spec.setting(name)
            if setting is None:
                continue
            text = complaint(setting, value)
            if text:
                values = values or graph.settings_of(node.id)
                if setting.visible(values):
                    refused = Message("setting-refused", "{reason}", reason=text, setting=name)
                    result.append(Problem("error", refused, (node.id,), about=node.name))
    return result


def unknown_type(graph: Graph, node: str) -> Message:
    """The message about a node of an unknown type, after the node's name."""
    return Message(
        "unknown-node-type",
        'this version does not know the node type "{type}"; it is kept, but cannot be computed',
        type=graph.nodes[node].type,
    )


def missing_input(port: str) -> Message:
    """The message about an input that needs a wire, after the node's name."""
    return Message("input-not-connected", "nothing is connected to its input {port}", port=port)


class Outputs:
    """All outputs of a graph, by what they could feed: where a wire for an open input could come from."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._by_use: dict[tuple[bool, str], list[End]] = {}

    def gathered(self) -> Generator[None, None, Outputs]:
        """The same with the outputs there are, node by node."""
        graph = self._graph
        for node in graph.nodes.values():
            yield
            spec = graph.spec(node)
            if spec.probe or spec.category == "unknown":
                continue
            feeding = {edge.source[1] for edge in graph.outputs_of(node.id)}
            for port in spec.outputs:
                for kind in ("float", "index", "any") if port.dtype == "any" else (port.dtype, "any"):
                    title = f"{kind} target" if port.name == "target" else kind
                    self._by_use.setdefault((port.name in feeding, title), []).append((node.id, port.name))
        return self

    def only_fit(self, target: End) -> End | None:
        """The one output that a wire to this input can only come from: the only free one that fits, else the only one at all.

        What is called target goes to a target first, and to nothing else.
        """
        port = self._graph.spec(target[0]).input(target[1])
        kind = port.dtype if port is not None else "any"
        for used in (False, True):
            for title in (f"{kind} target", kind) if target[1] == "target" else (kind,):
                if fitting := self._fitting(self._by_use.get((used, title), []), target):
                    return fitting[0] if len(fitting) == 1 else None
        return None

    def _fitting(self, outputs: list[End], target: End) -> list[End]:
        """At most two outputs that fit; where there are more than can be tried, the first two."""
        tried = [end for end in outputs[: TRIED + 1] if end[0] != target[0]]
        if len(outputs) > TRIED:
            return tried[:2]
        return list(islice((end for end in tried if self._graph.refusal(end, target) is None), 2))


def connecting(graph: Graph, target: End, outputs: Outputs | None = None) -> tuple[Repair, ...]:
    """The repair that wires an open input to the only output that fits, where there is exactly one."""
    source = (outputs or whole(Outputs(graph).gathered())).only_fit(target)
    if source is None:
        return ()
    edit = Connect(Edge(graph.free_id("e"), source, target))
    node = graph.nodes[source[0]].name
    title = node if len(graph.spec(source[0]).outputs) == 1 else f"{node}.{source[1]}"
    return (Repair(_("Connect {source} to {port}").format(source=title, port=target[1]), (edit.to_json(),)),)


def _unknown(graph: Graph) -> Iterator[Problem]:
    for node in graph.having(lambda spec: spec.key not in graph.catalog):
        yield Problem("error", unknown_type(graph, node), (node,), about=graph.nodes[node].name)


def _open_inputs(graph: Graph) -> Look:
    found: list[Problem] = []
    outputs: Outputs | None = None
    offered = 0
    for node in graph.nodes.values():
        yield
        if node.type not in graph.catalog:
            continue
        wired = {port for port, _ in graph._into[node.id]}
        for port in graph.spec(node).inputs:
            if port.optional or port.name in wired:
                continue
            repairs: tuple[Repair, ...] = ()
            if offered < min(OFFERED, EFFORT // len(graph.nodes)):
                outputs, offered = outputs or (yield from Outputs(graph).gathered()), offered + 1
                repairs = connecting(graph, (node.id, port.name), outputs)
            found.append(Problem("error", missing_input(port.name), (node.id,), (), port.name, repairs, node.name))
    return found


def _undecided(graph: Graph, objective: NoObjective) -> Iterator[Problem]:
    """Several nodes could be differentiated: each can be marked with one click, as long as they are few."""
    if not objective.candidates:
        return
    marks = []
    for node in objective.candidates[:MARKS]:
        port = next(port.name for port in graph.spec(node).outputs if port.dtype != "index")
        edit = SetGraphSetting("objective", {"node": node, "port": port})
        marks.append(Repair(_("Set {name} as objective").format(name=graph.nodes[node].name), (edit.to_json(),)))
    yield Problem("warning", objective.message, objective.candidates, repairs=tuple(marks))


def _islands(graph: Graph, objective: Objective, complained: set[str]) -> Look:
    """Parts of the graph that no wire joins to the objective."""
    found: list[Problem] = []
    goal = graph.nodes[objective.node].name
    goals = {objective.node, *(goal.node for goal in goals_of(graph))}
    alone = []
    for part in (yield from _parts(graph)):
        if not goals.isdisjoint(part):
            continue
        if len(part) == 1:
            alone += [node for node in part if node not in complained]
        else:
            names = _listed(graph, part)
            apart = Message(
                "apart-from-objective", "{names} are not connected to the objective {goal}, so they do not influence it",
                names=names, goal=goal,
            )  # fmt: skip
            found.append(Problem("warning", apart, tuple(part)))
    if len(alone) > LISTED:
        several = Message("several-unconnected", "{names} are not connected to anything", names=_listed(graph, alone))
        return [*found, Problem("warning", several, tuple(alone))]
    for node in alone:
        unwired = Message("unconnected", "{name} is not connected to anything", name=graph.nodes[node].name)
        found.append(Problem("warning", unwired, (node,)))
    return found


def _parts(graph: Graph) -> Generator[None, None, list[list[str]]]:
    """Sets of nodes joined by wires, each in insertion order."""
    part: dict[str, int] = {}
    members: list[list[str]] = []
    for start in graph.nodes:
        if start in part:
            continue
        part[start], waiting = len(members), [start]
        members.append([])
        while waiting:
            yield
            node = waiting.pop()
            for other in (*graph._following(node), *graph._preceding(node)):
                if other not in part:
                    part[other] = part[start]
                    waiting.append(other)
    for node in graph.nodes:
        yield
        members[part[node]].append(node)
    return members


def _listed(graph: Graph, nodes: list[str]) -> str:
    names = [graph.nodes[node].name for node in nodes]
    if len(names) > 4:
        return _("{names} and {count:,} more").format(names=", ".join(names[:3]), count=len(names) - 3)
    return _("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1]) if len(names) > 1 else names[0]
