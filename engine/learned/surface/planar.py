"""The objective restricted to a plane: a function of two coordinates, with its derivatives."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.curvature.point import Point
from engine.learned.surface import Floats, Frame


class Planar:
    """φ(u, v) = f(origin + u · across + v · up); places and answers are NumPy arrays. Methods raise Unanswerable."""

    def __init__(self, point: Point, frame: Frame) -> None:
        self._point, self._frame = point, frame
        self._basis = torch.as_tensor(np.stack([frame.across, frame.up]), dtype=point.here.dtype, device=point.here.device)
        self.metric: Floats = np.array([[a @ b for b in (frame.across, frame.up)] for a in (frame.across, frame.up)])
        """Products of the directions: the identity where they are orthogonal and of length 1."""

    def numbers(self, at: Floats) -> Tensor:
        """All numbers (p,) at a place (2,)."""
        place = self._frame.place(float(at[0]), float(at[1]))
        return torch.as_tensor(place, dtype=self._point.here.dtype, device=self._point.here.device)

    def whole_gradient(self, at: Floats) -> Tensor:
        """∇f (p,) at a place."""
        return self._point.gradient(self.numbers(at))

    def gradient(self, at: Floats) -> Floats:
        """(∂φ/∂u, ∂φ/∂v)."""
        return self._along(self.whole_gradient(at))

    def hessian(self, at: Floats) -> Floats:
        """∇²φ (2, 2), symmetric."""
        products = self._point.products(self._basis, self.numbers(at))
        table = np.stack([self._along(row) for row in products])
        return (table + table.T) / 2

    def _along(self, direction: Tensor) -> Floats:
        along: Floats = (self._basis @ direction).double().cpu().numpy()
        return along
