"""How the predictions of this session went: a line of counts, the answers, whose they are, and the way to CSV."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from engine.explain.misconceptions import CAUSES
from graph.text.messages import _, ngettext
from ui.look.theme import Theme
from ui.look.widgets import FlowLayout, button, label
from ui.maths.array_view import quiet_table
from ui.predict.feature import PREDICT
from ui.predict.score import ScoreRow
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.workspace import Workspace

COLUMNS = (_("Number"), _("Answer"), "", _("Cause"))
WORDS = {"yes": _("✓ right"), "no": _("✕ wrong"), "coarse": _("! more digits"), "revealed": "revealed", "void": "void"}


class ScorePage(Panel):
    """Fills itself from the session's score."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        predict = workspace.services.get(PREDICT)
        self._score = score = predict.board.score
        self.counts = label("", "strong")
        self.name = QLineEdit(score.name)
        self.name.setPlaceholderText(_("Your name, for the file"))
        self.name.setAccessibleName(_("Name in the score's file"))
        self.name.setMaximumWidth(220)
        self.export = button(_("Export CSV …"), tip=_("Write all answers of this session to a file"))
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setAccessibleName(_("Predictions of this session"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        quiet_table(self.table)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setShowGrid(False)
        head, row = QWidget(), FlowLayout(12)
        for widget in (self.counts, self.name, self.export):
            row.addWidget(widget)
        head.setLayout(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 10)
        layout.setSpacing(8)
        layout.addWidget(head)
        layout.addWidget(self.table, 1)
        self.name.textChanged.connect(self._named)
        self.export.clicked.connect(predict.export_score)
        predict.board.changed.connect(self.refresh)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.table.verticalHeader().setDefaultSectionSize(round(24 * theme.scale))

    def _named(self, text: str) -> None:
        self._score.name = text.strip()

    def refresh(self) -> None:
        """Show what came since."""
        counts, rows = self._score.counts, self._score.rows
        self.counts.setText(
            ngettext(
                "{asked} asked  ·  {first} right at once  ·  {later} right later  ·  {revealed} revealed  ·  {hints} hint",
                "{asked} asked  ·  {first} right at once  ·  {later} right later  ·  {revealed} revealed  ·  {hints} hints",
                counts.hints,
            ).format(
                asked=counts.asked,
                first=counts.first,
                later=counts.later,
                revealed=counts.revealed,
                hints=counts.hints,
            )
        )
        self.export.setEnabled(bool(rows))
        for row in rows[self.table.rowCount() :]:
            self._add(row)

    def _add(self, row: ScoreRow) -> None:
        at = self.table.rowCount()
        self.table.insertRow(at)
        causes = ", ".join(CAUSES.get(key, key) for key in row.cause.split("; ") if key)
        for column, text in enumerate((row.item, row.typed, WORDS[row.right], causes)):
            self.table.setItem(at, column, QTableWidgetItem(text))
        self.table.scrollToBottom()
