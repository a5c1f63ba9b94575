"""What the window is told about the network's quality belongs to the very numbers it has now, or is not told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from engine.kernel.protocol import GoTo, Pause, Progress, Reset, Resume, Start, StepBack, StepOnce
from engine.kernel.worker import DocumentWorker
from engine.training.model import Model
from engine.training.saved import put_back
from graph.model.edits import Edit, SetBypassed, SetParam, SetTraining
from graph.storage.document import Document
from graph.storage.files import dumps
from tests.support.networks import tanh_net


class Desk:
    """A network on moons, trained for 23 steps: epochs of 5 mini-batches, so the last measurement on the way was at step 20."""

    def __init__(self) -> None:
        self.document = Document(tanh_net(epochs=400))
        self.known: dict[int, int] = {}
        self.worker = DocumentWorker()
        self.open(1)
        self.train(23)

    def open(self, fresh: int | None = None) -> None:
        self.worker.open(dumps(self.document.graph), fresh, (), self.document.graph.attachments)

    def train(self, steps: int) -> None:
        self.worker.command(Start(self.worker.run, steps))
        while self.worker.training:
            self.worker.run_slice(0.004)
            self.progress()  # the window hears of the curve on the way

    def edit(self, *edits: Edit) -> None:
        for edit in edits:
            self.document.do(edit)
        self.worker.edit([edit.to_json() for edit in edits])

    def undo(self) -> None:
        self.document.undo()
        self.open()

    def progress(self) -> Progress:
        progress = self.worker.progress(self.known)
        self.known[progress.run] = progress.first_point + len(progress.points)
        return progress

    def truth(self) -> dict[str, float]:
        """The same numbers, by another model that is given the document and the trained values."""
        model = Model(self.document.graph)
        put_back(model, self.worker.state())
        train, test = model.evaluate("train"), model.evaluate("test")
        return {
            "train_loss": train["loss"],
            "train_accuracy": train["accuracy"],
            "test_loss": test["loss"],
            "test_accuracy": test["accuracy"],
        }


def typed(desk: Desk) -> Edit:
    return SetParam("hidden", "tensors", {"W": [[3.0, -1.0], [0.5, 2.0], [1.0, 1.0], [-2.0, 0.25]], "b": [0.0, 0.5, 0.0, 1.0]})


def another_kernel(desk: Desk) -> None:
    state = desk.worker.state()
    desk.worker, desk.known = DocumentWorker(), {}
    desk.open(2)
    desk.worker.command(Resume(2, state))


ACTIONS: dict[str, Callable[[Desk], object]] = {
    "paused between two measurements": lambda desk: None,
    "weights typed": lambda desk: desk.edit(typed(desk)),
    "weights typed and undone": lambda desk: (desk.edit(typed(desk)), desk.undo()),
    "one step": lambda desk: desk.worker.command(StepOnce(desk.worker.run)),
    "a step back": lambda desk: desk.worker.command(StepBack(desk.worker.run)),
    "gone to a step": lambda desk: desk.worker.command(GoTo(desk.worker.run, 7)),
    "reset": lambda desk: desk.worker.command(Reset(desk.worker.run, 2)),
    "reset and returned": lambda desk: (
        desk.worker.command(Reset(1, 2)), desk.worker.command(GoTo(1, desk.worker.progress({}).before_reset))),
    "another optimizer": lambda desk: desk.edit(SetTraining("optimizer", "adam")),
    "another optimizer and a step": lambda desk: (
        desk.edit(SetTraining("optimizer", "adam")), desk.worker.command(StepOnce(desk.worker.run))),
    "a layer bypassed": lambda desk: (desk.document.do(SetBypassed("tanh", True)), desk.open()),
    "other data": lambda desk: (desk.document.do(SetParam("data", "seed", 5)), desk.open()),
    "another kernel": another_kernel,
    "paused again": lambda desk: (desk.train(3), desk.worker.command(Pause(desk.worker.run))),
}  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_metrics_are_those_of_the_present_numbers_or_none(action: str) -> None:
    desk = Desk()
    assert desk.progress().metrics == pytest.approx(desk.truth(), rel=1e-12)
    ACTIONS[action](desk)

    for _again in range(2):  # the window asks again while nothing happens
        progress = desk.progress()
        assert progress.measured in (None, progress.step)
        assert not progress.metrics or progress.metrics == pytest.approx(desk.truth(), rel=1e-12)
    assert bool(progress.metrics) == (action != "reset")


@pytest.mark.parametrize("action", ["weights typed", "weights typed and undone", "another kernel", "reset"])
def test_the_loss_of_a_step_is_not_shown_for_numbers_it_did_not_lead_to(action: str) -> None:
    desk = Desk()
    assert desk.progress().loss is not None
    ACTIONS[action](desk)
    assert desk.progress().loss is None


def test_while_training_a_measurement_says_its_step() -> None:
    desk = Desk()
    desk.worker.command(Start(desk.worker.run))
    seen: list[Progress] = []
    while len(seen) < 20:
        desk.worker.run_slice(0.0)
        seen.append(desk.progress())
    desk.worker.command(Pause(desk.worker.run))
    assert {progress.measured for progress in seen if progress.step == 29} == {25}
    assert all(0 <= progress.step - (progress.measured or 0) <= 5 for progress in seen)
    assert_never_later(seen)


def assert_never_later(seen: Sequence[Progress]) -> None:
    assert all((progress.measured or 0) <= progress.step for progress in seen)


def test_what_takes_long_to_measure_is_left_out_after_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.kernel.measurements.QUICK", 0.0)
    desk = Desk()
    desk.edit(typed(desk))
    assert desk.progress().metrics == {}
    desk.worker.command(StepOnce(desk.worker.run))
    assert desk.progress().metrics == pytest.approx(desk.truth(), rel=1e-12)
