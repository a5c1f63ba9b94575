"""State: copies, differences, the numpy form, and where the first values come from."""

from __future__ import annotations

import pytest
import torch

from engine.training.model import Model
from engine.training.state import State
from tests.support.networks import network, tanh_net


def example() -> State:
    return State(
        {"n1.W": torch.tensor([[1.0, 2.0]], dtype=torch.float64), "n1.b": torch.tensor(0.5, dtype=torch.float64)},
        {"n2.count": torch.tensor(3)}, {"m.n1.W": torch.zeros(1, 2, dtype=torch.float64), "t": torch.tensor(7)}, 7, 2, 1,
    )  # fmt: skip


def test_a_copy_is_equal_and_shares_no_memory() -> None:
    state = example()
    twin = state.copy()
    assert state.diff(twin) == {}
    twin.parameters["n1.W"][0, 0] = 5.0
    assert float(state.parameters["n1.W"][0, 0]) == 1.0


def test_diff_names_what_differs_and_by_how_much() -> None:
    one, two = example(), example()
    two.parameters["n1.W"] += torch.tensor([[0.0, 0.25]])
    two.buffers["n9.mean"] = torch.zeros(1)
    two.step = 10
    assert one.diff(two) == {"parameters/n1.W": 0.25, "buffers/n9.mean": float("inf"), "step": 3.0}


def test_nan_equals_nan_and_is_found() -> None:
    state = example()
    state.parameters["n1.b"] = torch.tensor(float("nan"), dtype=torch.float64)
    assert state.diff(state.copy()) == {}
    assert state.first_bad() == "n1.b"
    assert example().first_bad() is None


def test_another_node_changes_no_others_initial_weights() -> None:
    small = tanh_net()
    nodes = {n.name: (n.type, dict(n.params)) for n in small.nodes.values()}
    more = {"first": ("layer.linear", {"out_features": 2})} | nodes
    wires = "data.x -> first.x; first -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> loss.scores; data.target -> loss.target"
    large = network(more, wires)
    a, b = (Model(g).state for g in (small, large))
    for name in ("hidden.W", "hidden.b", "out.W", "out.b"):
        assert torch.equal(a.parameters[name], b.parameters[name])


def test_another_seed_gives_other_weights_and_the_same_seed_the_same() -> None:
    first, again, other = (Model(tanh_net(seed=s)).state for s in (0, 0, 1))
    assert first.diff(again) == {}
    assert first.diff(other)["parameters/hidden.W"] > 0


def test_equal_layers_start_with_different_weights() -> None:
    nodes = {
        "x": ("source.input", {"value": [1.0, 2.0]}),
        "a": ("layer.linear", {"out_features": 2}),
        "b": ("layer.linear", {"out_features": 2}),
    }
    graph = network(nodes, "x -> a.x; a -> b.x")
    state = Model(graph).state
    assert not torch.equal(state.parameters["a.W"], state.parameters["b.W"])


def test_a_typed_parameter_starts_with_what_was_typed() -> None:
    graph = network({"w": ("parameter.parameter", {"value": [0.2, 5.01]}), "f": ("math.norm", {})}, "w -> f.x")
    state = Model(graph).state
    assert state.parameters["w.value"].tolist() == [0.2, 5.01]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_precision_is_the_documents(dtype: torch.dtype) -> None:
    assert {t.dtype for t in Model(tanh_net(), dtype=dtype).state.parameters.values()} == {dtype}
