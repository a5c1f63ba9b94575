"""The path ledger: every path from a value to the objective, what each contributes to its gradient, and what counting costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.compile.views import ArrayView
from engine.explain.question import Question
from graph.model.address import Address

LISTED = 200
"""Paths that are listed at most at a time."""
SUMMED = 100_000
"""Paths that are added up at most."""


@dataclass(frozen=True, slots=True)
class PathLedger(Question):
    """Asks for the paths `start`, `start + 1` … from `place` to the objective. The answer is a `Ledger`."""

    answered_by: ClassVar[str] = "engine.explain.paths.answer:ledger"
    place: Address
    start: int = 0
    limit: int = LISTED


@dataclass(frozen=True, slots=True)
class PathSum(Question):
    """Asks for the sum of the paths from number `start` on, as many as fit into one answer. The answer is a `PartialSum`.

    Ask again from `next` and add the sums up; the whole is the gradient.
    """

    answered_by: ClassVar[str] = "engine.explain.paths.answer:partial_sum"
    place: Address
    start: int = 0


@dataclass(frozen=True, slots=True)
class Factor:
    """One local derivative on a path: how output `output` of `node` answers to what arrives at its input (or parameter) `port`.

    `edge` is the wire it arrives along, empty where the node's own learned tensor is meant. `derivative` is the number, when both
    ends are single numbers; otherwise the factor is a Jacobian of `output_shape` by `input_shape` and `derivative` is None.
    `reaching` is what has come down the path behind this factor: seed · … · this, of `input_shape`.
    `cost` is the number of multiplications of one product with this factor.
    """

    node: str
    output: str
    port: str
    slot: int
    edge: str
    derivative: float | None
    output_shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    reaching: ArrayView
    cost: int
    text: str
    """`∂f/∂d`, with the names of nodes."""


@dataclass(frozen=True, slots=True)
class Path:
    """From the value to the objective: wires and nodes in this order, factors too. `product` has the value's shape.

    `nodes` begins with the node that gives (or holds) the value and ends with the objective's.
    `entry` is the product's chosen entry (the only one of a single number), None where no entry was chosen.
    `text` is the product written out: `∂f/∂d · ∂d/∂x = 1 · (−5) = −5`.
    """

    number: int
    edges: tuple[str, ...]
    nodes: tuple[str, ...]
    factors: tuple[Factor, ...]
    product: ArrayView
    entry: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Multiplications, exactly. All three modes start from a seed 1 and multiply local derivatives, one product a wire.

    What one product with a local derivative costs is the number of entries of its Jacobian that can be other than 0: 1 between
    single numbers, n for an entrywise function of n numbers, N·m·n for a Linear layer from n to m over N samples. A factor that
    happens to be 1 or 0 counts like any other, and so does the seed's first product.

    * `path_by_path`: every path on its own, from the objective to the value, nothing shared.
    * `forward`: one sweep from the value to the objective for each number of the value, `sweeps` in all.
    * `reverse`: one sweep from the objective to the value.

    `all_…` are the same summed over every Input and every learned tensor that the objective depends on (reverse mode still
    needs one sweep only).
    """

    path_by_path: int
    forward: int
    reverse: int
    sweeps: int
    all_path_by_path: int
    all_forward: int
    all_reverse: int
    all_sweeps: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """`count` paths, of which some are listed. `total` is the sum over *all* paths, None where it takes a `PathSum` to find it
    (`summable`) or there are too many. `gradient` is the reverse pass's; `error` their largest difference relative to the
    gradient's largest entry.

    `entry` echoes the chosen entry, (0, …) for a single number, None where a tensor came without one; `total_entry` and
    `gradient_entry` are the numbers there.
    """

    place: Address
    name: str
    objective: str
    count: int
    start: int
    paths: tuple[Path, ...]
    total: ArrayView | None
    gradient: ArrayView
    error: float | None
    summable: bool
    entry: tuple[int, ...] | None
    total_entry: float | None
    gradient_entry: float | None
    counts: Counts
    note: str = ""

    @property
    def next(self) -> int | None:
        """Where the list continues; None at its end."""
        end = self.start + len(self.paths)
        return end if end < self.count else None


@dataclass(frozen=True, slots=True)
class PartialSum:
    """The sum of the paths `start` to `next` − 1 (to the last, where `next` is None)."""

    start: int
    next: int | None
    count: int
    total: ArrayView
