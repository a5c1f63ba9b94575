"""The Jacobian of any node by a learned tensor or by a value before it. Request and answer; no torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.compile.views import Stamp
from engine.numerics.job import Job
from graph.model.address import Address

Floats = np.ndarray[Any, np.dtype[np.float64]]
MOST = 600
"""Most entries that the smaller side of a Jacobian, output or input, may have: it decides the work."""


@dataclass(frozen=True, slots=True)
class JacobianJob(Job):
    """Asks for D of the output `of` by `by`: an output before it, or a learned tensor. The answer is a `Jacobian`; nothing changes.

    Of a batch it is that of sample number `sample` of those that are shown, counted from 0; what is the same for all samples, such as a
    weight, has no sample. `by` None: the first input of the node that is no constant.
    """

    done_by: ClassVar[str] = "engine.explain.jacobian.answer:jacobian"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    of: Address
    by: Address | None = None
    sample: int = 0
    structure: int = 0
    revision: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Jacobian:
    """`matrix[i, j]` (m, n) is ∂ output entry i / ∂ input entry j, by the reverse or forward sweep of the pass shown, in float64.

    `offered` are all values and learned tensors before the node, those nearest to it first. `sample` is None where
    neither side differs from sample to sample, else the number of the sample among the `samples` shown. `singular` are the singular
    values, descending, empty where an entry is not finite: the largest says how much the map stretches at most, the smallest how much
    it stretches at least. `direct`: the input is one of the node's own, so this is the node's local Jacobian.
    """

    stamp: Stamp
    of: Address
    by: Address
    names: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    matrix: Floats
    singular: Floats
    offered: tuple[Address, ...]
    sample: int | None
    samples: int
    direct: bool

    @property
    def rank(self) -> int | None:
        """How many singular values are above round-off; None where they are not known."""
        if not self.singular.size:
            return None
        return int(np.sum(self.singular > max(self.matrix.shape) * np.finfo(float).eps * self.singular[0]))
