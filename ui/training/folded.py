"""A section of settings that starts closed: its header says what is set in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from graph.model.spec import Setting
from graph.text.messages import _
from ui.forms.forms import ParameterForm
from ui.look.numbers import plain
from ui.look.widgets import label


class Folded(QWidget):
    """A form under a header that opens and closes it.."""

    changed = Signal(str, object)
    settled = Signal()

    def __init__(self, title: str, settings: Sequence[Setting], tip: str) -> None:
        super().__init__()
        self._settings = tuple(settings)
        self.form = ParameterForm(self._settings)
        self.form.hide()
        self.header = QToolButton()
        self.header.setText(title)
        self.header.setToolTip(tip)
        self.header.setAccessibleName(title)
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setArrowType(Qt.ArrowType.RightArrow)
        self.header.toggled.connect(self._fold)
        self.summary = label("", "small", wrap=True)
        self.summary.hide()
        head = QHBoxLayout()
        head.addWidget(self.header)
        head.addStretch(1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 2, 0, 0)
        self.column.setSpacing(4)
        self.column.addLayout(head)
        self.column.addWidget(self.summary)
        self.column.addWidget(self.form)
        self.form.changed.connect(self.changed)
        self.form.settled.connect(self.settled)

    @property
    def is_open(self) -> bool:
        return self.header.isChecked()

    def open(self, on: bool = True) -> None:
        self.header.setChecked(on)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values of the settings."""
        self.form.set_values(values)
        names = [s.name for s in self._settings if values.get(s.name, s.default) != s.default and s.visible(values)]
        texts = [self.written(name, values[name]) for name in names]
        self.summary.setText(" · ".join(texts))
        self._show_summary()

    def written(self, name: str, value: Any) -> str:
        """`Patience 10`: one setting and its value, for the summary."""
        title = next(s.title for s in self._settings if s.name == name)
        if isinstance(value, bool):
            return title if value else f"{title}: {_('off')}"
        return f"{title} {plain(value) if isinstance(value, int | float) else value}"

    def _fold(self, opened: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.form.setVisible(opened)
        self._show_summary()

    def _show_summary(self) -> None:
        self.summary.setVisible(bool(self.summary.text()) and not self.is_open)
