"""The size of gradients on the wires: a scale counted by hand, pixels of the width it says, nothing where nothing may be shown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.compile.views import Absent, TraceView, cover
from tests.support.canvas_graphs import graph_of, view_of, xy_plus_z, xy_plus_z_trace
from ui.canvas.model import activity_mark
from ui.canvas.model.content import Content
from ui.canvas.model.gradient_size import ABSENT, LOUD, STEPS, ZERO, Look, Scale, scale_of, sizes
from ui.canvas.model.label_search import Ground
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene
from ui.canvas.model.tips import node_tip
from ui.canvas.paint import batch, gradient_size, painting
from ui.canvas.paint.painter import prepare
from ui.look.theme import LIGHT, THEMES


def content(gradients: dict[str, object], look: Look = "width", **more: object) -> Content:
    graph = xy_plus_z()
    return Content(graph, xy_plus_z_trace(edge_gradients=gradients), look=look, **more)  # type: ignore[arg-type]


def test_the_scale_holds_every_size_and_at_least_six_powers_of_ten() -> None:
    assert scale_of(np.array([0.02, 0.5, math.nan])) == Scale(-6, 0)
    assert scale_of(np.array([3e-9, 40.0])) == Scale(-9, 2)
    assert scale_of(np.array([1e-300, 1.0])) == Scale(-16, 0) and scale_of(np.array([0.0, math.inf])) == Scale(-6, 0)
    scale = Scale(-6, 0)
    assert [scale.step(size) for size in (1e-9, 1e-6, 2e-3, 1.0, 50.0, math.inf)] == [0, 0, 5, STEPS - 1, STEPS - 1, STEPS - 1]
    assert scale.share(1e-3) == pytest.approx(0.5)


def test_every_wire_has_its_step_and_what_may_not_be_shown_has_none() -> None:
    shown = content({"e0": view_of([3.0, 4.0]), "e1": view_of(0.0), "e2": view_of(math.nan), "e3": cover(view_of(1.0))})
    found = sizes(shown)
    assert found.norms["e0"] == 5.0 and found.scale == Scale(-6, 1)
    assert found.steps["e0"] == int((math.log10(5) + 6) / 7 * STEPS)
    assert (found.steps["e1"], found.steps["e2"], found.steps["e3"]) == (ZERO, LOUD, ABSENT)
    assert sizes(content({"e0": Absent("independent")})).steps == {"e0": ABSENT, "e1": ABSENT, "e2": ABSENT, "e3": ABSENT}
    assert sizes(shown) is found  # counted once


def painted(shown: Content, scale: float = 1.0, theme: str = "light") -> QImage:
    """x·y + z, 900 × 600 units of the scene from (−50, −50) on."""
    scene = CanvasScene(shown.graph)
    image = QImage(round(900 * scale), round(600 * scale), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    prepare(painter)
    painter.scale(scale, scale)
    painter.translate(50, 50)
    area = QRectF(-50, -50, 900, 600)
    painting.paint_static(painter, scene, area, THEMES[theme], scale, dots=False)
    painting.paint_live(painter, painting.InView(scene, area), Labels(), shown, THEMES[theme], scale)
    painter.end()
    return image


def thick(shown: Content, edge: str, scale: float, ink: str) -> int:
    """How many pixels of this colour are crossed on the way straight down through a wire's middle."""
    points = CanvasScene(shown.graph).wire_points(edge)
    (x, y), image, wanted = points[len(points) // 2], painted(shown, scale), QColor(ink)
    column, middle = round((x + 50) * scale), round((y + 50) * scale)
    near = [image.pixelColor(column, middle + step) for step in range(-16, 17)]
    return sum(max(abs(c.red() - wanted.red()), abs(c.green() - wanted.green()), abs(c.blue() - wanted.blue())) < 40 for c in near)


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_a_wire_is_as_wide_as_its_gradient_is_large_at_any_zoom(qapp: QApplication, scale: float) -> None:
    large, small = view_of(1.0), view_of(1e-6)
    shown = content({"e2": large, "e3": small})
    wide, narrow = thick(shown, "e2", scale, LIGHT.backward), thick(shown, "e3", scale, LIGHT.backward)
    assert wide >= 3 * max(narrow, 1) and wide >= 4
    assert thick(content({"e2": cover(large)}), "e2", scale, LIGHT.backward) == 0  # hidden
    assert thick(content({"e2": large}, look=""), "e2", scale, LIGHT.backward) == 0  # switched off


class Head:
    """Backward, with the gradient of one wire there."""

    at_rest, phase, active_edges, active_node, event_index, moving, progress = False, "backward", (), None, 6, False, 0.0

    def arrived_values(self, edge: str) -> bool:
        return True

    def arrived_gradients(self, edge: str) -> bool:
        return edge == "e2"

    def node_has_value(self, node: str) -> bool:
        return True

    def node_has_gradient(self, node: str) -> bool:
        return node == "f"


def test_a_gradient_that_playback_has_not_reached_has_no_width(qapp: QApplication) -> None:
    shown = content({"e2": view_of(1.0), "e3": view_of(1.0)}, playhead=Head())
    assert thick(shown, "e2", 1.0, LIGHT.backward) >= 8 and thick(shown, "e3", 1.0, LIGHT.backward) == 0


def test_heat_goes_from_pale_to_dark_and_every_step_differs() -> None:
    for theme in THEMES.values():
        hues = [gradient_size.hue(step, "heat", theme) for step in range(STEPS)]
        assert len(set(hues)) == STEPS
        assert {gradient_size.hue(step, "width", theme) for step in range(STEPS)} == {theme.backward}
        assert gradient_size.hue(LOUD, "heat", theme) == theme.error


def test_all_wires_of_one_step_are_painted_at_once(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(batch, "lines", lambda painter, segments: calls.append(len(segments)))
    shown = content({f"e{i}": view_of(1.0) for i in range(4)})
    scene, image = CanvasScene(shown.graph), QImage(10, 10, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    gradient_size.paint_sizes(painter, scene, scene.edges, shown, "width", LIGHT, 1.0)
    painter.end()
    assert calls == [4 * 32]


def activation(values: list[list[float]], kind: str = "activation.relu", **more: object) -> Content:
    """x → h, with these values of h for each sample."""
    graph = graph_of([("x", "source.input", 0, 0, {}), ("h", kind, 320, 0, {})], [("x", "y", "h", "x")])
    view, shapes = view_of(values), {("h", "y"): ((len(values[0]),), True)}
    return Content(graph, TraceView(values={("h", "y"): view}, shapes=shapes), look="width", **more)  # type: ignore[arg-type]


def test_dead_and_saturated_units_are_marked_with_their_share_and_explained() -> None:
    dead = activation([[0.0, 0.0, 3.0], [0.0, 2.0, 0.0]])
    assert activity_mark.said(dead.marked("h")) == "dead 33%"  # type: ignore[arg-type]
    assert node_tip(dead, "h").splitlines()[-1] == (
        "1 of 3 units (33%) are 0 for all 2 samples: dead here, no gradient passes through them. Marked from 10% on."
    )
    flat = activation([[0.999, -0.999, 0.5], [0.2, 0.1, 0.0]], "activation.tanh")
    assert activity_mark.said(flat.marked("h")) == "saturated 33%"  # type: ignore[arg-type]
    assert "2 of 6 values (33%) are saturated: the slope of Tanh there is below 2% of its largest" in node_tip(flat, "h")
    assert activation([[0.1, 0.2, 0.3]] * 2, "activation.tanh").marked("h") is None
    assert activation([[1.0] * 10 + [0.0]] * 2).marked("h") is None  # 1 of 11 is less than a tenth


def test_the_mark_covers_neither_a_number_of_its_card_nor_a_label(qapp: QApplication) -> None:
    """Cards that stand side by side, with a wire that leads below all of them: its labels would like to stand where the marks are."""
    names = [f"h{i}" for i in range(12)]
    cards: list[Any] = [(name, "activation.tanh", 140 * i + 140, 0, {}) for i, name in enumerate(names)]
    found = {}
    looks: tuple[Look, ...] = ("", "width")
    for look in looks:
        covered = 0
        for below in range(40, 160, 12):
            graph = graph_of([("x", "source.input", 0, below, {}), *cards, ("end", "activation.relu", 1900, below, {})],
                             [("x", "y", "end", "x")])  # fmt: skip
            trace = TraceView(values={("x", "y"): view_of(1.5)}, edge_gradients={"e0": view_of(0.25)})
            scene, labels, shown = CanvasScene(graph), Labels(), Content(graph, trace, look=look)
            labels.prepare(scene, scene.edges, shown)
            marks = [activity_mark.mark_box(scene.rect(name), 1.0) for name in names]
            assert all(mark.top() >= scene.rect(name).bottom() - 3 for mark, name in zip(marks, names, strict=True))
            boxes = [QRectF(left, top, right - left, bottom - top) for left, top, right, bottom in labels.boxes(scene.edges)]
            covered += sum(mark.intersects(box) for mark in marks for box in boxes)
        found[look] = covered
    assert found[""] > 0 == found["width"]


def test_a_folded_group_among_the_cards_carries_no_mark_of_its_own(qapp: QApplication) -> None:
    scene = CanvasScene(xy_plus_z())
    scene.ids.append("g1")  # a group's card
    assert len(Ground(scene, None, 1.0, marking=True).fixed) == len(Ground(scene, None, 1.0).fixed)


def test_hidden_values_and_those_that_are_not_there_yet_are_not_counted(qapp: QApplication) -> None:
    shown = activation([[0.0, 1.0]] * 2)
    assert shown.marked("h") is not None and shown.trace is not None
    covered = replace(shown.trace, values={("h", "y"): cover(view_of([[0.0, 1.0]] * 2))})
    assert Content(shown.graph, covered).marked("h") is None and Content(shown.graph).marked("h") is None

    class Before(Head):
        def node_has_value(self, node: str) -> bool:
            return False

    assert activation([[0.0, 1.0]] * 2, playhead=Before()).marked("h") is None


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_the_mark_is_seen_from_near_and_from_afar(qapp: QApplication, scale: float) -> None:
    def inked(shown: Content) -> int:
        image, ink = painted(shown, scale), QColor(LIGHT.warning).rgb()
        return sum(image.pixel(x, y) == ink for x in range(image.width()) for y in range(image.height()))

    shown = activation([[0.0, 1.0]] * 2)
    assert inked(shown) >= 40
    shown.look = ""
    assert inked(shown) == 0
