"""The Hessian of the 2–4–2 network (22 numbers), one product with it, and Lanczos' method on larger networks, against torch.func."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.curvature.point import Point, point_at
from engine.curvature.spectrum import LEADING
from engine.curvature.spectrum.answer import MOST, PRECISE
from engine.curvature.spectrum.lanczos import extremes
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.numerics.threads import threads
from engine.training.model import Model
from graph.storage.files import load

EXAMPLES = Path(__file__).parents[1] / "resources" / "examples"
REPEATS = 200


def milliseconds(function: Callable[[], object], repeats: int = REPEATS) -> dict[str, float]:
    """The least and the middle time, and the least time of this thread's processor."""
    function()
    walls, processors = [], []
    for _repeat in range(repeats):
        began, busy = time.perf_counter(), time.thread_time()
        function()
        walls.append(1000 * (time.perf_counter() - began))
        processors.append(1000 * (time.thread_time() - busy))
    return {"least ms": min(walls), "median ms": sorted(walls)[repeats // 2], "least processor ms": min(processors)}


def _fresh(point: Point, at: torch.Tensor) -> torch.Tensor:
    """The Hessian at a place where nothing is known yet."""
    point.forget()
    return point.hessian(at)


def _in_double(point: Point) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda direction: point.product(direction.to(point.here)).double()


def run() -> dict[str, Any]:
    small = point_at(Model(load(EXAMPLES / "tanh-mlp-2-4-2.gradwire", CATALOG)))
    direction = torch.randn(len(small.here), dtype=small.here.dtype)
    exact = torch.func.hessian(small._value)(small.here)
    result: dict[str, Any] = {"numbers": len(small.here), "samples": small.rows}
    with threads(1):
        result["Hessian"] = milliseconds(lambda: _fresh(small, small.here))
        result["one more product there"] = milliseconds(lambda: small.product(direction))
        result["torch.func.hessian of the same"] = milliseconds(lambda: torch.func.hessian(small._value)(small.here), 30)
    result["largest difference"] = float((small.hessian() - exact).abs().max())
    for name in ("spiral", "digits-mlp"):
        point = point_at(Model(load(EXAMPLES / f"{name}.gradwire", CATALOG)))
        began = time.perf_counter()
        with threads(1):
            pairs = finished(extremes(_in_double(point), len(point.here), LEADING, PRECISE, MOST))  # type: ignore[arg-type]
        result[f"Lanczos, {name}"] = {
            "numbers": len(point.here), "products": pairs.products, "seconds": time.perf_counter() - began, "λmax": float(pairs.values[0]),
        }  # fmt: skip
    return result
