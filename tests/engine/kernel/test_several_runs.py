"""Several documents in one kernel: each is trained as if it were alone."""

from __future__ import annotations

import math
import os
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.kernel import server as server_module
from engine.kernel.jobs import Jobs
from engine.kernel.protocol import Pause, Request, Reset, Start, StepBack, StepOnce
from engine.kernel.server import Server
from engine.kernel.worker import DocumentWorker
from engine.training.curve import Point
from engine.training.saved import unpack_state
from engine.training.state import State
from graph.model.graph import Graph
from graph.storage.files import dumps
from tests.engine.training.test_checkpoints import lively_net, same
from tests.support.networks import network


def first() -> Graph:
    """Batch norm, dropout, shuffled mini-batches, and an optimizer that remembers two tensors."""
    return lively_net("adam", {"lr": 0.01, "amsgrad": True}, seed=3)


def second() -> Graph:
    """The same kind of net under another seed, in single precision, with momentum and another batch size."""
    graph = lively_net("momentum", {"lr": 0.1, "momentum": 0.9}, seed=11, batch_size=7)
    graph._settings["dtype"] = "float32"
    return graph


class Kernel:
    """A server of this process, asked as a window asks it."""

    def __init__(self, *graphs: Graph) -> None:
        self.server = Server(Pipe()[0], DocumentWorker)
        self._number = 0
        for document, graph in enumerate(graphs, 1):
            self.ask(document, text=dumps(graph), run=10 * document)

    def ask(self, document: int, **more: Any) -> Any:
        self._number += 1
        reply = self.server._answer(Request(self._number, document, 1, 1, base=1, **more))
        assert not reply.error and not reply.resync
        return reply

    def result(self, document: int) -> tuple[State, tuple[Point, ...]]:
        reply = self.ask(document, state=True, progress=True)
        assert reply.progress.run == 10 * document
        return unpack_state(reply.state), reply.progress.points


def alone(graph: Graph, steps: int) -> tuple[State, tuple[Point, ...]]:
    kernel = Kernel(graph)
    for _ in range(steps):
        kernel.ask(1, commands=(StepOnce(10),))
    return kernel.result(1)


def test_two_runs_of_two_documents_step_by_step_are_the_two_runs_alone() -> None:
    kernel = Kernel(first(), second())
    for _ in range(23):
        for document in (1, 2):
            kernel.ask(document, commands=(StepOnce(10 * document),), trace=True)

    for document, graph in ((1, first()), (2, second())):
        (state, points), (wanted, wanted_points) = kernel.result(document), alone(graph, 23)
        assert same(state, wanted) and state.optimizer and points == wanted_points
        assert state.step == 23 and points[-1].step == 23


def test_two_runs_that_share_the_time_in_slices_are_the_two_runs_alone(two_threads: None) -> None:
    kernel, before = Kernel(first(), second()), torch.get_num_threads()
    kernel.ask(1, commands=(Start(10, 40), Start(20, 60)))
    order = []
    while kernel.server._training:
        kernel.server._work()
        order.append(kernel.server._turn % 2)

    assert len(set(order[:2])) == 2  # neither waits until the other is done
    for document, graph, steps in ((1, first(), 40), (2, second(), 60)):
        (state, points), (wanted, wanted_points) = kernel.result(document), alone(graph, steps)
        assert same(state, wanted)
        assert [(p.step, p.loss) for p in points] == [(p.step, p.loss) for p in wanted_points]
    assert torch.get_num_threads() == before


def test_a_slice_goes_on_until_the_window_asks_and_as_long_as_nothing_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices without time of their own make one step each."""
    monkeypatch.setattr(server_module, "SLICE", 0.0)
    monkeypatch.setattr(server_module, "TURN", math.inf)

    def steps_of_a_slice(*graphs: Graph, asked: bool = False) -> int:
        kernel = Kernel(*graphs)
        ours, theirs = Pipe()
        kernel.server._connection = ours
        kernel.ask(1, commands=tuple(Start(10 * document, 9) for document, _ in enumerate(graphs, 1)))
        if asked:
            theirs.send_bytes(b"a request")
        kernel.server._work()
        return sum(worker.step for worker in kernel.server._workers.values())

    assert steps_of_a_slice(first()) == 9
    assert steps_of_a_slice(first(), asked=True) == 1
    assert steps_of_a_slice(first(), second()) == 1
    monkeypatch.setattr(Jobs, "running", True)
    assert steps_of_a_slice(first()) == 1


def test_a_command_concerns_its_run_alone() -> None:
    kernel = Kernel(first(), second())
    kernel.ask(1, commands=(Start(10), Start(20)))
    kernel.ask(2, commands=(Pause(10), StepOnce(999)))
    assert [worker.training for worker in kernel.server._workers.values()] == [False, True]
    kernel.ask(1, commands=(Pause(20),))

    for _ in range(3):
        kernel.ask(2, commands=(StepOnce(10), StepOnce(20)))
    at = [worker.step for worker in kernel.server._workers.values()]
    kernel.ask(2, commands=(StepBack(10, 2), Reset(20, 21)))
    assert [worker.step for worker in kernel.server._workers.values()] == [at[0] - 2, 0]
    assert [worker.run for worker in kernel.server._workers.values()] == [10, 21]


def test_a_closed_document_is_gone_and_the_others_go_on() -> None:
    kernel = Kernel(first(), second())
    kernel.ask(2, commands=(StepOnce(10), StepOnce(20)))

    kernel.ask(3, text=dumps(first()), run=30, closed=(1,))

    assert sorted(kernel.server._workers) == [2, 3] and kernel.server._workers[2].step == 1
    assert kernel.server._answer(Request(99, 1, 1, 1, trace=True)).resync


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_relative_paths_begin_at_the_document_whatever_the_process_works_in(tmp_path: Path, order: tuple[int, int]) -> None:
    here, graphs = os.getcwd(), []
    for i in (0, 1):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "t.csv").write_text("a,b\n" + f"{i + 1},2\n" * 10)
    nodes = {"data": ("source.data", {"dataset": "csv", "path": "t.csv", "target": "b"}), "m": ("math.mean", {})}
    graphs = [network(nodes, "data.x -> m.x") for _ in order]
    kernel = Kernel()
    for i in order:
        kernel.ask(i + 1, text=dumps(graphs[i]), run=i + 1, folder=str(tmp_path / str(i)))

    values = [kernel.ask(i + 1, trace=True).trace.values["data", "x"].data for i in (0, 1)]
    assert [set(value.reshape(-1).tolist()) for value in values] == [{1.0}, {2.0}] and os.getcwd() == here
