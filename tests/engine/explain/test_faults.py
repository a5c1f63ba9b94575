"""A planted fault does what it says, is found by the check where it sits, and costs nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from cli.commands import run_command
from engine.check.check import CheckReport, check
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model import faults
from graph.model.faults import Fault
from graph.model.graph import Graph
from graph.storage import files
from graph.storage.document import Document
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]


def with_fault(graph: Graph, kind: str, place: str = "") -> Graph:
    faults.plant(Fault(kind, place)).apply(graph)
    return graph


def gradients(graph: Graph) -> dict[str, float]:
    trace = Model(graph).trace()
    return {edge: float(g) for edge, g in trace.edge_gradients.items() if isinstance(g, torch.Tensor)}


def wrong(report: CheckReport) -> set[str]:
    return {wire.edge for wire in report.wires if not wire.ok}


def two_ways() -> Graph:
    """f = x·3 + x·5 at x = 2."""
    nodes: Nodes = {"x": ("source.input", {"value": 2.0}), "a": ("source.constant", {"value": 3.0}),
                    "b": ("source.constant", {"value": 5.0}), "left": ("math.multiply", {}), "right": ("math.multiply", {}),
                    "f": ("math.add", {})}  # fmt: skip
    return network(nodes, "x -> left.a; a -> left.b; x -> right.a; b -> right.b; left -> f.a; right -> f.b")


def square_layer() -> Graph:
    """f = Σ (Wx)² with W = [[1, 2], [3, 4]] and x = (1, −1): Wx = (−1, −1), δ = (−2, −2), Wᵀδ = (−8, −12), Wδ = (−6, −14)."""
    nodes: Nodes = {"x": ("parameter.parameter", {"value": [1.0, -1.0]}),
                    "w": ("parameter.parameter", {"value": [[1.0, 2.0], [3.0, 4.0]]}), "q": ("math.square", {}),
                    "lin": ("layer.linear", {"out_features": 2, "bias": False}), "f": ("math.sum", {})}  # fmt: skip
    return network(nodes, "x -> lin.x; w -> lin.W; lin -> q.x; q -> f.x")


# what each of them does


def test_a_dropped_branch_brings_nothing_and_the_check_names_its_wire() -> None:
    graph = with_fault(two_ways(), "branch", "e2")
    assert gradients(graph)["e0"] == 3 and gradients(graph)["e2"] == 0
    assert Model(graph).trace().gradients["x", "y"] == 3  # 8 without the fault
    assert wrong(check(graph)) == {"e2"}


def test_a_wrong_sign_turns_what_its_node_passes_back() -> None:
    graph = with_fault(product(), "sign", "d")
    assert gradients(graph) == {"e0": 5.0, "e1": -2.0, "e2": 1.0, "e3": 1.0}
    assert wrong(check(graph)) == {"e0", "e1"}


def test_a_detached_node_lets_no_gradient_through() -> None:
    graph = with_fault(product(), "detached", "f")
    assert set(gradients(graph).values()) == {0.0}
    assert wrong(check(graph)) == {"e0", "e1", "e2", "e3"}


def test_an_untransposed_weight_gives_w_delta() -> None:
    graph = with_fault(square_layer(), "transposed", "lin")
    trace = Model(graph).trace()
    assert trace.edge_gradients["e0"].tolist() == [-6.0, -14.0]
    assert trace.edge_gradients["e1"].tolist() == [[-2.0, 2.0], [-2.0, 2.0]]  # δxᵀ is right
    assert wrong(check(graph)) == {"e0"}


def test_a_double_softmax_is_torchs_value_and_gradient_of_it() -> None:
    scores = torch.tensor([0.1, -0.8, 1.4, 1.1], dtype=torch.float64, requires_grad=True)
    nodes: Nodes = {"z": ("parameter.parameter", {"value": scores.tolist()}), "p": ("activation.softmax", {}), "f": ("math.norm", {})}
    graph = with_fault(network(nodes, "z -> p.x; p -> f.x"), "softmax", "p")
    trace = Model(graph).trace()
    right = torch.softmax(torch.softmax(scores, -1), -1)
    right.norm().backward()
    assert torch.allclose(trace.values["p", "y"], right.detach())
    assert torch.allclose(trace.edge_gradients["e0"], scores.grad)  # type: ignore[arg-type]


def test_cross_entropy_on_probabilities_is_torchs() -> None:
    graph = with_fault(tanh_net(), "softmax", "loss")
    session = Model(graph)
    trace = session.trace()
    scores = trace.values["out", "y"].clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(torch.softmax(scores, -1), trace.values["data", "target"])
    loss.backward()
    edge = next(e.id for e in graph.inputs_of("loss") if e.target[1] == "scores")
    assert float(trace.values["loss", "y"]) == pytest.approx(float(loss.detach()))
    assert torch.allclose(trace.edge_gradients[edge], scores.grad)  # type: ignore[arg-type]
    assert not check(graph).ok  # no gradient shows it, and still it does not pass


def test_without_zero_grad_every_step_goes_along_the_sum_of_all_gradients() -> None:
    graph = with_fault(tanh_net(batch_size=None, epochs=5, hyper={"lr": 0.1}), "zero_grad")
    session = Model(graph)
    trainer = Run(session)
    reference = Model(tanh_net(batch_size=None, epochs=5, hyper={"lr": 0.1}))
    program = reference.program(training=True)
    feeds = reference.feeds.chosen(program.feeds, torch.arange(reference.feeds.rows["train"]))
    parameters = [p.clone() for p in reference.parameters(program)]
    total = [torch.zeros_like(parameters[i]) for i in program.trainable]
    for _ in range(5):
        _, grads, _ = program.step(feeds, parameters, [], reference.random(0))
        for place, grad, so_far in zip(program.trainable, grads, total, strict=True):
            so_far += grad
            parameters[place] -= 0.1 * so_far
    trainer.train()
    for mine, theirs in zip(session.parameters(session.program(training=True)), parameters, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_going_back_and_on_gives_the_same_weights_without_zero_grad() -> None:
    trainer = Run(Model(with_fault(tanh_net(), "zero_grad")))
    trainer.train(max_steps=4)
    kept = trainer.capture()
    trainer.train(max_steps=3)
    end = [p.clone() for p in trainer.model.parameters(trainer.model.program(training=True))]
    trainer.restore(kept)
    trainer.train(max_steps=3)
    assert all(torch.equal(a, b) for a, b in zip(end, trainer.model.parameters(trainer.model.program(training=True)), strict=True))


@pytest.mark.parametrize("key", ["adam", "momentum", "rmsprop"])
def test_every_stepper_can_be_run_without_zeroing(key: str) -> None:
    trainer = Run(Model(with_fault(tanh_net(optimizer=key, hyper={}), "zero_grad")))
    assert trainer.train(max_steps=3) == 3 and trainer.problem is None


def test_training_uses_the_wrong_gradient_too() -> None:
    graph = with_fault(tanh_net(), "sign", "tanh")
    right, spoiled = Model(tanh_net()), Model(graph)
    steps = []
    for session in (right, spoiled):
        program = session.program(training=True)
        feeds = session.feeds.chosen(program.feeds, torch.arange(8))
        _, grads, _ = program.step(feeds, session.parameters(program), [], session.random(0))
        steps.append(dict(zip(program.trainable_keys, grads, strict=True)))
    assert torch.equal(steps[0]["out", "W"], steps[1]["out", "W"])
    assert torch.equal(steps[0]["hidden", "W"], -steps[1]["hidden", "W"])


# the document


def test_a_session_follows_a_fault_that_is_planted_and_removed() -> None:
    graph = product()
    session = Model(graph)
    before = float(session.trace().edge_gradients["e0"])  # type: ignore[arg-type]
    undo = faults.plant(Fault("sign", "d")).apply(graph)
    assert session.update(graph).structure
    assert float(session.trace().edge_gradients["e0"]) == -before  # type: ignore[arg-type]
    undo.apply(graph)
    session.update(graph)
    assert float(session.trace().edge_gradients["e0"]) == before  # type: ignore[arg-type]


def test_without_a_fault_the_code_is_what_it_was() -> None:
    program = Model(product()).program(training=False, everything=True)
    assert "spoil" not in program.source("trace")


def test_a_fault_is_saved_without_being_readable_at_a_glance(tmp_path: Path) -> None:
    graph = with_fault(product(), "sign", "d")
    text = files.dumps(graph)
    assert '"fault"' in text and "sign" not in text.split('"fault"')[1][:60]
    assert faults.planted(files.loads(text, CATALOG)) == Fault("sign", "d")


@pytest.mark.parametrize("value", [7, "???", "bm8=", "W10=", "WyJldmlsIiwgIngiXQ==", None, ["sign", "d"]])
def test_what_is_no_fault_in_a_file_is_none(value: Any) -> None:
    graph = network({"x": ("source.input", {"value": 1.0}), "f": ("math.square", {})}, "x -> f.x", settings={"fault": value})
    assert faults.planted(graph) is None and check(graph).ok


def test_a_fault_whose_node_is_gone_does_nothing() -> None:
    graph = with_fault(product(), "sign", "nowhere")
    assert not faults.at_work(graph) and check(graph).ok


def test_planting_is_one_edit_that_undo_takes_back() -> None:
    document = Document(product())
    before = document.graph.copy()
    document.do(faults.plant(Fault("detached", "d")), "Plant a fault")
    assert faults.at_work(document.graph)
    document.undo()
    assert document.graph == before


def test_every_fault_that_is_offered_fails_the_check() -> None:
    for make in (product, two_ways, square_layer, tanh_net):
        view = Model(make()).trace_view()
        leading = {edge for edge, g in view.edge_gradients.items() if not hasattr(g, "reason")}
        offered = faults.possible(make(), view.shapes, leading)
        assert offered
        for fault in offered:
            report = check(with_fault(make(), fault.kind, fault.place))
            assert not report.ok, fault
            if fault.kind in ("branch", "sign", "detached"):
                graph = make()
                mine = {fault.place} if fault.kind == "branch" else {e.id for e in graph.inputs_of(fault.place)} & leading
                assert mine <= wrong(report), fault


def test_check_on_the_command_line_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faulty.gradwire"
    files.save(with_fault(product(), "sign", "d"), path)
    assert run_command(["check", str(path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False and report["planted"] is True


def test_every_command_says_that_a_fault_is_planted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faulty.gradwire"
    files.save(with_fault(product(), "sign", "d"), path)
    assert run_command(["run", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert "a fault is planted" in said.err and json.loads(said.out)["gradients"]["x"] == 5
