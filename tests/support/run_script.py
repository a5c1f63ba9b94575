"""A person who trains, edits, goes back, branches, saves and reopens at random, while the engine is killed now and then.

The window's half is the real `KernelClient`; the engine is the real server and worker in this process, unless `process` makes others.
`History` notes what was done to each run, and a fresh run that is given the same history has to give every loss of its curve.
"""

from __future__ import annotations

import pickle
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.kernel.client import KernelClient
from engine.kernel.protocol import Adopt, GoTo, Pause, Reply, Request, Reset, Start, StepBack, StepOnce
from engine.kernel.server import Server
from engine.kernel.worker import DocumentWorker
from engine.nodes.catalog import CATALOG
from engine.training.curve import curve_of
from engine.training.losses import Losses
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import Edit, SetGraphSetting, SetParam, SetTraining
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from graph.storage.saved_run import SavedRun


class LocalProcess:
    """A kernel in this process: it trains a slice whenever somebody looks whether an answer came. `die` is kill -9."""

    def __init__(self, worker: str = "") -> None:
        self._server = Server(Pipe()[0], DocumentWorker)
        self._reply: Reply | None = None
        self._dead = False
        self.pid = id(self)

    def die(self) -> None:
        self._dead = True

    def fileno(self) -> int:
        return 0

    def poll(self, seconds: float) -> bool:
        if not self._dead and self._server._training:
            self._server._train_slice()
        return self._dead or self._reply is not None

    def send(self, request: Request) -> None:
        if self._dead:
            raise BrokenPipeError
        self._reply = pickle.loads(pickle.dumps(self._server._answer(pickle.loads(pickle.dumps(request)))))  # as through the pipe

    def receive(self) -> Reply:
        reply, self._reply = self._reply, None
        if self._dead or reply is None:
            raise EOFError
        return reply

    def close(self, number: int = 0) -> None:
        self._dead = True

    def bury(self, number: int) -> str:
        return "SIGKILL"


Values = Mapping[Key, Tensor]


@dataclass(frozen=True, slots=True)
class Deed:
    """One step with these training settings. Before it, these learned tensors were set: all of them where a run begins."""

    training: Mapping[str, Any]
    values: Values = field(default_factory=dict)

    def same(self, other: Deed) -> bool:
        """Whether it leads to the same numbers from the same ones."""
        equal = self.values.keys() == other.values.keys() and all(torch.equal(t, other.values[key]) for key, t in self.values.items())
        return self.training == other.training and equal


class Script:
    """A document and what is done to it. `histories` are the deeds that led to each run's newest step, from its very beginning; `past`
    those that led to where it stands, `typed` the values that were set there since."""

    def __init__(self, seed: int, graph: Graph, folder: Path, process: Callable[[], Any] = LocalProcess) -> None:
        self.chance, self.folder, self._process = random.Random(seed), folder, process
        self.document = Document(graph)
        self.past: list[Deed] = []
        self.typed: dict[Key, Tensor] = self._values()
        self.histories: dict[int, list[Deed]] = {}
        self.curves: dict[int, Losses] = {}
        self.said: list[str] = []
        self.client = self._connect(0)

    def _connect(self, runs: int) -> KernelClient:
        client = KernelClient(process=self._process())
        client.runs.newest = runs
        client.runs.spare = client.new_run()  # an id that no run of the file has
        client.start = lambda: self._started(client)  # type: ignore[method-assign]
        client.runs.losses = lambda run: self.curves.get(run)
        client.on_progress = self._progressed
        client._clock = lambda: self._tick()
        self._now = 0.0
        client.attach(self.document)
        self._rest(client)
        return client

    def _tick(self) -> float:
        self._now += 40.0  # every look is due, and deaths are far apart
        return self._now

    def _started(self, client: KernelClient) -> None:
        if client._process is None and not client._closed:
            client._process = self._process()

    def _progressed(self, progress: Any) -> None:
        if progress.losses is not None:
            self.curves.setdefault(progress.run, Losses()).take(progress.losses)

    def _rest(self, client: KernelClient | None = None) -> None:
        """Until the engine has done what it was told, and the window has heard all of it."""
        client = client or self.client
        limit = time.monotonic() + 60
        while True:
            client.pump()
            wishes = client._wishes
            wished = client._outgoing.text or wishes.trace or wishes.progress or client._states.wanted
            waiting = client._commands or client.busy or client.training or wished
            if not waiting and client.current():
                return
            assert time.monotonic() < limit, self.said[-5:]
            if client._process is not None:
                client._process.poll(0.001)

    # where it stands

    @property
    def place(self) -> tuple[int, int]:
        return self.client.progress.run, self.client.progress.step

    def _values(self) -> dict[Key, Tensor]:
        """The document's own values of all learned tensors."""
        return {key: tensor.clone() for key, tensor in Model(loads(dumps(self.document.graph), CATALOG, own=True)).values().items()}

    def _note(self, before: tuple[int, int]) -> None:
        """Steps were made from the place before."""
        run, step = self.place
        made = step - before[1]
        if made <= 0:
            return
        training = dict(self.document.graph.training)
        first, more = Deed(training, dict(self.typed)), [Deed(training)] * (made - 1)
        self.past, self.typed = [*self.past, first, *more], {}
        known = self.histories.get(run, [])
        for old, new in zip(known, self.past, strict=False):
            assert old.same(new), f"run {run} was changed, step {step}: {old} {new} {self.said[-6:]}"
        if len(self.past) > len(known):
            self.histories[run] = list(self.past)

    def _gone(self, run: int, step: int) -> None:
        """It stands at another step now, which has its own values."""
        history = self.histories.get(run)
        if history is not None:
            self.past = history[:step]
            self.typed = dict(history[step].values) if step < len(history) else {}  # where a run began, it has the values that were set

    # what can be done

    def act(self) -> None:
        name = self.chance.choices([*ACTIONS], [weight for weight in ACTIONS.values()])[0]
        self.said.append(f"{len(self.said)} {name} at {self.place}")
        getattr(self, name)()
        self._rest()

    def _train(self, *commands: Callable[[int], Any]) -> None:
        before = self.place
        for command in commands:
            self.client.command(command(self.client.run))
        self._rest()
        self._note(before)
        self.said[-1] += f" → {self.place}"

    def _go(self, run: int, step: int) -> None:
        if (run, step) == self.place:
            return
        self.client.command(GoTo(run, step))
        self._rest()
        self.said[-1] += f" wanted {(run, step)} → {self.place} {self.client.progress.message}"
        assert self.place == (run, step) or self.client.progress.message, self.said[-6:]
        if self.place == (run, step):
            self._gone(run, step)

    def start(self) -> None:
        steps = self.chance.randint(1, 9)
        self._train(lambda run: Start(run, steps))

    def start_and_pause(self) -> None:
        self._train(lambda run: Start(run), lambda run: Pause(run))

    def one_step(self) -> None:
        self._train(StepOnce)

    def go_to(self) -> None:
        run = self.chance.choice([*self.histories] or [self.client.run])
        step = self.chance.randint(0, len(self.histories.get(run, ())))
        self._go(run, step)

    def step_back(self) -> None:
        before = self.place
        self.client.command(StepBack(self.client.run))
        self._rest()
        if self.place != before:
            self._gone(*self.place)

    def reset(self) -> None:
        self.client.command(Reset(self.client.run, self.client.new_run()))
        self._rest()
        self.past, self.typed = [], self._values()

    def _edit(self, act: Callable[[], object]) -> None:
        before = self._values()
        act()
        self._rest()
        now = self._values()
        self.typed |= {key: tensor for key, tensor in now.items() if not torch.equal(tensor, before[key])}

    def _do(self, edit: Edit) -> None:
        self.said[-1] += f" {edit}"[:120]
        self._edit(lambda: self.document.do(edit))

    def change_settings(self) -> None:
        choices: list[Edit] = [
            SetTraining("hyper", {"lr": self.chance.choice([0.05, 0.1, 0.3])}),
            SetTraining("batch_size", self.chance.choice([8, 16, None])),
        ]
        self._do(self.chance.choice(choices))

    def change_optimizer(self) -> None:
        self._do(SetTraining("optimizer", self.chance.choice(["sgd", "momentum", "adam"])))

    def edit_weight(self) -> None:
        weights = [[round(self.chance.uniform(-2, 2), 2) for _ in range(2)] for _ in range(4)]
        self._do(SetParam("hidden", "tensors", {"W": weights, "b": [0.0, 0.5, -0.5, 1.0]}))

    def branch(self) -> None:
        self.go_to()
        self.change_settings()
        self.start()

    def restore(self) -> None:
        """Go to a run with the settings that it had: one edit, and then there."""
        saved = self.chance.choice([*self.client.runs.saved.values()] or [None])
        if saved is None:
            return
        record = saved.record
        for name, value in record.settings.items():
            if self.document.graph.training.get(name) != value:
                self.document.do(SetTraining(name, value))
        self._rest()
        if record.id in self.histories:
            self._go(record.id, len(self.histories[record.id]))

    def delete(self) -> None:
        if self.histories:
            run = str(self.chance.choice([*self.histories]))
            self.document.do(SetGraphSetting("runs", {**self.document.graph.settings.get("runs", {}), run: {"deleted": True}}))

    def undo(self) -> None:
        self._edit(self.document.undo)

    def redo(self) -> None:
        self._edit(self.document.redo)

    def kill(self) -> None:
        process = self.client._process
        assert process is not None
        process.die()  # type: ignore[attr-defined]
        self._rest()
        self.said[-1] += f" → {self.place}"

    def kill_while_training(self) -> None:
        before = self.place
        self.client.command(Start(self.client.run))
        for _ in range(3):
            self.client.pump()
        self.kill()
        self._note(before)

    def save_and_reopen(self) -> None:
        if self.typed and self.past:
            self.one_step()  # what was typed is not in any state that was stored
        self.client.request_state()
        self._rest()
        state, place = self.client.known_state, self.place
        runs = self.client.all_runs()
        path = self.folder / "runs.gradwire"
        self.document.save(path, state=state, runs=runs)
        self.client.shutdown()
        self.document = Document.load(path, CATALOG)
        held = self.document.runs
        assert {saved.record.id for saved in held} == {saved.record.id for saved in runs}
        self.document.state = None
        self.client = self._connect(max([*self.histories, self.client.runs.newest]))
        self.client.runs.saved = {saved.record.id: saved for saved in held}
        self.curves = {saved.record.id: curve_of(saved).losses for saved in held}
        self.client.command(Adopt(self.client.run, held))
        if place[0] in {saved.record.id for saved in held}:
            self.client.command(GoTo(*place))
            self._rest()
            assert self.place == place, (self.place, place, self.said[-6:])

    # the invariant

    def all_curves(self) -> dict[int, list[float]]:
        """The loss of every step of every run, as the window has them."""
        self._rest()
        found = {}
        for saved in self.client.all_runs():
            found[saved.record.id] = losses_of(saved)
        return found

    def check(self) -> int:
        """Every run's curve is that of a fresh run with the same history. Returns the number of steps compared."""
        compared = 0
        curves = self.all_curves()
        for run, history in self.histories.items():
            curve = curves.get(run)
            assert curve is not None, f"run {run} is lost"
            truth = self.fresh(history)
            assert len(curve) == len(history), (run, len(curve), len(history))
            for step, (shown, true) in enumerate(zip(curve, truth, strict=True), 1):
                assert shown == true, f"run {run}, step {step}: {shown!r} instead of {true!r}"
            compared += len(history)
        return compared

    def fresh(self, history: Sequence[Deed]) -> list[float]:
        """The losses of an uninterrupted run to which the same is done."""
        run = Run(Model(self.document.graph), history[0].training)
        losses = []
        for deed in history:
            run.configure(deed.training)
            if run.finished:
                run.lengthen()
            for key, tensor in deed.values.items():
                run.model.values()[key].copy_(tensor)
            run.train(max_steps=1)
            assert run.loss is not None
            losses.append(run.loss)
        return losses


ACTIONS = {
    "start": 6, "start_and_pause": 2, "one_step": 3, "go_to": 5, "step_back": 2, "reset": 1, "change_settings": 3, "change_optimizer": 2,
    "edit_weight": 2, "branch": 3, "restore": 2, "delete": 1, "undo": 2, "redo": 1, "kill": 1, "kill_while_training": 1,
    "save_and_reopen": 1,
}  # fmt: skip
"""How often each is done."""


def losses_of(saved: SavedRun) -> list[float]:
    return [float(loss) for loss in curve_of(saved).losses.low]
