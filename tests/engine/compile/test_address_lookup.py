"""The number at an address, for tensors and for the window's view, against the same network written directly in torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.compile.program import RandomKey, compile
from engine.compile.shapes import infer
from engine.compile.trace import Trace, view
from engine.compile.views import FULL_LIMIT, Absent, ArrayView, TraceView
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from tests.support.networks import network

Expected = dict[Address, Tensor]


def seeded(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaf(tensor: Tensor) -> Tensor:
    """The tensor as it goes along one wire: the gradient stays with this wire."""
    copy = tensor.clone()
    copy.retain_grad()
    return copy


def layered() -> tuple[Graph, Trace, Expected]:
    """Data, a layer, batch normalisation in evaluation, one value twice into one port, a parameter used as a factor."""
    graph = network(
        {"data": ("source.data", {"dataset": "moons", "samples": 5}), "theta": ("parameter.parameter", {"value": 2.0}),
         "hidden": ("layer.linear", {"out_features": 3}), "bn": ("layer.batch_norm1d", {"eps": 0.01}), "join": ("math.concatenate", {}),
         "d": ("math.multiply", {}), "loss": ("loss.cross_entropy", {})},
        "data.x -> hidden.x; hidden -> bn.x; bn -> join.xs#0; bn -> join.xs#1; join -> d.a; theta -> d.b; d -> loss.scores;"
        "data.target -> loss.target",
    )  # fmt: skip
    x, target = seeded(5, 2), torch.tensor([0, 1, 5, 2, 3])
    own = {("theta", "value"): seeded(1)[0], ("hidden", "W"): seeded(3, 2, seed=1), ("hidden", "b"): seeded(3, seed=2),
           ("bn", "gamma"): seeded(3, seed=3), ("bn", "beta"): seeded(3, seed=4)}  # fmt: skip
    held = {("bn", "running_mean"): seeded(3, seed=5), ("bn", "running_var"): seeded(3, seed=6) ** 2 + 1}
    program = compile(graph, infer(graph), training=False, wanted="all")
    feeds = [{"x": x, "target": target}[port] for _, port in program.feeds]
    trace = program.trace(feeds, [own[k] for k in program.parameter_keys], [held[k] for k in program.buffer_keys], RandomKey())

    x, own = x.clone().requires_grad_(), {key: tensor.clone().requires_grad_() for key, tensor in own.items()}
    mine = {key: leaf(tensor) for key, tensor in own.items()}
    wires, outputs = {"e0": leaf(x)}, {"x": x}
    outputs["hidden"] = leaf(F.linear(wires["e0"], mine["hidden", "W"], mine["hidden", "b"]))
    wires["e1"] = leaf(outputs["hidden"])
    outputs["bn"] = leaf(F.batch_norm(
        wires["e1"], held["bn", "running_mean"], held["bn", "running_var"], mine["bn", "gamma"], mine["bn", "beta"], False, 0.1, 0.01
    ))  # fmt: skip
    wires |= {"e2": leaf(outputs["bn"]), "e3": leaf(outputs["bn"])}
    outputs["join"] = leaf(torch.cat([wires["e2"], wires["e3"]], dim=1))
    wires |= {"e4": leaf(outputs["join"]), "e5": leaf(own["theta", "value"])}
    outputs["d"] = leaf(wires["e4"] * wires["e5"])
    wires["e6"] = leaf(outputs["d"])
    outputs["loss"] = leaf(F.cross_entropy(wires["e6"], target))
    outputs["loss"].backward()

    named = {wire(e): t for e, t in wires.items()} | {parameter(*k): t for k, t in own.items()}
    named |= {output("data", "x") if n == "x" else output(n): t for n, t in outputs.items()}
    expected = {a: t.detach() for a, t in named.items()} | {a.derivative: t.grad for a, t in named.items() if t.grad is not None}
    expected |= {Address("buffer", *key): t for key, t in held.items()}
    expected |= {output("data", "target"): target, wire("e7"): target}
    expected[Address("setting", "bn", "eps")] = torch.tensor(0.01, dtype=torch.float64)
    return graph, trace, expected


def of_numbers() -> tuple[Graph, Trace, Expected]:
    """(x · y + x) · y at a vector x: every value goes along two wires."""
    graph = network(
        {"x": ("source.input", {"value": [3.0, -1.0]}), "y": ("source.input", {"value": 0.5}), "p": ("math.multiply", {}),
         "q": ("math.add", {}), "r": ("math.multiply", {}), "f": ("math.sum", {})},
        "x -> p.a; y -> p.b; p -> q.a; x -> q.b; q -> r.a; y -> r.b; r -> f.x",
    )  # fmt: skip
    x, y = torch.tensor([3.0, -1.0], dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    program = compile(graph, infer(graph), training=False, wanted="all")
    trace = program.trace([{"x": x, "y": y}[node] for node, _ in program.feeds], [], [], RandomKey())
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    along = [leaf(x), leaf(y), leaf(x), leaf(y)]
    p = leaf(along[0] * along[1])
    q = leaf(p + along[2])
    r = leaf(q * along[3])
    r.sum().backward()
    named = {wire("e0"): along[0], wire("e1"): along[1], wire("e3"): along[2], wire("e5"): along[3], wire("e2"): p, wire("e4"): q,
             output("x"): x, output("y"): y, output("p"): p, output("q"): q, output("r"): r}  # fmt: skip
    expected = {a: t.detach() for a, t in named.items()} | {a.derivative: t.grad for a, t in named.items() if t.grad is not None}
    return graph, trace, expected | {Address("setting", "x", "value"): torch.tensor([3.0, -1.0])}


@pytest.mark.parametrize("build", [layered, of_numbers])
def test_every_number_is_found_where_torch_has_it(build: Callable[[], tuple[Graph, Trace, Expected]]) -> None:
    graph, trace, expected = build()
    shown = view(trace)
    kinds = {(address.kind, address.gradient) for address in expected}
    assert build is of_numbers or len(kinds) == 8
    for address, tensor in expected.items():
        value, seen = trace.at(address, graph), shown.at(address, graph)
        assert isinstance(value, Tensor) and isinstance(seen, ArrayView) and seen.data is not None, address
        torch.testing.assert_close(value, tensor.to(value.dtype), rtol=1e-12, atol=1e-14)
        assert np.array_equal(seen.data, value.numpy())
        for index in np.ndindex(tuple(tensor.shape)):
            entry, number = trace.at(address.at(index), graph), shown.number(address.at(index), graph)
            assert isinstance(entry, Tensor) and entry.shape == () and float(entry) == float(value[index]) == number


@pytest.mark.parametrize("build", [layered, of_numbers])
def test_an_entry_outside_the_tensor_is_refused(build: Callable[[], tuple[Graph, Trace, Expected]]) -> None:
    graph, trace, expected = build()
    shown: list[Trace | TraceView] = [trace, view(trace)]
    for address, tensor in expected.items():
        for wrong in (tuple(tensor.shape) or (1,), (0,) * (tensor.dim() + 1)):
            for numbers in shown:
                with pytest.raises(IndexError, match="there is no entry"):
                    numbers.at(address.at(wrong), graph)
            assert view(trace).number(address.at(wrong), graph) is None


def test_what_has_no_number_says_why() -> None:
    graph, trace, _ = layered()
    reasons = {
        wire("e7").derivative: "not differentiable", output("data", "target").derivative: "not differentiable",
        output("gone"): "not computed", wire("gone"): "not computed", wire("gone").derivative: "not computed",
        parameter("hidden", "nothing"): "not computed", Address("setting", "hidden", "nothing"): "not computed",
        Address("setting", "data", "dataset"): "not computed", Address("setting", "gone", "p"): "not computed",
    }  # fmt: skip
    numbers: Trace | TraceView
    for numbers in (trace, view(trace)):
        assert {address: numbers.at(address, graph) for address in reasons} == {a: Absent(r) for a, r in reasons.items()}  # type: ignore[arg-type]
    assert TraceView().at(wire("e0").derivative, graph) == Absent("no objective")


def test_an_entry_of_a_large_tensor_is_not_guessed_from_its_thumbnail() -> None:
    size = FULL_LIMIT + 1
    graph = network({"x": ("source.input", {"value": [0.5] * size}), "f": ("math.sum", {})}, "x -> f.x")
    program = compile(graph, infer(graph), training=False, wanted="all")
    trace = program.trace([torch.arange(size, dtype=torch.float64)], [], [], RandomKey())
    last = output("x", "y", (size - 1,))
    assert float(trace.at(last, graph)) == size - 1  # type: ignore[arg-type]
    with pytest.raises(LookupError, match="too large"):
        view(trace).at(last, graph)
    assert view(trace).number(last, graph) is None
    assert view(trace).number(last.derivative, graph) is None
    assert view(trace).number(Address("setting", "x", "value", index=(7,)), graph) is None
