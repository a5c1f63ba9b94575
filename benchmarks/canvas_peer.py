"""NodeGraphQt with the same graph: `python -m benchmarks.canvas_peer COUNT`, in a Python that has it. One JSON object.

Its scene is static; ours moves something along every wire.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")

from NodeGraphQt import BaseNode, NodeGraph  # noqa: E402
from PySide6.QtCore import QEvent, QPointF, Qt  # noqa: E402
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from benchmarks.canvas_graph import layered  # noqa: E402

WIDTH, HEIGHT, FRAMES, MS = 1600, 1000, 60, 1000.0


class Blit(QWidget):
    """Paints one opaque image of its own size."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.resize(WIDTH, HEIGHT)
        self.image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
        self.image.fill(Qt.GlobalColor.lightGray)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self.image)
        painter.end()


class Operation(BaseNode):
    __identifier__ = "bench"
    NODE_NAME = "operation"

    def __init__(self) -> None:
        super().__init__()
        self.add_input("a")
        self.add_input("b")
        self.add_output("y")


def painted(widget: QWidget, change: Callable[[], object]) -> float:
    began = time.perf_counter()
    change()
    QApplication.sendPostedEvents(widget.window(), QEvent.Type.UpdateRequest)
    QApplication.processEvents()
    return (time.perf_counter() - began) * MS


def frames(widget: QWidget, blit: Blit, change: Callable[[int], object], count: int = FRAMES) -> dict[str, float]:
    ours, floors = [], []
    for step in range(count + 4):
        ours.append(painted(widget, lambda step=step: change(step)))
        floors.append(painted(blit, blit.update))
    frame, floor = statistics.median(ours[4:]), statistics.median(floors[4:])
    return {"ms": frame, "floors": frame / floor, "floor_ms": floor}


def main(count: int) -> dict[str, Any]:
    app = QApplication.instance() or QApplication(["peer"])
    assert app is not None
    graph = NodeGraph()
    graph.register_node(Operation)
    made = []
    for index, row in enumerate(layered(count)):
        node = graph.create_node("bench.Operation", name=f"n{index}", pos=[row.x, row.y], selected=False, push_undo=False)
        made.append(node)
        for source, port in row.wires:
            node.set_input("ab".index(port) if port in "ab" else 0, made[source].output(0))
    blit = Blit()
    blit.show()
    result: dict[str, Any] = {"nodes": count}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/graph.json"
        began = time.perf_counter()
        graph.save_session(path)
        result["save"] = {"ms": (time.perf_counter() - began) * MS}
        view = graph.viewer()
        view.resize(WIDTH, HEIGHT)
        view.show()
        QApplication.processEvents()
        began = time.perf_counter()
        graph.load_session(path)
        painted(view.viewport(), view.viewport().update)
        result["open"] = {"ms": (time.perf_counter() - began) * MS}
    began = time.perf_counter()
    graph.select_all()
    graph.fit_to_selection()
    painted(view.viewport(), view.viewport().update)
    result["fit_all"] = {"ms": (time.perf_counter() - began) * MS}
    graph.clear_selection()
    view.fitInView(view.scene().itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
    viewport = view.viewport()
    result["static_whole"] = frames(viewport, blit, lambda step: viewport.update())
    result["pan_whole"] = frames(viewport, blit, lambda step: view._set_viewer_pan(8.0 if step % 2 else -8.0, 4.0))
    result["zoom_whole"] = frames(viewport, blit, lambda step: view._set_viewer_zoom(0.05 if step % 2 else -0.05, 0.0))
    view.reset_zoom()
    result["static_at_100"] = frames(viewport, blit, lambda step: viewport.update())
    result["drag_at_100"] = _dragged(graph, view, blit)
    return result


def _dragged(graph: Any, view: Any, blit: Blit) -> dict[str, float]:
    node = graph.all_nodes()[len(graph.all_nodes()) // 2]
    view.centerOn(node.view)
    QApplication.processEvents()
    viewport = view.viewport()
    start = QPointF(view.mapFromScene(node.view.sceneBoundingRect().center()))

    def mouse(kind: QEvent.Type, at: QPointF) -> None:
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, viewport.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, event)

    mouse(QEvent.Type.MouseButtonPress, start)
    found = frames(viewport, blit, lambda step: mouse(QEvent.Type.MouseMove, start + QPointF(10 + step % 30, 5 + step % 20)))
    mouse(QEvent.Type.MouseButtonRelease, start)
    return found


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))), flush=True)
    os._exit(0)  # its objects are torn down in no order
