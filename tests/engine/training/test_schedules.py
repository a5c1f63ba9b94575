"""Learning rates are those of `torch.optim.lr_scheduler`, are a function of step and epoch, and survive going back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from engine.explain.context import ExplainContext
from engine.explain.update import UpdateOf
from engine.explain.update.answer import update
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.rates import Rates, rates_of
from engine.training.run import Run
from engine.training.saved import pack_state, unpack_state
from engine.training.schedules.base import ScheduleError
from engine.training.schedules.registry import SCHEDULES
from engine.training.spelling import read_schedule, spelled
from graph.model.edits import SetParam
from tests.engine.training.test_checkpoints import lively_net
from tests.support.networks import tanh_net

Scheduler = Callable[[torch.optim.Optimizer], Any]
PER_EPOCH, STEPS = 5, 60


def torchs(make: Scheduler, base: float, count: int) -> list[float]:
    """The rates of `count` steps of a scheduler of PyTorch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR calls its own schedulers in a way that it warns about
        scheduler = make(optimizer)
        for _ in range(count):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return rates


def ours(spelling: str, base: float, count: int = STEPS) -> list[float]:
    rates = rates_of(read_schedule(spelling), base, PER_EPOCH, STEPS)
    return [rates.at(step, step // PER_EPOCH) for step in range(count)]


def every_epoch(rates: list[float]) -> list[float]:
    return [rate for rate in rates for _ in range(PER_EPOCH)]


@pytest.mark.parametrize("base", [0.5, 1e-3])
@pytest.mark.parametrize(
    ("spelling", "make"),
    [
        ("constant", lambda o: lr_scheduler.LambdaLR(o, lambda t: 1.0)),
        ("step:4:0.5:steps", lambda o: lr_scheduler.StepLR(o, 4, 0.5)),
        ("exponential:0.9:steps", lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
        ("inverse_time:0.1", lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t))),
        ("inverse_sqrt", lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (t + 1) ** 0.5)),
        ("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
        ("cosine:60:1e-4", lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 1e-4)),
        ("one_cycle", lambda o: lr_scheduler.OneCycleLR(o, o.param_groups[0]["lr"], STEPS, cycle_momentum=False)),
        ("one_cycle:rising=0.4:start=10:end=100",
         lambda o: lr_scheduler.OneCycleLR(o, o.param_groups[0]["lr"], STEPS, pct_start=0.4, div_factor=10, final_div_factor=100,
                                           cycle_momentum=False)),
        ("warmup:12+cosine", lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 1 / 12, total_iters=11), lr_scheduler.CosineAnnealingLR(o, STEPS - 12)], [12])),
    ],
)  # fmt: skip
def test_the_rates_are_torchs(spelling: str, make: Scheduler, base: float) -> None:
    assert ours(spelling, base) == pytest.approx(torchs(make, base, STEPS), rel=1e-12, abs=1e-18)


def test_a_schedule_may_count_epochs() -> None:
    count = STEPS // PER_EPOCH
    assert ours("step:3:0.5", 0.2) == pytest.approx(every_epoch(torchs(lambda o: lr_scheduler.StepLR(o, 3, 0.5), 0.2, count)))
    assert ours("exponential:0.8", 0.2) == pytest.approx(every_epoch(torchs(lambda o: lr_scheduler.ExponentialLR(o, 0.8), 0.2, count)))
    cosine = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, count), 0.2, count)
    assert ours("cosine:epochs", 0.2) == pytest.approx(every_epoch(cosine))
    assert ours("cosine", 0.2, STEPS + 30)[STEPS:] == [0.0] * 30, "after its end the rate stays"


def run_of(**training: Any) -> Run:
    return Run(Model(tanh_net(**training))).prepare()


def rates_while_training(run: Run) -> list[float]:
    rates = []
    while not run.finished:
        rates.append(run.rate or 0.0)
        run.train(max_steps=1)
    return rates


def test_a_run_makes_its_steps_with_those_rates() -> None:
    """Plain descent on the whole set: a step is −η_t times the gradient, and one slice is as good as single steps."""
    settings = {"lr_schedule": "cosine", "warmup": 4, "batch_size": None, "epochs": 12, "hyper": {"lr": 0.5}}
    run, expected = run_of(**settings), rates_of(settings, 0.5, 1, 12)
    for step in range(12):
        before, trace = {n: t.clone() for n, t in run.state.parameters.items()}, run.coming_trace()
        run.train(max_steps=1)
        for (node, name), gradient in trace.parameter_gradients.items():
            assert isinstance(gradient, torch.Tensor)
            moved = run.state.parameters[f"{node}.{name}"] - before[f"{node}.{name}"]
            torch.testing.assert_close(moved, -expected.at(step, step) * gradient, rtol=1e-9, atol=1e-15)
    together = run_of(**settings)
    together.train()
    assert together.state.diff(run.state) == {}


@pytest.mark.parametrize("validation", [0.0, 0.3])
def test_reducing_on_a_plateau_is_torchs(validation: float) -> None:
    graph = tanh_net(lr_schedule="plateau", lr_schedule_hyper={"factor": 0.5, "patience": 1, "lowest": 0.3}, hyper={"lr": 4.0}, epochs=30)
    SetParam("data", "validation_fraction", validation).apply(graph)
    run = Run(Model(graph)).prepare()
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=4.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, min_lr=0.3)
    while not run.finished:
        assert run.rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        run.train(max_steps=run._batches.count)
        scheduler.step(run.model.evaluate("validation" if validation else "train")["loss"])
    assert run.rate is not None and run.rate < 4.0


PLATEAU = {"lr_schedule": "plateau", "lr_schedule_hyper": {"factor": 0.7, "patience": 0}, "warmup": 3}
ONE_CYCLE = {"lr_schedule": "one_cycle", "warmup": 3}


@pytest.mark.parametrize("schedule", [PLATEAU, ONE_CYCLE], ids=["plateau", "one cycle"])
@pytest.mark.parametrize("key", ["adam", "lbfgs"])
def test_going_back_and_on_from_a_saved_state_gives_the_same_bits(key: str, schedule: dict[str, Any]) -> None:
    graph = lively_net(key, {}, **schedule)
    whole = Run(Model(graph)).prepare()
    whole.keep()
    whole.train(max_steps=17)
    middle = whole.capture()
    whole.keep(single=True)
    whole.train(max_steps=9)
    later = whole.capture()
    assert whole.go_to(13) and whole.go_to(17) and whole.capture().diff(middle) == {}
    whole.train(max_steps=9)
    assert whole.capture().diff(later) == {}
    fresh = Run(Model(graph)).prepare()
    fresh.restore(unpack_state(pack_state(middle, key)))
    fresh.train(max_steps=9)
    assert fresh.capture().diff(later) == {}


def test_another_schedule_or_length_holds_from_the_next_step_on_and_what_was_before_stays_exact() -> None:
    run = run_of(optimizer="adam", hyper={}, **PLATEAU)
    run.keep()
    run.train(max_steps=22)
    before = run.capture()
    run.keep()
    run.configure({**run.training, **ONE_CYCLE, "lr_schedule_hyper": {}})
    run.keep()
    run.train(max_steps=9)
    run.configure({**run.training, "epochs": 60})
    run.keep()
    run.train(max_steps=9)
    after = run.capture()
    run.keep(single=True)
    assert len(run.history.checkpoints.branches) == 3, "the length of the run is the schedule's"
    assert run.go_to(9) and run.go_to(22)
    assert not [name for name in run.capture().diff(before) if not name.startswith("optimizer/schedule")]
    assert run.go_to(40) and run.capture().diff(after) == {}


def test_the_update_card_has_the_rate_of_its_step() -> None:
    run = run_of(lr_schedule="inverse_sqrt", optimizer="momentum", hyper={"lr": 0.5})
    run.train(max_steps=3)
    told = update(ExplainContext(run.model, run), UpdateOf())
    assert dict(told.hyper)["Learning rate η"] == pytest.approx(0.25)
    before = run.capture().parameters
    run.train(max_steps=1)
    for row in told.parameters:
        moved = run.state.parameters[f"{row.node}.{row.name}"] - before[f"{row.node}.{row.name}"]
        assert row.numbers[2] == pytest.approx(float(moved[row.entry]), abs=1e-15)


def test_a_schedule_without_an_end_is_refused_with_what_to_do() -> None:
    with pytest.raises(RunError, match="Cosine needs a length: set the schedule's, or the run's epochs or steps"):
        run_of(lr_schedule="cosine", epochs=None)
    assert run_of(lr_schedule="cosine", lr_schedule_hyper={"length": 9}, epochs=None).rate == 0.5


@pytest.mark.parametrize("key", list(SCHEDULES))
def test_a_spelling_is_read_as_it_was_written(key: str) -> None:
    values = {s.name: s.maximum if s.maximum is not None else 7 for s in SCHEDULES[key].settings if s.kind in ("int", "float")}
    values = {name: int(v) if isinstance(v, int) else float(v) for name, v in values.items()}
    training = {"lr_schedule": key, "lr_schedule_hyper": values, "warmup": 12}
    assert read_schedule(spelled(training)) == training
    assert isinstance(rates_of(training, 0.1, 5, 60), Rates)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("cosin", "there is no schedule called 'cosin'. Did you mean cosine"), ("step:0", '"every" must be at least 1'),
     ("step:3:0.1:7", "step has the settings every, factor, unit"), ("cosine:rate=3", "is no schedule"), ("warmup", "write warmup:N"),
     ("step:3+cosine", "one warm-up and one schedule"), ("warmup:5+warmup:5", "one warm-up and one schedule")],
)  # fmt: skip
def test_a_spelling_that_cannot_be_read_says_why(text: str, problem: str) -> None:
    with pytest.raises(ScheduleError, match=problem):
        read_schedule(text)
