"""Stop conditions end a run at the step they name, change no number, and never judge by the test part."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.training.model import Model
from engine.training.run import Run
from engine.training.stops import StopError, read_stop
from graph.model.edits import SetParam
from tests.support.networks import tanh_net


def trained(run: Run, steps: int | None = None) -> Run:
    run.train(max_steps=steps)
    return run


def run_of(**training: Any) -> Run:
    return Run(Model(tanh_net(**training))).prepare()


def losses(run: Run) -> list[float]:
    return [float(x) for x in run.curve.losses.low]


def with_validation(**training: Any) -> Run:
    graph = tanh_net(**training)
    SetParam("data", "validation_fraction", 0.3).apply(graph)
    return Run(Model(graph)).prepare()


def test_a_target_of_the_training_loss_ends_the_run_where_the_loss_is_that() -> None:
    free = losses(trained(run_of(batch_size=None, epochs=400)))
    reached = next(i for i, loss in enumerate(free) if loss <= 0.31)  # the loss of step i + 1 is the one after step i
    run = trained(run_of(batch_size=None, epochs=400, stop_loss=0.31))
    assert run.state.step == reached and run.stopped is not None and run.finished
    assert run.stop_text == f"Stopped at step {reached}: the training loss is at most 0.31."
    assert losses(run) == free[:reached]
    assert run.metrics()["train_loss"] <= 0.31


def test_training_goes_on_past_a_condition_when_asked_to_and_the_same_steps_follow() -> None:
    free = trained(run_of(batch_size=None, epochs=400))
    run = trained(run_of(batch_size=None, epochs=400, stop_loss=0.31))
    run.lengthen()
    run.train()
    assert run.stopped is None and run.state.step == 400 and run.state.diff(free.state) == {}
    run.configure({**run.training, "stop_loss": 0.5, "epochs": 800})
    run.train()
    assert run.stopped is not None and run.state.step == 400, "another value is another condition"


def test_the_norm_of_the_gradient_is_torchs_at_the_state_that_is_kept() -> None:
    run = trained(run_of(batch_size=None, epochs=2000, stop_gradient=0.05))
    assert run.stopped is not None and run.stopped.setting == "stop_gradient"

    def norm(of: Run) -> float:
        trace = of.coming_trace()
        return float(torch.cat([g.reshape(-1) for g in trace.parameter_gradients.values() if isinstance(g, torch.Tensor)]).norm())

    assert norm(run) <= 0.05 < norm(trained(run_of(batch_size=None, epochs=2000), run.state.step - 1))


def test_patience_judges_by_the_validation_part_and_returns_to_the_best_epoch() -> None:
    settings = {"epochs": 300, "hyper": {"lr": 4.0}, "batch_size": 8}
    free = trained(with_validation(**settings))
    seen = [(p.step, p.validation_loss) for p in free.curve.points if p.validation_loss is not None]
    best, count = seen[0], 0
    for last, loss in seen:  # by hand: five epochs in a row without a lower loss
        best, count = ((last, loss), 0) if loss is not None and loss < (best[1] or 0) else (best, count + 1 if last > best[0] else 0)
        if count == 5:
            break
    run = trained(with_validation(**settings, stop_patience=5))
    assert run.stopped is not None and (run.stopped.step, run.stopped.best, run.state.step) == (last, best[0], best[0])
    assert "validation loss was not lower for 5 epochs" in run.stop_text and f"step {best[0]}, which is restored" in run.stop_text
    assert run.state.diff(trained(with_validation(**settings), best[0]).state) == {}
    assert run.curve.last == last, "what came after the best is still in the curve"
    run.lengthen()
    run.train(max_steps=last - best[0])
    assert run.state.diff(trained(with_validation(**settings), last).state) == {}
    kept = trained(with_validation(**settings, stop_patience=5, restore_best=False))
    assert kept.state.step == last and "restored" not in kept.stop_text


def test_going_back_and_on_stops_at_the_same_step() -> None:
    """Patience compares with the best epoch on the way to the present step, also where that lies before the step gone back to."""
    run = with_validation(epochs=300, hyper={"lr": 4.0}, batch_size=8, stop_patience=5)
    while run.stopped is None:
        run.keep(single=True)
        run.train(max_steps=20)
    stop, state = run.stopped, run.capture()
    assert run.go_to((stop.best or 0) + 11) and run.stopped is None
    run.keep()
    run.train()
    assert run.stopped == stop and run.capture().diff(state) == {}


def test_a_reset_run_is_judged_by_its_own_losses() -> None:
    run = with_validation(epochs=300, hyper={"lr": 4.0}, batch_size=8, stop_patience=5)
    run.keep()
    run.train()
    stop = run.stopped
    run.model.reset()
    run.start_over(7)
    run.keep()
    run.train()
    assert run.id == 7 and run.stopped == stop


def test_the_test_part_never_stops_a_run() -> None:
    """Without a validation part the training part judges, although the curves show the test part."""
    run = trained(run_of(epochs=300, stop_accuracy=0.9))
    assert run.stopped is not None and "training accuracy" in run.stop_text
    assert run.metrics()["train_accuracy"] >= 0.9
    before = trained(run_of(epochs=300), run.state.step - run._batches.count)
    assert before.metrics()["train_accuracy"] < 0.9


def test_divergence_stops_before_a_step_is_made_from_a_loss_too_large() -> None:
    free = losses(trained(run_of(hyper={"lr": 60.0})))
    reached = next(i for i, loss in enumerate(free) if loss >= 3 * free[0])
    run = trained(run_of(hyper={"lr": 60.0}, stop_divergence=3.0))
    assert run.state.step == reached and "3 times the first step's loss" in run.stop_text


def test_a_time_limit_ends_training_between_two_steps() -> None:
    run = run_of(epochs=10**6, stop_seconds=0.01)
    run.train()
    assert run.stopped is not None and run.stopped.setting == "stop_seconds" and run.seconds >= 0.01
    run.lengthen()
    run.train(max_steps=3)
    assert run.stopped is None


@pytest.mark.parametrize("key", ["lbfgs", "adam"])
def test_conditions_hold_for_every_kind_of_optimizer(key: str) -> None:
    run = trained(run_of(optimizer=key, hyper={}, batch_size=None, epochs=3000, stop_loss=0.2))
    assert run.stopped is not None and run.metrics()["train_loss"] <= 0.2


def test_an_unreadable_condition_says_what_would_be_one() -> None:
    setting, value = read_stop(" Gradient <= 1e-6 ")
    assert (setting.name, value) == ("stop_gradient", 1e-6)
    with pytest.raises(StopError, match="no stop condition; examples: loss<0.01"):
        read_stop("loss>0.1")
