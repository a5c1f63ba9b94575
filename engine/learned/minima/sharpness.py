"""The largest eigenvalue and the trace of a Hessian: from all of it, or estimated from products where it is too large."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from engine.curvature.largest import begun, largest
from engine.curvature.point import Point
from engine.learned.minima import EXACT, PROBES
from engine.numerics.job import JobReport, reported

TOLERANCE, LEAST, MOST = 1e-6, 8, 120
"""Of Lanczos' method: share of the largest size at which it ends, and products of the Hessian."""
Sharpness = tuple[float, float, float, float]
"""(λmax, its error, trace, its standard error); both errors are 0 where the whole Hessian was computed."""


def sharpness(point: Point, at: Tensor | None = None) -> Generator[JobReport, None, Sharpness]:
    """NaN where an entry is not finite. Raises Unanswerable."""
    if len(point.here) <= EXACT:
        matrix = point.hessian(at).detach().double().cpu().numpy()
        yield JobReport()
        if not np.isfinite(matrix).all():
            return math.nan, 0.0, math.nan, 0.0
        return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1]), 0.0, float(np.trace(matrix)), 0.0
    mean, error = yield from hutchinson(point, at)
    here = point.here

    def product(direction: Tensor) -> Tensor:
        return point.product(direction.to(here.dtype).to(here.device), at).detach().double().cpu()

    found = yield from reported(largest(product, begun(None, len(here), 0), TOLERANCE, LEAST, MOST))
    return found.value, found.error, mean, error


def hutchinson(point: Point, at: Tensor | None = None, probes: int = PROBES) -> Generator[JobReport, None, tuple[float, float]]:
    """The trace as the mean of zᵀHz over vectors z of ±1 (Hutchinson 1990), and the standard error of that mean."""
    here, random = point.here, torch.Generator().manual_seed(0)
    values = []
    for _probe in range(probes):
        signs = (2 * torch.randint(2, (len(here),), generator=random) - 1).to(here.dtype).to(here.device)
        values.append(float(signs.double() @ point.product(signs, at).double()))
        yield JobReport()
    return float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(probes)
