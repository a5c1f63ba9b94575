"""A plane of 51 × 51 points of the 2–4–2 network on 200 samples: one batched job against a loop over single evaluations."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.curvature.point import Point
from engine.explain.context import ExplainContext
from engine.learned.surface import Numbers, Plane, Random, Surface, SurfaceJob
from engine.learned.surface.answer import numbers_at, surface
from engine.learned.surface.frames import point_of
from engine.nodes.catalog import CATALOG
from engine.numerics.job import finished
from engine.numerics.threads import threads
from engine.training.model import Model
from graph.model.address import parameter
from graph.model.edits import SetParam
from graph.storage.files import load

ROOT = Path(__file__).parents[1]
POINTS, SAMPLES, REPEATS, LOOPS = 51, 200, 15, 3


def model() -> Model:
    """The example 2–4–2 with tanh and cross-entropy, and as many samples as give 200 for training."""
    graph = load(ROOT / "resources" / "examples" / "tanh-mlp-2-4-2.gradwire", CATALOG)
    data = next(node.id for node in graph.nodes.values() if node.type == "source.data")
    SetParam(data, "samples", 266).apply(graph)
    made = Model(graph)
    assert made.feeds.rows["train"] == SAMPLES
    return made


def batched(made: Model, plane: Plane) -> tuple[Surface, float, float]:
    """The answer, and the best time of several, in milliseconds: of the clock and of the processor."""
    context, best, least = ExplainContext(made, None), float("inf"), float("inf")
    for _ in range(REPEATS):
        clock, processor = time.perf_counter(), time.process_time()
        answer: Surface = finished(surface(context, SurfaceJob(plane, points=POINTS)))
        best, least = min(best, time.perf_counter() - clock), min(least, time.process_time() - processor)
    return answer, 1e3 * best, 1e3 * least


def looped(point: Point, places: torch.Tensor, threads_used: int) -> tuple[np.ndarray, float, float]:
    """The same one by one, by the program that batches: values and times."""
    best, least, values = float("inf"), float("inf"), np.empty(len(places))
    for _ in range(LOOPS):
        clock, processor = time.perf_counter(), time.process_time()
        with torch.no_grad(), threads(threads_used):
            values = np.array([float(point.value(place)) for place in places])
        best, least = min(best, time.perf_counter() - clock), min(least, time.process_time() - processor)
    return values, 1e3 * best, 1e3 * least


def run() -> dict[str, Any]:
    made, result = model(), {}
    hidden = next(key for key in made.program(training=True).trainable_keys)
    planes: dict[str, Plane] = {
        "two weights": Numbers(parameter(*hidden, (0, 0)), parameter(*hidden, (0, 1))), "two random directions": Random(),
    }  # fmt: skip
    for name, plane in planes.items():
        answer, clock, processor = batched(made, plane)
        point = point_of(made, plane, None)
        grid = np.stack([axis.reshape(-1) for axis in np.meshgrid(answer.xs, answer.ys)], axis=1)
        places = numbers_at(point, answer.frame, grid)
        values, slow, slow_processor = looped(point, places, made.compiled.threads)
        some = slice(0, None, 10)
        alone = np.array([float(point.values(place[None])[0]) for place in places[some]])
        result[name] = {
            "job, ms": clock, "job, ms of the processor": processor, "loop, ms": slow, "loop, ms of the processor": slow_processor,
            "times as fast": slow / clock, "values alone equal to the last bit": float((alone == answer.f.reshape(-1)[some]).mean()),
            "largest difference from the loop": float(np.abs(values - answer.f.reshape(-1)).max()),
        }  # fmt: skip
    return result
