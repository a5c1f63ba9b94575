"""How a table is read: a field for every setting of the whole table, with what was detected and the evidence for it under the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QSizePolicy, QSpinBox, QWidget

from engine.data.how_read import AUTO
from engine.data.table_reading import Finding, TableReading
from graph.text.messages import _
from ui.look.widgets import label

SIGNS = {
    "comma": _("comma  ,"), "semicolon": _("semicolon  ;"), "tab": _("tab"), "bar": _("bar  |"), "colon": _("colon  :"),
    "blanks": _("blanks"),
    "point": _("point  ."), "none": _("none"), "blank": _("blank"), "apostrophe": _("apostrophe  '"),
    "names": _("column names"), "data": _("a sample"), "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252",
}  # fmt: skip
"""Values of settings in words."""
ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("separator", _("&Separator"), ("comma", "semicolon", "tab", "bar", "colon", "blanks")),
    ("decimal", _("&Decimal sign"), ("point", "comma")),
    ("thousands", _("&Thousands sign"), ("none", "point", "comma", "blank", "apostrophe")),
    ("header", _("First &line"), ("names", "data")),
    ("skip_rows", _("Lines to s&kip"), ()),
    ("comment", _("&Comment sign"), ()),
    ("missing_words", _("&Missing values"), ()),
    ("encoding", _("&Encoding"), ("utf-8", "utf-16", "cp1252")),
    ("sheet", _("S&heet"), ()),
)
"""Setting, label and choices; in the order in which they are asked."""
HINTS = {
    "skip_rows": _("These lines at the top are not part of the table."),
    "comment": _("Lines that begin with it are skipped; auto: # above the table."),
    "missing_words": _("Words that mean no value, beside empty cells, NA, NaN, ? and the like; !NA: NA is a value."),
    "thousands": _("No number has a sign between thousands."),
}
"""What is said under a field where the reader has nothing to say."""


class Choice(QComboBox):
    """One of several values; the first is what the reader detects by itself."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda _at: self.changed.emit(self.currentData()))

    def offer(self, values: tuple[str, ...], auto: Any, detected: str) -> None:
        """Fill in the values; `auto` is the data of the first one."""
        chosen = self.currentData()
        self.clear()
        self.addItem(_("detected: {value}").format(value=SIGNS.get(detected, detected)) if detected else _("detected"), auto)
        for value in values:
            self.addItem(SIGNS.get(value, value), value)
        self.show_value(chosen)

    def show_value(self, value: Any) -> None:
        self.setCurrentIndex(max(0, self.findData(value)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Line(QLineEdit):
    """A text that counts when the focus leaves or Enter is pressed; Enter goes on to the dialog where nothing was typed."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self.editingFinished.connect(self.commit)

    def show_value(self, value: Any) -> None:
        if not (self.isModified() and self.hasFocus()):
            self._shown = str(value)
            self.setText(self._shown)

    def commit(self) -> None:
        if self.text().strip() != self._shown:
            self._shown = self.text().strip()
            self.setModified(False)
            self.changed.emit(self._shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.text().strip() != self._shown:
            self.commit()
            event.accept()
            return
        super().keyPressEvent(event)


class Count(QSpinBox):
    """A number of lines."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, 1000)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(lambda value: self.changed.emit(value))

    def show_value(self, value: Any) -> None:
        self.blockSignals(True)
        self.setValue(int(value or 0))
        self.blockSignals(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ReadingForm(QWidget):
    """`changed(name, value)`: a person chose something."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Choice | Line | Count] = {}
        self._labels: dict[str, QWidget] = {}
        self.evidence = {name: label("", "small", wrap=True) for name, *_rest in ROWS}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for at, (name, title, choices) in enumerate(ROWS):
            field: Choice | Line | Count = Choice() if choices or name == "sheet" else Count() if name == "skip_rows" else Line()
            text = label(title)
            text.setBuddy(field)
            field.setAccessibleName(title.replace("&", ""))
            field.changed.connect(lambda value, name=name: self.changed.emit(name, value))
            self.fields[name], self._labels[name] = field, text
            grid.addWidget(text, 3 * at, 0)
            grid.addWidget(field, 3 * at, 1)
            grid.addWidget(self.evidence[name], 3 * at + 1, 0, 1, 2)
            grid.setRowMinimumHeight(3 * at + 2, 6)
        grid.setRowStretch(3 * len(ROWS), 1)

    def show_settings(self, settings: Mapping[str, Any], reading: TableReading | None) -> None:
        """The settings as they are chosen, with what was found; without a reading the evidence is out of date and taken away."""
        findings = {finding.setting: finding for finding in reading.findings} if reading is not None else {}
        for name, _title, choices in ROWS:
            field, finding = self.fields[name], findings.get(name)
            value = settings.get(name)
            if isinstance(field, Choice):
                auto = "" if name == "sheet" else AUTO
                detected = str(finding.value) if finding is not None and not finding.chosen else ""
                options = reading.sheets if name == "sheet" and reading is not None else choices
                if name == "thousands" and reading is not None and finding is None:
                    detected = "none"
                field.offer(tuple(options), auto, detected)
                field.show_value(auto if value is None else value)
            else:
                field.show_value(value if value is not None else AUTO if name == "comment" else 0 if name == "skip_rows" else "")
            self._say(name, finding, reading is not None)
        pasted = settings.get("dataset") == "pasted"
        sheets = reading is not None and bool(reading.sheets)
        self._show("sheet", sheets or bool(settings.get("sheet")))
        self._show("encoding", not pasted and not sheets)
        self._show("separator", not sheets)

    def _say(self, name: str, finding: Finding | None, known: bool) -> None:
        text = finding.evidence if finding is not None else HINTS.get(name, "") if known or name in ("skip_rows", "comment") else ""
        if finding is not None and finding.doubtful:
            text = _("Not certain: {evidence}").format(evidence=text)
        self.evidence[name].setText(text)
        self.fields[name].setAccessibleDescription(text)

    def _show(self, name: str, shown: bool) -> None:
        for widget in (self._labels[name], self.fields[name], self.evidence[name]):
            widget.setVisible(shown)
