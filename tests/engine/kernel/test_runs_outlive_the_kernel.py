"""What the window keeps of runs is whole, whatever was done last: a file and the next kernel get every curve and every end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from multiprocessing import Pipe

import pytest

from engine.data.job import LoadData
from engine.explain.update import UpdateOf
from engine.kernel import client as module
from engine.kernel import server as server_module
from engine.kernel.client import KernelClient
from engine.kernel.job_client import JobClient
from engine.kernel.protocol import GoTo, Pause, Reply, Request, Start
from engine.kernel.server import LATELY, Server
from engine.kernel.worker import DocumentWorker
from engine.training.curve import curve_of
from engine.training.keep import value_edits
from engine.training.losses import Losses
from engine.training.model import Model
from engine.training.saved import unpack_state
from engine.training.state import State
from graph.model.edits import Compound, SetTraining
from graph.storage.document import Document
from graph.storage.saved import SavedState
from tests.engine.training.test_checkpoints import same
from tests.engine.training.test_run_tree import straight
from tests.support.networks import tanh_net


class Inside:
    """The kernel in this process: it answers at once, and trains a slice whenever it is looked at."""

    dead = busy = False

    def __init__(self, worker: str = "") -> None:
        self.server = Server(Pipe()[0], DocumentWorker)
        self.reply: Reply | None = None

    pid = fileno = 0

    def send(self, request: Request) -> None:
        self.reply = self.server._answer(request)

    def poll(self, seconds: float) -> bool:
        if self.server._training:
            self.server._work()
        return self.dead or (self.reply is not None and not self.busy)

    def receive(self) -> Reply:
        reply, self.reply = self.reply, None
        if self.dead or reply is None:
            raise EOFError
        return reply

    def bury(self, number: int) -> str:
        return "SIGKILL"

    def kill(self, number: int) -> None:
        self.dead = True

    def close(self, number: int) -> None:
        pass


class Bench:
    """A client and the losses that a window keeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "KernelProcess", Inside)
        self.document = Document(tanh_net(epochs=4000))
        self.now = 0.0
        self.client = KernelClient(clock=lambda: self.now)
        self.losses: dict[int, Losses] = {}
        self.client.runs.losses = self.losses.get
        self.client.on_progress = self._hear
        self.client.attach(self.document)
        self.settle()

    def _hear(self, progress: object) -> None:
        progress = self.client.progress
        if progress.losses is not None:
            self.losses.setdefault(progress.run, Losses()).take(progress.losses)

    def settle(self, until: Callable[[], bool] = lambda: True) -> None:
        while True:
            self.now += 0.1
            self.client.pump()
            if until() and not self.client.busy and not self.client._commands:
                return

    def train(self, steps: int) -> None:
        end = self.client.progress.step + steps
        self.client.command(Start(self.client.run, steps))
        self.settle(lambda: self.client.progress.step == end and not self.client.training)
        self.settle()
        self.client.request_state()
        self.settle()

    def go_to(self, step: int, run: int | None = None) -> None:
        self.client.command(GoTo(self.client.run if run is None else run, step))
        self.settle()

    def rate(self, value: float) -> None:
        self.document.do(SetTraining("hyper", {"lr": value}))
        self.settle()

    def kill(self) -> None:
        process = self.client._process
        assert isinstance(process, Inside)
        process.dead = True
        self.settle(lambda: self.client._process is not process)

    def state(self) -> State:
        self.client.request_state()
        self.settle()
        assert self.client.known_state is not None
        return unpack_state(self.client.known_state)


def test_a_branch_leaves_its_parent_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.train(20)
    parent, truth = bench.client.run, straight(tanh_net(epochs=4000), 20)
    bench.go_to(8)
    bench.rate(0.05)
    bench.train(5)
    runs = {saved.record.id: saved for saved in bench.client.all_runs()}
    assert runs[parent].states[-1].step == 20 and same(unpack_state(runs[parent].states[-1]), truth.capture())
    assert list(curve_of(runs[parent]).losses.low) == list(truth.curve.losses.low)
    bench.kill()
    bench.go_to(20, parent)
    assert same(bench.state(), truth.capture())
    bench.kill()
    assert {saved.record.id: [state.step for state in saved.states] for saved in bench.client.all_runs()}[parent][-1] == 20


def test_an_engine_that_dies_right_after_a_branch_does_not_mix_it_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.train(20)
    bench.go_to(8)
    parent, eighth = bench.client.run, straight(tanh_net(epochs=4000), 8).capture()
    bench.rate(0.05)
    bench.client.command(Start(parent, 2))
    bench.client.pump()
    bench.client._states.wanted = False  # it dies before it handed over a state of the branch
    bench.client.pump()
    branch = bench.client.run
    assert branch != parent and bench.client.runs.state_run == parent
    bench.kill()
    assert (bench.client.run, bench.client.progress.step) == (branch, 8) and same(bench.state(), eighth)
    bench.train(4)
    assert bench.client.run == branch and curve_of(bench.client.runs.saved[branch]).last <= 12
    bench.go_to(20, parent)
    assert bench.client.progress.step == 20


def test_what_is_saved_in_the_middle_of_a_training_ends_at_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record and the losses reach the step of the state that a file asks for, already when it is told of."""
    bench = Bench(monkeypatch)
    told: list[tuple[int, ...]] = []

    def ends(state: SavedState) -> None:
        run = bench.client.all_runs()[-1]
        told.append((state.step, run.states[-1].step, run.record.last, curve_of(run).losses.last))

    bench.client.command(Start(bench.client.run))
    while bench.client.busy or not bench.client.progress.step:
        bench.now += 0.1 * (not bench.client.busy)
        bench.client.pump()
    bench.client.on_state = ends
    before = bench.client.progress.step
    wanted = bench.client.request_state()  # the clock stands: progress is not due
    while not bench.client.state_arrived(wanted):
        bench.client.pump()
    assert len(told) == 1 and told[0][0] > before and set(told[0]) == {told[0][0]}


def test_work_for_a_closed_document_is_given_up_and_the_next_one_has_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.train(20)
    filed, run = Document(tanh_net(epochs=4000), state=bench.client.known_state, runs=bench.client.all_runs()), bench.client.run
    guest = Document(tanh_net())
    guest.graph.attachments = filed.graph.attachments = {"name": b"a large tensor"}

    def occupied() -> Inside:
        """The engine, in the middle of an answer about the document that is shown."""
        process = bench.client._process
        assert isinstance(process, Inside)
        bench.client.ask(UpdateOf(), lambda answer: None)
        process.busy = True
        return process

    for needs in ("the document", "a document that waits", "a job"):
        process, bench.client._jobs = occupied(), JobClient()
        if needs == "a document that waits":
            bench.client.keep()
        if needs == "a job":
            bench.client._jobs.add(LoadData((), ""), lambda report, parts: None, lambda end: None)
            bench.client._jobs.sent(bench.now)
        if needs != "the document":
            bench.client.attach(guest)
        bench.now += 1000.0
        bench.client.pump()
        assert bench.client._process is process and bench.client.due() is None, needs
        process.busy, bench.client._jobs = False, JobClient()
        bench.settle()
        if bench.client.waiting is not None:
            bench.client.attach(bench.document)
            bench.settle()

    process = occupied()
    bench.client.attach(filed)
    bench.client.command(Start(run, 5))
    bench.now += module.CLOSED - 0.5
    bench.client.pump()
    due = bench.client.due()
    assert bench.client._process is process and due is not None and 0.4 < due < 0.6
    bench.now += due + 0.001
    bench.settle(lambda: bench.client.progress.step == 25 and not bench.client.training)
    assert process.dead and bench.client.run == run
    another = bench.client._process
    assert isinstance(another, Inside) and another.server._attachments == filed.graph.attachments
    truth = straight(tanh_net(epochs=4000), 25)
    assert same(bench.state(), truth.capture())
    assert list(curve_of(bench.client.all_runs()[-1]).losses.low) == list(truth.curve.losses.low)


@pytest.mark.parametrize("dies", [False, True])
def test_weights_set_by_hand_are_not_taken_for_those_of_the_run(dies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.train(10)
    run, tenth = bench.client.run, bench.state()
    model = Model(bench.document.graph)
    model.restore(tenth)
    edits, _attachments = value_edits(model, {("hidden", "W"): tenth.parameters["hidden.W"] + 0.5})
    bench.document.do(Compound(tuple(edits), "by hand"))
    bench.settle()
    edited = bench.state()
    assert bool((edited.parameters["hidden.W"] == tenth.parameters["hidden.W"] + 0.5).all())
    assert not any(same(unpack_state(state), edited) for saved in bench.client.all_runs() for state in saved.states)
    if dies:
        bench.kill()
        assert same(bench.state(), edited)
    bench.train(3)
    record = bench.client.runs.saved[bench.client.run].record
    assert bench.client.run != run and (record.parent, record.start, record.origin) == (run, 10, "values")
    bench.client.command(Pause(bench.client.run))
    bench.settle()


def test_looks_at_a_training_become_rare_where_each_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SLICE", 0.0)
    monkeypatch.setattr(server_module, "TURN", 0.0)
    bench = Bench(monkeypatch)
    bench.document.do(SetTraining("epochs", 10**6))
    bench.settle()
    bench.client.command(Start(bench.client.run))
    process = bench.client._process
    assert isinstance(process, Inside)

    def looks(seconds: float) -> int:
        """Traces in three seconds of the clock, at looks that take so long."""
        came: list[int] = []
        bench.client.on_trace = lambda trace: came.append(trace.step)
        for _ in range(LATELY):
            process.server._count(Request(1, 1, 1, 1, trace=True, progress=True), seconds)
        for _ in range(350):
            bench.now += 0.01
            bench.client.pump()
            if bench.now - began < 0.5:
                came.clear()
        return len(came)

    for seconds, wanted in ((0.0001, 33), (0.003, 15), (9.0, 6)):
        began = bench.now
        assert looks(seconds) == pytest.approx(wanted, abs=2)
    began, bench.client.slow = bench.now, True
    assert looks(9.0) == pytest.approx(33, abs=2)
    bench.client.slow = False
    assert bench.client._interval == module.SELDOM
    bench.client.attach(Document(tanh_net()))  # another network, of which nothing is known
    bench.settle()
    assert bench.client._interval == module.TRACE_INTERVAL


def test_how_long_a_look_takes_is_what_most_of_the_last_ones_took() -> None:
    server, look = Server(Pipe()[0], DocumentWorker), Request(1, 1, 1, 1, trace=True, progress=True)
    assert server._reply(look).look_seconds == 0.0
    for seconds in (5.0, 0.1, 0.3, 0.2, 0.2):
        server._count(look, seconds)
    server._count(replace(look, state=True), 9.0)
    assert server._reply(look).look_seconds == 0.2
