"""Columns and predicted numbers are offered where there is something to choose, and chosen by keys as by mouse."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.regions.test_view import heat, regions
from ui.regions.chooser import Chooser


def test_what_there_is_to_choose(qtbot: QtBot) -> None:
    chooser, asked = Chooser(), list[int]()
    qtbot.addWidget(chooser)
    chooser.chosen.connect(lambda: asked.append(chooser.output))
    chooser.show()
    chooser.follow(replace(regions(), columns=("a", "b")))
    assert chooser.isHidden() and chooser.output == 0
    chooser.follow(replace(heat(), columns=("a", "b"), names=("low", "high")))
    assert chooser.number.isVisible() and not chooser.across.isVisible() and chooser.number.currentText() == "low"
    qtbot.keyClick(chooser.number, Qt.Key.Key_Down)
    assert asked == [1] and chooser.number.toolTip() and chooser.number.accessibleName()
    chooser.follow(replace(heat(), columns=("a", "b"), names=("low", "high"), output=1))
    assert chooser.output == 1
    chooser.follow(replace(heat(), names=("low",)))
    assert chooser.output == 0 and not chooser.number.isVisible() and chooser.across.isVisible()
    chooser.clear()
    assert chooser.isHidden() and chooser.output == 0
