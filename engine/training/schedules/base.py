"""What a schedule of the learning rate declares. No torch: the window draws it, the command line spells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from graph.model.settings import filled
from graph.model.spec import Setting
from graph.text.messages import _, translated

STEPS, EPOCHS = "steps", "epochs"


class ScheduleError(ValueError):
    """A schedule or a setting of it that does not exist, or a value out of range."""


class Schedule:
    """One schedule. A subclass with a `key` is the declaration; there are no instances.

    `rate` is the learning rate of the step after t steps or epochs, whichever its setting `unit` counts.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    order: ClassVar[int] = 100
    doc: ClassVar[str] = ""
    settings: ClassVar[tuple[Setting, ...]] = ()
    formula: ClassVar[str] = ""
    """The rate as LaTeX, in the letters of the settings; t counts steps or epochs from 0, T is the schedule's length."""
    torch_call: ClassVar[str] = ""
    """The same in `torch.optim.lr_scheduler`, `StepLR({0}, step_size={every!r}, gamma={factor!r})`; `length` is T."""
    has_length: ClassVar[bool] = False
    """Whether it goes on for a length T: that of its setting `length`, else the run's."""
    watches: ClassVar[bool] = False
    """Whether it depends on the loss at the ends of epochs: then it remembers something (see `Memory`)."""

    @classmethod
    def setting(cls, name: str) -> Setting | None:
        return next((s for s in cls.settings if s.name == name), None)

    @classmethod
    def with_defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every setting: the given value where there is one, else the default. Raises ScheduleError."""
        try:
            return filled(cls.settings, given, translated(cls.title))
        except ValueError as wrong:
            raise ScheduleError(str(wrong)) from None

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        """The rate of step t + 1, where `base` is the optimizer's own learning rate η and `length` is T (0: not known)."""
        raise NotImplementedError


def unit(default: str) -> Setting:
    """What t counts."""
    return Setting(
        "unit", "choice", default, choices=(EPOCHS, STEPS), title="Counted in", symbol="t", help="What t counts. A step is one mini-batch.",
    )  # fmt: skip


def length() -> Setting:
    return Setting(
        "length", "int", None, 1, title="Length", symbol="T", empty=_("the run"),
        help="Steps or epochs until the schedule ends; empty: the length of the run. Afterwards the rate stays as it is.",
    )  # fmt: skip


def lowest() -> Setting:
    text = "The rate does not fall below it."
    return Setting("lowest", "float", 0.0, 0.0, 1e6, title="Lowest rate", logarithmic=True, help=text)
