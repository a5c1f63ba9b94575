"""What the optimizer holds, on the weights of a run: by key and mouse, hidden with the numbers, old when it is; each step as a sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from ui.engine_link.link import Kernel
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 60_000
RATE = 0.05


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    document = example_document("saddle", CATALOG)
    document.do(SetTraining("optimizer", "momentum"), "Momentum")
    document.do(SetTraining("hyper", {"lr": RATE, "momentum": 0.5}), "Rate")
    return make_window(document, example="saddle", kernel=Kernel(), unsaved="discard")


def test_velocity_and_steps_are_those_of_the_heavy_ball(window: Window, qtbot: QtBot) -> None:
    feature: Any = window.features["weights"]
    qtbot.keyClick(window.canvas, Qt.Key.Key_V)
    assert feature.shown == "velocity" and window.actions_by_id["weights_velocity"].isChecked()
    qtbot.waitUntil(lambda: "No step has been made" in feature._lines()[0], timeout=PATIENCE)
    path, velocity = [np.array([0.2, 5.01])], np.zeros(2)
    for _ in range(2):
        window.actions_by_id["train_step"].trigger()
        at = path[-1]
        slope = -2 * (1 - at[0] * at[1]) * at[::-1]
        velocity = 0.5 * velocity - RATE * slope
        path.append(at + velocity)
        step = len(path) - 1
        qtbot.waitUntil(lambda step=step: feature.seen is not None and feature.seen.stamp.step == step, timeout=PATIENCE)
    assert [view.scalar for _key, view in feature.seen.tensors] == pytest.approx(list(velocity), rel=1e-12)
    window.canvas.repaint()
    plate = next(plate for plate in feature._plates if plate.node == feature.seen.tensors[1][0][0])
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=plate.fields[0].area.center().toPoint())
    assert [place.key for place in feature.chosen] == [feature.seen.tensors[1][0]]
    choice = dict(feature._strip.choices)["rate"]
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=choice.center().toPoint())
    qtbot.waitUntil(lambda: feature.seen is not None and feature.seen.quantity == "rate", timeout=PATIENCE)
    assert [view.scalar for _key, view in feature.seen.tensors] == [RATE, RATE]

    window.actions_by_id["show_steps"].trigger()
    page: Any = window.pages.panel("steps")
    qtbot.waitUntil(lambda: page.track is not None and page.surface is not None, timeout=PATIENCE)
    across = page.track.names.index("w1")
    assert page.first.currentText() == "w2" and page.track.theta[:, [across, 1 - across]] == pytest.approx(np.array(path), rel=1e-12)
    gradient, carried, rest = page.track.parts(1)
    assert carried == pytest.approx(0.5 * (page.track.theta[1] - page.track.theta[0])) and not rest.any()
    assert "Step 2 of 2" in page.words.text() and page.slider.maximum() == 1

    window.actions_by_id["show_frame"].trigger()
    assert feature._staged["frame"].shown, "the table does not fit below the canvas of a small window"
    table: Any = feature._staged["frame"].page
    qtbot.waitUntil(lambda: table.table is not None, timeout=PATIENCE)
    assert table.table.columns[1].live and table.table.columns[1].difference < 1e-15
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert not feature._staged["frame"].shown
    qtbot.mouseClick(page.fill, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: feature._staged["steps"].page.track is not None, timeout=PATIENCE)
    qtbot.mouseClick(feature._staged["steps"].page.fill, Qt.MouseButton.LeftButton)
    assert not feature._staged["steps"].shown

    window.visibility.hide("a question", values=[plate.node])
    assert feature.seen is None and page.track is None and "hidden" in feature._lines()[0]
    window.visibility.clear()
    qtbot.waitUntil(lambda: feature.seen is not None, timeout=PATIENCE)
    window.document.do(SetTraining("hyper", {"lr": 0.01, "momentum": 0.5}), "Rate")
    assert feature._stale and "has changed since" in feature._lines()[0]
