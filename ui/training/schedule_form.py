"""The schedule of the learning rate: which one, its settings, its formula, and its drawing with the place where the run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from engine.training.optimizers.registry import OPTIMIZERS, declared_or_none
from engine.training.rates import rates_of, steps_per_epoch
from engine.training.schedules.base import Schedule, ScheduleError
from engine.training.schedules.registry import SCHEDULES
from graph.model.training_settings import BY_NAME, TRAINING_SETTINGS, setting_in, training_length
from graph.text.messages import _, translated
from ui.forms.forms import ParameterForm
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import clear, label
from ui.maths.formula import FormulaView
from ui.training.folded import Folded
from ui.training.schedule_picture import Drawn, SchedulePicture

if TYPE_CHECKING:
    from ui.engine_link.messages import Progress

KIND = replace(
    BY_NAME["lr_schedule"], choices=tuple(SCHEDULES), choice_titles=tuple(translated(spec.title) for spec in SCHEDULES.values())
)
SETTINGS = tuple(KIND if s.name == "lr_schedule" else s for s in TRAINING_SETTINGS if s.form == "schedule")
UNLIMITED = 1000
"""Steps that are drawn of a run without an end."""


class ScheduleForm(Folded):
    """`changed` is about the document's training settings, `hyper_changed` about one setting of the schedule itself."""

    hyper_changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(_("Learning rate schedule"), SETTINGS, _("How the learning rate changes during the run"))
        self._theme = LIGHT
        self._kind: type[Schedule] | None = None
        self._training: Mapping[str, Any] = {}
        self._rows = 0
        self._at: tuple[int, int, float | None] = (0, 0, None)
        self.hyper_form: ParameterForm | None = None
        self._hyper_place, self._formula = QVBoxLayout(), QVBoxLayout()
        self.complaint = label("", "complaint", wrap=True)
        self.complaint.hide()
        self.picture = SchedulePicture()
        self.picture.hide()
        inside = QVBoxLayout()
        inside.setSpacing(5)
        inside.addLayout(self._hyper_place)
        inside.addLayout(self._formula)
        self.column.addLayout(inside)
        self.column.insertWidget(1, self.picture)  # seen before any setting, and where the part is closed too
        self.column.insertWidget(1, self.complaint)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.picture.set_theme(theme)
        self._show_formula()

    def set_training(self, training: Mapping[str, Any]) -> None:
        """Show these training settings of a document."""
        self._training = training
        key = str(setting_in(training, BY_NAME["lr_schedule"]))
        spec = SCHEDULES.get(key)
        self.set_values({s.name: setting_in(training, BY_NAME[s.name]) for s in SETTINGS})
        if spec is not self._kind:
            self._kind = spec
            clear(self._hyper_place)
            self.hyper_form = None
            if spec is not None and spec.settings:
                self.hyper_form = ParameterForm([setting.translated() for setting in spec.settings])
                self.hyper_form.changed.connect(self.hyper_changed)
                self.hyper_form.settled.connect(self.settled)
                self._hyper_place.addWidget(self.hyper_form)
                self.hyper_form.setVisible(self.is_open)
                self.hyper_form.tab_after(self.form.editors["lr_schedule"])
            self.form.editors["lr_schedule"].setToolTip(translated(spec.doc) if spec is not None else "")
            self._show_formula()
        if self.hyper_form is not None:
            self.hyper_form.set_values(training.get("lr_schedule_hyper") or {})
        self._draw()

    def set_rows(self, rows: int) -> None:
        """How many samples the training part has; 0 where that is not known, or there are no data."""
        if rows != self._rows:
            self._rows = rows
            self._draw()

    def set_progress(self, progress: Progress) -> None:
        """Where the run is."""
        self._at = progress.step, progress.epoch, progress.rate
        self._draw()

    def written(self, name: str, value: Any) -> str:
        """`Cosine`: the schedule's name says enough in the summary."""
        return translated(SCHEDULES[value].title) if name == "lr_schedule" and value in SCHEDULES else super().written(name, value)

    def _fold(self, opened: bool) -> None:
        super()._fold(opened)
        if self.hyper_form is not None:
            self.hyper_form.setVisible(opened)
        self._show_formula()
        self._draw()

    def _show_formula(self) -> None:
        clear(self._formula)
        if self.is_open and self._kind is not None:
            view = FormulaView(14.0)
            view.set_formula(self._kind.formula, self._theme.text, self._theme.scale)
            self._formula.addWidget(view)

    def _draw(self) -> None:
        """The drawing, where the rate changes at all."""
        drawn, problem = None, ""
        training = self._training
        spec = declared_or_none(training) or OPTIMIZERS["sgd"]
        setting = spec.setting("lr")
        base = (training.get("hyper") or {}).get("lr", setting.default if setting is not None else None)
        if self._kind is not None and isinstance(base, int | float):
            size = None if spec.full_batch else training.get("batch_size")
            per_epoch = steps_per_epoch(self._rows, size, bool(training.get("drop_last")))
            unit, number = training_length(training) or ("steps", 0)
            steps = number if unit == "steps" else number * per_epoch
            try:
                rates = rates_of(training, float(base), per_epoch, steps)
            except ScheduleError as error:
                problem = str(error)
            else:
                step, epoch, rate = self._at
                now = rate if rate is not None else rates.at(step, epoch) if not rates.schedule.watches else float(base)
                drawn = None if rates.constant else Drawn(rates, max(steps or UNLIMITED, 1), step, now)
        self.complaint.setText(problem)
        self.complaint.setVisible(bool(problem))
        self.picture.show_rates(drawn)
