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

from cli.commands import run_command
from engine.data import load
from engine.kernel.protocol import Progress, Start
from graph.model.edits import AddNode, Compound, Move, SetGraphSetting, SetTraining
from graph.model.elements import Node
from graph.model.run_record import RunRecord
from graph.storage.document import Document
from graph.storage.files import save
from graph.storage.saved_run import SavedRun
from tests.engine.kernel.test_runs_outlive_the_kernel import Bench
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
    assert {run: saved.record for run, saved in bench.client.saved_runs.items()} == {run: saved.record for run, saved in wanted.items()}
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
    branches = [run for run, each in fresh.client.saved_runs.items() if each.record.parent is not None]
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
