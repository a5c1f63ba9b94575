"""A sweep of the 2–4–2 network: 64 copies trained as one batch against the same 64 runs one after another, in one process.

Both sides do all that a run does: initial values, orders of samples, losses, measurements of every epoch, the state at the end. They
take turns; times are medians over the turns, of the processor's time, so that other programs count little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

COPIES = 64
EPOCHS = 20
DIFFERENCE = 1e-10
"""The largest difference of any weight between both sides that counts as equal, in float64."""


def run(turns: int = 2, epochs: int = EPOCHS) -> dict[str, Any]:
    """Model-steps per second of both sides and their ratio, for 64 seeds, and for 8 learning rates × 8 seeds with Adam."""
    seeds = _compare({"optimizer": "sgd", "hyper": {"lr": 0.05}}, {"seed": range(COPIES)}, turns, epochs)
    rates = _compare({"optimizer": "adam", "hyper": {}}, {"lr": [0.0003 * 2**i for i in range(8)], "seed": range(8)}, turns, epochs)
    return {"copies": COPIES, "threads": 1, "seeds_sgd": seeds, "rates_and_seeds_adam": rates}


def _compare(training: dict[str, Any], axes: dict[str, Any], turns: int, epochs: int) -> dict[str, Any]:
    import torch

    from benchmarks.training import _dense, _network
    from engine.sweep.plan import Axis, SweepPlan, Swept, member_graph
    from graph.model.edits import SetTraining

    graph = _network(_dense({"dataset": "moons", "samples": 1000}, (2, 4, 2), "float64"))
    for name, value in {**training, "epochs": epochs}.items():
        SetTraining(name, value).apply(graph)
    plan = SweepPlan(tuple(Axis(Swept(name), tuple(values)) for name, values in axes.items())).checked(graph)
    graphs = [member_graph(graph, plan, values) for values in plan.members()]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times: dict[str, list[float]] = {"together": [], "one_after_another": []}
        for turn in range(turns + 1):
            pairs = [("together", _together), ("one_after_another", _alone)]
            runs = {}
            for name, side in pairs if turn % 2 else reversed(pairs):
                began = time.process_time()
                runs[name] = side(graphs)
                if turn:  # the first turn warms up
                    times[name].append(time.process_time() - began)
    finally:
        torch.set_num_threads(threads)
    return _result(times, runs["together"], runs["one_after_another"])


def _runs(graphs: Sequence[Any]) -> list[Any]:
    from engine.training.compiled import Compiled
    from engine.training.model import Model
    from engine.training.run import Run

    base = Compiled(graphs[0], "cpu")
    return [Run(Model(base.changed_to(graph).compiled)).prepare() for graph in graphs]


def _together(graphs: Sequence[Any]) -> list[Any]:
    from engine.sweep.stack import Stack

    runs = _runs(graphs)
    stack = Stack(runs)
    stack.train()
    stack.finish()
    return runs


def _alone(graphs: Sequence[Any]) -> list[Any]:
    runs = _runs(graphs)
    for single in runs:
        single.train()
    return runs


def _result(times: dict[str, list[float]], together: Sequence[Any], alone: Sequence[Any]) -> dict[str, Any]:
    steps = sum(run.state.step for run in alone)
    apart = sorted(max(a.capture().diff(b.capture()).values(), default=0.0) for a, b in zip(together, alone, strict=True))
    curves = max(float(abs(a.curve.losses.low - b.curve.losses.low).max()) for a, b in zip(together, alone, strict=True))
    fast, slow = (statistics.median(times[name]) for name in ("together", "one_after_another"))
    ratios = [b / a for a, b in zip(times["together"], times["one_after_another"], strict=True)]
    return {
        "model_steps": steps, "together_steps_per_s": steps / fast, "alone_steps_per_s": steps / slow, "ratio": slow / fast,
        "ratio_least": min(ratios), "ratio_most": max(ratios),
        "difference_median": statistics.median(apart), "difference_largest": apart[-1], "curves_largest": curves,
        "equal": apart[-1] < DIFFERENCE and curves < DIFFERENCE,
    }  # fmt: skip
