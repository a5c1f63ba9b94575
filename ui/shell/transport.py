"""The transport: plays the passes forward and backward, node by node, at a speed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from graph.text.messages import _
from ui.look.widgets import button, label, set_property
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.playback import SPEEDS, Playhead, speed_text

SPEED_STEPS = 100


class Transport(QWidget):
    """Back one node, forward, backward, next node and speed; plays a `Playhead`."""

    def __init__(self, playhead: Playhead) -> None:
        super().__init__()
        self._playhead = playhead
        self.training = False
        self.back = button(_("Back one node"), tip=_("Step back one node"))
        self.forward = button(_("Forward ▶"), accent="forward", tip=_("Play the values from the inputs to the result"))
        self.backward = button(_("◀ Backward"), accent="backward", tip=_("Play the gradients from the result back to the inputs"))
        self.step = button(_("Next node"), tip=_("Play one node"))
        self.speed_label = label(_("speed"), "secondary")
        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(0, SPEED_STEPS)
        self.speed.setAccessibleName(_("Playback speed"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._show_speed()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.back, self.forward, self.backward, self.step):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self.speed_label)
        row.addWidget(self.speed)
        self.back.clicked.connect(playhead.step_back)
        self.forward.clicked.connect(playhead.play_forward)
        self.backward.clicked.connect(playhead.play_backward)
        self.step.clicked.connect(playhead.step)
        self.speed.valueChanged.connect(self._set_speed)
        playhead.state_changed.connect(self.refresh)
        playhead.speed_changed.connect(self._show_speed)
        self.refresh()

    def set_speed(self, speed: float) -> None:
        """Put the slider at a speed; equal ways on it are equal factors."""
        low, high = SPEEDS
        self.speed.setValue(round(SPEED_STEPS * math.log(speed / low) / math.log(high / low)))

    def _set_speed(self, position: int) -> None:
        low, high = SPEEDS
        self._playhead.set_speed(low * (high / low) ** (position / SPEED_STEPS))

    def _show_speed(self) -> None:
        """The speed was changed, here or elsewhere: the slider shows the nearest place, and changes nothing."""
        self.speed.blockSignals(True)
        self.set_speed(self._playhead.speed)
        self.speed.blockSignals(False)
        self.speed.setToolTip(speed_text(self._playhead))

    def refresh(self) -> None:
        playhead = self._playhead
        playable = bool(playhead.events) and not self.training
        for widget in (self.back, self.forward, self.backward, self.step):
            widget.setEnabled(playable)
        self.forward.setText(_("Pause") if playhead.playing == "forward" else _("Forward ▶"))
        self.backward.setText(_("Pause") if playhead.playing == "backward" else _("◀ Backward"))
        set_property(self.forward, "active", playhead.phase == "forward")
        set_property(self.backward, "active", playhead.phase == "backward")
        self.step.setEnabled(playable and (playhead.at_rest or bool(playhead.tail) or playhead.event_index < playhead.length))
        self.back.setEnabled(playable and (playhead.at_rest or bool(playhead.tail) or playhead.event_index > 0 or playhead.moving))

    def fix_widths(self) -> None:
        """Keep the buttons' widths when their text turns into Pause and back."""
        for widget, text in ((self.forward, _("Forward ▶")), (self.backward, _("◀ Backward"))):
            widget.setMinimumWidth(0)
            shown = widget.text()
            widget.setText(text)
            widget.setMinimumWidth(widget.sizeHint().width())
            widget.setText(shown)
        self.speed.setFixedWidth(max(72, self.speed_label.sizeHint().width() * 2))

    def set_training(self, training: bool) -> None:
        """While something trains no pass is played; the speed is that of training then."""
        self.training = training
        self.refresh()

    def show_keys(self, actions: Mapping[str, QAction]) -> None:
        """Name in the tips the keys that do what the buttons do."""
        self.back.setToolTip(hint(_("Step back one node"), actions["previous_step"]))
        self.step.setToolTip(hint(_("Play one node"), actions["next_step"]))
        self.forward.setToolTip(hint(_("Play the values from the inputs to the result"), actions["play_forward"]))
        self.backward.setToolTip(hint(_("Play the gradients from the result back to the inputs"), actions["play_backward"]))
