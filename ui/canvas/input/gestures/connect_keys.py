"""Drawing a wire without a mouse: P takes the selected node's output, arrows choose where it goes, Enter connects."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from graph.text.messages import _
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.input.gestures.connect import DrawWire
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.scene import PortHit

_FURTHER, _BACK = {Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Tab}, {Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Backtab}


class DrawWireByKeys(DrawWire):
    """Goes through the inputs that fit, free ones first, the nearest first. P again takes the node's next output."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, model: CanvasModel, node: str, output: int = 0) -> None:
        self._node, self._output = node, output
        outputs = model.scene.cards[node].outputs
        spot = outputs[output % len(outputs)]
        x, y = model.scene.place(node)
        here = QPointF(x + spot.x, y + spot.y)
        super().__init__(model, Pointer(model.camera.to_view(here), here, Qt.KeyboardModifier.NoModifier), PortHit(node, spot))
        self._choices = self._fitting(here)
        self._chosen = 0
        self._show()

    def _fitting(self, here: QPointF) -> list[PortHit]:
        graph, scene = self.model.document.graph, self.model.scene
        ranked: list[tuple[bool, float, PortHit]] = []
        for node in scene.ids:
            x, y = scene.place(node)
            for spot in scene.cards[node].inputs:
                hit = PortHit(node, spot)
                if node != self._node and self._judge(hit).possible:
                    away = QPointF(x + spot.x, y + spot.y) - here
                    real = scene.real(hit)
                    occupied = graph.edge_into(real.node, real.spot.port, real.spot.slot) is not None
                    ranked.append((occupied, away.x() ** 2 + away.y() ** 2 + (1e9 if away.x() < 0 else 0.0), hit))
        return [hit for *_, hit in sorted(ranked, key=lambda row: row[:2])]

    def _show(self) -> None:
        if not self._choices:
            return
        self._target = self._choices[self._chosen % len(self._choices)]
        self._verdict = self._judge(self._target)
        self.model.reveal(self._target.node)
        self.model.surface.repaint_scene()

    def key(self, event: QKeyEvent) -> PointerGesture | None:
        """Every key but Esc, which the router sees first."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._target is not None:
                self._wire(self._target)
            return None
        if key == Qt.Key.Key_P:
            return DrawWireByKeys(self.model, self._node, self._output + 1)
        if self._choices and (key in _FURTHER or key in _BACK):
            self._chosen += 1 if key in _FURTHER else -1
            self._show()
        return self

    def tip(self) -> tuple[str, bool] | None:
        return (_("No input here accepts this output"), False) if not self._choices else (self._verdict.text, self._verdict.good)

    def tip_place(self) -> QPointF:
        """Beside the chosen port, because the keyboard has no cursor position."""
        hit = self._target or self._fixed
        x, y = self.model.scene.place(hit.node)
        return self.model.camera.to_view(QPointF(x + hit.spot.x, y + hit.spot.y))

    def move(self, at: Pointer) -> None:
        """The mouse has no part in this."""

    def finish(self, at: Pointer) -> None:
        """The mouse has no part in this."""
