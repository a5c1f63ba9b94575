"""Two states of the document's runs compared: every learned tensor and every wire with its difference. Question and answer, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from engine.compile.spot import Spot
from engine.compile.views import ArrayView, Key
from engine.explain.question import Question
from graph.model.address import Address

Identity = Literal["", "numbers", "state"]
"""Which bits of two states are the same: not all, those of learned tensors and buffers, or those of the optimizer's memory too."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a run."""

    run: int
    step: int


@dataclass(frozen=True, slots=True)
class CompareMoments(Question):
    """What differs between two states of the network: both see the samples that the canvas shows, in evaluation mode.

    Answered with a `Comparison`, at rest only. `structure`, `revision` and `spot` say which document and samples were meant.
    """

    answered_by: ClassVar[str] = "engine.learned.comparison.answer:compare"
    first: Moment
    second: Moment
    structure: int = 0
    revision: int = 0
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One tensor at two moments. `change` is second − first; None where a tensor is there at one moment only or the shapes differ.

    `largest` is the largest absolute entry of the change, `relative` ‖second − first‖₂ / ‖first‖₂ (infinite where ‖first‖₂ is 0
    and the change is not).
    """

    place: Address
    first: ArrayView | None
    second: ArrayView | None
    change: ArrayView | None
    largest: float = 0.0
    relative: float = 0.0

    @property
    def same(self) -> bool:
        """Whether every entry has the same bits, apart from the sign of 0."""
        return self.change is not None and self.largest == 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`wires` are outputs of nodes, their gradients and those that come back along each wire; `parameters` the learned tensors and their
    gradients; in order of the graph. `inner` is the change of what operations made on their way.

    `loss` is the objective at both moments over the samples shown; None where there is none. `identical` compares the states bit by bit.
    """

    first: Moment
    second: Moment
    wires: tuple[Difference, ...]
    parameters: tuple[Difference, ...]
    loss: tuple[float, float] | None
    metrics: tuple[Mapping[str, float], Mapping[str, float]]
    """Over whole parts of the data, at both moments; the test part only where no validation part judges the network."""
    identical: Identity = ""
    inner: Mapping[Key, ArrayView] = field(default_factory=dict)
