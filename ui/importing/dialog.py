"""The import dialog: how a table is read, beside the first rows as they come out. Nothing is stored before it is accepted."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.data.files import absolute_path
from engine.data.table_reading import TableReading
from engine.numerics.job import JobEnd, JobReport
from graph.text.messages import _
from ui.forms.forms import CHOOSING
from ui.importing.choices import Choices
from ui.importing.form import ReadingForm
from ui.importing.preview import Preview
from ui.importing.remarks import Remarks
from ui.importing.target import TargetChoice
from ui.importing.words import summary
from ui.look.job_bar import JobBar
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label, scrolled

if TYPE_CHECKING:
    from ui.engine_link.work import JobHandle, Work

LARGEST = QSize(1500, 880)
"""The dialog's size where there is room for it, at the usual type size."""
FIND, MANY = 170, 8
"""Width of the field that finds a column, which is there for more columns than this."""
FORM = 326
"""The form's width."""


class ImportDialog(QDialog):
    """`choices` is what was chosen; accepted only with a reading that can be used. `network` asks for a network too, where it was offered.

    `files` is the folder where another file is looked for.
    """

    def __init__(
        self, work: Work, choices: Choices, folder: str, theme: Theme, parent: QWidget | None = None,
        network: str = "", files: str = "",
    ) -> None:  # fmt: skip
        """`network` is the caption of the offer to add a network; empty: there is none."""
        super().__init__(parent)
        self.choices, self._work, self._folder = choices, work, folder
        self._handle: JobHandle | None = None
        self._files, self._accepting = files, False
        self.setWindowTitle(_("Import a table") if choices.fresh else _("How the table is read"))
        self.source = ElidedLabel("", "strong")
        self.other = button(_("Another &file …"), tip=_("Import a different file"))
        self.paste = button(_("&Paste"), tip=_("Import the table on the clipboard  (Ctrl+V)"))
        self.form, self.preview, self.remarks = ReadingForm(), Preview(), Remarks()
        self.summary = label("", "strong", wrap=True)
        self.target = TargetChoice()
        self.finder = QLineEdit()
        self.finder.setPlaceholderText(_("Find a column"))
        self.finder.setAccessibleName(_("Find a column"))
        self.finder.setToolTip(_("Go to the first column whose name contains this  (Ctrl+F)"))
        self.finder.setMaximumWidth(round(FIND * theme.scale))
        self.finder.hide()
        self.bar = JobBar(_("Reading the table"))
        self.network = QCheckBox(network)
        self.network.setChecked(bool(network))
        self.network.setVisible(bool(network))
        self.cancel, self.ok = button(_("Cancel")), button(_("&Import") if choices.fresh else _("&OK"), "primary")
        for widget in (self.other, self.paste, self.cancel, self.ok):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.setAutoDefault(False)
        self.other.setVisible(choices.fresh)
        self.paste.setVisible(choices.fresh)
        self.ok.setDefault(True)
        self._lay_out(theme)
        self._connect()
        self._order()
        self.preview.set_theme(theme)
        self._resize(theme)
        self.form.show_settings(choices.settings, None)
        self.remarks.setFixedHeight(0)
        self.read()

    def _lay_out(self, theme: Theme) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.source, 1)
        top.addWidget(self.other)
        top.addWidget(self.paste)
        form = scrolled(self.form)
        form.setFixedWidth(round(FORM * theme.scale))
        right = QVBoxLayout()
        right.setSpacing(6)
        columns = label(_("C&olumns"), "secondary")
        columns.setBuddy(self.preview)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(columns)
        line.addWidget(self.summary, 1)
        aim = label(_("Tar&get"), "secondary")
        aim.setBuddy(self.target)
        line.addWidget(aim)
        line.addWidget(self.target)
        line.addWidget(self.finder)
        right.addLayout(line)
        right.addWidget(self.preview, 1)
        right.addWidget(self.remarks)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(form)
        middle.addLayout(right, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self.network)
        bottom.addStretch(1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.ok)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addLayout(middle, 1)
        layout.addWidget(self.bar)
        layout.addLayout(bottom)

    def _order(self) -> None:
        """Enter imports at once; Tab leads from the file over the form to the columns, the remarks and the end."""
        stops = [
            *self.form.fields.values(),
            self.target,
            self.finder,
            self.preview,
            self.remarks,
            self.network,
            self.cancel,
            self.ok,
            self.other,
            self.paste,
        ]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)
        self.ok.setFocus(Qt.FocusReason.OtherFocusReason)

    def _connect(self) -> None:
        self.form.changed.connect(self._set)
        self.preview.chosen.connect(self._set_columns)
        self.remarks.repaired.connect(self._repair)
        self.target.chosen.connect(lambda name: self._set_columns([name], "role", "target"))
        self.finder.textEdited.connect(self.preview.go_to)
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(lambda: self.finder.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self.bar.cancelled.connect(self._stop)
        self.bar.again.connect(self.read)
        self.cancel.clicked.connect(self.reject)
        self.ok.clicked.connect(self.accept)
        self.paste.clicked.connect(self.paste_table)
        self.other.clicked.connect(self._look_for_file)

    def _resize(self, theme: Theme) -> None:
        parent = self.parentWidget()
        room = parent.window().size() if parent is not None else self.screen().availableSize()
        wanted = LARGEST * theme.scale
        self.resize(wanted.boundedTo(QSize(room.width() - 24, room.height() - 48)))

    # reading

    def read(self) -> None:
        """Read the table as it is chosen now; an answer to earlier choices no longer counts."""
        if self._handle is not None:
            self._handle.leave()
        self._show_source()
        self.bar.begin()
        self.bar.cancel.setText(_("Stop reading"))
        handle = self._work.job(self.choices.job(self._folder), self._progressed, self._ended)
        if handle.running:
            self._handle = handle

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _progressed(self, report: JobReport, _parts: object) -> None:
        self.bar.show_progress(report.done, report.total, report.text)

    def _ended(self, end: JobEnd) -> None:
        self._handle = None
        self.bar.finish()
        if end.how == "done":
            if self.choices.took(end.answer):
                return self.read()
            self._show(end.answer)
        elif end.how == "cancelled":
            self._show(None)
            self.bar.offer(_("The table was not read."), _("Read it"))
        elif self.choices.failed():
            return self.read()
        else:
            self._show(None, end.text)
        if self._accepting:
            self._accepting = False
            self.accept()

    def _show(self, reading: TableReading | None, problem: str = "") -> None:
        self.choices.reading = reading if reading is not None else self.choices.reading
        self.form.show_settings(self.choices.settings, reading)
        self.preview.show_reading(reading)
        self.summary.setText(summary(reading) if reading is not None else "")
        self.target.show_reading(reading)
        self.finder.setVisible(reading is not None and len(reading.columns) > MANY)
        if reading is not None:
            self.remarks.show_reading(reading, self.choices.dropped)
        else:
            self.remarks.show_problem(problem)
        self.ok.setEnabled(reading is not None and not reading.problem)

    def _show_source(self) -> None:
        settings = self.choices.settings
        pasted = settings.get("dataset") == "pasted"
        self.source.set_full(_("The pasted table") if pasted else absolute_path(str(settings.get("path") or ""), self._folder))

    # changes

    def _set(self, name: str, value: Any) -> None:
        self.choices.set(name, value)
        self.read()

    def _set_columns(self, names: list[str], field: str, value: str) -> None:
        self.choices.set_columns(names, field, value)
        self.read()

    def _repair(self, settings: Any) -> None:
        self.choices.accept(settings)
        self.ok.setFocus(Qt.FocusReason.OtherFocusReason)  # the button that had it is gone with its remark
        self.read()

    def _look_for_file(self) -> None:
        title, filters = CHOOSING["table"]
        path = str(self.choices.settings.get("path") or "")
        finder = QFileDialog(self, title, os.path.dirname(path) or self._files, filters)
        finder.setFileMode(QFileDialog.FileMode.ExistingFile)
        finder.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        finder.fileSelected.connect(lambda chosen: self.take_file(Path(chosen)))
        finder.open()

    def take_file(self, path: Path) -> None:
        """Another file instead."""
        self.choices = Choices({"dataset": "csv", "path": str(path)}, True)
        self.read()

    def paste_table(self) -> None:
        """The table on the clipboard instead."""
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self.choices = Choices({"dataset": "pasted", "pasted": text}, True)
            self.read()

    # the end

    def accept(self) -> None:
        """Close with what is shown. While the table is still being read, as soon as it is and nothing is wrong."""
        if self._handle is not None:
            self._accepting = True
        elif self.ok.isEnabled():
            settings = self.choices.settings
            if settings.get("dataset") == "csv" and not os.path.exists(absolute_path(str(settings.get("path")), self._folder)):
                return self.read()  # which says why not
            super().accept()

    def done(self, result: int) -> None:
        if self._handle is not None:
            self._handle.leave()
            self._handle = None
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste) and self.choices.fresh and not isinstance(self.focusWidget(), QLineEdit):
            self.paste_table()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.accept()
        else:
            super().keyPressEvent(event)
