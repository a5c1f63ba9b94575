"""What a breakpoint waits for: a quantity, a comparison, a number. No torch: the window reads it as well as the engine."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.compile.views import ArrayView
from graph.model.covered import Covered
from graph.text.messages import _
from graph.text.quoting import one_line

QUANTITIES = ("value", "|value|", "gradient", "|gradient|", "loss", "step")
OF_THE_RUN = ("loss", "step")
"""Quantities that belong to an iteration, not to a node."""
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge, "=": operator.eq,
}  # fmt: skip
STATES = ("is NaN", "is infinite", "is not finite")
_SAME = {"<=": "≤", ">=": "≥", "==": "=", "=<": "≤", "=>": "≥"}
_COMPARED = re.compile(
    r"(?P<what>.*?)\s*(?P<how><=|>=|==|=<|=>|[<>=≤≥])\s*(?P<number>[-+−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)", re.IGNORECASE
)
_ENTRY = re.compile(r"(.*?)\s*\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]")
_NAMES = {"∇": "gradient", "grad": "gradient", "iteration": "step", "": "value"}
EXAMPLES = "value > 3, value[0, 1] > 3, |gradient| < 1e-3, gradient is NaN, loss < 0.1, step = 100"


class ConditionError(ValueError):
    """The text is no condition; says what would be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`value > 3` at a node. Of a tensor, a bare quantity counts when any of its numbers does; |…| is its Euclidean norm.

    `how` is one of COMPARISONS or STATES; `node` is empty for a quantity of the run; `entry` is the index of one number of the tensor.
    """

    node: str
    quantity: str
    how: str
    number: float = 0.0
    entry: tuple[int, ...] | None = None

    @property
    def text(self) -> str:
        what = self.quantity
        if self.entry is not None:
            index = f"[{', '.join(map(str, self.entry))}]"
            what = f"|{what.strip('|')}{index}|" if what[0] == "|" else what + index
        return f"{what} {self.how}" if self.how in STATES else f"{what} {self.how} {self.number:.6g}"

    @property
    def of_the_run(self) -> bool:
        return self.quantity in OF_THE_RUN

    @property
    def of_gradient(self) -> bool:
        return "gradient" in self.quantity

    def holds_for(self, number: float) -> bool:
        """Whether it holds for one number."""
        number = abs(number) if self.quantity[0] == "|" else number
        if self.how in STATES:
            return {"is NaN": math.isnan(number), "is infinite": math.isinf(number), "is not finite": not math.isfinite(number)}[self.how]
        return COMPARISONS[self.how](number, self.number)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of this shape has the entry."""
        return self.entry is None or (len(self.entry) == len(shape) and all(i < size for i, size in zip(self.entry, shape, strict=True)))

    def holds(self, view: ArrayView) -> bool:
        """Whether it holds for a tensor: for its norm, for the entry, or for any of its numbers."""
        return self.met_by(view) is not None

    def met_by(self, view: ArrayView) -> float | None:
        """The number for which it holds (NaN for one of STATES); None where it does not hold."""
        if self.entry is not None:
            if view.data is None or not self.fits(view.shape):
                return None
            number = float(view.data[self.entry])
            return (abs(number) if self.quantity[0] == "|" else number) if self.holds_for(number) else None
        if self.how in STATES:
            return math.nan if self._state(view) else None
        if self.quantity[0] == "|":
            return view.norm if self.holds_for(view.norm) else None
        if math.prod(view.shape) == 0:
            return None
        if self.how == "=":
            there = bool((view.data == self.number).any()) if view.data is not None else view.minimum == self.number == view.maximum
            return self.number if there else None
        bound = view.minimum if self.how in ("<", "≤") else view.maximum
        return bound if self.holds_for(bound) else None

    def stop(self, step: int, name: str, value: float | None) -> str:
        """What to say when it has stopped a run: at which step, which condition, and the number that met it, unless it is covered."""
        where = _(" at {name}").format(name=name) if name else ""
        known = value is not None and not isinstance(value, Covered) and self.how not in (*STATES, "=")
        now = _("; it is {number:.6g}").format(number=value) if known else ""
        return f"Stopped at step {step:,}: {self.text}{where}{now}."

    def _state(self, view: ArrayView) -> bool:
        if view.finite:
            return False
        holds_nan = math.isnan(view.mean) if view.data is None else bool((view.data != view.data).any())
        if self.how == "is infinite" and view.data is not None:
            return bool((abs(view.data) == math.inf).any())
        return {"is NaN": holds_nan, "is infinite": not holds_nan, "is not finite": True}[self.how]


def read(text: str, node: str = "") -> Condition:
    """The condition the user typed, such as `|gradient| <= 1e-3` or `is NaN`. Raises ConditionError."""
    text = " ".join(text.split())
    for state in STATES:
        if text.lower().endswith(state.lower()):
            return _made(text[: -len(state)], state, 0.0, node)
    match = _COMPARED.fullmatch(text.replace("−", "-"))
    if match is None:
        raise ConditionError(
            _("“{condition}” cannot be read as a condition. Conditions look like {examples}.").format(
                condition=one_line(text), examples=EXAMPLES
            )
        )
    how = _SAME.get(match["how"], match["how"])
    return _made(match["what"], how, float(match["number"]), node)


def _made(what: str, how: str, number: float, node: str) -> Condition:
    name = what.strip().lower()
    bars = len(name) > 1 and name[0] == name[-1] == "|"
    name = name.strip("| ") if bars else name
    entry, place = None, _ENTRY.fullmatch(name)
    if place is not None:
        name, entry = place[1], tuple(int(number) for number in place[2].split(","))
    name = _NAMES.get(name, name)
    quantity = f"|{name}|" if bars and name not in OF_THE_RUN else name
    if quantity not in QUANTITIES:
        own, run = ", ".join(quantity for quantity in QUANTITIES if quantity not in OF_THE_RUN), " or ".join(OF_THE_RUN)
        raise ConditionError(
            _("“{what}” cannot be watched. Select a node to watch its {own}; or watch {run}.").format(what=one_line(what), own=own, run=run)
        )
    if quantity in OF_THE_RUN:
        if entry is not None:
            raise ConditionError(_("{quantity} is one number: it has no entries.").format(quantity=quantity))
        return Condition("", quantity, how, number)
    if not node:
        raise ConditionError(
            _("Select the node whose {quantity} you mean; without a node, only loss and step can be watched.").format(
                quantity=quantity.strip("|")
            )
        )
    return Condition(node, quantity, how, number, entry)
