"""Sample cases for every node type: what `tests/engine/nodes/test_node_types.py` feeds to all of them.

A family of node types has a module here with two names:

    CASES: list[Case]          at least one case for every type of the family
    SKIPPED = {"rules": 2, "gradcheck": 3}     how many of its cases those two tests leave out, exactly

A test leaves a case out when nothing can be differentiated (class indices, probes), "rules" also when the type has no rules,
"gradcheck" also when the case sits on a kink (`kink="…why"`).

How to write one:

* `inputs`: one entry for every declared input port, in order, ports marked `parameter=True` left out. Float64 tensors (`numbers`), int64
  for class indices, None for an optional input left open, a tuple for a `many` port. A fed type (Input, Data) takes its values.
* `batched`: the names of the ports whose tensor has the batch as axis 0.
* Parameters and buffers are drawn by the type's own `parameter_shapes` and `initial`, then *moved off* their start (zeros would hide
  mistakes); `parameters={"W": …}` and `buffers={…}` give them instead.
* Keep arrays away from kinks and ties: |x| ≥ 0.1 for relu, distinct entries for max. `numbers` makes distinct entries, none near 0.
* `expected`: the output as numpy or scipy computes it, or as a hand calculation. Never our own code.
* `mixes_batch=True`: a sample's output depends on the other samples (a mean over the batch, batch norm while training). All other
  batched cases are checked sample by sample. Losses and random types need not say so.
* Every rank that a port declares (up to 3 where there is no limit) must occur, batched and not, and both dtypes of an `any` port. What
  cannot occur is listed with its reason in `RANKS_LEFT_OUT` in the test file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Case:
    type: str
    inputs: tuple[Any, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    batched: tuple[str, ...] = ()
    training: bool = True
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)
    buffers: Mapping[str, torch.Tensor] = field(default_factory=dict)
    expected: Any = None
    mixes_batch: bool = False
    kink: str = ""
    label: str = ""

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, t.shape)) or "0" for t in self.tensors())
        marks = [self.label, "batch" if self.batched else "", shapes, "kink" if self.kink else ""]
        return "-".join([self.type, *(mark for mark in marks if mark)])

    def tensors(self) -> list[torch.Tensor]:
        flat = [t for value in self.inputs for t in (value if isinstance(value, tuple) else (value,))]
        return [t for t in flat if t is not None]


def numbers(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> torch.Tensor:
    """Distinct float64 numbers in (low, high), in shuffled order; none within a tenth of the range's even spacing of another, or of 0."""
    size = int(np.prod(shape, dtype=int))
    rng = np.random.default_rng([seed, *shape])
    values = low + (high - low) * (np.arange(size) + 0.5 + 0.4 * (rng.random(size) - 0.5)) / max(size, 1)
    values = np.where(np.abs(values) < 0.1, np.where(values < 0, -0.1, 0.1) + values, values)
    return torch.tensor(rng.permutation(values).reshape(shape), dtype=torch.float64)


def indices(*shape: int, classes: int, seed: int = 0) -> torch.Tensor:
    """Class indices below `classes`, every class used where there is room."""
    size = int(np.prod(shape, dtype=int))
    return torch.tensor(np.random.default_rng([seed, size]).permutation(size).reshape(shape) % classes, dtype=torch.int64)


SAMPLE_SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3), (2, 1, 3))
"""One for every rank a test bothers with."""


def unary(
    key: str,
    oracle: Callable[[np.ndarray], Any],
    low: float = -2.0,
    high: float = 2.0,
    shapes: Sequence[tuple[int, ...]] = SAMPLE_SHAPES,
    **more: Any,
) -> list[Case]:
    """An elementwise function of `x` at every rank, alone and as a batch of four, against its numpy form."""
    cases = []
    for shape in shapes:
        for batch in ((), (4,)):
            x = numbers(*batch, *shape, low=low, high=high)
            cases.append(Case(key, (x,), batched=("x",) if batch else (), expected=oracle(x.numpy()), **more))
    return cases


def families() -> list[ModuleType]:
    """The modules of this folder, one a family."""
    return [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]


def all_cases() -> list[Case]:
    return [case for family in families() for case in family.CASES]
