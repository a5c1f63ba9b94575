"""The training page: optimizer, its settings and the run's, beside the curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from engine.data.parts import Part
from engine.training.curve import Point
from engine.training.losses import Losses
from engine.training.optimizers.registry import declared_or_none
from graph.model.edits import Compound, SetTraining
from graph.model.graph import GraphError
from graph.model.loss_words import loss_words
from graph.model.run_record import children
from graph.model.training_settings import BY_NAME, OF_GRADIENTS, TRAINING_SETTINGS, effective
from graph.storage.document import Document
from graph.text.messages import _, translated
from ui.engine_link.messages import Progress
from ui.forms.forms import ParameterForm
from ui.look.numbers import count, number, percent, plain, rate
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label, scrolled
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import RUNS, TEST_PART, Runs, TestPart
from ui.shell.workspace.workspace import Workspace
from ui.training.choices import CURVES
from ui.training.curve_styles import goal_names
from ui.training.curves import EMPTY, Curves
from ui.training.folded import Folded
from ui.training.optimizer_part import OptimizerPart, optimizer_of, rate_of
from ui.training.other_runs import other_runs
from ui.training.schedule_form import ScheduleForm
from ui.training.stability import StabilityPart
from ui.training.timeline import Timeline

LOW = 240
"""Pixels of a page, for type at 100 %, below which a message and the curves do not both fit under each other."""
RUN_SETTINGS = tuple(setting for setting in TRAINING_SETTINGS if setting.form == "run")
SECTIONS = {
    "gradients": (_("Gradients and batches"), _("Clipping, accumulation and the last mini-batch of an epoch")),
    "stop": (_("Stop conditions"), _("When training stops by itself, beside its length")),
}
"""The parts of the form that are closed until they are wanted, with their titles and tips."""


def optimizer_text(document: Document) -> str:
    """`SGD  η 0.1`: what the chip says."""
    if declared_or_none(document.graph.training) is None:
        return _("{name} (unknown)").format(name=document.graph.training.get("optimizer"))
    spec, value = optimizer_of(document), rate_of(document)
    short = translated(spec.short or spec.title)
    return f"{short}   η {plain(value)}" if value is not None else short


def progress_parts(progress: Progress) -> list[tuple[int, str]]:
    """`epoch 96 · step 960 · mini-batch loss 0.0213 · test accuracy 97.4%`, with each part's rank: where room is short, high ranks go."""
    if progress.phase == "idle" and not progress.step:
        return []
    metrics, parts = progress.metrics, []
    if progress.epoch and (progress.loss_of or progress.epoch != progress.step):  # without data every step would be an epoch
        parts.append((3, _("epoch {epoch}").format(epoch=count(progress.epoch))))
    parts.append((2, _("step {step}").format(step=count(progress.step))))
    mini = progress.loss_of == "mini-batch"
    if progress.loss is not None and (mini or metrics.get("train_loss") is None):
        words = loss_words(progress.penalised)
        name = {"mini-batch": words.mini_batch, "whole": words.training}.get(progress.loss_of, words.word)
        parts.append((4 if mini and metrics.get("train_loss") is not None else 0, f"{name} {number(progress.loss)}"))
    if (whole := metrics.get("train_loss")) is not None:
        penalty = metrics.get("penalty")
        name = loss_words(False).training if progress.loss_of else loss_words(False).word
        parts.append(
            (0, f"{name} {number(whole)}" + (_(" + penalty {penalty}").format(penalty=number(penalty)) if penalty is not None else ""))
        )
    judging: tuple[Part, ...] = ("validation", "test", "train")
    part = next((part for part in judging if metrics.get(f"{part}_accuracy") is not None), None)
    if part is not None:
        name = {"validation": _("validation accuracy"), "test": _("test accuracy"), "train": _("training accuracy")}[part]
        shown = f"{name} {percent(metrics[f'{part}_accuracy'] or 0.0)}"
        if progress.measured not in (None, progress.step):  # the weights have moved on since
            shown += _(" at step {step}").format(step=count(progress.measured or 0))
        parts.append((1, shown))
    if progress.phase == "training":
        parts.append((5, _("{steps_per_second} steps/s").format(steps_per_second=rate(progress.steps_per_second))))
    return parts


def progress_text(progress: Progress) -> str:
    """The run's progress in one line."""
    return " · ".join(text for _, text in progress_parts(progress))


WIDE, EQUATIONS = 960, 250
"""Width of a page that has its equations in a column of their own, and the width of that column."""


class TrainingPage(Panel):
    """Edits the document's training settings and draws the run's curves."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._document: Document | None = None
        self._shown: tuple[Document, dict[str, Any]] | None = None
        self.stability = StabilityPart(workspace)
        self.optimizer = OptimizerPart(workspace, self._do, self.stability)
        self.run_form = ParameterForm(RUN_SETTINGS)
        self.schedule = ScheduleForm()
        self.sections: dict[str, Folded] = {"schedule": self.schedule} | {
            name: Folded(title, [setting for setting in TRAINING_SETTINGS if setting.form == name], tip)
            for name, (title, tip) in SECTIONS.items()
        }
        self.message = label("", "notice", wrap=True)
        self.message.hide()
        self.brief = ElidedLabel("", "brief-notice")
        """The same in one line, beside the steps, where a message above the curves would leave them no height."""
        self.brief.setContentsMargins(6, 0, 6, 0)
        self.brief.hide()
        self.curves = Curves(workspace.work)
        self.curves.show_curvature(self.stability.is_open)
        self.stability.turned.connect(self.curves.show_curvature)
        self._why, self._step = "", 0
        self._runs: Runs | None = None
        self._schedules: dict[str, dict[str, Any]] = {}
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(5)
        column.addWidget(self.optimizer)
        self.race = button(_("Race …"), "quiet", tip=_("Train several optimizers, rates or schedules from the same start"))
        self.race.clicked.connect(lambda _clicked: workspace.actions_by_id["race"].trigger())
        column.addWidget(self.race, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.run_form)
        self._below = QVBoxLayout()
        self._below.addWidget(self.optimizer.equations)
        column.addLayout(self._below)
        self.schedule.hyper_changed.connect(self._set_schedule)
        for section in self.sections.values():
            column.addWidget(section)
            section.changed.connect(self._set)
            section.settled.connect(self._seal)
        column.addStretch(1)
        self._settings = scrolled(form)
        # else a message makes the page as high as all fields
        self._settings.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self._beside = scrolled(QWidget())
        self._beside.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self._beside.hide()
        chart = QVBoxLayout()
        chart.setSpacing(6)
        chart.addWidget(self.message)
        self.test = ElidedLabel("", "small")
        self.read_test = button(_("Read the test set"), "quiet", tip=_("The curves and stops use the validation set. (Ctrl+Shift+F9)"))
        self._test: TestPart | None = None
        beside = QHBoxLayout()
        beside.addWidget(self.test, 1)
        beside.addWidget(self.read_test)
        self._show_test()
        self.timeline = Timeline()
        self.timeline.asked.connect(self._go_to)
        chart.addWidget(self.curves, 1)
        steps = QHBoxLayout()
        steps.addWidget(self.timeline, 1)
        steps.addWidget(self.brief, 1)
        chart.addLayout(steps)
        chart.addLayout(beside)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(20)
        row.addWidget(self._settings)
        row.addWidget(self._beside)
        row.addLayout(chart, 1)
        self.optimizer.setting_changed.connect(self._set)
        self.optimizer.settled.connect(self._seal)
        self.stability.rate_chosen.connect(lambda rate: self.optimizer.set_hyper("lr", rate))
        self.stability.settled.connect(self._seal)
        self.run_form.changed.connect(self._set)
        self.run_form.settled.connect(self._seal)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._settings.setFixedWidth(round(272 * theme.scale))
        self._beside.setFixedWidth(round(EQUATIONS * theme.scale))
        self._place_equations()
        self._place_message()
        self.curves.set_theme(theme)
        self.schedule.set_theme(theme)
        self.timeline.set_theme(theme)
        self.optimizer.set_theme(theme)
        self.stability.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_message()
        self._place_equations()

    def _place_equations(self) -> None:
        """The equations stand beside the settings where that leaves the curves enough room, else under them."""
        wide = self.width() >= WIDE * self.theme.scale
        if wide == self._beside.isVisibleTo(self):
            return
        self._beside.setVisible(wide)
        if not wide:
            self._beside.takeWidget()
        self.optimizer.place_equations(self._beside if wide else self._below)

    def set_document(self, document: Document) -> None:
        self._document = document
        self._step = 0
        self.optimizer.set_document(document)
        self._schedules.clear()
        self.curves.clear()
        self.timeline.clear()
        self.stability.clear()
        self.show_message("")
        self.refresh()

    def install(self) -> None:
        self._runs = self.workspace.services.find(RUNS)
        if self._runs is not None:
            self._runs.changed.connect(self._show_present)
        self._test = self.workspace.services.find(TEST_PART)
        if self._test is not None:
            self.read_test.clicked.connect(self._test.read)
            self._test.changed.connect(self._show_test)
            self._show_test()
        choices = self.workspace.services.find(CURVES)
        if choices is not None:
            choices.attach(self.curves)
        self._catch_up()

    def _catch_up(self) -> None:
        """The page is made when it is first seen or there are curves: it shows what there is by then."""
        workspace, trace = self.workspace, self.workspace.trace
        self.set_document(workspace.document)
        self.actions_changed()
        if trace is not None:
            self.set_trace(trace, workspace.stale)
        self._show_present()

    def _show_test(self) -> None:
        """The test part is read on request, where a validation part judges the network."""
        offered = self._test is not None and self._test.offered
        said = self._test.text if self._test is not None else ""
        self.test.set_full(said or (_("The curves use the validation set; the test set is unread.") if offered else ""))
        self.test.setVisible(offered)
        self.read_test.setVisible(offered)

    def refresh(self) -> None:
        """Show the document's training settings."""
        document = self._document
        if document is None:
            return
        spec, training = optimizer_of(document), document.graph.training
        if self._shown == (document, dict(training)):
            return
        self._shown = (document, dict(training))
        self.optimizer.refresh()
        values = effective(training)
        self.run_form.set_values(values)
        for name in SECTIONS:
            self.sections[name].set_values(values)
        self.schedule.set_training(training)
        self.run_form.editors["batch_size"].setEnabled(not spec.full_batch)
        why = _("{optimizer} evaluates the loss itself, and uses its gradients as they are.").format(optimizer=translated(spec.title))
        for name in OF_GRADIENTS:
            editor = self.sections["gradients"].form.editors[name]
            editor.setEnabled(not spec.evaluates_loss)
            editor.setToolTip(why if spec.evaluates_loss else BY_NAME[name].help)

    def document_changed(self) -> None:
        self.refresh()
        self.stability.look()

    def actions_changed(self) -> None:
        kernel = self.workspace.kernel
        self.show_trainable("" if kernel is not None and kernel.training else self.workspace.why_not_train())

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        self.schedule.set_rows(trace.samples.get("train", 0))
        self.optimizer.badge.ask_soon()
        self.stability.look()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.stability.look()

    def end(self) -> None:
        self.stability.stop()

    def set_progress(self, progress: Progress) -> None:
        kernel = self.workspace.kernel
        if kernel is not None:
            hidden = self.workspace.visibility.hidden_loss is not None
            self.curves.name = self._runs.name(progress.run) if self._runs is not None else ""
            self.curves.names = goal_names(self.workspace.document.graph)
            self.curves.show_others([] if hidden else other_runs(kernel, progress, self._runs))
            self.show_progress(progress, self.workspace.visibility.curve(kernel.curve), None if hidden else kernel.steps)
            self.timeline.show_progress(progress, children(kernel.runs, progress.run))
        self.stability.look()

    def _show_present(self) -> None:
        """Other runs were named or taken away, or the page is new: what the kernel said last, without a loss that is hidden."""
        kernel, secret = self.workspace.kernel, self.workspace.visibility.hidden_loss
        if kernel is not None:
            self.set_progress(kernel.progress if secret is None else kernel.progress.without(secret))

    def _go_to(self, step: int, settled: bool) -> None:
        kernel = self.workspace.kernel
        if kernel is not None and (step != kernel.progress.step or settled):
            kernel.to_iteration(step, check=settled)

    def show_progress(self, progress: Progress, curve: Sequence[Point], losses: Losses | None = None) -> None:
        self.curves.show_points(curve, progress.run, progress.loss_of, losses, progress.penalised)
        self.schedule.set_progress(progress)
        last = progress.record.last if progress.record is not None else 0
        self.curves.show_present(progress.step if progress.step < last else None)
        self._step = progress.step
        self._hint()
        self.show_message(progress.message)

    def show_trainable(self, why: str) -> None:
        """Why nothing can be trained now; empty where it can."""
        self._why = why
        self._hint()

    def _hint(self) -> None:
        begun = _("Trained to step {step}. Press Train to go on from there.").format(step=count(self._step))
        self.curves.set_hint(self._why or (begun if self._step else EMPTY))

    def show_message(self, text: str) -> None:
        self.message.setText(text)
        self.brief.set_full(text)
        self._place_message()

    def _place_message(self) -> None:
        low = self.height() < LOW * self.theme.scale
        self.message.setVisible(bool(self.message.text()) and not low)
        self.brief.setVisible(bool(self.brief.full) and low)

    def take_focus(self, what: str) -> None:
        """`optimizer` or `device`: the field of that name."""
        form = self.optimizer.form if what == "optimizer" else self.run_form
        form.editors[what].setFocus(Qt.FocusReason.OtherFocusReason)

    def show_gauge(self) -> None:
        """Open the gauge, scroll to it and let keys move the learning rate on its scale."""
        self.stability.open()
        self._settings.ensureWidgetVisible(self.stability)
        self.stability.scale.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _set(self, name: str, value: Any) -> None:
        if name == "lr_schedule":
            self._change_schedule(value)
        else:
            setting = BY_NAME[name]
            cleared = [SetTraining(setting.excludes, None)] if setting.excludes and value is not None else []
            self._do(
                Compound((SetTraining(name, value), *cleared)), _("Set {lower}").format(lower=setting.label.lower()), ("training", name)
            )

    def _set_schedule(self, name: str, value: Any) -> None:
        if self._document is None:
            return
        hyper = dict(self._document.graph.training.get("lr_schedule_hyper") or {}) | {name: value}
        self._do(SetTraining("lr_schedule_hyper", hyper), _("Set the schedule"), ("schedule", name))

    def _change_schedule(self, key: str) -> None:
        """Each schedule starts with its own settings, or those it had before."""
        if self._document is None:
            return
        training = self._document.graph.training
        before = str(training.get("lr_schedule") or "constant")
        self._schedules[before] = dict(training.get("lr_schedule_hyper") or {})
        edit = Compound((SetTraining("lr_schedule", key), SetTraining("lr_schedule_hyper", self._schedules.get(key, {}))))
        self._do(edit, _("Set the schedule"), ("training", "schedule"))

    def _seal(self) -> None:
        if self._document is not None:
            self._document.seal()

    def _do(self, edit: Any, text: str, merge: tuple[str, str]) -> None:
        if self._document is None:
            return
        try:
            self._document.do(edit, text, merge=merge)
        except GraphError as refused:
            self.show_message(str(refused))
            self._shown = None
            self.refresh()
