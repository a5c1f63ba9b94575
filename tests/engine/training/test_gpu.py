"""What a graphics card computes is what the CPU computes. By hand: `python -m pytest -m gpu`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.gpu import Unrecorded
from engine.check.check import check
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.export.export import export
from engine.nodes.catalog import CATALOG
from engine.training.device import choose_device
from engine.training.estimate import Work
from engine.training.model import Model
from engine.training.run import Run
from engine.training.run_views import view_of_last
from graph.model.edits import SetParam, SetTraining
from graph.model.graph import Graph
from graph.storage.files import load
from tests.engine.training.optimizers.cases import ANY_LOSS
from tests.engine.training.test_recording import dropped, line
from tests.support.networks import tanh_net

EXAMPLES = sorted(path.stem for path in (Path(__file__).parents[3] / "resources" / "examples").glob("*.gradwire"))

cuda = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here, or a PyTorch that was built without CUDA"),
]


def on_a_card(test: Any) -> Any:
    for mark in cuda:
        test = mark(test)
    return test


def example(name: str, **training: Any) -> Graph:
    graph = load(Path(__file__).parents[3] / "resources" / "examples" / f"{name}.gradwire", CATALOG)
    for setting, value in training.items():
        SetTraining(setting, value).apply(graph)
    return graph


def numbers(trace: Trace) -> dict[Any, torch.Tensor]:
    """Every value and gradient of a trace."""
    tensors: dict[Any, Any] = {("value", key): value for key, value in trace.values.items()}
    for kind in ("gradients", "edge_gradients", "parameters", "parameter_gradients"):
        tensors |= {(kind, key): value for key, value in getattr(trace, kind).items() if not isinstance(value, Absent)}
    return tensors


@on_a_card
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_trace_on_the_card_is_the_trace_on_the_cpu(name: str) -> None:
    ours, theirs = (numbers(Model(example(name), device=device, dtype=torch.float64).trace()) for device in ("cpu", "cuda"))
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert value.device.type == "cuda", key
        torch.testing.assert_close(value.cpu(), ours[key], rtol=1e-10, atol=1e-10)


@on_a_card
@pytest.mark.parametrize("key", ANY_LOSS)
def test_every_optimizer_trains_on_the_card_as_on_the_cpu(key: str) -> None:
    ends = []
    for device in ("cpu", "cuda"):
        trainer = Run(Model(tanh_net(optimizer=key, hyper={"lr": 0.01}, epochs=3), device=device))
        trainer.train()
        ends.append(trainer.result(full=True))
    assert [end["device"] for end in ends] == ["cpu", "cuda"]
    assert ends[1]["loss"] == pytest.approx(ends[0]["loss"], rel=1e-6)
    for name, values in ends[0]["params"].items():
        torch.testing.assert_close(torch.tensor(ends[1]["params"][name]), torch.tensor(values), rtol=1e-6, atol=1e-8)


@on_a_card
@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "sgd", "hyper": {"lr": 0.1}}, {"optimizer": "momentum", "hyper": {"lr": 0.1}, "lr_schedule": "cosine"},
        {"optimizer": "adam", "hyper": {"lr": 0.01}}, {"optimizer": "rmsprop", "hyper": {"lr": 0.01}, "clip_norm": 0.5},
    ],
)  # fmt: skip
def test_replayed_steps_have_the_bits_of_the_same_steps_made_one_after_another(training: dict[str, Any]) -> None:
    replayed, made = (Run(Model(tanh_net(**training), device="cuda")).prepare() for _kind in range(2))
    made.steps.record_with(Unrecorded())
    for trainer in (replayed, made):
        trainer.train()
    assert replayed.steps.recorded, replayed.steps.not_recorded
    assert replayed.capture().diff(made.capture()) == {}


@on_a_card
def test_a_run_on_the_card_stops_at_the_very_step_whose_loss_is_not_finite() -> None:
    ends = []
    for device in ("cpu", "cuda"):
        trainer = Run(Model(line(3.0, epochs=400), device=device))
        trainer.train()
        assert trainer.problem is not None
        ends.append((trainer.problem.text, trainer.state.step))
    assert ends[0] == ends[1]


@on_a_card
def test_replayed_dropout_draws_the_numbers_of_the_same_steps_made_one_after_another() -> None:
    replayed, made = (Run(Model(dropped(epochs=20), device="cuda")).prepare() for _kind in range(2))
    made.steps.record_with(None)
    for trainer in (replayed, made):
        trainer.train()
    assert replayed.steps.recorded, replayed.steps.not_recorded
    assert max(replayed.capture().diff(made.capture()).values(), default=0.0) < 1e-9  # other masks would be far apart


@on_a_card
def test_what_cannot_be_recorded_says_so_and_trains_all_the_same() -> None:
    trainer = Run(Model(example("digits-cnn", epochs=1), device="cuda"))
    trainer.train(max_steps=20)
    assert trainer.state.step == 20
    assert trainer.steps.recorded == (not trainer.steps.not_recorded)


@on_a_card
def test_a_batch_that_does_not_fit_the_card_names_one_that_does() -> None:
    """75 rows of 2²² numbers in float64 are 2.5 GB, and the card is given 2 GB."""
    graph = tanh_net(batch_size=None)
    SetParam("hidden", "out_features", 2**22).apply(graph)
    trainer = Run(Model(graph, device="cuda")).prepare()
    there = trainer.capture()
    torch.cuda.set_per_process_memory_fraction(2 * 2**30 / torch.cuda.get_device_properties(0).total_memory)
    try:
        trainer.train(max_steps=1)
        problem = trainer.problem
        assert problem is not None and problem.code == "batch-too-large", problem
        assert trainer.capture().diff(there) == {}
        edit = problem.repairs[0].edits[0]
        trainer.configure({**trainer.training, edit["name"]: edit["value"]})
        assert trainer.train(max_steps=1) == 1
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


@on_a_card
def test_digits_are_learned_on_the_card() -> None:
    trainer = Run(Model(example("digits-cnn", epochs=4), device="cuda"))
    trainer.train()
    assert trainer.result()["device"] == "cuda"
    assert trainer.result()["metrics"]["test_accuracy"] > 0.9


@on_a_card
def test_what_was_trained_on_the_card_can_be_shown_exported_and_kept(tmp_path: Path) -> None:
    session = Model(tanh_net(epochs=2), device="cuda")
    trainer = Run(session)
    trainer.train()
    for view in (session.trace_view(), view_of_last(trainer)):
        assert view.device == "cuda" and all(array.data is not None for array in view.values.values())
    assert "torch.tensor(" in export(session)


@on_a_card
def test_a_check_runs_on_the_cpu_whatever_the_document_asks_for() -> None:
    assert check(example("tanh-mlp-2-4-2", device="cuda")).ok


@on_a_card
def test_auto_takes_the_card_for_large_networks_only() -> None:
    large = choose_device("auto", torch.float32, Work(50, 10**10, 10**8))
    assert large.device == "cuda", large.note
    assert choose_device("auto", torch.float32, Work(20, 1000, 1000)).device == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_card_the_cpu_takes_over_and_says_why() -> None:
    session = Model(tanh_net(epochs=1), device="cuda")
    assert session.device == "cpu"
    assert "CUDA" in session.compiled.device_note and session.compiled.fell_back
    trainer = Run(session)
    trainer.train()
    assert trainer.result()["device"] == "cpu"
