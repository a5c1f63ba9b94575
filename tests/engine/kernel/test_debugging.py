"""The kernel's part of the debugger: back across iterations, the coming step's pass, stopping at conditions."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from engine.compile.trace import array_view
from engine.explain.condition import Condition, ConditionError, read
from engine.kernel.protocol import Command, GoTo, Pause, Reset, ShowComing, Start, StepBack, StepOnce, StopAt
from engine.kernel.trained import captured as captured_state
from engine.kernel.worker import DocumentWorker
from engine.training.state import State
from graph.model.address import output
from graph.model.edits import Disconnect, Rename, SetParam, SetTraining, moves_of
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps
from tests.engine.kernel.test_worker import Desk
from tests.support.networks import product, tanh_net
from tests.support.unfolding import open_in


def opened(graph: Graph) -> DocumentWorker:
    worker = DocumentWorker()
    worker.open(dumps(graph), 1, (), {})
    return worker


def captured(worker: DocumentWorker) -> State:
    return captured_state(worker._model, worker._run)


def by_hand(steps: int, lr: float = 0.1, w: float = 1.0) -> float:
    """w after gradient descent on (2w − 6)²: w ← w − η·4(2w − 6)."""
    for _ in range(steps):
        w = w - lr * 4 * (2 * w - 6)
    return w


def test_back_undoes_a_training_step() -> None:
    desk = Desk(hyper={"lr": 0.01})
    for _ in range(3):
        desk.worker.command(StepOnce(desk.worker.run))

    desk.worker.command(StepBack(desk.worker.run, 1))

    progress = desk.worker.progress({})
    assert desk.value("w") == pytest.approx(by_hand(2, 0.01), abs=1e-14)
    assert (progress.phase, progress.step, progress.reachable) == ("paused", 2, ((0, 3),))
    assert progress.loss == pytest.approx((2 * by_hand(1, 0.01) - 6) ** 2)


def test_the_first_iteration_has_none_before_it() -> None:
    desk = Desk()
    desk.worker.command(StepOnce(desk.worker.run))
    desk.worker.command(StepBack(desk.worker.run, 1))
    desk.worker.command(StepBack(desk.worker.run, 1))

    progress = desk.worker.progress({})
    assert desk.value("w") == 1.0 and progress.phase == "idle" and progress.loss is None
    assert "first iteration" in progress.message


def test_walking_back_and_forth_meets_the_same_states_again() -> None:
    worker = opened(tanh_net(optimizer="adam", hyper={"lr": 0.01}))
    worker.command(ShowComing(worker.run, True))
    worker.trace()
    true: dict[int, State] = {0: captured(worker)}
    draw = random.Random(4)
    for _ in range(120):
        step, held = worker.step, [s for a, b in worker.progress({}).reachable for s in range(a, b + 1)]
        kind = draw.choice(("step", "step", "back", "to_iteration"))
        commands: dict[str, Command] = {
            "step": StepOnce(worker.run), "back": StepBack(worker.run), "to_iteration": GoTo(worker.run, draw.choice(held or [0])),
        }  # fmt: skip
        worker.command(commands[kind])
        assert worker.step == {"step": step + 1, "back": max(step - 1, 0)}.get(kind, worker.step)
        assert not captured(worker).diff(true.setdefault(worker.step, captured(worker)))
    assert len(true) > 12


def test_after_a_run_at_full_speed_every_earlier_step_can_be_seen_again() -> None:
    worker, twin = opened(tanh_net()), opened(tanh_net())
    worker.command(Start(worker.run))
    while worker.training:
        worker.run_slice(0.004)
    end = captured(worker)
    assert worker.progress({}).reachable == ((0, worker.step),)

    worker.command(GoTo(worker.run, -1))
    assert "first iteration" in worker.progress({}).message
    worker.command(GoTo(worker.run, 57))
    assert worker.progress({}).message == ""  # what was said was of another step
    for _ in range(57):
        twin.command(StepOnce(twin.run))

    assert not captured(worker).diff(captured(twin))
    worker.command(GoTo(worker.run, end.step))
    assert not captured(worker).diff(end)


def test_a_step_that_takes_long_to_reach_is_trained_to_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    worker, twin = opened(tanh_net()), opened(tanh_net())
    worker.command(Start(worker.run))
    while worker.training:
        worker.run_slice(0.004)
    last, losses = worker.step, worker.progress({}).record
    monkeypatch.setattr("engine.kernel.worker.AT_ONCE", -1.0)
    worker.command(GoTo(worker.run, 43))
    assert worker.training or worker.step == 43
    while worker.training:
        worker.run_slice(0.004)
    for _ in range(43):
        twin.command(StepOnce(twin.run))
    assert worker.step == 43 and not captured(worker).diff(captured(twin))
    assert worker.progress({}).record == losses and losses is not None and losses.last == last


def test_after_another_learning_rate_the_past_is_as_it_was_and_the_future_is_not() -> None:
    desk = Desk(hyper={"lr": 0.01})
    for _ in range(4):
        desk.worker.command(StepOnce(desk.worker.run))
    desk.worker.command(StepBack(desk.worker.run, 2))
    desk.edit(SetTraining("hyper", {"lr": 0.02}))
    desk.worker.command(StepOnce(desk.worker.run))
    assert desk.value("w") == pytest.approx(by_hand(1, 0.02, by_hand(2, 0.01)), abs=1e-14)
    assert desk.worker.progress({}).reachable == ((0, 3),)

    desk.worker.command(StepBack(desk.worker.run, 2))

    assert desk.value("w") == pytest.approx(by_hand(1, 0.01), abs=1e-14)


def test_before_a_typed_parameter_the_past_is_as_it_was() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StepOnce(desk.worker.run))
    desk.edit(SetParam(desk.id("w"), "value", 2.0))

    assert desk.value("w") == 2.0 and desk.worker.progress({}).reachable == ((0, 1),)
    desk.worker.command(StepBack(desk.worker.run, 1))
    assert desk.value("w") == 1.0


def test_another_name_keeps_the_past_and_reset_ends_it() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StepOnce(desk.worker.run))
    desk.edit(Rename(desk.id("w"), "weight"))
    assert desk.worker.progress({}).reachable == ((0, 1),)
    desk.worker.command(Reset(desk.worker.run, desk.worker.run + 1))
    assert desk.worker.progress({}).reachable == ((0, 0),)


def test_the_debugger_sees_the_mini_batch_of_the_coming_step() -> None:
    worker = opened(tanh_net(batch_size=8))
    assert worker.trace().iteration == -1
    worker.command(ShowComing(worker.run, True))
    first = worker.trace()
    worker.command(StepOnce(worker.run))
    second = worker.trace()
    worker.command(StepBack(worker.run, 1))
    again = worker.trace()

    assert (first.iteration, second.iteration, again.iteration) == (0, 1, 0)
    assert first.mode == "training" and first.batch == "iteration 1: mini-batch 1 of 10"
    x = ("data", "x")
    assert first.values[x].shape == (8, 2)
    assert not np.array_equal(first.values[x].data, second.values[x].data)  # type: ignore[arg-type]
    assert np.array_equal(first.values[x].data, again.values[x].data)  # type: ignore[arg-type]
    assert worker.array(output("data", "x")) is not None
    np.testing.assert_array_equal(worker.array(output("data", "x")), first.values[x].data)


def test_a_graph_that_learns_nothing_shows_its_demonstration_batch_and_no_complaint() -> None:
    worker = opened(product())
    worker.command(ShowComing(worker.run, True))

    assert worker.trace().iteration == -1
    assert worker.progress({}).message == "" and worker.progress({}).reachable == ()


# Conditions


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("value > 3", Condition("n", "value", ">", 3.0)), ("> 3", Condition("n", "value", ">", 3.0)),
        ("|gradient| < 1e-3", Condition("n", "|gradient|", "<", 1e-3)), ("grad<=-.5", Condition("n", "gradient", "≤", -0.5)),
        ("gradient is nan", Condition("n", "gradient", "is NaN")), ("is not finite", Condition("n", "value", "is not finite")),
        ("loss < 0.1", Condition("", "loss", "<", 0.1)), ("iteration == 100", Condition("", "step", "=", 100.0)),
        ("value[0, 1] > 3", Condition("n", "value", ">", 3.0, (0, 1))), ("|grad[2]| < .5", Condition("n", "|gradient|", "<", 0.5, (2,))),
        ("gradient [ 1,0 ] is NaN", Condition("n", "gradient", "is NaN", entry=(1, 0))),
        ("∇ ≥ −2", Condition("n", "gradient", "≥", -2.0)), ("|Gradient| < 2E-3", Condition("n", "|gradient|", "<", 2e-3)),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_person_types_it(text: str, wanted: Condition) -> None:
    assert read(text, "n") == wanted
    assert read(wanted.text, "n") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "value",
        "3 > value",
        "value > three",
        "weight > 3",
        "value > 3 or 4",
        "value[-1] > 3",
        "value[] > 3",
        "__import__('os')",
    ],
)
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConditionError, match="watched|look like"):
        read(text, "n")


def test_a_quantity_of_a_node_needs_a_node() -> None:
    with pytest.raises(ConditionError, match="Select the node"):
        read("value > 3")


def test_a_tensor_meets_a_bare_condition_with_any_number_and_a_barred_one_with_its_norm() -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    for size in (1, 5, 5000):
        tensor = torch.randn(size, generator=generator, dtype=torch.float64)
        view = array_view(tensor)
        for number in (-3.0, -0.5, 0.0, 0.5, 3.0, 70.0):
            assert read(f"value > {number}", "n").holds(view) == bool((tensor > number).any())
            assert read(f"value <= {number}", "n").holds(view) == bool((tensor <= number).any())
            assert read(f"|value| < {number}", "n").holds(view) == bool(tensor.norm() < number)
        assert not read("is NaN", "n").holds(view)
        tensor[0] = torch.nan
        assert read("is NaN", "n").holds(array_view(tensor)) and read("is not finite", "n").holds(array_view(tensor))
        tensor[0] = torch.inf
        assert not read("is NaN", "n").holds(array_view(tensor)) and read("is infinite", "n").holds(array_view(tensor))


def test_one_entry_of_a_tensor_is_compared_alone_however_large_the_tensor_is() -> None:
    import torch

    from engine.kernel.debugging import _met_by

    for shape, entry in (((2, 3), (1, 2)), ((300, 300), (299, 0)), ((4,), (3,))):
        tensor = torch.zeros(shape, dtype=torch.float64)
        tensor[entry] = -4.0
        place = ", ".join(map(str, entry))
        assert _met_by(read(f"value[{place}] < -3", "n"), tensor) == -4.0 and _met_by(read(f"|value[{place}]| > 3", "n"), tensor) == 4.0
        assert _met_by(read(f"value[{place}] > 0", "n"), tensor) is None and _met_by(read("value[9, 9, 9] < 1", "n"), tensor) is None
        tensor[entry] = torch.nan
        assert _met_by(read(f"value[{place}] is NaN", "n"), tensor) is not None
        assert _met_by(read(f"value[{place}] < 1", "n"), tensor) is None


def run_until_it_stops(worker: DocumentWorker) -> Any:
    worker.command(Start(worker.run))
    while worker.training:
        worker.run_slice(0.004)
    return worker.progress({})


def test_training_stops_at_the_first_iteration_whose_loss_is_below() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("loss < 5"),)))
    progress = run_until_it_stops(desk.worker)

    losses = [(2 * by_hand(step, 0.01) - 6) ** 2 for step in range(100)]
    first = next(step for step, loss in enumerate(losses) if loss < 5)
    assert progress.step == first + 1 and progress.loss == pytest.approx(losses[first])
    assert progress.stopped == read("loss < 5") and progress.phase == "paused"
    assert progress.message == f"Stopped at step {first + 1}: loss < 5." and progress.met == pytest.approx(losses[first])

    assert run_until_it_stops(desk.worker).phase == "finished"  # what holds on does not stop it again


def test_training_stops_before_the_step_in_which_a_gradient_is_small() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("|gradient| < 2", desk.id("w")),)))
    progress = run_until_it_stops(desk.worker)

    gradients = [abs(4 * (2 * by_hand(step, 0.01) - 6)) for step in range(100)]
    assert progress.step == next(step for step, gradient in enumerate(gradients) if gradient < 2)
    assert progress.stopped == read("|gradient| < 2", desk.id("w"))
    assert progress.message == f"Stopped at step {progress.step}: |gradient| < 2 at w."
    assert progress.met == pytest.approx(gradients[progress.step])


def test_training_stops_at_a_step_and_goes_on_from_it() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("step = 7"),)))
    assert run_until_it_stops(desk.worker).step == 7
    assert run_until_it_stops(desk.worker).step == 100


def test_a_single_step_that_meets_a_condition_says_so() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("step = 2"),)))
    said = []
    for _ in range(3):
        desk.worker.command(StepOnce(desk.worker.run))
        said.append(desk.worker.progress({}).message)
    assert said == ["", "Stopped at step 2: step = 2.", ""]


def test_a_condition_on_a_node_that_is_gone_stops_nothing() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("value > 0", "nowhere"),)))
    assert run_until_it_stops(desk.worker).phase == "finished"


def test_watching_changes_no_number() -> None:
    plain, watched = opened(tanh_net()), opened(tanh_net())
    watched.command(StopAt(watched.run, (read("value > 1e9", "tanh"), read("loss < 0"))))
    run_until_it_stops(plain)
    run_until_it_stops(watched)
    assert not captured(plain).diff(captured(watched))


def test_after_a_run_that_broke_the_steps_before_it_can_be_seen_again() -> None:
    desk = Desk(hyper={"lr": 1e6}, formula="(w*x - 6)^2")
    for _ in range(60):
        desk.worker.command(StepOnce(desk.worker.run))
    broken = desk.worker.step
    assert desk.worker.progress({}).phase == "failed" and 0 < broken < 60

    desk.worker.command(GoTo(desk.worker.run, 0))

    assert desk.value("w") == 1.0 and desk.worker.progress({}).phase == "idle"
    desk.edit(SetTraining("hyper", {"lr": 0.01}))
    desk.worker.command(StepOnce(desk.worker.run))
    assert desk.value("w") == pytest.approx(1.16, abs=1e-15)


def test_a_coming_step_that_cannot_be_computed_does_not_keep_training_from_saying_why() -> None:
    desk = Desk(hyper={"lr": 0.01})
    desk.worker.command(StopAt(desk.worker.run, (read("value > 3", desk.id("w")),)))
    desk.worker.command(ShowComing(desk.worker.run, True))
    for command in (Start, Pause, StepOnce, StepBack):
        desk.worker.command(command(desk.worker.run))
    assert desk.worker.trace().iteration == desk.worker.step


@pytest.mark.parametrize("command", [StepBack(1), GoTo(1, 0), StepOnce(1), Start(1)])
def test_a_graph_that_was_broken_meanwhile_is_named_and_nothing_else_happens(command: Command) -> None:
    graph = tanh_net()
    worker = opened(graph)
    for _ in range(3):
        worker.command(StepOnce(worker.run))
    wire = graph.edge_into("loss", "target")
    assert wire is not None
    Disconnect(wire.id).apply(graph)
    worker.open(dumps(graph), None, (), {})

    worker.command(command)
    if worker.training:
        worker.run_slice(0.01)

    progress = worker.progress({})
    assert "nothing is connected to its input" in progress.message
    assert (progress.phase, progress.step, progress.problem_node) == ("paused", 3, "loss")


def test_back_to_where_a_layer_was_opened_the_momentum_is_the_layers_own() -> None:
    document = Document(tanh_net(optimizer="momentum", hyper={"lr": 0.1, "momentum": 0.9}))
    worker, closed = opened(document.graph), opened(document.graph)
    for _ in range(3):
        worker.command(StepOnce(worker.run))
    _, edit = open_in(document, "hidden")
    worker.open(dumps(document.graph), None, moves_of(edit), {})
    worker.progress({})
    for command in (StepOnce, StepBack, StepOnce):
        worker.command(command(worker.run))

    for _ in range(4):
        closed.command(StepOnce(closed.run))
    for (_, name), new in moves_of(edit):
        expected = captured(closed).parameters[f"hidden.{name}"]
        np.testing.assert_allclose(captured(worker).parameters[".".join(new)], expected, rtol=1e-11)
