"""Probes follow wires over training: pinned by key, saved with the document, cleared by a reset."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from engine.compile.views import Absent, TraceView
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.address import Address
from graph.model.edits import SetGraphSetting
from graph.storage.document import Document
from tests.support.window_support import hand_trace, matrix, names, scalar
from ui.shell.window import Window
from ui.watch.probes import PinnedProbe, ProbeLog, pinned, stored


def wire(document: Document, source: str, target: str) -> str:
    ids = names(document)
    return next(e.id for e in document.graph.edges.values() if (e.source[0], e.target[0]) == (ids[source], ids[target]))


def at_step(trace: TraceView, step: int, edge: str, value: float, gradient: float) -> TraceView:
    """The hand-made trace as it would come while training, with other numbers on one wire's source and along it."""
    source = next(key for key in trace.values)
    return replace(
        trace,
        mode="training",
        step=step,
        values={**trace.values, source: scalar(value)},
        edge_gradients={**trace.edge_gradients, edge: scalar(gradient)},
    )


def test_f8_pins_the_selected_wire_and_shows_its_number(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])

    QTest.keyClick(window, Qt.Key.Key_F8)

    assert pinned(window.document.graph) == [PinnedProbe(Address("edge", edge))]
    assert window.panels.is_shown("probes")
    assert window.panel("probes").log.series[Address("edge", edge)].values("norm") == [2.0]  # x is 2


def test_pinning_is_one_undo_step_and_f8_again_takes_the_pin_away(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])

    window.panel("probes").pin_gradient()
    window.document.undo()
    assert not stored(window.document.graph)
    window.document.redo()
    assert stored(window.document.graph) == [PinnedProbe(Address("edge", edge, gradient=True))]
    window.panel("probes").pin_gradient()

    assert not stored(window.document.graph)
    assert "probes" not in window.document.graph.settings


def test_a_pin_is_saved_with_the_file(window: Window, tmp_path: Path) -> None:
    edge = wire(window.document, "multiply", "add")
    window.canvas.select([edge])
    window.panel("probes").pin_value()

    window.document.save(tmp_path / "pinned.gradwire")

    assert pinned(Document.load(tmp_path / "pinned.gradwire", CATALOG).graph) == [PinnedProbe(Address("edge", edge))]


def test_readings_follow_the_steps_and_a_reset_begins_anew(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_value()
    window.panel("probes").pin_gradient()
    trace = hand_trace(window.document)

    for step, value in ((3, 1.5), (9, 1.0), (27, 0.5)):
        window.showing.show_trace(at_step(trace, step, edge, value, -2 * value))
    series = window.panel("probes").log.series

    assert (series[Address("edge", edge)].steps, series[Address("edge", edge)].values("norm")) == ([0, 3, 9, 27], [2.0, 1.5, 1.0, 0.5])
    assert series[Address("edge", edge, gradient=True)].values("norm") == [-5.0, -3.0, -2.0, -1.0]
    window.showing.show_trace(trace)  # step 0 again: the weights are the document's
    assert series[Address("edge", edge)].steps == [0]


def test_a_tensor_is_followed_by_its_norm_or_its_mean(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_value()
    ids = names(window.document)
    trace = replace(hand_trace(window.document), values={(ids["x"], "y"): matrix([[3.0, 4.0]])})
    window.showing.show_trace(trace)
    page = window.panel("probes")
    page._show()

    assert page.cards[0].number.text() == "5"  # √(3² + 4²)
    page.cards[0].measured.emit(page.cards[0].probe, "mean")

    assert page.cards[0].number.text() == "3.5"
    assert pinned(window.document.graph)[0].measure == "mean"


def test_an_absent_gradient_says_why_and_is_no_point(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_gradient()
    window.showing.show_trace(replace(hand_trace(window.document), mode="training", step=4, edge_gradients={edge: Absent("independent")}))
    page = window.panel("probes")
    page._show()

    assert page.cards[0].note.text() == "the objective does not depend on it"
    assert page.cards[0].number.text() == ""


@pytest.mark.parametrize("pinned_first", [True, False])
def test_a_probe_tells_nothing_of_a_number_that_is_to_be_found_out(window: Window, pinned_first: bool) -> None:
    """x = 2 goes into the product."""
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    if pinned_first:
        window.panel("probes").pin_value()
    window.visibility.hide("predict", values=[edge])
    if not pinned_first:
        window.panel("probes").pin_value()
    window.showing.show_trace(window.visibility.truth or hand_trace(window.document))
    page = window.panel("probes")
    page.refresh()
    card = page.cards[0]
    covered = (card.number.text(), card.number.toolTip(), card.accessibleDescription(), card.plot._points)

    window.visibility.hide("predict")

    assert covered == ("", "", "hidden until predicted", [])
    assert card.number.text() == "2" and card.plot._points == [(0, 2.0)]


def test_a_nan_names_the_step_at_which_it_came(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_value()
    trace = hand_trace(window.document)
    window.showing.show_trace(at_step(trace, 12, edge, math.nan, 0.0))
    window.showing.show_trace(at_step(trace, 14, edge, math.nan, 0.0))
    window.panel("probes")._show()

    assert window.panel("probes").cards[0].note.text() == "NaN or infinite since step 12"


def test_a_deleted_wires_probe_comes_back_with_the_wire(window: Window, qtbot: object) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_value()

    window.commands.run("delete")
    assert not pinned(window.document.graph)
    window.document.undo()

    assert pinned(window.document.graph) == [PinnedProbe(Address("edge", edge))]


def test_without_pins_a_trace_costs_nothing(window: Window) -> None:
    page = window.panel("probes")

    window.showing.show_trace(replace(hand_trace(window.document), mode="training", step=1))

    assert not page.log.series and not window.work.pending("probes")


def test_delete_on_a_card_unpins_and_enter_goes_to_the_wire(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])
    window.panel("probes").pin_value()
    window.canvas.select([])
    card = window.panel("probes").cards[0]
    assert "x → multiply" in card.accessibleName()

    QTest.keyClick(card, Qt.Key.Key_Return)
    assert window.canvas.selected_edges() == [edge]
    QTest.keyClick(card, Qt.Key.Key_Delete)

    assert not pinned(window.document.graph)


def test_the_inspector_of_a_wire_pins_its_gradient(window: Window) -> None:
    edge = wire(window.document, "x", "multiply")
    window.canvas.select([edge])

    next(b for b in window.panel("node").wire.findChildren(QPushButton) if b.text() == "Probe gradient").click()

    assert pinned(window.document.graph) == [PinnedProbe(Address("edge", edge, gradient=True))]


def test_what_a_strangers_file_calls_probes_is_read_with_care(make_window: Callable[..., Window]) -> None:
    document = Document(build("x*y", CATALOG, {"x": 1.0, "y": 2.0}))
    document.do(SetGraphSetting("probes", ["nonsense", {"edge": 3}, {"edge": "gone"}, 7, {"edge": "gone", "measure": "x"}]))

    window = make_window(document)

    assert stored(document.graph) == [PinnedProbe(Address("edge", "gone"))]
    assert window.panel("probes").cards == []


def test_many_steps_are_thinned_and_the_first_and_last_stay() -> None:
    document = Document(build("x*y", CATALOG, {"x": 1.0, "y": 2.0}))
    edge = wire(document, "x", "multiply")
    document.do(SetGraphSetting("probes", [PinnedProbe(Address("edge", edge)).to_json()]))
    source = document.graph.edges[edge].source
    log = ProbeLog()

    for step in range(10_000):
        log.take(TraceView(mode="training", step=step, values={source: scalar(float(step))}), document.graph)

    series = log.series[Address("edge", edge)]
    assert len(series.steps) <= 4096 and (series.steps[0], series.steps[-1]) == (0, 9_999)
    assert series.values("norm") == [float(step) for step in series.steps]
