"""A field for one number: typed in any spelling, stepped by arrow keys and buttons, refused with a reason."""

from __future__ import annotations

import math
import sys

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from graph.formula.numbers import read_number
from graph.model.settings import complaint
from graph.model.spec import Setting
from ui.look.numbers import plain
from ui.look.typing import leave_undo_to_the_window
from ui.look.widgets import set_property


class NumberField(QAbstractSpinBox):
    """Edits an `int` or `float` setting. `changed` carries each accepted value, `refused` why a typed one is not (or nothing).

    `noted` carries what was understood, where that might surprise; `settled` surrounds a typed value: it is a step of its own to undo.
    """

    changed = Signal(object)
    refused = Signal(str)
    noted = Signal(str)
    settled = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self._value: float | int | None = None
        self._shown = self.refusal = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(setting.label)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(7, 0, 0, 0)
        if setting.optional:
            self.lineEdit().setPlaceholderText(setting.empty or "none")
        self.editingFinished.connect(self.commit)  # Return: the spin box's own signal; its line never sends one then
        self.lineEdit().editingFinished.connect(self.commit)
        self.set_value(setting.default)

    @property
    def value(self) -> float | int | None:
        return self._value

    def set_value(self, value: float | int | None) -> None:
        """Show a value without telling anyone; what is being typed is left alone."""
        if value == self._value and (self._shown or value is None):
            return
        self._value = value
        if not (self.lineEdit().isModified() and self.hasFocus()):
            self._show()

    def _show(self) -> None:
        self._shown = "" if self._value is None else plain(self._value)
        self.lineEdit().setText(self._shown)
        self.lineEdit().setCursorPosition(0)  # a long number is seen from its first digit on
        self.lineEdit().setModified(False)
        self._complain("")

    def _complain(self, text: str) -> None:
        self.refusal = text
        set_property(self, "complaint", bool(text))
        self.setToolTip(text)
        self.refused.emit(text)

    def forget(self) -> None:
        """Show the value again, whatever is typed."""
        self._show()

    def commit(self) -> None:
        """Take what is typed; what cannot be taken stays, with the reason."""
        text = self.lineEdit().text().strip()
        if text == self._shown:
            self.lineEdit().setModified(False)
            return self._complain("") if self.property("complaint") else None
        if self._setting.optional and text.casefold() in ("", self.lineEdit().placeholderText().casefold()):
            return self._take_typed(None, "")
        reading = read_number(text, whole=self._setting.kind == "int")
        if reading.value is None:
            return self._complain(reading.refusal)
        self._take_typed(reading.value, reading.note)

    def _take_typed(self, value: float | int | None, note: str) -> None:
        self.settled.emit()
        self._take(value)
        self.settled.emit()
        if note and not self.property("complaint"):
            self.noted.emit(note)

    def _take(self, value: float | int | None) -> None:
        refusal = complaint(self._setting, value) if value is not None else None
        if refusal:
            return self._complain(refusal)
        different = value != self._value
        self._value = value
        self._show()
        if different:
            self.changed.emit(value)

    def stepped(self, steps: int) -> float | int:
        """The value some steps up or down: 1 for whole numbers, a factor on logarithmic settings, else a digit of its size."""
        start = self._value
        if start is None and not self._setting.optional:
            start = self._setting.default
        if start is None:
            start = self._setting.minimum or 1
        if self._setting.kind == "int":
            moved: float | int = int(start) + steps
        elif self._setting.logarithmic and start > 0:
            moved = _round(min(start * 10 ** (steps / 10), sys.float_info.max))
        else:
            unit = max(10.0 ** (math.floor(math.log10(abs(start))) - 1), math.ulp(0.0)) if start else 0.1
            moved = _round(min(max(start + steps * unit, -sys.float_info.max), sys.float_info.max), unit)
        low, high = self._setting.minimum, self._setting.maximum
        if low is not None and moved < low:
            moved = type(moved)(low)
        if high is not None and moved > high:
            moved = type(moved)(high)
        return moved

    # Qt

    def stepBy(self, steps: int) -> None:
        typed = read_number(self.lineEdit().text(), whole=self._setting.kind == "int").value
        if typed is not None and complaint(self._setting, typed) is None:
            self._value = typed if self.lineEdit().isModified() else self._value
        self.lineEdit().setModified(False)
        self._take(self.stepped(steps))
        self.lineEdit().selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position

    def sizeHint(self) -> QSize:
        return QSize(96, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel scrolls the panel: a number that it changed on the way would go unnoticed

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape and self.lineEdit().isModified():
                self._show()
                return True
            if leave_undo_to_the_window(event, self.lineEdit().isModified()):
                return False
        return super().event(event)


def _round(value: float, unit: float | None = None) -> float:
    """Without the digits that binary fractions add: 0.1 + 0.2 is 0.3 to a person."""
    if value == 0:
        return 0.0
    digits = 2 - math.floor(math.log10(abs(value))) if unit is None else 1 - math.floor(math.log10(unit))
    return round(value, max(0, digits))
