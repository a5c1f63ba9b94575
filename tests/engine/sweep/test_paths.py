"""The way of each run of a race through the plane of two trained numbers, against the same steps in plain Python."""

from __future__ import annotations

import math
from pathlib import Path as File
from types import SimpleNamespace

import pytest

from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobError, finished
from engine.sweep.paths import Path, PathsJob
from engine.sweep.plan import OPTIMIZER, Axis, SweepPlan
from engine.sweep.values import read_values
from engine.sweep.walking import walk
from graph.model.edits import SetTraining
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.networks import tanh_net

EXAMPLES = File(__file__).resolve().parents[3] / "resources" / "examples"


def walked(graph: Graph, text: str) -> dict[int, Path]:
    plan = SweepPlan((Axis(OPTIMIZER, read_values(graph, OPTIMIZER, text)),)).checked(graph)
    steps = walk(SimpleNamespace(graph=graph), PathsJob(plan, tuple(range(plan.count))))  # type: ignore[arg-type]
    parts: list[Path] = []
    while True:
        try:
            parts += next(steps).part or ()
        except StopIteration as end:
            assert end.value.names == ("w1", "w2")
            return {path.index: path for path in parts}


def test_paths_on_the_product_of_two_weights() -> None:
    """f = (1 − w₂w₁)² from (0.2, 5.01): 0.03 stays at the sharp minimum, 0.06 leaves it, 0.1 overflows."""
    graph = load(EXAMPLES / "saddle.gradwire", CATALOG)
    SetTraining("steps", 60).apply(graph)
    paths = walked(graph, "sgd:lr=0.03, momentum:lr=0.03:momentum=0.5, sgd:lr=0.1")
    for index, rate, rho in ((0, 0.03, 0.0), (1, 0.03, 0.5)):
        w1, w2, m1, m2 = 0.2, 5.01, 0.0, 0.0
        for step, (at, loss) in enumerate(zip(paths[index].at.tolist(), paths[index].loss.tolist(), strict=True)):
            assert at == pytest.approx([w1, w2], abs=1e-10)
            error = 1 - w2 * w1
            assert loss == pytest.approx(error * error, abs=1e-10), step
            m1, m2 = rho * m1 - 2 * error * w2, rho * m2 - 2 * error * w1
            w1, w2 = w1 - rate * m1, w2 - rate * m2
        assert paths[index].steps == tuple(range(61)) and not paths[index].diverged
    last = paths[0].at[-1]
    assert last[0] ** 2 + last[1] ** 2 == pytest.approx(25.140, abs=5e-4)
    assert paths[2].diverged and paths[2].steps[-1] < 20 and all(map(math.isfinite, paths[2].at[-1]))


def test_other_numbers_of_trained_numbers_are_refused() -> None:
    plan = SweepPlan((Axis(OPTIMIZER, ("sgd",)),))
    with pytest.raises(JobError, match="exactly two"):
        finished(walk(SimpleNamespace(graph=tanh_net()), PathsJob(plan, (0,))))  # type: ignore[arg-type]
