"""Gestures of the mouse, one object each: begun, moved, and finished or cancelled without a trace."""

from ui.canvas.input.gestures.base import Gesture, Pointer
from ui.canvas.input.gestures.box import BoxSelect
from ui.canvas.input.gestures.connect import Connect
from ui.canvas.input.gestures.connect_keys import ConnectByKeys
from ui.canvas.input.gestures.cut import Cut
from ui.canvas.input.gestures.move import Move, MoveCopies
from ui.canvas.input.gestures.pan import MapPan, Pan
from ui.canvas.input.gestures.shape import MoveBend, Resize
from ui.canvas.input.gestures.slider import DragSlider

__all__ = [
    "BoxSelect", "Connect", "ConnectByKeys", "Cut", "DragSlider", "Gesture", "MapPan", "Move", "MoveBend", "MoveCopies", "Pan", "Pointer",
    "Resize",
]  # fmt: skip
