"""A document that waits in the kernel while another is shown: it is trained, edited and asked meanwhile, and goes on as if never left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.explain.update import UpdateOf, UpdateTable
from engine.kernel.client import KernelClient
from engine.kernel.protocol import Start, StepBack, StepOnce
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import unpack_state
from engine.training.state import State
from graph.model.edits import SetParam, SetTraining
from graph.storage.document import Document
from tests.engine.training.test_checkpoints import same
from tests.support.networks import product, tanh_net
from tests.support.run_script import LocalProcess


class Shown:
    """A client on a network that has made two steps, with what it was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.document, self.guest = Document(tanh_net(seed=1, optimizer="adam", hyper={"lr": 0.05})), Document(product())
        self.process = LocalProcess()
        self.client = KernelClient(process=self.process)  # type: ignore[arg-type]
        monkeypatch.setattr(self.client, "start", self._start)
        self.values: dict[str, float | None] = {}
        self.client.on_trace = self._traced
        self.client.attach(self.document)
        for _ in range(2):
            self.client.command(StepOnce(self.client.run))
        self.rest()

    def _start(self) -> None:
        if self.client._process is None:
            self.client._process = self.process = LocalProcess()  # type: ignore[assignment]

    def _traced(self, trace: Any) -> None:
        self.values = {node: view.scalar for (node, port), view in trace.values.items()}

    def rest(self, until: Callable[[], bool] = lambda: True) -> None:
        for _ in range(300):
            self.client.pump()
            if not self.client.busy and until():
                return
        raise AssertionError("nothing more comes")

    def lend(self) -> Any:
        self.client.keep()
        self.client.attach(self.guest)
        self.rest()
        assert self.client.waiting is not None
        return self.client.waiting

    def give_back(self) -> State:
        self.client.attach(self.document)
        wanted = self.client.request_state()
        self.rest(lambda: self.client.state_arrived(wanted))
        known = self.client.known_state
        assert known is not None and self.client.waiting is None
        return unpack_state(known)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def alone(steps: int) -> State:
    """The same network trained without any window."""
    run = Run(Model(tanh_net(seed=1, optimizer="adam", hyper={"lr": 0.05}))).prepare()
    run.train(max_steps=steps)
    return run.capture()


def test_steps_made_while_it_waits_are_the_steps_of_an_undisturbed_run(shown: Shown) -> None:
    waiting, told = shown.lend(), []
    waiting.watch(UpdateOf(), lambda answer: told.append(answer.iteration if isinstance(answer, UpdateTable) else answer))
    for _ in range(3):
        waiting.command(StepOnce(waiting.run))
        shown.rest()
    waiting.command(StepBack(waiting.run))
    shown.rest()
    shown.guest.do(SetParam("x", "value", 7.0))
    shown.rest()

    assert told == [3, 4, 5, 4] and waiting.progress.step == 4
    assert shown.values["f"] == 7.0 * -5.0 + 3.0
    assert same(shown.give_back(), alone(4))
    shown.client.command(StepOnce(shown.client.run))
    shown.rest()
    assert shown.client.progress.step == 5 and len(shown.client.runs.saved) == 1


def test_it_trains_on_while_the_guest_is_edited_and_takes_edits_of_its_own(shown: Shown) -> None:
    waiting = shown.lend()
    waiting.command(Start(waiting.run, 4))
    shown.guest.do(SetParam("y", "value", 2.0))
    shown.client._clock = lambda: 1e9  # every look is due
    shown.rest(lambda: waiting.progress.phase == "paused")
    assert shown.values["f"] == 2.0 * 2.0 + 3.0 and waiting.progress.step == 6
    shown.document.do(SetTraining("optimizer", "rmsprop"))
    asked: list[Any] = []
    waiting.ask(UpdateOf(), asked.append)
    shown.rest(lambda: bool(asked))

    assert asked[0].optimizer == "rmsprop"
    assert shown.give_back().step == 6


def test_another_kernel_goes_on_with_both(shown: Shown) -> None:
    waiting = shown.lend()
    waiting.command(StepOnce(waiting.run))
    shown.rest()
    shown.process.die()
    shown.client.pump()
    shown.rest()
    waiting.command(StepOnce(waiting.run))
    shown.rest()

    assert shown.values["f"] == -7.0 and waiting.progress.step == 4
    assert same(shown.give_back(), alone(4))


def test_a_long_training_that_waits_is_not_lost_with_its_kernel(shown: Shown) -> None:
    """No command and no end of the training hands its values over: they are asked for every few seconds."""
    shown.document.do(SetTraining("epochs", 10**6))
    waiting, now, seen = shown.lend(), [1e9], list[int]()
    shown.client._clock = lambda: now[0]
    waiting.command(Start(waiting.run))
    while len(seen) < 12:
        shown.client.pump()
        now[0] += 1.0
        seen.append(waiting.progress.step)
    assert waiting.training and seen[6] > 2
    shown.process.die()
    shown.client.pump()
    kept = waiting.progress.step
    assert kept >= seen[6]
    shown.rest()
    assert shown.give_back().step == kept
