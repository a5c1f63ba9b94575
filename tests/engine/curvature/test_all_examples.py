"""Gradients, products and Hessians of every example against torch.func on the objective itself, which knows nothing of our rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.curvature.point import point_at
from engine.curvature.spectrum import EXACT
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.files import load

EXAMPLES = sorted((Path(__file__).parents[3] / "resources/examples").glob("*.gradwire"))


@pytest.mark.long
@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_example(path: Path) -> None:
    """In float64; where torch.func's Hessian fits, all of it, else three products."""
    model = Model(load(path, CATALOG), dtype=torch.float64)
    rows = torch.arange(min(model.feeds.rows["train"], 100)) if model.feeds.rows["train"] else None
    point = point_at(model, rows=rows)
    place, count = point.here, len(point.here)

    def gradient(at: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.func.grad(point._value)(at)
        return result

    assert torch.allclose(point.gradient(), gradient(place), rtol=0, atol=1e-10)
    directions = torch.randn(3, count, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    right = torch.stack([torch.func.jvp(gradient, (place,), (direction,))[1] for direction in directions])
    assert torch.allclose(point.products(directions), right, rtol=0, atol=1e-10)
    assert torch.allclose(point.product(directions[0]), right[0], rtol=0, atol=1e-10)
    if count <= EXACT:
        hessian = torch.stack([torch.func.jvp(gradient, (place,), (unit,))[1] for unit in torch.eye(count, dtype=torch.float64)])
        assert torch.allclose(point.hessian(), hessian, rtol=0, atol=1e-10)
        values = np.linalg.eigvalsh(((point.hessian() + point.hessian().T) / 2).numpy())
        assert np.allclose(values, np.linalg.eigvalsh(hessian.numpy()), rtol=0, atol=1e-9)
