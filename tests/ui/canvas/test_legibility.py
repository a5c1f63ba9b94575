"""Numbers on wires can be read: measured on every example and every lesson at three sizes, by a measure that is checked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from benchmarks.legibility import COLUMNS, SMALL, graphs, trace_of
from benchmarks.recorder import Recorder
from benchmarks.sight import Label, judge, measure, sampled
from engine.compile.views import Absent, TraceView
from engine.nodes.catalog import CATALOG
from graph.model import edits
from graph.model.elements import Frame, Note
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.canvas_graphs import graph_of, view_of, xy_plus_z, xy_plus_z_trace
from tests.support.fake_surface import FakeSurface, model_of
from tests.support.window_support import scalar
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.card_body import TYPE
from ui.canvas.model.label_room import STUB
from ui.canvas.model.label_search import overlap
from ui.canvas.model.labels import NUMBERS
from ui.canvas.model.number_texts import texts
from ui.look.theme import LIGHT, PROJECTOR, THEMES, Theme, font

pytestmark = pytest.mark.usefixtures("qapp")
EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"
SIZES = ((1280, 606), (1366, 654), (1920, 966))
"""Of the canvas in windows of 1280 × 720, 1366 × 768 and 1920 × 1080 pixels."""
Shown = list[tuple[str, Graph, TraceView]]


class Sized(FakeSurface):
    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self._size = QSizeF(*size)

    def view_size(self) -> QSizeF:
        return self._size


def whole(graph: Graph, trace: TraceView, size: tuple[int, int], theme: Theme = PROJECTOR) -> CanvasModel:
    """The graph with its numbers, all of it in view."""
    model = CanvasModel(Document(graph), theme, Sized(size))
    model.set_trace(trace)
    model.viewport.fit_all()
    return model


@pytest.fixture(scope="module")
def shown() -> Shown:
    """Of the examples and the lessons' graphs, those that are laid out differently."""
    different: dict[object, tuple[str, Graph]] = {}
    for name, graph in graphs():
        nodes = tuple((node.id, node.type, node.x, node.y) for node in graph.nodes.values())
        different.setdefault((nodes, tuple((edge.source, edge.target) for edge in graph.edges.values())), (name, graph))
    return [(name, graph, trace_of(graph)) for name, graph in different.values()]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_label_lies_on_anything_else(shown: Shown, size: tuple[int, int]) -> None:
    sights = [measure(whole(graph, trace, size), name) for name, graph, trace in shown]
    assert not [(sight.name, sight.details) for sight in sights if sight.faults.misplaced]
    assert sum(sight.faults.labels for sight in sights) > 550
    small = [sight for sight in sights if sight.nodes <= SMALL]
    assert len(small) > 15
    tight = {"digits-cnn", "digits-mlp", "tanh-mlp-2-4-2", "tanh-2-4-2 1"}
    """One gradient's norm has no room in each: between two wires that leave the data 24 units apart, or beside two that leave a layer."""
    assert not [(sight.name, sight.faults.hidden) for sight in small if sight.faults.hidden > (sight.name in tight)]


def test_between_both_panels_the_examples_show_their_numbers_and_the_loss_behind_its_card(shown: Shown) -> None:
    """The canvas in a window of 1280 × 720: the usual margin would make some graphs just too small for numbers. A trained loss is long."""
    size, traces = (754, 587), {name: (graph, trace) for name, graph, trace in shown}
    for name in ("moons", "sigmoid-neuron", "digits-mlp", "iris"):
        graph, trace = traces[name]
        assert trace.objective is not None
        model = whole(graph, replace(trace, values={**trace.values, trace.objective: scalar(0.018634)}), size, LIGHT)
        assert NUMBERS <= model.camera.scale < 0.45 and measure(model).faults.misplaced == 0
        value, gradient = model.labels.shown(STUB)
        assert value is not None and gradient is not None, name
        assert not model.labels.reaches_others((STUB, 0), value, value.width)
        assert model.labels.reaches_others((STUB, 0), value, 40 * value.width), "a text that outgrows its place is left out then"
        left, top, right, bottom = value.box
        assert QRectF(0, 0, *size).contains(model.camera.rect_to_view(QRectF(left, top, right - left, bottom - top))), name


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["examples/tanh-mlp-2-4-2", "examples/xor", "lessons/tanh-by-hand"])
def test_every_number_of_a_small_network_can_be_read_when_all_of_it_is_shown(name: str, theme: Theme) -> None:
    """In a window of 1280 × 720 with a sample chosen: matrices at 14 pixels, less with four decimals; both vectors of every wire."""
    graph = load(EXAMPLES.parent / f"{name}.gradwire", CATALOG)
    model = whole(graph, trace_of(graph), SIZES[0], theme)
    model.samples.choose(0)
    sight = measure(model)

    assert sight.faults.misplaced == 0 and sight.number > 11.5, (sight.number, sight.details)
    assert model.camera.scale * TYPE * 15 > 13.9
    for edge in graph.edges.values():
        if edge.source[1] != "target" and graph.nodes[edge.target[0]].type != "probe.accuracy":
            said = texts(edge, model.content)
            spots = model.labels.shown(edge.id)
            written = [text.kind == "number" or (text.matrix is not None and spot and spot.short <= 1)
                       for text, spot in zip(said, spots, strict=True) if text.kind != "word"]  # fmt: skip
            assert all(written) and None not in spots, (edge.id, said, spots)


def test_the_numbers_of_a_selected_wire_come_first_and_others_come_back_afterwards() -> None:
    """Between the two wires from x to both inputs of u there is room for one number: one of x's two equal values is left out."""
    graph = load(EXAMPLES / "fan-out.gradwire", CATALOG)
    model = whole(graph, trace_of(graph), SIZES[0])
    measure(model)
    scene, labels = model.scene, model.labels
    before = {edge: labels.shown(edge) for edge in scene.edges}
    left = [edge for edge, spots in before.items() if spots[0] is None]
    assert left
    named = graph.edges[left[0]]
    assert [e for e in scene.edges if graph.edges[e].source == named.source and before[e][0] is not None], "its value is seen elsewhere"
    labels.favour(scene, model.content, frozenset(left[:1]))
    spot = labels.shown(left[0])[0]
    assert spot is not None
    others = [s.box for edge in scene.edges for s in labels.shown(edge) if s is not None and s is not spot]
    assert not any(overlap(spot.box, box) for box in others)
    labels.favour(scene, model.content, frozenset())
    assert {edge: labels.shown(edge) for edge in scene.edges} == before


def test_words_give_way_to_numbers_and_shrink_to_a_sign() -> None:
    nodes: list[tuple[str, str, float, float, dict[str, Any]]] = [
        ("x", "source.input", 0, 0, {"value": 2.0}), ("near", "activation.tanh", 200, 0, {}), ("far", "activation.tanh", 640, 0, {})
    ]  # fmt: skip
    graph = graph_of(nodes, [("x", "y", "near", "x"), ("near", "y", "far", "x")])
    values = {(name, "y"): view_of(2.0) for name in ("x", "near", "far")}
    words = xy_plus_z_trace(objective=None, values=values, edge_gradients={e: Absent("not differentiable") for e in graph.edges}, events=())
    model = whole(graph, words, SIZES[0], LIGHT)
    measure(model)
    close, wide = (model.labels.places[edge] for edge in graph.edges)
    assert close.forward is not None and wide.backward is not None and not wide.backward.short
    assert close.backward is not None and close.backward.short, "60 units between the cards: a sign in place of the words"


def test_everything_in_view_includes_frames_notes_and_room_for_numbers() -> None:
    graph = xy_plus_z()
    edits.AddItem(Note("note", "left of everything", -700.0, 40.0, 160.0, 80.0)).apply(graph)
    edits.AddItem(Frame("frame", "below", 0.0, 900.0, 300.0, 200.0)).apply(graph)
    seen = whole(graph, xy_plus_z_trace(), SIZES[0]).viewport.seen()
    assert seen.contains(QRectF(-700, 40, 160, 80)) and seen.contains(QRectF(0, 900, 300, 200))


# the measure itself


def label(wire: str, x: float, y: float, side: str = "value") -> Label:
    """A text of 20 × 10 pixels around a place of the scene of `hand`."""
    return Label(wire, side, QRectF(x + 100 - 10, y + 100 - 5, 20, 10), "7", 12.0)


def hand() -> CanvasModel:
    """x·y + z at scale 1, the scene's origin at pixel (100, 100): the wires e0 and e1 go from x and y to d."""
    model, _ = model_of(xy_plus_z())
    model.set_trace(xy_plus_z_trace(objective=None))
    return model


def faults(*labels: Label, over: QRectF | None = None) -> dict[str, int]:
    found, _ = judge(hand(), labels, [over] if over is not None else [])
    return {name: count for name in COLUMNS if (count := getattr(found, name)) and name != "hidden"}


def test_the_measure_counts_what_a_person_sees() -> None:
    scene = hand().scene
    (left, start), (right, end) = scene.anchor("x", "y", True), scene.anchor("d", "a", False)
    middle = (left + right) / 2, (start + end) / 2  # of an S-shaped wire, which is point-symmetric
    (left, start_of_other), (right, end_of_other) = scene.anchor("y", "y", True), scene.anchor("d", "b", False)
    other = (left + right) / 2, (start_of_other + end_of_other) / 2
    assert faults(label("e0", *middle)) == {}, "on its own wire"
    assert faults(label("e1", *middle)) == {"on_wire": 1, "far": 1}
    assert faults(label("e0", *other)) == {"on_wire": 1, "far": 1}
    assert faults(label("e0", middle[0], middle[1] - 300))["far"] == 1
    card = scene.rect("x")
    assert faults(label("e0", card.right() - 20, start)) == {"on_card": 1, "far": 1}
    assert faults(label("e0", card.right() - 20, card.top() + 10))["on_title"] == 1
    assert faults(label("e0", *middle), label("e0", middle[0] + 15, middle[1]))["on_label"] == 2, "both"
    assert faults(label("e0", *middle), label("e0", middle[0] + 21, middle[1])).get("on_label", 0) == 0
    assert faults(label("e0", -105, 30))["outside"] == 1, "half of it left of the view"
    assert faults(label("e0", *middle), over=QRectF(middle[0] + 100, middle[1] + 100, 50, 50)) == {"under_overlay": 1}


def test_what_is_painted_is_recorded_where_it_is_painted() -> None:
    device = Recorder(QSizeF(400, 300))
    painter = QPainter(device)
    painter.setTransform(QTransform(2, 0, 0, 2, 10, 20))
    painter.setFont(font("wire"))
    painter.setPen(QColor("#123456"))
    painter.drawText(QPointF(30, 40), "12")
    path = QPainterPath(QPointF(0, 0))
    path.cubicTo(QPointF(0, 8), QPointF(8, 8), QPointF(8, 0))
    painter.drawPath(path)
    painter.end()
    (text,), (curve,) = device.record.texts, device.record.curves
    assert (text.text, text.hue, text.height) == ("12", "#123456", 30)
    assert text.box.bottom() == pytest.approx(2 * 40 + 20, abs=2) and text.box.left() == pytest.approx(2 * 30 + 10, abs=4)
    assert 20 < text.box.height() <= 24, "figures of a font of 30 pixels, to whole units"
    points = sampled(curve)
    assert points[len(points) // 2] == pytest.approx((10 + 2 * 4, 20 + 2 * 6), abs=0.2), "by de Casteljau: (4, 6) at half of it"
