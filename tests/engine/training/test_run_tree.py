"""The tree of runs: what opens a branch, that nothing trained is lost, and that every step of every run comes back bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.training.curve import curve_of
from engine.training.model import Model
from engine.training.run import Run
from engine.training.run_tree import packer
from engine.training.saved import pack_state, put_back
from graph.model.edits import Edit, SetBypassed, SetParam, SetTraining
from graph.model.graph import Graph
from graph.storage.saved_run import SavedRun, completed, owner_of
from tests.engine.training.test_checkpoints import lively_net, same
from tests.support.networks import tanh_net


class Bench:
    """A run that is handled as the kernel does: `keep` before steps, `settle` after."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.run = Run(Model(graph), id=1).prepare()

    def train(self, steps: int, slice: int = 7) -> int:
        self.run.keep(begins=True)
        end = self.run.state.step + steps
        while self.run.state.step < end:
            self.run.keep()
            self.run.train(max_steps=min(slice, end - self.run.state.step))
        self.run.history.settle()
        return self.run.id

    def change(self, *edits: Edit) -> None:
        for edit in edits:
            edit.apply(self.graph)
        update = self.run.model.update(self.graph)
        if update.made_anew:
            self.run.history.uproot()
        self.run.configure(dict(self.graph.training))

    def saved(self) -> dict[int, SavedRun]:
        tree, pack = self.run.history.tree, packer({})
        return {run: tree.saved(run, pack) for run in tree}

    def losses(self) -> list[float]:
        return list(self.run.curve.losses.low)


def rate(value: float) -> Edit:
    return SetTraining("hyper", {"lr": value})


def straight(graph: Graph, steps: int) -> Run:
    run = Run(Model(graph)).prepare()
    run.train(max_steps=steps)
    return run


def test_another_rate_from_an_earlier_step_is_a_branch_and_both_curves_stay() -> None:
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    assert bench.train(40) == 1
    first = bench.losses()
    assert bench.run.go_to(15)
    bench.change(rate(0.1))
    assert bench.train(10) == 2

    records = bench.run.history.tree.records()
    assert records[1].parent is None and (records[1].start, records[1].last, records[1].origin) == (0, 40, "start")
    assert (records[2].parent, records[2].start, records[2].last, records[2].origin) == (1, 15, 25, "settings")
    assert (records[1].settings["hyper"], records[2].settings["hyper"]) == ({"lr": 0.01}, {"lr": 0.1})
    assert bench.losses()[:16] == first[:16] and bench.losses()[16] != first[16]
    assert bench.run.go_to(40, 1) and bench.losses() == first
    assert same(bench.run.capture(), straight(lively_net("adam", {"lr": 0.01}), 40).capture())


def test_the_same_settings_again_are_the_same_run_also_on_the_way_to_a_branch() -> None:
    bench = Bench(lively_net("momentum", {"lr": 0.1, "momentum": 0.9}))
    bench.train(20)
    whole = bench.losses()
    assert bench.run.go_to(8) and bench.train(5) == 1 and bench.losses() == whole  # nothing is drawn again, nothing is lost
    bench.change(SetTraining("batch_size", 8))
    assert bench.run.go_to(6) and bench.train(10) == 2
    bench.change(SetTraining("batch_size", 16))
    assert bench.run.go_to(3) and bench.train(25) == 1  # before the branch its steps are those of the first run
    bench.change(SetTraining("batch_size", 8))
    assert bench.run.go_to(6, 1) and bench.train(4) == 2  # the branch that was there already


def test_a_change_at_the_newest_step_stays_in_the_run_and_before_it_the_old_settings_are_another_branch() -> None:
    bench = Bench(lively_net("sgd", {"lr": 0.1}))
    bench.train(10)
    bench.change(rate(0.02))
    assert bench.train(10) == 1
    record = bench.run.history.tree.record(1)
    assert record is not None and [c.step for c in record.changes] == [10] and record.settings_at(9)["hyper"] == {"lr": 0.1}
    end = bench.run.capture()
    assert bench.run.go_to(4) and bench.train(2) == 2 and bench.run.go_to(20, 1) and same(bench.run.capture(), end)
    bench.change(rate(0.1))
    assert bench.run.go_to(4, 1) and bench.train(9) == 3  # up to step 10 as before, then on with the old rate
    parents = {r.id: (r.parent, r.start) for r in bench.run.history.tree.records().values()}
    assert parents == {1: (None, 0), 2: (1, 4), 3: (1, 10)}
    assert same(bench.run.capture(), straight(lively_net("sgd", {"lr": 0.1}), 13).capture())


def test_a_weight_set_by_hand_opens_a_branch_and_the_way_back_is_exact() -> None:
    bench = Bench(tanh_net())
    bench.train(12)
    end = bench.run.capture()
    node = next(name.partition(".")[0] for name in end.parameters)
    bench.run.model.state.parameters[f"{node}.W"] += 0.5
    bench.run.history.uproot()
    assert bench.train(3) == 2
    record = bench.run.history.tree.record(2)
    assert record is not None and (record.parent, record.start, record.origin) == (1, 12, "values")
    assert bench.run.go_to(12, 1) and same(bench.run.capture(), end)
    assert bench.run.go_to(11, 2) and not bench.run.go_to(99, 2)


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ([SetTraining("optimizer", "sgd"), SetTraining("hyper", {"lr": 0.1})],
         [SetTraining("optimizer", "adam"), SetTraining("hyper", {"lr": 0.01})]),
        ([SetTraining("accumulate", 1)], [SetTraining("accumulate", 4)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [10, 22])
def test_settings_taken_back_before_a_step_was_made_change_nothing(away: list[Edit], back: list[Edit], step: int) -> None:
    """Also what the optimizer remembered comes back, and it goes on in the middle of a group of accumulated gradients."""
    graph = lively_net("adam", {"lr": 0.01}, accumulate=4)
    truth = straight(graph, 30).capture()
    bench = Bench(graph)
    bench.train(22)
    bench.change(*away)
    assert bench.run.go_to(step)
    bench.run.history.settle()
    bench.change(*back)
    assert bench.train(30 - step) == 1 and same(bench.run.capture(), truth)
    assert list(bench.run.history.tree) == [1] and not bench.run.history.tree.runs[1].record.changes


@pytest.mark.parametrize("origin", ["values", "graph", None])
def test_what_was_changed_between_a_file_and_the_first_step_opens_a_branch(origin: str | None) -> None:
    bench = Bench(tanh_net())
    bench.train(12)
    other = Bench(tanh_net())
    for saved in bench.saved().values():
        other.run.history.tree.adopt(saved)
    state = bench.run.capture()
    if origin == "values":
        state.parameters["hidden.W"] += 0.5
    if origin == "graph":
        other.change(SetBypassed("tanh", True))
    other.run.restore(state)
    other.run.history.stand(1)
    assert other.train(5) == (1 if origin is None else 2)
    end, record = other.run.capture(), other.run.history.tree.record(other.run.id)
    assert record is not None and (record.last, record.origin) == (17, origin or "start")
    assert other.run.go_to(14) and other.run.go_to(17) and same(other.run.capture(), end)


def test_what_is_made_again_is_compared_with_stored_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.history.KEEP_SECONDS", 1e9)  # however slow the machine is
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(30)
    assert bench.run.go_to(17, check=True)
    replay = bench.run.history.replay
    assert replay is not None and (replay.steps, replay.losses, replay.identical) == (17, 17, True)
    assert replay.compared == 30
    assert bench.run.go_to(9) and bench.run.go_to(9, check=True) and bench.run.history.replay is not None
    assert (bench.run.history.replay.steps, bench.run.history.replay.identical) == (9, True)  # looked at, and not stored for that
    bench.run.curve.losses._rows[0, 11] += 1e-12
    assert bench.run.go_to(15, check=True)
    replay = bench.run.history.replay
    assert replay is not None and replay.differs == 12 and replay.identical is False
    assert bench.run.go_to(30, check=True)
    assert bench.run.history.replay is not None and bench.run.history.replay.identical is None  # its state was stored


@pytest.mark.parametrize(("optimizer", "hyper"), [("adam", {"lr": 0.01}), ("lbfgs", {"lr": 0.5})])
def test_saved_runs_go_on_elsewhere_as_if_nothing_had_happened(optimizer: str, hyper: dict[str, Any]) -> None:
    bench = Bench(lively_net(optimizer, hyper))
    bench.train(9)
    bench.change(SetTraining("hyper", {**hyper, "lr": 0.003}))
    bench.train(8)
    bench.run.go_to(5)
    bench.change(SetTraining("hyper", {**hyper, "lr": 0.02}))
    bench.train(7)
    graph = lively_net(optimizer, {**hyper, "lr": 0.02})
    other = Bench(graph)
    for saved in bench.saved().values():
        other.run.history.tree.adopt(saved)

    for run, steps in ((2, (12, 7, 3)), (1, (17, 4, 9, 13))):
        for step in steps:
            assert other.run.go_to(step, run, check=True) and bench.run.go_to(step, run)
            assert same(other.run.capture(), bench.run.capture())
            replay = other.run.history.replay
            assert replay is not None and replay.identical is not False
    assert other.run.go_to(12, 2) and bench.run.go_to(12, 2)
    assert other.train(6) == bench.train(6) == 2
    assert same(other.run.capture(), bench.run.capture()) and other.losses() == bench.losses()
    assert [p.step for p in curve_of(other.saved()[2]).points] == [p.step for p in other.run.curve.points]


def test_a_state_of_another_run_is_read_without_going_there() -> None:
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(20)
    wanted = bench.run.capture()
    bench.run.go_to(10)
    bench.change(SetParam("drop", "p", 0.5))
    bench.train(5)
    before, losses = bench.run.capture(), bench.losses()
    state = bench.run.history.visit(20, 1, bench.run.capture)
    assert state is not None and same(state, wanted)
    assert same(bench.run.capture(), before) and (bench.run.id, bench.losses()) == (2, losses)
    assert bench.train(3) == 2


def test_of_steps_with_a_graph_that_was_changed_on_the_way_only_stored_states_come_back() -> None:
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(10)
    bench.change(SetParam("drop", "p", 0.5))
    for _ in range(3):  # it goes on without a pause, so this is the same run
        bench.run.keep()
        bench.run.train(max_steps=3)
    bench.run.history.settle()
    other = Bench(lively_net("adam", {"lr": 0.01}))
    for saved in bench.saved().values():
        other.run.history.tree.adopt(saved)
    for step in (6, 10, 19):
        assert other.run.go_to(step, 1) and bench.run.go_to(step, 1) and same(other.run.capture(), bench.run.capture())
    assert bench.run.go_to(15, 1) and not other.run.go_to(15, 1)
    assert other.run.go_to(19, 1) and other.train(3) == 2


def test_a_state_that_the_window_has_is_not_sent_again() -> None:
    bench, mirror = Bench(tanh_net()), dict[int, SavedRun]()
    tree, sent = bench.run.history.tree, list[list[int]]()

    def hear() -> None:
        for news in tree.news(bench.run.id, bench.run.state.step, packer({})):
            sent.append([state.step for state in news.states])
            mirror[news.record.id] = completed(news, mirror.get(news.record.id))

    for _ in range(3):
        bench.train(1)
        hear()
    assert sent[0] == [0] and not any(0 in steps for steps in sent[1:])
    assert 0 in [state.step for state in mirror[1].states]
    bench.run.go_to(1)
    hear()
    assert [state.step for state in mirror[1].states][-1] == 3  # no longer the present state, so it would be nowhere else
    bench.change(rate(0.01))
    bench.train(2)
    hear()
    assert mirror == bench.saved() | {2: mirror[2]} and mirror[2].states[0].step == 1


def test_a_step_that_was_looked_at_under_other_settings_is_still_its_run_s_in_a_file() -> None:
    """Its optimizer's memory is not that of the run, so no stored state equals it: the state names its run."""
    bench = Bench(lively_net("adam", {"lr": 0.01}))
    bench.train(30)
    end, saved = bench.run.capture(), bench.saved()
    bench.change(SetTraining("hyper", {"lr": 0.1}), SetTraining("optimizer", "sgd"))
    assert bench.run.go_to(12) and bench.run.history.stands
    state = replace(pack_state(bench.run.capture(), "sgd", seed=bench.run.model.seed), run=1)
    owner = owner_of(saved.values(), state)
    assert owner is not None and owner.record.id == 1 and owner_of(saved.values(), replace(state, run=7)) is None

    other = Run(Model(lively_net("adam", {"lr": 0.01})), id=1)
    other.history.tree.adopt(owner)
    put_back(other.model, state)
    other.prepare().history.stand(1)
    other.keep(begins=True)
    other.train(max_steps=18)
    assert other.id == 1 and same(other.capture(), end)
