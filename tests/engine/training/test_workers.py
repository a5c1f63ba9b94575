"""Two workers train what one process trains: the same losses, weights and decisions, to the last step."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist

from engine.training.workers.group import Workers
from engine.training.workers.place import NotStarted, Place, place_in
from engine.training.workers.shard import cut
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net
from tests.support.training_workers import BREAKS_AT, by_two, trained


def mixed(reduction: str = "mean", norm: str = "layer.batch_norm1d", **training: Any) -> Graph:
    """Batch norm, dropout, and a penalty beside the loss."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 4}), "norm": (norm, {}),
        "drop": ("layer.dropout", {"p": 0.3}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {"reduction": reduction}), "size": ("penalty.l2", {"lam": 0.01, "layers": "all"}),
        "total": ("math.add", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> drop.x; drop -> out.x; out -> loss.scores; data.target -> loss.target"
    wires += "; loss -> total.a; size -> total.b"
    return network(nodes, wires, **{"optimizer": "momentum", "hyper": {"lr": 0.01}, "epochs": 3, "batch_size": 11, **training})


def line(**training: Any) -> Graph:
    """Least squares."""
    nodes = {
        "data": ("source.data", {"dataset": "sine", "samples": 40}), "y": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> y.x; y -> loss.prediction; data.target -> loss.target", **{"hyper": {}, "steps": 4, **training})


def largest() -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 4}),
        "worst": ("math.largest", {"over_batch": True}),
    }  # fmt: skip
    return network(nodes, "data.x -> hidden.x; hidden -> worst.x", optimizer="sgd", hyper={"lr": 0.1}, epochs=1, batch_size=10)


SAME: dict[str, Graph] = {
    "batch norm, dropout, penalty, last batch of one sample": mixed(),
    "a sum over samples, clipped, accumulated": mixed("sum", "activation.tanh", clip_norm=0.5, accumulate=2),
    "a search along the line": tanh_net(optimizer="lbfgs", hyper={}, epochs=None, steps=4),
    "residuals": line(optimizer="lm", batch_size=15),
    "second derivatives": line(optimizer="newton", batch_size=None),
    "a plateau, patience, back to the best": tanh_net(
        lr_schedule="plateau", lr_schedule_hyper={"patience": 0}, hyper={"lr": 3.0}, stop_patience=1, restore_best=True, batch_size=32
    ),
    "a loss that is not finite": line(optimizer="sgd", hyper={"lr": 1e5}, steps=80, batch_size=7),
}  # fmt: skip
OTHER: dict[str, Graph] = {
    "one worker is asked to stop": tanh_net(),
    "a node fails on one worker": mixed(norm="activation.softplus"),
    "time is over": tanh_net(stop_seconds=0.05, epochs=10**5),
    "the largest of all samples": largest(),
    "no data": network({"w": ("parameter.parameter", {"value": 2.0}), "f": ("math.square", {})}, "w -> f.x", steps=3),
    "one sample at a time": tanh_net(batch_size=1),
}
LATE = {"over connections, one worker comes late": line(steps=12)}


@pytest.fixture(scope="module")
def runs() -> dict[str, list[dict[str, Any]]]:
    return by_two(SAME | OTHER | LATE)


@pytest.mark.parametrize("name", [*SAME, *LATE])
def test_two_workers_train_as_one_process_does(runs: dict[str, list[dict[str, Any]]], name: str) -> None:
    alone, (first, second) = trained((SAME | LATE)[name]), runs[name]
    assert first == second  # to the last bit
    assert first["stopped"] == alone["stopped"] and first["step"] == alone["step"] and len(first["losses"]) == len(alone["losses"])
    for what in ("losses", "weights"):
        np.testing.assert_allclose(first[what], alone[what], rtol=1e-9, atol=1e-9 * np.abs(alone[what]).max())
    assert first["metrics"] == pytest.approx(alone["metrics"], rel=1e-9)


def test_all_stop_after_the_same_step_when_one_is_asked_to(runs: dict[str, list[dict[str, Any]]]) -> None:
    first, second = runs["one worker is asked to stop"]
    assert first == second and first["step"] == BREAKS_AT - 1 and not first["finished"]


def test_all_stop_after_the_same_step_when_time_is_over(runs: dict[str, list[dict[str, Any]]]) -> None:
    first, second = runs["time is over"]
    assert first == second and "time limit" in first["stopped"]


def test_all_say_which_node_failed_on_one_of_them(runs: dict[str, list[dict[str, Any]]]) -> None:
    first, second = runs["a node fails on one worker"]
    assert first == second and first["stopped"].startswith("norm: it could not be computed")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("the largest of all samples", "worst: Largest computes something else for a part of a mini-batch than for all of it"),
        ("no data", "This graph trains on no data"),
        ("one sample at a time", "A mini-batch of 1 cannot be divided among 2 workers"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_its_reason(runs: dict[str, list[dict[str, Any]]], name: str, text: str) -> None:
    first, second = runs[name]
    assert first == second and first["refused"].startswith(text)


def test_every_row_of_a_batch_has_one_worker() -> None:
    for total, size in ((7, 2), (2, 3), (1, 4), (64, 5)):
        cuts = [cut(total, rank, size) for rank in range(size)]
        rows = [row for each in cuts if each.weight for row in range(each.first, each.first + each.count)]
        assert rows == list(range(total)) and sum(each.weight for each in cuts) == pytest.approx(1.0)
        assert all(total // size <= each.count <= -(-total // size) for each in cuts if each.weight)


def test_what_torchrun_says_is_read_and_half_of_it_refused() -> None:
    given = {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    assert place_in(given) == Place(1, 4, 1, 2)
    assert place_in({}) is None and place_in({**given, "WORLD_SIZE": "1"}) is None and place_in({"WORLD_SIZE": "many"}) is None
    with pytest.raises(NotStarted, match="RANK"):
        place_in({"WORLD_SIZE": "2"})


@pytest.mark.skipif(sys.platform != "linux", reason="such memory is used on Linux")
def test_rows_of_any_length_are_added_up_in_memory_and_a_worker_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.training.workers.shared import ROOM, Ended, SharedMemory

    monkeypatch.delattr("os.memfd_create", raising=False)  # Pythons that are made to run everywhere are without it
    first = SharedMemory(0, 2)
    second = SharedMemory(1, 2, first.handle)
    rows = [
        (torch.randn(count, dtype=dtype), torch.randn(count, dtype=dtype)) for count, dtype in ((1, torch.float64), (ROOM, torch.float32))
    ]
    sums = [0.25 * a.numpy() + 0.75 * b.numpy() for a, b in rows]

    def add() -> None:
        for _mine, row in rows:
            second.sum(row, 0.75, lambda: None)

    with monkeypatch.context() as both_here:  # one process, whose locks do not keep itself out: each would take the other for gone
        both_here.setattr(SharedMemory, "_ended", lambda self, rank: False)
        thread = threading.Thread(target=add)
        thread.start()
        for row, _theirs in rows:
            first.sum(row, 0.25, lambda: None)
        thread.join()
    for pair, whole in zip(rows, sums, strict=True):
        for row in pair:
            np.testing.assert_array_equal(row.numpy(), whole)
    with pytest.raises(Ended):
        first.sum(rows[0][0], None, lambda: None)
    first.leave()
    second.leave()


def test_a_sum_that_ends_as_the_wait_for_it_does_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Work:
        completed = failed = False

        def is_completed(self) -> bool:
            return self.completed

        def wait(self, timeout: object = None) -> bool:
            if timeout is not None:  # torch's wait is over, and says so, and then the sum is there
                self.completed = True
                raise RuntimeError("Operation timed out!")
            if self.failed:
                raise RuntimeError("Connection closed by peer")
            return True

    monkeypatch.setattr(Workers, "_waiting", lambda self: None)
    workers, work = Workers.__new__(Workers), Work()
    workers._wait(work)  # type: ignore[arg-type]
    work.completed, work.failed = False, True
    with pytest.raises(RuntimeError, match="closed by peer"):
        workers._wait(work)  # type: ignore[arg-type]


def test_a_worker_that_misses_its_signs_is_silent_and_one_that_gives_them_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.training.workers import signs

    server = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # type: ignore[attr-defined]
    monkeypatch.setattr(signs, "EVERY", 1e-3)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(server.port))
    own = signs.Signs(0, 2)
    others = dist.PrefixStore("signs/0", server)  # type: ignore[attr-defined]
    found = []
    for look in range(3 * signs.MISSED):
        if look < 2 * signs.MISSED:
            others.set("1", str(look))
        time.sleep(2e-3)
        found.append(own.silent())
    own.end()
    assert found == [[]] * (3 * signs.MISSED - 1) + [[1]] and not own.alone
