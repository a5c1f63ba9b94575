"""Training settings are document: typed in the page, undone like everything else. Curves follow the points."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from engine.compile.views import Stamp
from engine.explain.beside_torch import BesideTorch
from engine.kernel.protocol import Progress
from engine.numerics.job import JobEnd
from engine.training.curve import Point
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.replay import Replay
from graph.model.edits import Compound, SetTraining
from graph.model.run_record import RunRecord, SettingsChange
from ui.forms.forms import ChoiceField
from ui.forms.number_field import NumberField
from ui.maths.formula import FormulaView
from ui.maths.span import Span
from ui.shell.window import Window
from ui.training.optimizer_part import rate_of
from ui.training.other_runs import OtherRun
from ui.training.training import optimizer_text, progress_parts, progress_text


def type_number(qtbot: QtBot, field: object, text: str) -> None:
    assert isinstance(field, NumberField)
    field.lineEdit().setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), text)
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)


def test_epochs_seed_and_batch_size_reach_the_document(window: Window, qtbot: QtBot) -> None:
    editors = window.panel("training").run_form.editors
    type_number(qtbot, editors["epochs"], "7")
    type_number(qtbot, editors["seed"], "3")
    type_number(qtbot, editors["batch_size"], "16")

    training = window.document.graph.training
    assert (training["epochs"], training["seed"], training["batch_size"]) == (7, 3, 16)


def test_steps_and_epochs_exclude_each_other_in_one_undo_step(window: Window, qtbot: QtBot) -> None:
    """A run has one length. Both fields used to be filled, or the steps could not be seen at all."""
    editors = window.panel("training").run_form.editors
    before = dict(window.document.graph.training)
    type_number(qtbot, editors["steps"], "40")
    training = window.document.graph.training
    assert (training["steps"], training["epochs"]) == (40, None)
    window._settled()
    field = editors["epochs"]
    assert isinstance(field, NumberField) and field.lineEdit().text() in ("", "no limit")
    type_number(qtbot, editors["epochs"], "9")
    training = window.document.graph.training
    assert (training["steps"], training["epochs"]) == (None, 9)
    window.document.undo()
    window.document.undo()
    assert dict(window.document.graph.training) == before


def test_an_empty_batch_size_means_all_samples(window: Window, qtbot: QtBot) -> None:
    field = window.panel("training").run_form.editors["batch_size"]
    type_number(qtbot, field, "16")

    field.lineEdit().selectAll()
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Delete)
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)

    assert window.document.graph.training["batch_size"] is None


def test_another_optimizer_brings_its_own_settings_and_is_one_step(window: Window, qtbot: QtBot) -> None:
    combo = window.panel("training").optimizer.form.editors["optimizer"]
    before = dict(window.document.graph.training)
    combo.setFocus()

    while combo.currentData() != "adam":
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    window._settled()

    assert window.document.graph.training["optimizer"] == "adam"
    hyper = window.panel("training").optimizer.hyper_form
    assert hyper is not None and set(hyper.editors) == {s.name for s in OPTIMIZERS["adam"].settings}
    window.document.undo()
    assert dict(window.document.graph.training) == before


def test_the_learning_rate_is_typed_and_shown_on_the_chip(window: Window, qtbot: QtBot) -> None:
    hyper = window.panel("training").optimizer.hyper_form
    assert hyper is not None

    type_number(qtbot, hyper.editors["lr"], "0.25")
    window._settled()

    assert window.document.graph.training["hyper"]["lr"] == 0.25
    assert window.topbar.optimizer.text() == optimizer_text(window.document) == "SGD   η 0.25"


def test_an_optimizer_that_cannot_be_used_shows_the_reason_and_no_equations(window: Window) -> None:
    part = window.panel("training").optimizer
    for name, value, reason in (("rule", {"graph": 3}, "no update rule"), ("hyper", {"form": "slide"}, "Form must be")):
        window.document.do(Compound((SetTraining("optimizer", "custom" if name == "rule" else "adam"), SetTraining(name, value))))
        window._settled()
        assert any(reason in words.text() for words in part.equations.findChildren(QLabel))
        assert not part.equations.findChildren(FormulaView)
        assert ("unknown" in window.topbar.optimizer.text()) == (name == "rule")
        window.document.undo()
    window._settled()
    assert part.equations.findChildren(FormulaView)


def test_settings_that_an_optimizer_does_not_use_cannot_be_changed(window: Window) -> None:
    page = window.panel("training")
    clip = page.sections["gradients"].form.editors["clip_norm"]
    batch = page.run_form.editors["batch_size"]
    assert clip.isEnabled() and batch.isEnabled()
    page.optimizer.choose("newton")
    window._settled()
    assert not clip.isEnabled() and not batch.isEnabled() and "Newton evaluates the loss itself" in clip.toolTip()
    page.optimizer.choose("sgd")
    window._settled()
    assert clip.isEnabled() and batch.isEnabled() and "Newton" not in clip.toolTip()


def test_every_optimizer_has_a_chip_text_and_a_form(window: Window) -> None:
    for key in OPTIMIZERS:
        window.panel("training").optimizer.choose(key)
        window._settled()
        assert window.panel("training").optimizer.hyper_form is not None
        assert optimizer_text(window.document)


def test_the_equations_shown_are_those_of_the_switches(window: Window, qtbot: QtBot) -> None:
    page = window.panel("training")
    page.optimizer.choose("adam")
    window._settled()
    plain = [view.latex for view in page.findChildren(FormulaView)]
    assert plain == list(OPTIMIZERS["adam"].formula({})) and not any(r"\max" in text for text in plain)

    assert page.optimizer.hyper_form is not None
    box = page.optimizer.hyper_form.editors["amsgrad"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    window._settled()

    assert window.document.graph.training["hyper"]["amsgrad"] is True
    assert r"r_{\max} \leftarrow \max(r_{\max}, r)" in [view.latex for view in page.findChildren(FormulaView)]
    assert page.optimizer.form.editors["optimizer"].toolTip() == OPTIMIZERS["adam"].doc


def test_the_line_beside_the_tabs_says_epoch_loss_and_speed() -> None:
    progress = Progress(phase="training", step=960, epoch=96, loss=0.0213, steps_per_second=21_437.0)

    assert progress_text(progress) == "epoch 96 · step 960 · loss 0.0213 · 21,400 steps/s"
    assert progress_text(Progress()) == ""


def test_curves_show_each_series_without_its_gaps(window: Window) -> None:
    points = [Point(1, 0.5), Point(2, 0.4, accuracy=0.7, test_loss=0.45, test_accuracy=0.6), Point(3, 0.3), Point(4, float("nan"))]
    curves = window.panel("training").curves

    curves.show_points(points)

    assert curves.series("loss") == ([1.0, 2.0, 3.0], [0.5, 0.4, 0.3])
    assert curves.series("test_accuracy") == ([2.0], [0.6])
    curves.tools.logarithmic.click()
    assert curves.plots["loss"].plot.getAxis("left").logMode


def test_a_loss_below_0_is_drawn_on_the_logarithmic_scale_with_a_note(window: Window) -> None:
    """(w − 1)² − 5 from w = 2 runs from −4 to −5; with + 4.5 instead of − 5 … it crosses 0 on the way."""
    curves = window.panel("training").curves
    curves.tools.logarithmic.setChecked(True)
    for losses in ([-4.0, -4.2, -5.0], [0.5, 0.01, 0.0, -0.5]):
        curves.show_points([Point(step, loss) for step, loss in enumerate(losses, 1)], run=1)
        curves._draw()

        drawn = curves.plots["loss"].lines["loss"].getData()
        assert len(drawn[1]) == len(losses) and np.isfinite(drawn[1]).all()
        low, high = curves.plots["loss"].plot.viewRange()[1]
        assert low <= min(drawn[1]) and max(drawn[1]) <= high
        assert not curves.note.isHidden() and curves.note.text()
    curves.tools.logarithmic.setChecked(False)
    assert curves.note.isHidden() and curves.plots["loss"].lines["loss"].getData()[1].tolist() == losses


@pytest.mark.parametrize("largest", [1.0, 3e7, 1.6e226])
def test_the_loss_s_axis_has_room_for_its_numbers(window: Window, largest: float) -> None:
    """With too high a learning rate the loss grows without bound: how far is what the axis is there to say."""
    curves = window.panel("training").curves
    curves.show_points([Point(1, 0.5), Point(2, largest)], run=1)
    curves._draw()
    QApplication.processEvents()

    axis = curves.plots["loss"].plot.getAxis("left")
    room = axis.width() - axis.style["tickTextOffset"][0]
    metrics = QFontMetricsF(axis.style["tickFont"])
    texts = [text for _, text in axis._tickLevels[0]]
    assert len(texts) > 1 and max(metrics.horizontalAdvance(text) for text in texts) <= room


def test_curves_of_other_runs_lie_behind_the_present_one(window: Window, qtbot: QtBot) -> None:
    curves = window.panel("training").curves
    first = [Point(step, 1 / step) for step in range(1, 30)]
    curves.show_points([Point(1, 0.9), Point(2, 0.2)], run=2, part="whole")
    curves.show_others([OtherRun(1, "", "", first, None), OtherRun(3, "Adam <b>", "#123456", [Point(1, 0.7, accuracy=0.5)], None)])
    curves._draw()
    plot = curves.plots["loss"]
    assert plot.behind[1, "loss"].getData()[1].tolist() == [1 / step for step in range(1, 30)]
    assert plot.behind[3, "loss"].opts["pen"].color().name() == "#123456" and "Adam &lt;b&gt;" in curves._legend("loss")
    assert curves.series("loss")[1] == [0.9, 0.2] and curves.whole() == Span(1, 29)
    qtbot.mouseClick(curves.tools.others, Qt.MouseButton.LeftButton)
    assert curves.whole() == Span(1, 2) and not plot.behind
    window.panel("training").set_document(window.document)
    assert not curves.beside and curves._stack.currentWidget() is curves.hint


def test_the_slider_asks_for_steps_and_says_how_they_were_reached(window: Window, qtbot: QtBot) -> None:
    timeline = window.panel("training").timeline
    asked: list[tuple[int, bool]] = []
    timeline.asked.disconnect()
    timeline.asked.connect(lambda step, settled: asked.append((step, settled)))
    record = RunRecord(1, last=400, changes=(SettingsChange(100, {}),))
    at = Progress(phase="paused", run=1, step=300, record=record, reachable=((0, 400),))
    timeline.show_progress(at, ())
    assert not timeline.isHidden() and (timeline.slider.maximum(), timeline.slider.value(), asked) == (400, 300, [])
    qtbot.keyClick(timeline.slider, Qt.Key.Key_Left)
    qtbot.keyClick(timeline.slider, Qt.Key.Key_Home)
    assert asked == [(299, True), (0, True)] and timeline.where.text() == "step 0 of 400"
    same = Replay(299, steps=43, losses=43, compared=384)
    timeline.show_progress(replace(at, step=299, replay=same), ())
    assert timeline.badge.full == "replayed 43 steps · identical to the last bit" and "step 384" in timeline.badge.toolTip()
    timeline.show_progress(replace(at, step=299, replay=replace(same, differs=290)), ())
    assert "step 290 differs" in timeline.badge.full


def test_the_legend_names_what_is_drawn_and_nothing_else(window: Window) -> None:
    curves = window.panel("training").curves

    def legend(points: list[Point], part: str) -> str:
        curves.show_points(points, run=1, part=part)
        curves._draw()
        return curves.plots["loss"].legend.text() + curves.plots["accuracy"].legend.text()

    alone = legend([Point(1, 0.5), Point(2, 0.4)], "")
    assert "test" not in alone and "training set" not in alone
    assert "mini-batch" in legend([Point(1, 0.5), Point(2, 0.4)], "mini-batch")
    both = legend([Point(1, 0.5), Point(2, 0.4, 0.7, 0.6, 0.5)], "whole")
    assert both.count("training set") == 2 and both.count("test set") == 2


def test_the_empty_plot_asks_for_train_only_where_train_can_be_pressed(window: Window) -> None:
    """f = x·y + z has nothing to train."""
    window.refresh_actions()
    hint = window.panel("training").curves.hint

    assert not window.topbar.train.isEnabled() and "Press Train" not in hint.text() and hint.text() == window.topbar.train.toolTip()
    window.panel("training").show_trainable("")
    assert "Press Train" in hint.text()


def test_losses_and_accuracies_say_what_they_are_computed_over() -> None:
    metrics = {"train_loss": 0.5, "penalty": 0.25, "test_accuracy": 1.0, "train_accuracy": 0.5}
    mini = progress_text(Progress("paused", step=3, loss=0.125, loss_of="mini-batch", metrics=metrics))
    assert "mini-batch loss 0.125" in mini and "training loss 0.5 + penalty 0.25" in mini and "test accuracy 100%" in mini
    whole = progress_text(Progress("training", step=3, loss=0.125, loss_of="whole", metrics={"train_accuracy": 0.99999}))
    assert "training loss 0.125" in whole and "training accuracy 99.9%" in whole  # rounded it would say that all are right
    assert "mini-batch" not in whole and "test" not in whole


def test_a_short_line_drops_whole_parts_and_cuts_no_number(window: Window) -> None:
    progress = Progress("training", step=1200, epoch=12, loss=0.0213, loss_of="mini-batch", metrics={"test_accuracy": 1.0})
    status = window.panel("bottom").status
    status.set_parts(progress_parts(progress))
    texts = [text for _, text in progress_parts(progress)]
    for width in range(900, 120, -7):
        status.resize(width, 20)
        shown = status.text().split(" · ")
        assert all(part in texts for part in shown) or len(shown) == 1, status.text()
        assert status.full == progress_text(progress) == status.toolTip()
    assert "mini-batch loss" in status.text()


def test_another_optimizer_keeps_the_rate_and_one_click_takes_its_own(window: Window, qtbot: QtBot) -> None:
    page, combo = window.panel("training"), window.panel("training").optimizer.form.editors["optimizer"]
    part = page.optimizer
    assert part.hyper_form is not None
    type_number(qtbot, part.hyper_form.editors["lr"], "0.25")
    assert part.rate_note.isHidden() and part.rate_use.isHidden()
    combo.setFocus()
    while combo.currentData() != "adam":
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    window._settled()
    assert rate_of(window.document) == 0.25
    assert "stays 0.25" in part.rate_note.text() and "Adam: 0.001" in part.rate_note.text() and not part.rate_note.isHidden()

    window.document.undo()
    window._settled()
    assert part.rate_note.isHidden() and rate_of(window.document) == 0.25
    window.document.redo()
    part.choose("rmsprop")
    window._settled()
    assert "RMSProp: 0.01" in part.rate_note.text()
    qtbot.mouseClick(part.rate_use, Qt.MouseButton.LeftButton)
    window._settled()
    assert rate_of(window.document) == 0.01 and part.rate_note.isHidden()
    part.choose("sgd")
    window._settled()
    assert rate_of(window.document) == 0.01 and "it was 0.25" in part.rate_note.text() and part.rate_use.text() == "Use η = 0.25"


def test_a_rate_that_another_optimizer_brought_can_be_taken_back(window: Window, qtbot: QtBot) -> None:
    """Whatever changed both at once."""
    part = window.panel("training").optimizer
    window.document.do(Compound((SetTraining("optimizer", "adam"), SetTraining("hyper", {"lr": 0.5}))), "both")
    window._settled()
    assert "now 0.5" in part.rate_note.text() and "0.1 with SGD" in part.rate_note.text()
    qtbot.mouseClick(part.rate_use, Qt.MouseButton.LeftButton)
    window._settled()
    assert rate_of(window.document) == 0.1 and "stays" not in part.rate_note.text()


def test_an_optimizer_one_comes_back_to_has_its_settings_again(window: Window, qtbot: QtBot) -> None:
    part = window.panel("training").optimizer
    part.choose("adam")
    window._settled()
    assert part.hyper_form is not None
    type_number(qtbot, part.hyper_form.editors["beta1"], "0.5")
    part.choose("sgd")
    part.choose("adam")
    window._settled()
    assert window.document.graph.training["hyper"] == {"lr": 0.1, "beta1": 0.5}


def test_a_form_shows_its_equations_and_its_own_defaults(window: Window, qtbot: QtBot) -> None:
    part = window.panel("training").optimizer
    part.choose("adagrad")
    window._settled()
    assert part.hyper_form is not None and part.hyper_form.editors["lr_decay"].isVisibleTo(part)
    box = part.hyper_form.editors["form"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    window._settled()
    assert window.document.graph.training["hyper"] == {"lr": 0.1, "form": "keras"}
    start = part.hyper_form.editors["initial_accumulator_value"]
    assert isinstance(start, NumberField) and start.lineEdit().text() == "0.1" and not part.hyper_form.editors["lr_decay"].isVisibleTo(part)
    assert [view.latex for view in part.equations.findChildren(FormulaView)] == list(OPTIMIZERS["adagrad"].formula({"form": "keras"}))


def test_optimizers_stand_under_headings_that_cannot_be_chosen(window: Window, qtbot: QtBot) -> None:
    combo = window.panel("training").optimizer.form.editors["optimizer"]
    assert isinstance(combo, ChoiceField)
    texts = [combo.itemText(i) for i in range(combo.count())]
    order = [texts.index(text) for text in ("First order", "Momentum", "Adaptive rates", "Adam", "Second order", "L-BFGS")]
    assert order == sorted(order)
    assert {combo.itemData(i) for i in range(combo.count())} == {None, *OPTIMIZERS}
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    seen = []
    for _step in range(combo.count()):
        seen.append(combo.currentData())
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert None not in seen and len(set(seen)) == len(OPTIMIZERS)


def test_the_two_steps_have_names_of_their_own(window: Window) -> None:
    named = [window.controls.transport.step.text(), window.controls.transport.back.text(), window.panel("bottom").step.text()]
    assert len(set(named)) == 3 and not {"Step", "Step back"} & set(named), named


def test_no_curve_no_plotting_library() -> None:
    """Asked of a fresh process: other tests here draw curves."""
    import subprocess

    code = "import ui.shell.window, ui.shell.bottom, sys\n"
    code += "print([m for m in ('pyqtgraph', 'ziamath', 'torch', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_a_message_of_the_run_is_shown_where_one_looks(window: Window) -> None:
    page, said = window.panel("training"), "hidden became NaN at step 12"
    page.resize(900, 400)
    page.show_progress(Progress(phase="failed", message=said), [])
    assert page.message.text() == said and not page.message.isHidden() and page.brief.isHidden()

    page.resize(900, 160)
    page.show_message(said)
    assert page.brief.full == page.brief.toolTip() == said and not page.brief.isHidden() and page.message.isHidden()
    page.show_message("")
    assert page.brief.isHidden() and page.message.isHidden()


def test_the_badge_says_in_words_how_far_torch_is(window: Window) -> None:
    part = window.panel("training").optimizer
    part.choose("nesterov")
    part.set_hyper("form", "lecture")
    window._settled()
    stamp = Stamp(window.document.structure, window.document.revision, 0, 3)
    said = []
    for largest, form in ((0.0, "pytorch"), (0.031, "lecture"), (None, "lecture")):
        part.set_hyper("form", form)
        window._settled()
        part.badge._asked = part.badge._about()
        why = "" if largest is not None else "Not compared."
        part.badge._ended(JobEnd("done", BesideTorch(stamp, "Nesterov", "SGD", largest, 20, why)))
        said.append(part.badge.text())
    equal = "Equal to torch.optim.SGD in every digit."
    assert said == [equal, "Differs from torch.optim.SGD by up to 0.031: another form.", "Not compared."]
    part.set_hyper("momentum", 0.5)
    window._settled()
    assert part.badge.isHidden()  # those words were about other settings
    part.choose("perturbed")
    window._settled()
    assert part.badge.text() == f"torch.optim has no {OPTIMIZERS['perturbed'].title}."


def test_equations_move_beside_the_settings_where_there_is_room(window: Window) -> None:
    page = window.panel("training")
    page.optimizer.choose("adam")
    window._settled()
    for width, beside in ((700, False), (1200, True), (700, False)):
        page.resize(width, 300)
        page._place_equations()
        assert page._beside.isVisibleTo(page) == beside and page._settings.isAncestorOf(page.optimizer.equations) != beside
        assert len(page.optimizer.equations.findChildren(FormulaView)) >= 5
