"""The eigenpairs as rows: eigenvalue, what the eigenvector is made of, the gradient along it, and Newton's step along it."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTableWidgetItem, QVBoxLayout, QWidget

from engine.curvature.spectrum import Hessian
from graph.text.messages import _
from ui.curvature.words import lies_in, made_of
from ui.look.numbers import exact, number
from ui.look.theme import Theme, color
from ui.maths.array_view import row_table

COLUMNS = ("λ", _("eigenvector"), "gᵢ = ⟨v, ∇f⟩", "−gᵢ/λ")


class EigenTable(QWidget):
    """`chosen` carries the number of the row whose eigenvector is shown."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.table = row_table(COLUMNS, _("Eigenvalues of the Hessian"), stretched=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        head = self.table.horizontalHeaderItem(1)
        if head is not None:
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.currentCellChanged.connect(lambda row, *_others: self.chosen.emit(row))

    def show_pairs(self, hessian: Hessian, theme: Theme, stale: bool) -> None:
        eigen = hessian.eigen
        rows = 0 if eigen is None else len(eigen.values)
        table, row = self.table, max(self.table.currentRow(), 0)
        table.blockSignals(True)
        table.setRowCount(rows)
        for i in range(rows if eigen is not None else 0):
            assert eigen is not None
            value = float(eigen.values[i])
            zero = abs(value) <= eigen.tolerance
            cells = [number(value) if not zero or value == 0 else _("0 (round-off)"), made_of(hessian.parts[i])]
            tips = [exact(value), f"{cells[1]}\n{lies_in(hessian, i)}"]
            for numbers in (hessian.slopes, hessian.moves):
                at = float(numbers[i])
                cells.append("–" if math.isnan(at) else number(at))
                tips.append(_("none: λ = 0") if math.isnan(at) else exact(at))
            for column, (text, tip) in enumerate(zip(cells, tips, strict=True)):
                item = table.item(i, column)
                if item is None:
                    item = QTableWidgetItem()
                    table.setItem(i, column, item)
                item.setText(text)
                item.setToolTip(tip)
                item.setForeground(color(theme.stale if stale else theme.text))
                side = Qt.AlignmentFlag.AlignLeft if column == 1 else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        if rows:
            table.setCurrentCell(min(row, rows - 1), 0)
        table.blockSignals(False)
        low = sum(table.rowHeight(i) for i in range(rows)) + table.horizontalHeader().height() + 8
        self.setMaximumHeight(max(low, 80))  # the words stand directly below
        self.chosen.emit(table.currentRow())
