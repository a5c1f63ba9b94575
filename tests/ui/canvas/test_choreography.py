"""What is seen of one event of a pass: its stages, the texts in them, and where they are. The numbers are worked out by hand.

f = x·y + z with x = 2, y = −5, z = 3: x·y = −10, f = −7; ∂f/∂(x·y) = 1, ∂f/∂x = 1 · (−5) = −5, ∂f/∂y = 1 · 2 = 2, ∂f/∂z = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QRectF

from engine.compile.views import TraceView, cover
from engine.compile.visible import Hidden
from engine.explain.answer import answer
from engine.explain.arithmetic import Arithmetic, ArithmeticOf
from engine.explain.context import ExplainContext
from engine.training.model import Model
from graph.model.address import Address
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net
from ui.canvas.model.arithmetic import NodeRows, Token
from ui.canvas.model.choreography import Choreography, Plate
from ui.canvas.model.content import Content
from ui.canvas.model.event_scene import choreography
from ui.canvas.paint.choreography import strip_left
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


def test_in_exact_mode_fractions_travel_and_a_hidden_number_stays_hidden(xyz: Played) -> None:
    ids = {node.name: node.id for node in xyz.graph.nodes.values()}
    fractions = {
        Address("output", ids["x"], "y"): "7/3", Address("output", ids["y"], "y"): "−5/2", Address("output", ids["d"], "y"): "−35/6",
        Address("edge", xyz.wire("d", "f", "a"), gradient=True): "1/3",
    }  # fmt: skip
    content, rows = Content(xyz.graph, xyz.trace, fractions=fractions), xyz.rows[ids["d"]]
    event = next(event for event in xyz.trace.events if event.node == ids["d"] and event.phase == "forward")
    made = choreography(event, content, rows)
    assert made is not None
    assert [texts for _, texts in story(made)][1:] == [
        ("7/3", "−5/2"), ("7/3 × (−5/2)",), ("7/3 × (−5/2) = −35/6",), ("−35/6",), ("−35/6",),
    ]  # fmt: skip

    backward = next(event for event in xyz.trace.events if event.node == ids["f"] and event.phase == "backward")
    down = choreography(backward, content, xyz.rows[ids["f"]])
    assert down is not None and [token.text for token in down.leaving] == ["1/3", "1"]

    hidden = replace(xyz.trace, values={**xyz.trace.values, (ids["d"], "y"): cover(xyz.trace.values[ids["d"], "y"])})
    asked = choreography(event, Content(xyz.graph, hidden, fractions=fractions), rows)
    assert asked is not None and asked.leaving[0].text == "?"


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


@pytest.fixture(scope="module")
def fan(qapp: object) -> Played:
    """f = x·y − x at x = 2 and y = 3: ∂f/∂x = 3 + (−1) = 2."""
    nodes = {"x": ("source.input", {"value": 2.0}), "y": ("source.input", {"value": 3.0})}
    return Played(network(nodes | {"d": ("math.multiply", {}), "f": ("math.subtract", {})}, "x -> d.a; y -> d.b; d -> f.a; x -> f.b"))


def test_at_a_fan_out_the_contributions_are_added(fan: Played) -> None:
    assert story(fan.of("x", "backward")) == [
        ("arrive", ("3", "−1")),
        ("gather", ("3", "−1")),
        ("add", ("3 + (−1)",)),
        ("sum", ("3 + (−1) = 2",)),
        ("merge", ("2",)),
    ]
    first = fan.of("f", "backward")
    assert first.total is None and [row.text for row in first.rows] == ["1 × 1 = 1", "1 × (−1) = −1"]


def test_numbers_set_out_at_their_sources_and_the_nearer_one_waits(xyz: Played) -> None:
    class Uneven(Flat):
        def way(self, wire: str, share: float) -> tuple[float, float]:
            return (100.0 if wire == near else 0.0) + self.length(wire) * share, 0.0 if wire == near else 40.0

        def length(self, wire: str) -> float:
            return 50.0 if wire == near else 150.0

    product, near, ground = xyz.of("d", "forward"), xyz.wire("x", "d", "a"), Uneven()

    def at(share: float) -> dict[str, float]:
        return {chip.token.text: chip.x for chip in product.frame(share, ground).chips}

    start, half, end = at(0.0), at(product.begins("gather") * 0.6), at(product.begins("gather"))
    assert start == {"2": 100.0, "−5": 0.0}
    assert half["2"] == end["2"] and start["−5"] < half["−5"] < end["−5"]
    assert at((product.begins("gather") + product.begins("operate")) / 2) == end
    assert all(x < 150.0 for x in end.values())  # before the ports, not over the card


def test_the_operands_merge_into_the_result_and_it_leaves_through_the_output(xyz: Played) -> None:
    product, ground = xyz.of("d", "forward"), Flat()
    laid = product.frame(product.begins("merge") - 1e-9, ground)
    assert [chip.token.text.strip() for chip in laid.chips] == ["2", "×", "(−5)", "=", "−10"]
    assert [chip.x for chip in laid.chips] == sorted(chip.x for chip in laid.chips)
    assert laid.plate is not None and laid.plate.width > laid.chips[-1].x - laid.chips[0].x

    merged = product.frame(product.begins("leave") - 1e-9, ground)
    assert [(chip.token.text, chip.x) for chip in merged.chips] == [("−10", pytest.approx(200.0))]
    (gone,) = product.frame(1.0, ground).chips
    assert gone.token.text == "−10" and gone.x > ground.output[0] and gone.pill


def test_backward_the_results_leave_along_the_wires_to_their_sources(xyz: Played) -> None:
    product, ground = xyz.of("d", "backward"), Flat()
    ends = {chip.token.wire: chip for chip in product.frame(1.0, ground).chips}
    assert {wire: chip.token.text for wire, chip in ends.items()} == {xyz.wire("x", "d", "a"): "−5", xyz.wire("y", "d", "b"): "2"}
    assert [chip.x for chip in ends.values()] == [0.0, 0.0]


@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_with_reduced_motion_the_stages_are_the_same_and_nothing_travels(xyz: Played, phase: str) -> None:
    scene, ground = xyz.of("d", phase), Flat()
    for stage, part in scene.stages:
        early, late = (scene.frame(scene.begins(stage) + part * share, ground, still=True) for share in (0.01, 0.99))
        assert early == late and early.stage == stage
        assert early.chips == scene.frame(scene.begins(stage) + part * (1 - 1e-9), ground).chips or stage == "merge"


def test_a_number_that_is_to_be_predicted_stays_a_question_mark(xyz: Played) -> None:
    wire = xyz.wire("x", "d", "a")
    covered = replace(
        xyz.trace, values={**xyz.trace.values, ("d", "y"): cover(xyz.trace.values["d", "y"])},
        edge_gradients={**xyz.trace.edge_gradients, wire: cover(xyz.trace.edge_gradients[wire])},  # type: ignore[arg-type]
    )  # fmt: skip
    assert [texts for _, texts in story(xyz.of("d", "forward", covered))][3:] == [("2 × (−5) = ?",), ("?",), ("?",)]
    assert story(xyz.of("d", "backward", covered))[3] == ("result", ("1 × (−5) = ?", "1 × 2 = 2"))
    assert story(xyz.of("f", "forward", covered))[3] == ("result", ("? + 3 = −7",))

    hidden = Hidden(frozenset({Address("edge", wire, "", True)}))
    reply = answer(ExplainContext(Model(xyz.graph)), ArithmeticOf(("d",)), hidden)
    rows = node_rows(reply.nodes["d"])
    again = choreography(next(e for e in xyz.trace.events if e.node == "d" and e.phase == "backward"), Content(xyz.graph, covered), rows)
    assert again is not None and [row.text for row in again.rows] == ["1 × ? = ?", "1 × 2 = 2"]  # 1 × (−5) would give it away


def test_arithmetic_of_other_numbers_is_not_shown(xyz: Played) -> None:
    other = Played(product(x=4.0))
    assert story(xyz.of("d", "forward", other.trace)) == [
        ("arrive", ("4", "−5")), ("gather", ("4", "−5")), ("merge", ("−20",)), ("leave", ("−20",)),
    ]  # fmt: skip


def test_what_has_no_short_arithmetic_shows_its_formula(qapp: object) -> None:
    net = Played(tanh_net())
    loss, layer = net.of("loss", "forward"), net.of("hidden", "forward")
    (row,) = loss.rows
    assert row.text.startswith("−1/") and "softmax" in row.text and row.text.endswith(f"= {loss.leaving[0].text}")
    assert layer.rows and layer.fitted(50.0, Flat()).rows == ()


def test_the_words_below_the_arithmetic_stay_in_view() -> None:
    seen = QRectF(100, 0, 400, 300)
    for x, words, left in ((300, 200, 200), (480, 200, 300), (110, 200, 100), (300, 500, 100)):
        assert strip_left(Plate(x, 100, 120, 80, 1.0), words, seen) == left
