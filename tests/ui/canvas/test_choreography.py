"""What is seen of one event of a pass: its stages, the texts in them, and where they are. The numbers are worked out by hand.

f = x·y + z with x = 2, y = −5, z = 3: x·y = −10, f = −7; ∂f/∂(x·y) = 1, ∂f/∂x = 1 · (−5) = −5, ∂f/∂y = 1 · 2 = 2, ∂f/∂z = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.compile.views import TraceView
from engine.explain.answer import answer
from engine.explain.arithmetic import Arithmetic, ArithmeticOf
from engine.explain.context import ExplainContext
from engine.training.model import Model
from graph.model.graph import Graph
from tests.support.networks import product
from ui.canvas.model.arithmetic import NodeRows, Token
from ui.canvas.model.choreography import Choreography, choreography
from ui.canvas.model.content import Content
from ui.motion.rows import node_rows


@dataclass
class Flat:
    """Every wire is 100 long and level, its source at x = 0; the card's middle is at (200, 0)."""

    unit: float = 10.0
    middle: tuple[float, float] = (200.0, 0.0)
    output: tuple[float, float] = (300.0, 0.0)

    def way(self, wire: str, share: float) -> tuple[float, float]:
        return 100.0 * share, 0.0

    def length(self, wire: str) -> float:
        return 100.0 if wire else 0.0

    def width(self, token: Token) -> float:
        return 5.0 * len(token.text)

    def height(self, token: Token) -> float:
        return self.unit


class Played:
    """A graph with its pass."""

    def __init__(self, graph: Graph) -> None:
        self.graph, model = graph, Model(graph)
        self.trace: TraceView = model.view(model.trace)
        reply = answer(ExplainContext(model), ArithmeticOf(tuple(graph.nodes)))
        assert isinstance(reply, Arithmetic)
        self.rows: dict[str, NodeRows] = {node: node_rows(told) for node, told in reply.nodes.items()}

    def of(self, name: str, phase: str, trace: TraceView | None = None) -> Choreography:
        node = self.graph.named(name)
        assert node is not None
        event = next(event for event in self.trace.events if event.node == node.id and event.phase == phase)
        made = choreography(event, Content(self.graph, trace or self.trace), self.rows.get(node.id))
        assert made is not None
        return made

    def wire(self, source: str, target: str, port: str) -> str:
        there, here = self.graph.named(target), self.graph.named(source)
        assert there is not None and here is not None
        return next(edge.id for edge in self.graph.inputs_of(there.id) if edge.target[1] == port and edge.source[0] == here.id)


@pytest.fixture(scope="module")
def xyz(qapp: object) -> Played:
    return Played(product())


def story(scene: Choreography) -> list[tuple[str, tuple[str, ...]]]:
    """Each stage and what can be read in the middle of it."""
    return [(stage, scene.texts(scene.begins(stage) + part / 2)) for stage, part in scene.stages]


def test_the_product_travels_waits_is_worked_out_and_leaves(xyz: Played) -> None:
    assert story(xyz.of("d", "forward")) == [
        ("arrive", ("2", "−5")),
        ("gather", ("2", "−5")),
        ("operate", ("2 × (−5)",)),
        ("result", ("2 × (−5) = −10",)),
        ("merge", ("−10",)),
        ("leave", ("−10",)),
    ]
    assert [texts for _, texts in story(xyz.of("f", "forward"))][2:4] == [("−10 + 3",), ("−10 + 3 = −7",)]


def test_backward_upstream_times_local_becomes_downstream_on_every_wire(xyz: Played) -> None:
    assert story(xyz.of("f", "backward")) == [
        ("arrive", ("1",)),
        ("gather", ("1",)),
        ("operate", ("1 × 1", "1 × 1")),
        ("result", ("1 × 1 = 1", "1 × 1 = 1")),
        ("merge", ("1", "1")),
        ("leave", ("1", "1")),
    ]
    multiplied = xyz.of("d", "backward")
    assert [texts for _, texts in story(multiplied)][3:] == [("1 × (−5) = −5", "1 × 2 = 2"), ("−5", "2"), ("−5", "2")]
    assert [token.wire for token in multiplied.leaving] == [xyz.wire("x", "d", "a"), xyz.wire("y", "d", "b")]
