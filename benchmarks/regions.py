"""What the picture of the learned function costs the trainer while it is refreshed: the same run with pictures and without, in turns."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.live import closed, opened, processor_seconds, until, wait

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from graph.storage.document import Document

ROUNDS = 30
SECONDS = 0.8
SHARE = 0.95
SIDE = 100
REPEATS = 50


def measured() -> dict[str, Any]:
    """`share`: steps per second with pictures over those without, the median of the rounds, of which each has both. `own_share`: the
    same per second of the kernel's processor time. `refresh_ms`: the kernel's work for one picture of 100×100 points."""
    document = moons()
    window = opened(document)
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    panel: Any = window.panels.panel("regions")
    until(lambda: panel.seen is not None)
    wait(2.0)
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    wait(1.0)
    pictures = list[int]()
    panel.changed.connect(lambda: pictures.append(panel.seen.stamp.step))
    ask = panel.ask

    def speed(on: bool) -> tuple[float, float, float]:
        panel.ask = ask if on else lambda: None
        panel.ask()
        wait(0.2)
        pictures.clear()
        first, began, used = kernel.progress.step, time.monotonic(), processor_seconds(kernel.pid or 0)
        wait(SECONDS)
        steps, seconds, own = kernel.progress.step - first, time.monotonic() - began, processor_seconds(kernel.pid or 0) - used
        return steps / seconds, steps / own, len(set(pictures)) / seconds

    rounds = [(speed(on=False), speed(on=True)) if turn % 2 else (speed(on=True), speed(on=False))[::-1] for turn in range(ROUNDS)]
    points = "×".join(str(len(axis.at)) for axis in panel.seen.axes)
    closed(window)
    share = statistics.median(on[0] / off[0] for off, on in rounds)
    return {
        "graph": "2–8–8–2, moons", "rounds": ROUNDS, "shares": [on[0] / off[0] for off, on in rounds], "share": share, "wanted": SHARE,
        "met": share >= SHARE, "own_share": statistics.median(on[1] / off[1] for off, on in rounds),
        "pictures_per_second": statistics.median(on[2] for _off, on in rounds), "points": points, "refresh_ms": refresh_ms(document.graph),
    }  # fmt: skip


def refresh_ms(graph: Graph) -> float:
    """The kernel's work for one picture of 100×100 points: the median of many."""
    from engine.explain.context import ExplainContext
    from engine.learned.plane import Plane, PlaneJob
    from engine.learned.plane.answer import on_plane
    from engine.numerics.job import finished
    from engine.training.model import Model

    context = ExplainContext(Model(graph, "cpu"))
    job = PlaneJob(Plane(points=(SIDE, SIDE)), 0, 0, 0)
    seconds: list[float] = [finished(on_plane(context, job)).seconds for _ in range(REPEATS)]
    return 1e3 * statistics.median(seconds)


def moons() -> Document:
    """2–8–8–2 with tanh on the moons, with more epochs than the measurement lasts."""
    from engine.nodes.catalog import CATALOG
    from graph.model.build import build
    from graph.storage.document import Document

    kinds = {
        "data": ("source.data", {"dataset": "moons", "samples": 200}), "a": ("layer.linear", {"out_features": 8}),
        "b": ("activation.tanh", {}), "c": ("layer.linear", {"out_features": 8}), "d": ("activation.tanh", {}),
        "e": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    nodes = [{"id": n, "type": t, "name": n, "params": p, "x": 180 * i, "y": 0} for i, (n, (t, p)) in enumerate(kinds.items())]
    chain = [("data", "x"), *((n, "y") for n in "abcd")]
    edges = [{"id": f"w{i}", "from": list(start), "to": [end, "x", 0]} for i, (start, end) in enumerate(zip(chain, "abcde", strict=True))]
    edges.append({"id": "s", "from": ["e", "y"], "to": ["loss", "scores", 0]})
    edges.append({"id": "t", "from": ["data", "target"], "to": ["loss", "target", 0]})
    training = {"optimizer": "adam", "hyper": {"lr": 0.01}, "epochs": 10**6, "batch_size": 32, "device": "cpu"}
    return Document(build({"nodes": nodes, "edges": edges, "settings": {}, "training": training}, CATALOG))
