"""The gradient audit: numerical against analytical gradient on every wire, and the error against the step size of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.explain.question import Question
from engine.numerics.job import Job
from graph.model.address import Address


@dataclass(frozen=True, slots=True)
class Audit(Job):
    """Compares numerical and analytical gradient on every wire and every learned tensor; the parts of the answer are `AuditPart`s.

    Wires come in reverse order of computation, because a corner upstream of others can be recognised only once those are known.
    """

    done_by: ClassVar[str] = "engine.explain.audit.answer:audit"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One wire or one learned tensor, called `name`.

    `error` is the largest difference between numerical and analytical derivative, kinks aside, relative to the largest entry of
    the gradient, found with step size `step`. `analytical` and `numerical` are shown for one entry, the
    largest gradient: that of the `address`.
    `smooth`, `kinks`, `wrong` count the directions tried, `unresolved` those whose derivative round-off hides. `note` says why nothing was
    compared ("independent", …).
    """

    address: Address
    name: str
    error: float
    step: float
    smooth: int
    kinks: int
    wrong: int
    ok: bool
    unresolved: int
    note: str
    analytical: float | None
    numerical: float | None


@dataclass(frozen=True, slots=True)
class AuditPart:
    """`rows` of this part; `total` rows there are in all."""

    objective: str
    rows: tuple[AuditRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class StepCurve(Question):
    """Asks for the error of the numerical derivative at `place` against the step size: the V curve. The answer is `StepErrors`.

    `place` is a wire, a parameter or an output; of a tensor the entry, or the one with the largest gradient.
    """

    answered_by: ClassVar[str] = "engine.explain.audit.curve:step_errors"
    place: Address
    steps: int = 105
    largest: float = 1e-1
    smallest: float = 1e-14


@dataclass(frozen=True, slots=True)
class StraightPiece:
    """A straight piece in the double logarithmic plot: error ≈ 10^intercept · ε^slope for ε from `low` to `high`.

    `expected` is the theory's slope: 1 (forward) or 2 (central) where the Taylor remainder rules, −1 where round-off does.
    """

    name: str
    slope: float
    intercept: float
    low: float
    high: float
    expected: int


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """`errors[i]` is |numerical − analytical| / |analytical| at step `steps[i]` (absolute where the gradient is 0); None where it
    is 0 or not finite, since neither has a logarithm. `truncation` and `round_off` are None where too few points lie on that side."""

    method: str
    """`forward` or `central`"""
    dtype: str
    """`float32` or `float64`"""
    errors: tuple[float | None, ...]
    estimates: tuple[float, ...]
    truncation: StraightPiece | None
    round_off: StraightPiece | None
    best_step: float | None


@dataclass(frozen=True, slots=True)
class StepErrors:
    """Four curves: forward and central differences, float32 and float64. `value` is the number that is moved, `analytical` the
    derivative from reverse mode in float64. `relative` is False where that is 0 and the errors are absolute."""

    place: Address
    name: str
    value: float
    analytical: float
    relative: bool
    steps: tuple[float, ...]
    curves: tuple[ErrorCurve, ...]
    note: str = ""
