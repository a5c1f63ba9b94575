"""One size of graph on the canvas, timed in a process of its own: `python -m benchmarks.canvas_size COUNT`. One JSON object.

Frames are timed from the call that moves something to the end of the paint, the handling of events included. The floor, one
opaque blit of an image of the canvas's size into a widget, is timed in turns with every row.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np  # noqa: E402
from PySide6.QtCore import QEvent, QPointF, Qt  # noqa: E402
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from benchmarks.canvas_graph import Row, layered  # noqa: E402
from engine.compile.views import ArrayView, PassEvent, TraceView, single  # noqa: E402
from engine.nodes.catalog import CATALOG  # noqa: E402
from graph.model.build import build  # noqa: E402
from graph.model.edits import Move  # noqa: E402
from graph.model.graph import Graph  # noqa: E402
from graph.storage.document import Document  # noqa: E402
from graph.storage.files import dumps  # noqa: E402
from ui.canvas.view import SHARPEN_MS, Canvas  # noqa: E402
from ui.look.theme import LIGHT  # noqa: E402
from ui.shell.app import application, leave_alone
from ui.shell.workspace.playback import Playhead  # noqa: E402

WIDTH, HEIGHT = 1600, 1000
FRAMES = 90
ROUNDS = 5
"""How often what takes long is repeated: opening, saving, undoing."""
MS = 1000.0


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


def painted(widget: QWidget, change: Callable[[], object]) -> float:
    """Milliseconds from a change to the end of the paint it asked for."""
    began = time.perf_counter()
    change()
    QApplication.sendPostedEvents(widget.window(), QEvent.Type.UpdateRequest)
    return (time.perf_counter() - began) * MS


def graph_of(rows: Sequence[Row]) -> Graph:
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        stem = row.kind.partition(".")[2]
        params = {"value": round((index * 37 % 200) / 100 - 1, 2)} if not row.wires else {}
        nodes.append({"id": f"n{index}", "type": row.kind, "name": f"{stem}_{index}", "params": params, "x": row.x, "y": row.y})
        for source, port in row.wires:
            edges.append({"id": f"e{len(edges)}", "from": [f"n{source}", "y"], "to": [f"n{index}", port, 0], "via": []})
    return build({"nodes": nodes, "edges": edges}, CATALOG)


def trace_of(graph: Graph, revision: int = 0, structure: int = 0) -> TraceView:
    """Numbers for every node and wire. Two events, so that playback moves something along every wire at once, values there."""
    dice = np.random.default_rng(0)

    def some() -> ArrayView:
        return single(float(dice.normal()), "float64")

    edges = tuple(graph.edges)
    return TraceView(
        revision=revision, structure=structure,
        values={(node, "y"): some() for node in graph.nodes}, gradients={(node, "y"): some() for node in graph.nodes},
        edge_gradients={edge: some() for edge in edges}, shapes={(node, "y"): ((), False) for node in graph.nodes},
        events=(PassEvent("forward", "n0", edges), PassEvent("backward", "n0", edges)),
    )  # fmt: skip


@dataclass
class Bench:
    canvas: Canvas
    playhead: Playhead
    blit: Blit

    def frames(self, change: Callable[[int], object], count: int = FRAMES) -> dict[str, float]:
        """Median and slowest frame, and the floor measured between them."""
        ours, floors = [], []
        for step in range(count + 8):
            ours.append(painted(self.canvas, lambda step=step: change(step)))
            floors.append(painted(self.blit, self.blit.update))
        floor, frame = statistics.median(floors[8:]), statistics.median(ours[8:])
        return {"ms": frame, "floors": frame / floor, "p95_ms": sorted(ours[8:])[int(0.95 * count)], "floor_ms": floor}

    def play(self, share: float) -> None:
        """Half-way through the backward pass, as if its timer had come."""
        self.playhead.seek(1)
        self.playhead.playing = "backward"
        self.playhead._share = share % 1.0
        self.playhead.moved.emit()

    def rest(self) -> None:
        """Wait as a person does before the next thing: until the picture is sharp after a zoom, and every label has its place."""
        self.playhead.reset()
        QTest.qWait(2 * SHARPEN_MS)
        for step in range(1000):  # labels find their places over some frames
            painted(self.canvas, self.canvas.update)
            if step > 4 and self.canvas.stage.labelled:
                break

    def animated(self) -> dict[str, float]:
        return self.frames(lambda step: self.play(0.011 * step))

    def panned(self) -> dict[str, float]:
        def change(step: int) -> None:
            self.play(0.011 * step)
            self.canvas.pan_by(*((7.0, 3.0) if step % 40 < 20 else (-7.0, -3.0)))

        return self.frames(change)

    def zoomed(self) -> dict[str, float]:
        def change(step: int) -> None:
            self.play(0.011 * step)
            self.canvas.zoom_by(1.03 if step % 20 < 10 else 1 / 1.03, QPointF(700, 400))

        return self.frames(change)

    def dragged(self) -> dict[str, float]:
        """The node in the middle of the view, by its title."""
        canvas = self.canvas
        middle = canvas.camera.to_scene(QPointF(WIDTH / 2, HEIGHT / 2))
        node = min(canvas.scene.ids, key=lambda n: (canvas.scene.rect(n).center() - middle).manhattanLength())
        start = canvas.camera.to_view(canvas.scene.rect(node).topLeft() + QPointF(40, 12))
        self.mouse(QEvent.Type.MouseButtonPress, start)

        def change(step: int) -> None:
            self.mouse(QEvent.Type.MouseMove, start + QPointF(20 + step % 30, 10 + step % 20))

        found = self.frames(change)
        self.mouse(QEvent.Type.MouseButtonRelease, start + QPointF(20, 10))
        assert canvas.document.history.can_undo
        canvas.document.undo()
        return found

    def mouse(self, kind: QEvent.Type, at: QPointF) -> None:
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.canvas, event)


def opened(path: Path) -> tuple[Bench, dict[str, float]]:
    """Open the file in a canvas that has painted an empty document; the median of some rounds, each in a canvas of its own."""
    took: list[tuple[float, float]] = []
    made: Bench | None = None
    for _ in range(ROUNDS):
        if made is not None:
            made.canvas.deleteLater()
            made.blit.deleteLater()
            made = None
            QApplication.processEvents()
        canvas = Canvas(Document.new(CATALOG), LIGHT)
        canvas.resize(WIDTH, HEIGHT)
        playhead = Playhead(canvas)
        canvas.set_playhead(playhead)
        canvas.show()
        blit = Blit()
        blit.show()
        QApplication.processEvents()
        painted(canvas, canvas.update)
        gc.collect()
        began = time.perf_counter()
        document = Document.load(path, CATALOG)
        read = time.perf_counter()
        painted(canvas, lambda document=document, canvas=canvas: canvas.set_document(document))
        took.append(((time.perf_counter() - began) * MS, (read - began) * MS))
        made = Bench(canvas, playhead, blit)
    assert made is not None
    return made, {"ms": statistics.median(t for t, _ in took), "read_ms": statistics.median(t for _, t in took)}


def saved(document: Document, folder: Path) -> dict[str, float]:
    took = []
    for step in range(ROUNDS):
        began = time.perf_counter()
        document.save(folder / f"saved-{step % 2}.gradwire")
        took.append((time.perf_counter() - began) * MS)
    return {"ms": statistics.median(took)}


def undone(bench: Bench) -> dict[str, float]:
    """Undo a move of every node: the document alone, and to the end of the paint."""
    document, whole, alone = bench.canvas.document, [], []
    for _ in range(ROUNDS):
        document.do(Move(tuple((n.id, n.x + 40.0, n.y + 24.0) for n in document.graph.nodes.values())), "Move")
        painted(bench.canvas, bench.canvas.update)
        whole.append(painted(bench.canvas, document.undo))
    for _ in range(ROUNDS):
        twin = Document(document.graph.copy())
        twin.do(Move(tuple((n.id, n.x + 40.0, n.y + 24.0) for n in twin.graph.nodes.values())), "Move")
        began = time.perf_counter()
        twin.undo()
        alone.append((time.perf_counter() - began) * MS)
    return {"ms": statistics.median(whole), "document_ms": statistics.median(alone)}


def fitted(bench: Bench) -> dict[str, float]:
    """Show everything, from 100 %: one frame."""
    canvas, took = bench.canvas, []
    for _ in range(ROUNDS):
        canvas.zoom_100()
        painted(canvas, canvas.update)
        took.append(painted(canvas, canvas.fit_all))
    return {"ms": statistics.median(took)}


def main(count: int) -> None:
    application()
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "graph.gradwire"
        path.write_text(dumps(graph_of(layered(count))), encoding="utf-8")
        bench, opening = opened(path)
        leave_alone()  # as the application does, some seconds after a document was opened
        canvas = bench.canvas
        result: dict[str, Any] = {"nodes": count, "edges": len(canvas.document.graph.edges), "open": opening}
        canvas.set_trace(trace_of(canvas.document.graph))
        bench.playhead.set_trace(canvas.content.trace)
        canvas.fit_all()
        result["scale_of_the_whole"] = canvas.camera.scale
        result["fit_all"] = fitted(bench)
        bench.rest()
        result["animated_whole"] = bench.animated()
        result["pan_whole"] = bench.panned()
        result["zoom_whole"] = bench.zoomed()
        bench.rest()
        canvas.fit_all()
        bench.rest()
        result["drag_whole"] = bench.dragged()
        canvas.zoom_100()
        bench.rest()
        result["drag_at_100"] = bench.dragged()
        result["animated_at_100"] = bench.animated()
        canvas.fit_all()
        bench.rest()
        result["save"] = saved(canvas.document, Path(home))
        result["undo_move_of_all"] = undone(bench)
        print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]))
