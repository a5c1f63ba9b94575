"""The debugger's page in the bottom panel: what the update makes of the parameters, and where playback and training stop."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.debugger.points_view import PointsView
from ui.debugger.update_view import UpdateView
from ui.look.theme import Theme


class Page(QWidget):
    def __init__(self, points: PointsView) -> None:
        super().__init__()
        self.update_view, self.points = UpdateView(), points
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self.update_view, 1)
        row.addWidget(points)

    def set_theme(self, theme: Theme) -> None:
        self.points.setFixedWidth(round(178 * theme.scale))
        self.update_view.set_theme(theme)
