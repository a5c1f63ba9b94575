"""What the engine sends to the window: numbers as numpy, shapes and statistics, never a torch object. Pickles small and fast."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from graph.model.covered import Covered, Why
from graph.model.problem import Problem
from graph.model.settings import dims
from graph.text.messages import _

if TYPE_CHECKING:
    import numpy as np

    from engine.compile.activity import Activity
    from engine.data.parts import Part
    from graph.model.address import Address
    from graph.model.graph import Graph

T = TypeVar("T", covariant=True)
Key = tuple[str, str]
"""(node id, name of an output port, a parameter or a buffer)"""

Reason = Literal["not computed", "independent", "not differentiable", "no objective"]
"""Why a gradient is absent: never shown as 0, no two alike. One that is there and may not be shown is a covered `ArrayView`."""

WHY_ABSENT: Mapping[str, str] = {
    "not computed": _("not computed yet"),
    "independent": _("the objective does not depend on it"),
    "not differentiable": _("it cannot be differentiated"),
    "no objective": _("there is no objective"),
}
"""The reasons in words, shown in place of a gradient."""
ABSENT_WORD: Mapping[str, str] = {
    "not computed": _("not computed"),
    "independent": _("independent"),
    "not differentiable": _("not differentiable"),
    "no objective": _("no objective"),
}
"""The same where room is short."""

FULL_LIMIT = 4096
"""Arrays up to this many elements travel whole."""


@dataclass(frozen=True, slots=True)
class ArrayView:
    """One tensor. `data` is the whole array when it is small, else None; `thumbnail` (float32, at most 64 × 64) then stands in.

    Statistics are of the whole tensor, in float64, and NaN where it holds NaN; `std` is the population's. A tensor that may not be
    shown has its shape and type only: no numbers, and `Covered` for every statistic.
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
        if self.data is not None:
            return float(self.data.item()) if self.data.size == 1 else None
        return self.norm if isinstance(self.norm, Covered) and math.prod(self.shape) == 1 else None

    @property
    def covered(self) -> bool:
        """Whether there are numbers that may not be shown now."""
        return isinstance(self.norm, Covered)

    def entry(self, index: tuple[int, ...]) -> ArrayView:
        """One number of the tensor, or with a shorter index the part there, such as a sample.

        Raises IndexError where there is none, LookupError where the tensor did not travel whole.
        """
        require_entry(index, self.shape)
        if self.covered:
            return ArrayView((), self.dtype, None, None, self.norm, self.norm, self.norm, self.norm, self.norm)
        if self.data is None:
            raise LookupError("the tensor is too large to be here whole")
        if len(index) == len(self.shape):
            return single(self.data[index].item(), self.dtype)
        return view_of(self.data[index])

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

    return view_of_single(dtype, np.array(number, dtype), float(number))


def view_of_single(dtype: str, data: np.ndarray, number: float) -> ArrayView:
    """The view of a tensor without axes, whose number is known already."""
    finite = math.isfinite(number)
    return ArrayView((), dtype, data, None, number, number, number, 0.0 if finite else math.nan, abs(number), finite)


def view_of(array: np.ndarray) -> ArrayView:
    """Shape, exact statistics, and the array itself when it is small, else a thumbnail."""
    from engine.compile.arrays import statistics, thumbnail

    if array.ndim == 0:
        return view_of_single(_name_of(array.dtype), array, float(array))
    small = array.size <= FULL_LIMIT
    return ArrayView(array.shape, _name_of(array.dtype), array if small else None, None if small else thumbnail(array), *statistics(array))


@cache
def _name_of(dtype: Any) -> str:
    """NumPy puts the name together each time, which takes as long as a sum over 2,000 numbers."""
    return str(dtype)


def without(view: ArrayView, entries: Sequence[int]) -> ArrayView:
    """A tensor that is here whole, with these entries of it, flattened, as 0."""
    if not entries or view.data is None:
        return view
    numbers = view.data.copy().reshape(-1)
    numbers[list(entries)] = 0.0
    return view_of(numbers.reshape(view.shape))


def cover(view: ArrayView, why: Why = "asked") -> ArrayView:
    """The same tensor without its numbers."""
    sign = Covered(why)
    return ArrayView(view.shape, view.dtype, None, None, sign, sign, sign, sign, sign, True)


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no gradient; `reason` is compared, `word` and `why` are read."""

    reason: Reason

    @property
    def word(self) -> str:
        """Where room is short."""
        return ABSENT_WORD[self.reason]

    @property
    def why(self) -> str:
        return WHY_ABSENT[self.reason]

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """They arrive as one object a reason: a trace may hold a hundred thousand."""
        return absent, (self.reason,)


@cache
def absent(reason: Reason) -> Absent:
    """The one of this reason."""
    return Absent(reason)


Gradient = ArrayView | Absent


class Numbers(Protocol[T]):
    """What a Trace and a TraceView have in common; `T` is a tensor of one or the other."""

    @property
    def objective(self) -> Key | None: ...
    @property
    def values(self) -> Mapping[Key, T]: ...
    @property
    def gradients(self) -> Mapping[Key, T | Absent]: ...
    @property
    def edge_gradients(self) -> Mapping[str, T | Absent]: ...
    @property
    def parameters(self) -> Mapping[Key, T]: ...
    @property
    def parameter_gradients(self) -> Mapping[Key, T | Absent]: ...
    @property
    def buffers(self) -> Mapping[Key, T]: ...


def entry_at(numbers: Numbers[T], address: Address, graph: Graph) -> T | Absent:
    """The whole tensor at an address that is no setting, or why there is none. A wire carries the value of the output it starts at."""
    entry: T | Absent | None
    if address.kind == "edge":
        edge = graph.edges.get(address.id)
        entry = None
        if edge is not None:
            entry = numbers.edge_gradients.get(edge.id) if address.gradient else numbers.values.get(edge.source)
    elif address.gradient:
        entry = (numbers.gradients if address.kind == "output" else numbers.parameter_gradients).get(address.key)
    else:
        tables = {"output": numbers.values, "parameter": numbers.parameters, "buffer": numbers.buffers}
        entry = tables[address.kind].get(address.key)
    if entry is not None:
        return entry
    return Absent("no objective" if address.gradient and numbers.objective is None else "not computed")


def setting_at(address: Address, graph: Graph) -> Any:
    """The number or the nested lists of numbers that a setting holds; None where it holds something else, or there is no such setting."""
    if address.id not in graph.nodes:
        return None
    try:
        value = graph.setting(address.id, address.port)
    except KeyError:
        return None
    return value if dims(value) is not None else None


def require_entry(index: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Raises IndexError where a tensor of this shape has no such entry, or no such part where the index is shorter."""
    if len(index) > len(shape) or not all(0 <= place < size for place, size in zip(index, shape, strict=False)):
        raise IndexError(_("there is no entry {index}; the shape is {shape}").format(index=list(index), shape=list(shape)))


@dataclass(frozen=True, slots=True)
class PassEvent:
    """One step of the computation, in order. `edges` are those along which numbers move in it.

    Forward: the node's inputs arrive along `edges` and its outputs get their value. Backward: the node's output gradient is
    complete, and its contributions leave along `edges` towards its inputs.
    """

    phase: Literal["forward", "backward"]
    node: str
    edges: tuple[str, ...]

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return PassEvent, (self.phase, self.node, self.edges)


ROWS = 4096
"""Samples of a batch that are named one by one."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which numbers an answer is of: the state of the document, the run, and its step."""

    structure: int
    revision: int
    run: int
    step: int


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
    events: tuple[PassEvent, ...] = ()
    mode: Literal["paused", "training"] = "paused"
    batch: str = ""
    samples: Mapping[Part, int] = field(default_factory=dict)
    """How many samples each part of the data has."""
    part: Part = "train"
    rows: tuple[int, ...] = ()
    """The samples of this batch, by their places in the part; empty where they are all of it, or more than `ROWS`."""
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
    buffers: Mapping[tuple[str, str], ArrayView] = field(default_factory=dict)
    negligible: Mapping[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)
    """Entries that are nothing but round-off, of flattened tensors: by (`value` or `total`, node id, port), (`edge`, id), (`slope`,
    node id, parameter). They are written as 0."""
    inner: Mapping[tuple[str, str], ArrayView] = field(default_factory=dict)
    """Numbers that an operation made on its way, by the sign of textbooks: `(node id, "ŷ")`. Batched as the node's inputs are."""
    activities: Mapping[str, Activity] = field(default_factory=dict)
    """Dead and saturated units, by node, where the values are too large to be here whole; elsewhere they are counted from the values."""

    @property
    def stamp(self) -> Stamp:
        """Which numbers these are."""
        return Stamp(self.structure, self.revision, self.run, self.step)

    def at(self, address: Address, graph: Graph) -> Gradient:
        """The tensor at an address, or its entry, or why there is none. `graph` is the document that was traced.

        Raises IndexError where the tensor has no such entry, LookupError where it is too large to be here whole.
        """
        entry: Gradient = _setting(address, graph) if address.kind == "setting" else entry_at(self, address, graph)
        return entry if isinstance(entry, Absent) or address.index is None else entry.entry(address.index)

    def written(self, address: Address, graph: Graph) -> Gradient:
        """The same as it is written where room is short: round-off is 0."""
        entry = self.at(address, graph)
        if not self.negligible or isinstance(entry, Absent) or entry.data is None or address.index is not None:
            return entry
        if address.kind == "edge" and not address.gradient:
            key: tuple[str, ...] = ("value", *graph.edges[address.id].source)
        elif address.kind == "edge":
            key = ("edge", address.id)
        else:
            kind = "slope" if address.kind == "parameter" else "total"
            key = (kind if address.gradient else "value", address.id, address.port)
        return without(entry, self.negligible.get(key, ()))

    def number(self, address: Address, graph: Graph) -> float | None:
        """The one number at an address; None where there is none, or where it is a tensor of several."""
        try:
            entry = self.at(address, graph)
        except LookupError:
            return None
        return entry.scalar if isinstance(entry, ArrayView) else None


def _setting(address: Address, graph: Graph) -> Gradient:
    value = setting_at(address, graph)
    if value is None:
        return Absent("not computed")
    import numpy as np

    return view_of(np.array(value, np.float64))
