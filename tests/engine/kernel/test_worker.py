"""Training control as the window commands it, in this process; and once through a real kernel that is killed."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
import pytest

from engine.kernel.client import KernelClient, kept_edit
from engine.kernel.pace import Metronome
from engine.kernel.protocol import Adopt, GoTo, Load, Pace, Pause, Progress, Reset, Resume, Start, StepOnce
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from engine.training.run_tree import packer
from graph.formula.to_graph import build
from graph.model.address import output, parameter, wire
from graph.model.edits import AddNode, Edit, Rename, SetParam, SetTraining, connect
from graph.model.elements import Node
from graph.storage.document import Document
from graph.storage.files import dumps


class Desk:
    """A document and a worker that follows it, as the client makes it follow."""

    def __init__(self, formula: str = "mean((w*x - 6)^2)", params: dict[str, Any] | None = None, **training: Any) -> None:
        self.document = Document(build(formula, CATALOG, {"x": 2.0}, {"w": 1.0} if params is None else params))
        for name, value in ({"optimizer": "sgd", "hyper": {"lr": 0.1}, "epochs": 100} | training).items():
            self.document.do(SetTraining(name, value))
        self.worker = DocumentWorker()
        self.open(fresh=True)

    def open(self, fresh: bool = False) -> None:
        self.worker.open(dumps(self.document.graph), self.worker.run + 1 if fresh else None, (), self.document.graph.attachments)

    def edit(self, *edits: Edit) -> None:
        for edit in edits:
            self.document.do(edit)
        self.worker.edit([edit.to_json() for edit in edits])

    def id(self, name: str) -> str:
        node = self.document.graph.named(name)
        assert node is not None
        return node.id

    def value(self, name: str) -> float:
        array = self.worker.array(parameter(self.id(name), "value"))
        assert array is not None
        return float(array)

    def train(self, seconds: float = 20.0, steps: int | None = None) -> Progress:
        self.worker.command(Start(self.worker.run, steps))
        end = time.monotonic() + seconds
        while self.worker.training:
            self.worker.run_slice(0.004)
            assert time.monotonic() < end
        return self.worker.progress({})



def test_slow_training_makes_one_step_each_time_it_is_due() -> None:
    """f = (2w − 6)², w = 1, η = 0.1: w ← 1 + 0.1 · 16 = 2.6, then 2.6 + 0.1 · 3.2 = 2.92."""
    desk, now = Desk(), [0.0]
    desk.worker._pace = Metronome(lambda: now[0])
    desk.worker.command(Pace(desk.worker.run, 1.0))
    desk.worker.command(Start(desk.worker.run))
    seen = []
    for tenth in range(1, 31):
        now[0] = tenth / 10
        desk.worker.run_slice(0.004)
        desk.worker.trace()
        seen.append(desk.worker.step)
    assert seen == [0] * 9 + [1] * 10 + [2] * 10 + [3]
    assert desk.value("w") == pytest.approx(2.984)

    desk.worker._pace.stepped()
    now[0] = 9.0
    desk.worker.run_slice(0.004)
    assert desk.worker.step == 3  # the window is late, and no step may be missed
    desk.worker.trace()
    assert desk.worker.wait == pytest.approx(0.6)

    now[0] = 9.1
    desk.worker.command(Pace(desk.worker.run, 5.0))
    assert desk.worker.wait == pytest.approx(0.1)

    desk.worker.command(Pace(desk.worker.run, None))
    desk.worker.run_slice(0.004)
    assert desk.worker.wait == 0.0 and desk.worker.step > 4
    desk.worker.command(Pause(desk.worker.run))


def test_one_step_is_the_step_done_by_hand() -> None:
    desk = Desk()

    desk.worker.command(StepOnce(desk.worker.run))

    # L = (2w - 6)², dL/dw = 4(2w - 6) = -16 at w = 1, and w - 0.1 · (-16) = 2.6
    assert desk.value("w") == pytest.approx(2.6, abs=1e-15)
    assert desk.worker.progress({}).phase == "paused"
    assert desk.worker.trace().parameters[desk.id("w"), "value"].scalar == desk.value("w")


def test_training_ends_at_the_last_epoch_and_tells_the_whole_curve() -> None:
    desk = Desk()

    progress = desk.train()

    assert (progress.phase, progress.step, progress.total_steps) == ("finished", 100, 100)
    assert [point.step for point in progress.points] == list(range(1, 101))
    assert progress.points[0].loss == 16.0
    assert desk.value("w") == pytest.approx(3.0)


def test_training_for_a_number_of_steps_pauses_after_exactly_those() -> None:
    desk = Desk(hyper={"lr": 0.01})

    first = desk.train(steps=3)
    second = desk.train(steps=4)

    w = 1.0
    for _ in range(7):
        w -= 0.01 * 4 * (2 * w - 6)
    assert (first.phase, first.step, second.phase, second.step) == ("paused", 3, "paused", 7)
    assert desk.value("w") == pytest.approx(w, rel=1e-14)
    assert desk.train().phase == "finished"


def test_starting_a_finished_run_goes_on_for_as_long_again() -> None:
    desk = Desk()
    desk.train()

    progress = desk.train()

    assert (progress.phase, progress.step, progress.run) == ("finished", 200, 1)


def test_reset_returns_to_the_documents_values_and_begins_another_run() -> None:
    desk = Desk()
    before = desk.train()

    desk.worker.command(Reset(desk.worker.run, desk.worker.run + 1))

    progress = desk.worker.progress({})
    assert desk.value("w") == 1.0
    assert (progress.phase, progress.step, progress.points) == ("idle", 0, ())
    assert progress.run == before.run + 1


def test_the_learning_rate_takes_effect_at_once() -> None:
    desk = Desk()
    desk.worker.command(StepOnce(desk.worker.run))

    desk.edit(SetTraining("hyper", {"lr": 0.05}))
    desk.worker.command(StepOnce(desk.worker.run))

    assert desk.value("w") == pytest.approx(2.6 - 0.05 * 4 * (2 * 2.6 - 6))
    assert desk.worker.step == 2


def test_a_renamed_node_goes_on_training() -> None:
    desk = Desk()
    desk.worker.command(Start(desk.worker.run))
    desk.worker.run_slice(0.001)

    desk.edit(Rename(desk.id("w"), "weight"))

    assert desk.worker.training


def test_a_typed_parameter_value_replaces_the_trained_one() -> None:
    desk = Desk()
    desk.worker.command(Start(desk.worker.run))
    desk.worker.run_slice(0.001)

    desk.edit(SetParam(desk.id("w"), "value", 7.0))

    assert desk.value("w") == 7.0
    assert desk.worker.training
    assert desk.worker.progress({}).made_anew == ("w.value",)


def test_an_input_moved_while_training_counts_from_the_next_step() -> None:
    desk = Desk()
    desk.worker.command(StepOnce(desk.worker.run))

    desk.edit(SetParam(desk.id("x"), "value", 1.0))
    desk.worker.command(StepOnce(desk.worker.run))

    assert desk.value("w") == pytest.approx(2.6 - 0.1 * 2 * (2.6 - 6))


def test_a_structural_edit_pauses_and_keeps_the_weights_that_fit() -> None:
    desk = Desk("mean((v*x + w*x - 6)^2)", {"v": 0.5, "w": 1.0})
    desk.worker.command(Start(desk.worker.run))
    desk.worker.run_slice(0.001)
    trained = desk.value("w")

    desk.document.do(AddNode(Node("new", "probe.value", "shown")))
    desk.document.do(connect(desk.document.graph, (desk.id("w"), "y"), ("new", "x")))
    desk.open()

    progress = desk.worker.progress({})
    assert progress.phase == "paused"
    assert "paused" in progress.message
    assert progress.made_anew == ()
    assert desk.value("w") == trained
    desk.worker.command(Start(desk.worker.run))
    desk.worker.run_slice(0.001)
    assert desk.worker.step > progress.step


def test_a_parameter_of_another_shape_is_made_anew_and_named() -> None:
    desk = Desk()
    desk.worker.command(StepOnce(desk.worker.run))

    desk.document.do(SetParam(desk.id("w"), "value", [1.0, 2.0]))
    desk.open()

    assert desk.worker.progress({}).made_anew == ("w.value",)
    np.testing.assert_array_equal(desk.worker.array(parameter(desk.id("w"), "value")), [1.0, 2.0])


def test_divergence_names_the_node_and_keeps_the_last_finite_values() -> None:
    desk = Desk(hyper={"lr": 10.0}, epochs=1000)

    progress = desk.train()

    assert progress.phase == "failed"
    assert progress.problem_node is not None
    assert np.isfinite(desk.value("w"))


def test_training_can_start_again_after_a_divergence() -> None:
    desk = Desk(hyper={"lr": 10.0}, epochs=1000)
    desk.train()
    desk.worker.command(Reset(desk.worker.run, desk.worker.run + 1))
    desk.edit(SetTraining("hyper", {"lr": 0.1}))

    assert desk.train().phase == "finished"


def test_a_graph_without_parameters_says_why_it_cannot_train() -> None:
    desk = Desk("x^2", {})

    desk.worker.command(Start(desk.worker.run))

    progress = desk.worker.progress({})
    assert not desk.worker.training
    assert "nothing to train" in progress.message


def test_another_worker_goes_on_bit_for_bit_from_a_state() -> None:
    desk, other = Desk(optimizer="adam"), Desk(optimizer="adam")
    for _ in range(5):
        desk.worker.command(StepOnce(desk.worker.run))
    blob = desk.worker.state()

    tree, pack = desk.worker._present.tree, packer({})
    other.worker.command(Adopt(other.worker.run, tuple(tree.saved(run, pack) for run in tree)))
    other.worker.command(Resume(other.worker.run, blob))
    for worker in (desk.worker, other.worker):
        worker.command(StepOnce(worker.run))

    assert other.value("w") == desk.value("w")
    assert other.worker.progress({}).points == desk.worker.progress({}).points


def test_kept_values_become_the_documents_and_nothing_is_made_anew() -> None:
    desk = Desk()
    desk.train()
    trained = desk.value("w")

    desk.document.do(kept_edit(desk.document, desk.worker.kept()))
    desk.open()

    assert desk.document.graph.setting(desk.id("w"), "value") == trained
    assert desk.worker.progress({}).made_anew == ()
    desk.worker.command(Reset(desk.worker.run, desk.worker.run + 1))
    assert desk.value("w") == trained
    desk.document.undo()
    assert desk.document.graph.setting(desk.id("w"), "value") == 1.0


def test_every_kind_of_array_can_be_asked_for() -> None:
    desk = Desk()
    graph, w = desk.document.graph, desk.id("w")
    (edge,) = graph.outputs_of(w)

    assert desk.worker.array(output(desk.id("x"))) == 2.0
    assert desk.worker.array(output(w).derivative) == -16.0
    assert desk.worker.array(wire(edge.id).derivative) == -16.0
    assert desk.worker.array(parameter(w, "value").derivative) == -16.0
    assert desk.worker.array(output("nobody")) is None


def test_a_killed_kernel_is_replaced_and_training_goes_on_from_the_last_state() -> None:
    document = Desk(epochs=None).document
    before = document.graph.copy()
    said: list[str] = []
    client = KernelClient()
    client.on_status = lambda status, text: said.append(text)

    def until(condition: Any) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end
            client.pump()
            time.sleep(0.005)

    try:
        client.attach(document)
        client.command(Start(client.run))
        until(lambda: client.known_state is not None and client.known_state.step > 0)
        pid, saved = client.pid or 0, client.known_state.step if client.known_state is not None else 0
        os.kill(pid, signal.SIGKILL)
        until(lambda: client.pid not in (None, pid) and client.current() and client.progress.step >= saved)

        assert any("SIGKILL" in text for text in said)
        assert document.graph == before
        client.command(Start(client.run))
        until(lambda: client.training and client.progress.step > saved)
    finally:
        client.shutdown()


def test_a_finished_run_that_was_opened_from_a_file_trains_on_when_told() -> None:
    """It stood at three times its length, as a run that was continued does: Train makes one length more, not nothing."""
    desk = Desk(epochs=None, steps=5)
    for _ in range(15):
        desk.worker.command(StepOnce(desk.worker.run))
    saved = desk.worker.state()
    other = Desk(epochs=None, steps=5)
    other.worker.command(Load(other.worker.run, saved))
    assert other.worker.progress({}).step == 15 and other.worker.progress({}).trained == saved.token
    assert other.value("w") == desk.value("w")

    other.worker.command(Start(other.worker.run))
    while other.worker.training:
        other.worker.run_slice(0.01)

    assert other.worker.step == 20 and other.worker.progress({}).trained not in (0, saved.token)


def test_memory_of_another_optimizer_is_left_behind() -> None:
    desk, other = Desk(optimizer="adam"), Desk(optimizer="momentum")
    for _ in range(3):
        desk.worker.command(StepOnce(desk.worker.run))
    other.worker.command(Load(other.worker.run, desk.worker.state()))
    fresh = Desk(optimizer="momentum")
    fresh.document.do(SetParam(fresh.id("w"), "value", desk.value("w")))
    fresh.open()
    for worker in (other, fresh):
        worker.worker.command(StepOnce(worker.worker.run))

    assert other.value("w") == fresh.value("w")


def back_before_reset(worker: DocumentWorker) -> GoTo:
    progress = worker.progress({})
    return GoTo(progress.run_before_reset, progress.before_reset)


def test_a_reset_is_taken_back_bit_for_bit_with_its_curve_and_again() -> None:
    desk, whole = Desk(optimizer="adam"), Desk(optimizer="adam")
    for worker in (desk.worker, whole.worker):
        for _ in range(6):
            worker.command(StepOnce(worker.run))
    before, token = desk.value("w"), desk.worker.progress({}).trained
    desk.worker.command(Reset(desk.worker.run, desk.worker.run + 1))
    assert desk.value("w") == 1.0 and desk.worker.progress({}).before_reset == 6
    desk.worker.command(StepOnce(desk.worker.run))
    other = desk.value("w")

    desk.worker.command(back_before_reset(desk.worker))
    progress = desk.worker.progress({})
    assert (desk.value("w"), progress.step, progress.trained, progress.before_reset) == (before, 6, token, 1)
    assert [p.loss for p in progress.points] == [p.loss for p in whole.worker.progress({}).points]
    for worker in (desk.worker, whole.worker):
        worker.command(StepOnce(worker.run))
    assert desk.value("w") == whole.value("w")

    desk.worker.command(back_before_reset(desk.worker))
    assert (desk.value("w"), desk.worker.step) == (other, 1)
    fresh = Desk()
    fresh.worker.command(Reset(fresh.worker.run, fresh.worker.run + 1))
    fresh.worker.command(GoTo(fresh.worker.run - 1, 0))
    assert fresh.worker.progress({}).before_reset == 0 and fresh.value("w") == 1.0
