"""What a breakpoint waits for: a quantity, a comparison, a number. No torch: the window reads it as well as the engine."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.views import ArrayView

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
_NAMES = {"∇": "gradient", "grad": "gradient", "iteration": "step", "": "value"}
EXAMPLES = "value > 3, |gradient| < 1e-3, gradient is NaN, loss < 0.1, step = 100"


class ConditionError(ValueError):
    """The text is no condition; says what would be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`value > 3` at a node. Of a tensor, a bare quantity counts when any of its numbers does; |…| is its Euclidean norm.

    `how` is one of COMPARISONS or STATES; `node` is empty for a quantity of the run.
    """

    node: str
    quantity: str
    how: str
    number: float = 0.0

    @property
    def text(self) -> str:
        return f"{self.quantity} {self.how}" if self.how in STATES else f"{self.quantity} {self.how} {self.number:.6g}"

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

    def holds(self, view: ArrayView) -> bool:
        """Whether it holds for a tensor: for its norm, or for any of its numbers."""
        if self.how in STATES:
            return self._state(view)
        if self.quantity[0] == "|":
            return self.holds_for(view.norm)
        if math.prod(view.shape) == 0:
            return False
        if self.how == "=":
            return bool((view.data == self.number).any()) if view.data is not None else view.minimum == self.number == view.maximum
        return any(self.holds_for(bound) for bound in (view.minimum, view.maximum))

    def _state(self, view: ArrayView) -> bool:
        if view.finite:
            return False
        holds_nan = math.isnan(view.mean) if view.data is None else bool((view.data != view.data).any())
        if self.how == "is infinite" and view.data is not None:
            return bool((abs(view.data) == math.inf).any())
        return {"is NaN": holds_nan, "is infinite": not holds_nan, "is not finite": True}[self.how]


def read(text: str, node: str = "") -> Condition:
    """The condition a person typed, such as `|gradient| <= 1e-3` or `is NaN`. Raises ConditionError."""
    text = " ".join(text.split())
    for state in STATES:
        if text.lower().endswith(state.lower()):
            return _made(text[: -len(state)], state, 0.0, node)
    found = _COMPARED.fullmatch(text.replace("−", "-"))
    if found is None:
        raise ConditionError(f"“{text}” is no condition. Conditions look like {EXAMPLES}.")
    how = _SAME.get(found["how"], found["how"])
    return _made(found["what"], how, float(found["number"]), node)


def _made(what: str, how: str, number: float, node: str) -> Condition:
    name = what.strip().lower()
    bars = len(name) > 1 and name[0] == name[-1] == "|"
    name = name.strip("| ") if bars else name
    name = _NAMES.get(name, name)
    quantity = f"|{name}|" if bars and name not in OF_THE_RUN else name
    if quantity not in QUANTITIES:
        raise ConditionError(f"“{what.strip()}” cannot be watched. What can: {', '.join(QUANTITIES)}.")
    if quantity in OF_THE_RUN:
        return Condition("", quantity, how, number)
    if not node:
        raise ConditionError(f"Select the node whose {quantity.strip('|')} is meant; without one, only loss and step can be watched.")
    return Condition(node, quantity, how, number)
