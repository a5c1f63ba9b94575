"""Training steps of one process and of two that divide every mini-batch, in turns, with one thread each.

The first process steps alone while the second one waits, then both step together: the same mini-batches, from the same weights. `sum_us` is
what adding up one row of numbers as long as the gradient takes: two processes pay where half a step costs more than that.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gpu import Row, pictures, run_of, steps_of

if TYPE_CHECKING:
    from engine.training.run import Run
    from graph.model.graph import Graph

SIZE = 2
EXAMPLES = ("digits-mlp", "digits-cnn")
ROWS = (Row(28, (512, 300, 10), 256, "adam"), Row(28, (2048, 1024, 10), 512, "sgd"))
SAMPLES = 4096
SECONDS = 0.4
"""How long one side steps in one turn."""


def run(turns: int = 3) -> dict[str, Any]:
    """A row for each network, with medians over the turns in microseconds."""
    context = multiprocessing.get_context("spawn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    reader, writer = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        path = pictures(Path(folder) / "pictures", ROWS[0].side, SAMPLES)
        processes = [context.Process(target=_work, args=(rank, port, str(path), turns, writer), daemon=True) for rank in range(SIZE)]
        for process in processes:
            process.start()
        writer.close()
        try:
            found: dict[str, Any] = reader.recv()
        finally:
            for process in processes:
                process.join(10)
    return found


def _work(rank: int, port: int, path: str, turns: int, pipe: Connection) -> None:
    """The work of each of the two processes; the first one writes down the result."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank), "WORLD_SIZE": str(SIZE)}
    import torch

    from engine.training.workers.group import Workers
    from engine.training.workers.place import Place

    torch.set_num_threads(1)
    workers = Workers(Place(rank, SIZE, rank, SIZE))
    table = {name: _measured(graph, workers, turns) for name, graph in _graphs(Path(path))}
    if rank == 0:
        pipe.send(table)
    workers.leave()


def _graphs(path: Path) -> Sequence[tuple[str, Graph]]:
    from engine.nodes.catalog import CATALOG
    from graph.storage.files import load

    folder = Path(__file__).parents[1] / "resources" / "examples"
    examples = [(name, load(folder / f"{name}.gradwire", CATALOG)) for name in EXAMPLES]
    return [*examples, *((row.name, run_of(row, path, "cpu").model.graph) for row in ROWS)]


def _measured(graph: Graph, workers: Any, turns: int) -> dict[str, Any]:
    """One row of the table; both processes call this, and the numbers of the first one count."""
    import torch

    alone, together = _prepared(graph, None), _prepared(graph, workers)
    count = workers.agree(lambda: max(2, int(SECONDS / _seconds(lambda: steps_of(alone, 2)) * 2)))
    row = torch.zeros(sum(t.numel() for t in together.state.parameters.values()), dtype=together.model.dtype)
    times: dict[str, list[float]] = {"alone": [], "together": [], "sum": []}
    for turn in range(turns + 1):
        if workers.leads:
            took = {"alone": _seconds(lambda: steps_of(alone, count)) / count}
        else:
            steps_of(alone, 1)  # so that it has something else to do than to look for the other one
            took = {"alone": 0.0}
        workers.gather(None)
        took["together"] = _seconds(lambda: steps_of(together, count)) / count
        took["sum"] = _seconds(lambda: [workers.sum(row) for _ in range(8)]) / 8
        if turn:  # the first turn warms up
            for name, seconds in took.items():
                times[name].append(seconds * 1e6)
    us = {f"{name}_us": statistics.median(values) for name, values in times.items()}
    ratios = [a / b for a, b in zip(times["alone"], times["together"], strict=True)]
    return {
        **us, "speedup": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios), "numbers": row.numel(),
        "loss_apart": _apart(graph, workers),
    }  # fmt: skip


def _apart(graph: Graph, workers: Any) -> float:
    """The largest relative difference between the losses of ten steps."""
    alone, together = _prepared(graph, None), _prepared(graph, workers)
    for made in (alone, together):
        made.train(max_steps=10)
    one, two = alone.curve.losses.low, together.curve.losses.low
    return float((abs(one - two) / abs(one)).max())


def _prepared(graph: Graph, workers: Any) -> Run:
    from engine.training.model import Model
    from engine.training.run import Run
    from engine.training.workers.dividing import divide

    model = Model(graph, "cpu")
    if workers is not None:
        divide(model, workers)
    return Run(model).prepare()


def _seconds(go: Callable[[], object]) -> float:
    began = time.perf_counter()
    go()
    return time.perf_counter() - began
