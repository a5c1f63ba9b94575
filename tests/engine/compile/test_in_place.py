"""The step of a training loop against the plain one, bit for bit, and against torch.nn; how many operations it asks torch for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.compile import in_place
from engine.compile.in_place_nodes import FRESH, SHORTER
from engine.compile.program import NodeFailure, Program, RandomKey, compile
from engine.compile.shapes import infer
from engine.nodes import TYPES
from engine.numerics.flat import ALIGNED, Flat, laid_out
from engine.training.optimizers.adam import Adam
from engine.training.optimizers.sgd import Sgd
from graph.model.edits import SetParam
from graph.model.graph import Graph
from tests.support.networks import network, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]
MOONS: Nodes = {"data": ("source.data", {"dataset": "moons", "samples": 100})}
DIGITS: Nodes = {"data": ("source.data", {"dataset": "digits", "image": True})}
ENDS = "data.target -> loss.target"


def dense(**more: Any) -> Graph:
    """2–5–3–2 with relu and sigmoid, through which other nodes lead a second way."""
    nodes: Nodes = MOONS | {
        "a": ("layer.linear", {"out_features": 5, **more}), "relu": ("activation.relu", {}), "b": ("layer.linear", {"out_features": 3}),
        "s": ("activation.sigmoid", {}), "c": ("layer.linear", {"out_features": 2, "bias": False}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, f"data.x -> a.x; a -> relu.x; relu -> b.x; b -> s.x; s -> c.x; c -> loss.scores; {ENDS}")


def forked() -> Graph:
    """The hidden layer is read three times, one weight twice, and the loss is doubled and penalised."""
    nodes: Nodes = MOONS | {
        "a": ("layer.linear", {"out_features": 2}), "t": ("activation.tanh", {}), "u": ("activation.tanh", {}), "sum": ("math.add", {}),
        "b": ("layer.linear", {"out_features": 2}), "both": ("math.add", {}), "loss": ("loss.cross_entropy", {"reduction": "sum"}),
        "penalty": ("penalty.l2", {"layers": "all"}), "total": ("math.add", {}),
    }  # fmt: skip
    wires = (
        f"data.x -> a.x; a -> t.x; a -> u.x; t -> sum.a; u -> sum.b; sum -> b.x; b -> both.a; a -> both.b; both -> loss.scores; {ENDS};"
        "loss -> total.a; penalty -> total.b"
    )
    return network(nodes, wires, settings={"objective": {"node": "total", "port": "y"}})


def convolution() -> Graph:
    nodes: Nodes = DIGITS | {
        "c": ("layer.conv2d", {"out_channels": 3}), "n": ("layer.batch_norm2d", {}), "r": ("activation.relu", {}),
        "p": ("layer.max_pool2d", {}), "f": ("math.flatten", {}), "d": ("layer.dropout", {}), "o": ("layer.linear", {"out_features": 10}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(
        nodes, f"data.x -> c.x; c -> n.x; n -> r.x; r -> p.x; p -> f.x; f -> d.x; d -> o.x; o -> loss.scores; {ENDS}",
        settings={"dtype": "float32"},
    )  # fmt: skip


def plain_convolution() -> Graph:
    nodes: Nodes = DIGITS | {
        "c": ("layer.conv2d", {"out_channels": 3}), "r": ("activation.relu", {}), "e": ("layer.conv2d", {"out_channels": 2}),
        "t": ("activation.tanh", {}), "f": ("math.flatten", {}), "o": ("layer.linear", {"out_features": 10}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = f"data.x -> c.x; c -> r.x; r -> e.x; e -> t.x; t -> f.x; f -> o.x; o -> loss.scores; {ENDS}"
    return network(nodes, wires, settings={"dtype": "float32"})


def shared_weight() -> Graph:
    nodes: Nodes = MOONS | {
        "W": ("parameter.parameter", {"initialisation": "normal", "shape": [2, 2]}), "a": ("layer.linear", {"out_features": 2}),
        "t": ("activation.tanh", {}), "b": ("layer.linear", {"out_features": 2}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    return network(nodes, f"data.x -> a.x; W -> a.W; a -> t.x; t -> b.x; W -> b.W; b -> loss.scores; {ENDS}")


def regression() -> Graph:
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "sine"}), "a": ("layer.linear", {"out_features": 4}), "t": ("activation.tanh", {}),
        "b": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {}),
    }  # fmt: skip
    return network(nodes, f"data.x -> a.x; a -> t.x; t -> b.x; b -> loss.prediction; {ENDS}")


def turned() -> Graph:
    """An activation of a transposed view, which makes tensors that lie in memory as the view does."""
    nodes: Nodes = MOONS | {
        "a": ("layer.linear", {"out_features": 8}), "r": ("math.reshape", {"shape": [2, 4]}), "t": ("math.transpose", {}),
        "s": ("activation.sigmoid", {}), "f": ("math.flatten", {}), "b": ("layer.linear", {"out_features": 3}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = f"data.x -> a.x; a -> r.x; r -> t.x; t -> s.x; s -> f.x; f -> b.x; b -> loss.scores; {ENDS}"
    return network(nodes, wires, settings={"dtype": "float32"})


GRAPHS = {
    "tanh": tanh_net, "dense": dense, "frozen": lambda: dense(frozen=True), "forked": forked, "convolution": convolution,
    "plain convolution": plain_convolution, "shared weight": shared_weight, "regression": regression, "turned": turned,
}  # fmt: skip


class Loop:
    """A program with drawn parameters, and batches of its data."""

    def __init__(self, graph: Graph) -> None:
        from engine.data import load

        self.graph, self.inference = graph, infer(graph)
        self.program: Program = compile(graph, self.inference, training=True)
        self.dtype = self.inference.dtype
        numbers = load(graph.settings_of("data"))
        target = torch.int64 if numbers.description.target_dtype == "index" else self.dtype
        self.x = torch.tensor(numbers.train.of(slice(None)), dtype=self.dtype)
        self.y = torch.tensor(numbers.train.y, dtype=target)
        self.buffers = [torch.ones(self.inference.buffers[key], dtype=self.dtype) for key in self.program.buffer_keys]

    def parameters(self) -> list[Tensor]:
        draw = torch.Generator().manual_seed(1)
        return [torch.randn(self.inference.parameters[key], dtype=self.dtype, generator=draw) for key in self.program.parameter_keys]

    def feeds(self, start: int, size: int) -> list[Tensor]:
        own = {"x": self.x, "target": self.y}
        return [own[key[1]][start : start + size] for key in self.program.feeds]

    def run(self, steps: int, in_place: bool) -> tuple[list[float], list[Tensor]]:
        parameters, buffers, losses = self.parameters(), self.buffers, []
        places = self.program.trainable
        flat = laid_out([parameters[i] for i in places])
        for i, tensor in zip(places, flat, strict=True):
            parameters[i] = tensor
        step = self.program.stepper_in_place(parameters) if in_place else self.program.stepper()
        update = Adam({"lr": 0.01}, flat)
        with torch.no_grad():
            for i in range(steps):
                size = (16, 70, 5)[i % 3]
                loss, gradients, buffers = step(self.feeds(7 * i % 20, size), parameters, buffers, RandomKey(3, i))
                assert isinstance(gradients, Flat) == in_place
                losses.append(loss.item())
                update.step(gradients)
        return losses, [*flat, *buffers]


@pytest.mark.parametrize("name", GRAPHS)
def test_every_bit_is_that_of_the_plain_step(name: str) -> None:
    loop = Loop(GRAPHS[name]())
    losses, numbers = loop.run(9, in_place=True)
    others, theirs = loop.run(9, in_place=False)
    assert losses == others
    assert all(torch.equal(mine, other) for mine, other in zip(numbers, theirs, strict=True))


def test_weights_end_as_those_of_torch() -> None:
    loop = Loop(tanh_net())
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    parameters = laid_out(list(model.parameters()))
    step, update = loop.program.stepper_in_place(parameters), Sgd({"lr": 0.3}, parameters)
    theirs = torch.optim.SGD(model.parameters(), lr=0.3)
    for i in range(20):
        x, y = loop.x[i : i + 16], loop.y[i : i + 16]
        with torch.no_grad():
            update.step(step([x, y] if loop.program.feeds[0][1] == "x" else [y, x], parameters, [], RandomKey())[1])
        theirs.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        theirs.step()
    assert all(torch.equal(mine, other) for mine, other in zip(parameters, model.parameters(), strict=True))


class Count(TorchDispatchMode):
    """Counts the operations that torch is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        self.names.append(function.__name__)
        return function(*arguments, **(named or {}))


def operations(loop: Loop, update: type[Sgd | Adam]) -> list[str]:
    parameters = laid_out(loop.parameters())
    step, optimizer = loop.program.stepper_in_place(parameters), update({"lr": 0.1}, parameters)
    feeds = loop.feeds(0, 16)
    with torch.no_grad():
        for count in (Count(), Count()):  # the first step makes what stays
            with count:
                optimizer.step(step(feeds, parameters, [], RandomKey())[1])
    return count.names


def test_a_step_asks_for_few_operations_and_makes_no_view() -> None:
    names = operations(Loop(tanh_net()), Sgd)
    assert names == [
        "addmm.out", "tanh_.default", "addmm.out", "_log_softmax.out", "nll_loss_forward.default", "index_select.out",
        "_log_softmax_backward_data.out", "mm.out", "mm.out", "sum.IntList_out", "tanh_backward.grad_input", "mm.out", "sum.IntList_out",
        "_foreach_add_.List",
    ]  # fmt: skip


def test_an_update_is_as_many_operations_for_three_layers_as_for_two() -> None:
    def updates(graph: Graph) -> list[str]:
        return [name for name in operations(Loop(graph), Adam) if "foreach" in name]

    assert updates(tanh_net()) == updates(dense())


def test_settings_that_change_take_effect_at_the_next_step() -> None:
    loop = Loop(tanh_net())
    parameters = loop.parameters()
    step, feeds = loop.program.stepper_in_place(parameters), loop.feeds(0, 16)
    mean, gradients, _ = (value.item() if isinstance(value, Tensor) else value for value in step(feeds, parameters, [], RandomKey()))
    before = [gradient.clone() for gradient in gradients]
    SetParam("loss", "reduction", "sum").apply(loop.graph)
    assert loop.program.update(loop.graph, infer(loop.graph))
    total, gradients, _ = step(feeds, parameters, [], RandomKey())
    assert total.item() == pytest.approx(16 * mean)
    for gradient, old in zip(gradients, before, strict=True):
        torch.testing.assert_close(gradient, 16 * old)


def test_with_other_parameters_it_is_the_plain_step() -> None:
    loop = Loop(tanh_net())
    parameters = loop.parameters()
    step, feeds = loop.program.stepper_in_place(parameters), loop.feeds(0, 16)
    mine = step(feeds, parameters, [], RandomKey())[1]
    before = [gradient.clone() for gradient in mine]
    others = [2 * tensor for tensor in parameters]
    theirs = step(feeds, others, [], RandomKey())[1]
    assert all(torch.equal(a, b) for a, b in zip(theirs, loop.program.stepper()(feeds, others, [], RandomKey())[1], strict=True))
    assert all(torch.equal(a, b) for a, b in zip(mine, before, strict=True))


def test_batches_that_are_too_large_keep_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(tanh_net())
    numbers = 16 * (4 + 2 + 2 + 2 + 2 + 4)  # two layers, log-probabilities, their slopes, and the gradients of both layers
    for most, kept in ((numbers, True), (numbers - 1, False)):
        monkeypatch.setattr(in_place, "LARGEST", most)
        parameters = loop.parameters()
        _loss, gradients, _buffers = loop.program.stepper_in_place(parameters)(loop.feeds(0, 16), parameters, [], RandomKey())
        assert isinstance(gradients, Flat) == kept


def test_what_fails_is_explained_as_ever() -> None:
    loop = Loop(tanh_net())
    parameters = loop.parameters()
    step, feeds = loop.program.stepper_in_place(parameters), loop.feeds(0, 16)
    wrong = [feed if feed.is_floating_point() else feed + 2 for feed in feeds]
    failures: list[NodeFailure] = []
    for way in (step, loop.program.stepper()):
        with pytest.raises(Exception) as raised:
            way(wrong, parameters, [], RandomKey())
        failures.append(loop.program.failure(raised.value))
    assert failures[0].node == "loss"
    assert str(failures[0]) == str(failures[1])


def test_tensors_laid_out_begin_where_memory_of_their_own_would() -> None:
    flat = laid_out([torch.ones(3, 3), torch.full((5,), 2.0), torch.zeros(()), torch.full((20,), 3.0)])
    assert [tensor.data_ptr() % ALIGNED for tensor in flat] == [0] * 4
    flat.row.mul_(2)
    assert [tensor.sum().item() for tensor in flat] == [18.0, 20.0, 0.0, 120.0]


def test_shorter_ways_are_those_of_types_that_exist() -> None:
    assert {*SHORTER, *FRESH} <= set(TYPES)
