"""Training steps of compiled programs against `nn.Sequential` and `torch.optim.SGD`, and the trace a slider waits for.

Both sides see the same mini-batches, start from the same weights and end with the same weights; they take turns in one process,
so that whatever else the machine does hits both. Times are medians over the turns. The trainer is a whole run: the same steps with
the order of the samples drawn for every epoch, the curve, snapshots and checks. Dispatches are the calls of `aten` operations
that torch's profiler counts, those that an operation makes inside another one included.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

BATCH = 32
LEARNING_RATE = 0.05
COUNTED = 8
"""Steps over which dispatches are counted."""

Node = tuple[str, dict[str, Any]]
Go = Callable[[int], None]


@dataclass(frozen=True)
class Network:
    """A chain of nodes between the data and the cross-entropy, and the same chain in `torch.nn`. `share`: the part of the steps that
    are made in a turn."""

    data: dict[str, Any]
    chain: tuple[Node, ...]
    peer: Callable[[], Sequence[Any]]
    dtype: str
    share: float = 1.0


def _dense(data: dict[str, Any], sizes: tuple[int, int, int], dtype: str) -> Network:
    def peer() -> Sequence[Any]:
        from torch import nn

        return [nn.Linear(sizes[0], sizes[1]), nn.Tanh(), nn.Linear(sizes[1], sizes[2])]

    chain: tuple[Node, ...] = (
        ("layer.linear", {"out_features": sizes[1]}), ("activation.tanh", {}), ("layer.linear", {"out_features": sizes[2]}),
    )  # fmt: skip
    return Network(data, chain, peer, dtype)


def _digits_convolution() -> Network:
    """The network of the example `digits-cnn`."""

    def peer() -> Sequence[Any]:
        from torch import nn

        return [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                nn.Linear(512, 10)]  # fmt: skip

    chain: tuple[Node, ...] = (
        ("layer.conv2d", {"out_channels": 16, "padding": 1}), ("activation.relu", {}),
        ("layer.conv2d", {"out_channels": 32, "padding": 1}), ("activation.relu", {}),
        ("layer.max_pool2d", {}), ("math.flatten", {}), ("layer.linear", {"out_features": 10}),
    )  # fmt: skip
    return Network({"dataset": "digits", "image": True}, chain, peer, "float32", 0.1)


def run(turns: int = 15, steps: int = 400) -> dict[str, Any]:
    """Microseconds and dispatches a step of each side and the ratio of times; milliseconds for a trace and its view of 60 numbers."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        networks = {
            "tanh_2_4_2": _dense({"dataset": "moons", "samples": 1000}, (2, 4, 2), "float64"),
            "tanh_64_64_10": _dense({"dataset": "digits"}, (64, 64, 10), "float32"),
            "digits_convolution": _digits_convolution(),
        }
        rows = {name: _compare(network, turns, steps) for name, network in networks.items()}
        return {"threads": 1, "batch_size": BATCH, **rows, "slider_60_nodes": _slider(turns)}
    finally:
        torch.set_num_threads(threads)


def _compare(network: Network, turns: int, steps: int) -> dict[str, Any]:
    import torch

    from engine.data import load

    numbers = load(network.data)
    steps = max(1, int(steps * network.share))
    x = torch.tensor(numbers.train.of(slice(None)), dtype=getattr(torch, network.dtype))
    y = torch.tensor(numbers.train.y)
    ours, our_weights = _program(network, x, y)
    theirs, their_weights = _sequential(network, x, y)
    with torch.no_grad():
        for mine, other in zip(our_weights, their_weights, strict=True):
            mine.copy_(other)
    sides: dict[str, Go] = {"program": ours, "sequential": theirs, "trainer": _trainer(network)}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns + 1):
        for name in list(sides) if turn % 2 else reversed(list(sides)):
            start = time.perf_counter()
            sides[name](steps)
            if turn:  # the first turn warms up
                times[name].append((time.perf_counter() - start) / steps * 1e6)
    dispatches = {name: _dispatches(sides[name]) for name in ("program", "sequential")}
    apart = max(float((a - b.detach()).abs().max()) for a, b in zip(our_weights, their_weights, strict=True))
    mine, other, whole = (statistics.median(times[name]) for name in sides)
    return {
        "program_us": mine, "sequential_us": other, "speedup": other / mine, "trainer_us": whole,
        "program_dispatches": dispatches["program"], "sequential_dispatches": dispatches["sequential"], "largest_difference": apart,
    }  # fmt: skip


def _dispatches(side: Go) -> float:
    """Calls of `aten` operations a step."""
    from torch.autograd.profiler import profile

    with profile(use_kineto=False) as seen:
        side(COUNTED)
    names: list[str] = [event.name for event in seen.function_events or ()]
    return sum(name.startswith("aten::") for name in names) / COUNTED


def _program(network: Network, x: Any, y: Any) -> tuple[Go, list[Any]]:
    import torch

    from engine.compile.program import RandomKey, compile
    from engine.compile.shapes import infer
    from engine.numerics.flat import laid_out
    from engine.training.optimizers.sgd import Sgd

    graph = _network(network)
    inference = infer(graph)
    program = compile(graph, inference, training=True)
    weights = laid_out([torch.zeros(inference.parameters[key], dtype=inference.dtype) for key in program.parameter_keys])
    update = Sgd({"lr": LEARNING_RATE}, weights)
    step, key, place = program.stepper_in_place(weights), RandomKey(), program.feeds.index(("data", "x"))

    def go(steps: int) -> None:
        with torch.no_grad():
            for start in _starts(steps, len(x)):
                batch = [x[start : start + BATCH], y[start : start + BATCH]]
                _, gradients, _ = step(batch if place == 0 else batch[::-1], weights, (), key)
                update.step(gradients)

    return go, weights


def _trainer(network: Network) -> Go:
    from engine.training.model import Model
    from engine.training.run import Run

    graph = _network(network)
    training = {"optimizer": "sgd", "hyper": {"lr": LEARNING_RATE}, "batch_size": BATCH, "steps": 10**9, "device": "cpu"}
    run = Run(Model(graph), {**graph.training, **training})

    def go(steps: int) -> None:
        run.train(max_steps=steps)

    return go


def _sequential(network: Network, x: Any, y: Any) -> tuple[Go, list[Any]]:
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(*network.peer()).to(x.dtype)
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


def _network(network: Network) -> Any:
    names = [f"n{i}" for i in range(len(network.chain))]
    nodes: dict[str, Node] = {"data": ("source.data", network.data)}
    nodes |= dict(zip(names, network.chain, strict=True)) | {"loss": ("loss.cross_entropy", {})}
    wires = [(before, "x" if before == "data" else "y", after, "x") for before, after in zip(["data", *names], names, strict=False)]
    return _graph(nodes, [*wires, (names[-1], "y", "loss", "scores"), ("data", "target", "loss", "target")], {"dtype": network.dtype})


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
