"""The faults that a published audit of another tool found, looked for in this one. That no evaluation survives an edit of weights is in
tests/ui/test_no_stale_numbers.py and tests/engine/kernel/test_measured.py."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cli.commands import run_command
from engine.data import load
from engine.explain.context import ExplainContext
from engine.kernel.protocol import Progress, Start
from engine.learned.comparison import CompareMoments, Moment
from engine.learned.comparison.answer import compare
from engine.learned.plane.answer import read_grid
from engine.learned.predicting import predictions
from engine.learned.predictions import Predictions, PredictionsJob
from engine.learned.reading import reading
from engine.learned.readouts.classification import roc
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from engine.training.saved import pack_state, unpack_state
from graph.model.edits import AddNode, Compound, Move, SetGraphSetting, SetTraining
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.run_record import RunRecord
from graph.storage.document import Document
from graph.storage.files import save
from graph.storage.saved_run import SavedRun
from tests.engine.kernel.test_runs_outlive_the_kernel import Bench
from tests.engine.training.optimizers.cases import ANY_LOSS
from tests.engine.training.test_run_tree import Bench as Trained
from tests.support.jobs import Count, FreeCount
from tests.support.networks import network, tanh_net
from ui.training.curve_styles import part_of, step_loss
from ui.training.training import progress_text

# What belongs to a document that was left never touches the next one


def opened(bench: Bench) -> Document:
    """The bench's document as a file with its runs holds it."""
    return Document(bench.document.graph.copy(), runs=bench.client.all_runs(), state=bench.client.known_state)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("with_runs", [False, True])
def test_a_run_or_a_job_that_ends_after_new_or_open_never_touches_the_new_document(
    held: bool, with_runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(monkeypatch)
    bench.train(7)
    other = opened(bench) if with_runs else Document(tanh_net())
    wanted = {saved.record.id: saved for saved in other.runs}
    bench.train(3)
    heard: list[Any] = []
    jobs = [Count("about", 10**9), FreeCount("free", 10**9)]
    ends: list[str] = []
    about, free = (bench.client.job(job, lambda report, parts: None, lambda end: ends.append(end.how)) for job in jobs)
    bench.client.command(Start(bench.client.run, 500))
    while not bench.client.training:
        bench.client.pump()

    bench.client.hold(held)
    bench.client.request_state()
    bench.client.request_kept(heard.append)
    bench.now += 0.1
    bench.client.pump()
    assert bench.client.busy and bench.client.training  # an answer about the last document is under way
    heard.clear()
    bench.client.on_progress = lambda progress: heard.append(progress.step)
    bench.client.on_state = lambda state: heard.append(state.step)
    bench.client.attach(other)
    assert ends == ["outdated"] and about  # the one about the document; the other one's answer is nothing of a document's
    for _ in range(10):
        bench.now += 0.1
        bench.client.pump()
    bench.client.hold(False)
    bench.client.cancel_job(free)
    bench.settle()
    bench.client.request_state()
    bench.settle()

    progress = bench.client.progress
    assert heard and {*heard} == {7 if with_runs else 0}  # nothing of the last document, whatever was under way
    assert (progress.step, progress.phase) == ((7, "paused") if with_runs else (0, "idle"))
    assert {run: saved.record for run, saved in bench.client.runs.saved.items()} == {run: saved.record for run, saved in wanted.items()}
    assert not other.modified and other.revision == 0
    assert bench.client.run in wanted if with_runs else not bench.client.all_runs()


@pytest.mark.parametrize("saved", [True, False])
def test_new_runs_of_an_opened_file_have_ids_that_none_of_its_runs_has_or_had(saved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`saved`: with the runs themselves; else only what the document says of them (a name, or that it was deleted)."""
    bench = Bench(monkeypatch)
    bench.train(5)
    first: SavedRun = bench.client.all_runs()[0]
    fresh = Bench(monkeypatch)  # another process
    file = Document(bench.document.graph.copy(), runs=(first,) if saved else (), state=bench.client.known_state if saved else None)
    high = max(first.record.id, 40)
    file.do(SetGraphSetting("runs", {"40": {"name": "gone", "deleted": True}}))
    fresh.document = file
    fresh.client.attach(file)
    fresh.settle()
    assert fresh.client.run == first.record.id if saved else fresh.client.run > high
    fresh.train(4)
    fresh.go_to(6 if saved else 2)
    fresh.rate(0.1)
    fresh.train(1)  # a branch
    fresh.rate(0.2)
    fresh.go_to(6 if saved else 2)
    fresh.train(1)  # and another
    branches = [run for run, each in fresh.client.runs.saved.items() if each.record.parent is not None]
    assert len(branches) == 2 and min(branches) > high and fresh.client.new_run() > max(branches)


# An older learning rate never comes back


def test_undoing_an_action_of_the_canvas_leaves_the_learning_rate_and_undoing_the_rate_restores_exactly_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch)
    document, rates = bench.document, []

    def rate() -> float:
        bench.settle()
        bench.train(1)
        rates.append(bench.client.progress.rate)
        assert rates[-1] == document.graph.training["hyper"]["lr"]
        return float(document.graph.training["hyper"]["lr"])

    assert rate() == 0.5
    node = document.graph.nodes["tanh"]
    document.do(SetTraining("hyper", {"lr": 0.25}))
    document.do(Move((("tanh", node.x + 40.0, node.y),)))
    document.do(AddNode(Node("more", "source.input", "more")))
    assert rate() == 0.25
    document.undo()
    document.undo()
    assert rate() == 0.25 and document.graph.nodes["tanh"].x == node.x
    document.do(Move((("tanh", node.x + 80.0, node.y),)))
    document.do(Compound((SetTraining("hyper", {"lr": 0.125}),)))
    assert rate() == 0.125
    document.undo()
    assert rate() == 0.25 and document.graph.nodes["tanh"].x == node.x + 80.0
    document.redo()
    assert rate() == 0.125


# What is called a loss includes no penalty


@pytest.fixture(scope="module")
def penalised_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cross-entropy + 0.1 · Σw² of a linear layer; all samples make one step."""
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "moons", "samples": 60, "test_fraction": 0.3}), "out": ("layer.linear", {"out_features": 2}),
        "ce": ("loss.cross_entropy", {}), "decay": ("penalty.l2", {"lam": 0.1, "layers": "all"}), "total": ("math.add", {}),
    }  # fmt: skip
    wires = "data.x -> out.x; out -> ce.scores; data.target -> ce.target; ce -> total.a; decay -> total.b"
    graph = network(nodes, wires, optimizer="sgd", hyper={"lr": 0.5}, epochs=3, batch_size=None)
    path = tmp_path_factory.mktemp("penalty") / "p.gradwire"
    save(graph, path)
    return path


def cross_entropy(params: dict[str, Any], part: str = "train") -> float:
    """By NumPy: the mean of −log softmax."""
    data = getattr(load({"dataset": "moons", "samples": 60, "test_fraction": 0.3}), part)
    scores = data.x @ np.array(params["out.W"]).T + np.array(params["out.b"])
    return float(np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(len(data.y)), data.y]))


def decay(params: dict[str, Any]) -> float:
    return 0.1 * float((np.array(params["out.W"]) ** 2).sum())


def test_what_train_and_runs_call_a_loss_includes_no_penalty(penalised_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, kept = penalised_file.with_name("log.csv"), penalised_file.with_name("kept.gradwire")

    def said(*arguments: str) -> str:
        capsys.readouterr()
        assert run_command([*arguments]) == 0
        return capsys.readouterr().out

    source = str(penalised_file)
    after = [json.loads(said("train", source, "--epochs", str(n), "--json", "--full")) for n in (0, 1, 2)]
    result = json.loads(said("train", source, "--json", "--full", "--log", str(log), "--out", str(kept)))
    params = result["params"]
    assert result["loss"] == pytest.approx(cross_entropy(params), rel=1e-9)
    assert result["loss"] == result["metrics"]["train_loss"] and result["metrics"]["penalty"] == pytest.approx(decay(params), rel=1e-9)
    assert result["objective"] == pytest.approx(cross_entropy(params) + decay(params), rel=1e-9)
    assert result["metrics"]["test_loss"] == pytest.approx(cross_entropy(params, "test"), rel=1e-9)

    steps = [cross_entropy(each["params"]) + decay(each["params"]) for each in after]  # of each step, before it
    rows = list(csv.DictReader(log.read_text().splitlines()))
    assert "loss" not in rows[0] and [float(row["objective"]) for row in rows] == pytest.approx(steps, rel=1e-9)
    whole = json.loads(said("runs", str(kept), "--json"))["runs"][0]
    assert "loss" not in whole and "loss" not in whole["curve"] and whole["objective"] == pytest.approx(steps[-1], rel=1e-9)
    assert whole["curve"]["objective"][-1] == pytest.approx(steps[-1], rel=1e-9) and whole["metrics"]["test_loss"]
    (row,) = csv.DictReader(said("runs", str(kept), "--csv").splitlines())
    assert "loss" not in row and float(row["objective"]) == pytest.approx(steps[-1], rel=1e-9)
    assert "objective of the last step" in (report := said("runs", str(kept), "--markdown")) and "| Loss |" not in report
    assert "Objective" in (table := said("runs", str(kept))) and "  Loss  " not in table
    lines = dict(line.split() for line in said("train", source).splitlines() if line.startswith(("loss ", "objective ")))
    assert float(lines["loss"]) == pytest.approx(result["loss"], rel=1e-5)
    assert float(lines["objective"]) == pytest.approx(result["objective"], rel=1e-5)

    swept = json.loads(said("sweep", source, "--set", "lr=0.5,0.6", "--json"))["runs"][0]
    assert swept["loss"] == pytest.approx(cross_entropy(params), rel=1e-9)
    assert swept["objective"] == pytest.approx(result["objective"], rel=1e-9)
    head = said("sweep", source, "--set", "lr=0.5,0.6").splitlines()[0].split()
    assert "objective" in head and "loss" not in head and "train_loss" in head


def test_the_status_line_and_the_curve_say_that_a_number_includes_a_penalty() -> None:
    with_penalty, without = RunRecord(1, penalised=True), RunRecord(1)
    for loss_of, said in (("mini-batch", "mini-batch objective 0.5"), ("whole", "training objective 0.5"), ("", "objective 0.5")):
        progress = Progress("training", 1, 3, loss=0.5, loss_of=loss_of, record=with_penalty)
        assert said in progress_text(progress)
        assert said.replace("objective", "loss") in progress_text(replace(progress, record=without))
        assert part_of("loss", step_loss(loss_of, True)).endswith("+ penalty")
        assert "penalty" not in part_of("loss", step_loss(loss_of, False)) + part_of("test_loss", step_loss(loss_of, True))
    at_rest = Progress("paused", 1, 3, loss=0.5, loss_of="whole", record=with_penalty, metrics={"train_loss": 0.25, "penalty": 0.125})
    assert "training loss 0.25 + penalty 0.125" in progress_text(at_rest) and "objective" not in progress_text(at_rest)


# A parameter that nothing uses breaks nothing


def with_unused(unused: bool = True, **training: Any) -> Graph:
    """Moons through one layer; beside it a parameter that only a probe sees, and one that nothing does."""
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> out.x; out -> loss.scores; data.target -> loss.target"
    if unused:
        nodes |= {"alone": ("parameter.parameter", {"value": [3.0, -4.0]}), "look": ("probe.value", {})}
        nodes |= {"seen": ("parameter.parameter", {"value": [0.5, 0.25]})}
        wires += "; seen -> look.x"
    return network(nodes, wires, **{"optimizer": "sgd", "hyper": {"lr": 0.1}, "epochs": 20, "batch_size": 16, **training})


@pytest.mark.parametrize("optimizer", ANY_LOSS)
def test_an_unused_parameter_trains_under_every_optimizer_and_goes_on_from_a_file(optimizer: str, tmp_path: Path) -> None:
    """The same numbers as without it, bit for bit, and its own are never touched."""
    hyper = {"lr": 0.1} if optimizer == "sgd" else {}
    graph = with_unused(optimizer=optimizer, hyper=hyper)
    bare = with_unused(False, optimizer=optimizer, hyper=hyper)
    runs = [Run(Model(each)).prepare() for each in (graph, bare)]
    for run in runs:
        run.train(max_steps=3)
    saved = pack_state(runs[0].capture(), optimizer, seed=0)
    for run in runs:
        run.train(max_steps=3)
        assert run.problem is None and run.state.step == 6
    values, wanted = runs[0].model.values(), runs[1].model.values()
    assert not torch.equal(wanted["out", "W"], Model(bare).values()["out", "W"])
    assert all(torch.equal(values[key], wanted[key]) for key in wanted)
    unused = {key[0]: value.tolist() for key, value in values.items() if key[0] in ("alone", "seen")}
    assert unused == {"alone": [3.0, -4.0], "seen": [0.5, 0.25]}
    again = Run(Model(graph)).prepare()
    again.restore(unpack_state(saved))
    again.train(max_steps=3)
    assert all(torch.equal(value, values[key]) for key, value in again.model.values().items())


def test_an_unused_parameter_is_exported_swept_and_resumed_by_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, kept, program = (tmp_path / name for name in ("u.gradwire", "kept.gradwire", "program.py"))
    save(with_unused(), file)
    assert run_command(["train", str(file), "--steps", "3", "--json", "--full", "--out", str(kept)]) == 0
    assert run_command(["train", str(kept), "--resume", "--steps", "6", "--json", "--full", "--out", str(kept)]) == 0
    resumed = json.loads("[" + capsys.readouterr().out.replace("}\n{", "},{") + "]")[-1]
    assert run_command(["train", str(file), "--steps", "6", "--json", "--full"]) == 0
    straight = json.loads(capsys.readouterr().out)
    assert resumed["params"] == straight["params"] and straight["params"]["alone"] == [3.0, -4.0]
    assert run_command(["sweep", str(file), "--set", "lr=0.1,0.2", "--steps", "6", "--json"]) == 0
    swept = json.loads(capsys.readouterr().out)
    assert swept["together"] == 2 and swept["runs"][0]["loss"] == pytest.approx(straight["loss"], rel=1e-10)
    assert run_command(["export", str(kept), "--out", str(program)]) == 0
    space: dict[str, Any] = {"__name__": "exported"}
    before = torch.get_default_dtype()
    try:
        exec(compile(program.read_text(), str(program), "exec"), space)  # noqa: S102 - the program is ours
        model = space["Model"]()
        model.load_state_dict(space["values"](), strict=False)
        assert space["measure"](model)["loss"] == pytest.approx(straight["loss"], rel=1e-12)
    finally:
        torch.set_default_dtype(before)


def test_an_unused_parameter_is_the_same_at_two_steps_that_are_compared() -> None:
    trained = Trained(with_unused())
    trained.train(5)
    answer = compare(ExplainContext(trained.run.model, trained.run), CompareMoments(Moment(1, 2), Moment(1, 5)))
    same = {f"{d.place.id}.{d.place.port}": d.same for d in answer.parameters if not d.place.gradient}
    assert same == {"out.W": False, "out.b": False, "alone.value": True, "seen.value": True}
    numbers = [n for d in (*answer.parameters, *answer.wires) for n in (d.largest, d.relative) if isinstance(n, float)]
    assert numbers and not np.isnan(numbers).any()


# Two scores for two classes are no probability


@pytest.mark.parametrize(
    ("loss", "coding", "port"),
    [("cross_entropy", "index", "scores"), ("bce_logits", "one_hot", "scores"), ("squared_error", "one_hot", "prediction")],
)
def test_two_scores_are_read_as_classes_and_only_a_softmax_makes_probabilities_of_them(loss: str, coding: str, port: str) -> None:
    params = {"dataset": "moons", "samples": 60, "coding": coding}
    nodes: dict[str, Any] = {
        "data": ("source.data", params), "out": ("layer.linear", {"out_features": 2}), "loss": (f"loss.{loss}", {}),
    }  # fmt: skip
    model = Model(network(nodes, f"data.x -> out.x; out -> loss.{port}; data.target -> loss.target"))
    data, state = load(params).train, model.values()
    scores = data.x @ state["out", "W"].numpy().T + state["out", "b"].numpy()
    true = data.y if data.y.ndim == 1 else data.y.argmax(1)
    found = finished(predictions(ExplainContext(model), PredictionsJob("train", 0, 0, 0)))
    assert isinstance(found, Predictions) and np.array_equal(found.predicted, scores.argmax(1)) and np.array_equal(found.true, true)
    softmax = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    if loss == "cross_entropy":
        np.testing.assert_allclose(found.probabilities, softmax, rtol=1e-12)  # type: ignore[arg-type]
    else:
        assert found.probabilities is None and found.confidence is None
    ranked = scores[:, 1] - scores[:, 0]
    assert found.for_roc is not None
    np.testing.assert_allclose(found.for_roc, ranked, rtol=1e-12)
    curve = roc(found.true == 1, found.for_roc)
    pairs = ranked[true == 1][:, None] - ranked[true == 0][None, :]
    assert curve is not None and curve.area == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)), rel=1e-12)

    grid = torch.tensor([[0.0, 0.0], [1.5, -0.5], [-1.0, 1.0]], dtype=torch.float64)
    on_grid = grid @ state["out", "W"].T + state["out", "b"]
    seen = read_grid(reading(model.compiled), on_grid, (3, 1), 0)
    assert seen["predicted"][:, 0].tolist() == on_grid.argmax(1).tolist()
    assert ("probability" in seen) == (loss == "cross_entropy")
    if loss == "cross_entropy":
        np.testing.assert_allclose(seen["probability"][:, 0], torch.softmax(on_grid, 1).max(1).values.numpy(), rtol=1e-12)
