"""The form of a branch: it shows what the run trained with, and what is typed first is the step."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from graph.model.run_record import RunRecord
from ui.runs.branch_dialog import BranchDialog


def test_a_run_that_set_no_rate_shows_the_one_it_trained_with(qtbot: QtBot) -> None:
    dialog = BranchDialog("Adam", RunRecord(1, last=1000, training={"optimizer": "adam", "hyper": {"beta1": 0.8}}), 1000)
    qtbot.addWidget(dialog)
    rate: Any = dialog.form.editors["lr"]
    assert rate.lineEdit().text() == "0.001"  # Adam's published rate
    with qtbot.waitExposed(dialog):
        dialog.show()
    field = dialog.form.editors["step"]
    qtbot.keyClicks(field, "700")
    dialog.accept()
    assert dialog.step == 700
    assert dialog.training["hyper"] == {"beta1": 0.8}  # a rate that was not touched is not set


def test_another_optimizer_keeps_the_rate_and_one_click_takes_its_own(qtbot: QtBot) -> None:
    dialog = BranchDialog("SGD", RunRecord(1, last=10, training={"optimizer": "sgd", "hyper": {"lr": 0.25}}), 10)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.rate_note.isHidden()
    combo: Any = dialog.form.editors["optimizer"]
    combo.setFocus()
    while combo.currentData() != "adam":
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert dialog.training["hyper"] == {"lr": 0.25} and "stays 0.25" in dialog.rate_note.text() and not dialog.rate_note.isHidden()
    qtbot.mouseClick(dialog.rate_use, Qt.MouseButton.LeftButton)
    assert dialog.training["hyper"] == {"lr": 0.001} and dialog.rate_note.isHidden()
