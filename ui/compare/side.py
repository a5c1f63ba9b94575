"""Fields for one of the two moments: a run and a step, or the step that is shown."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from engine.learned.comparison import Moment
from graph.text.messages import _
from ui.compare.choice import SHOWN, Choice
from ui.look.numbers import count
from ui.look.widgets import button, label, set_property


class SideBox(QWidget):
    """`chosen` carries a `Choice`."""

    chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._telling = False
        self._names: Mapping[int, str] = {}
        self.name = label(name, "strong")
        self.run, self.step = QComboBox(), QSpinBox()
        self.run.setAccessibleName(_("Run of {side}").format(side=name))
        self.run.setMinimumContentsLength(8)
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.step.setAccessibleName(_("Step of {side}").format(side=name))
        self.step.setKeyboardTracking(False)
        self.newest = button(_("newest"), "quiet", tip=_("Always the newest step of this run"))
        self.newest.setCheckable(True)
        top, below = QHBoxLayout(), QHBoxLayout()
        for row in (top, below):
            row.setSpacing(6)
        top.addWidget(self.name)
        top.addWidget(self.run, 1)
        below.addSpacing(16)
        below.addWidget(label(_("step"), "small"))
        below.addWidget(self.step, 1)
        below.addWidget(self.newest)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(top)
        column.addLayout(below)
        self.run.activated.connect(lambda _at: self._chose_run())
        self.step.valueChanged.connect(self._chose_step)
        self.newest.clicked.connect(self._chose_newest)

    def show_choice(self, choice: Choice, moment: Moment | None, names: Mapping[int, str], lasts: Mapping[int, int], hue: str) -> None:
        """What is chosen now, and which runs there are."""
        self._telling = True
        if dict(names) != self._names:
            self._names = dict(names)
            self.run.clear()
            self.run.addItem(_("The step shown"), 0)
            for run, name in names.items():
                self.run.addItem(name, run)
        self.run.setCurrentIndex(max(self.run.findData(choice.run), 0))
        last = lasts.get(moment.run, 0) if moment is not None else 0
        self.step.setRange(0, max(last, moment.step if moment is not None else 0))
        self.step.setValue(moment.step if moment is not None else 0)
        self.step.setSuffix(_(" of {last}").format(last=count(last)))
        self.step.setEnabled(bool(choice.run))
        self.newest.setEnabled(bool(choice.run))
        self.newest.setChecked(bool(choice.run) and choice.step is None)
        set_property(self.name, "role", "strong")
        self.name.setStyleSheet(f"color: {hue};")
        self._telling = False

    @property
    def _run(self) -> int:
        return int(self.run.currentData() or 0)

    def _chose_run(self) -> None:
        self.chosen.emit(Choice(self._run) if self._run else SHOWN)

    def _chose_step(self, step: int) -> None:
        if not self._telling:
            self.chosen.emit(Choice(self._run, step))

    def _chose_newest(self, on: bool) -> None:
        self.chosen.emit(Choice(self._run, None if on else self.step.value()))
