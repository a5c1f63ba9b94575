"""What the engine tells the window: numbers as numpy, shapes and statistics, never a torch object. Pickles small and fast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from graph.model.problem import Problem

if TYPE_CHECKING:
    import numpy as np

Reason = Literal["not computed", "independent", "not differentiable", "no objective", "asked"]
"""Why a gradient is absent: never shown as 0, no two alike. `asked`, what someone is to find out, is said by panels, not by traces."""

FULL_LIMIT = 4096
"""Arrays up to this many elements travel whole."""
THUMBNAIL = 64


@dataclass(frozen=True, slots=True)
class ArrayView:
    """One tensor. `data` is the whole array when it is small, else None; `thumbnail` (float32, at most 64 × 64) then stands in.

    Statistics are of the whole tensor, in float64, and NaN where it holds NaN; `std` is the population's.
    """

    shape: tuple[int, ...]
    dtype: str
    data: np.ndarray | None
    thumbnail: np.ndarray | None = None
    minimum: float = 0.0
    maximum: float = 0.0
    mean: float = 0.0
    std: float = 0.0
    norm: float = 0.0
    finite: bool = True

    @property
    def scalar(self) -> float | None:
        """The number, when there is exactly one element; None otherwise."""
        return float(self.data.item()) if self.data is not None and self.data.size == 1 else None

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Numbers travel as numbers: a trace of scalars is packed and unpacked in a quarter of the time."""
        if self.data is not None and self.data.ndim == 0:
            return single, (self.data.item(), self.dtype)
        return ArrayView, (
            self.shape, self.dtype, self.data, self.thumbnail, self.minimum, self.maximum, self.mean, self.std, self.norm, self.finite,
        )  # fmt: skip


def single(number: Any, dtype: str) -> ArrayView:
    """The view of a tensor without axes."""
    import numpy as np

    value = float(number)
    finite = math.isfinite(value)
    return ArrayView((), dtype, np.array(number, dtype), None, value, value, value, 0.0 if finite else math.nan, abs(value), finite)


@dataclass(frozen=True, slots=True)
class Absent:
    reason: Reason


Gradient = ArrayView | Absent


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the computation, in order. `edges` are those along which numbers move in it.

    Forward: the node's inputs arrive along `edges` and its outputs get their value. Backward: the node's output gradient is
    complete, and its contributions leave along `edges` towards its inputs.
    """

    phase: Literal["forward", "backward"]
    node: str
    edges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TraceView:
    """One forward and one backward pass, for the canvas. Keys: `(node id, output port)`, edge id, `(node id, parameter name)`.

    An edge's value is its source's output. `shapes` holds every output's *sample* shape and whether it is batched, as text-free
    tuples `(shape, batched)`; it is filled as far as shapes could be inferred, also when nothing could be computed.
    `first_bad` is the id of the first node whose value is NaN or infinite. `mode` is `paused` or `training`.
    """

    structure: int = 0
    revision: int = 0
    run: int = 0
    objective: tuple[str, str] | None = None
    objective_note: str = ""
    problems: tuple[Problem, ...] = ()
    values: Mapping[tuple[str, str], ArrayView] = field(default_factory=dict)
    gradients: Mapping[tuple[str, str], Gradient] = field(default_factory=dict)
    edge_gradients: Mapping[str, Gradient] = field(default_factory=dict)
    parameters: Mapping[tuple[str, str], ArrayView] = field(default_factory=dict)
    parameter_gradients: Mapping[tuple[str, str], Gradient] = field(default_factory=dict)
    shapes: Mapping[tuple[str, str], tuple[tuple[int, ...], bool]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    mode: Literal["paused", "training"] = "paused"
    batch: str = ""
    step: int = 0
    dtype: str = "float64"
    device: str = "cpu"
    first_bad: str | None = None
    nonfinite: str = ""
    """Where NaN or infinity begins, the first problem of that kind in words; empty where every number is finite."""
    inputs: Mapping[str, float] = field(default_factory=dict)
    """The scalar Inputs' values this trace was made with, by node id: a slider that runs ahead is drawn where its numbers are."""
    iteration: int = -1
    """Where the debugger shows the pass of one training step: the step it starts from; -1 for every other trace."""
