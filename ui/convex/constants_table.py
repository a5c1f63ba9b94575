"""Lipschitz constants side by side: what was measured, what theory bounds, and which is which."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QTableWidgetItem, QVBoxLayout, QWidget

from engine.learned.lipschitz import Constant, Lipschitz, Relation
from graph.text.messages import _
from ui.look.numerals import exact, number
from ui.look.theme import Theme, color
from ui.look.widgets import label
from ui.maths.array_view import row_table

COLUMNS = (_("how it is found"), _("value"), _("formula"))
SIGNS: dict[Relation, str] = {"at least": "≥", "exactly": "=", "at most": "≤"}
SAID: dict[Relation, str] = {
    "at least": _("measured: the constant is at least this"),
    "exactly": _("theory: the constant itself"),
    "at most": _("theory: the constant is at most this"),
}


class ConstantsTable(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.table = row_table(COLUMNS, _("Lipschitz constants"))
        self.table.setSizeAdjustPolicy(QAbstractScrollArea.SizeAdjustPolicy.AdjustToContents)
        first = self.table.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.words = label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label(_("Lipschitz constants"), "section"))
        layout.addWidget(self.table)
        layout.addWidget(self.words)

    def show_constants(self, found: Lipschitz, theme: Theme, stale: bool) -> None:
        rows = [("L", constant) for constant in found.gradient] + [("K", constant) for constant in found.network]
        self.table.setRowCount(len(rows))
        for row, (letter, constant) in enumerate(rows):
            self._write(row, letter, constant, theme, stale)
        self.table.resizeRowsToContents()
        self.table.setFixedHeight(self.table.sizeHint().height() + 2)
        self.words.setText(_said(found))

    def _write(self, row: int, letter: str, constant: Constant, theme: Theme, stale: bool) -> None:
        value = _("not finite") if not math.isfinite(constant.value) else number(constant.value, 5)
        texts = (constant.title, f"{letter} {SIGNS[constant.relation]} {value}", constant.formula)
        tips = (SAID[constant.relation], exact(constant.value), constant.formula)
        for column, (text, tip) in enumerate(zip(texts, tips, strict=True)):
            item = self.table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                self.table.setItem(row, column, item)
            item.setText(text)
            item.setToolTip(tip)
            item.setForeground(color(theme.stale if stale else theme.text))


def _said(found: Lipschitz) -> str:
    """What L and K are, and why one is missing."""
    lines = [_("L: ‖∇f(x) − ∇f(y)‖ ≤ L‖x − y‖ for the objective f of the trained numbers.")]
    if found.network:
        output, features = found.of
        text = _("K: ‖F(x) − F(y)‖ ≤ K‖x − y‖ for {output} as a function of {features}.")
        lines.append(text.format(output=output, features=features))
        if found.why_unbounded:
            lines.append(_("There is no product of norms: for {node} no constant is known here.").format(node=found.why_unbounded))
    return "\n".join(lines)
