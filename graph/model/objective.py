"""Which scalar is differentiated.

The first of several objectives; else the node marked; else the only sink, probes aside; else the only loss among the sinks; else none.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.several_objectives import goals_of
from graph.text.messages import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Objective:
    """An output, and whether someone marked it or it was the only candidate."""

    node: str
    port: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class NoObjective:
    """Why there is none, and the ids of the nodes to choose from."""

    message: Message
    candidates: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return str(self.message)


def whole(portions: Generator[None, None, T]) -> T:
    """The result of work that is done in portions, all of it now."""
    while True:
        try:
            next(portions)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def find_objective(graph: Graph) -> Objective | NoObjective:
    """The output to differentiate, or why there is none."""
    return whole(seek_objective(graph))


def seek_objective(graph: Graph) -> Generator[None, None, Objective | NoObjective]:
    """The same in small portions, between which the graph must not change."""
    if goals := goals_of(graph):
        return Objective(*goals[0].key, True)
    marked = graph.settings.get("objective")
    if marked:
        return Objective(marked["node"], marked["port"], True)
    if not graph.nodes:
        return NoObjective(Message("empty-canvas", "The canvas is empty."))
    sinks, wired = list[Node](), list[Node]()
    for node in graph.nodes.values():
        yield
        if _is_sink(graph, node):
            sinks.append(node)
            wired += [node] if graph.inputs_of(node.id) or graph.outputs_of(node.id) else []
    # A node without any wire has just been put down or is left over: it does not compete with a graph.
    sinks, losing = wired or sinks, set(graph.having(lambda spec: spec.loss))
    losses = [node for node in sinks if node.id in losing]
    for choice in (sinks, losses):
        if len(choice) == 1:
            return Objective(choice[0].id, _port(graph, choice[0]) or "y")
    if not sinks:
        return NoObjective(Message("nothing-to-differentiate", "No node gives a number that could be differentiated."))
    names = ", ".join(node.name for node in (losses or sinks)[:6]) + (" …" if len(losses or sinks) > 6 else "")
    several = Message("several-objectives", "Several nodes could be the objective ({names}): set one as objective.", names=names)
    return NoObjective(several, tuple(node.id for node in losses or sinks))


def _is_sink(graph: Graph, node: Node) -> bool:
    """Whether a node that gives numbers feeds only probes."""
    return not _feeds(graph, node.id) and not graph.spec(node).probe and _port(graph, node) is not None


def _feeds(graph: Graph, node_id: str) -> bool:
    """Whether a node's outputs reach, possibly through probes, a node that is none."""
    pending, seen = [node_id], {node_id}
    while pending:
        for other in graph._following(pending.pop()):
            if not graph.spec(other).probe:
                return True
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return False


def _port(graph: Graph, node: Node) -> str | None:
    return next((port.name for port in graph.spec(node).outputs if port.dtype != "index"), None)
