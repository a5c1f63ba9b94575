"""The bar across the top: brand, menus, modes, the phases of a step; file, optimizer, device and the training button."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QPushButton, QSizePolicy, QWidget

from graph.text.messages import _
from ui.look.marks import dot
from ui.look.style import style_sheet
from ui.look.theme import Theme
from ui.look.type_size import smaller
from ui.look.widgets import ElidedLabel, button, label, leave_out, row_width
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.modes import MODES, Modes


class ModeSwitch(QWidget):
    """One segment for each mode; a click on the present one changes nothing."""

    def __init__(self, modes: Modes) -> None:
        super().__init__()
        self.setAccessibleName(_("Mode"))
        self._modes = modes
        self.segments: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for mode in MODES:
            segment = button(mode.title, "segment", tip=mode.tip)
            segment.setCheckable(True)
            segment.clicked.connect(lambda _=False, key=mode.key: self._clicked(key))
            self.segments[mode.key] = segment
            row.addWidget(segment)
        modes.changed.connect(lambda _before, _now: self.refresh())
        self.refresh()

    def _clicked(self, key: str) -> None:
        self._modes.choose(key)
        self.refresh()

    def refresh(self) -> None:
        for key, segment in self.segments.items():
            segment.setChecked(key == self._modes.current)

    def show_keys(self, actions: Mapping[str, QAction]) -> None:
        for mode in MODES:
            self.segments[mode.key].setToolTip(hint(mode.tip, actions[f"mode_{mode.key}"]))


class TopBar(QWidget):
    """Leaves out what it can do without where room is short."""

    optimizer_clicked = Signal()
    device_clicked = Signal()
    train_clicked = Signal()

    def __init__(self, modes: Modes, menus: QMenuBar | None) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.brand = label("Gradwire", "brand")
        self.file = ElidedLabel("", "secondary", widest=220)
        self.file.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.modes = ModeSwitch(modes)
        self._ribbon_place = QWidget()
        self.ribbon = QHBoxLayout(self._ribbon_place)
        self.ribbon.setContentsMargins(0, 0, 0, 0)
        """The place of the phases of a training step (`Pages.add_ribbon`)."""
        self.optimizer: QPushButton = button("SGD", "chip", tip=_("Optimizer and its settings"))
        self.device: QPushButton = button("CPU", "chip", tip=_("The device on which the numbers are computed"))
        self.device.setIconSize(QSize(9, 9))
        self.train: QPushButton = button(_("Train ▶"), "primary", tip=_("Start training"))
        self._train_tips = (_("Start training"), _("Pause training"))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(8)
        self._row.addWidget(self.brand)
        if menus is not None:
            menus.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
            self._row.addWidget(menus, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self.modes)
        self._row.addStretch(1)
        self._row.addWidget(self._ribbon_place)
        self._row.addStretch(1)
        for widget in (self.file, self.optimizer, self.device, self.train):
            self._row.addWidget(widget)
        self._optional: tuple[QWidget, ...] = (self.file, self.device, self.optimizer, self.brand, self._ribbon_place)
        self.optimizer.clicked.connect(self.optimizer_clicked)
        self.device.clicked.connect(self.device_clicked)
        self.train.clicked.connect(self.train_clicked)

    def show_keys(self, actions: Mapping[str, QAction]) -> None:
        """Name in the tips the keys that do what the buttons do."""
        self.modes.show_keys(actions)
        self._train_tips = (hint(_("Start training"), actions["train"]), hint(_("Pause training"), actions["train"]))

    def add_ribbon(self, ribbon: QWidget) -> None:
        """Show something in the middle; where it is wider than the room that is left, the chips give way."""
        self.ribbon.addWidget(ribbon)

    def first_stop(self) -> QWidget:
        """What can be pressed here now, the training button before the chips."""
        offered = (self.train, self.optimizer, self.device)
        return next((widget for widget in offered if widget.isEnabled() and widget.isVisible()), self.modes.segments[MODES[0].key])

    def dress(self, theme: Theme) -> None:
        """Take the theme's type size, or the largest at which everything indispensable fits into the window's width.

        Before it is on the screen, the window may not have its width yet: each size that is tried costs a style sheet.
        """
        for own in smaller(theme):
            wanted = "" if own is theme else style_sheet(own)
            if self.styleSheet() != wanted:
                self.setStyleSheet(wanted)
            self.set_theme(own)
            if self.window().isHidden() or self._wanted() <= self.window().width():
                break
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        pad = round(8 * theme.scale)
        self._row.setContentsMargins(2 * pad, pad, 2 * pad, pad + 1)
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
        instead = {"dead": _("Restart"), "starting": _("starting"), "preparing": _("preparing")}
        self._set_text(self.device, " " + instead.get(kernel, name))
        self.device.setToolTip(why or _("The device on which the numbers are computed"))

    def _wanted(self) -> int:
        """The width of what cannot be left out."""
        return row_width(self._row, set(self._optional))

    def _fit(self) -> None:
        if self.isVisible():  # before, its width is not the one it will have
            leave_out(self._row, self.width(), self._optional)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
