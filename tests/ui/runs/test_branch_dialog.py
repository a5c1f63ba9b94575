"""The form of a branch: it shows what the run trained with, and what is typed first is the step."""

from __future__ import annotations

from typing import Any

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
