"""Compiled programs: torch's own autograd on the same formula is the oracle, and where sums are ordered alike the bits agree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.compile import program as module
from engine.compile.environment import Key
from engine.compile.program import NodeFailure, Program, ProgramError, RandomKey, compile
from engine.compile.shapes import Inference, infer
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build as from_formula
from graph.model.edits import SetParam
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]
KEY = RandomKey(3)


def leaf(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


class Case:
    """A compiled graph with numbers: `values` by node name for what is fed, drawn ones for parameters."""

    def __init__(self, graph: Graph, feeds: dict[Key, Tensor] | None = None, **how: Any) -> None:
        self.graph = graph
        self.inference: Inference = infer(graph)
        assert not self.inference.errors, [p.text for p in self.inference.errors]
        self.program: Program = compile(graph, self.inference, **({"training": True} | how))
        fed = feeds or {}
        self.feeds = [fed[k] if k in fed else torch.tensor(graph.setting(k[0], "value"), dtype=torch.float64) for k in self.program.feeds]
        keys = self.program.parameter_keys
        self.parameters = [leaf(*self.inference.parameters[key], seed=i).detach() for i, key in enumerate(keys)]
        self.by_key = dict(zip(keys, self.parameters, strict=True))
        self.buffers = [torch.ones(self.inference.buffers[key], dtype=torch.float64) for key in self.program.buffer_keys]

    def step(self) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        return self.program.step(self.feeds, self.parameters, self.buffers, KEY)

    def trace(self) -> Any:
        return self.program.trace(self.feeds, self.parameters, self.buffers, KEY)


def same(ours: Sequence[Tensor], theirs: Sequence[Tensor | None]) -> bool:
    return all(b is not None and torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def close(ours: Sequence[Tensor], theirs: Sequence[Tensor | None]) -> bool:
    return all(b is not None and torch.allclose(a, b, rtol=1e-10, atol=1e-14) for a, b in zip(ours, theirs, strict=True))


def moons(rows: int = 7) -> dict[Key, Tensor]:
    x = leaf(rows, 2, seed=9).detach()
    return {("data", "x"): x, ("data", "target"): (x[:, 0] > 0).to(torch.int64)}


def weights(names: str, fan: str, **params: Any) -> Graph:
    """Parameters a, b … wired as told, ending in the node `f`."""
    nodes: Nodes = {n: ("parameter.parameter", {"value": 0.1}) for n in names}
    nodes |= {"p": ("math.multiply", {}), "q": ("math.sin", {}), "r": ("math.multiply", {}), "f": ("math.add", {})}
    return network(nodes, fan)


FAN = "a -> p.a; a -> p.b; p -> q.x; a -> r.a; q -> r.b; r -> f.a; a -> f.b"


def fan_by_hand(a: Tensor) -> Tensor:
    p = a * a
    q = torch.sin(p)
    return a * q + a


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_a_step_of_the_tanh_network_is_torchs(method: str) -> None:
    case = Case(tanh_net(), moons(), method=method)
    value, gradients, _ = case.step()
    theirs = [p.clone().requires_grad_() for p in case.parameters]
    feeds = dict(zip(case.program.feeds, case.feeds, strict=True))
    x, t = feeds["data", "x"], feeds["data", "target"]
    loss = F.cross_entropy(F.linear(torch.tanh(F.linear(x, theirs[0], theirs[1])), theirs[2], theirs[3]), t)
    assert torch.allclose(value, loss.detach(), rtol=1e-14)
    assert close(gradients, torch.autograd.grad(loss, theirs))


@pytest.mark.parametrize("method", ["rules", "autograd"])
@pytest.mark.parametrize("seed", range(20))
def test_fan_out_contributions_are_added_in_autograds_order(method: str, seed: int) -> None:
    case = Case(weights("a", FAN), method=method)
    case.parameters[0] = leaf(seed=seed).detach()
    a = case.parameters[0].clone().requires_grad_()
    assert same(case.step()[1], torch.autograd.grad(fan_by_hand(a), a))


@pytest.mark.parametrize("seed", range(20))
def test_a_value_used_by_five_nodes_has_autograds_bits(seed: int) -> None:
    nodes: Nodes = {"w": ("parameter.parameter", {})} | {f"c{i}": ("parameter.parameter", {"frozen": True}) for i in range(5)}
    nodes |= {f"m{i}": ("math.multiply", {}) for i in range(5)} | {f"s{i}": ("math.add", {}) for i in range(4)}
    wires = ";".join(f"w -> m{i}.a; c{i} -> m{i}.b" for i in range(5))
    case = Case(network(nodes, wires + "; m0 -> s0.a; m1 -> s0.b; s0 -> s1.a; m2 -> s1.b; s1 -> s2.a; m3 -> s2.b; s2 -> s3.a; m4 -> s3.b"))
    case.parameters[:] = [leaf(seed=10 * seed + i).detach() for i in range(6)]
    values = dict(zip((node for node, _ in case.program.parameter_keys), case.parameters, strict=True))
    w = values["w"].clone().requires_grad_()
    products = [w * values[f"c{i}"] for i in range(5)]
    assert same(case.step()[1], torch.autograd.grad(products[0] + products[1] + products[2] + products[3] + products[4], w))


@pytest.mark.parametrize("method", ["rules", "autograd"])
@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_of_sums_and_products_have_autograds_bits_on_every_parameter(seed: int, method: str) -> None:
    rng = random.Random(seed)
    names = [f"w{i}" for i in range(4)]
    nodes: Nodes = {n: ("parameter.parameter", {}) for n in names}
    wires = []
    for i in range(25):
        kind, new = rng.choice(["math.add", "math.subtract", "math.multiply"]), f"n{i}"
        nodes[new] = (kind, {})
        wires += [f"{rng.choice(names[-6:])} -> {new}.a", f"{rng.choice(names)} -> {new}.b"]
        names.append(new)
    case = Case(network(nodes, ";".join(wires), settings={"objective": {"node": names[-1], "port": "y"}}), method=method)
    by_hand = {key: p.clone().requires_grad_() for key, p in case.by_key.items()}
    values = {node: p for (node, _), p in by_hand.items()}
    values |= {n: p for n, p in zip(names, [leaf(seed=i) for i in range(4)], strict=False) if n not in values}
    operations: dict[str, Any] = {"math.add": torch.add, "math.subtract": torch.sub, "math.multiply": torch.mul}
    for i in range(25):
        (a, _, _), (b, _, _) = (w.split() for w in wires[2 * i : 2 * i + 2])
        values[f"n{i}"] = operations[nodes[f"n{i}"][0]](values[a], values[b])
    targets = [by_hand[key] for key in case.program.trainable_keys]
    assert same(case.step()[1], torch.autograd.grad(values[names[-1]], targets))


def test_a_frozen_parameter_is_not_stepped_but_its_gradient_is_traced() -> None:
    graph = tanh_net()
    SetParam("hidden", "frozen", True).apply(graph)
    case = Case(graph, moons())
    assert case.program.trainable_keys == [("out", "W"), ("out", "b")]
    assert len(case.step()[1]) == 2
    traced = Case(graph, moons(), wanted="all").trace()
    assert traced.parameter_gradients["hidden", "W"].shape == (4, 2)


def test_a_step_computes_no_gradient_that_nobody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = infer(tanh_net()).types["layer.linear"].gradients
    used: list[str] = []
    for name, rule in list(rules.items()):
        monkeypatch.setitem(rules, name, lambda s, *rest, rule=rule, name=name: (used.append(f"{s.name}.{name}"), rule(s, *rest))[1])
    case = Case(tanh_net(), moons())
    case.step()  # the first call writes the code
    used.clear()
    case.step()
    assert sorted(used) == ["hidden.W", "hidden.b", "out.W", "out.b", "out.x"]  # nothing flows into the data


def test_the_code_contains_nothing_of_the_document() -> None:
    graph = network({"evil_name": ("parameter.parameter", {"value": 2.0}), "other": ("math.square", {})}, "evil_name -> other.x")
    for kind in ("step", "trace", "evaluate", "perturb", "retrace"):
        code = Case(graph, wanted="all" if "trace" in kind else "parameters").program.source(kind)
        assert "evil" not in code and "other" not in code and "value" not in code.replace("wire, value", "").replace("else value", "")


def test_broadcast_gradients_are_summed_back_to_the_inputs_shape() -> None:
    nodes: Nodes = {"a": ("parameter.parameter", {"value": [[1.0], [2.0]]}), "b": ("parameter.parameter", {"value": [3.0, 4.0, 5.0]}),
                    "m": ("math.multiply", {}), "f": ("math.sum", {})}  # fmt: skip
    case = Case(network(nodes, "a -> m.a; b -> m.b; m -> f.x"))
    a, b = (p.clone().requires_grad_() for p in case.parameters)
    assert close(case.step()[1], torch.autograd.grad((a * b).sum(), (a, b)))


@pytest.mark.parametrize("formula", ["sqrt(relu(w))", "sqrt(maximum(w, 0))", "sqrt(-minimum(-w, 0))"])
def test_where_a_function_is_flat_even_an_infinite_gradient_stops_as_in_torch(formula: str) -> None:
    """The root's slope at 0 is infinite; times a slope of 0 it must not become NaN."""
    case = Case(from_formula(formula, CATALOG, {}, {"w": -1.0}), method="rules")
    case.parameters[:] = [torch.tensor(-1.0, dtype=torch.float64)]
    w = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
    assert same(case.step()[1], torch.autograd.grad(torch.sqrt(torch.relu(w)), w))


def test_a_parameter_that_meets_every_sample_collects_over_the_batch() -> None:
    nodes: Nodes = {"data": ("source.data", {"dataset": "moons"}), "w": ("parameter.parameter", {"value": [0.5, -1.0]}),
                    "m": ("math.multiply", {}), "f": ("math.mean", {"over_batch": True})}  # fmt: skip
    graph = network(nodes, "data.x -> m.a; w -> m.b; m -> f.x")
    case = Case(graph, moons(5))
    w, x = case.parameters[0].clone().requires_grad_(), case.feeds[case.program.feeds.index(("data", "x"))]
    assert close(case.step()[1], torch.autograd.grad((x * w).mean(), w))


def test_shared_weights_collect_from_both_layers() -> None:
    layer = ("layer.linear", {"out_features": 2, "bias": False})
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "moons"}), "w": ("parameter.parameter", {"initialisation": "normal", "shape": [2, 2]}),
        "one": layer, "tanh": ("activation.tanh", {}), "two": layer, "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> one.x; w -> one.W; one -> tanh.x; tanh -> two.x; w -> two.W; two -> loss.scores; data.target -> loss.target"
    case = Case(network(nodes, wires), moons())
    assert case.program.parameter_keys == [("w", "value")]
    w, feeds = case.parameters[0].clone().requires_grad_(), dict(zip(case.program.feeds, case.feeds, strict=True))
    loss = F.cross_entropy(F.linear(torch.tanh(F.linear(feeds["data", "x"], w)), w), feeds["data", "target"])
    assert close(case.step()[1], torch.autograd.grad(loss, w))


@pytest.mark.parametrize("method", ["rules", "autograd"])
def test_a_penalty_adds_its_gradient_to_the_weights_and_not_to_the_biases(method: str) -> None:
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "moons"}), "l": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
        "p": ("penalty.l2", {"layers": "all", "lam": 0.1}), "f": ("math.add", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> l.x; l -> loss.scores; data.target -> loss.target; loss -> f.a; p -> f.b")
    case = Case(graph, moons(), method=method)
    w, b = (case.by_key["l", n].clone().requires_grad_() for n in "Wb")
    feeds = dict(zip(case.program.feeds, case.feeds, strict=True))
    loss = F.cross_entropy(F.linear(feeds["data", "x"], w, b), feeds["data", "target"]) + 0.1 * (w * w).sum()
    assert torch.allclose(case.step()[0], loss.detach())
    assert close(case.step()[1], torch.autograd.grad(loss, (w, b)))


def test_dropout_draws_the_same_mask_for_the_same_key_and_another_for_another() -> None:
    ones = {"initialisation": "ones", "shape": [200]}
    nodes: Nodes = {"w": ("parameter.parameter", ones), "d": ("layer.dropout", {}), "f": ("math.sum", {})}
    case = Case(network(nodes, "w -> d.x; d -> f.x"))
    first, again = case.step()[1][0], case.step()[1][0]
    other = case.program.step([], case.parameters, [], RandomKey(3, 1))[1][0]
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert set(first.tolist()) == {0.0, 2.0}


def test_new_buffer_values_are_returned_and_the_old_ones_left_alone() -> None:
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "moons"}), "n": ("layer.batch_norm1d", {}), "l": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> n.x; n -> l.x; l -> loss.scores; data.target -> loss.target")
    case = Case(graph, moons())
    before = [b.clone() for b in case.buffers]
    after = case.step()[2]
    assert same(before, case.buffers)
    assert any(not torch.equal(a, b) for a, b in zip(after, before, strict=True))
    evaluating = Case(graph, moons(), training=False)
    assert same(evaluating.step()[2], before)


def test_a_step_changes_nothing_that_it_was_given() -> None:
    case = Case(tanh_net(), moons())
    before = [t.clone() for t in (*case.feeds, *case.parameters)]
    case.step()
    assert same(before, [*case.feeds, *case.parameters])


def test_a_step_can_be_vmapped_over_models() -> None:
    case = Case(tanh_net(), moons())
    stacked = [torch.stack([p, 2 * p, -p]) for p in case.parameters]
    values, gradients = torch.func.vmap(lambda ps: case.program.stepper()(case.feeds, ps, [], KEY)[:2])(stacked)
    alone = case.program.step(case.feeds, [s[1] for s in stacked], [], KEY)
    assert torch.allclose(values[1], alone[0]) and close([g[1] for g in gradients], alone[1])


def test_evaluate_gives_the_objective_and_what_probes_show() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": 3.0}), "f": ("math.square", {}), "show": ("probe.value", {})}
    case = Case(network(nodes, "x -> f.x; x -> show.x"))
    assert case.program.outputs == [("f", "y"), ("show", "y")]
    assert [float(v) for v in case.program.evaluate(case.feeds, [], [], KEY)] == [9.0, 3.0]


def test_one_wire_can_carry_another_value_while_its_siblings_keep_theirs() -> None:
    case = Case(network({"x": ("source.input", {"value": 3.0}), "f": ("math.multiply", {})}, "x -> f.a; x -> f.b"), wanted="all")
    moved = torch.tensor(10.0, dtype=torch.float64)
    assert float(case.program.perturbed("e1", moved, case.feeds, [], [], KEY)) == 30.0
    assert float(case.program.gradient_at("e1", moved, case.feeds, [], [], KEY)) == 3.0  # type: ignore[arg-type]
    assert float(case.program.gradient_at("e0", moved, case.feeds, [], [], KEY)) == 3.0  # type: ignore[arg-type]


def test_a_graph_with_a_problem_on_the_way_is_refused_with_that_problem() -> None:
    graph = network({"x": ("source.input", {}), "f": ("math.add", {})}, "x -> f.a")
    with pytest.raises(ProgramError, match="nothing is connected to its input b"):
        compile(graph, infer(graph), training=True)


def test_an_objective_of_many_numbers_is_refused() -> None:
    graph = network({"x": ("parameter.parameter", {"value": [1.0, 2.0]}), "f": ("math.square", {})}, "x -> f.x")
    with pytest.raises(ProgramError, match="single number"):
        compile(graph, infer(graph), training=True)


def test_an_objective_with_one_element_is_a_single_number() -> None:
    case = Case(network({"x": ("parameter.parameter", {"value": [3.0]}), "f": ("math.square", {})}, "x -> f.x"))
    case.parameters[:] = [torch.tensor([3.0], dtype=torch.float64)]
    assert case.step()[1][0].tolist() == [6.0]


def test_a_failure_on_the_numbers_names_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(tanh_net(), moons() | {("data", "target"): torch.full((7,), 9)})
    with pytest.raises(NodeFailure, match="^loss: ") as caught:
        case.step()
    assert caught.value.node == "loss"
    monkeypatch.setattr(module, "LARGE", 0)
    with pytest.raises(NodeFailure, match="^loss: ") as caught:
        case.trace()
    assert caught.value.node == "loss"


def test_a_changed_setting_is_taken_over_without_new_code() -> None:
    graph = network({"x": ("parameter.parameter", {"value": -2.0}), "f": ("activation.leaky_relu", {"slope": 0.5})}, "x -> f.x")
    case = Case(graph)
    x = [torch.tensor(-2.0, dtype=torch.float64)]
    assert float(case.program.step([], x, [], KEY)[1][0]) == 0.5
    SetParam("f", "slope", 0.25).apply(graph)
    assert case.program.update(graph, infer(graph))
    assert float(case.program.step([], x, [], KEY)[1][0]) == 0.25


def test_a_changed_width_asks_for_new_code() -> None:
    graph = tanh_net()
    program = Case(graph, moons()).program
    SetParam("hidden", "out_features", 5).apply(graph)
    assert not program.update(graph, infer(graph))


def test_a_product_is_compiled_to_one_line_a_node() -> None:
    code = Case(product()).program.source("evaluate")
    assert len(code.splitlines()) == 5  # def, feeds, multiply, add, return
