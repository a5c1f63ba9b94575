"""A custom optimizer: an update rule that was wired trains, is kept in files, goes on bit by bit, and is written as a class."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.explain.inside.derive import structure
from engine.explain.inside.rule import problems_of, rule_of, same_rule, title_of, train_with
from engine.export.export import export
from engine.export.optimizer_class import optimizer_call, optimizer_class
from engine.nodes.catalog import CATALOG
from engine.sweep.plan import Axis, SweepPlan, Swept, named_setting
from engine.sweep.training import groups
from engine.training.model import Model
from engine.training.optimizers.base import OptimizerError
from engine.training.optimizers.custom import custom
from engine.training.optimizers.registry import OPTIMIZERS, declared, offered
from engine.training.run import Run
from engine.training.run_names import trained_with
from engine.training.saved import pack_state, put_back, with_waiting
from graph.model.edits import AddNode, Edit, Move, SetParam, connect, dissolve, insert_on_wire, remove_nodes
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.files import dumps, loads
from tests.engine.sweep.test_stack import assert_equal, both
from tests.support.networks import tanh_net


def adam() -> Graph:
    return structure(OPTIMIZERS["adam"], OPTIMIZERS["adam"].with_defaults({}), CATALOG)


def edited(graph: Graph, *edits: Edit) -> Graph:
    for edit in edits:
        edit.apply(graph)
    return graph


def wired(graph: Graph, wires: str) -> None:
    """Draw wires: `m -> add.a; add -> next_m.x`. What was wired to an input before is not any more."""
    for wire in wires.split(";"):
        source, _arrow, target = wire.split()
        node, port = target.split(".")
        connect(graph, (source, "y"), (node, port)).apply(graph)


def uncorrected() -> Graph:
    """Adam without its bias correction: m and r go where m̂ and r̂ went."""
    graph = adam()
    for node in ("m_hat", "r_hat"):
        dissolve(graph, node).apply(graph)
    return graph


def rewired() -> Graph:
    """Without bias correction, with the gradient clipped to ±0.02, and a second momentum over the steps."""
    graph = uncorrected()
    wire = graph.edge_into("change", "x")
    assert wire is not None
    edited(
        graph,
        AddNode(Node("u", "update.state", "u")), AddNode(Node("half", "math.multiply", "half")),
        AddNode(Node("c", "update.setting", "κ", params={"value": 0.5})), AddNode(Node("sum", "math.add", "sum")),
        AddNode(Node("nu", "update.next", "u_plus", params={"of": "u"})),
    )  # fmt: skip
    wired(graph, "c -> half.a; u -> half.b; half -> sum.a; change_x -> sum.b; sum -> nu.x; nu -> change.x")
    gradient = graph.outputs_of("gradient")
    clip = Node("clip", "math.clamp", "clip", params={"low": -0.02, "high": 0.02})
    AddNode(clip).apply(graph)
    connect(graph, ("gradient", "y"), ("clip", "x")).apply(graph)
    for wire in gradient:
        connect(graph, ("clip", "y"), wire.target).apply(graph)
    return graph


def hand_written(theta: Tensor, slopes: list[Tensor], hyper: dict[str, float]) -> Tensor:
    """The rule of `rewired` as a loop."""
    m, r, u = (torch.zeros_like(theta) for _ in range(3))
    for slope in slopes:
        g = torch.clamp(slope, -0.02, 0.02)
        m = 0.9 * m + 0.1 * g
        r = 0.999 * r + 0.001 * g**2
        u = hyper["κ"] * u + hyper["lr"] * m / (torch.sqrt(r) + 1e-8)
        theta = theta - u
    return theta


SLOPES = [torch.randn(2, 3, generator=torch.Generator().manual_seed(i), dtype=torch.float64) * 0.03 for i in range(60)]


def test_adam_without_bias_correction_is_the_loop_written_by_hand() -> None:
    spec = custom(rule_of(uncorrected(), "Adam without bias correction", "adam"))
    theta = torch.ones(2, 3, dtype=torch.float64)
    optimizer = spec({}, [theta.clone()])
    m, r = torch.zeros_like(theta), torch.zeros_like(theta)
    for slope in SLOPES:
        optimizer.step([slope])
        m, r = 0.9 * m + 0.1 * slope, 0.999 * r + 0.001 * slope**2
        theta = theta - 0.001 * m / (r.sqrt() + 1e-8)
    torch.testing.assert_close(optimizer.parameters[0], theta, rtol=1e-12, atol=0.0)
    assert r"\hat" not in "".join(spec.formula({})) and len(spec.formula({})) == 4


def test_a_clip_a_state_and_a_setting_of_ones_own_are_part_of_the_rule_and_of_the_exported_class() -> None:
    spec, hyper = custom(rule_of(rewired(), "Own", "adam")), {"lr": 0.05, "κ": 0.3}
    theta = torch.ones(2, 3, dtype=torch.float64)
    optimizer = spec(hyper, [theta.clone()])
    space: dict[str, Any] = {"torch": torch}
    exec("\n".join(optimizer_class(spec, optimizer.hyper)), space)
    space["parameters"] = [theta.clone().requires_grad_()]
    written = eval(optimizer_call(spec, optimizer.hyper, "parameters"), space)
    for slope in SLOPES:
        optimizer.step([slope])
        space["parameters"][0].grad = slope
        written.step()
    expected = hand_written(theta, SLOPES, hyper)
    torch.testing.assert_close(optimizer.parameters[0], expected, rtol=1e-12, atol=0.0)
    torch.testing.assert_close(space["parameters"][0].detach(), expected, rtol=1e-12, atol=0.0)
    assert {s.symbol for s in spec.settings} == {"η", "β₁", "β₂", "ε", "κ"}


def test_a_rule_is_kept_in_the_document_and_its_run_goes_on_bit_by_bit() -> None:
    document = tanh_net(batch_size=16, accumulate=2, clip_norm=1.0, lr_schedule="cosine", steps=40)
    undo = train_with(rewired(), "Own rule", "adam").apply(document)
    again = loads(dumps(document), CATALOG)
    assert again == document and trained_with(again.training) == "Own rule η 0.001"
    whole = Run(Model(document)).prepare()
    whole.train(max_steps=11)
    state = pack_state(with_waiting(whole.model, whole.capture()), whole.spec.key, seed=whole.model.seed)
    model = Model(again)
    assert put_back(model, state) == ()
    later = Run(model).prepare()
    for run in (whole, later):
        run.train(max_steps=14)
    assert later.spec is whole.spec and later.capture().diff(whole.capture()) == {}
    assert {name.partition(".")[0] for name in whole.capture().optimizer} >= {"m", "r", "u", "t"}
    undo.apply(document)
    assert "rule" not in document.training and declared(document.training) is OPTIMIZERS["sgd"]


def test_the_exported_program_trains_with_the_rule() -> None:
    document = tanh_net(batch_size=None, steps=5)
    train_with(rewired(), 'A "title" \\ with\nmarks', "adam").apply(document)
    run = Run(Model(document)).prepare()
    source = export(run.model)
    space: dict[str, Any] = {"__name__": "exported"}
    exec(source, space)
    model = space["Model"]()
    model.load_state_dict(space["values"]())
    space["train"](model, space["inputs"]())
    run.train()
    mine = run.model.state.parameters
    theirs = {name: tensor.detach().double() for name, tensor in model.state_dict().items()}
    assert len(theirs) == len(mine) == 4
    for name, tensor in theirs.items():
        own = mine[name.replace("weight", "W").replace("bias", "b")]
        torch.testing.assert_close(tensor, own, rtol=1e-9, atol=1e-12)


def test_another_rule_is_a_change_of_the_run_and_places_and_shown_numbers_are_none() -> None:
    graph, rule = uncorrected(), rule_of(uncorrected(), "Own", "adam")
    edited(graph, Move((("theta", -500.0, 20.0),)), SetParam("theta", "value", 5.0), SetParam("gradient", "value", 0.5))
    assert custom(rule_of(graph, "Own", "adam")) is custom(rule) and same_rule(graph, uncorrected())
    assert not same_rule(graph, adam())
    document = tanh_net()
    train_with(graph, "Own", "adam").apply(document)
    run = Run(Model(document)).prepare()
    run.keep(begins=True)
    run.train(max_steps=3)
    train_with(rewired(), "Other", "adam").apply(document)
    run.configure(document.training)
    run.keep(begins=True)
    run.train(max_steps=3)
    record = run.history.tree.record(run.id)
    assert record is not None
    assert trained_with(record.training) == "Own η 0.001" and trained_with(record.settings) == "Other η 0.001"


def test_the_custom_optimizer_is_offered_only_where_there_is_a_rule_that_can_be_used() -> None:
    document = tanh_net()
    assert "custom" not in offered(document.training)
    train_with(uncorrected(), "Own", "adam").apply(document)
    assert list(offered(document.training)) == [*OPTIMIZERS, "custom"]
    broken = edited(adam(), remove_nodes(adam(), ["next_theta"]))
    assert "custom" not in offered({**document.training, "rule": rule_of(broken, "Own", "adam")})


def without(graph: Graph, *ids: str) -> Graph:
    return edited(graph, remove_nodes(graph, ids))


def _second_theta() -> Graph:
    graph = edited(adam(), AddNode(Node("x", "update.next", "again", params={"of": "θ"})))
    return edited(graph, connect(graph, ("theta", "y"), ("x", "x")))


def _layer() -> Graph:
    graph = adam()
    wire = graph.edge_into("change", "x")
    assert wire is not None
    return edited(graph, insert_on_wire(graph, wire.id, Node("x", "activation.softmax", "soft"), "x", "y"))


def _number_for_a_state() -> Graph:
    graph = adam()
    return edited(graph, connect(graph, ("t", "y"), ("next_m", "x")))


BROKEN: list[tuple[Graph, str, set[str]]] = [
    (without(adam(), "next_theta"), "gives θ no next value", set()),
    (without(adam(), "next_m"), "m has no next value", {"state_m"}),
    (_second_theta(), "θ has two next values", {"next_theta", "x"}),
    (without(adam(), "change_x_b_b"), "Nothing is connected to the input b of divide", {"change_x_b"}),
    (_layer(), "soft: Softmax cannot be part of an update rule", {"x"}),
    (_number_for_a_state(), "m is kept for every weight, but m⁺ is one number for all", {"state_m", "next_m"}),
    (edited(adam(), SetParam("next_m", "of", "q")), "m⁺ is the next value of q, and there is no state of that name", {"next_m"}),
    (edited(adam(), SetParam("set_beta1", "setting", "lambda")), '"lambda" cannot be used', {"set_beta1"}),
    (edited(adam(), SetParam("set_beta1", "setting", "lr")), "is the setting lr once more", {"set_lr"}),
]  # fmt: skip


@pytest.mark.parametrize(("graph", "text", "nodes"), BROKEN, ids=[text for _graph, text, _nodes in BROKEN])
def test_what_is_no_rule_is_said_in_words_with_the_node(graph: Graph, text: str, nodes: set[str]) -> None:
    problems = problems_of(graph)
    about = [problem for problem in problems if text in problem.text]
    assert about, [problem.text for problem in problems]
    assert set(about[0].nodes) == nodes


@pytest.mark.parametrize("damaged", [None, {}, {"graph": 3}, {"graph": {"nodes": 3, "edges": {}}}, {"graph": {"nodes": [3], "edges": []}}])
def test_a_damaged_rule_is_refused_in_words(damaged: Any) -> None:
    with pytest.raises(OptimizerError, match="rule"):
        declared({"optimizer": "custom", "rule": damaged})


def test_an_old_value_that_is_read_after_the_new_one_still_is_the_old_one() -> None:
    """m⁺ = θ-free momentum, u⁺ = the m before the step: they would overwrite each other in any order of two assignments."""
    graph = structure(OPTIMIZERS["momentum"], OPTIMIZERS["momentum"].with_defaults({"momentum": 0.5}), CATALOG)
    edited(graph, AddNode(Node("u", "update.state", "u")), AddNode(Node("nu", "update.next", "u_plus", params={"of": "u"})),
           AddNode(Node("s", "math.add", "s")))  # fmt: skip
    source = graph.edge_into("next_m", "x")
    assert source is not None
    wired(graph, f"{source.source[0]} -> s.a; u -> s.b; s -> next_m.x; state_m -> nu.x")
    optimizer = custom(rule_of(graph, "Own", "momentum"))({"lr": 0.1}, [torch.zeros((), dtype=torch.float64)])
    theta = m = u = 0.0
    for g in (1.0, -2.0, 0.5, 3.0):
        optimizer.step([torch.tensor(g, dtype=torch.float64)])
        m, u = 0.5 * m + g + u, m
        theta -= 0.1 * m
    assert float(optimizer.parameters[0]) == pytest.approx(theta, rel=1e-12) and not math.isnan(theta)
    assert np.isclose(float(optimizer.state["u"][0]), u)


def test_rates_of_a_rule_are_trained_as_one_batch_and_race_against_the_original() -> None:
    document = tanh_net(batch_size=16, epochs=2)
    train_with(rewired(), "Own", "adam").apply(document)
    together, alone, stack = both(document, Axis(Swept("lr"), (0.002, 0.01, 0.05)), Axis(named_setting(document, "κ"), (0.1, 0.5)))
    assert not stack.alone and len(together) == 6
    for one, other in zip(together, alone, strict=True):
        assert_equal(one, other)
    kinds = groups(document, SweepPlan((Axis(Swept("optimizer"), ("adam", "custom")), Axis(Swept("seed"), (0, 1)))).checked(document))
    assert [len(group.members) for group in kinds] == [2, 2] and not any(group.why for group in kinds)


def test_a_rule_has_a_title_that_says_what_was_changed() -> None:
    clipped = adam()
    wire = clipped.edge_into("change", "x")
    assert wire is not None
    insert_on_wire(clipped, wire.id, Node("x", "math.clamp", "clip", params={"low": -1.0, "high": 1.0}), "x", "y").apply(clipped)
    titles = [title_of(graph, adam(), "Adam") for graph in (uncorrected(), clipped, rewired())]
    assert titles == ["Adam without bias correction", "Adam with clamp", "Adam, rewired"]
