"""The axes of a plot say the numbers that are drawn."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from ui.look.theme import LIGHT
from ui.maths.plots import dress, new_plot


def test_an_axis_with_a_label_keeps_the_scale_of_its_numbers(qtbot: QtBot) -> None:
    plot = new_plot("errors")
    qtbot.addWidget(plot)
    for _ in range(2):  # once more with another theme, when there is a label already
        dress(plot, LIGHT, "error", "time")
        plot.plot([0.0, 0.002], [-0.2, 0.2])
        plot.getViewBox().updateAutoRange()
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            assert axis.tickStrings([0.1, 0.2], axis.scale * axis.autoSIPrefixScale, 0.1) == ["0.1", "0.2"]
