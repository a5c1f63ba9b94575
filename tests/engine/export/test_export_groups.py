"""Groups become classes of the exported program, and the program computes the same to the last bit."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.export.export import export
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.grouping.groups import group, nest, rename_group, ungroup
from graph.model.graph import Graph, GraphError
from graph.storage.files import load
from tests.support.networks import network

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"


@pytest.fixture(autouse=True)
def default_dtype_comes_back() -> Any:
    """An exported program sets torch's default."""
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


def _run(source: str) -> dict[str, torch.Tensor]:
    """The loss of an exported program and the gradient of every parameter, by the last part of its name."""
    program: dict[str, Any] = {"__name__": "exported"}
    exec(compile(source, "exported", "exec"), program)
    model = program["Model"]()
    if "values" in program:
        model.load_state_dict(program["values"]())
    model.eval()
    loss = model(**program["inputs"]())
    if loss.requires_grad:
        loss.backward()
    return {"loss": loss.detach()} | {_plain(name): p.grad for name, p in model.named_parameters() if p.grad is not None}


def _plain(name: str) -> str:
    """`hidden.weight` for `block.inner.hidden.weight`, `w` for `block.w`: names of nodes are unique, whatever class they stand in."""
    *around, last = name.split(".")
    return f"{around[-1]}.{last}" if last in ("weight", "bias") else last


def _assert_same(source: str, expected: dict[str, torch.Tensor]) -> None:
    actual = _run(source)
    assert actual.keys() == expected.keys()
    assert all(torch.equal(actual[name], expected[name]) for name in expected)


def _net() -> Graph:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}),
        "hidden": ("layer.linear", {"out_features": 4}),
        "act": ("activation.tanh", {}),
        "output": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, "data.x -> hidden.x; hidden -> act.x; act -> output.x; output -> loss.scores; data.target -> loss.target")


def _ids(graph: Graph, *names: str) -> list[str]:
    return [node.id for name in names if (node := graph.named(name))]


def _group(graph: Graph, name: str, *ids: str) -> str:
    edit, group_id = group(graph, ids, name)
    edit.apply(graph)
    return group_id


def test_a_group_becomes_a_class_with_its_ports_as_arguments() -> None:
    graph = _net()
    plain = _run(export(Model(graph)))
    _group(graph, "hidden layers", *_ids(graph, "hidden", "act"))
    source = export(Model(graph))
    assert 'class HiddenLayers(nn.Module):\n    """hidden layers."""' in source
    assert "    def forward(self, data_x):\n        hidden = self.hidden(data_x)  # N × 4\n" in source
    assert "        return act\n" in source and "        act = self.hidden_layers(data_x)\n" in source
    assert '"hidden_layers.hidden.weight": ' in source and '"output.weight": ' in source
    _assert_same(source, plain)


def test_groups_in_groups_are_classes_used_by_classes() -> None:
    graph = _net()
    plain = _run(export(Model(graph)))
    inner = _group(graph, "inner", *_ids(graph, "hidden", "act"))
    _group(graph, "1 net!", inner, *_ids(graph, "output"))
    source = export(Model(graph))
    assert source.index("class Inner(nn.Module)") < source.index("class _1Net(nn.Module)") < source.index("class Model(nn.Module)")
    assert "self.inner = Inner()" in source and '"_1_net.inner.hidden.weight"' in source
    _assert_same(source, plain)


def test_a_group_that_is_left_and_entered_again_is_written_where_it_lies() -> None:
    graph = _net()
    plain = _run(export(Model(graph)))
    _group(graph, "ends", *_ids(graph, "hidden", "output"))
    source = export(Model(graph))
    assert "class Ends" not in source
    _assert_same(source, plain)


def test_of_two_groups_that_wait_for_each_other_one_is_a_class() -> None:
    kinds = {"x": "source.input", "p": "math.sin", "q": "math.exp", "r": "math.cos", "s": "activation.tanh", "f": "math.add"}
    nodes: dict[str, Any] = {name: (kind, {}) for name, kind in kinds.items()}
    graph = network(nodes, "x -> p.x; p -> q.x; x -> r.x; r -> s.x; q -> f.a; s -> f.b")
    _group(graph, "first", *_ids(graph, "p", "s"))  # feeds second with p, and is fed by it with r
    _group(graph, "second", *_ids(graph, "q", "r"))
    source = export(Model(graph))
    assert "class First(nn.Module)" in source and "class Second" not in source
    program: dict[str, Any] = {"__name__": "exported"}
    exec(source, program)
    assert torch.equal(
        program["Model"]()(**program["inputs"]()), torch.exp(torch.sin(torch.tensor(1.0))) + torch.tanh(torch.cos(torch.tensor(1.0)))
    )


def test_weights_that_a_penalty_takes_from_a_group_reach_it_and_reach_it_inside_another() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 40}),
        "hidden": ("layer.linear", {"out_features": 4}),
        "act": ("activation.tanh", {}),
        "output": ("layer.linear", {"out_features": 2}), "fit": ("loss.cross_entropy", {}), 
        "decay": ("penalty.l2", {"lam": 0.1, "layers": "all"}),
        "loss": ("math.add", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> act.x; act -> output.x; output -> fit.scores; data.target -> fit.target"
    wires += "; fit -> loss.a; decay -> loss.b"
    for chosen in (["hidden", "act"], ["decay", "loss", "fit"], ["decay"], ["hidden", "act", "output", "decay"]):
        graph = network(nodes, wires)
        plain = _run(export(Model(graph)))
        _group(graph, "block", *_ids(graph, *chosen))
        source = export(Model(graph))
        assert "class Block(nn.Module)" in source
        _assert_same(source, plain)
    graph = network(nodes, wires)
    _group(graph, "layers", *_ids(graph, "hidden", "act"))
    inner = _group(graph, "penalty", *_ids(graph, "decay"))
    _group(graph, "objective", inner, *_ids(graph, "fit", "loss"))
    source = export(Model(graph))
    assert "self.penalty(hidden_W, output_W)" in source and "self.layers.hidden.weight" in source
    _assert_same(source, plain)


def test_names_of_groups_never_collide() -> None:
    graph = _net()
    plain = _run(export(Model(graph)))
    for title, name in (("Model", "hidden"), ("output", "act"), ("forward", "output"), ("ü∂", "loss")):
        _group(graph, title, *_ids(graph, name))
    _assert_same(export(Model(graph)), plain)


@pytest.mark.parametrize("name", ["tanh-mlp-2-4-2", "fan-out", "least-squares", "xor", "spiral"])
def test_random_groups_leave_the_exported_program_as_it_is(name: str) -> None:
    draw = random.Random(name)
    graph = load(EXAMPLES / f"{name}.gradwire", CATALOG)
    plain = _run(export(Model(graph)))
    for _ in range(6):
        for _ in range(draw.randrange(1, 6)):
            with suppress(GraphError):
                _regroup(graph, draw)
        _assert_same(export(Model(graph)), plain)


def _regroup(graph: Graph, draw: random.Random) -> None:
    things = [*graph.nodes, *graph.groups]
    choice = draw.random()
    if choice < 0.6 or not graph.groups:
        group(graph, draw.sample(things, draw.randrange(1, min(5, len(things)) + 1)))[0].apply(graph)
        return
    one = draw.choice([*graph.groups])
    if choice < 0.75:
        ungroup(graph, [one]).apply(graph)
    elif choice < 0.9:
        nest(graph, one, draw.choice([None, *graph.groups])).apply(graph)
    else:
        rename_group(graph, one, draw.choice(["block", "loss", "x", "a b"])).apply(graph)
