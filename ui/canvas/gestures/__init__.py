"""Gestures of the mouse, one object each: begun, moved, and finished or cancelled without a trace."""

from ui.canvas.gestures.base import Gesture, Pointer
from ui.canvas.gestures.box import BoxSelect
from ui.canvas.gestures.connect import Connect
from ui.canvas.gestures.connect_keys import ConnectByKeys
from ui.canvas.gestures.cut import Cut
from ui.canvas.gestures.move import Move, MoveCopies
from ui.canvas.gestures.pan import MapPan, Pan
from ui.canvas.gestures.shape import MoveBend, Resize
from ui.canvas.gestures.slider import DragSlider

__all__ = [
    "BoxSelect", "Connect", "ConnectByKeys", "Cut", "DragSlider", "Gesture", "MapPan", "Move", "MoveBend", "MoveCopies", "Pan", "Pointer",
    "Resize",
]  # fmt: skip
