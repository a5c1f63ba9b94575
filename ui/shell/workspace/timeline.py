"""Where phases and layers begin and end among the events of one training step.

A position counts finished events: 0 is before everything, `length` after the gradients were set to zero.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

from engine.compile.views import PassEvent
from graph.model.graph import Graph
from graph.text.messages import _

Phase = Literal["forward", "loss", "backward", "update", "zero"]
PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update", "zero")
_SCORING = ("losses", "probes")
"""Categories of nodes that measure a result rather than make one."""


class Timeline:
    """The events of one pass over one graph, and whether an update and zeroing follow (`whole`).

    The loss phase begins with the first of the closing run of events in which only losses, penalties, probes and what is computed
    from them are at work; the node that is differentiated always belongs to it.
    """

    def __init__(self, graph: Graph, events: Sequence[PassEvent], objective: str | None, whole: bool) -> None:
        self.events = tuple(events)
        self.whole = whole
        count = len(self.events)
        self.turn = next((i for i, event in enumerate(self.events) if event.phase == "backward"), count)
        self.length = count + 2 * whole
        loss = self._loss(graph, objective) if objective is not None else self.turn
        self.ends: dict[Phase, int] = {"forward": loss, "loss": self.turn, "backward": count}
        if whole:
            self.ends |= {"update": count + 1, "zero": count + 2}
        self._phase_stops = sorted({0, *self.ends.values()})
        self._layer_stops = sorted({*self._phase_stops, *self._borders(layers(graph))})

    def phase(self, position: int) -> Phase:
        """The phase of the last finished event; at the very beginning, the first phase."""
        at = max(1, min(position, self.length))
        return next((phase for phase, end in self.ends.items() if at <= end), "forward")

    def begins(self, phase: Phase) -> int:
        """The position before the first event of a phase."""
        at = PHASES.index(phase)
        return self.ends[PHASES[at - 1]] if at else 0

    def count(self, phase: Phase) -> int:
        """How many events a phase has."""
        return self.ends[phase] - self.begins(phase)

    def step(self, position: int, way: int, unit: Literal["layer", "phase"]) -> int:
        """The position one layer or phase further on (`way` 1) or back (-1); the nearest end where there is none."""
        stops = self._layer_stops if unit == "layer" else self._phase_stops
        if way > 0:
            return stops[min(bisect_right(stops, position), len(stops) - 1)]
        return stops[max(bisect_left(stops, position) - 1, 0)]

    def after(self, node: str, position: int) -> int | None:
        """The position after the next event of a node; None where no event is left."""
        return next((i + 1 for i in range(max(position, 0), len(self.events)) if self.events[i].node == node), None)

    def text(self, position: int, graph: Graph) -> str:
        """What has just happened."""
        if position <= 0:
            return _("nothing computed yet")
        if position > len(self.events):
            return _("parameters updated") if position == len(self.events) + 1 else _("gradients set to zero")
        event = self.events[position - 1]
        name = graph.nodes[event.node].name if event.node in graph.nodes else "…"
        return (_("value of {name}") if event.phase == "forward" else _("gradient of {name}")).format(name=name)

    def _loss(self, graph: Graph, objective: str) -> int:
        scoring: set[str] = {objective}
        for event in self.events[: self.turn]:
            node = graph.nodes.get(event.node)
            if node is None:
                continue
            sources = graph.inputs_of(event.node)
            if graph.spec(node).category in _SCORING or any(edge.source[0] in scoring for edge in sources):
                scoring.add(event.node)
        at = self.turn
        while at and self.events[at - 1].node in scoring:
            at -= 1
        own = next((i for i, event in enumerate(self.events[: self.turn]) if event.node == objective), self.turn)
        return min(at, own)

    def _borders(self, layer: dict[str, int]) -> list[int]:
        """Positions before which a deeper layer begins in the forward pass, and behind which a shallower one in the backward pass."""
        borders, deepest = [], 0
        for i, event in enumerate(self.events[: self.turn]):
            depth = layer.get(event.node, 0)
            if depth > deepest:
                borders.append(i)
                deepest = depth
        shallowest = deepest
        for i, event in enumerate(self.events[self.turn :], self.turn):
            depth = layer.get(event.node, 0)
            if depth < shallowest and event.edges:
                borders.append(i)
                shallowest = depth
        return borders


def layers(graph: Graph) -> dict[str, int]:
    """How deep every node lies: counted in nodes with weights on the longest way to it, and where there are none, in nodes.

    What a person put into one group at the outermost level is one layer, as deep as its deepest node.
    """
    learned = set(graph.having(lambda spec: spec.parameters and spec.inputs))
    depth: dict[str, int] = {}
    for node in graph.order():
        before = max((depth[edge.source[0]] for edge in graph.inputs_of(node)), default=-1 if not learned else 0)
        depth[node] = before + (node in learned if learned else 1)
    homes = {node: _outermost(graph, node) for node in graph.nodes} if graph.groups else {}
    deepest: dict[str, int] = {}
    for node, home in homes.items():
        if home is not None:
            deepest[home] = max(deepest.get(home, 0), depth[node])
    return {node: deepest[home] if (home := homes.get(node)) is not None else depth[node] for node in depth}


def _outermost(graph: Graph, node: str) -> str | None:
    home = graph.nodes[node].group
    while home is not None and (parent := graph.groups[home].parent) is not None:
        home = parent
    return home
