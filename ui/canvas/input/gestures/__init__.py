"""Gestures of the mouse, one object each: begun, moved, and finished or cancelled without a trace."""

from ui.canvas.input.gestures.base import Pointer, PointerGesture
from ui.canvas.input.gestures.box import BoxSelect
from ui.canvas.input.gestures.connect import DrawWire
from ui.canvas.input.gestures.connect_keys import DrawWireByKeys
from ui.canvas.input.gestures.cut import CutWires
from ui.canvas.input.gestures.move import MoveCopies, MoveItems
from ui.canvas.input.gestures.pan import MapPan, Pan
from ui.canvas.input.gestures.shape import MoveBend, Resize
from ui.canvas.input.gestures.slider import DragSlider

__all__ = [
    "BoxSelect", "CutWires", "DragSlider", "DrawWire", "DrawWireByKeys", "MapPan", "MoveBend", "MoveCopies", "MoveItems", "Pan",
    "Pointer", "PointerGesture", "Resize",
]  # fmt: skip
