"""A form made from declared settings: one row a setting, one editor a kind, complaints in words under the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QIcon, QKeyEvent, QShowEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from graph.formula.numbers import read_sizes, read_tensor
from graph.model.settings import complaint
from graph.model.spec import Setting
from graph.storage.embedded import is_embedded, name_of
from graph.storage.paths import cleaned
from graph.text.messages import _, translated
from ui.forms.number_field import NumberField
from ui.forms.paths import Paths
from ui.forms.tensor_field import TensorField
from ui.look.numbers import plain
from ui.look.style import ICONS
from ui.look.typing import leave_undo_to_the_window
from ui.look.widgets import label, set_property

WIDEST = _("Weight decay λ ")
"""A usual long label: what the column of labels is made for. Longer ones break."""
CHOOSING = {
    "table": (_("Choose a table"), _("Tables (*.csv *.tsv *.txt *.dat *.xlsx);;All files (*)")),
    "pictures": (_("Choose a file of pictures"), _("Pictures (*ubyte *ubyte.gz *.bin *.zip);;All files (*)")),
    "labels": (_("Choose the file of labels"), _("Labels (*ubyte *ubyte.gz);;All files (*)")),
}
"""The title of the dialog and its filters, by what a file setting names."""
FOLDERS = {"pictures": _("Choose the folder that has one folder per class")}
"""The title of the dialog for a folder, where that can be chosen too."""


class ChoiceField(QComboBox):
    """One of a setting's choices. The wheel scrolls the panel, never the choice."""

    changed = Signal(object)

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setAccessibleName(setting.label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._offered: tuple[dict[str, str], dict[str, str]] = {}, {}
        titles = setting.choice_titles or [translated(choice.replace("_", " ")) for choice in setting.choices]
        for choice, title in zip(setting.choices, titles, strict=True):
            self.addItem(title, choice)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda _: self.changed.emit(self.currentData()))

    def set_choices(self, titles: Mapping[str, str], headings: Mapping[str, str] = {}) -> None:  # noqa: B006 - never changed
        """Offer other choices from now on, with their titles; what is chosen stays where it is among them. `headings` says under which
        heading each stands: those of one heading come one after another."""
        if (dict(titles), dict(headings)) == self._offered:
            return
        self._offered = dict(titles), dict(headings)
        chosen, heading = self.currentData(), ""
        self.clear()
        for choice, title in titles.items():
            if headings.get(choice, "") != heading:
                heading = headings[choice]
                self._add_heading(heading)
            self.addItem(title, choice)
        self.setMaxVisibleItems(max(self.count(), 10))
        first = next((i for i in range(self.count()) if self.itemData(i) is not None), 0)
        at = self.findData(chosen) if chosen is not None else -1
        self.setCurrentIndex(at if at >= 0 else first)

    def _add_heading(self, text: str) -> None:
        """A line that cannot be chosen."""
        self.addItem(text)
        model, at = self.model(), self.count() - 1
        if isinstance(model, QStandardItemModel) and (item := model.item(at)) is not None:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            font = QFont(self.font())
            font.setBold(True)
            item.setFont(font)

    def set_value(self, value: object) -> None:
        at = self.findData(value)
        if at < 0:
            self.insertItem(0, _("{name} (unknown)").format(name=value), value)
            at = 0
        self.setCurrentIndex(at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class BoolField(QCheckBox):
    """On or off."""

    changed = Signal(object)

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setAccessibleName(setting.label)
        self.clicked.connect(lambda on: self.changed.emit(bool(on)))

    def set_value(self, value: object) -> None:
        self.setChecked(bool(value))


class TextField(QLineEdit):
    """A text, a list of whole numbers (`8, 3`) or nested lists (`[[1, 2], [3, 4]]`), by the setting's kind."""

    changed = Signal(object)
    refused = Signal(str)
    noted = Signal(str)
    settled = Signal()

    def __init__(self, setting: Setting, paths: Paths | None = None) -> None:
        super().__init__()
        self._setting, self._paths = setting, paths
        self._shown, self.refusal = "", ""
        self.setAccessibleName(setting.label)
        if setting.kind in ("shape", "ints"):
            self.setPlaceholderText(setting.empty or ("none" if setting.kind == "ints" else _("empty: one number")))
        if setting.file:
            self._add_browsing()
        self.editingFinished.connect(self.commit)

    def _add_browsing(self) -> None:
        if self._setting.file in FOLDERS:
            folder = self.addAction(QIcon(str(ICONS / "folder.svg")), QLineEdit.ActionPosition.TrailingPosition)
            folder.setToolTip(_("Choose a folder"))
            folder.triggered.connect(self._browse_folders)
        icon = "file.svg" if self._setting.file in FOLDERS else "folder.svg"
        file = self.addAction(QIcon(str(ICONS / icon)), QLineEdit.ActionPosition.TrailingPosition)
        file.setToolTip(_("Choose a file"))
        file.triggered.connect(self._browse)

    def _browse(self) -> None:
        if self._paths is not None:
            self._paths.choose(*CHOOSING[self._setting.file], self._take)

    def _browse_folders(self) -> None:
        if self._paths is not None:
            self._paths.choose_folder(FOLDERS[self._setting.file], self._take)

    def _take(self, chosen: Path) -> None:
        self.setText(str(chosen))
        self.commit()

    def set_value(self, value: Any) -> None:
        text = written(self._setting, value)
        if (self.isModified() and self.hasFocus()) or (self.refusal and text == self._shown):
            return  # what is being typed, or was refused, stays
        if text == self._shown and text == self.text():
            return
        self._show(text)

    def _show(self, text: str) -> None:
        self._shown = text
        self.setText(text)
        self.setCursorPosition(0)
        self._complain("")

    def forget(self) -> None:
        """Show the value again, whatever is typed."""
        self._show(self._shown)

    def commit(self) -> None:
        """Take what is typed; what cannot be taken stays, with the reason."""
        text = self.text().strip()
        if self._setting.file and text != self._shown:
            text = cleaned(text) if self._paths is None else self._paths.resolved(text)
        self.setModified(False)
        if text == self._shown:
            return self._complain("") if self.refusal else None
        value, refusal, note = read(self._setting, text)
        if refusal:
            return self._complain(refusal)
        self._shown = written(self._setting, value)
        self.setText(self._shown)
        self._complain("")
        self.settled.emit()
        self.changed.emit(value)
        self.settled.emit()
        if note:
            self.noted.emit(note)

    def _complain(self, text: str) -> None:
        self.refusal = text
        set_property(self, "complaint", bool(text))
        self.refused.emit(text)

    def event(self, event: QEvent) -> bool:
        return False if leave_undo_to_the_window(event, self.isModified()) else super().event(event)


class TextArea(QPlainTextEdit):
    """A text of several lines; taken when the focus leaves, or by Ctrl+Enter. Tab goes on to the next field."""

    changed = Signal(object)

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._shown = ""
        self.setAccessibleName(setting.label)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QPlainTextEdit.SizeAdjustPolicy.AdjustIgnored)
        self.textChanged.connect(self.updateGeometry)

    def set_value(self, value: object) -> None:
        text = "" if value is None else str(value)
        if text != self._shown and not (self.hasFocus() and self.toPlainText() != self._shown):
            self._shown = text
            self.setPlainText(text)

    def forget(self) -> None:
        """Show the value again, whatever is typed."""
        self.setPlainText(self._shown)

    def commit(self) -> None:
        if self.toPlainText() != self._shown:
            self._shown = self.toPlainText()
            self.changed.emit(self._shown)

    def sizeHint(self) -> QSize:
        lines = min(8, max(3, round(self.document().size().height())))
        return QSize(120, self.fontMetrics().lineSpacing() * lines + 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.commit()

    def event(self, event: QEvent) -> bool:
        return False if leave_undo_to_the_window(event, self.toPlainText() != self._shown) else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return self.commit()
        super().keyPressEvent(event)


def written(setting: Setting, value: Any) -> str:
    """A setting's value as it is typed."""
    if value is None:
        return ""
    if setting.kind in ("shape", "ints") and isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(v) for v in value)
    if setting.kind == "tensor":
        return _tensor_text(value)
    if setting.file and isinstance(value, str) and is_embedded(value):
        return _("{name} (inside the document)").format(name=name_of(value))
    return str(value)


def _tensor_text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_tensor_text(v) for v in value) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return plain(value)
    return str(value)


def read(setting: Setting, text: str) -> tuple[Any, str, str]:
    """The value typed for a setting, why it is refused (empty when it is not), and what to say about how it was read."""
    if setting.kind not in ("shape", "ints", "tensor"):
        return text, complaint(setting, text) or "", ""
    reading = read_tensor(text) if setting.kind == "tensor" else read_sizes(text)
    if reading.refusal:
        return None, reading.refusal, ""
    return reading.value, complaint(setting, reading.value) or "", reading.note


def editor(setting: Setting, paths: Paths | None = None) -> QWidget:
    """The editor of a setting's kind. It has `changed` (value) and `set_value`, and `refused` (text) where typing can fail."""
    if setting.kind in ("int", "float"):
        return NumberField(setting)
    if setting.kind == "bool":
        return BoolField(setting)
    if setting.kind == "choice":
        return ChoiceField(setting)
    if setting.kind == "tensor":
        return TensorField(setting, TextField(setting))
    return TextArea(setting) if setting.several_lines else TextField(setting, paths)


class ParameterForm(QWidget):
    """Editors for `settings`. `changed(name, value)` follows each accepted change; rows hide as their `when` says."""

    changed = Signal(str, object)
    settled = Signal()
    """Before and after a value that was typed: it is a step of its own to undo."""

    def __init__(self, settings: Sequence[Setting], columns: int = 1, paths: Paths | None = None) -> None:
        """`paths` finds files for settings that name one."""
        super().__init__()
        self.settings = tuple(settings)
        self._paths = paths
        self.editors: dict[str, QWidget] = {}
        self._labels: dict[str, QLabel] = {}
        self._complaints: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        self._grid = grid
        rows = -(-len(self.settings) // columns) if self.settings else 0
        for index, setting in enumerate(self.settings):
            self._add(grid, setting, index % rows, 2 * (index // rows))
        for column in range(columns):
            grid.setColumnStretch(2 * column + 1, 1)

    def put_under(self, name: str, widget: QWidget) -> None:
        """Place a widget under the field of a setting, across the form, which has one column of fields."""
        row = next(i for i, setting in enumerate(self.settings) if setting.name == name)
        self._grid.addWidget(widget, 3 * row + 2, 0, 1, 2)

    def tab_after(self, before: QWidget) -> None:
        """Let Tab lead from a widget through these fields: a form that is made later would else be the window's last stop."""
        for editor in self.editors.values():
            inner = editor.findChildren(QWidget) if editor.focusPolicy() == Qt.FocusPolicy.NoFocus else []
            for stop in (editor, *inner):
                if stop.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(before, stop)
                    before = stop

    def _add(self, grid: QGridLayout, setting: Setting, row: int, column: int) -> None:
        field = editor(setting, self._paths)
        name = label(setting.label, "secondary", wrap=True)
        name.setBuddy(field)
        tip = setting.help
        name.setToolTip(tip)
        field.setToolTip(tip)
        remark = label("", "complaint", wrap=True)
        remark.hide()
        if isinstance(field, TensorField | TextArea):  # what is wide stands under its label
            below = QVBoxLayout()
            below.setSpacing(3)
            below.addWidget(name)
            below.addWidget(field)
            grid.addLayout(below, 3 * row, column, 1, 2)
        else:
            grid.addWidget(name, 3 * row, column)
            grid.addWidget(field, 3 * row, column + 1)
        grid.addWidget(remark, 3 * row + 1, column, 1, 2)
        key = setting.name
        field.changed.connect(lambda value, key=key: self.changed.emit(key, value))  # type: ignore[attr-defined]
        if hasattr(field, "refused"):
            field.refused.connect(lambda text, key=key: self._remark(key, text, "complaint"))
        if hasattr(field, "noted"):
            field.noted.connect(lambda text, key=key: self._remark(key, text, "secondary"))
            field.settled.connect(self.settled)  # type: ignore[attr-defined]
        self.editors[key], self._labels[key], self._complaints[key] = field, name, remark

    def _remark(self, key: str, text: str, role: str) -> None:
        """What is said under a field: why a text is refused, or how it was read."""
        remark = self._complaints.get(key)
        if remark is not None:
            remark.setText(text[:1].upper() + text[1:] if text[:1].isascii() else text)
            set_property(remark, "role", role)
            remark.setVisible(bool(text))

    def forget(self) -> None:
        """Show the values, whatever is typed: the form belongs to another owner now."""
        for field in self.editors.values():
            if hasattr(field, "forget"):
                field.forget()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values, and the rows that apply under them."""
        for setting in self.settings:
            self.editors[setting.name].set_value(values.get(setting.name, setting.default))  # type: ignore[attr-defined]
            shown = setting.visible(values)
            self.editors[setting.name].setVisible(shown)
            self._labels[setting.name].setVisible(shown)
            if not shown:
                self._complaints[setting.name].hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._line_up()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._line_up()

    def _line_up(self) -> None:
        """Forms that stand under each other have their fields in one column."""
        self._grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance(WIDEST))

    def set_read_only(self, read_only: bool) -> None:
        for field in self.editors.values():
            field.setEnabled(not read_only)
