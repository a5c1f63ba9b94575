"""The exact minimum beside the iterate: a row for each trained number."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidgetItem, QVBoxLayout, QWidget

from engine.curvature.convex import ConvexProblem, Optimum
from graph.text.messages import _
from ui.look.numerals import exact, number
from ui.look.theme import Theme, color
from ui.maths.array_view import row_table

COLUMNS = (_("number"), _("now, θ"), _("optimum, θ*"), "θ − θ*")
LEAST = 5
"""Rows that are seen at least; the others are scrolled to."""
MOST = 200
"""Rows, at most: the farthest from the optimum."""


class OptimumTable(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.table = row_table(COLUMNS, _("The exact minimum beside the present numbers"))
        first = self.table.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)

    def show_problem(self, problem: ConvexProblem, optimum: Optimum | None, theme: Theme, stale: bool) -> None:
        """Of many numbers those farthest from the optimum."""
        here = problem.here if problem.here is not None else np.zeros(0)
        best = optimum.nearest(here) if optimum is not None else None
        order = list(range(len(here)))
        if len(order) > MOST:
            far = np.abs(here - best) if best is not None else -np.arange(len(here))
            order = sorted(np.argsort(-far, kind="stable")[:MOST].tolist())
        self.table.setRowCount(len(order))
        self.table.setMinimumHeight(round(30 * theme.scale * (1 + min(len(order), LEAST))) + 8)
        for row, i in enumerate(order):
            texts, tips = [problem.names[i], number(float(here[i]), 6)], [problem.names[i], exact(float(here[i]))]
            for value in () if best is None else (float(best[i]), float(here[i] - best[i])):
                texts.append(number(value, 6))
                tips.append(exact(value))
            for column in range(len(COLUMNS)):
                self._write(row, column, *((texts[column], tips[column]) if column < len(texts) else ("–", "")), theme, stale)

    def _write(self, row: int, column: int, text: str, tip: str, theme: Theme, stale: bool) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        item.setText(text)
        item.setToolTip(tip)
        item.setForeground(color(theme.stale if stale and column else theme.text))
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
