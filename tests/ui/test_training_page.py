"""Training settings are document: typed in the page, undone like everything else. Curves follow the points."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.kernel.protocol import Point, Progress
from engine.optimizers.specs import OPTIMIZERS
from ui.number_field import NumberField
from ui.training import optimizer_text, progress_text
from ui.window import Window


def type_number(qtbot: QtBot, field: object, text: str) -> None:
    assert isinstance(field, NumberField)
    field.lineEdit().setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), text)
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)


def test_epochs_seed_and_batch_size_reach_the_document(window: Window, qtbot: QtBot) -> None:
    editors = window.bottom.training.run_form.editors
    type_number(qtbot, editors["epochs"], "7")
    type_number(qtbot, editors["seed"], "3")
    type_number(qtbot, editors["batch_size"], "16")

    training = window.document.graph.training
    assert (training["epochs"], training["seed"], training["batch_size"]) == (7, 3, 16)


def test_an_empty_batch_size_means_all_samples(window: Window, qtbot: QtBot) -> None:
    field = window.bottom.training.run_form.editors["batch_size"]
    type_number(qtbot, field, "16")

    field.lineEdit().selectAll()  # type: ignore[attr-defined]
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Delete)  # type: ignore[attr-defined]
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)  # type: ignore[attr-defined]

    assert window.document.graph.training["batch_size"] is None


def test_another_optimizer_brings_its_own_settings_and_is_one_step(window: Window, qtbot: QtBot) -> None:
    combo = window.bottom.training.optimizer_form.editors["optimizer"]
    before = dict(window.document.graph.training)
    combo.setFocus()

    while combo.currentData() != "adam":  # type: ignore[attr-defined]
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    window._settled()

    assert window.document.graph.training["optimizer"] == "adam"
    hyper = window.bottom.training.hyper_form
    assert hyper is not None and set(hyper.editors) == {s.name for s in OPTIMIZERS["adam"].settings}
    window.document.undo()
    assert dict(window.document.graph.training) == before


def test_the_learning_rate_is_typed_and_shown_on_the_chip(window: Window, qtbot: QtBot) -> None:
    hyper = window.bottom.training.hyper_form
    assert hyper is not None

    type_number(qtbot, hyper.editors["lr"], "0.25")
    window._settled()

    assert window.document.graph.training["hyper"]["lr"] == 0.25
    assert window.topbar.optimizer.text() == optimizer_text(window.document) == "SGD   η 0.25"


def test_every_optimizer_has_a_chip_text_and_a_form(window: Window) -> None:
    for key in OPTIMIZERS:
        window.bottom.training._set("optimizer", key)
        window._settled()
        assert window.bottom.training.hyper_form is not None
        assert optimizer_text(window.document)


def test_the_line_beside_the_tabs_says_epoch_loss_and_speed() -> None:
    progress = Progress(phase="training", step=960, epoch=96, loss=0.0213, steps_per_second=21_437.0)

    assert progress_text(progress) == "epoch 96 · step 960 · loss 0.02130 · 21,400 steps/s"
    assert progress_text(Progress()) == ""


def test_curves_show_each_series_without_its_gaps(window: Window) -> None:
    points = [Point(1, 0.5), Point(2, 0.4, accuracy=0.7, test_loss=0.45, test_accuracy=0.6), Point(3, 0.3), Point(4, float("nan"))]
    curves = window.bottom.training.curves

    curves.show_points(points)

    assert curves.series("loss") == ([1.0, 2.0, 3.0], [0.5, 0.4, 0.3])
    assert curves.series("test_accuracy") == ([2.0], [0.6])
    curves.logarithmic.click()
    assert curves._plots["loss"][0].getAxis("left").logMode


def test_no_curve_no_plotting_library() -> None:
    """Asked of a fresh process: other tests here draw curves."""
    import subprocess

    code = "import ui.window, ui.bottom, sys; print([m for m in ('pyqtgraph', 'ziamath', 'torch', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_a_message_of_the_run_is_shown_where_one_looks(window: Window) -> None:
    window.bottom.training.show_progress(Progress(phase="failed", message="hidden became NaN at step 12"), [])

    assert window.bottom.training.message.text() == "hidden became NaN at step 12"
    assert not window.bottom.training.message.isHidden()
