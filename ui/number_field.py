"""A field for one number: typed in any spelling, stepped by arrows, wheel and buttons, refused with a reason."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from graph.spec import Setting
from ui.numbers import plain
from ui.widgets import set_property


class NumberField(QAbstractSpinBox):
    """Edits an `int` or `float` setting. `changed` carries each accepted value, `refused` why a typed one is not (or nothing)."""

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self._value: float | int | None = None
        self._shown = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(setting.label)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(7, 0, 0, 0)
        if setting.default is None:
            self.lineEdit().setPlaceholderText(setting.unit or "none")
        self.lineEdit().editingFinished.connect(self._commit)
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
        self.lineEdit().setModified(False)
        self._complain("")

    def _complain(self, text: str) -> None:
        set_property(self, "complaint", bool(text))
        self.setToolTip(text)
        self.refused.emit(text)

    def _commit(self) -> None:
        text = self.lineEdit().text().strip()
        if text == self._shown:
            return self._complain("")
        if self._setting.default is None and text.casefold() in ("", self.lineEdit().placeholderText().casefold()):
            return self._take(None)
        value = parse(text, whole=self._setting.kind == "int")
        if value is None:
            return self._complain("a whole number is wanted here" if self._setting.kind == "int" else "a number is wanted here")
        self._take(value)

    def _take(self, value: float | int | None) -> None:
        complaint = self._setting.complaint(value) if value is not None else None
        if complaint:
            return self._complain(complaint)
        different = value != self._value
        self._value = value
        self._show()
        if different:
            self.changed.emit(value)

    def stepped(self, steps: int) -> float | int:
        """The value some steps up or down: 1 for whole numbers, a factor on logarithmic settings, else a digit of its size."""
        start = self._value if self._value is not None else self._setting.default
        if start is None:
            start = self._setting.minimum or 1
        if self._setting.kind == "int":
            moved: float | int = int(start) + steps
        elif self._setting.logarithmic and start > 0:
            moved = _round(start * 10 ** (steps / 10))
        else:
            unit = 10.0 ** (math.floor(math.log10(abs(start))) - 1) if start else 0.1
            moved = _round(start + steps * unit, unit)
        low, high = self._setting.minimum, self._setting.maximum
        if low is not None and moved < low:
            moved = type(moved)(low)
        if high is not None and moved > high:
            moved = type(moved)(high)
        return moved

    # Qt

    def stepBy(self, steps: int) -> None:
        typed = parse(self.lineEdit().text(), whole=self._setting.kind == "int")
        if typed is not None and self._setting.complaint(typed) is None:
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
        # A panel must scroll past a field that nobody is editing.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape and self.lineEdit().isModified():  # type: ignore[attr-defined]
            self._show()
            return True
        return super().event(event)


def parse(text: str, whole: bool = False) -> float | int | None:
    """The number a person typed, or None. `1,5` and `−2` are understood; NaN and infinities are not numbers here."""
    cleaned = text.strip().replace("−", "-").replace(" ", "").replace("×10^", "e")
    if cleaned.count(",") == 1 and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    try:
        value = float(cleaned)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    if whole:
        return int(value) if value == int(value) else None
    return value


def _round(value: float, unit: float | None = None) -> float:
    """Without the digits that binary fractions add: 0.1 + 0.2 is 0.3 to a person."""
    if value == 0:
        return 0.0
    digits = 2 - math.floor(math.log10(abs(value))) if unit is None else 1 - math.floor(math.log10(unit))
    return round(value, max(0, digits))
