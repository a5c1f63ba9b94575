"""The horizontal lines behind a plot."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPixmap
from pytestqt.qtbot import QtBot

from ui.maths.plot_rules import rules
from ui.maths.plots import new_plot


def test_a_plot_without_height_has_no_rules_and_raises_nothing(qtbot: QtBot) -> None:
    """A message above the curves can leave them no height at all; an error in `paint` ended the program then."""
    plot = new_plot("loss")
    qtbot.addWidget(plot)
    plot.plot([0, 1], [0, 1])
    item = rules(plot)
    axis = plot.getAxis("left")
    axis.resize(axis.width(), 0.0)
    picture = QPixmap(20, 20)
    painter = QPainter(picture)
    try:
        item.paint(painter)
    finally:
        painter.end()
