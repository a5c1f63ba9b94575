"""What makes a run stop by itself, beside its length: each condition declared once, and the watch over them.

A condition changes no number: steps are the same with and without it. It judges by the validation part where there is one, else by
the training part, never by the test part. A target and the norm of the gradient are judged where the numbers are, before the step that
would leave them; patience and targets over a whole part at the end of every epoch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graph.formula.numbers import read_number
from graph.model.settings import complaint
from graph.model.training_settings import TRAINING_SETTINGS, TrainingSetting, setting_in
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted

if TYPE_CHECKING:
    from engine.training.state import State

STOPS = tuple(setting for setting in TRAINING_SETTINGS if setting.effect == "stop" and setting.spelling)
"""Those that `--stop` spells."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run stopped: the setting that says so, after which step, and in words, without a number of the run: a lesson may hide it.

    `best` is the step with the lowest loss, where patience ended the run.
    """

    setting: str
    step: int
    text: str
    best: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the loop over steps looks at: losses outside `low` to `high` end it, and a gradient whose norm is at most `gradient`."""

    low: float = -math.inf
    high: float = math.inf
    gradient: float | None = None


@dataclass(slots=True)
class Best:
    """The lowest loss at the end of an epoch, and the state there."""

    step: int
    epoch: int
    loss: float
    state: State | None = None


class Watch:
    """The stop conditions of one run, from its training settings.

    A condition that has stopped the run is `dismissed` when training goes on all the same: until its value is changed.
    """

    def __init__(self, training: Mapping[str, Any]) -> None:
        self.active = False
        """Whether there is any condition that is looked at while steps are made or measured."""
        self._values: dict[str, Any] = {}
        self._dismissed: set[str] = set()
        self.best: Best | None = None
        self.configure(training)

    def configure(self, training: Mapping[str, Any]) -> None:
        """Take over training settings."""
        before = self._values
        self._values = {s.name: setting_in(training, s) for s in TRAINING_SETTINGS if s.effect == "stop"}
        self._dismissed = {name for name in self._dismissed if before.get(name) == self._values[name]}
        self.active = any(self._values[s.name] is not None for s in STOPS)
        if self._value("stop_patience") is None:
            self.best = None

    def dismiss(self, stop: Stop) -> None:
        """Go on although this condition was met."""
        self._dismissed.add(stop.setting)

    def _value(self, name: str) -> Any:
        return None if name in self._dismissed else self._values[name]

    # While steps are made

    def limits(self, first: float | None, whole: bool) -> Limits:
        """For the loop over steps. `first` is the loss of the run's first step; `whole`: a step's loss is the training loss that counts."""
        target, factor = self._value("stop_loss") if whole else None, self._value("stop_divergence")
        high = first + (factor - 1.0) * abs(first) if factor is not None and first else math.inf
        return Limits(-math.inf if target is None else target, high, self._value("stop_gradient"))

    @property
    def compares(self) -> bool:
        """Whether the loss of the run's first step is needed."""
        return self._value("stop_divergence") is not None

    def outside(self, step: int, loss: float, limits: Limits) -> Stop:
        """The loss after `step` was outside the limits."""
        if loss <= limits.low:
            return Stop("stop_loss", step, self._target("train", step))
        text = _("Stopped at step {step:,}: the loss has grown to more than {factor:g} times the first step's loss.")
        return Stop("stop_divergence", step, text.format(step=step, factor=self._values["stop_divergence"]))

    def flat(self, step: int) -> Stop:
        """The gradient after `step` was within its limit."""
        text = _("Stopped at step {step:,}: the norm of the gradient ‖∇f‖ is at most {limit:g}.")
        return Stop("stop_gradient", step, text.format(step=step, limit=self._values["stop_gradient"]))

    @property
    def seconds(self) -> float:
        """How long the run may train."""
        value = self._value("stop_seconds")
        return math.inf if value is None else float(value)

    def out_of_time(self, step: int) -> Stop:
        text = _("Stopped at step {step:,}: the time limit of {seconds:g} s is reached.")
        return Stop("stop_seconds", step, text.format(step=step, seconds=self._values["stop_seconds"]))

    # At the end of an epoch

    @property
    def patience(self) -> int | None:
        """After how many epochs without a lower loss the run ends."""
        value: int | None = self._value("stop_patience")
        return value

    @property
    def restores_best(self) -> bool:
        return bool(self._values["restore_best"])

    def measures(self, whole: bool) -> bool:
        """Whether every epoch has to be measured. `whole`: the loss of a step is the training loss that counts."""
        names = ("stop_accuracy", "stop_patience", *(() if whole else ("stop_loss",)))
        return any(self._value(name) is not None for name in names)

    def judge(self, step: int, epoch: int, part: str, measured: Mapping[str, float], capture: Callable[[], State]) -> Stop | None:
        """Look at what was measured of the part that judges, `loss` and, where it applies, `accuracy`, after `step`."""
        loss, accuracy = measured["loss"], measured.get("accuracy")
        target, lowest, patience = (self._value(name) for name in ("stop_loss", "stop_accuracy", "stop_patience"))
        if patience is not None and (self.best is None or loss < self.best.loss):
            self.best = Best(step, epoch, loss, capture() if self._values["restore_best"] else None)
        if target is not None and loss <= target:
            return Stop("stop_loss", step, self._target(part, step))
        if lowest is not None and accuracy is not None and accuracy >= lowest:
            text = {
                "validation": _("Stopped at step {step:,}: the validation accuracy is at least {limit:g}."),
                "train": _("Stopped at step {step:,}: the training accuracy is at least {limit:g}."),
            }[part]
            return Stop("stop_accuracy", step, text.format(step=step, limit=lowest))
        if patience is not None and self.best is not None and epoch - self.best.epoch >= patience:
            return Stop("stop_patience", step, self._out_of_patience(part, step, patience, self.best), self.best.step)
        return None

    def _target(self, part: str, step: int) -> str:
        text = {
            "validation": _("Stopped at step {step:,}: the validation loss is at most {limit:g}."),
            "train": _("Stopped at step {step:,}: the training loss is at most {limit:g}."),
        }[part]
        return text.format(step=step, limit=self._values["stop_loss"])

    def _out_of_patience(self, part: str, step: int, patience: int, best: Best) -> str:
        said = {
            "validation": ngettext(
                "Stopped at step {step:,}: the validation loss was not lower for one epoch.",
                "Stopped at step {step:,}: the validation loss was not lower for {patience:,} epochs.", patience,
            ),
            "train": ngettext(
                "Stopped at step {step:,}: the training loss was not lower for one epoch.",
                "Stopped at step {step:,}: the training loss was not lower for {patience:,} epochs.", patience,
            ),
        }[part].format(step=step, patience=patience)  # fmt: skip
        after = (
            _("It was lowest at step {best:,}, which is restored.")
            if best.state is not None
            else _("It was lowest at step {best:,}.")
        )
        return f"{said} {after.format(best=best.step)}"


class StopError(ValueError):
    """A text is no stop condition; says what would be."""


_WRITTEN = re.compile(r"\s*([^<>=≤≥]*?)\s*(<=|>=|≤|≥|[<>=])\s*(.*?)\s*")
_NAMES = {"gradient": "grad", "‖∇f‖": "grad", "∇": "grad", "|gradient|": "grad", "divergence": "diverged", "diverge": "diverged"}
EXAMPLES = "loss<0.01, accuracy>0.95, grad<1e-6, patience=10, diverged>10"


def read_stop(text: str) -> tuple[TrainingSetting, float]:
    """The setting that `loss<0.01` sets, and its value. Raises StopError."""
    match = _WRITTEN.fullmatch(text)
    name = match[1].lower() if match is not None else ""
    how = {"≤": "<", "≥": ">"}.get(match[2], match[2][:1]) if match is not None else ""
    spelled = _NAMES.get(name, name) + how
    setting = next((s for s in STOPS if s.spelling == spelled), None)
    if match is None or setting is None:
        raise StopError(_("{text} is no stop condition; examples: {examples}").format(text=quoted(text), examples=EXAMPLES))
    reading = read_number(match[3], whole=setting.kind == "int")
    if reading.value is None:
        raise StopError(reading.refusal)
    value = int(reading.value) if setting.kind == "int" else float(reading.value)
    if wrong := complaint(setting, value):
        raise StopError(wrong)
    return setting, value
