"""Small graphs and hand-computed traces for the canvas tests. No engine runs here: the numbers are from the curriculum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.compile.views import ArrayView, PassEvent, TraceView
from engine.nodes.catalog import CATALOG
from graph.model import edits
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.storage.document import Document
from ui.canvas.view import Canvas
from ui.look.theme import LIGHT, Theme

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def view_of(values: Any) -> ArrayView:
    array = np.asarray(values)
    real = array.astype(float)
    with np.errstate(invalid="ignore"):
        spread = float(real.std())
    return ArrayView(
        array.shape, str(array.dtype), array, None, float(real.min()), float(real.max()), float(real.mean()), spread,
        float(np.sqrt((real**2).sum())), bool(np.isfinite(real).all()),
    )  # fmt: skip


def graph_of(nodes: Sequence[tuple[str, str, float, float, dict[str, Any]]], wires: Sequence[tuple[str, str, str, str]]) -> Graph:
    """Nodes (name, type, x, y, settings), whose ids are their names; wires (source, port, target, port) called e0, e1 …"""
    graph = Graph(CATALOG)
    for name, kind, x, y, params in nodes:
        edits.AddNode(Node(id=name, type=kind, name=name, params=params, x=x, y=y)).apply(graph)
    for i, (source, give, target, take) in enumerate(wires):
        edits.Connect(Edge(f"e{i}", (source, give), (target, take))).apply(graph)
    return graph


def xy_plus_z() -> Graph:
    """f = x·y + z at (2, −5, 3)."""
    return graph_of(
        [
            ("x", "source.input", 0, 0, {"value": 2.0}),
            ("y", "source.input", 0, 176, {"value": -5.0}),
            ("z", "source.input", 0, 336, {"value": 3.0}),
            ("d", "math.multiply", 320, 80, {}),
            ("f", "math.add", 616, 160, {}),
        ],
        [("x", "y", "d", "a"), ("y", "y", "d", "b"), ("d", "y", "f", "a"), ("z", "y", "f", "b")],
    )


def xy_plus_z_trace(**more: Any) -> TraceView:
    """Its values and gradients as on the whiteboard."""
    values = {"x": 2.0, "y": -5.0, "z": 3.0, "d": -10.0, "f": -7.0}
    gradients = {"x": -5.0, "y": 2.0, "z": 1.0, "d": 1.0, "f": 1.0}
    sources = [PassEvent("forward", name, ()) for name in "xyz"]
    events = (
        *sources, PassEvent("forward", "d", ("e0", "e1")), PassEvent("forward", "f", ("e2", "e3")),
        PassEvent("backward", "f", ("e2", "e3")), PassEvent("backward", "d", ("e0", "e1")),
    )  # fmt: skip
    given: dict[str, Any] = {
        "objective": ("f", "y"),
        "values": {(n, "y"): view_of(v) for n, v in values.items()},
        "gradients": {(n, "y"): view_of(v) for n, v in gradients.items()},
        "edge_gradients": {f"e{i}": view_of(v) for i, v in enumerate((-5.0, 2.0, 1.0, 1.0))},
        "shapes": {(n, "y"): ((), False) for n in values},
        "events": events,
    }
    return TraceView(**(given | more))


def shown(qtbot: QtBot, graph: Graph, theme: Theme = LIGHT, size: tuple[int, int] = (1280, 800)) -> Canvas:
    """A visible canvas at scale 1 with the scene's origin at (100, 100)."""
    canvas = Canvas(Document(graph), theme)
    qtbot.addWidget(canvas)
    canvas.resize(*size)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.restore_view((1.0, -100.0, -100.0))
    canvas.setFocus()
    return canvas


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    """A scene position as a pixel of the widget."""
    return canvas.camera.to_view(QPointF(x, y)).toPoint()


def port(canvas: Canvas, node: str, name: str, output: bool, slot: int = 0) -> QPoint:
    return at(canvas, *canvas.scene.anchor(node, name, output, slot))


def title(canvas: Canvas, node: str) -> QPoint:
    rect = canvas.scene.rect(node)
    return at(canvas, rect.left() + 40, rect.top() + 14)


def drag(
    canvas: Canvas, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE, drop: bool = True
) -> None:
    """Press, move in steps, and let go unless `drop` is off."""
    QTest.mousePress(canvas, button, held, start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(canvas, start + (end - start) * share)
    if drop:
        QTest.mouseRelease(canvas, button, held, end)
