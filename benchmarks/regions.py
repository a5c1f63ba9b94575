"""What pictures of the learned function and of all responses cost the trainer: the same run without, with regions, and with both."""

from __future__ import annotations

import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

from benchmarks import screen
from benchmarks.live import closed, opened, processor_seconds, until, wait

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from graph.storage.document import Document

ROUNDS = 20
SECONDS = 1.0
SHARE = 0.95
SIDE = 100
REPEATS = 50


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        screen.begin(home)
        return measured()


def measured() -> dict[str, Any]:
    """`share`: steps per second with regions and responses over those without, the median of the rounds, of which each has all three
    runs; `own_share`: the same per second of the kernel's processor time; the same of regions alone. `refresh_ms`: the kernel's work for
    one picture of 100×100 points."""
    document = moons()
    window = opened(document)
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    panel: Any = window.panels.panel("regions")
    maps: Any = window.features["responses"]
    until(lambda: panel.seen is not None)
    wait(2.0)
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    window.actions_by_id["cards_responses"].trigger()
    until(lambda: maps.seen is not None)
    wait(1.0)
    seen: dict[str, set[int]] = {"regions": set(), "responses": set()}
    panel.changed.connect(lambda: seen["regions"].add(panel.seen.stamp.step if panel.seen is not None else -1))
    asks = {panel: panel.ask, maps: maps.ask}

    def speed(*shown: Any) -> dict[str, float]:
        for view, ask in asks.items():
            if view in shown:
                view.ask = ask
                ask()
            else:
                view.ask = lambda: None
                view.end()
        wait(0.3)
        for kept in seen.values():
            kept.clear()
        first, began, used = kernel.progress.step, time.monotonic(), processor_seconds(kernel.pid or 0)
        end = began + SECONDS
        while time.monotonic() < end:
            wait(0.02)
            seen["responses"].add(maps.seen.stamp.step)
        seconds = time.monotonic() - began
        steps, own = kernel.progress.step - first, processor_seconds(kernel.pid or 0) - used
        rates = {name: len(kept) / seconds for name, kept in seen.items()}
        return {"speed": steps / seconds, "own": steps / own, **rates}

    kinds: dict[str, tuple[Any, ...]] = {"none": (), "regions": (panel,), "both": (panel, maps)}
    rounds = list[dict[str, dict[str, float]]]()
    for turn in range(ROUNDS):
        order = list(kinds)[turn % 3 :] + list(kinds)[: turn % 3]
        rounds.append({kind: speed(*kinds[kind]) for kind in order})
    points = "×".join(str(len(axis.at)) for axis in panel.seen.axes)
    closed(window)

    def share(kind: str, of: str) -> float:
        return statistics.median(each[kind][of] / each["none"][of] for each in rounds)

    return {
        "graph": "2–8–8–2, moons", "rounds": ROUNDS, "share": share("both", "speed"), "wanted": SHARE,
        "met": share("both", "speed") >= SHARE, "own_share": share("both", "own"),
        "regions_share": share("regions", "speed"), "regions_own_share": share("regions", "own"),
        "pictures_per_second": statistics.median(each["regions"]["regions"] for each in rounds),
        "pictures_per_second_of_both": [statistics.median(each["both"][name] for each in rounds) for name in seen],
        "points": points, "refresh_ms": refresh_ms(document.graph),
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
