"""Dragging the slider of an Input or a Parameter: every tick is an edit, the whole drag one step to undo."""

from __future__ import annotations

from PySide6.QtCore import Qt

from graph.model import edits
from graph.text.messages import _
from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.model.canvas_model import CanvasModel


def snapped(share: float, low: float, high: float, step: float) -> float:
    """The value at `share` of the way from `low` to `high`, on a multiple of `step` counted from zero."""
    if share <= 0.0 or high <= low:
        return low
    if share >= 1.0:
        return high
    value = low + share * (high - low)
    if step > 0:
        value = float(f"{round(value / step) * step:.12g}")  # 0.1 · 3 is 0.3, as it was typed
    return min(max(value, low), high)


class DragSlider(PointerGesture):
    cursor = Qt.CursorShape.SizeHorCursor

    def __init__(self, model: CanvasModel, start: Pointer, node_id: str) -> None:
        super().__init__(model, start)
        self._node = node_id
        self._revision = model.document.revision
        model.live.held = True
        model.document.begin(_("Set {name}").format(name=model.document.graph.nodes[node_id].name))
        self.move(start)

    def move(self, at: Pointer) -> None:
        graph = self.model.document.graph
        card = self.model.scene.cards.get(self._node)
        if card is None or card.slider is None:
            return
        settings = graph.settings_of(self._node)
        left = self.model.scene.place(self._node)[0] + card.slider.left()
        share = (at.scene.x() - left) / card.slider.width()
        value = snapped(share, float(settings["minimum"]), float(settings["maximum"]), float(settings["step"]))
        if value != settings["value"]:
            self.model.do(edits.SetParam(self._node, "value", value), merge=("slider", self._node))
            self.model.value_dragged.emit()

    def finish(self, at: Pointer) -> None:
        self.move(at)
        self.model.live.held = False
        self.model.document.commit()

    def cancel(self) -> None:
        self.model.live.held = False
        self.model.document.rollback()
        self.model.value_dragged.emit()
