"""The name of a plot's upward axis is whole however low the plot is."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from ui.look.theme import LIGHT
from ui.maths.plots import dress, low, new_plot

NAME = "true − predicted"


@pytest.mark.parametrize(("height", "above"), [(90, True), (400, False), (90, True)])
def test_a_name_that_would_be_cut_stands_above(qtbot: QtBot, height: int, above: bool) -> None:
    plot = new_plot("residuals")
    qtbot.addWidget(plot)
    plot.resize(300, height)
    plot.show()
    for _again in range(2):
        dress(plot, LIGHT, NAME, "predicted")
    axis, title = plot.getAxis("left"), plot.getPlotItem().titleLabel
    assert low(plot, LIGHT, NAME) is above and axis.label.isVisible() is not above and title.isVisible() is above
    assert NAME in (title.text if above else axis.labelText)
    shown = title.item.boundingRect() if above else axis.label.boundingRect()
    assert shown.width() <= (plot.width() if above else plot.height())
    assert plot.getAxis("bottom").label.isVisible()
