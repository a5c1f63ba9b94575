"""How large the gradients on the wires are, on one logarithmic scale for the whole graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.compile.views import ArrayView
from ui.canvas.model.content import Content

Look = Literal["", "width", "heat"]
LOOKS: tuple[Look, ...] = ("", "width", "heat")
"""Not at all, by the width of the wires, by their colour."""
STEPS = 10
"""Widths, or colours, that the scale is cut into: all wires of one step are painted at once."""
ABSENT, ZERO, LOUD = -1, -2, -3
"""In place of a step: no gradient that may be shown, one that is exactly 0, one that holds NaN or ∞."""
LEAST, MOST = -6, 0
"""The scale reaches at least from 10⁻⁶ to 1, so that gradients of ordinary size always look the same."""
WIDEST = 16
"""The most powers of ten: what is smaller still counts as the smallest."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Powers of ten from `low` to `high`."""

    low: int = LEAST
    high: int = MOST

    def share(self, size: float) -> float:
        """Where a size lies on the scale, 0 to 1; 0 for 0."""
        if size <= 0 or math.isnan(size):
            return 0.0
        if math.isinf(size):
            return 1.0
        return min(max((math.log10(size) - self.low) / (self.high - self.low), 0.0), 1.0)

    def step(self, size: float) -> int:
        return min(int(self.share(size) * STEPS), STEPS - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """`norms` and `steps` of every wire of the graph: the Euclidean norm |∇|, NaN where none may be shown."""

    scale: Scale
    norms: Mapping[str, float]
    steps: Mapping[str, int]


def scale_of(norms: np.ndarray) -> Scale:
    """The scale that holds all of these sizes, NaN, 0 and ∞ aside."""
    known = norms[np.isfinite(norms) & (norms > 0)]
    if not len(known):
        return Scale()
    low, high = math.floor(math.log10(float(known.min()))), math.ceil(math.log10(float(known.max())))
    high = max(high, MOST)
    return Scale(max(min(low, LEAST), high - WIDEST), high)


def sizes(content: Content) -> Sizes:
    """The sizes of this trace's gradients, playback aside; counted once for a trace and a choice of sample."""
    if content.sizes is None or content.sizes[0] != content.sample:
        content.sizes = content.sample, _counted(content)
    return content.sizes[1]  # type: ignore[no-any-return]


def _counted(content: Content) -> Sizes:
    names, content = list(content.graph.edges), content.with_compared(None)
    gradients = [content.final_gradient(edge) for edge in content.graph.edges.values()]
    shown = np.array([isinstance(g, ArrayView) and not g.covered for g in gradients], dtype=bool)
    norms = np.array([g.norm if isinstance(g, ArrayView) and not g.covered else math.nan for g in gradients], dtype=np.float64)
    finite = np.array([isinstance(g, ArrayView) and g.finite for g in gradients], dtype=bool)
    scale = scale_of(np.where(finite, norms, math.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (np.log10(norms) - scale.low) / (scale.high - scale.low)
        steps = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0) * STEPS, 0, STEPS - 1).astype(np.intp)
    steps[norms == 0] = ZERO
    steps[shown & ~finite] = LOUD
    steps[~shown] = ABSENT
    return Sizes(scale, dict(zip(names, norms.tolist(), strict=True)), dict(zip(names, steps.tolist(), strict=True)))
