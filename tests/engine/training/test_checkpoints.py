"""Going back through a run: every step held comes back bit for bit, and so does what follows it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.checkpoints import BRANCHES, OVERHEAD, Checkpoints, size_of
from engine.training.model import Model
from engine.training.run import Run
from engine.training.state import PARTS, State
from graph.model.edits import Edit, SetParam, SetTraining
from graph.model.graph import Graph
from tests.engine.training.optimizers.cases import ANY_LOSS
from tests.support.networks import network, tanh_net

VARIANTS: list[tuple[str, dict[str, Any]]] = [(key, {}) for key in ANY_LOSS] + [
    ("adam", {"amsgrad": True, "weight_decay": 0.01}), ("rmsprop", {"momentum": 0.9, "centered": True}),
    ("momentum", {"dampening": 0.5, "weight_decay": 0.1}), ("lbfgs", {"line_search": "none", "lr": 0.1, "max_iter": 3}),
]  # fmt: skip


def lively_net(optimizer: str, hyper: dict[str, Any], **training: Any) -> Graph:
    """All that has state or chance: batch norm, dropout, shuffled mini-batches, the optimizer's memory."""
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 6}),
        "norm": ("layer.batch_norm1d", {}), "relu": ("activation.relu", {}), "drop": ("layer.dropout", {"p": 0.3}),
        "out": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> relu.x; relu -> drop.x; drop -> out.x"
    wires += "; out -> loss.scores; data.target -> loss.target"
    return network(nodes, wires, **{"optimizer": optimizer, "hyper": hyper, "epochs": 1000, "batch_size": 16, **training})


def same(a: State, b: State) -> bool:
    """Equal bit for bit, names and counters included."""
    return a.counters == b.counters and all(
        sorted(getattr(a, part)) == sorted(getattr(b, part))
        and all(torch.equal(t, getattr(b, part)[name]) for name, t in getattr(a, part).items())
        for part in PARTS
    )


@pytest.mark.parametrize(("optimizer", "hyper"), VARIANTS)
def test_every_step_comes_back_bit_for_bit_and_so_does_its_future(optimizer: str, hyper: dict[str, Any]) -> None:
    run = Run(Model(lively_net(optimizer, hyper))).prepare()
    true, losses = [run.capture()], [run.loss]
    for step in range(12):
        if step % 3 == 0:
            run.keep(single=True)
        run.train(max_steps=1)
        true.append(run.capture())
        losses.append(run.loss)
    for target in (11, 4, 0, 7, 12, 3):
        assert run.go_to(target)
        assert same(run.capture(), true[target]) and run.loss == losses[target]
        run.train(max_steps=12 - target)
        assert same(run.capture(), true[12]) and run.loss == losses[12]


def test_a_single_precision_net_comes_back_too() -> None:
    run = Run(Model(lively_net("adam", {}), dtype=torch.float32)).prepare()
    start = run.capture()
    run.keep()
    run.train(max_steps=9)
    end = run.capture()

    assert run.go_to(0)
    assert same(run.capture(), start) and run.loss is None
    run.train(max_steps=9)

    assert same(run.capture(), end)


class Followed:
    """A run, and what it was at every step, told apart by id."""

    def __init__(self, graph: Graph, budget: int | None = None) -> None:
        self.graph = graph
        self.run = Run(Model(graph)).prepare()
        if budget is not None:
            self.run.history.checkpoints = Checkpoints(budget)
        self.true: dict[tuple[int, int], tuple[State, float | None, list[tuple[int, float | None]]]] = {}

    def train(self, steps: int) -> int:
        """Make steps, and note what each led to; the id of the run they are of."""
        run = self.run
        for _ in range(steps):
            run.keep(single=True)
            run.train(max_steps=1)
            self.true[run.id, run.state.step] = run.capture(), run.loss, [(p.step, p.loss) for p in run.curve.points]
        return run.id

    def change(self, *edits: Edit) -> None:
        """Edit the document, as a person does between two steps."""
        for edit in edits:
            edit.apply(self.graph)
        self.run.model.update(self.graph)
        self.run.configure(dict(self.graph.training))

    def returns_to(self, id: int, steps: Iterable[int]) -> None:
        for step in steps:
            assert self.run.go_to(step, id), step
            state, loss, _ = self.true[id, step]
            assert same(self.run.capture(), state) and self.run.loss == loss


CHANGES: dict[str, tuple[Edit, Edit]] = {
    "learning rate": (SetTraining("hyper", {"lr": 0.3, "momentum": 0.5}), SetTraining("hyper", {"lr": 0.1, "momentum": 0.9})),
    "optimizer": (SetTraining("optimizer", "adam"), SetTraining("optimizer", "momentum")),
    "batch size": (SetTraining("batch_size", 8), SetTraining("batch_size", 16)),
    "dropout": (SetParam("drop", "p", 0.6), SetParam("drop", "p", 0.3)),
    "data": (SetParam("data", "noise", 0.4), SetParam("data", "noise", 0.1)),
}


@pytest.mark.parametrize("budget", [None, 5])
@pytest.mark.parametrize("changed", list(CHANGES))
def test_a_changed_condition_opens_a_branch_and_the_old_future_comes_back_exactly(changed: str, budget: int | None) -> None:
    graph = lively_net("momentum", {"lr": 0.1, "momentum": 0.9})
    fresh = Run(Model(graph)).prepare()
    room = sum(fresh.conditions().keeps().values())  # another program, or other data
    followed = Followed(graph, None if budget is None else budget * size_of(fresh.capture()) + room)
    run = followed.run
    first = followed.train(20)
    assert run.go_to(11)
    there, back = CHANGES[changed]
    followed.change(SetTraining("hyper", {}) if changed == "optimizer" else there, there)
    second = followed.train(15)

    assert second != first and run.history.tree.runs[second].record.parent == first
    followed.change(SetTraining("hyper", {"lr": 0.1, "momentum": 0.9}) if changed == "optimizer" else back, back)
    if budget is not None:
        held = run.history.checkpoints
        assert held.bytes <= held.budget and len(held) < 15  # of 35 steps: the others are made again
    followed.returns_to(first, (20, 12, 17, 13, 5, 19))
    assert [(p.step, p.loss) for p in run.curve.points] == followed.true[first, 20][2]
    followed.change(SetTraining("hyper", {}) if changed == "optimizer" else there, there)
    followed.returns_to(second, (26, 12, 20, 15))
    assert [(p.step, p.loss) for p in run.curve.points] == followed.true[second, 26][2]


def test_training_on_in_the_old_future_is_what_it_would_have_been() -> None:
    graph, straight = lively_net("adam", {"lr": 0.01}), Run(Model(lively_net("adam", {"lr": 0.01}))).prepare()
    followed = Followed(graph)
    first = followed.train(10)
    assert followed.run.go_to(4)
    followed.change(SetTraining("hyper", {"lr": 0.2}))
    followed.train(6)
    followed.change(SetTraining("hyper", {"lr": 0.01}))
    followed.returns_to(first, (10,))

    assert followed.train(5) == first
    straight.train(max_steps=15)
    assert same(followed.run.capture(), straight.capture())


def test_the_path_names_the_steps_before_a_branch_and_on_it_and_not_those_beside_it() -> None:
    followed = Followed(tanh_net(optimizer="sgd", hyper={"lr": 0.1}))
    run = followed.run
    first = followed.train(10)
    assert run.history.reachable() == ((0, 10),) and run.go_to(6) and run.history.reachable() == ((0, 10),)
    followed.change(SetTraining("hyper", {"lr": 0.2}))
    assert run.history.reachable() == ((0, 6),)
    followed.train(2)

    assert run.history.reachable() == ((0, 8),)
    assert not run.go_to(9) and run.state.step == 8
    assert run.go_to(9, first) and run.history.reachable() == ((0, 9),)  # the learning rate is still the other one


def test_the_coming_pass_is_the_step_that_is_made_next() -> None:
    """θ − η·g with the gradient of the pass shown is what the step makes, dropout mask and batch included."""
    trainer = Run(Model(lively_net("sgd", {"lr": 0.25}))).prepare()
    for _ in range(5):
        trace = trainer.coming_trace()
        before = trainer.capture()
        trainer.train(max_steps=1)
        assert trace.objective is not None and float(trace.values[trace.objective]) == trainer.loss
        for (node, name), gradient in trace.parameter_gradients.items():
            assert isinstance(gradient, torch.Tensor)
            wanted = before.parameters[f"{node}.{name}"] - 0.25 * gradient
            torch.testing.assert_close(trainer.model.state.parameters[f"{node}.{name}"], wanted, rtol=1e-12, atol=1e-14)


def test_the_curve_stays_while_looking_back_and_while_its_steps_are_made_once_more() -> None:
    run = Run(Model(tanh_net())).prepare()
    run.keep()
    run.train(max_steps=10)
    whole = [(p.step, p.loss) for p in run.curve.points]

    assert run.go_to(4)
    assert [(p.step, p.loss) for p in run.curve.points] == whole
    run.keep()
    run.train(max_steps=2)
    assert run.state.step == 6 and [(p.step, p.loss) for p in run.curve.points] == whole
    run.keep()
    run.train(max_steps=6)
    assert [(p.step, p.loss) for p in run.curve.points][:10] == whole and run.curve.last == 12


def state_of(step: int, numbers: int) -> State:
    return State({"w": torch.zeros(numbers, dtype=torch.float64)}, {}, {}, step)


class Named:
    """Conditions that need no data."""

    def __init__(self, name: str) -> None:
        self.name = name

    def same(self, other: Any) -> bool:
        return isinstance(other, Named) and self.name == other.name

    def keeps(self) -> dict[int, int]:
        return {}


def tree_of(budget: int, *steps: int, last: int = 0) -> Checkpoints[Named]:
    tree: Checkpoints[Named] = Checkpoints(budget)
    tree.begin(Named("a"), state_of(steps[0], 10), None)
    for step in steps[1:]:
        tree.add(state_of(step, 10), None)
    tree.reached(max(last, steps[-1]))
    return tree


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 40_000))
def test_what_is_held_never_takes_more_than_the_budget_and_ends_with_the_newest(sizes: list[int], budget: int) -> None:
    tree: Checkpoints[Named] = Checkpoints(budget)
    for step, size in enumerate(sizes):
        fits = OVERHEAD + 8 * size <= budget
        if step % 7 == 0:
            tree.begin(Named(str(step)), state_of(step, size), None)
        else:
            assert tree.add(state_of(step, size), None) == fits
        counted = sum(OVERHEAD + 8 * sizes[c.step] for c in tree)
        assert tree.bytes == counted <= budget
        if fits:
            assert tree.route(step) is not None and step in [c.step for c in tree]


def test_with_many_checkpoints_the_budget_is_kept_and_every_step_stays_within_reach() -> None:
    tree: Checkpoints[Named] = Checkpoints(100 * (OVERHEAD + 80))
    tree.begin(Named("a"), state_of(0, 10), None)
    for step in range(1, 3000):
        tree.add(state_of(step, 10), None)
        assert tree.bytes <= tree.budget
    assert tree.ranges() == ((0, 2999),)
    gaps = [b - a for a, b in pairwise(sorted(c.step for c in tree))]
    assert max(gaps) <= 130  # as even as can be with so many: about 40 apart


def test_checkpoints_between_others_go_first_and_the_first_one_last() -> None:
    tree = tree_of(3 * (OVERHEAD + 80), 0, 1, 2, 3, 4, 5, last=9)

    assert len(tree) == 3 and {0, 5} < {c.step for c in tree}
    assert tree.ranges() == ((0, 9),)
    tree = tree_of(OVERHEAD + 80, 0, 4, last=9)
    assert [c.step for c in tree] == [4] and tree.ranges() == ((4, 9),)
    assert tree.route(3) is None and tree.route(8) is not None


def test_branches_beside_the_path_are_given_up_before_the_path_is() -> None:
    tree = tree_of(3 * (OVERHEAD + 80), 0, 10, last=20)
    beside = tree.present
    tree.begin(Named("b"), state_of(5, 10), None)
    assert beside is not None and len(tree) == 3 and tree.route(15, beside.id) is not None
    tree.begin(Named("c"), state_of(7, 10), None)
    tree.begin(Named("d"), state_of(3, 10), None)

    assert tree.bytes <= tree.budget and tree.ranges() == ((0, 3),)


def test_data_that_only_earlier_conditions_need_counts() -> None:
    class Fed(Named):
        def __init__(self, name: str, rows: int) -> None:
            super().__init__(name)
            self.rows = torch.zeros(rows, dtype=torch.float64)

        def keeps(self) -> dict[int, int]:
            return {id(self.rows): self.rows.numel() * 8}

    tree: Checkpoints[Named] = Checkpoints(10_000)
    tree.begin(Fed("a", 1000), state_of(0, 1), None)
    assert tree.bytes == OVERHEAD + 8
    tree.reached(5)
    tree.begin(Fed("b", 100), state_of(3, 1), None)
    assert tree.bytes == 2 * (OVERHEAD + 8) + 8000
    tree.begin(Fed("c", 1000), state_of(1, 1), None)
    assert tree.bytes <= 10_000 and tree.present is not None and tree.route(1) is not None


def test_branches_without_end_are_bounded_and_the_newest_stay() -> None:
    """As a slider does that is dragged while something trains."""
    tree: Checkpoints[Named] = Checkpoints()
    for step in range(3000):
        tree.begin(Named(str(step)), state_of(step, 1), None)
        assert len(tree.branches) <= BRANCHES
    (whole,) = tree.ranges()
    assert whole[1] == 2999 and whole[0] < 2999 - BRANCHES // 2


def test_nothing_leads_across_a_new_root() -> None:
    tree = tree_of(10_000, 0, 2, last=4)
    old = tree.present
    tree.begin(Named("a"), state_of(4, 1), None, root=True)

    assert tree.ranges() == ((4, 4),) and tree.route(3) is None
    assert old is not None and tree.route(3, old.id) is not None
