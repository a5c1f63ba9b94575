"""Two workers in processes of their own, forked from a server that has torch already; what they train, one process can train too."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

import torch

from engine.nodes.activations import Softplus
from engine.nodes.catalog import CATALOG
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.run import Run
from engine.training.workers import group
from engine.training.workers.dividing import divide
from engine.training.workers.group import Workers
from engine.training.workers.place import Place
from graph.model.graph import Graph
from graph.storage.files import dumps, loads

SIZE = 2
BREAKS_AT = 10
"""The call at which something happens to rank 1; four passes are made before the first step."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def trained(graph: Graph, workers: Workers | None = None, name: str = "") -> dict[str, Any]:
    """A whole run of this graph, as plain numbers; for workers that of a `name` may go wrong on purpose."""
    model = Model(graph)
    try:
        if workers is not None:
            _prepare(name, workers)
            divide(model, workers)
        run = Run(model).prepare()
        run.train()
    except RunError as error:
        return {"refused": str(error)}
    losses = run.curve.losses
    metrics = {} if run.problem else run.metrics()
    return {
        "losses": losses.low.tolist(), "beside": [list(row) for row in run.steps.beside], "step": run.state.step, "stopped": run.stop_text,
        "metrics": metrics, "finished": run.finished,
        "weights": torch.cat([t.reshape(-1) for t in (*run.state.parameters.values(), *run.state.buffers.values())]).tolist(),
    }  # fmt: skip


def _prepare(name: str, workers: Workers) -> None:
    calls = iter(range(10**6))
    workers.asked, workers.wish = False, lambda: False
    if name == "over connections, one worker comes late":  # the last case: those after it would have no memory to add up in
        workers._memory, group.EVERY = None, 0.02  # type: ignore[attr-defined]
        workers.wish = lambda: bool(next(calls) == BREAKS_AT and workers.rank == 1 and time.sleep(0.2))
    if name == "one worker is asked to stop":
        workers.wish = lambda: workers.rank == 1 and next(calls) >= BREAKS_AT
    if name == "a node fails on one worker" and workers.rank == 1:
        plain = Softplus.forward

        def failing(self: Softplus, *arguments: Any) -> Any:
            if (call := next(calls)) >= BREAKS_AT:
                if call > BREAKS_AT:  # a step that fails in place is made once more in the plain way
                    Softplus.forward = plain  # type: ignore[method-assign]
                raise ValueError
            return plain(self, *arguments)

        Softplus.forward = failing  # type: ignore[assignment, method-assign]


def _work(rank: int, port: int, cases: Mapping[str, str], pipe: Connection) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank), "WORLD_SIZE": str(SIZE)}
    workers = Workers(Place(rank, SIZE, rank, SIZE))
    for name, text in cases.items():
        pipe.send((name, trained(loads(text, CATALOG), workers, name)))
    workers.leave()


def by_two(cases: Mapping[str, Graph]) -> dict[str, list[dict[str, Any]]]:
    """What each of two workers has at the end of these runs, which they make together."""
    ways = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    port = free_port()
    texts = {name: dumps(graph) for name, graph in cases.items()}
    ends = [context.Pipe(duplex=False) for _rank in range(SIZE)]
    processes = [context.Process(target=_work, args=(rank, port, texts, ends[rank][1]), daemon=True) for rank in range(SIZE)]
    try:
        for process in processes:
            process.start()
        for _reader, writer in ends:
            writer.close()
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in cases}
        for reader, _writer in ends:
            for _case in cases:
                assert reader.poll(60), "a worker says nothing"
                name, run = reader.recv()
                found[name].append(run)
        return found
    finally:
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for reader, _writer in ends:
            reader.close()
