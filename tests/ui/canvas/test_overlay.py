"""What teaching tools lay over the canvas: hidden numbers give nothing away, tags stand clear, tools leave each other alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.compile.visible import addresses, visible
from engine.nodes.catalog import CATALOG
from graph.grouping.groups import group
from graph.storage.document import Document
from ui.canvas.model.number_texts import texts
from ui.canvas.model.overlay import Tag
from ui.canvas.model.tips import node_tip, wire_tip
from ui.canvas.view import Canvas
from ui.look.theme import LIGHT

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"


def traced(document: Document) -> TraceView:
    from engine.training.model import Model

    return Model(document.graph).trace_view()


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    document = Document.load(EXAMPLES / "fan-out.gradwire", CATALOG)
    shown = Canvas(document, LIGHT)
    qtbot.addWidget(shown)
    shown.resize(1100, 600)
    shown.show()
    shown.set_trace(traced(document))
    shown.fit_all()
    shown.grab()
    return shown


def covered(canvas: Canvas, values: Iterable[str] = (), gradients: Iterable[str] = ()) -> TraceView:
    """The numbers without these, as the window hands them out."""
    graph = canvas.document.graph
    return visible(traced(canvas.document), None, addresses(graph, values, gradients), graph)


def test_a_covered_number_is_a_question_mark_on_the_wire_and_in_its_tip(canvas: Canvas) -> None:
    edge = next(iter(canvas.document.graph.edges.values()))
    value, gradient = (text.text for text in texts(edge, canvas.content))

    canvas.set_trace(covered(canvas, [edge.id], [edge.id]))

    assert [text.text for text in texts(edge, canvas.content)] == ["?", "?"]
    tip = wire_tip(canvas.content, edge)
    assert value not in tip and gradient not in tip and tip.count("hidden until predicted") == 2


def test_a_node_that_is_covered_does_not_tell_its_value_in_its_tip(canvas: Canvas) -> None:
    graph = canvas.document.graph
    w = graph.named("w")
    assert w is not None and "8" in node_tip(canvas.content, w.id)

    canvas.set_trace(covered(canvas, [w.id]))
    canvas.grab()

    assert "8" not in node_tip(canvas.content, w.id)


def test_tags_stand_clear_of_numbers_and_cards_and_are_hit_where_they_stand(canvas: Canvas) -> None:
    edges = list(canvas.document.graph.edges)
    canvas.overlay.tag("audit", {edge: Tag("1e-11", "ok") for edge in edges})
    canvas.grab()

    places = canvas.overlay.placed_tags()
    assert [identity for identity, _, _ in places] == edges
    cards = [canvas.scene.rect(node) for node in canvas.scene.ids]
    for index, (identity, _, box) in enumerate(places):
        assert not any(box.intersects(card) for card in cards)
        assert not any(box.intersects(other) for _, _, other in places[index + 1 :])
        assert canvas.overlay.hit_tag(canvas.camera.to_view(box.center())) == identity


def test_one_tool_does_not_end_what_another_shows(canvas: Canvas) -> None:
    first, second = list(canvas.document.graph.nodes)[:2]
    canvas.overlay.highlight("lesson", [first], dim=True)
    canvas.overlay.highlight("paths", [second])
    canvas.overlay.highlight("paths", [])

    assert canvas.overlay.highlighted("lesson") == (frozenset([first]), frozenset())
    assert canvas.overlay.highlighted("paths") == (frozenset(), frozenset())


def test_a_veil_dims_everything_but_what_is_highlighted(canvas: Canvas) -> None:
    first, second = list(canvas.document.graph.nodes)[:2]

    def colour_of(node: str) -> str:
        rect: QRectF = canvas.camera.rect_to_view(canvas.scene.rect(node))
        return canvas.grab().toImage().pixelColor(int(rect.left() + 12), int(rect.top() + 4)).name()

    before = colour_of(first), colour_of(second)
    canvas.overlay.highlight("lesson", [first], dim=True)
    after = colour_of(first), colour_of(second)

    assert after[0] == before[0] and after[1] != before[1]


def test_no_veil_lies_over_the_numbers_of_an_objective_that_is_highlighted(canvas: Canvas) -> None:
    """Its stub is part of it: a lesson says of it that the backward pass begins there with 1."""
    f = canvas.document.graph.named("f")
    assert f is not None
    card = canvas.camera.rect_to_view(canvas.scene.rect(f.id))
    beside = QRectF(card.right() + 12, card.center().y() - 40, 90, 80).toRect()

    def beside_it() -> QImage:
        return canvas.grab().toImage().copy(beside)

    before = beside_it()
    canvas.overlay.highlight("lesson", [f.id], dim=True)
    lit = beside_it()
    canvas.overlay.highlight("lesson", [next(iter(canvas.document.graph.nodes))], dim=True)

    colours = [{image.pixelColor(x, y).name() for x in range(90) for y in range(80)} for image in (before, lit, beside_it())]
    assert {LIGHT.forward.lower(), LIGHT.backward.lower()} <= colours[0] & colours[1]
    assert not {LIGHT.forward.lower(), LIGHT.backward.lower()} & colours[2]


def test_no_veil_lies_over_the_inside_of_a_group_that_has_nothing_of_it(canvas: Canvas) -> None:
    first, *_, last = list(canvas.document.graph.nodes)
    edit, group_id = group(canvas.document.graph, [last])
    canvas.document.do(edit)
    canvas.navigation.enter(group_id)
    canvas.grab()
    while not canvas.stage.labelled:  # labels find their places over some frames where the machine is busy
        canvas.grab()
    before = canvas.grab().toImage()

    canvas.overlay.highlight("lesson", [first], dim=True)

    assert canvas.grab().toImage() == before


def test_another_document_begins_without_any_of_it(canvas: Canvas) -> None:
    node, edge = next(iter(canvas.document.graph.nodes)), next(iter(canvas.document.graph.edges))
    canvas.overlay.highlight("lesson", [node], [edge], dim=True)
    canvas.overlay.mark("debugger", {node: "breakpoint"})

    canvas.set_document(Document.load(EXAMPLES / "xy-plus-z.gradwire", CATALOG))
    canvas.grab()

    assert canvas.overlay.highlighted("lesson") == (frozenset(), frozenset())
    assert not canvas.overlay.marks("debugger")
