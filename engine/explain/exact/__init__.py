"""Exact arithmetic: the values and gradients of a graph of + − × ÷ and whole powers as fractions, beside the computed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from engine.explain.question import Question
from graph.model.address import Address
from graph.model.covered import Covered


@dataclass(frozen=True, slots=True)
class ExactNumbers(Question):
    """Asks for every value and gradient that can be computed without rounding. The answer is `Exact`.

    A number typed as 0.1 counts as 1/10, as in a calculation by hand, although the computer's 0.1 is a little more.
    """

    answered_by: ClassVar[str] = "engine.explain.exact.answer:exact_numbers"


@dataclass(frozen=True, slots=True)
class ExactTensor:
    """The fractions at `place`, in the order of the entries of a tensor of this `shape` (no axes: one number).

    `errors` are the `computed` numbers minus the fractions, in double precision: what rounding has done to each entry.
    A tensor that may not be shown has none of these, but a sign in `hidden`.
    """

    place: Address
    name: str
    shape: tuple[int, ...]
    fractions: tuple[Fraction, ...]
    computed: tuple[float, ...]
    errors: tuple[float, ...]
    hidden: Covered | None = None

    @property
    def largest_error(self) -> float:
        """The largest absolute rounding error of the entries, 0 where none was rounded."""
        return max((abs(error) for error in self.errors), default=0.0)


@dataclass(frozen=True, slots=True)
class Exact:
    """`tensors` by address: outputs and parameters, their gradients, and the gradients along wires.

    `inexact` says for a node id why its value is not a fraction: its type's name for a function such as tanh, empty where one of
    its inputs is not a fraction. Without an exact objective there are no gradients.
    """

    tensors: Mapping[Address, ExactTensor]
    inexact: Mapping[str, str]
    objective: Address | None
