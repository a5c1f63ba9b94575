"""Training steps of compiled programs against `nn.Sequential` and `torch.optim.SGD`, and the trace a slider waits for.

Both sides see the same mini-batches, start from the same weights and end with the same weights; they take turns in one process,
so that whatever else the machine does hits both. Times are medians over the turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

BATCH = 32
LEARNING_RATE = 0.05


def run(turns: int = 15, steps: int = 400) -> dict[str, Any]:
    """Microseconds a step of each side and their ratio, for both networks; milliseconds for a trace and its view of 60 numbers."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tanh = _compare({"dataset": "moons", "samples": 1000}, (2, 4, 2), "float64", turns, steps)
        digits = _compare({"dataset": "digits"}, (64, 64, 10), "float32", turns, steps)
        return {"threads": 1, "batch_size": BATCH, "tanh_2_4_2": tanh, "tanh_64_64_10": digits, "slider_60_nodes": _slider(turns)}
    finally:
        torch.set_num_threads(threads)


def _compare(data: dict[str, Any], sizes: tuple[int, int, int], dtype: str, turns: int, steps: int) -> dict[str, Any]:
    import torch

    from engine.data import load

    numbers = load(data)
    x = torch.tensor(numbers.train.x, dtype=getattr(torch, dtype))
    y = torch.tensor(numbers.train.y)
    ours, our_weights = _program(data, sizes, dtype, x, y)
    theirs, their_weights = _sequential(sizes, x, y)
    with torch.no_grad():
        for mine, other in zip(our_weights, their_weights, strict=True):
            mine.copy_(other)
    times: dict[str, list[float]] = {"program": [], "sequential": []}
    for turn in range(turns + 1):
        pairs: list[tuple[str, Callable[[int], None]]] = [("program", ours), ("sequential", theirs)]
        for name, side in pairs if turn % 2 else reversed(pairs):
            start = time.perf_counter()
            side(steps)
            if turn:  # the first turn warms up
                times[name].append((time.perf_counter() - start) / steps * 1e6)
    apart = max(float((a - b.detach()).abs().max()) for a, b in zip(our_weights, their_weights, strict=True))
    mine, other = (statistics.median(times[name]) for name in ("program", "sequential"))
    return {"program_us": mine, "sequential_us": other, "speedup": other / mine, "largest_difference": apart}


def _program(data: dict[str, Any], sizes: tuple[int, int, int], dtype: str, x: Any, y: Any) -> tuple[Callable[[int], None], list[Any]]:
    import torch

    from engine.compile.program import RandomKey, compile
    from engine.compile.shapes import infer
    from engine.training.optimizers.sgd import Sgd

    graph = _network(data, sizes, dtype)
    inference = infer(graph)
    program = compile(graph, inference, training=True)
    weights = [torch.zeros(inference.parameters[key], dtype=inference.dtype) for key in program.parameter_keys]
    update = Sgd({"lr": LEARNING_RATE}, weights)
    step, key, place = program.stepper(), RandomKey(), program.feeds.index(("data", "x"))

    def go(steps: int) -> None:
        with torch.no_grad():
            for start in _starts(steps, len(x)):
                batch = [x[start : start + BATCH], y[start : start + BATCH]]
                _, gradients, _ = step(batch if place == 0 else batch[::-1], weights, (), key)
                update.step(gradients)

    return go, weights


def _sequential(sizes: tuple[int, int, int], x: Any, y: Any) -> tuple[Callable[[int], None], list[Any]]:
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(sizes[0], sizes[1]), nn.Tanh(), nn.Linear(sizes[1], sizes[2])).to(x.dtype)
    loss = nn.CrossEntropyLoss()
    update = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def go(steps: int) -> None:
        for start in _starts(steps, len(x)):
            update.zero_grad()
            loss(model(x[start : start + BATCH]), y[start : start + BATCH]).backward()
            update.step()

    return go, list(model.parameters())


def _starts(steps: int, rows: int) -> list[int]:
    whole = rows // BATCH
    return [step % whole * BATCH for step in range(steps)]


def _network(data: dict[str, Any], sizes: tuple[int, int, int], dtype: str) -> Any:
    nodes = {
        "data": ("source.data", data), "hidden": ("layer.linear", {"out_features": sizes[1]}), "tanh": ("activation.tanh", {}),
        "out": ("layer.linear", {"out_features": sizes[2]}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = [("data", "x", "hidden", "x"), ("hidden", "y", "tanh", "x"), ("tanh", "y", "out", "x"), ("out", "y", "loss", "scores"),
             ("data", "target", "loss", "target")]  # fmt: skip
    return _graph(nodes, wires, {"dtype": dtype})


def _graph(nodes: dict[str, tuple[str, dict[str, Any]]], wires: list[tuple[str, str, str, str]], settings: dict[str, Any]) -> Any:
    from engine.nodes.catalog import CATALOG
    from graph.model.build import build

    rows = [{"id": n, "type": kind, "name": n, "params": params, "x": 0, "y": 0} for n, (kind, params) in nodes.items()]
    edges = [{"id": f"e{i}", "from": [a, p], "to": [b, q, 0]} for i, (a, p, b, q) in enumerate(wires)]
    return build({"nodes": rows, "edges": edges, "settings": settings}, CATALOG)


def _slider(turns: int) -> dict[str, float]:
    """A chain of 60 scalar nodes, each also fed by an earlier one: trace and view, as one tick of a slider asks for."""
    import torch

    from engine.compile.program import RandomKey, compile
    from engine.compile.shapes import infer
    from engine.compile.trace import view

    nodes: dict[str, tuple[str, dict[str, Any]]] = {f"x{i}": ("source.input", {"value": 0.1 * i}) for i in range(4)}
    wires: list[tuple[str, str, str, str]] = []
    kinds = ("math.multiply", "math.add", "math.sin", "math.subtract", "activation.tanh")
    names = list(nodes)
    for i in range(56):
        kind, name = kinds[i % len(kinds)], f"n{i}"
        nodes[name] = (kind, {})
        single = kind in ("math.sin", "activation.tanh")
        wires += [(names[-1], "y", name, "x")] if single else [(names[-1], "y", name, "a"), (names[-4], "y", name, "b")]
        names.append(name)
    graph = _graph(nodes, wires, {"objective": {"node": names[-1], "port": "y"}})
    program = compile(graph, infer(graph), training=False, wanted="all")
    feeds = [torch.tensor(float(graph.setting(node, "value")), dtype=torch.float64) for node, _ in program.feeds]
    key, times = RandomKey(), []
    for _ in range(turns + 5):
        start = time.perf_counter()
        for _ in range(20):
            view(program.trace(feeds, [], [], key))
        times.append((time.perf_counter() - start) / 20 * 1e3)
    return {"nodes": len(nodes), "wires": len(wires), "trace_and_view_ms": statistics.median(times[5:])}
