"""Lipschitz constants side by side: of the gradient, measured and as the lecture bounds them, and of the network in its input. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.compile.views import Stamp
from engine.numerics.job import Job

Relation = Literal["at least", "at most", "exactly"]
"""What a number says of the constant: a measured ratio is never larger than it, a bound never smaller."""


@dataclass(frozen=True, slots=True)
class LipschitzJob(Job):
    """Asks for all constants at the present numbers and along the run. The answer is `Lipschitz`; nothing changes."""

    done_by: ClassVar[str] = "engine.learned.lipschitz.answer:lipschitz"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Constant:
    """One number: how it was found (`title`), what it says of the constant, and the inequality or formula behind it."""

    title: str
    value: float
    relation: Relation
    formula: str


@dataclass(frozen=True, slots=True)
class Lipschitz:
    """`gradient`: about L with ‖∇f(x) − ∇f(y)‖ ≤ L‖x − y‖, over the training part. `network`: about K with ‖F(x) − F(y)‖ ≤ K‖x − y‖ for
    the model's output as a function of the features `of`, in evaluation mode; empty without data. `why_unbounded`: which node has no
    known constant, so that the product of layer norms does not bound K."""

    stamp: Stamp
    gradient: tuple[Constant, ...]
    network: tuple[Constant, ...]
    of: tuple[str, str] = ("", "")
    why_unbounded: str = ""
