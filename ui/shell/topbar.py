"""The bar across the top: brand, menus, file; the transport; optimizer, device and the training button."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QPushButton, QSizePolicy, QSlider, QWidget

from graph.text.messages import _
from ui.look.marks import dot
from ui.look.style import style_sheet
from ui.look.theme import THEMES, Theme
from ui.look.type_size import sized
from ui.look.widgets import ElidedLabel, button, label, set_property
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.playback import SPEEDS, Playhead

SPEED_STEPS = 100


class Transport(QWidget):
    """Back one node, forward, backward, next node and speed; plays a `Playhead`."""

    def __init__(self, playhead: Playhead) -> None:
        super().__init__()
        self._playhead = playhead
        self.back = button(_("Back one node"), tip=_("Step back one node"))
        self.forward = button(_("Forward ▶"), accent="forward", tip=_("Play the values from the inputs to the result"))
        self.backward = button(_("◀ Backward"), accent="backward", tip=_("Play the gradients from the result back to the inputs"))
        self.step = button(_("Next node"), tip=_("Play one node"))
        self.speed_label = label(_("speed"), "secondary")
        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(0, SPEED_STEPS)
        self.speed.setAccessibleName(_("Playback speed"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_speed(playhead.speed)
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
        self.refresh()

    def set_speed(self, speed: float) -> None:
        """Put the slider at a speed; equal ways on it are equal factors."""
        low, high = SPEEDS
        self.speed.setValue(round(SPEED_STEPS * math.log(speed / low) / math.log(high / low)))

    def _set_speed(self, position: int) -> None:
        low, high = SPEEDS
        self._playhead.set_speed(low * (high / low) ** (position / SPEED_STEPS))
        self.speed.setToolTip(f"{self._playhead.speed:.2g} times")

    def refresh(self) -> None:
        playhead = self._playhead
        playable = bool(playhead.events) and self.isEnabled()
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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.refresh()


class TopBar(QWidget):
    """Arranges itself so that the transport stays in the middle; leaves out what it can do without where room is short."""

    optimizer_clicked = Signal()
    device_clicked = Signal()
    train_clicked = Signal()

    def __init__(self, playhead: Playhead, menus: QMenuBar | None) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.brand = label("Gradwire", "brand")
        self.file = ElidedLabel("", "secondary", widest=220)
        self.file.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.transport = Transport(playhead)
        self.optimizer: QPushButton = button("SGD", "chip", tip=_("Optimizer and its settings"))
        self.device: QPushButton = button("CPU", "chip", tip=_("The device on which the numbers are computed"))
        self.device.setIconSize(QSize(9, 9))
        self.train: QPushButton = button(_("Train ▶"), "primary", tip=_("Start training"))
        left, right = QWidget(), QWidget()
        self._left, self._right = QHBoxLayout(left), QHBoxLayout(right)
        for layout in (self._left, self._right):
            layout.setContentsMargins(0, 0, 0, 0)
        self._left.setSpacing(6)
        self._left.addWidget(self.brand)
        if menus is not None:
            menus.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
            self._left.addWidget(menus, 0, Qt.AlignmentFlag.AlignVCenter)
        self._left.addWidget(self.file, 1)
        self._right.setSpacing(8)
        self._right.addStretch(1)
        for widget in (self.optimizer, self.device, self.train):
            self._right.addWidget(widget)
        self._ends = (left, right)
        self._train_tips = (_("Start training"), _("Pause training"))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(16)
        self._row.addWidget(left, 1)
        self._row.addWidget(self.transport)
        self._row.addWidget(right, 1)
        self._optional: tuple[QWidget, ...] = (self.file, self.transport.speed_label, self.device, self.optimizer, self.transport.speed)
        self.optimizer.clicked.connect(self.optimizer_clicked)
        self.device.clicked.connect(self.device_clicked)
        self.train.clicked.connect(self.train_clicked)

    def show_keys(self, actions: Mapping[str, QAction]) -> None:
        """Name in the tips the keys that do what the buttons do."""
        transport = self.transport
        transport.back.setToolTip(hint(_("Step back one node"), actions["previous_step"]))
        transport.step.setToolTip(hint(_("Play one node"), actions["next_step"]))
        transport.forward.setToolTip(hint(_("Play the values from the inputs to the result"), actions["play_forward"]))
        transport.backward.setToolTip(hint(_("Play the gradients from the result back to the inputs"), actions["play_backward"]))
        self._train_tips = (hint(_("Start training"), actions["train"]), hint(_("Pause training"), actions["train"]))

    def first_stop(self) -> QWidget:
        """What can be pressed here now, the transport before the chips."""
        offered = (self.transport.forward, self.train, self.optimizer, self.device)
        return next((widget for widget in offered if widget.isEnabled() and widget.isVisible()), self.transport.forward)

    def dress(self, theme: Theme) -> None:
        """Take the theme's type size, or the largest at which everything indispensable fits into the window's width."""
        for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3):
            own = theme if share == 1.0 else sized(theme, share * theme.scale / THEMES[theme.name].scale)
            wanted = "" if own is theme else style_sheet(own)
            if self.styleSheet() != wanted:
                self.setStyleSheet(wanted)
            self.set_theme(own)
            if self._wanted() <= self.window().width():
                break

    def set_theme(self, theme: Theme) -> None:
        pad = round(8 * theme.scale)
        self._row.setContentsMargins(2 * pad, pad, 2 * pad, pad + 1)
        self.transport.fix_widths()
        self._fit()

    def set_file(self, name: str, modified: bool) -> None:
        if self.file.full == (text := name + (" •" if modified else "")):
            return
        self.file.set_full(text)
        self.file.setToolTip(_("There are unsaved changes") if modified else name)
        self._fit()

    def set_optimizer(self, text: str) -> None:
        self._set_text(self.optimizer, text)

    def _set_text(self, widget: QPushButton, text: str) -> None:
        """Another text has another width: what there is no room for is left out again."""
        if text != widget.text():
            widget.setText(text)
            self._fit()

    def set_training(self, training: bool, possible: bool, why: str) -> None:
        """Show the button as it acts; where training is not possible it says why."""
        self._set_text(self.train, _("Pause") if training else _("Train ▶"))
        self.train.setEnabled(possible)
        self.train.setToolTip(why or self._train_tips[training])

    def set_device(self, kernel: str, name: str, theme: Theme, why: str) -> None:
        """The chip: a disc for the engine's state, and where it computes."""
        hue = {"ready": theme.success, "training": theme.success, "dead": theme.error}.get(kernel, theme.wire)
        self.device.setIcon(dot(hue))
        self._set_text(self.device, " " + {"dead": _("Restart"), "starting": _("starting")}.get(kernel, name))
        self.device.setToolTip(why or _("The device on which the numbers are computed"))

    def _wanted(self) -> int:
        margins = self._row.contentsMargins()
        inner = sum(end.sizeHint().width() for end in self._ends)
        return inner + self.transport.sizeHint().width() + margins.left() + margins.right() + 2 * self._row.spacing()

    def _fit(self) -> None:
        for widget in self._optional:
            widget.show()
        for widget in self._optional:
            for layout in (self._left, self._right, self.transport.layout(), self._row):
                assert layout is not None
                layout.invalidate()
            if self._wanted() <= self.width() or not self.width():
                break
            widget.hide()
        left, right = self._ends
        spare = self.width() - self._wanted()
        # The transport stays in the middle as long as both ends have their room.
        left.setMinimumWidth(left.sizeHint().width() if spare >= 0 else 0)
        right.setMinimumWidth(right.sizeHint().width() if spare >= 0 else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
