"""The whole vector of trained numbers at every step of a run, made again on a copy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from engine.curvature.point import Point
from engine.learned.track.replaying import StepsAgain, Stretch
from engine.training.optimizers.base import Optimizer
from engine.training.run import Run
from engine.training.state import state_key

MOST_STEPS, BYTES = 5000, 64 * 2**20
"""Steps that are made again, and what their numbers may take: of longer runs and larger networks not every step is kept."""


def flat(parameters: Mapping[str, Tensor], point: Point) -> Tensor | None:
    """The numbers (p,) of a state in the order of a point's numbers, which are whole tensors; None where it has others."""
    names = [state_key(address.key) for address, _size in point.tensors]
    if any(name not in parameters for name in names):
        return None
    row = torch.cat([parameters[name].reshape(-1) for name in names])
    return row if row.shape == point.here.shape else None


class Walk(StepsAgain):
    """`numbers` (T, p) in the order of the point's numbers, and `steps` (T,) after which they were there: the start, every `stride`th step,
    and the last one."""

    def __init__(self, run: Run, point: Point, most: int = MOST_STEPS) -> None:
        super().__init__(run, most)
        self._point = point
        self.stride = max(1, -(-(self.last - self.first) * len(point.here) * 8 // BYTES))
        self._rows: list[Tensor] = []
        self.steps: list[int] = []

    @property
    def numbers(self) -> np.ndarray:
        return torch.stack(self._rows).double().cpu().numpy()

    def begin(self, stretch: Stretch, optimizer: Optimizer) -> None:
        if not self._rows:
            self._note()

    def look(self, loss: float) -> None:
        step = self.model.state.step
        if (step - self.first) % self.stride == 0 or step == self.last:
            self._note()

    def _note(self) -> None:
        row = flat(self.model.state.parameters, self._point)
        assert row is not None
        self._rows.append(row)
        self.steps.append(self.model.state.step)
