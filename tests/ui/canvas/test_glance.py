"""The inspector's first page says values and gradients without another click."""

from __future__ import annotations

from dataclasses import replace

from engine.compile.views import Absent
from tests.support.window_support import hand_trace, matrix, names
from ui.shell.window import Window


def test_a_selected_wire_shows_its_value_and_its_own_gradient(window: Window) -> None:
    ids = names(window.document)
    window.canvas.select([e.id for e in window.document.graph.outputs_of(ids["x"])])

    page = window.panel("node").wire_page

    assert window.panel("node").pages.currentWidget().isAncestorOf(page)
    assert [panel.number.text() for panel in page.panels.values()] == ["2", "−5"]  # x, and ∂f/∂x = y


def test_a_selected_node_says_its_gradient_beside_its_formula(window: Window) -> None:
    window.canvas.select([names(window.document)["multiply"]])

    page = window.panel("node").node_page

    assert page.gradient.text() == "gradient  1"
    assert not page.value.isVisible()  # the formula with numbers ends in it


def test_a_tensor_is_told_by_shape_mean_and_norm(window: Window) -> None:
    ids = names(window.document)
    trace = hand_trace(window.document)
    key = (ids["multiply"], "y")
    window.showing.show_trace(replace(trace, values={**trace.values, key: matrix([[3.0, 4.0]])}))
    window.canvas.select([ids["multiply"]])

    assert window.panel("node").node_page.value.text() == "value  1 × 2 · mean 3.5 · norm 5"


def test_an_absent_gradient_says_why(window: Window) -> None:
    ids = names(window.document)
    trace = hand_trace(window.document)
    window.showing.show_trace(replace(trace, gradients={**trace.gradients, (ids["z"], "y"): Absent("independent")}))
    window.canvas.select([ids["z"]])

    assert window.panel("node").node_page.gradient.text() == "gradient  the objective does not depend on it"
